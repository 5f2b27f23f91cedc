"""The generator without a model: it picks the sentences that answer, and quotes them exactly.

Every sentence it writes stands in a passage to the letter, but for two helps to the reader: the
cells of a table row are set as "label: header value; ...", and a list item is preceded by the
words that introduce its list.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from pydantic import ConfigDict

from chat_app.citations import without_list_marker
from chat_app.prompting import NO_ANSWER, Passage, read_passages
from chat_app.values import values
from chat_app.verification import shared_words
from retrieval.documents import CELL_SEPARATOR
from retrieval.glossary import Glossary
from retrieval.keywords import STOP_WORDS, term_weights, terms
from retrieval.sentences import Span, is_row, sentences
from retrieval.usage import Meter

MIN_CONFIDENCE = 0.42
"""Below it the passages do not answer.

Measured over 230 questions that two sets of plan documents answer and 150 on other subjects: 99 %
of the former reach it, and 6 % of the latter, most of those about other kinds of benefits.
"""
MAX_BEHIND = 0.22
"""A further sentence must score at most this much less than the first."""
SAME_WORDS = 0.75
"""Share of words in common from which a sentence repeats one that is picked."""

_SIMILARITY, _WORDS, _RANK, _KIND, _BESIDE = 1.0, 0.2, 0.4, 0.12, 0.12

_ASKS_AMOUNT = re.compile(
    r"\b(?:how much|cost|costs|price|pay|copay\w*|co-pay\w*|coinsurance|deductible\w*|fee|fees|"
    r"premium\w*|maximum|limit|amount|rate|contribut\w+|percent\w*)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\b(?:when|how long|how soon|how often|deadline|how many (?:days|weeks|months|years)|date)\b",
    re.IGNORECASE,
)
_ASKS_COUNT = re.compile(r"\bhow many\b", re.IGNORECASE)
_ASKS_WHETHER = re.compile(
    r"^\W*(?:is|are|am|does|do|did|can|could|will|would|may|must|should|has|have)\b", re.IGNORECASE
)
_TIME = re.compile(
    r"\b(?:\d+|\w+)[ -](?:calendar |business |working )?(?:day|week|month|year|hour)s?\b|"
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_IS_FILLER = re.compile(
    r"\bimportant to (?:understand|remember|note|know|keep|familiari[sz]e)|\bif you have (?:any )?"
    r"(?:more |further )?questions|\bkeep in mind|\b(?:here are|there are) (?:a few|some|several)|"
    r"\bwe (?:encourage|recommend|understand)|\bby (?:following|understanding|taking)\b|"
    r"\bfor more information|\bmake the most of|\bcontact us\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\b(?:for )?(?:example|instance)\b", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"\b(?:out[- ]of[- ]|outside (?:of )?(?:the |our )?|non-)network", re.IGNORECASE
)
_INSIDE = re.compile(r"\b(?:in[- ]|inside (?:of )?(?:the |our )?)network", re.IGNORECASE)
_DECIDES = re.compile(
    r"\b(?:cover\w*|not|no|must|may|can|cannot|required?|eligible|pays?|waived|100%|\$0|exclud\w+|"
    r"available|allowed|included?|yes)\b",
    re.IGNORECASE,
)


_NAMES_ROW = re.compile(
    r"(?:covered )?(?:services?|benefits?|items?|procedures?|care|drugs?)\b[^:]*: (?P<name>.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence that may be quoted, and what is known of it."""

    passage: Passage
    rank: int
    span: Span
    lead: Span | None
    section: str

    @property
    def text(self) -> str:
        return self.passage.text[self.span.start : self.span.end]

    @property
    def in_context(self) -> str:
        """The sentence with what introduces it: what it is compared by."""
        lead = self.passage.text[self.lead.start : self.lead.end] if self.lead else self.section
        return f"{lead} {self.text}".strip()


class QuotesChatModel(BaseChatModel):
    """Answers with exact sentences of the passages; the same question gives the same answer.

    A call takes ``max_sentences``, how many sentences are picked at most, and a ``meter`` for
    what embedding them costs.

    Attributes:
        embed: texts to unit vectors, float32 (n, dimension), counting what is paid for.
        glossary: what documents write for the words of a question.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embed: Callable[[Sequence[str], Meter | None], NDArray[np.float32]]
    glossary: Glossary = Glossary({})

    @property
    def _llm_type(self) -> str:
        return "quotes"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> ChatResult:
        text = "".join(
            str(chunk.message.content)
            for chunk in self._stream(messages, stop, run_manager, **kwargs)
        )
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[ChatGenerationChunk]:
        question, passages = read_passages(str(messages[-1].content))
        limit = int(kwargs["max_sentences"])
        meter = kwargs.get("meter")
        picked = pick_sentences(
            self.glossary.expanded(question),
            passages,
            lambda texts: self.embed(texts, meter),
            limit,
        )
        for text, number in picked or [(NO_ANSWER, 0)]:
            line = f"{text} [{number}]\n" if number else text
            yield ChatGenerationChunk(message=AIMessageChunk(content=line))


def pick_sentences(
    question: str,
    passages: Sequence[Passage],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    limit: int,
) -> list[tuple[str, int]]:
    """The sentences that answer, best first, each with the number of its passage.

    Empty when the passages do not answer.
    """
    candidates = [c for rank, p in enumerate(passages) for c in _candidates(p, rank)]
    if not candidates:
        return []
    vectors = embed([question, *(candidate.in_context for candidate in candidates)])
    similarities = vectors[1:] @ vectors[0]
    shares = np.mean(
        [
            _word_shares(question, [candidate.text for candidate in candidates]),
            _word_shares(question, [candidate.in_context for candidate in candidates]),
        ],
        axis=0,
    )
    scores = np.array(
        [
            _SIMILARITY * similarity
            + _WORDS * share
            + _RANK * (1 - candidate.rank / len(passages))
            + _KIND * _fits_question(question, candidate)
            - _BESIDE * _is_beside(question, candidate)
            for candidate, similarity, share in zip(candidates, similarities, shares, strict=True)
        ]
    )
    if _confidence(question, passages, similarities) < MIN_CONFIDENCE:
        return []
    return _readable(_best(candidates, scores, limit))


def _candidates(passage: Passage, rank: int) -> Iterator[_Candidate]:
    section = passage.section.rsplit(" > ", maxsplit=1)[-1]
    lead: Span | None = None
    for span in sentences(passage.text):
        text = passage.text[span.start : span.end]
        bare = without_list_marker(passage.text, span)
        if text.endswith(":") and not is_row(text):
            lead = bare
            continue
        is_item = bare != span
        if not is_item:
            lead = None
        if text in (section, passage.title) or text.endswith("?"):
            continue
        if _says_something(text, in_list=lead is not None):
            yield _Candidate(passage, rank, bare, lead, "" if lead else section)


def _says_something(text: str, *, in_list: bool) -> bool:
    """Is it more than a heading? Headings are short, capitalised and end without a mark."""
    if values(text):
        return True
    words = [word for word in text.split() if word[0].isalpha()]
    if in_list or is_row(text) or text[-1] in ".!;":
        return len(terms(text)) >= 2 or in_list
    capitals = sum(word[0].isupper() for word in words if word not in STOP_WORDS)
    telling = sum(word not in STOP_WORDS for word in words)
    return telling >= 3 and capitals < 0.6 * telling


def _word_shares(question: str, texts: Sequence[str]) -> list[float]:
    """Share of the question's words that each text holds, rare words weighing more."""
    weights = term_weights(terms(question), [set(terms(text)) for text in texts])
    total = sum(weights.values()) or 1.0
    return [
        sum(weight for term, weight in weights.items() if term in held) / total
        for held in (set(terms(text)) for text in texts)
    ]


def _fits_question(question: str, candidate: _Candidate) -> float:
    """1 when the sentence holds the kind of fact that is asked for, else 0."""
    text = candidate.text
    if _ASKS_TIME.search(question):
        return float(_TIME.search(text) is not None)
    kinds = {value.kind for value in values(text)}
    if _ASKS_COUNT.search(question):
        return float(bool(kinds))
    if _ASKS_AMOUNT.search(question):
        return float(bool(kinds & {"money", "percent"}))
    if _ASKS_WHETHER.search(question):
        return float(_DECIDES.search(text) is not None)
    return 0.0


def _is_beside(question: str, candidate: _Candidate) -> bool:
    """Is it filler, an example, or about care outside the network that was not asked about?"""
    if _IS_FILLER.search(candidate.text):
        return True
    if _EXAMPLE.search(candidate.in_context) and not _EXAMPLE.search(question):
        return True
    return (
        _OUTSIDE.search(candidate.text) is not None
        and not _INSIDE.search(candidate.text)
        and not _OUTSIDE.search(question)
    )


def _confidence(
    question: str, passages: Sequence[Passage], similarities: NDArray[np.float32]
) -> float:
    """How sure it is that the passages speak of what is asked, about 0 to 1.1."""
    texts = [f"{p.title} {p.section} {p.text}" for p in passages]
    return float(similarities.max()) + 0.1 * max(_word_shares(question, texts))


def _best(
    candidates: Sequence[_Candidate], scores: NDArray[np.float64], limit: int
) -> list[_Candidate]:
    order = sorted(range(len(candidates)), key=lambda i: (-scores[i], i))
    picked: list[_Candidate] = []
    plan = candidates[order[0]].passage.plan
    for i in order:
        # What holds for all plans beside a fact of one plan is rarely about the question.
        if candidates[i].passage.plan != plan:
            continue
        if len(picked) == limit or scores[i] < scores[order[0]] - MAX_BEHIND:
            break
        words = terms(candidates[i].text)
        if all(shared_words(words, terms(other.text)) < SAME_WORDS for other in picked):
            picked.append(candidates[i])
    return picked


def _readable(picked: Sequence[_Candidate]) -> list[tuple[str, int]]:
    """The quotes as they are written: rows as prose, list items behind what introduces them."""
    lines: list[tuple[str, int]] = []
    introduced: set[tuple[int, Span]] = set()
    for candidate in picked:
        number, text = candidate.passage.number, candidate.text
        if candidate.lead and (number, candidate.lead) not in introduced:
            introduced.add((number, candidate.lead))
            lead = candidate.passage.text[candidate.lead.start : candidate.lead.end]
            lines.append((_one_line(lead), number))
        lines.append((row_as_prose(text) if is_row(text) else _one_line(text), number))
    return lines


def row_as_prose(row: str) -> str:
    """A table row for reading, as in ``Specialist visit: In-network: $40; Out-of-network: 50%``.

    Where the first cell only groups rows, what the row is about stands in the second.
    """
    label, *cells = (_one_line(cell) for cell in row.split(CELL_SEPARATOR.strip()))
    about = _NAMES_ROW.match(cells[0])
    if about and len(cells) > 1:
        label, cells = about.group("name"), cells[1:]
    said = "; ".join(cell.rstrip(".") for cell in cells)
    return f"{label} {said}" if label.endswith("?") else f"{label}: {said}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
