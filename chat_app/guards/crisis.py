"""Meets a member in crisis with the emergency words, before anything else is done."""

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Guard, Refused, Verdict
from chat_app.guards.phrases import Phrases
from chat_app.guards.separating import Embed, Separator, embedded
from chat_app.guards.topics import Topics
from retrieval.errors import EmbeddingError, SettingsError
from retrieval.sentences import sentences
from retrieval.usage import Meter

LEAST = -0.2
"""Score from which a sentence is a sign of crisis: recall before precision, within 1 % of benefits
questions. By ``benchmarks/scope.py``:

======  =====================  =====================
from    benefits met           crises met
======  =====================  =====================
-0.40   .006, other half .014  .980, other half 1.00
-0.30   .005, .006             .980, .981
-0.20   .002, .003             .980, .962
-0.10   .000, .002             .882, .925
0.00    .000, .000             .882, .906
0.20    .000, .000             .725, .755
0.40    .000, .000             .490, .604
======  =====================  =====================
"""


class CrisisGuard(Guard):
    """Answers signs of a crisis with the emergency words: suicide, violence, an emergency now.

    It belongs before all other guards. Sure phrases need no model, so that they are noticed even
    when none can be loaded. Any number of threads may share one.
    """

    name = "crisis"

    def __init__(self, topics: Topics, embed: Embed, words: str, *, least: float = LEAST) -> None:
        """Take the emergencies; their examples are embedded at first use.

        Args:
            topics: emergencies, and questions that are none.
            embed: texts to vectors of norm 1.
            words: what a member in crisis is told.
            least: score from which a sentence is a sign of crisis, -1 to 1; see
                ``Separator.scores``.
        """
        self._topics = topics
        self._embed = embed
        self._words = words
        self._least = least
        crisis = topics.crisis
        self._phrases = Phrases(crisis.sure_phrases, crisis.harmless_phrases)

    def warm_up(self) -> None:
        """Embed the examples now, 2 to 6 ms each.

        Raises:
            EmbeddingError: the model cannot be had or run.
        """
        self._separator  # noqa: B018 - made at first use

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Judge the message, and each of its sentences by itself: one sentence is enough.

        Raises:
            GuardError: nothing in it is a sure sign, and it cannot be embedded.
        """
        if self._phrases.found(question):
            return Refused(self._words, {"crisis": 1.0})
        try:
            score = float(self._separator.scores(self._embed(_pieces(question))).max())
        except EmbeddingError as error:
            raise GuardError(str(error)) from error
        scores = {"crisis": score}
        return Refused(self._words, scores) if score >= self._least else Allowed(scores)

    @cached_property
    def _separator(self) -> Separator:
        others = (*self._topics.answered, *self._topics.off_topic, *self._topics.crisis.told)
        return Separator(self._of(self._topics.crisis.examples), self._of(others))

    def _of(self, texts: tuple[str, ...]) -> NDArray[np.float32]:
        vectors = embedded(self._embed, self._topics.texts)
        return np.stack([vectors[text] for text in texts])


def _pieces(message: str) -> list[str]:
    """The message, and its sentences where it has several."""
    spans = sentences(message)
    return [message, *(message[start:end] for start, end in spans if len(spans) > 1)]


def read_words(file: Path) -> str:
    """The emergency words in a file.

    Raises:
        SettingsError: the file cannot be read, or says nothing.
    """
    try:
        words = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the emergency words {file} cannot be read: {error}") from None
    if not words:
        raise SettingsError(f"the emergency words {file} are empty: write what a member is told")
    return words
