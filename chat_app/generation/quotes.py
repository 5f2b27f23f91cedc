"""The generator without a model: it picks the sentences that answer, and quotes them exactly.

Every sentence it writes stands in a passage to the letter, but for two helps to the reader: of a
table row, the cells that are asked for are set as "label: header: cell; ...", and a list item is
preceded by the words that introduce its list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from numpy.typing import NDArray
from pydantic import ConfigDict

from chat_app.cells import read_aloud, read_row
from chat_app.generation.picking import pick_sentences
from chat_app.prompting import NO_ANSWER, read_passages
from retrieval.documents import Match
from retrieval.glossary import Glossary
from retrieval.sentence_vectors import SentenceVectors
from retrieval.usage import Meter


class QuotesChatModel(BaseChatModel):
    """Answers with exact sentences of the passages; the same question gives the same answer.

    A call takes ``max_sentences``, how many sentences are picked at most, a ``meter`` for what
    embedding them costs, and as ``matches`` the passages of the message as they were found.

    Attributes:
        embed: texts to unit vectors, float32 (n, dimension), counting what is paid for.
        glossary: what documents write for the words of a question.
        sentences: key and ``embedded_hash`` of chunks to the vectors that are kept of their
            sentences, which spare embedding some of them.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embed: Callable[[Sequence[str], Meter | None], NDArray[np.float32]]
    glossary: Glossary = Glossary({})
    sentences: Callable[[Mapping[str, str]], dict[str, SentenceVectors]] | None = None

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
            question,
            self.glossary.expanded(question),
            passages,
            lambda texts: self.embed(texts, meter),
            limit,
            self._kept(kwargs.get("matches", ())),
        )
        said = False
        for text, number in picked:
            said = True
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"{text} [{number}]\n"))
        if not said:
            yield ChatGenerationChunk(message=AIMessageChunk(content=NO_ANSWER))

    def _kept(self, matches: Sequence[Match]) -> dict[int, SentenceVectors]:
        """By number of the passage, the vectors that are kept of its sentences."""
        if self.sentences is None:
            return {}
        wanted = {m.key: str(m.metadata.get("embedded_hash", "")) for m in matches}
        kept = self.sentences(wanted)
        return {n: kept[m.key] for n, m in enumerate(matches, 1) if m.key in kept}


def row_as_prose(row: str) -> str:
    """A whole table row for reading: ``Specialist visit: In-network: $40; Out-of-network: 50%``."""
    read = read_row(row)
    return read_aloud(read, read.cells)
