"""How well is personal data masked: ``python benchmarks/personal_data.py LABELLED [QUESTIONS...]``.

LABELLED is a JSONL of ``text``, ``spans`` [{type, start, end}] and ``template_id``, in the types of
presidio-research. A span counts as found when none of its letters and digits stays readable; a mask
is right when it meets a span that its kind may mask. Figures are given for templates of even and of
odd number. QUESTIONS are JSONL files of ``question`` or ``query`` without personal data: each mask
in them is printed.
"""

import json
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from chat_app.guards.personal_data import find_personal_data
from chat_app.guards.personal_data_finds import Find, Kind, masked

CLAIMED = {
    "US_SSN": {Kind.SSN, Kind.ITIN},
    "CREDIT_CARD": {Kind.CARD},
    "IBAN_CODE": {Kind.IBAN},
    "PHONE_NUMBER": {Kind.PHONE},
    "EMAIL_ADDRESS": {Kind.EMAIL},
    "IP_ADDRESS": {Kind.IP_ADDRESS},
    "BIRTH_DATE": {Kind.BIRTH_DATE},
    "ZIP_CODE": {Kind.ZIP, Kind.ADDRESS},
    "STREET_ADDRESS": {Kind.ADDRESS, Kind.ZIP},
    "INTRODUCED_PERSON": {Kind.NAME},
}
UNCLAIMED = {"PERSON": {Kind.NAME}}
KINDS = CLAIMED | UNCLAIMED
FIXED_FORM = (
    "US_SSN",
    "CREDIT_CARD",
    "IBAN_CODE",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "IP_ADDRESS",
    "BIRTH_DATE",
)
INTRODUCTION = re.compile(r"(?:\bnames?(?: is|:)?|\b(?:mr|mrs|ms|miss|dr)\.?)\s*$", re.IGNORECASE)
"""A person is introduced when these words stand before the name."""
BIRTH = ("born", "birth")
"""A date of presidio-research is one of birth when its text has one of these words."""

Row = Mapping[str, Any]


@click.command()
@click.argument("labelled", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("questions", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--misses", is_flag=True, help="Print what was not found and what was masked wrongly."
)
@click.option("--half", type=click.Choice(["even", "odd"]), help="Measure these templates alone.")
def main(labelled: Path, questions: Sequence[Path], misses: bool, half: str | None) -> None:
    """Print recall, precision and F2 by type, and what is masked in harmless questions."""
    rows = _read(labelled)
    for remainder, name in enumerate(("even", "odd")):
        if half in {None, name}:
            chosen = [row for row in rows if int(row["template_id"]) % 2 == remainder]
            click.echo(f"templates of {name} number: {len(chosen)} rows")
            _measure(chosen, misses=misses)
    for path in questions:
        _false_alarms(path)


def _measure(rows: Iterable[Row], *, misses: bool) -> None:
    found: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    right: Counter[str] = Counter()
    masks: Counter[str] = Counter()
    milliseconds = []
    for row in rows:
        started = time.perf_counter()
        text = row["text"]
        finds = find_personal_data(text)
        milliseconds.append((time.perf_counter() - started) * 1000)
        labels = [(_type(span, text), span["start"], span["end"]) for span in row["spans"]]
        for kind, start, end in labels:
            hidden = _hidden(text, finds, start, end)
            spans[kind] += 1
            found[kind] += hidden
            if misses and kind in KINDS and not hidden:
                click.echo(f"  not found: {kind} {text[start:end]!r} in {masked(text, finds)!r}")
        for find in finds:
            meets = {kind for kind, start, end in labels if start < find.end and find.start < end}
            good = any(find.kind in KINDS.get(kind, ()) for kind in meets)
            masks[find.kind] += 1
            right[find.kind] += good
            if misses and not good:
                click.echo(
                    f"  wrong: {find.kind} {text[find.start : find.end]!r} is {meets or 'nothing'}"
                )
    _print(found, spans, right, masks)
    click.echo(
        f"  milliseconds a text: median {statistics.median(milliseconds):.2f},"
        f" 99 of 100 below {statistics.quantiles(milliseconds, n=100)[-1]:.1f}"
    )


def _print(
    found: Counter[str], spans: Counter[str], right: Counter[str], masks: Counter[str]
) -> None:
    def line(name: str, types: Iterable[str]) -> None:
        kinds = {kind for kind_of in types for kind in KINDS[kind_of]}
        of, said = sum(spans[one] for one in types), sum(masks[one] for one in kinds)
        recall = sum(found[one] for one in types) / of if of else float("nan")
        precision = sum(right[one] for one in kinds) / said if said else float("nan")
        f2 = 5 * precision * recall / (4 * precision + recall) if recall else 0.0
        click.echo(f"  {name:24}{of:5} recall {recall:.3f}  precision {precision:.3f}  F2 {f2:.3f}")

    for kind in KINDS:
        line(kind, [kind])
    line("fixed form or checksum", FIXED_FORM)
    line("all claimed", list(CLAIMED))
    line("with all persons", list(KINDS))
    others = Counter({kind: count for kind, count in masks.items() if kind not in _kinds()})
    click.echo(f"  masks of kinds that are not labelled: {dict(others)}")


def _kinds() -> set[Kind]:
    return set().union(*KINDS.values())


def _type(span: Row, text: str) -> str:
    if span["type"] == "DATE_TIME" and any(word in text.lower() for word in BIRTH):
        return "BIRTH_DATE"
    if span["type"] == "PERSON" and INTRODUCTION.search(text[: span["start"]]):
        return "INTRODUCED_PERSON"
    return str(span["type"])


def _hidden(text: str, finds: Sequence[Find], start: int, end: int) -> bool:
    """Is no letter and no digit of it readable?"""
    return all(
        any(find.start <= at < find.end for find in finds)
        for at in range(start, end)
        if text[at].isalnum()
    )


def _false_alarms(path: Path) -> None:
    rows = _read(path)
    alarms: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        question = row.get("question") or row["query"]
        for find in find_personal_data(question):
            alarms[question].append(f"{find.kind} {question[find.start : find.end]!r}")
    click.echo(f"{path.parent.name}/{path.name}: {len(alarms)} of {len(rows)} questions are masked")
    for question, masks in alarms.items():
        click.echo(f"  {', '.join(masks)} in {question!r}")


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
