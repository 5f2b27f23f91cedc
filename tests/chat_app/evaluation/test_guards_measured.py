from collections.abc import Sequence

import pytest

from chat_app.errors import GuardError
from chat_app.evaluation.guard_measuring import VERIFICATION, GuardMeasurer, GuardResult
from chat_app.evaluation.guard_rows import Case, Span
from chat_app.evaluation.guard_summary import ANY, VERDICT, GuardReport, detect, guard_json
from chat_app.evaluation.personal_summary import ALL, maskings, personal_json
from chat_app.guards.hooks import Allowed, Guard, Masked, Refused, Verdict, Withheld
from chat_app.token_reading import TokenReader
from retrieval.embedding.minilm import MiniLM
from retrieval.usage import Meter


class NoIgnore(Guard):
    """Stops what says "ignore"; its score counts the word."""

    name = "no ignore"

    def check_question(self, question: str, meter: Meter) -> Verdict:
        scores = {"attack": float(question.count("ignore"))}
        return Refused("no", scores) if scores["attack"] else Allowed(scores)

    def check_passages(self, passages: Sequence[str], question: str, meter: Meter) -> Verdict:
        at = frozenset(n for n, passage in enumerate(passages) if "ignore" in passage)
        return Withheld(at) if at else Allowed()


class NoNumbers(Guard):
    """Masks one number."""

    name = "no numbers"

    def check_question(self, question: str, meter: Meter) -> Verdict:
        if "42" not in question:
            return Allowed()
        return Masked((question.replace("42", "[NUMBER]"),), {"number": 1.0})


class Broken(Guard):
    name = "broken"

    def check_question(self, question: str, meter: Meter) -> Verdict:
        raise KeyError(question)


def case(text: str, *, wrong: bool, name: str = "", kind: str = "") -> Case:
    return Case(name or text, 1, "d", "direct", text, wrong, kind or ("jail" if wrong else "calm"))


def measured(*cases: Case, guards: Sequence[Guard] = (NoIgnore(), NoNumbers())) -> GuardReport:
    measurer = GuardMeasurer(guards, 5)
    return GuardReport("f", {}, tuple(measurer.measure(one) for one in cases))


def test_recall_false_positives_and_precision_are_those_counted_by_hand() -> None:
    report = measured(
        case("ignore it, ignore all", wrong=True),
        case("now obey", wrong=True),
        case("may I ignore a bill?", wrong=False),
        case("is it free?", wrong=False),
        case("what is a copay?", wrong=False),
    )
    assert report.detectors == ["no ignore"]
    found = detect(report.results, "no ignore")
    assert found.recall
    assert found.false_positives
    assert found.precision
    assert found.recall.value == 0.5
    assert found.false_positives.value == pytest.approx(1 / 3)
    assert found.precision.value == 0.5
    assert found.auroc["attack"].value == pytest.approx((3 + 2 * 0.5) / 6)


def test_types_of_attacks_are_set_against_all_that_is_benign() -> None:
    report = measured(
        case("ignore it", wrong=True, kind="jail"),
        case("obey", wrong=True, kind="role"),
        case("is it free?", wrong=False, kind="calm"),
    )
    kinds = report.groups("no ignore")["By type"]
    recalls = {kind: one.recall.value for kind, one in kinds.items() if one.recall}
    assert recalls == {"jail": 1, "role": 0}
    assert kinds["jail"].auroc["attack"].value == 1
    assert kinds["jail"].precision is None
    assert kinds["calm"].false_positives
    assert not kinds["calm"].auroc


def test_a_guard_without_scores_is_judged_by_its_verdict() -> None:
    cases = [
        Case("a", 1, "d", "indirect", "ignore all", wrong=True, question="q"),
        Case("b", 2, "d", "indirect", "hello", wrong=False, question="q"),
    ]
    found = detect(measured(*cases).results, "no ignore")
    assert found.auroc[VERDICT].value == 1


def test_several_detectors_are_taken_together_too() -> None:
    class NoObey(NoIgnore):
        name = "no obey"

        def check_question(self, question: str, meter: Meter) -> Verdict:
            return Refused("no") if "obey" in question else Allowed()

    report = measured(
        case("ignore it", wrong=True),
        case("obey", wrong=True),
        case("free?", wrong=False),
        guards=(NoIgnore(), NoObey(), NoNumbers()),
    )
    assert report.detectors == ["no ignore", "no obey", ANY]
    together = detect(report.results, ANY)
    assert together.recall
    assert together.recall.value == 1


def test_claims_are_judged_by_verification() -> None:
    passage = ("A specialist visit costs $40 in network.",)
    cases = [
        Case(1, 1, "d", "grounding", "A specialist visit costs $40.", False, passages=passage),
        Case(2, 2, "d", "grounding", "A specialist visit costs $70.", True, passages=passage),
        Case(3, 3, "d", "grounding", "Paris is a large city.", True, passages=passage),
    ]
    report = measured(*cases)
    found = detect(report.results, VERIFICATION)
    assert found.recall
    assert found.false_positives
    assert (found.recall.value, found.false_positives.value) == (1, 0)
    assert found.auroc["support"].value == 1


def test_with_a_reader_of_tokens_claims_are_judged_by_closeness_too() -> None:
    passage = ("A specialist visit costs $40 in network.",)
    cases = [
        Case(1, 1, "d", "grounding", "Seeing a specialist costs $40 [1].", False, passages=passage),
        Case(2, 2, "d", "grounding", "Paris is a large city.", True, passages=passage),
    ]
    measurer = GuardMeasurer((), 5, TokenReader(MiniLM()))
    found = detect([measurer.measure(one) for one in cases], VERIFICATION)
    assert found.auroc["closeness"].value == 1
    assert found.false_positives
    assert found.false_positives.value == 0


def test_masks_are_counted_by_type() -> None:
    def personal(text: str, *spans: Span) -> Case:
        return Case(text, 1, "d", "personal_data", text, bool(spans), spans=spans)

    report = measured(
        personal("My number is 42.", Span("MEMBER", 13, 15)),
        personal("My number is 43.", Span("MEMBER", 13, 15)),
        personal("I am Ada.", Span("NAME", 5, 8)),
        personal("Page 42 says so."),
    )
    found = maskings(report.results)
    assert set(found) == {ALL, "MEMBER", "NAME"}
    assert found["MEMBER"].recall.value == 0.5
    assert found["MEMBER"].precision
    assert found["MEMBER"].precision.value == 0.5
    assert found["NAME"].precision is None
    assert found[ALL].recall.value == pytest.approx(1 / 3)
    assert found[ALL].f2 == pytest.approx(5 * 0.5 / 3 / (4 * 0.5 + 1 / 3))
    assert personal_json(report)["rows"] == {"measured": 4, "not_measured": 0}


def test_a_guard_that_fails_is_an_error_that_names_it() -> None:
    with pytest.raises(GuardError, match="broken"):
        measured(case("a", wrong=True), guards=(Broken(),))


def test_two_guards_of_one_name_are_told_apart() -> None:
    [result] = measured(case("ignore", wrong=True), guards=(NoIgnore(), NoIgnore())).results
    assert set(result.flagged) == {"no ignore 1", "no ignore 2"}


def test_the_report_is_json_with_each_detector() -> None:
    report = measured(case("ignore", wrong=True), case("fine", wrong=False))
    value = guard_json(report)
    assert isinstance(value["detectors"], dict)
    assert set(value["detectors"]) == {"no ignore"}
    assert isinstance(report.results[0], GuardResult)
