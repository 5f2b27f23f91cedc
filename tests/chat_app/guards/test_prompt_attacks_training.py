import numpy as np
import pytest

from benchmarks.prompt_attacks_figures import interval
from benchmarks.prompt_attacks_rows import Row
from benchmarks.prompt_attacks_thresholds import across_halves, chosen_on, from_other_sources


def test_an_interval_holds_the_share_and_narrows() -> None:
    low, high = interval(8, 10)
    assert low < 0.8 < high
    assert interval(80, 100)[0] > low
    assert interval(0, 10)[0] == 0.0
    assert interval(10, 10)[1] == pytest.approx(1.0)


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
