"""A chat model whose prompts and answers stay in this process, whatever the environment says."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

from langchain_core.language_models.base import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableConfig
from langsmith.run_helpers import tracing_context


class UntracedChatModel(BaseChatModel):
    """A chat model of which langchain-core sends nothing to LangSmith."""

    def stream(
        self,
        input: LanguageModelInput,  # noqa: A002 - the signature of langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> Iterator[AIMessageChunk]:
        """As langchain-core has it, traced nowhere."""
        # It is a generator, which decides at its first chunk whether it traces.
        with closing(cast(Any, super().stream(input, config, stop=stop, **kwargs))) as chunks:
            with tracing_context(enabled=False):
                first = next(chunks, None)
            if first is not None:
                yield first
                yield from chunks

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - the signature of langchain-core
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,  # noqa: ANN401 - the signature of langchain-core
    ) -> AIMessage:
        """As langchain-core has it, traced nowhere."""
        with tracing_context(enabled=False):
            return super().invoke(input, config, stop=stop, **kwargs)
