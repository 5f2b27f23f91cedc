"""Which plan and year a document belongs to, and what it is called."""

import dataclasses
import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePath
from types import MappingProxyType

from retrieval.documents import Chunk, Document, Scalar, chunk_metadata
from retrieval.filters import MAX_FIELD_LENGTH
from retrieval.loading.refusal import Unusable

MAX_POLICY_LENGTH = 64
FIRST_YEAR, LAST_YEAR = 2000, 2099
MAX_NAME_LENGTH = 200
_YEAR_FOLDER = re.compile(r"20\d\d")
_NOT_IN_NAMES = re.compile(r"[^\w.-]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_LARGEST_NUMBER = 2**53


@dataclass(frozen=True, slots=True)
class Identity:
    """What is said about a document outside its text; None and empty where nothing is said."""

    policy: str | None = None
    plan_year: int | None = None
    title: str = ""
    language: str = ""
    metadata: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))

    def or_else(self, other: "Identity") -> "Identity":
        """This identity, with what it does not say taken from another."""
        return Identity(
            policy=self.policy if self.policy is not None else other.policy,
            plan_year=self.plan_year if self.plan_year is not None else other.plan_year,
            title=self.title or other.title,
            language=self.language or other.language,
            metadata=MappingProxyType({**other.metadata, **self.metadata}),
        )


def identity_from(fields: Mapping[str, object]) -> Identity:
    """Read policy, plan_year, title, language and metadata from a mapping; null says nothing.

    Raises:
        Unusable: a value is not of its kind; the message names it.
    """
    given = {key: value for key, value in fields.items() if value is not None}
    metadata = given.get("metadata", {})
    if not isinstance(metadata, Mapping):
        raise Unusable("metadata needs names and values, one below the other")
    return Identity(
        policy=checked_policy(given["policy"]) if "policy" in given else None,
        plan_year=checked_year(given["plan_year"]) if "plan_year" in given else None,
        title=_checked_text("title", given.get("title", "")),
        language=checked_language(given.get("language", "")),
        metadata=MappingProxyType(checked_metadata(metadata)),
    )


def checked_policy(value: object) -> str:
    """A policy: 1 to 64 printable characters, surrounding space removed.

    Raises:
        Unusable: it is none.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str):
        text = unicodedata.normalize("NFC", text.strip())
        if 0 < len(text) <= MAX_POLICY_LENGTH and text.isprintable():
            return text
    raise Unusable(
        f"policy {_shown(value)} is not usable: 1 to {MAX_POLICY_LENGTH} printable characters"
    )


def checked_year(value: object) -> int:
    """A plan year, 2000 to 2099, as a number or as its four digits.

    Raises:
        Unusable: it is none.
    """
    if isinstance(value, str) and _YEAR_FOLDER.fullmatch(value.strip()):
        return int(value)
    if type(value) is int and FIRST_YEAR <= value <= LAST_YEAR:
        return value
    raise Unusable(
        f"plan_year {_shown(value)} is not usable: a year from {FIRST_YEAR} to {LAST_YEAR}"
    )


def checked_language(value: object) -> str:
    """A BCP 47 language tag, ``en_US`` written ``en-US``; empty stays empty.

    Raises:
        Unusable: it is none.
    """
    tag = value.strip().replace("_", "-") if isinstance(value, str) else ""
    if tag == value == "" or _LANGUAGE.fullmatch(tag):
        return tag
    raise Unusable(f"language {_shown(value)} is not usable: a tag such as en or es-MX")


def checked_metadata(fields: Mapping[object, object]) -> dict[str, Scalar]:
    """Fields that filters may name; null says nothing.

    Raises:
        Unusable: a name is reserved or a value is nested; the message names the field.
    """
    checked: dict[str, Scalar] = {}
    for name, value in fields.items():
        if not isinstance(name, str) or not 0 < len(name) <= MAX_FIELD_LENGTH or name[0] == "$":
            raise Unusable(
                f"field name {_shown(name)} is not usable: "
                f"1 to {MAX_FIELD_LENGTH} characters, no '$' first"
            )
        if name in reserved_fields():
            raise Unusable(f"field {name!r} is reserved: give it another name")
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            raise Unusable(
                f"field {name!r} is a {type(value).__name__}: "
                "a value is text, a number or true/false"
            )
        if not isinstance(value, str) and not (
            math.isfinite(value) and abs(value) <= _LARGEST_NUMBER
        ):
            raise Unusable(f"field {name!r} needs a finite number below 2^53")
        checked[name] = value
    return checked


@cache
def reserved_fields() -> frozenset[str]:
    """Fields that every chunk carries of its own."""
    own = chunk_metadata(Document("", "", "", ""), Chunk("", 0, 0, 0), "", 0)
    return frozenset(own) | {"id", "text"}


def folder_layout(path: PurePath) -> tuple[str, int, str] | None:
    """Policy, year and the path below them, by the last pair of folders ``POLICY/20xx``."""
    parts = path.parts
    for place in range(len(parts) - 2, 1, -1):
        if _YEAR_FOLDER.fullmatch(parts[place]):
            return parts[place - 1], int(parts[place]), "/".join(parts[place + 1 :])
    return None


def document_name(identity: Identity, rest: str) -> str:
    """``PPO_PLUS-2025-summary.pdf``: policy, year and rest, at most MAX_NAME_LENGTH characters.

    Args:
        identity: of the document; what it does not say is left out.
        rest: path below the folder of policy and year with forward slashes, or the id of a row.
    """
    year = str(identity.plan_year) if identity.plan_year is not None else None
    whole = "-".join(part for part in (identity.policy, year, rest) if part is not None)
    normal = unicodedata.normalize("NFC", whole.replace("/", "-"))
    name = _NOT_IN_NAMES.sub("_", normal)
    if len(name) <= MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(normal.encode(errors="surrogatepass")).hexdigest()[:12]
    ending = PurePath(name).suffix[:12]
    return f"{name[: MAX_NAME_LENGTH - 13 - len(ending)]}-{digest}{ending}"


def _checked_text(name: str, value: object) -> str:
    if isinstance(value, dict | list):
        raise Unusable(f"{name} needs text, not a {type(value).__name__}")
    return " ".join(str(value).split())


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def identity_bytes(identity: Identity) -> bytes:
    """The identity as bytes, for hashing."""
    fields = dataclasses.asdict(dataclasses.replace(identity, metadata={}))
    fields["metadata"] = sorted(identity.metadata.items())
    return repr(fields).encode(errors="surrogatepass")
