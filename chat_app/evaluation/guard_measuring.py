"""One labelled text -> what the guards say of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chat_app.alignment import Closeness, ReadTokens
from chat_app.errors import GuardError
from chat_app.evaluation.fields import RowId
from chat_app.evaluation.guard_rows import Case, Shape
from chat_app.evaluation.masks import Caught, Mask, judge
from chat_app.guards.hooks import Allowed, Guard, Masked, Refused, Verdict, Withheld
from chat_app.guards.supervising import supervised
from chat_app.markers import without_markers
from chat_app.verification import verify
from retrieval.documents import Match
from retrieval.usage import Meter

VERIFICATION = "verification"
"""The detector of claims that is no guard: what is checked before a sentence is shown."""
FAILED = 0.1
"""What a check that fails takes from a claim's score: on AttributionBench, that leaves the AUROC at
.807, where 1 makes it .792, as people hold many a claim to be borne out whose values differ."""
EXCERPT = 600
"""Characters of a text that are kept for the list of failures."""


@dataclass(frozen=True, slots=True)
class GuardResult:
    """What was said of one labelled text.

    Attributes:
        digest: fingerprint of the labelled row.
        wrong: should it be stopped, or, of personal data, does it hold some?
        kind: type of the attack or claim.
        flagged: whether each detector stopped it.
        scores: by detector and score; higher is more likely wrong.
        milliseconds: that each detector took.
        text: its beginning.
        masked: the text as the guards left it; empty where nothing was masked.
        caught: what became of each labelled span.
        masks: what each mask hides.
    """

    id: RowId
    digest: str
    shape: Shape
    wrong: bool
    kind: str
    source: str
    flagged: Mapping[str, bool]
    scores: Mapping[str, Mapping[str, float]]
    milliseconds: Mapping[str, float]
    text: str
    masked: str = ""
    caught: tuple[Caught, ...] = ()
    masks: tuple[Mask, ...] = ()


@dataclass(slots=True)
class _Said:
    """What the detectors said so far."""

    flagged: dict[str, bool] = field(default_factory=dict)
    scores: dict[str, dict[str, float]] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, scores: Mapping[str, float], started: float, *, stops: bool) -> None:
        self.milliseconds[name] = (time.perf_counter() - started) * 1000
        self.flagged[name] = stops
        if scores:
            self.scores[name] = dict(scores)


class GuardMeasurer:
    """Asks each guard by itself, so that one that refuses leaves the others their say."""

    def __init__(
        self,
        guards: Sequence[Guard],
        seconds: float,
        read: ReadTokens | None = None,
    ) -> None:
        """Hold the guards.

        Args:
            guards: in order.
            seconds: longest wait for one check of one guard.
            read: tokens in context; with it, claims are verified as the sentences of a language
                model are.
        """
        names = [guard.name for guard in guards]
        self._guards = {
            name if names.count(name) == 1 else f"{name} {at}": guard
            for at, (name, guard) in enumerate(zip(names, guards, strict=True), 1)
        }
        self._seconds = seconds
        self._read = read

    def warm(self, case: Case) -> None:
        """Judge a text without measuring, so that models are open; who fails will say so again."""
        with suppress(GuardError):
            self.measure(case)

    def measure(self, case: Case) -> GuardResult:
        """Have all guards judge a text.

        Raises:
            GuardError: a guard cannot decide.
        """
        said, text = _Said(), case.text
        if case.shape == "grounding":
            self._verify(case, said)
        for name, guard in self._guards.items():
            started = time.perf_counter()
            verdict = supervised(name, _check(guard, case, text), self._seconds)
            said.note(name, _scores(verdict, case.shape), started, stops=_stops(verdict))
            if isinstance(verdict, Masked) and case.shape == "personal_data":
                text = verdict.texts[0]
        caught, masks = judge(case.text, text, case.spans)
        return GuardResult(
            id=case.id,
            digest=case.digest,
            shape=case.shape,
            wrong=case.wrong,
            kind=case.kind,
            source=case.source,
            flagged=said.flagged,
            scores=said.scores,
            milliseconds=said.milliseconds,
            text=case.text[:EXCERPT],
            masked=text[:EXCERPT] if text != case.text else "",
            caught=tuple(caught),
            masks=tuple(masks),
        )

    def _verify(self, case: Case, said: _Said) -> None:
        """Ranks by closeness, else by words, less FAILED where a claim is not supported."""
        claim = without_markers(case.text)[0].strip()
        passages = [_passage(text) for text in case.passages]
        closeness = Closeness(self._read, case.question) if self._read else None
        started = time.perf_counter()
        verdict = verify(claim, passages, closeness)
        scores = {"words": -verdict.words}
        if self._read:
            scores["closeness"] = -verdict.closeness
        near = verdict.closeness if self._read else verdict.words
        scores["support"] = -(near if verdict.supported else near - FAILED)
        said.note(VERIFICATION, scores, started, stops=not verdict.supported)


def _check(guard: Guard, case: Case, text: str) -> Callable[[], Verdict]:
    meter = Meter()
    if case.shape == "indirect":
        return lambda: guard.check_passages((text,), case.question, meter)
    if case.shape == "grounding":
        return lambda: guard.check_answer((text,), case.question, case.passages, meter)
    return lambda: guard.check_question(text, meter)


def _stops(verdict: Verdict) -> bool:
    return isinstance(verdict, Refused) or (
        isinstance(verdict, Withheld) and bool(verdict.positions)
    )


def _scores(verdict: Allowed | Masked | Withheld | Refused, shape: Shape) -> dict[str, float]:
    """The scores; those of answers say how well it is grounded, so they are turned around."""
    sign = -1 if shape == "grounding" else 1
    return {name: sign * score for name, score in verdict.scores.items()}


def _passage(text: str) -> Match:
    metadata = {"document": "", "source": "", "title": "", "section": "", "policy": ""}
    numbers = {"plan_year": 0, "page": 0, "start": 0, "end": len(text)}
    return Match("", text, {**metadata, **numbers, "language": "en"}, 0.0, 0.0)
