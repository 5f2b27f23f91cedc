"""Refuses kindly what the assistant does not do: medical advice, politics, code and the like."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Guard, Refused, Verdict
from chat_app.guards.separating import Embed, Separator, embedded
from chat_app.guards.topics import Topic, Topics
from prompts.library import prompt
from retrieval.errors import EmbeddingError
from retrieval.usage import Meter

LEAST = 0.05
"""Score from which a question is refused: precision before recall, as what slips through is
declined where the documents do not answer it. Chosen on the first half of ``benchmarks/scope.py``:

======  =====================  =====================
from    benefits refused       others refused
======  =====================  =====================
-0.20   .024, other half .018  .936, other half .941
-0.10   .010, .013             .927, .931
0.00    .006, .008             .895, .866
0.05    .005, .003             .868, .837
0.10    .003, .002             .818, .777
0.20    .002, .000             .745, .639
0.30    .000, .000             .523, .525
======  =====================  =====================
"""

FEWEST_WORDS = 4
"""Shorter messages name a service ("flu shot") or follow up ("and 2025?"), and are too short to
tell: alone, "metformin" scores 0.44. They pass, as the documents answer them or do not."""


class ScopeGuard(Guard):
    """Refuses questions that are more like the examples of a topic than like benefits questions.

    Any number of threads may share one.
    """

    name = "scope"

    def __init__(self, topics: Topics, embed: Embed, *, least: float = LEAST) -> None:
        """Take the topics; their examples are embedded at first use.

        Args:
            topics: what is refused, and what sounds alike.
            embed: texts to vectors of norm 1.
            least: score from which a question is refused, -1 to 1; see ``Separator.scores``.
        """
        self._topics = topics
        self._embed = embed
        self._least = least

    def warm_up(self) -> None:
        """Embed the examples now, 2 to 6 ms each.

        Raises:
            EmbeddingError: the model cannot be had or run.
        """
        self._separator  # noqa: B018 - made at first use

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Judge what the user wrote; beyond the model's window, its beginning.

        Raises:
            GuardError: the question cannot be embedded.
        """
        if len(question.split()) < FEWEST_WORDS:
            return Allowed()
        try:
            vectors = self._embed([question])
            score = float(self._separator.scores(vectors)[0])
        except EmbeddingError as error:
            raise GuardError(str(error)) from error
        scores = {"off_topic": score}
        if score < self._least:
            return Allowed(scores)
        return Refused(prompt("scope_refused", said=self._nearest(vectors[0]).said), scores)

    @cached_property
    def _separator(self) -> Separator:
        return Separator(self._of(self._topics.off_topic), self._of(self._topics.answered))

    def _nearest(self, vector: NDArray[np.float32]) -> Topic:
        """The topic of the example that is most like the question."""
        return max(
            self._topics.refused, key=lambda topic: float((self._of(topic.examples) @ vector).max())
        )

    def _of(self, texts: tuple[str, ...]) -> NDArray[np.float32]:
        vectors = embedded(self._embed, self._topics.texts)
        return np.stack([vectors[text] for text in texts])
