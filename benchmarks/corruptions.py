"""True sentences and their corruptions, made by rules from passages, to measure verification."""

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chat_app.generation.quotes import row_as_prose
from chat_app.values import Value, read_values
from retrieval.documents import CELL_SEPARATOR, Match
from retrieval.keywords import terms
from retrieval.sentences import is_row, sentences

MIN_TERMS, MAX_CHARACTERS = 4, 400
"""Sentences that say something, and are no whole table in one row."""


class Claim(NamedTuple):
    """A sentence and the passage that it cites.

    Attributes:
        kind: ``quoted`` or ``rephrased`` when it is true, else what was done to it.
        of: ``quoted`` or ``rephrased``, the true sentence that it was made from.
    """

    text: str
    passage: Match
    kind: str
    of: str


def true_claims(passages: Sequence[Match], chance: random.Random) -> Iterator[Claim]:
    """Each sentence and row as the default generator says it, and once in other words."""
    for passage in passages:
        for span in sentences(passage.text):
            unit = " ".join(passage.text[span.start : span.end].split())
            is_item = _LIST_MARKER.match(unit) is not None
            unit = _LIST_MARKER.sub("", unit)
            if len(terms(unit)) < MIN_TERMS or len(unit) > MAX_CHARACTERS or unit[-1] in ":?":
                continue
            yield Claim(row_as_prose(unit) if is_row(unit) else unit, passage, "quoted", "quoted")
            # A list item alone is no sentence to be put in other words.
            said = "" if is_item else rephrased(unit, passage, chance)
            if said:
                yield Claim(said, passage, "rephrased", "rephrased")


_LIST_MARKER = re.compile(r"^(?:[-*•‣▪●○–]|\(?\d{1,3}[.)])\s+")


def rephrased(unit: str, passage: Match, chance: random.Random) -> str:
    """The same in other words; empty where no rule applies."""
    said = _row_in_words(unit, chance) if is_row(unit) else unit
    if not said:
        return ""
    rules = _REPHRASINGS[:2] if is_row(unit) else _REPHRASINGS
    for rule in chance.sample(rules, len(rules)):
        said = rule(said)
    if passage.policy and chance.random() < 0.5:
        name = passage.policy.replace("_", " ")
        name = " ".join(word if word in _ACRONYMS else word.capitalize() for word in name.split())
        year = f" in {passage.plan_year}" if passage.plan_year else ""
        said = f"With {name}{year}, {said[0].lower() if said[1:2].islower() else said[0]}{said[1:]}"
    return said if said != unit else ""


_ACRONYMS = {"PPO", "HMO", "HDHP"}


def _row_in_words(row: str, chance: random.Random) -> str:
    """One cell of a row as a sentence."""
    label, *cells = row.split(CELL_SEPARATOR)
    named = re.fullmatch(
        r"(?:covered )?(?:services?|benefits?|items?)\b[^:]*: (.+)", cells[0], re.IGNORECASE
    )
    if len(cells) > 1 and (named or ": " not in cells[0]):
        label, cells = named.group(1) if named else cells[0], cells[1:]
    pairs = [cell.split(": ", 1) for cell in cells if ": " in cell]
    if not pairs or label.endswith("?") or ": " in label:
        return ""
    header, value = chance.choice(pairs)
    forms = (
        f"For {label}, the {header} is {value}.",
        f"{header} for {label}: {value}.",
        f"{label} ({header}): {value}.",
    )
    return chance.choice(forms).replace("..", ".")


_SYNONYMS = (
    ("doctors", "physicians"),
    ("doctor", "physician"),
    ("copay", "copayment"),
    ("medications", "drugs"),
    ("you pay", "your share is"),
    ("must be", "has to be"),
    ("per person", "for each person"),
    ("a year", "per year"),
    ("annual", "yearly"),
    ("illness", "sickness"),
    ("buy", "purchase"),
    ("about", "approximately"),
    ("is not covered", "isn't covered"),
    ("are not covered", "aren't covered"),
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("cannot", "can't"),
    ("covered at 100%", "free"),
    ("no charge", "no cost"),
    ("$0 copay", "no copay"),
    ("in-network", "in the network"),
    ("out-of-network", "outside the network"),
    ("except", "other than"),
)


def _synonyms(text: str) -> str:
    for old, new in _SYNONYMS:
        text = re.sub(rf"\b{old}\b" if old[0].isalnum() else re.escape(old), new, text)
    return text


def _number_forms(text: str) -> str:
    text = re.sub(r"\$(\d+),(\d{3})\b(?![.,]\d)", r"\1\2 dollars", text)
    text = re.sub(r"(?<![\d.])(\d+)%", r"\1 percent", text)
    text = re.sub(r"\$(\d{1,3})(?![\d,.])", r"$\1.00", text)
    for number, word in ((1, "one"), (2, "two"), (3, "three"), (6, "six"), (12, "twelve")):
        text = re.sub(
            rf"(?<![\d$.,/-]){number}(?= (?:days|months|years|visits|weeks)\b)", word, text
        )
    return text


def _fronted(text: str) -> str:
    """Main clause and condition change places: "If Y, X." for "X if Y."."""
    found = re.fullmatch(
        r"([A-Z][^,;:]{15,}?) ((?:if|when|until|after|before) [^,;:]{10,})\.", text
    )
    if not found:
        return text
    main, condition = found.groups()
    return f"{condition[0].upper()}{condition[1:]}, {main[0].lower()}{main[1:]}."


def _shortened(text: str) -> str:
    """Without what stands in brackets, without numbers or denials in it."""
    return re.sub(
        r" \((?![^)]*(?:\d|\bnot?\b|\bexcept|n't|[Nn]etwork|only|famil|You))[^)]{5,80}\)", "", text
    )


_REPHRASINGS = (_synonyms, _number_forms, _fronted, _shortened)


def corrupted(claim: Claim, plans: Sequence[str], chance: random.Random) -> Iterator[Claim]:
    """The claim with one thing made false, in each way that applies to it."""
    for kind, text in _corruptions(claim, plans, chance):
        if kind.startswith("in- and") and _same_in_and_out(claim.passage.text):
            continue
        if text != claim.text and not _also_said(text, claim.passage.text):
            yield Claim(text, claim.passage, kind, claim.of)


def _same_in_and_out(passage: str) -> bool:
    """Does a row of the passage hold the same for both networks?"""
    for row in passage.split("\n\n"):
        cells = dict(cell.split(": ", 1) for cell in row.split(CELL_SEPARATOR) if ": " in cell)
        said = [value for header, value in cells.items() if "etwork" in header]
        if len(set(said)) < len(said):
            return True
    return False


def _also_said(text: str, passage: str) -> bool:
    squeezed = [re.sub(r"\W+", " ", t).lower().strip() for t in (text, passage)]
    return squeezed[0] in squeezed[1]


def _corruptions(
    claim: Claim, plans: Sequence[str], chance: random.Random
) -> Iterator[tuple[str, str]]:
    text = claim.text
    yield "number changed", _changed(text, claim.passage, chance)
    yield "number of another thing", _moved(text, claim.passage, chance)
    yield "year swapped", _other_year(text)
    yield "plan swapped", _other_plan(text, plans, chance)
    yield "negation dropped", _first(text, _DROPPED)
    yield "negation added", _first(text, _ADDED)
    yield "in- and out-of-network swapped", _swapped(text, _NETWORKS)
    yield "person and family swapped", _swapped(text, _PERSONS)
    yield "address or phone changed", _other_address(text, chance)


def _changed(text: str, passage: Match, chance: random.Random) -> str:
    """A number that stands nowhere in the passage."""
    found = [
        s for s in read_values(text)[0] if s.value.kind in {"money", "percent", "count", "date"}
    ]
    found = [s for s in found if not re.fullmatch(r"(19|20)\d\d", s.value.amount)]
    if not found:
        return text
    stated = chance.choice(found)
    old = text[stated.start : stated.end]
    known = {s.value.amount for s in read_values(f"{passage.text} {passage.section}")[0]}
    digits = list(re.finditer(r"\d", old))
    for _ in range(50):
        if not digits:
            new = chance.choice(["four", "five", "seven", "eight", "nine", "eleven"])
        else:
            digit = chance.choice(digits)
            new = f"{old[: digit.start()]}{chance.randint(1, 9)}{old[digit.end() :]}"
        value = [s.value.amount for s in read_values(new)[0]]
        if new.lower() != old.lower() and value and value[0] not in known:
            return text[: stated.start] + new + text[stated.end :]
    return text


def _moved(text: str, passage: Match, chance: random.Random) -> str:
    """An amount or percentage that the passage states of something else."""
    found = [s for s in read_values(text)[0] if s.value.kind in {"money", "percent"}]
    if not found:
        return text
    stated = chance.choice(found)
    ours = {s.value for s in read_values(text)[0]}
    others = [
        passage.text[s.start : s.end]
        for s in read_values(passage.text)[0]
        if s.value.kind == stated.value.kind and s.value not in ours
    ]
    if not others:
        return text
    return text[: stated.start] + chance.choice(others).strip() + text[stated.end :]


def _other_year(text: str) -> str:
    return re.sub(r"\b20(\d\d)\b", lambda m: f"20{(int(m[1]) + 1) % 100:02d}", text, count=1)


def _other_plan(text: str, plans: Sequence[str], chance: random.Random) -> str:
    named = [plan for plan in plans if re.search(rf"\b{plan}\b", text)]
    others = [plan for plan in plans if plan not in named]
    if not named or not others:
        return text
    return re.sub(rf"\b{named[0]}\b", chance.choice(others), text)


_DROPPED = (
    (r"\b(is|are|do|does|will|may|must|can|should|has|have) not\b", r"\1"),
    (r"\bcannot\b", "can"),
    (r"\bcan't\b", "can"),
    (r"\b(do|does|is|are|must|should|has|have)n't\b", r"\1"),
    (r"\bNot covered\b", "Covered"),
    (r"\bnot covered\b", "covered"),
    (r"\bNo (charge|copay|cost|deductible|limit)\b", r"\1"),
    (r"\bno (charge|copay|copayment|cost|deductible|limit|referral|coverage)\b", r"a \1"),
    (r"\bwithout\b", "with"),
    (r"\bexcluded\b", "included"),
    (r"\bunless\b", "if"),
    (r"\b(?:except|other than)\b", "including"),
    (r"\bnever\b", "always"),
    (r"\bno\b", "a"),
    (r"\bnot\b ", ""),
)
_ADDED = (
    (r"\b(is|are|will|must|can|may) (?!not|no\b)(?=[a-z])", r"\1 not "),
    (r"\b([Yy]ou|[Mm]embers|[Ww]e|[Tt]hey) (pay|have|need|get|cover)\b", r"\1 do not \2"),
    (r"\b(covers|pays|requires|applies|includes|counts)\b", r"never \1"),
    (r": Covered\b", ": Not covered"),
    (r": Yes\b", ": No"),
)
_NETWORKS = (
    (r"\b([Ii])n-network\b", "out-of-network"),
    (r"\bout-of-network\b", "in-network"),
    (r"\bOut-of-network\b", "In-network"),
    (r"\bin the network\b", "outside the network"),
    (r"\boutside the network\b", "in the network"),
    (r"\bIn Network\b", "Out of Network"),
    (r"\bOut of Network\b", "In Network"),
)
_PERSONS = (
    (r"\bself-only\b", "family"),
    (r"\b(?:an individual|per person|for each person)\b", "per family"),
    (r"\b[Ii]ndividual\b", "family"),
    (r"\b[Ff]amily\b", "individual"),
)


def _first(text: str, rules: Sequence[tuple[str, str]]) -> str:
    for pattern, new in rules:
        if re.search(pattern, text):
            return re.sub(pattern, new, text, count=1)
    return text


def _swapped(text: str, rules: Sequence[tuple[str, str]]) -> str:
    """Only where a number or a coverage hangs on it."""
    return _first(text, rules) if re.search(r"[$%]|\bcovered\b", text) else text


def _other_address(text: str, chance: random.Random) -> str:
    found = [s for s in read_values(text)[0] if s.value.kind in {"phone", "url", "email"}]
    if not found:
        return text
    stated: tuple[Value, int, int] = chance.choice(found)
    old = text[stated[1] : stated[2]]
    place = max(i for i, c in enumerate(old) if c.isalnum())
    new = "7" if old[place] != "7" else "4"
    return text[: stated[1]] + old[:place] + new + old[place + 1 :] + text[stated[2] :]
