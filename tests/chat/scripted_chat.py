"""Serves the chat with an assistant that follows a script: slow, failing, or without an index.

Run as ``python tests/chat/scripted_chat.py PORT``; it imports nothing of the tests.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from chat_app import wiring
from chat_app.answers import Answer, Citation, Event, Finished, Plan, Question, Said, Searched
from chat_app.answers import Sentence as Spoken
from chat_app.errors import GenerationError
from chat_app.plans import PlanBook
from chat_app.serving import serve
from retrieval.documents import Match, Scalar
from retrieval.errors import StoreError

PAUSE = 0.4
SENTENCES = tuple(f"Sentence {number} says ${number}." for number in range(1, 11))
DETAIL = "/srv/plans/index is not readable"
NO_INDEX = "the index in ./plans holds nothing yet: run `benefits-chat index PATH` first"
PLAN = Plan("PPO_PLUS", 2024)


class ScriptedAssistant:
    """Answers by the first word of a question."""

    def answer(self, question: Question) -> Iterator[Event]:
        passage = _passage(" ".join(SENTENCES))
        yield Searched(PLAN, {"field": "policy", "one_of": ["PPO_PLUS", ""]}, (passage,), 1.5)
        word = question.text.split()[0]
        if word == "Broken":
            raise RuntimeError(DETAIL)
        citations: list[Citation] = []
        sentences: list[Spoken] = []
        for number, text in enumerate(SENTENCES, 1):
            start = passage.text.index(text)
            citations.append(Citation(number, passage, start, start + len(text)))
            sentences.append(Spoken(text, (number,), PLAN))
            yield Said(sentences[-1], (citations[-1],))
            time.sleep(PAUSE)
            if word == "Failing" and number == 2:
                raise GenerationError("the model is gone: ask again")
            if word == "Short" and number == 3:
                break
        yield Finished(Answer(question.text, tuple(sentences), tuple(citations), plans=(PLAN,)))


def _passage(text: str) -> Match:
    metadata: dict[str, Scalar] = {
        "document": "plan.md",
        "source": "PPO_PLUS/2024/plan.md",
        "title": "Plan",
        "policy": PLAN.policy,
        "plan_year": 2024,
        "page": 0,
        "section": "",
        "start": 0,
        "end": len(text),
    }
    return Match("plan.md-chunk-0000", text, metadata, similarity=0.9, score=0.9)


class _Embedder:
    def embed(self, texts: list[str]) -> Any:
        return np.ones((len(texts), 1), dtype=np.float32)


class _Originals:
    def path(self, _document: str) -> Path | None:
        return None


@dataclass(frozen=True)
class _Retrieval:
    embedder: _Embedder = field(default_factory=_Embedder)
    originals: _Originals = field(default_factory=_Originals)

    def catalog(self) -> list[Any]:
        return []


@dataclass
class ScriptedApplication:
    """An application whose index vanishes with the question "Where"."""

    retrieval: _Retrieval = field(default_factory=_Retrieval)

    def plan_book(self) -> PlanBook:
        return PlanBook([("PPO_PLUS", 2024), ("HMO_SELECT", 2024)])

    def assistant(self) -> ScriptedAssistant:
        if Path("no-index").exists():
            raise StoreError(NO_INDEX)
        return ScriptedAssistant()


if __name__ == "__main__":
    application: Any = ScriptedApplication()
    wiring.open_application = lambda *_: application
    serve("127.0.0.1", int(sys.argv[1]))
