"""What stands beside or at the head of a file about its plan, year, title and language."""

import re
from html import unescape
from pathlib import Path

from retrieval.loading.decoding import decode
from retrieval.loading.formats import SIDECAR_ENDINGS
from retrieval.loading.front_matter import MAX_FRONT_MATTER, parse_yaml, split_front_matter
from retrieval.loading.identity import Identity, identity_from
from retrieval.loading.refusal import Unusable

MAX_SIDECAR_BYTES = 1 << 16
_FIELDS = {"policy", "plan_year", "title", "language", "metadata"}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BODY = re.compile(r"<body[\s>]", re.IGNORECASE)
_META = re.compile(r"<meta\s([^>]*)>", re.IGNORECASE)
_VALUE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
FORMATS_WITH_HEAD = frozenset({"Markdown", "HTML"})
"""Formats of ``formats.READABLE`` in which a file itself may name its plan."""
_HEAD_BYTES = 1 << 16


def is_sidecar(name: str) -> bool:
    """Does this file tell about another one?"""
    return name.lower().endswith(SIDECAR_ENDINGS)


def sidecar_target(name: str) -> str:
    """The name of the file that a sidecar tells about."""
    ending = next(ending for ending in SIDECAR_ENDINGS if name.lower().endswith(ending))
    return name[: -len(ending)]


def read_sidecar(path: Path) -> tuple[Identity, bytes]:
    """What the sidecar of a file says, and its bytes; nothing where there is none.

    Raises:
        Unusable: there are two, or it is malformed.
    """
    there = [path.with_name(path.name + ending) for ending in SIDECAR_ENDINGS]
    there = [sidecar for sidecar in there if sidecar.is_file()]
    if not there:
        return Identity(), b""
    if len(there) > 1:
        raise Unusable(f"has the sidecars {there[0].name} and {there[1].name}: keep one")
    name = f"sidecar {there[0].name}"
    if there[0].stat().st_size > MAX_SIDECAR_BYTES:
        raise Unusable(f"has a {name} of more than {MAX_SIDECAR_BYTES // 1024} KB: shorten it")
    data = there[0].read_bytes()
    fields = parse_yaml(decode(data), name)
    if not isinstance(fields, dict):
        raise Unusable(f"has a {name} without fields: write lines such as 'policy: PPO_PLUS'")
    if unknown := sorted(str(key) for key in fields if key not in _FIELDS):
        raise Unusable(
            f"has a {name} with the unknown field {unknown[0]!r}: "
            f"known are {', '.join(sorted(_FIELDS))}"
        )
    try:
        return identity_from(fields), data
    except Unusable as error:
        raise Unusable(f"{name}: {error}") from None


def read_head(path: Path, file_format: str) -> Identity:
    """What front matter of Markdown, or ``<meta>`` elements of HTML, say.

    Args:
        path: the file.
        file_format: one of FORMATS_WITH_HEAD.

    Raises:
        Unusable: the front matter is malformed or a value is not usable.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if file.read(1):
            head = head[: head.rfind(b"\n") + 1]
    if file_format == "HTML":
        return _from_meta(decode(head))
    fields, _ = split_front_matter(decode(head)[:MAX_FRONT_MATTER])
    fields.setdefault("language", fields.get("lang"))
    try:
        return identity_from(fields)
    except Unusable as error:
        raise Unusable(f"front matter: {error}") from None


def _from_meta(head: str) -> Identity:
    before_body = _BODY.split(_COMMENT.sub("", head), maxsplit=1)[0]
    fields: dict[str, object] = {}
    for element in _META.findall(before_body):
        values = {name.lower(): unescape(a or b or c) for name, a, b, c in _VALUE.findall(element)}
        field = values.get("name", "").lower().replace("-", "_")
        if field in {"policy", "plan_year"}:
            fields[field] = values.get("content")
    try:
        return identity_from(fields)
    except Unusable as error:
        raise Unusable(f"<meta> element: {error}") from None
