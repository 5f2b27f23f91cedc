"""Where a text names the plans of an index, in people's words. Pure functions."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from chat_app.answers import PLAN_TYPES

_WORD = re.compile(r"[^\W_]+")
_PLAN_NOUN = re.compile(
    r"\s*(?:plans?|options?|polic(?:y|ies)|benefits?|coverage)\b", re.IGNORECASE
)
_ON = re.compile(r"\b(?:on|under)\s+(?:the\s+|my\s+)?$", re.IGNORECASE)
_ENDS = re.compile(
    r"\s*(?:$|[?.!,;]|(?:one|too|also|as well|instead|though|then)\b)", re.IGNORECASE
)
_THE = re.compile(r"\b(?:the|my|our)\s+$", re.IGNORECASE)
_ONE = re.compile(r"\s+one\b(?!\s+(?:for|of|with|that)\b)", re.IGNORECASE)
_BENEFIT_WORDS = """
access accident account allowance ambulance assistance behavioral benefit benefits birth cancer care
center chiropractic claim claims clinic cobra community company copay cost counseling county
coverage critical deductible dental disability doctor drug drugs education emergency employee
employer enrollment equipment family fitness group handbook health hearing home hospice hospital
illness imaging individual insurance leave legal life local maternity medicaid medical medicare
member mental network nursing orthodontia partner pension perks pharmacy physical pregnancy premium
prescription preventive rehabilitation reimbursement retiree retirement school senior service
services sickness spending state student surgery teachers telehealth therapy tier travel tuition
university urgent vacation virtual vision weight welfare wellness work
"""
_BENEFITS = frozenset(_BENEFIT_WORDS.split())
"""Words of plans' names that a member says of anything: "on care"."""
_PRAISE_WORDS = """
active advantage basic best better blue bronze choice choices city classic common complete
comprehensive core direct economy elite enhanced essential essentials exclusive extra first flex
flexible freedom gold green healthy high independence limited lower maximum metro middle national
north northern option options platinum point preferred premier prime regional saver savings secure
select shield silver simple smart solution south southern standard total traditional united
universal upper value western
"""
_ORDINARY = _BENEFITS | frozenset(_PRAISE_WORDS.split())
"""Words of plans' names that a member may mean otherwise: "a standard visit"."""
_MIN_OWN = 5
"""Letters of a word that is nothing but a name, in lower case too: "cobblestone"."""
_SET_OFF = re.compile(r"\s*[,:–-]\s")
_BESIDE = frozenset(
    ["a", "an", "the", "my", "our", "your", "one", "for", "with", "on", "in", "under"]
)
_TYPE_WORDS = {
    "HDHP": r"high[- ]deductible(?: health)?(?=[- ](?:plan|option|one))"
    r"|(?:hsa|health savings account)(?:[- ](?:eligible|qualified))?(?= (?:plan|option)\b)",
    "HMO": r"health maintenance organi[sz]ation",
    "PPO": r"preferred provider organi[sz]ation",
    "EPO": r"exclusive provider organi[sz]ation",
    "POS": r"point[- ]of[- ]service(?= (?:plan|option))",
    "CDHP": r"consumer[- ](?:driven|directed)(?: health)?(?= (?:plan|option))",
}
_TYPES_IN_WORDS = {
    plan_type: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for plan_type, words in _TYPE_WORDS.items()
}
"""What a type of plan is called by those who do not abbreviate it. A plan with a health savings
account is one with a high deductible by law: 26 U.S.C. 223(c)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A policy is named from ``start`` to ``end``.

    Attributes:
        rank: how much it says: number of words, and whether they are the whole name.
    """

    policy: str
    start: int
    end: int
    rank: tuple[int, bool]


def replaced(text: str, spans: Iterable[tuple[int, int]], by: str) -> str:
    """The text with something in the place of each span, which may be given more than once."""
    for start, end in sorted(set(spans), reverse=True):
        text = f"{text[:start]}{by}{text[end:]}"
    return text


class PlanNames:
    """The names that policies go by: in full, by an ending that tells, or by the type of plan."""

    def __init__(
        self, policies: Collection[str], titles: Mapping[str, Collection[str]] | None = None
    ) -> None:
        """Take the policies, and titles of their documents, which may say a plan's type."""
        self._words = {policy: tuple(_WORD.findall(policy.lower())) for policy in policies}
        self._holding: dict[str, set[str]] = defaultdict(set)
        for policy, words in self._words.items():
            for word in words:
                self._holding[word].add(policy)
        self._types = {p: _types(p, (titles or {}).get(p, ())) for p in policies}
        self._aliases: dict[tuple[str, ...], list[tuple[str, bool]]] = defaultdict(list)
        for policy in policies:
            for alias, is_whole in self._aliases_of(policy).items():
                self._aliases[alias].append((policy, is_whole))
        self._longest = max(map(len, self._aliases), default=0)

    @property
    def policies(self) -> Collection[str]:
        """Those whose names these are."""
        return self._words.keys()

    def mentions(self, text: str) -> list[Mention]:
        """Where the text names policies, in its order; words name what says most with them.

        "PPO Plus", "ppo_plus" and, where it tells enough, "the PPO" or "the Plus plan" name
        PPO_PLUS; the beginning of a name alone does not where others begin so: it is the insurer's.
        A type that several plans share names each of them.
        """
        found = [*self._by_alias(text), *self._by_type(text)]
        # By place, not by mention: where thousands of plans are PPOs, "PPO" names each of them.
        places = {(m.start, m.end, m.rank) for m in found}
        covered = {place for place in places if any(_covers(other, place) for other in places)}
        best = [m for m in found if (m.start, m.end, m.rank) not in covered]
        return sorted(best, key=lambda m: (m.start, m.policy))

    def unknown_type(self, text: str) -> str:
        """The type of plan that the text asks for ("the EPO") and that no plan is of, or "".

        Where the type of some plan is not known, it may be that one; where the index names no
        plans, its documents may be of any.
        """
        known = set().union(*self._types.values())
        if not known or not all(self._types.values()):
            return ""
        for match in _ASKED_TYPE.finditer(text):
            if (plan_type := match.group(1)) not in known:
                return plan_type
        return ""

    def _aliases_of(self, policy: str) -> dict[tuple[str, ...], bool]:
        words = self._words[policy]
        aliases = {words[at:]: False for at in range(1, len(words))}
        if not self._in_another(words[:1], policy):  # else it is the insurer's name
            aliases |= {words[:end]: False for end in range(1, len(words))}
        telling = {alias: False for alias in aliases if not self._in_another(alias, policy)}
        typed = {(plan_type.lower(),): False for plan_type in self._types[policy]}
        return {**telling, **typed, ("".join(words),): True, words: True}

    def _in_another(self, alias: Sequence[str], policy: str) -> bool:
        """Are its words part of another policy's name too? "Plus" with two Plus plans is none."""
        fewest = min((self._holding[word] for word in alias), key=len)
        return any(
            other != policy and all(other in self._holding[word] for word in alias)
            for other in fewest
        )

    def _by_alias(self, text: str) -> Iterator[Mention]:
        found = list(_WORD.finditer(text))
        said = tuple(match.group().lower() for match in found)
        for at in range(len(said)):
            for length in range(1, min(self._longest, len(said) - at) + 1):
                for policy, is_whole in self._aliases.get(said[at : at + length], ()):
                    if length > 1 or _is_name(text, found[at], said, is_whole=is_whole):
                        start, end = found[at].start(), found[at + length - 1].end()
                        yield Mention(policy, start, end, (length, is_whole))

    def _by_type(self, text: str) -> Iterator[Mention]:
        for plan_type, words in _TYPES_IN_WORDS.items():
            for match in words.finditer(text):
                for policy, types in self._types.items():
                    if plan_type in types:
                        yield Mention(policy, *match.span(), (1, False))


@lru_cache(maxsize=8)
def plan_names(policies: tuple[str, ...]) -> PlanNames:
    """The names of these policies."""
    return PlanNames(policies)


_ASKED_TYPE = re.compile(
    # Not "an EPO": that is a question about plans of this kind.
    rf"\b(?:[Tt]he|[Mm]y|[Oo]ur|[Yy]our|on|in|under|with)\s+({'|'.join(sorted(PLAN_TYPES))})\b"
)


def _types(policy: str, titles: Collection[str]) -> frozenset[str]:
    """The types of plan that the name says; else that a title says, which speaks of one alone."""
    for said in ([policy], titles):
        for text in said:
            types = {word for word in _WORD.findall(text.upper()) if word in PLAN_TYPES}
            spoken = f"{text.replace('_', ' ')} plan"
            types |= {name for name, words in _TYPES_IN_WORDS.items() if words.search(spoken)}
            if types and (text == policy or len(types) == 1):
                return frozenset(types)
    return frozenset()


_Place: TypeAlias = tuple[int, int, tuple[int, bool]]
"""Start, end and rank of mentions."""


def _covers(other: _Place, place: _Place) -> bool:
    overlaps = other[0] < place[1] and place[0] < other[1]
    return overlaps and other[2] > place[2]


def _is_name(text: str, word: re.Match[str], said: Sequence[str], *, is_whole: bool) -> bool:
    """Is a single word used as a name?

    It is when it is a type of plan, "X plan", no ordinary word, where a plan is named ("on
    standard?"), capitalised in mid-sentence or all that is said; a whole name also when it is
    capitalised within ("BlueCross") or set off ("Standard: is it ...").
    """
    spelled = word.group()
    if spelled.upper() in PLAN_TYPES or _PLAN_NOUN.match(text, word.end()):
        return True
    if is_whole and (spelled[1:] != spelled[1:].lower() or _set_off(text, word)):
        return True
    if _is_placed(text, word):
        return True
    lower = spelled.lower()
    if lower not in _ORDINARY and len(lower) >= _MIN_OWN and lower.isalpha():
        return True
    alone = all(other in _BESIDE or other == lower for other in said)
    if alone and (is_whole or lower not in _BENEFITS):
        return True
    return word.start() > 0 and spelled[0].isupper()


def _is_placed(text: str, word: re.Match[str]) -> bool:
    """Does it stand where a plan does: "on standard?", "the standard one"?"""
    if word.group().lower() in _BENEFITS:
        return False
    before = text[: word.start()]
    if _ON.search(before) and _ENDS.match(text, word.end()):
        return True
    return bool(_THE.search(before) and _ONE.match(text, word.end()))


def _set_off(text: str, word: re.Match[str]) -> bool:
    return word.group()[0].isupper() and _SET_OFF.match(text, word.end()) is not None
