"""What a question leaves for the next one to refer to. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chat_app.answers import policy_label
from chat_app.follow_up_grammar import END, circumstances, is_place, question_of, subordinate
from chat_app.follow_up_things import names_thing, only_aspects, past_aspect
from chat_app.plan_names import PlanNames
from chat_app.question_parts import WORD, Kind, Part, question_parts

MAX_THINGS = 2
"""Phrases that make one noun: "the copay for urgent care" has two."""

_SENTENCE = re.compile(r"(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bSt\.)(?<=[.!?])\s+(?=\w)")
_TOLD_FIRST = re.compile(
    # "I'm thinking of surgery, will you pay for it?" tells before it asks.
    r"^((?:i|we|my|he|she)\b[^.?!,]*),\s+(?=(?:(?:by|until|since|from|for)\s+)?(?:will|would|does|do|is|are|can|could|what|how|when)\b)",
    re.IGNORECASE,
)
_CONDITION_FIRST = re.compile(
    r"^(?P<condition>(?:if|when|once|after|before|while|until|unless)\s+(?:i|we|he|she|they|my\s+\w+)\b"
    r"[^.?!,]*),\s+(?:then\s+)?(?P<asked>(?:can|could|do|does|did|is|are|will|would|should|must|may|what|how"
    r"|who|when|where|which)\b.+)$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",?\s+(?:right|correct|yes|no|or\s+not|is\s+(?:that|it)\s+right|(?:is|does|do|can|wo|are)n['’]t\s+\w+)(?=\?$)",
    re.IGNORECASE,
)
"""Asks for a yes: "it is covered, right?"."""
_DOES = re.compile(
    # "do I have to add my baby", "can I get reimbursed": what a member does or gets done.
    r"(?:^(?:i|we)\s+(?:can|could|may|should|must)\b|\b(?:do|does|did|can|could|should|may|must|would|will)\s+"
    r"(?:i|we|you|my\s+(?:wife|husband|spouse|partner|sons?|daughters?|kids?|child(?:ren)?|family"
    r"|mom|dad|mother|father)))\s+"
    r"(?:(?:have|need|get|want|like)\s+to\s+)?"
    r"(?P<action>(?!(?:pay|owe|need|have|cost|spend|be|know|want|cover)\b|get\s+(?!\w+ed\b))\w.*)$",
    re.IGNORECASE,
)
_NO_OBJECT = re.compile(
    r"(?:get|have|receive|take|use)\s+(?:per|at|in|on|from|with|a\s+(?:year|month|week|day)|each|every)\b",
    re.IGNORECASE,
)
"""What it is done with stands before: "how many days can I take a year"."""
_PURPOSE = re.compile(
    r"\bto\s+(?P<action>(?!(?:the|a|an|my|our|your|be|pay|have|what|how|which|when"
    r"|medical|dental|work|school|home|hospitals?|doctors?|appointments?)\b)[a-z]+\b.*)$",
    re.IGNORECASE,
)
_IN_ORDER_TO = re.compile(
    r"(?:bring|call|contact|do|fill\s+(?:in|out)|give|include|need|provide|send|show|sign|submit|use)\b"
    r"[^.?!]*?\bto\s+(?P<action>(?:add|appeal|apply|cancel|change|claim|dispute|enroll|file|get|join"
    r"|keep|make|prove|qualify|receive|request|see|start|switch)\b.*)$",
    re.IGNORECASE,
)
"""What is done for another thing, which is what the question is about: "send in to appeal"."""
_NO_NOUN = re.compile(r"[.?!;:]|\b(?:i|we|you|if|before|when)\b", re.IGNORECASE)
_DOER = re.compile(r"\b(?:i|we|you|he|she|to|not)\s+$", re.IGNORECASE)
"""What stands before a verb: "to add" is no thing."""
_PAYER = re.compile(
    r"(?:(?:the|my|our)\s+)?(?:company|employer|bank|firm|school|insurer|job|work)$", re.IGNORECASE
)
_AUX = re.compile(r"\b(?:does|do|will|would|did|can)\s+$", re.IGNORECASE)
"""Stands before those who do something, and not before what is done: "does the company put in"."""
_USED = re.compile(
    r"\b(?:use|access|join|cancel|leave|enroll\s+in|sign\s+up\s+for)\s+(?:it|that)\b", re.IGNORECASE
)
_PROGRAM = re.compile(r"\b(?:account|app|benefit|membership|portal|program)$|\b[A-Z]{3,4}$")
"""What members use as a whole: "the wellness program", "the EAP"."""
_NOUN = re.compile(r"\b(?:the|a|an|my|our)\s")
_ASKS = re.compile(r"\b(?:can|could|does|do|did|will|would|should|may|must)\b", re.IGNORECASE)
_COVERS = re.compile(
    r"\b(?:does|do|will|would)\b.*\b(?:cover|pay\s+for|offer|include|provide)\s+(?:(?:the|a|an|my)\s+)?$",
    re.IGNORECASE,
)
"""Stands before what is covered: "in which states does the plan cover rides"."""
_HAVE_TO = re.compile(
    r"\b(?:have|need|want|get)\s+to\s+\w+\s+(?:(?:the|a|an|their|his|her)\s+)?$", re.IGNORECASE
)
"""Stands before what someone has to do: "when do employees have to take the course"."""
_PUTS = re.compile(
    r"^.*\b(?:does|do|did|will|would|can)\s+(?:the|my|your)\s+\w+\s+(?!cost\b|need\b|require\b|for\b|of\b"
    r"|on\b|in\b|at\b|with\b)\w+",
    re.IGNORECASE,
)
"""Someone does something: "how much does the company put into my account"."""
_COST = re.compile(
    r"^how\s+much\s+(?:is|are|do|does|will|would)\b|\bcosts?\b|\bdo\s+i\s+(?:pay|owe)\b"
    r"|\bwill\s+i\s+(?:pay|owe)\b|\bcharge\b",
    re.IGNORECASE,
)
_MORE_OR_LESS = re.compile(
    r"\b(?:better|bigger|cheaper|fewer|higher|less|longer|lower|more|shorter|worse)\b(?!.*\bthan\b)",
    re.IGNORECASE,
)
"""Compares, and does not say with what."""
_FIRST_OF_ALL = re.compile(r"\b(?:after|before|since|until)\s+$", re.IGNORECASE)
"""Stands before what only says when: "how soon after enrolling do I get my cards"."""
_SOURCE = re.compile(r"\b(from|through|under|of|at|with)\s+$", re.IGNORECASE)
_IS_FOR = re.compile(
    r"\s+(?:is|are|was|were)\s+(?:(?:required|needed|necessary)\s+)?(?:for|of|to|in|by|on|with)"
    r"\s+(?:(?:the|a|an|my)\s+)?",
    re.IGNORECASE,
)
"""What is said of one thing for another: "which skills are needed for the role"."""
_NEEDED = re.compile(r"(?:required|needed|necessary)\s+(?:for|to|by)\s+", re.IGNORECASE)
_SENT_TO = re.compile(r"\b(?:me|us)\b", re.IGNORECASE)
"""Stands before what someone sends: "when does the bank send me the card"."""
_ARTICLE = re.compile(r"\b(?:the|a|an|my|our)\s+$", re.IGNORECASE)
_DETERMINED = re.compile(r"(?:the|a|an|my|our|any)\b", re.IGNORECASE)
_PASSING = re.compile(r"\s+(?:covered|included|available)\b", re.IGNORECASE)
_BARE_ASK = re.compile(
    r"^(?:(?:up\s+to|for|until|since|from|at|by|after)\s+)?"
    r"(?:how\s+(?:much|often|long|soon|far|late|many\s+(?:times|days|weeks|months|years|hours))(?:\s+(?!is\b|are\b|do\b|does\b|can\b|will\b)\w+){0,3}"
    r"|when|where|(?:until\s+)?what\s+age|why)$",
    re.IGNORECASE,
)
"""Asks for more of what the question before asks with yes or no: "up to how much?"."""
_YES_OR_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have)\b",
    re.IGNORECASE,
)


class Thing(NamedTuple):
    """What a question is about: a noun, and for whom, where and when as words behind it.

    Attributes:
        lead: the preposition that the noun has at the end of another question.
    """

    noun: str
    where: str
    lead: str = "for"


@dataclass(frozen=True, slots=True)
class Context:
    """A question that stands by itself, as the next one finds it.

    Attributes:
        question: the whole of it.
        situation: its sentences that tell ("I'm getting divorced."), "" where it only asks.
        asked: the first of its sentences that asks.
        condition: " when I turn 65" at the end of that sentence, "" for none.
        parts: the parts of what it asks, without those of the condition.
        action: what it asks to do, as it stands behind "to" ("add my newborn"), "" for none.
        names: the names of the plans.
    """

    question: str
    situation: str
    asked: str
    condition: str
    parts: tuple[Part, ...]
    action: str
    names: PlanNames

    def thing(self, but: set[Kind], *, but_aspect: bool = False) -> Thing | None:
        """What it is about, as a noun; None if it is not one.

        Args:
            but: kinds of circumstances that are left out.
            but_aspect: leave out what is asked of it: of "the copay for urgent care", the copay.
        """
        things = self._named(but_aspect=but_aspect)
        if not things:
            return None
        start, end = things[0].start, things[-1].end
        if _NO_NOUN.search(self.asked, start, end):
            return None
        if _PAYER.match(self.asked, start, end) and _AUX.search(self.asked[:start]):
            return None
        if _DOER.search(self.asked[:start]):
            noun = _NOUN.search(self.asked, start, things[0].end)
            if noun is None:
                return None
            start = noun.start()
        elif len(things) == 1 and things[0].kind == "topic" and self._is_aspect(things[0]):
            return None
        if but_aspect:
            start = past_aspect(self.asked, start, end)
        lead = _ARTICLE.search(self.asked[:start])
        said = _PASSING.sub("", self.asked[lead.start() if lead else start : end])
        article = "" if _DETERMINED.match(said) or things[0].kind == "topic" else "the "
        inside = {part.kind for part in self.parts if start <= part.start < end}
        where = f"{self._source(things)}{circumstances(self.asked, self.parts, but | inside)}"
        lead_in = "in" if is_place(self.asked, things[0]) else "for"
        return Thing(f"{article}{said}", f"{where}{self.condition}", lead_in)

    @property
    def _things(self) -> list[Part]:
        """The things and amounts that it names."""
        return [part for part in self.parts if part.kind in {"topic", "amount"}]

    def _source(self, things: Sequence[Part]) -> str:
        """Whence the things are: " from the assistance program", of "sessions do I get from it"."""
        others = [p for p in self.parts if p.kind == "topic" and p.start > things[-1].end]
        found = _SOURCE.search(self.asked[: others[0].start]) if len(others) == 1 else None
        if found is None:
            return ""
        said = self.asked[others[0].start : others[0].end]
        # "with PerksPlus" is whence something is, "with a referral" is how.
        return f" {found[1]} {said}" if found[1] != "with" or said[0].isupper() else ""

    def _named(self, *, but_aspect: bool) -> list[Part]:
        """The phrases that make one noun; none where there are too many."""
        things = self._things
        if len(things) > MAX_THINGS and self._is_aspect(things[0]):
            things = things[1:]  # "days", of "days of paid vacation"
        if len(things) != MAX_THINGS:
            return things[:1] if len(things) == 1 else []
        first, second = things
        if needed := _NEEDED.match(self.asked, second.start, second.end):
            second = Part(second.kind, needed.end(), second.end)
        sent_to = _SENT_TO.search(self.asked, first.end, second.start)
        if sent_to or _FIRST_OF_ALL.search(self.asked[: first.start]):
            return [second]
        if _IS_FOR.fullmatch(self.asked, first.end, second.start):
            return [second] if but_aspect else [first]
        if (but_aspect and self._is_aspect(first)) or self._puts_in(second):
            return [second]
        between = self.asked[first.end : second.start]
        if _COVERS.search(between) or _HAVE_TO.search(between):
            return [second]
        return [first] if _ASKS.search(self.asked, first.end, second.start) else things

    def _puts_in(self, thing: Part) -> bool:
        """Does someone, and not a plan, do something with what stands before the thing?"""
        found = _PUTS.search(self.asked, 0, thing.start)
        plans = [part for part in self.parts if part.kind == "plan"]
        return found is not None and not any(plan.start < found.end() for plan in plans)

    def program(self, clause: str) -> Thing | None:
        """The program or account that the question ends with, where it is used or joined."""
        topics = [part for part in self.parts if part.kind == "topic"]
        if len(topics) < MAX_THINGS or not _USED.search(clause):
            return None
        said = self.asked[topics[-1].start : topics[-1].end]
        if not _PROGRAM.search(said):
            return None
        return Thing(said, circumstances(self.asked, self.parts, {"person"}))

    @property
    def puts(self) -> bool:
        """Does it ask what someone, and not a plan, puts somewhere?"""
        return bool(self._things) and self._puts_in(self._things[-1])

    def compared_plans(self, clause: str) -> str:
        """The plans whose cost "is it cheaper on the HMO?" compares, "" where it does not."""
        said, here = self.names.mentions(clause), self.names.mentions(self.asked)
        policies = list(dict.fromkeys(mention.policy for mention in (*here, *said)))
        amount = any(part.kind == "amount" for part in self.parts)
        costs = (amount or self.asks_cost) and _MORE_OR_LESS.search(clause)
        compares = costs and len(said) == len(here) == 1 and len(policies) > 1
        return " and ".join(policy_label(policy) for policy in policies) if compares else ""

    @property
    def asks_cost(self) -> bool:
        """Does it ask what something costs, and name no kind of amount?"""
        amount = any(part.kind == "amount" for part in self.parts)
        return not amount and _COST.search(self.asked) is not None

    def completes(self, clause: str) -> bool:
        """Is the clause the beginning of the question: "up to how much", of "do you pay for it"?"""
        asks = _BARE_ASK.match(clause) and _YES_OR_NO.match(self.asked)
        return asks is not None

    def followed(self, clause: str) -> str:
        """The clause with the question: how it is understood where nothing else is.

        What names a thing of its own is asked about the things of the question, any other behind
        the whole of it: of 88 follow-ups 74 find their passage so, and 70 if all stood behind it.
        """
        if self.completes(clause):
            asked = f"{self.asked[:1].lower()}{self.asked[1:]}"
            return self.situated(question_of(f"{clause} {asked}"))
        topics = self._things
        says_what = not all(self._is_aspect(part) for part in topics)
        if self.situation and not self.action and not says_what:
            where = circumstances(self.asked, self.parts, {"person"})
            return self.situated(question_of(f"{clause}{where}{self.condition}"))
        if says_what and names_thing(clause, self.names):
            things = [part for part in topics if not self._is_done(part)] or topics
            said = " and ".join(self.asked[part.start : part.end] for part in things)
            where = circumstances(self.asked, self.parts, set())
            return self.situated(question_of(f"{clause}, about {said}{where}{self.condition}"))
        return self.before(clause)

    def before(self, clause: str) -> str:
        """The clause behind the whole of the question."""
        return self.situated(f"{question_of(self.asked)} {question_of(clause)}")

    def situated(self, question: str) -> str:
        """The question behind the situation, which still holds, but not where both name a plan."""
        if self.names.mentions(self.situation) and self.names.mentions(question):
            return question
        return f"{self.situation} {question}".strip()

    def _is_done(self, part: Part) -> bool:
        """Is it a verb alone: "keep", of "how long can I keep it through COBRA"?"""
        single = " " not in self.asked[part.start : part.end]
        return single and _DOER.search(self.asked[: part.start]) is not None

    def _is_aspect(self, part: Part) -> bool:
        return only_aspects(WORD.findall(self.asked[part.start : part.end]))


def context_of(question: str, names: PlanNames) -> Context:
    """A question that stands by itself, taken apart."""
    sentences = _SENTENCE.split(_TOLD_FIRST.sub(r"\1. ", question.strip(), count=1))
    asking = [sentence for sentence in sentences if sentence.endswith("?")] or sentences[-1:]
    telling = [s for s in sentences if s not in asking and not s.endswith("?")]
    asked = _TAG.sub("", asking[0])
    if first := _CONDITION_FIRST.match(asked.rstrip(END)):
        condition = first["condition"]
        asked = question_of(f"{first['asked']} {condition[0].lower()}{condition[1:]}")
    held = subordinate(asked.rstrip(END))
    condition = held.group() if held else ""
    main = asked[: held.start()] if held else asked
    found = _DOES.search(asked.rstrip(END)) or _PURPOSE.search(asked.rstrip(END))
    parts = tuple(question_parts(main, names))
    action = found["action"] if found and not _NO_OBJECT.match(found["action"]) else ""
    if inner := _IN_ORDER_TO.match(action):
        action = inner["action"]
    return Context(question, " ".join(telling), asked, condition, parts, action, names)
