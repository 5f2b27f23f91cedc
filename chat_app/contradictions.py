"""What of a sentence its passages do not say, or say otherwise. Pure functions.

Each clause of the sentence is laid beside the clauses of the passages. A value must stand there,
and no other value of its kind may stand in a place that fits the clause better: "$40 for a primary
care visit" fails where the $40 stand beside "specialist". What the best fitting clause denies, the
sentence must deny too.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from chat_app.clauses import Clause, clauses, merged
from chat_app.evidence import Evidence, Unit
from chat_app.lexing import AT_MOST, DENIED, EXCEPTED, FREE, LIMITED, MORE
from chat_app.values import Value, same
from retrieval.keywords import stem

Check: TypeAlias = Literal["value", "binding", "negation", "year", "name"]

AROUND = 0.35
"""Weight of words of a sentence's other clauses against those of the clause itself."""
EXTRA = 0.1
"""What a clause loses when none of its words are in the sentence."""
MARGIN = 0.06
"""By how much another value must fit better before a value counts as misplaced."""
TIE = 0.02
"""Clauses that fit as well as the best one, up to this much, may speak for the sentence too."""
UNIT = 0.15
"""What the same unit behind a value adds, as in "30 visits"."""
MIN_RIVAL = 0.4
"""Least fit of a place whose value counts against another."""
ANOTHER_CASE = 0.3
"""By how much a clause of another case must fit better before the sentence is held to be of it."""
ALIKE = 0.8
"""Share of words from which sentence and sentence are compared whole, however they are cut."""
MIN_FIT = 0.5
"""Below it, no clause of the passages speaks of the same thing, and nothing is denied."""


class Finding(NamedTuple):
    """Something that does not hold.

    Attributes:
        check: which check it failed.
        reason: for a reader.
    """

    check: Check
    reason: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A clause of the passages and the sentence it is of."""

    clause: Clause
    unit: Unit


def contradictions(sentence: str, evidence: Sequence[Evidence]) -> list[Finding]:
    """What does not hold, in the order of the sentence; values that stand nowhere not included."""
    said = [_Said(c, unit) for held in evidence for unit in held.units for c in unit.clauses]
    weights = _weights(said)
    found: list[Finding] = []
    # What the head of the passage says, such as the plan's name, tells no clause from another.
    head = frozenset(t for held in evidence for t in held.head_words if t not in weights.of)
    parts = [replace(c, words=c.words - head, around=c.around - head) for c in clauses(sentence)]
    whole = merged(parts)
    for clause in parts:
        fits = [(_fit(clause, one.clause, weights), one) for one in said]
        found += [
            *_misplaced(clause, fits),
            *_misdated(clause, fits),
            *_denied(clause, fits, whole),
        ]
    return list(dict.fromkeys(found))


class _Weights(NamedTuple):
    of: Mapping[str, float]
    rare: float

    def __call__(self, word: str) -> float:
        return self.of.get(word, self.rare)


def _weights(said: Sequence[_Said]) -> _Weights:
    """How much each word tells, by how few clauses hold it."""
    counts: dict[str, int] = {}
    for one in said:
        for word in one.clause.words:
            counts[word] = counts.get(word, 0) + 1
    return _Weights(
        {word: math.log(1 + (len(said) + 1) / count) for word, count in counts.items()},
        math.log(2 + len(said)),
    )


def _fit(wanted: Clause, held: Clause, weight: _Weights) -> float:
    """How far a clause speaks of the same thing: share of the wanted words, 0 to about 1."""
    total = hit = 0.0
    for word in wanted.words:
        w = weight(word)
        total += w
        hit += w if word in held.words else AROUND * w if word in held.around else 0.0
    for word in wanted.around - wanted.words:
        w = AROUND * weight(word)
        total += w
        hit += w if word in held.around or word in held.words else 0.0
    if not total:
        return 0.0
    known = wanted.words | wanted.around
    extra = sum(word not in known for word in held.words) / max(1, len(held.words))
    return hit / total - EXTRA * extra


def _facets_differ(left: Clause, right: Clause) -> bool:
    """Does one speak of in-network and the other of out-of-network alone, or the like?"""
    groups = {group for group, _ in left.facets} & {group for group, _ in right.facets}
    return any(
        {m for g, m in left.facets if g == group}.isdisjoint(
            {m for g, m in right.facets if g == group}
        )
        for group in groups
    )


def _misplaced(clause: Clause, fits: Sequence[tuple[float, _Said]]) -> Iterator[Finding]:
    """Values that stand beside something else than in the sentence."""
    for value in dict.fromkeys(v for v in clause.values if not is_year(v)):
        own, elsewhere, (rival, name) = _ranked(value, clause, fits)
        least = max(MIN_RIVAL, own + MARGIN)
        if elsewhere > (least if own != _NOWHERE else _NOWHERE):
            yield Finding("binding", f"the passage says {value} of another case")
        elif own != _NOWHERE and rival > least:
            yield Finding("binding", f"the passage says {name} of this, not {value}")


def _ranked(
    value: Value, clause: Clause, fits: Sequence[tuple[float, _Said]]
) -> tuple[float, float, tuple[float, str]]:
    """How well the value's own place fits, one of another case, and that of another value."""
    own, elsewhere, rival = _NOWHERE, _NOWHERE, (_NOWHERE, "")
    for fit, one in fits:
        differ = _facets_differ(clause, one.clause)
        for other, place in _places(value, clause, one.clause, fit):
            if same(value, other):
                own, elsewhere = (
                    (own, max(elsewhere, place)) if differ else (max(own, place), elsewhere)
                )
            elif not differ:
                rival = max(rival, (place, str(other)))
    return own, elsewhere, rival


def _places(
    value: Value, wanted: Clause, held: Clause, fit: float
) -> Iterator[tuple[Value, float]]:
    """The values of the same kind in a clause, and how well each place fits."""
    units = {unit for of, unit in wanted.units if of == value}
    for other in held.values:
        if other.kind == value.kind and not is_year(other):
            shared = any((other, unit) in held.units for unit in units)
            yield other, fit + UNIT * shared
    if is_free(value, wanted) and FREE in held.marks:
        yield value, fit


def is_free(value: Value, clause: Clause) -> bool:
    """Does the value say, in this clause, that nothing is to be paid?"""
    return FREE in clause.marks and (value.kind, value.amount) in _NOTHING


def is_year(value: Value) -> bool:
    """Is it a count that reads as a year?"""
    return value.kind == "count" and re.fullmatch(r"(?:19|20)\d\d", value.amount) is not None


def _misdated(clause: Clause, fits: Sequence[tuple[float, _Said]]) -> Iterator[Finding]:
    """Years other than those that the passage speaks of there."""
    said = {value.amount for value in clause.values if is_year(value)}
    spoken = [one.unit.years for _, one in _best(fits)]
    for year in sorted(said):
        if spoken and all(years and year not in years for years in spoken):
            held = " and ".join(sorted(frozenset[str]().union(*spoken)))
            yield Finding("year", f"the passage speaks of {held} here, not of {year}")


def _denied(
    clause: Clause, fits: Sequence[tuple[float, _Said]], whole: Clause
) -> Iterator[Finding]:
    """What the passage denies and the sentence does not, or the other way round."""
    near = [(f, one) for f, one in fits if not _facets_differ(clause, one.clause)]
    best = _best(near)
    if clause.facets and clause.words:
        top, fitting = (
            max((f for f, _ in fits), default=0.0),
            max((f for f, _ in near), default=0.0),
        )
        if top > max(MIN_FIT, fitting + ANOTHER_CASE):
            yield Finding("binding", "the passage says this of another case")
    differences = [_differences(clause, one.clause) for _, one in best]
    if clause.words and differences and all(differences):
        if any(_said_alike(whole, one.unit) for _, one in best):
            return
        yield Finding("negation", _SAYS[min(differences[0])])


def _said_alike(sentence: Clause, unit: Unit) -> bool:
    """Do sentence and unit, taken whole, hold the same words and cases and deny as often?"""
    other = merged(unit.clauses)
    shared = len(sentence.words & other.words)
    return (
        shared >= ALIKE * max(len(sentence.words), len(other.words))
        and sentence.facets == other.facets
        and not _differences(sentence, other)
    )


def _best(fits: Sequence[tuple[float, _Said]]) -> list[tuple[float, _Said]]:
    """What fits best, with all that fits as well; nothing when nothing fits."""
    top = max((fit for fit, _ in fits), default=0.0)
    return [(fit, one) for fit, one in fits if fit >= max(MIN_FIT, top - TIE)]


def _differences(wanted: Clause, held: Clause) -> frozenset[str]:
    """Marks in which the clauses contradict each other."""
    ours, theirs = wanted.marks, held.marks
    found = (ours ^ theirs) & {DENIED, EXCEPTED}
    if FREE in ours - theirs:
        found |= {FREE}
    if FREE in theirs - ours and wanted.words & _COST_WORDS:
        found |= {FREE}
    if (MORE in ours and AT_MOST in theirs) or (AT_MOST in ours and MORE in theirs - ours):
        found |= {MORE}
    if LIMITED in ours - theirs:
        found |= {LIMITED}
    return found


_NOWHERE = -1.0
_NOTHING = {("money", "0"), ("percent", "0"), ("percent", "100")}
_COST_WORDS = frozenset(
    map(stem, ["copay", "copays", "charge", "charges", "cost", "costs", "coinsurance"])
)
_SAYS = {
    DENIED: "one of sentence and passage denies what the other says",
    EXCEPTED: "one of sentence and passage makes an exception where the other does not",
    FREE: "sentence and passage differ on whether it is free of charge",
    MORE: "what is a most in one of sentence and passage is a least in the other",
    LIMITED: "the sentence sets a limit that the passage does not",
}
