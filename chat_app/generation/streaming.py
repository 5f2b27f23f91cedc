"""The text of any langchain-core chat model, piece by piece, its errors as ours."""

from collections.abc import Iterator, Sequence

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chat_app.errors import GenerationError


def stream_text(
    model: BaseChatModel, messages: Sequence[BaseMessage], max_sentences: int
) -> Iterator[str]:
    """Pieces of the model's reply, as they come; none when the model replies with nothing.

    Raises:
        GenerationError: the model failed, before or in the middle of its reply.
    """
    try:
        for chunk in model.stream(list(messages), max_sentences=max_sentences):
            yield chunk.text
    except Exception as error:
        if (
            str(error) == "No generation chunks were returned"
        ):  # langchain-core's, for an empty reply
            return
        raise GenerationError(f"the answer could not be written ({error}): ask again") from error
