"""The guards that need no service, put together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat_app.guards.hooks import Guard
from chat_app.settings import Settings
from prompts.library import prompt
from retrieval.embedding.kept import embedded_once
from retrieval.embedding.minilm import MAX_OF_QUESTION, MiniLM
from retrieval.wiring import Retrieval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def own_minilm(settings: Settings, retrieval: Retrieval) -> MiniLM:
    """The model that thresholds and coefficients hold for, whichever embeds the documents."""
    own = retrieval.embedder
    return own if isinstance(own, MiniLM) else MiniLM(settings.model_dir)


def local_guards(settings: Settings, retrieval: Retrieval) -> list[Guard]:
    """In the order in which they run: nothing comes before the words for a member in crisis.

    Raises:
        SettingsError: the topics or the words for a crisis cannot be read.
    """
    from chat_app.guards.crisis import CrisisGuard, read_words
    from chat_app.guards.personal_data import PersonalDataGuard
    from chat_app.guards.prompt_attacks import PromptAttackGuard
    from chat_app.guards.scope import ScopeGuard
    from chat_app.guards.topics import DEFAULT_FILE, load_topics

    minilm = own_minilm(settings, retrieval)

    def embed(texts: Sequence[str]) -> "NDArray[np.float32]":
        if len(texts) <= MAX_OF_QUESTION:
            return minilm.embed(texts)
        return embedded_once(minilm.embed, minilm.name, texts, minilm.models_folder / "examples")

    topics = load_topics(settings.topics or DEFAULT_FILE)
    words = read_words(settings.crisis_words) if settings.crisis_words else prompt("crisis")
    return [
        CrisisGuard(topics, embed, words),
        PromptAttackGuard(embed),
        PersonalDataGuard(),
        ScopeGuard(topics, embed),
    ]
