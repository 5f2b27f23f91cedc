"""Question -> matches: the filter first, then the ranking."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from retrieval.candidates import Asked, ByVector, Finder
from retrieval.contract import check_contract, contract_of
from retrieval.documents import Match, Vector
from retrieval.errors import QuestionError, StoreError
from retrieval.filters import Filter
from retrieval.glossary import Glossary
from retrieval.interfaces import Embedder, Hit, Reranker, SentenceIndex, VectorStore
from retrieval.keywords import terms
from retrieval.ranking import distinct, fuse, nearness
from retrieval.sentence_vectors import best_similarities
from retrieval.usage import Meter

MAX_QUESTION = 4_000
"""Characters of a question; a longer one is not a question."""
MAX_LIMIT = 1_000
"""Most matches that one search returns."""
KEYWORD_WEIGHT = 0.25
"""Share of the keyword score."""
FEW_TERMS, FEW_TERMS_WEIGHT = range(3, 5), 0.2
"""Share of the keyword score for a question of so many terms.

Consumers often ask with three or four terms and other words than documents: .2 ranks best there
(MRR .718 over 247 questions, .709 with .25). Longer questions, to a handbook, do best with .28 and
more (.804 over 126, .794 with .25, .781 with .2), those of patients with .25 to .28; one or two
terms are the name of a benefit. None of these differences is more than chance may explain.
"""


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the chunks it may be answered from."""

    question: str
    where: Filter | None = None
    limit: int = 8


class Searcher:
    """Finds the chunks nearest to a question."""

    def __init__(  # noqa: PLR0913 - parts of one job each, most of them left out at will
        self,
        store: VectorStore,
        embedder: Embedder,
        finder: Finder | None = None,
        glossary: Glossary | None = None,
        index: str = "the index",
        *,
        sentences: SentenceIndex | None = None,
        reranker: Reranker | None = None,
        rerank_depth: int = 20,
    ) -> None:
        """Hold the parts; nothing is opened yet.

        Args:
            store: what is searched.
            embedder: must be the one the index was built with.
            finder: finds what to choose among; None for what is nearest by vector.
            glossary: what documents write for the words of a question.
            index: how to name the index in messages.
            sentences: the vectors of the sentences of what is searched, as far as they are kept.
            reranker: reads the question with each of the best passages, and orders them.
            rerank_depth: how many it reads, at least 1.
        """
        self._store = store
        self._embedder = embedder
        self._finder = finder or ByVector(store)
        self._glossary = glossary or Glossary({})
        self._index = index
        self._sentences = sentences
        self._reranker = reranker
        self._rerank_depth = rerank_depth

    def check(self) -> None:
        """Compare the embedder with the one the index was built with.

        Raises:
            StoreError: there is no index yet.
            ContractError: it was built with another model.
        """
        recorded = self._store.read_contract()
        if recorded is None:
            raise StoreError(
                f"{self._index} holds nothing yet: run `benefits-chat index PATH` first"
            )
        check_contract(recorded, contract_of(self._embedder), self._index)

    def search(self, query: Query, meter: Meter | None = None) -> list[Match]:
        """The best matches, best first; fewer than the limit when fewer are admitted.

        Args:
            query: what to find.
            meter: counts what is paid for.

        Raises:
            QuestionError: the question is empty, too long or holds nothing readable.
        """
        asked = checked_question(query.question)
        if not 1 <= query.limit <= MAX_LIMIT:
            raise QuestionError(f"limit {query.limit} is not between 1 and {MAX_LIMIT}")
        question = self._glossary.expanded(asked)
        finding = self._finder.begin(Asked(question, terms(question), query.where, query.limit))
        vector = self._embedder.embed([question], meter)[0]
        hits, scores = finding(vector)
        near = nearness([hit.similarity for hit in hits], self._nearest_sentences(hits, vector))
        fused = fuse(near, scores, keyword_weight(asked))
        best = sorted(zip(fused, hits, strict=True), key=lambda pair: (-pair[0], pair[1].key))
        matches = (Match(h.key, h.text, h.metadata, h.similarity, score) for score, h in best)
        return distinct(self._reranked(asked, matches), query.limit)

    def _reranked(self, question: str, matches: Iterator[Match]) -> Iterator[Match]:
        """The matches, the first of them in the order that the reranker gives them.

        Each takes the score of its new place, so that scores fall with the order.
        """
        if self._reranker is None:
            return matches
        first = list(islice(matches, self._rerank_depth))
        scores = self._reranker.scores(question, [match.text for match in first])
        order = sorted(range(len(first)), key=lambda place: -scores[place])
        ordered = (
            replace(first[place], score=there.score)
            for place, there in zip(order, first, strict=True)
        )
        return chain(ordered, matches)

    def _nearest_sentences(self, hits: Sequence[Hit], vector: Vector) -> list[float | None]:
        """The cosine of the nearest sentence of each hit, None where its sentences are not kept."""
        if self._sentences is None:
            return [None] * len(hits)
        kept = self._sentences.get(
            {hit.key: str(hit.metadata.get("embedded_hash", "")) for hit in hits}
        )
        return best_similarities([kept.get(hit.key) for hit in hits], vector)


def keyword_weight(question: str) -> float:
    """What the words of a passage count beside its meaning, 0 to 1."""
    few = len(set(terms(question))) in FEW_TERMS
    return FEW_TERMS_WEIGHT if few else KEYWORD_WEIGHT


def readable(question: str) -> str:
    """The question on one line, without surrounding space and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in question).split())


def checked_question(question: str) -> str:
    """The question without surrounding space and control characters.

    Raises:
        QuestionError: nothing readable is left, or it is too long.
    """
    cleaned = readable(question)
    if not any(c.isalnum() for c in cleaned):
        raise QuestionError("the question is empty: write what you would like to know")
    if len(cleaned) > MAX_QUESTION:
        raise QuestionError(
            f"the question has {len(cleaned):,} characters, {MAX_QUESTION:,} are read: shorten it"
        )
    return cleaned
