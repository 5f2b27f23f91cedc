"""One labelled question -> what the product finds and answers, measured against its labels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat_app.answers import Answer, Event, Finished, Question
from chat_app.errors import GenerationError
from chat_app.evaluation import rankings
from chat_app.evaluation.places import cites, gains
from chat_app.evaluation.question_types import question_type
from chat_app.evaluation.results import Result
from chat_app.evaluation.rows import EvalRow, Label
from chat_app.plans import PlanBook, search_scope
from chat_app.values import values
from chat_app.verification import Verdict, verify
from retrieval.documents import Match
from retrieval.searching import Query, Searcher

DEPTH = 50
"""Passages searched for: several of them stand on one page, and 10 pages are ranked."""
RANKED = 10
"""Places that the ranking measures look at."""
SHOWN = 10
"""Passages kept of what was found, for the list of failures."""
WARMING = "What is covered?"

Verifying = Callable[[str, Sequence[Match]], Verdict]
Answering = Callable[[Question], Iterator[Event]]
Measures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Measurer:
    """Asks one question after the other.

    Attributes:
        searcher: finds passages.
        answer: answers, as the assistant does.
        book: the plans that the index holds.
        verify: checks a sentence against the passages that it cites.
    """

    searcher: Searcher
    answer: Answering
    book: PlanBook
    verify: Verifying = verify

    def warm(self) -> None:
        """Search once without measuring, so that models and store are open."""
        self._search(Question(WARMING))

    def measure(self, row: EvalRow) -> Result:
        """Answer and search once; latencies are those of the answer and of its searches.

        Raises:
            InputError: the row's question, policy or year cannot be used.
            GenerationError: the generator failed.
        """
        # The answer first: what the search keeps, such as the question's vector, would speed it up.
        answer = self._answered(row.question)
        matches = self._search(row.question)
        policies = tuple(self.book.policy(name) for name in row.question.policies)
        measures: Measures = {
            **_found(matches, row.labels),
            **_cited(answer, row.labels),
            **_plans(answer, policies, row.question.plan_year),
            **_said(answer, row, self.verify),
            **_spent(answer),
        }
        return Result(
            id=row.id,
            digest=row.digest,
            question=row.question.text,
            policies=policies,
            kind=question_type(row.question.text),
            answerable=row.answerable,
            measures=measures,
            expected=tuple(label.to_json() for label in row.labels),
            found=tuple(_place(match) for match in matches[:SHOWN]),
            cited=tuple(_place(c.passage, c.page) for c in answer.citations),
            rank=rankings.first_rank(gains(matches, row.labels)) if row.labels else None,
            answer=" ".join(sentence.text for sentence in answer.sentences),
            reason=answer.reason,
            truth=row.truth,
        )

    def _search(self, question: Question) -> list[Match]:
        scope = search_scope(self.book, question)
        return self.searcher.search(Query(question.text, scope.filter(), DEPTH))

    def _answered(self, question: Question) -> Answer:
        answers = [event.answer for event in self.answer(question) if isinstance(event, Finished)]
        if not answers:
            raise GenerationError("the answer was not finished: measure it again")
        return answers[-1]


def _found(matches: Sequence[Match], labels: Sequence[Label]) -> Measures:
    if not labels:
        return {}
    ranking = gains(matches, labels)
    hits: Measures = {f"hit@{depth}": rankings.hit(ranking, depth) for depth in (1, 3, 5, 10)}
    return {
        **hits,
        "mrr@10": rankings.reciprocal_rank(ranking, RANKED),
        "ndcg@10": rankings.ndcg(ranking, len(labels), RANKED),
    }


def _cited(answer: Answer, labels: Sequence[Label]) -> Measures:
    """A page is cited once, however many of its sentences are quoted."""
    if not labels:
        return {}
    cited = {(c.passage.document, c.page): c for c in answer.citations}.values()
    right = [any(cites(citation, label) for label in labels) for citation in cited]
    reached = [any(cites(citation, label) for citation in cited) for label in labels]
    return {
        "true_page_cited": float(any(right)),
        "citation_precision": sum(right) / len(right) if right else None,
        "citation_recall": sum(reached) / len(reached),
    }


def _plans(answer: Answer, policies: Sequence[str], year: int | None) -> Measures:
    """Documents that are common to all plans or years are never wrong."""
    cited = [citation.passage for citation in answer.citations]
    policy: Measures = {
        "wrong_plan_cited": float(any(p.policy not in {None, *policies} for p in cited))
    }
    years: Measures = {
        "wrong_year_cited": float(any(p.plan_year not in {None, year} for p in cited))
    }
    return (policy if policies else {}) | (years if year is not None else {})


def _said(answer: Answer, row: EvalRow, verifying: Verifying) -> Measures:
    passages = {citation.number: citation.passage for citation in answer.citations}
    supported = [
        verifying(sentence.text, [passages[number] for number in sentence.citations]).supported
        for sentence in answer.sentences
    ]
    stated = {value for sentence in answer.sentences for value in values(sentence.text)}
    figures = set(values(row.truth))
    declined = "declined_wrongly" if row.answerable else "declined_rightly"
    return {
        "supported_citations": float(all(supported)) if supported else None,
        "figures_of_truth": len(figures & stated) / len(figures) if figures else None,
        declined: float(answer.refused),
    }


def _spent(answer: Answer) -> Measures:
    usage: Mapping[str, float | None] = answer.usage
    return {
        "search_ms": answer.timings_ms.get("search"),
        "first_sentence_ms": answer.timings_ms.get("first_sentence"),
        "total_ms": answer.timings_ms.get("total"),
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "cost_usd": usage.get("cost_usd"),
    }


def _place(match: Match, page: int | None = None) -> dict[str, str | int | None]:
    return {
        "source": match.source,
        "document": match.document,
        "page": page or match.page,
        "policy": match.policy,
        "plan_year": match.plan_year,
    }
