from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.prompt_attacks_rows import Row
from benchmarks.prompt_attacks_thresholds import across_halves, chosen_on, from_other_sources
from benchmarks.prompt_attacks_training import example_weights, trainer
from chat_app.guards.prompt_attacks_model import DIMENSION, Classifier


def test_few_of_the_texts_that_chose_a_threshold_exceed_it() -> None:
    rows, scores = _judged()
    for_long, for_short = chosen_on(rows, scores)
    benign = [
        (len(r.text), s) for r, s in zip(rows, scores, strict=True) if r.labelled and not r.attack
    ]
    refused = sum(s > (for_short if length <= 250 else for_long) for length, s in benign)
    assert 0 < refused <= 0.051 * len(benign)


def test_thresholds_of_a_text_do_not_depend_on_it_or_on_its_source() -> None:
    rows, scores = _judged()
    for choose in (across_halves, from_other_sources):
        changed = scores.copy()
        group = [row.development for row in rows]
        if choose is from_other_sources:
            group = [row.source == "A" for row in rows]
        changed[group] += 100
        assert (choose(rows, changed)[group] == choose(rows, scores)[group]).all()


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=60))
def test_labels_count_the_same_and_groups_as_the_root_of_their_size(
    drawn: list[tuple[int, bool]],
) -> None:
    groups = np.array([f"{number}, {label}" for number, label in drawn])
    attack = np.array([label for _, label in drawn])
    weights = example_weights(groups, attack)
    assert weights.mean() == pytest.approx(1)
    for label in set(attack.tolist()):
        of_label = weights[attack == label].sum()
        assert of_label == pytest.approx(len(drawn) / len(set(attack.tolist())))
        roots = {g: (groups == g).sum() ** 0.5 for g in set(groups[attack == label].tolist())}
        for group, root in roots.items():
            share = weights[groups == group].sum() / of_label
            assert share == pytest.approx(root / sum(roots.values()))


def test_rows_that_are_left_out_leave_no_trace() -> None:
    rows = _written()
    kept = np.arange(len(rows)) % 3 != 0
    some = trainer(rows, _no_meaning, sentences=True)(kept)
    alone = trainer(
        [row for row, keep in zip(rows, kept, strict=True) if keep], _no_meaning, sentences=True
    )(np.ones(kept.sum(), dtype=np.bool_))
    assert some.weights == pytest.approx(alone.weights, abs=1e-4)
    assert some.bias == pytest.approx(alone.bias, abs=1e-4)


def test_a_sentence_counts_as_an_attack_only_where_it_makes_the_text_one() -> None:
    rows = _written()
    everything = np.ones(len(rows), dtype=np.bool_)
    wholes = trainer(rows, _no_meaning, sentences=False)(everything)
    sentences = trainer(rows, _no_meaning, sentences=True)(everything)
    attack, harmless = "Please grumble the frobnicator.", "What does item 5 cost?"
    assert _score(sentences, attack) > max(_score(wholes, attack), 0)
    assert _score(sentences, harmless) < 0
    assert _score(sentences, attack) - _score(sentences, harmless) > (
        _score(wholes, attack) - _score(wholes, harmless)
    )


def _written() -> list[Row]:
    """Attacks and benign texts whose second sentences differ."""
    endings = {True: "Please grumble the frobnicator.", False: "Please answer in brief."}
    return [
        Row(f"What does item {number} cost? {ending}", label, "own", "question", train=True)
        for number in range(30)
        for label, ending in endings.items()
    ]


def _no_meaning(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.zeros((len(texts), DIMENSION), dtype=np.float32)


def _score(classifier: Classifier, text: str) -> float:
    return classifier.score(text, _no_meaning([text])[0])


def _judged() -> tuple[list[Row], np.ndarray]:
    chance = np.random.default_rng(1)
    rows = [
        Row(f"{number} " * (5 if number % 3 else 200), number % 2 == 0, "AB"[number % 4 // 2], kind)
        for number in range(1_000)
        for kind in ("any", "benefits")
    ]
    rows = [
        Row(r.text, r.attack and r.kind == "any", r.source, r.kind, labelled=r.kind == "any")
        for r in rows
    ]
    return rows, chance.normal(size=len(rows)) + [r.attack for r in rows]
