"""Settings of the chat application: those of retrieval, and the generator."""

from typing import Literal

from retrieval.settings import RetrievalSettings


class Settings(RetrievalSettings):
    """What the whole application needs to know.

    Attributes:
        generator: what writes answers; ``quotes`` needs no model.
    """

    generator: Literal["quotes"] = "quotes"
