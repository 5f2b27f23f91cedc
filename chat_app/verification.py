"""Does the cited passage support the sentence? Pure functions.

A sentence is supported when the passages it cites hold its words and every value it states, of the
same thing, in the same plan and year, and neither denies what the other says. What stands in a
passage to the letter needs no further check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat_app.contradictions import Finding, contradictions
from chat_app.denials import denials
from chat_app.evidence import Evidence, read_passages, tokens
from chat_app.lexing import lexed, telling
from chat_app.names import foreign_names
from chat_app.support import features, support
from chat_app.swaps import swaps
from chat_app.values import Value, same, values
from retrieval.documents import Match
from retrieval.keywords import terms

MIN_WORDS = 0.1
"""Least support of the words.

On 1,252 pairs (``python -m benchmarks.grounding fit``) it keeps 94 % of supported sentences and
lets 61 % of others about the same subject through, which the further checks then judge; 0.2 keeps
93 % and lets 37 % through, 0.5 86 % and 12 %; a share of 60 % of the words 95 % and 64 %.
"""
MIN_CLOSENESS = 0.45
"""Least closeness of a sentence that a language model wrote.

On the pairs of ``python -m benchmarks.grounding fit`` it keeps 98 % of supported sentences, lets
47 % through beside a passage taken at random, and 99 % beside the likest other one, which the
other checks judge; .4 keeps 99 % and lets 67 % and 100 % through, .5 97 %, 26 % and 95 %. Of the
claims of AttributionBench it keeps 99 % of those borne out and lets 89 % of others through.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the passages support a sentence.

    Attributes:
        words: how far the words are borne out, 0 to 1; 1 for a quote.
        missing: values that the sentence states and the passages do not.
        findings: what else does not hold.
        quoted: the sentence stands in a passage to the letter, or is one of its rows read aloud.
        closeness: how near in meaning it is to them, up to 1; 1 where nobody asked.
    """

    words: float
    missing: tuple[Value, ...] = ()
    findings: tuple[Finding, ...] = ()
    quoted: bool = False
    closeness: float = 1.0

    @property
    def supported(self) -> bool:
        """May the sentence be shown?"""
        return (
            not self.missing
            and not self.findings
            and self.words >= MIN_WORDS
            and self.closeness >= MIN_CLOSENESS
        )

    @property
    def scores(self) -> Mapping[str, float]:
        """Each check's own score: words 0 to 1, closeness up to 1, the others 1 or 0 (failed)."""
        failed = {finding.check for finding in self.findings}
        checks = {check: float(check not in failed) for check in _CHECKS}
        scores = {"words": self.words, "closeness": self.closeness}
        return {**scores, "value": float(not self.missing), **checks}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the sentence is not supported, for a reader; empty when it is."""
        said = [f"the passage does not say {value}" for value in self.missing]
        said += [finding.reason for finding in self.findings]
        if self.words < MIN_WORDS:
            said.append(f"the passage bears out its words to {self.words:.0%} only")
        if self.closeness < MIN_CLOSENESS:
            said.append("the passage speaks of something else")
        return tuple(dict.fromkeys(said))


_CHECKS = ("binding", "negation", "year", "name")


def verify(
    sentence: str,
    passages: Sequence[Match],
    closeness: Callable[[str, Sequence[Evidence]], float] | None = None,
) -> Verdict:
    """Compare a sentence with exactly the passages that it cites.

    Title, section, plan and year of a passage count as part of it.

    Args:
        sentence: as it would be shown.
        passages: that it cites.
        closeness: how near in meaning a sentence is to its passages; with it, one that is far is
            not supported. For sentences that a language model wrote: quotes are never asked about.
    """
    evidence = read_passages(passages)
    if any(held.quotes(tokens(sentence)) for held in evidence):
        return Verdict(1.0, quoted=True)
    held = [value for one in evidence for value in one.values]
    missing = [v for v in values(sentence) if not any(same(v, other) for other in held)]
    return Verdict(
        words=support(features(sentence, evidence)),
        missing=tuple(dict.fromkeys(missing)),
        findings=tuple(dict.fromkeys(_findings(sentence, evidence))),
        closeness=closeness(sentence, evidence) if closeness else 1.0,
    )


def says_of_anything(sentence: str) -> bool:
    """Does a sentence say something, and not of what? "It is covered.", "You pay nothing." do."""
    said = lexed(sentence)
    names = any(token.kind == "word" and token.said not in _OF_ANYTHING for token in said)
    return bool(telling(said)) and not names


_OF_ANYTHING = frozenset(
    terms(
        "cover coverage pay pays cost need require plan yes nothing free charge amount all apply "
        "everything anything include member benefit service thing fully always never completely"
    )
)
"""Words that say nothing of what a sentence is about."""


def _findings(sentence: str, evidence: Sequence[Evidence]) -> Iterator[Finding]:
    yield from contradictions(sentence, evidence)
    units = [unit for held in evidence for unit in held.units]
    yield from (Finding("binding", reason) for reason in swaps(lexed(sentence), units))
    yield from (Finding("negation", reason) for reason in denials(sentence, units))
    for name in foreign_names(sentence, evidence):
        yield Finding("name", f"the passage does not name {name!r}")


def shared_words(left: Iterable[str], right: Iterable[str]) -> float:
    """Share of the smaller set of words that the other holds too, 0 to 1."""
    a, b = set(left), set(right)
    return len(a & b) / max(1, min(len(a), len(b)))
