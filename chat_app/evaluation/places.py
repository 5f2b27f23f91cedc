"""Where passages stand, as the labels tell places apart. Pure functions.

A label with a page speaks of a page, one without of a whole source or document. A passage stands
on every page from the one on which it starts to the one on which it ends.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chat_app.answers import Citation
from chat_app.evaluation.rows import Label
from retrieval.documents import Match


class Place(NamedTuple):
    """A page of a document, or the whole of it with page 0."""

    document: str
    page: int = 0


def is_source(source: str, label: str) -> bool:
    """Is a source the labelled one: by its whole path, or by the end of it?"""
    source = source.replace("\\", "/").strip("/")
    return source == label or source.endswith(f"/{label}")


def meets(match: Match, label: Label) -> bool:
    """Does the passage stand where the label says?"""
    if label.document:
        return match.document == label.document
    return is_source(match.source, label.source) and (
        label.page is None or label.page in pages(match)
    )


def cites(citation: Citation, label: Label) -> bool:
    """Does the quote stand where the label says: on its page, not on another of its passage?"""
    return meets(citation.passage, label) and label.page in {None, citation.page}


def pages(match: Match) -> range:
    """The pages on which a passage stands; empty in a document without pages."""
    if match.page is None:
        return range(0)
    last = int(match.metadata.get("last_page") or match.page)
    return range(match.page, max(match.page, last) + 1)


def places(match: Match, labels: Sequence[Label]) -> list[Place]:
    """The places that a passage takes in a ranking, those that a label means first.

    It is shown as one, so where only one of its pages is meant it is not set behind the other.
    """
    by_page = any(label.page is not None for label in labels)
    whole = any(label.page is None and meets(match, label) for label in labels)
    if whole or not by_page:
        return [Place(match.document)]
    meant = {
        label.page
        for label in labels
        if label.page is not None and is_source(match.source, label.source)
    }
    ordered = sorted(pages(match), key=lambda page: (page not in meant, page))
    return [Place(match.document, page) for page in ordered] or [Place(match.document)]


def gains(matches: Iterable[Match], labels: Sequence[Label]) -> list[int]:
    """1 for each place of the ranking that a label means, else 0; each place stands in it once.

    A label is met once: two files that end on its path do not count twice.
    """
    seen: set[Place] = set()
    open_labels = list(labels)
    ranking: list[int] = []
    for match in matches:
        for place in places(match, labels):
            if place in seen:
                continue
            seen.add(place)
            met = next((label for label in open_labels if _at(match, place, label)), None)
            ranking.append(int(met is not None))
            if met is not None:
                open_labels.remove(met)
    return ranking


def _at(match: Match, place: Place, label: Label) -> bool:
    return meets(match, label) and label.page in {None, place.page}
