"""Prompt attacks: direct ones in a question, indirect ones in a passage.

A question is refused when the worst of its readings (as written, and decoded where it hides
something), or of their sentences, scores above a threshold that was chosen on texts of sources that
the model had not seen; the curve stands in ``prompt_attacks.json``, and
``benchmarks/prompt_attacks.py`` makes and measures both.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Guard, Refused, Verdict, Withheld
from chat_app.guards.prompt_attacks_model import load_classifier
from chat_app.guards.prompt_attacks_passages import suspects
from chat_app.guards.prompt_attacks_questions import Embed, score_question
from prompts.library import prompt
from retrieval.errors import EmbeddingError
from retrieval.usage import Meter

KEPT = 4096
"""Passages and questions whose scores are remembered."""

HARMLESS = -20.0
"""Score of a passage without a sentence that could be meant for an assistant."""


class PromptAttackGuard(Guard):
    """Refuses questions that attack the assistant, and withholds passages that instruct it.

    Any number of threads may share one.
    """

    name = "prompt attacks"

    def __init__(self, embed: Embed) -> None:
        """Read the coefficients.

        Args:
            embed: of all-MiniLM-L6-v2, whatever model the index uses: the coefficients are for it.
        """
        self._embed = embed
        self._questions = load_classifier("questions")
        self._passages = load_classifier("passages")
        self._question_score = lru_cache(KEPT)(self._score_question)
        self._passage_score = lru_cache(KEPT)(self._score_passage)

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Refuse an attack.

        Raises:
            GuardError: the text cannot be embedded.
        """
        score = self._question_score(question)
        scores = {"attack": round(score, 2)}
        if score > self._questions.limit(question):
            return Refused(prompt("attack_refused"), scores)
        return Allowed(scores)

    def check_passages(
        self,
        passages: Sequence[str],
        question: str,
        meter: Meter,
    ) -> Verdict:
        """Withhold passages that hold an instruction to the assistant.

        Raises:
            GuardError: a suspect sentence cannot be embedded.
        """
        scores = [self._passage_score(passage) for passage in passages]
        worst = {"attack": round(max(scores, default=HARMLESS), 2)}
        limit = self._passages.threshold
        found = frozenset(at for at, score in enumerate(scores) if score > limit)
        return Withheld(found, worst) if found else Allowed(worst)

    def _score_question(self, question: str) -> float:
        return score_question(self._questions, question, self._vectors)

    def _score_passage(self, passage: str) -> float:
        sentences = suspects(passage)
        if not sentences:
            return HARMLESS
        vectors = self._vectors(sentences)
        pairs = zip(sentences, vectors, strict=True)
        return max(self._passages.score(sentence, vector) for sentence, vector in pairs)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        try:
            return self._embed(texts)
        except EmbeddingError as error:
            raise GuardError(f"prompt attacks could not be looked for ({error})") from error
