"""What personal data is found in a text, and the text with masks in its place."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """Kinds of personal data; the value is what stands in the mask."""

    SSN = "SSN"
    ITIN = "ITIN"
    CARD = "CARD"
    IBAN = "IBAN"
    ACCOUNT = "ACCOUNT"
    ROUTING_NUMBER = "ROUTING NUMBER"
    PASSPORT = "PASSPORT"
    LICENSE = "LICENSE"
    ID = "ID"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    BIRTH_DATE = "DATE OF BIRTH"
    ADDRESS = "ADDRESS"
    ZIP = "ZIP"
    IP_ADDRESS = "IP ADDRESS"
    URL = "URL"
    NAME = "NAME"


class Sureness(IntEnum):
    """How a find was made, the surest last."""

    LISTED = 1  # in a list of names, or shaped like a street address
    SHAPED = 2  # a form that hardly anything else has
    INTRODUCED = 3  # the words before say what it is
    CHECKED = 4  # a checksum holds


@dataclass(frozen=True, slots=True)
class Find:
    """One piece of personal data: ``text[start:end]``."""

    kind: Kind
    start: int
    end: int
    sureness: Sureness


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with its typographic variants made plain.

    Attributes:
        text: with ASCII digits, hyphens and spaces, and without invisible characters.
        positions: of each of its characters in the original, then the original's length.
    """

    text: str
    positions: Sequence[int]

    def unfolded(self, find: Find) -> Find:
        """The same find in the original text."""
        end = self.positions[find.end - 1] + 1
        return Find(find.kind, self.positions[find.start], end, find.sureness)


def folded(text: str) -> Folded:
    """Fold a text: numbers in full-width digits or with unusual dashes read like any other."""
    if text.isascii():
        return Folded(text, range(len(text) + 1))
    kept = [
        (_plain(char), at) for at, char in enumerate(text) if unicodedata.category(char) != "Cf"
    ]
    return Folded("".join(char for char, _ in kept), [*(at for _, at in kept), len(text)])


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category in {"Pd", "Sm"} and char in "‐‑‒–—―−﹘﹣－":
        return "-"
    if category == "Zs":
        return " "
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 else char


def resolved(finds: Iterable[Find]) -> list[Find]:
    """Finds in order, none overlapping another.

    Those that overlap become one, as long as all of them and of the kind of the surest, so that no
    character that was found stays readable.
    """
    found: list[Find] = []
    for find in sorted(finds, key=lambda one: (one.start, -one.end)):
        if not found or find.start >= found[-1].end:
            found.append(find)
            continue
        last = found.pop()
        surest = max(last, find, key=lambda one: (one.sureness, one.end - one.start))
        found.append(Find(surest.kind, last.start, max(last.end, find.end), surest.sureness))
    return found


def masked(text: str, finds: Iterable[Find]) -> str:
    """The text with each find replaced by its mask, such as ``[PHONE]``.

    Args:
        text: in which they were found.
        finds: in order, none overlapping another.
    """
    parts = []
    at = 0
    for find in finds:
        parts += [text[at : find.start], f"[{find.kind}]"]
        at = find.end
    return "".join([*parts, text[at:]])
