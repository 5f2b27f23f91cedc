"""Settings of retrieval, from ``BENEFITS_CHAT_*`` environment variables and ``.env``.

This module and ``chat_app.settings`` alone read the environment.
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import AnyHttpUrl, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SourceError

from retrieval.errors import SettingsError
from retrieval.glossary import DEFAULT_FILE

PREFIX = "BENEFITS_CHAT_"

AnySettings = TypeVar("AnySettings", bound="RetrievalSettings")


class RetrievalSettings(BaseSettings):
    """What retrieval needs to know.

    Attributes:
        world: chooses embedder and store, and in the chat the generator, together.
        embedder: the embedding model.
        store: where vectors live; ``memory`` is exact and keeps its index in one file.
        data_dir: folder of the index and of all that is kept beside it.
        chroma_url: address of a Chroma server; without it, Chroma is embedded in ``data_dir``.
        glossary: YAML file of the words members and documents use for the same thing.
        model_dir: where exported model weights are kept; by default beside the installation.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    world: Literal["local"] = "local"
    embedder: Literal["minilm"] = "minilm"
    store: Literal["memory", "chroma"] = "chroma"
    data_dir: Path = Field(default=Path(".benefits-chat"))
    chroma_url: AnyHttpUrl | None = None
    model_dir: Path | None = None
    glossary: Path = DEFAULT_FILE


def load_settings(kind: type[AnySettings], **given: Any) -> AnySettings:  # noqa: ANN401 - any field
    """Read settings; values given here count more than the environment, it more than ``.env``.

    Raises:
        SettingsError: a value cannot be used; the message names the variable and what it accepts.
    """
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        value = str(first.get("input"))[:80]
        raise SettingsError(
            f"{name} is {value!r}: {first['msg'].lower()}. Set it in the environment or in .env"
        ) from None
    except (SourceError, OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings in .env cannot be read: {error}") from None
