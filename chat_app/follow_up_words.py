"""The wordings by which a follow-up is known: the place to add one.

Each entry says what is done with a message that holds it. Patterns are matched on a message without
the mark at its end; what they strip, they strip again and again.
"""

import re
from difflib import get_close_matches
from functools import lru_cache


def _words(alternatives: str) -> re.Pattern[str]:
    return re.compile(alternatives, re.IGNORECASE | re.VERBOSE)


POLITE = _words(
    r"""^(?:ok|okay|thanks|thank\ you|thx|ty|great|good|perfect|cool|nice|yes|yeah|yep|no|nope|sure
    |hi|hello|hey|bye|goodbye|please|got\ it|i\ see|never\ ?mind|help|stop)
    (?:[\s,.!]+(?:ok|thanks|thank\ you|so|very|much|a|lot|there|again|you|please))*$"""
)
"""Asks nothing: left alone."""

OPENING = _words(
    r"""^(?:(?:ok(?:ay)?|yes|yeah|yep|no|nope|well|great|alright|all\ right|right|good|perfect
    |cool|nice|oh|ah|hm+|uh|um|hey|hi|hello|please|sure|sorry|wait|hang\ on|i\ see|got\ it
    |(?:many\ )?thanks(?:\ a\ lot|\ so\ much|\ again)?|thank\ you(?:\ (?:so|very)\ much)?|thx
    |(?:just|another|one\ (?:more|last))\ (?:quick\ )?(?:question|thing)|quick\ question
    |wow|ouch|ugh|oof|really|interesting|understood|makes\ sense|good\ to\ know
    |(?:that|it|this)(?:['’]s|\ is)(?!\ (?:for|with|on|in|at)\b)(?:\ [\w'’]+){1,4}(?=[,.!]\ \w)
    |oops|whoops|my\ bad|phew|whew|k|kk|huh|lol|haha|gotcha|yay|nah|dang|bummer|shoot|sweet|awesome
    |fine|fair\ enough|(?:great|good|glad|nice)\ to\ hear(?:\ (?:it|that))?
    |(?:i\ )?(?:should(?:['’]?ve|\ have)|forgot\ to)\ (?:said?|mention(?:ed)?|add(?:ed)?)
    |just\ curious|by\ the\ way|btw|like(?=\ (?:how|what|when|where|is|are|do|does|can)\b)
    )(?:[\s,.!:;–-]+|$))"""
)
"""Stands before what is asked and says nothing: stripped."""

WONDERING = _words(
    r"""^(?:(?:please\ )?(?:can|could|would|will)\ you\ (?:please\ )?(?:tell\ me|check|say)
    |(?:please\ )?(?:tell\ me|let\ me\ know)
    |(?:i\ would|i['’]d)\ (?:also\ )?(?:like|love|want)\ to\ (?:know|ask)
    |i\ (?:also\ )?(?:want|need)\ to\ know|i\ (?:was|am
    |['’]m\ )?\ ?(?:also\ )?(?:just\ )?wonder(?:ing)?
    |do\ you\ (?:also\ )?(?:happen\ to\ )?know|any\ idea|not\ sure)
    (?:\ (?:also|then|please))?\s*,?\s*(?P<whether>if|whether)?\s*
    (?=(?:the\ same|same|that|it|this|what|how|when|where|who|which|why|is|are|do|does|can|i|we
    |they|there|my)\b)"""
)
"""Asks politely for what follows: stripped, and what follows "if" is turned into a question."""

LEADING = _words(
    r"""^(?:(?:and|but|or|so|also|plus|then|now|otherwise|even|including|not\ even|especially)\b
    |(?:just|only|anything|nothing|something)\b
    (?=\ (?:in|out|on|for|with|at|the|by|per|after|once|twice)\b))[\s,.:;-]*"""
)
"""Ties the message to what was said: what follows is a follow-up."""

INSTEAD = _words(
    r"""^(?:(?:what|how)\s*['’]?\s*(?:about|s\ about|bout|abt)|what\ of
    |(?:the\ )?same\ with\ (?=my\b)
    |(?:is\ it|is\ that|are\ they|is\ this|are\ (?:those|these))?\s*(?:also\ )?(?:the\ )?same
    \ (?:(?:amount|copay|cost|deadline|deal|limit|number|price|question|rate|rules?|thing|time
    |way)\ )?
    (?:but\ )?(?=(?:for|with|on|in|at|if|under|out)\b)|(?:the\ )?same\ (?:thing|question),?\ but
    |(?:does|do|would)\ the\ same\ (?:also\ )?(?:apply|go|hold|count)(?:\ true)?
    \ (?=(?:to|for|if|in|on|with|out)\b)
    |(?:is|are)\ (?:it|that|they)\ (?:any\ )?different\ (?=(?:for|with|on|in|if|out)\b)
    |(?:is|was|were|are|will|would)\ (?:it|that|this|those|they)\ (?:be\ )?(?:also\ |already
    \ |still\ |always\ |ever\ )?(?:so|the\ case|true|that\ (?:many|much|high|low|long|often)
    |like\ (?:that|this)|that\ way|the\ same|valid)
    \ (?=(?:for|with|on|in|at|if|under|out|last|next|the\ year|before|when|back)\b)
    |(?:it|this|that)(?:['’]s|\ is|\ was|\ would\ be)\ (?:actually\ )?(?=(?:for|with|on|at)\b)
    |(?:actually|rather|instead),?|(?:no,?\ )?(?:sorry,?\ )?i\ (?:meant?|was\ asking\ about
    |am\ asking\ about|asked\ about|wanted)(?:\ to\ (?:say|ask)(?:\ about)?)?|make\ (?:that|it)|try
    |let['’]?s\ say|say)\b[\s,:-]*"""
)
"""What follows takes the place of its like in the question before."""

AFTERWARDS = _words(
    r"""[\s,]+(?:too|then|instead|as\ well|also|please|pls|plz|though|again|thanks|thank\ you|btw
    |by\ the\ way|by\ any\ chance|(?:is\ (?:it|that)\ )?still\ (?:the\ same|true)|or\ no|or\ not
    |or\ what|or\ is\ (?:that|it)\ (?:just|only)\ [^.?!]*|or\ nah|lol|haha|if\ you\ know|i\ mean
    |right|huh|tho)[\s?!.]*$"""
)
"""Stands behind what is asked and says nothing: stripped."""

TIED = _words(
    r"""\b(?:then|too|as\ well|also|though|instead|before|after(?:wards)?)$
    |^[^.?!]*\b(?:al(?:l\ )?together|in\ (?:all|total)|overall)$
    |^(?:how\ \w+\ )?(?:do|does|did|must|should)\ (?:i|we|he|she|they)\b.*\bfirst$"""
)
"""Ends a clause that goes on from what was said."""

TOO = _words(r"\b(?:too|also|as\ well)$")
"""What is named comes beside what was named before."""

WHAT_IF = _words(r"^(?:what\ (?:if|when)|suppose|say|(?=if\b))\s*")
"""A supposition: put in place of its like, or added."""

CONDITION = _words(
    r"""^(?:after|before)(?:\ (?:that|this|it))?$|^(?P<how>when|after|before|once|while|until
    |unless|because)\ (?:i|we|he|she|they|it
    |my\ \w+)\b(?!\ (?:can|could|should|will|would|may|must|do|does)\b)"""
)
"""Says when: put in place of another "when", or added."""

MINE = _words(
    r"""^(?:i['’]?m|i\ am|we['’]?re|we\ are|i\ have|we\ have|i['’]ve\ got|mine['’]?s|mine\ is
    |my\ plan\ is|it['’]?s|it\ is|i\ mean|(?:tell|show)\ me(?:\ about)?|(?:look
    |check)(?:\ at)?|(?:he|she|my\ (?:wife|husband|spouse|partner|son|daughter|family))
    (?:['’]?s(?:\ got)?|\ is|\ has(?:\ got)?))\s+(?:(?:enrolled\ )?(?:on|in|with|under)\ )?"""
)
"""Says which plan is the member's own, or a relative's, when a plan is all that follows."""

_SHORT_FORM = _words(
    r"""\b(?:(?:that|what|how|where|who|he|she|there)(?=s\b)|(?:it|that|they|you)(?=ll\b)|i(?=m\b)|(?:i|we|you|they)(?=ve\b)
    |(?:you|they)(?=re\b)
    |(?:does|did|do|is|are|was|were|has|have|would|could|should|wo|ca)n(?=t\b))"""
)
"""Written without its apostrophe: "thats", "hes", "dont"."""

_SHORTENED = _words(r"(?<!\S)(?:w/o\b|w/|n(?=\s)|teh\b|ded(?=[\s?.!,]|$))")
_IN_FULL = {"w/o": "without", "w/": "with ", "n": "and", "teh": "the", "ded": "deductible"}

_BACK = _words(r"\bback\ (?=(?:in\ 20\d\d|last\ year)\b)")
"""Stands before a year that is over and says no more: "and back in 2025?"."""

STATED = _words(r"^(?P<what>that|it|this)['’]s\ (?!(?:a|an|the)\b)")
"""A question in the order of a statement: "that's per month?"."""

STILL = _words(r"\bstill\ (?:the\ same|true)$")
"""Ends what is told, to ask the question before of it: "it's for a stay, still the same?"."""

BACK_TO = _words(
    r"""^(?:and\ )?(?:(?:(?:going|coming|getting)\ )?back\ to|as\ (?:to|for)
    |(?:(?:what|how)\ )?about|(?=the\ \w+\ \w+\ (?:i\ asked|again)))\ ?(?:the|my|your)
    \ (?P<which>first|1st|second|2nd|third|3rd|earlier|previous)(?:\ (?:one|question|thing|topic))?
    (?:\ i\ (?:asked|mentioned)(?:\ (?:about|you))?|\ again(?:,?\ but)?)?[\s,.:;–-]+(?=\w)"""
)
"""Goes back to a question before the last: "back to the first one, how many do I get"."""

CARRYING_ON = _words(
    r"\b(?:also|as\ well|too(?=$|,|\ (?:if|when|on|in|for|with)\b)|because\ of\ (?:that|it|this))\b"
)
"""Says within a clause that it goes on from what was said."""

VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|do|does|did|can|could|will|would|should|must|need|needs"
    r"|want|wants|got|get|gets|lost|pay|pays|cover|covers|says|said|went|i|we|you)\b|n['’]t\b",
    re.IGNORECASE,
)
"""Makes a clause of words: a fragment holds none."""

ASKING = _words(
    r"""^(?:what|whats|how|hows|is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may
    |might|must|has|have|had|when|where|who|whom|whose|which|why|tell|show|give|explain|compare
    |list|describe|find|write|i|we|he|she|they|it|you|there|this|that|these|those|let|please|go
    |really|since|says|any(?:thing)?|more|until
    |(?:from|up\ to|at|for|since|until|by|to|with|in)\ (?:what|how|when|which|where|whom))\b
    |^\w+n['’]t\b|^(?:what|how|i|we|it|that|who|where)['’]\w+"""
)
"""Begins a clause of its own, unlike a fragment."""

QUESTION_WORD = _words(
    r"""^(?:(?:so|and|but|then)\ )?(?:(?:from|up\ to|at|for|since|until|by|to|with|in)\ )?
    (?:what|how|is|are|am|was|were|do|does|did|can|could|will|would|should|may|must|has|have
    |when|where|who|which|why|\w+n['’]t)\b"""
)
"""Begins the clause of a message that asks."""

EVERY_PLAN = _words(
    r"""^(?:(?:for\ |on\ )?(?:both|all|each|every|either)
    (?:\ (?:of\ (?:them|those)|one|plans?|two|three))*|all\ of\ them
    |(?:on\ |in\ |with\ |for\ )?(?:the\ )?other\ (?:plans?|ones?|two)|the\ others
    |(?:which|what)\ (?:(?:of\ the|other)\ )*(?:plans?|ones?)
    (?:\ (?:do|does|would|will|is|are|has|have|covers?|pays?)(?:\ (?:it|that|this|them))?)
    |(?:is|does|do|are)\ (?:there\ )?(?:any|another)\ (?:other\ )?plans?(?:\ (?:that|which))?
    (?:\ (?:do|does|covers?|pays?|pay\ for))?(?:\ (?:it|that|this|them))?
    |(?:do|does|would|will)\ (?:any|both|either|one)\ of\ (?:the\ )?
    (?:others?|(?:other\ )?(?:two|three)?\ ?(?:plans?|ones?))
    (?:\ (?:do|cover|have|include|offer|pay(?:\ for)?))?(?:\ (?:any|it|that|this|them))?)$"""
)
"""Asks the question before of every plan."""

CHEAPER = _words(
    r"""^(?:which\ (?:one\ |plan\ |of\ (?:them|those)\ )?(?:is|costs|has)\ )?(?:the\ )?
    (cheaper|cheapest|less\ expensive|least\ expensive|better|best|lower|lowest)
    (?:\ (?:one|plan|option|of\ (?:them|the\ two)))?$"""
)
"""Chooses a plan by what it costs."""

COVERING = _words(
    r"""\b(?:it|they|that|this)(?:['’]ll|\ will|\ would)?\ (?:also\ |even\ |still\ )?
    (?:cover|covers|pay|pays|reimburse|offer|do)\b"""
)
"""A pronoun that stands for the plan, which is what covers."""

DOING_IT = _words(r"\b(?:for|by|from|after|when|while|without)\ doing\ (?:it|that|this|so)\b")
DO_IT = _words(r"\bdo\ (?:it|that|this|so)\b")
FOR_IT = _words(r"\b(?:for|with|about)\ (?:it|that|this|them|those)$")
IT_TAKES = _words(
    r"""\b(?:is|was|would|will|does|can|cost|be|take)\ (?:it|that|this)
    (?:\ (?:be|cost|take|free|ok|okay|allowed|possible|necessary|hard|easy|too\ late))?
    (?:\ (?:more|extra|anything|later|online))?$|\b(?:it|that|this)\ (?:costs?|takes?|is)$"""
)
"""Pronouns that stand for what is done: "can I do that", "the form for that", "it takes"."""

HE_OR_SHE = _words(r"\b(?:he|she|him|her)\b")
"""Someone who was spoken of before."""

SAME = _words(r"\bthe\ same(?:\ (?:thing|amount))?$")
AGAIN = _words(
    r"""^(?:how\ much|what)(?:\ (?:would|will|is|was|does|did)\ (?:it|that|this)
    (?:\ (?:be|cost))?)?\ (?=(?:for|with|on|in|under|out|last|next|if)\b)"""
)
"""Asks the question before again, for another person, plan, year or network."""

CHOOSING = _words(
    r"""\bif\ (?:i|we|he|she|they)(?:['’]\w+)?
    (?:\ (?:had|have|has|was|were|am|is|are|be|been|go|goes|going|gone|went|choose|chose|chosen|pick
    |picked|take|took|taken|switch|switched|move|moved|change|changed|sign|signed|enroll|enrolled
    |join|joined|get|got|use|used|stay|stayed|instead|up|over|with|on|in|into|to|for|under|the|my
    |your))+\ $"""
)
"""Stands before the plan that is supposed: "if I had gone with"."""

HANDLED = _words(
    r"""^how\ (?:(?:do|does|did|will|would|is|are)\ (?P<rest>.+?)
    \ (?:handle|treat|do|deal\ with|compare|see|look\ at|cover|count|differ|work)
    (?:\ (?:it|that|this|those|them|here|there))?
    |(?:is|are|was|were|will|would|does|do)\ (?:it|that|this|those|they)(?:\ (?:be|look|work|go))?
    \ (?P<where>(?:in|on|with|for|under|out)\ .+))$
    |^(?:which|what)\ (?:ones?|of\ (?:them|those))\ (?P<those>(?:in|on|with|for|under|out)\ .+)$
    |^do\ (?P<next>(?:the|my)\ .+)$"""
)
"""Asks the question before of what is named: "how does the HMO handle that"."""

NEW_TOPIC = _words(
    r"""^(?:(?:and|so|now|ok|great|thanks)[\s,.!]+)*
    (?:(?:on\ to\ |on\ )?(?:another|other|a\ new|new|a\ different|different|unrelated|separate)
    \ (?:topic|subject|matter|thing|question)|changing\ (?:the\ )?(?:topic|subject)
    |unrelated(?:ly)?|(?:on\ )?something\ (?:else|different))\s*[,.:;–-]\s*(?=\w)"""
)
"""Leaves what was spoken of: "another topic: when is open enrollment"."""

DEFINITION = _words(
    r"""^what(?:['’]s|\ is|\ are|\ does|\ do)\ (?:an?\ )?
    (?:co-?pay(?:ment)?|co-?insurance|deductible|premium|out[- ]of[- ]pocket\ (?:max(?:imum)?|limit)
    |prior\ authorization|network|allowed\ amount|balance\ billing)s?(?:\ means?)?(?:\ exactly)?$"""
)
"""Asks what a word of insurance means, whatever was spoken of: "what is coinsurance"."""

EARLIER = _words(
    r"""\b(?:before\ that|the\ year\ before|previously|in\ the\ past
    |used?\ to\ (?:be|pay|cost|cover))(?:\ (?:year|then|too))?$"""
)
"""Asks the question before of the year before."""

LATER = _words(
    r"""\b(?:(?:in\ )?the\ (?:year\ after|following\ (?:year|one))|after\ that|since\ then)
    (?:\ (?:year|then|too))?$"""
)
"""Asks the question before of the year after, where it names a year."""

ELLIPSIS = _words(
    r"""^(?:is|are|was|were|do|does|did|can|could|will|would|has|have)(?:n['’]t)?
    \ (?:(?:it|they|that|this|those|he|she)\b\ ?)?(?P<rest>.*)$"""
)
LINKING = _words(r"\b(?:also|the|on|in|for|with|under|at|by|my|and|or|one|plan)\b")
"""An auxiliary without a verb ("does the HMO"), and words that may stand beside what it names."""

WHICH = _words(
    r"""^(?:(?:in|at|from|for|by|with)\ )?(?:which|what(?:\ (?:kind|type|sort)s?\ of)?)
    (?:\ (?!is\b|are\b|do\b|does\b|did\b|if\b|about\b|can\b|will\b|would\b)[\w-]+){1,2}$"""
)
"""Asks for a kind of what was spoken of: "which hospitals"."""

AMOUNT_SAID = _words(
    r"""^\s+(?:(?:also|still|usually|always)\ )?(?:for\ (?=each|every|both))?(?:per|both|each|every
    |a\ (?:day|visit|month|year|week|trip)
    |waived|in\ total|the\ total|monthly|yearly|deducted|due|the\ same|flat|fixed|all)\b"""
)
HAS_A_LIMIT = _words(r"(?<!age\ )(?<!time\ )(?<!visit\ )\b(?:caps?|limits?|maximum|max|ceiling)$")
"""Said of an amount, after a question for what something costs."""

QUALIFIES = _words(
    r"""^(?:does|do|would|will|is|are)\ .+?\ (?:also\ )?(?:counts?|qualif(?:y|ies)|matters?|included
    |eligible|enough|(?:make|makes)\ a\ difference|appl(?:y|ies))(?:\ (?:too|as\ well|also))?$"""
)
"""Says of a thing what needs another: "does adoption count?" - for what was spoken of."""

TWO_QUESTIONS = _words(r",\ (?:and|or)\ (?:do|does|is|are|can|will|would|what|how|when|who)\b")
"""Two clauses, which are not put into one question more."""

OWN_PLAN = _words(
    r"\b(?:plans?|insurance|benefits?|coverage|insurer|(?:a|the|my)\ bill|complaints?)\b"
)
ABOUT_THE_CHAT = _words(r"\b(?:are\ you|do\ you\ (?:do|know|work)|can\ you\ (?:do|help))\b")
"""Makes a clause without any other topic stand by itself."""

NOT_THAT = _words(
    r"""(?:[\s,;–-]+(?:and\ |so\ )?not\ |[\s,]+instead\ of\ |[\s,]+rather\ than\ )
    (?:(?:for|about|in|on|with)\ )?(?:the\ |my\ |a\ |an\ )?(?P<denied>[^.?!,]+)$"""
)
"""Ends with what was not meant: "the most I pay, not the deductible"."""

ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "1": 0, "second": 1, "2nd": 1, "2": 1, "third": 2,
    "3rd": 2, "3": 2, "fourth": 3, "4th": 3, "4": 3, "last": -1, "latter": -1,
}  # fmt: skip
ORDINAL = re.compile(
    rf"^(?:the\s+|my\s+)?(?:option\s+|number\s+|plan\s+|#\s*)?({'|'.join(ORDINALS)})"
    r"(?:\s+(?:one|plan|option|choice))?"
    r"(?:\s+(?:of\s+(?:them|those|the\s+two)|you\s+(?:said|listed|named)))?$",
    re.IGNORECASE,
)
"""Chooses a plan by its place in the answer before."""


def spelled_out(text: str) -> str:
    """The text with the apostrophes that "hes" and "dont" leave out, and "with" for "w/".

    Without "back", too, where a year follows.
    """
    whole = _BACK.sub("", _SHORTENED.sub(lambda said: _IN_FULL[said[0].lower()], text))
    return _SHORT_FORM.sub(lambda said: f"{said[0]}'", whole)


def stripped(words: re.Pattern[str], text: str) -> str:
    """The text without what the pattern finds, again and again; never without all of it."""
    while (shorter := words.sub("", text, count=1)) != text and shorter:
        text = shorter
    return text


_ASPECT_WORDS = """
address advance age ages annual answer appointment appointments approval approvals approved
authorisation authorization brand cap caps case cases catch category certification claim-form
coinsurance condition conditions contact copay copayment copayments copays daily date dates deadline
deadlines decision detail details discount document documents dose email evidence example exception
exceptions exclusion exclusions fax fee fees form forms frequency hour hours info information
instruction instructions kind letter level limit limits link max maximum minimum minutes monthly
notice office online pair pairs paperwork penalty percent percentage period periods permission
person persons phone place places preapproval preauthorization precertification prescription prior
problem process proof rate rates reason receipt receipts referral referrals refill refills renewal
requirement requirements restriction restrictions rule rules service services session sessions share
sort step steps tax taxable taxed telephone term tier time times treatment treatments type types
visits waiting website weeks yearly

accept accepted accepts additional admit admitted after afterwards again agree ahead allow also
alternative alternatives apply approve approves arrange arranged arrive ask back before beforehand
begin beginning begins book booked booking bring call cancel carried carries carry carryover chance
chances charge check checked claim claimed complete contacted counts day days decide decided decides
denied deny done end ended ending ends enough enter expensive expire expires extra file filed filing
fill filled finish first followed forget forgot forward further hand happen hear high higher hold
include instead join joining kick kicks last lasts late later leave left leftover less longer lose
lost lower matter miss missed month months more move near nearby notify old once order pass per
prove provide qualifies qualify reach reached refer refers refuse refused register reject rejected
renew renewed renews repeat reply report request requested require required reserve reserved respond
return roll rolled rollover rolls run runs schedule scheduled send sent set sign signed somehow
somewhere soon speak special speed start starting starts stay still stop stuck submit submitted
switch talk till turn twice until unused use used verify wait waive waived way ways week write
written wrong year years yet
"""
_ASPECTS = frozenset(_ASPECT_WORDS.split())
"""What every benefit has or can be done about any: asked of none, it is asked of the one that was
spoken of before. First things, then what is done and said about them."""
_MIN_MISSPELT = 6
"""Letters of a word whose misspelling is read: shorter ones are near too many others."""


@lru_cache(maxsize=4096)
def is_aspect(word: str) -> bool:
    """Does a word name what every benefit has, or what is done about any: "deadline", "file"?"""
    said = word.lower()
    if said in _ASPECTS:
        return True
    return len(said) >= _MIN_MISSPELT and bool(get_close_matches(said, _ASPECTS, 1, 0.9))
