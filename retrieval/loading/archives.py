"""Office files are ZIP archives of XML: what must hold before a library may unpack one."""

import zipfile
from pathlib import Path

from retrieval.loading.refusal import Unusable

MAX_EXPANDED_BYTES = 500_000_000
"""Largest sum of the parts; the parsers build trees of several times that in memory."""
MAX_PARTS = 20_000
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
# A document type stands before the root element; Office writes none at all.
_DECLARED_WITHIN = 1 << 16


def check_archive(path: Path) -> None:
    """Refuse archives that are damaged, encrypted, bombs, or that declare XML entities.

    Raises:
        Unusable: with the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(p.file_size for p in parts) > MAX_EXPANDED_BYTES:
                raise Unusable(
                    f"expands to more than {MAX_EXPANDED_BYTES // 1_000_000} MB: "
                    "split it, or save it without its pictures"
                )
            for part in parts:
                _check_part(archive, part)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        EOFError,
        OSError,
        NotImplementedError,
    ) as error:
        raise Unusable("is damaged or cut off: open and save it again, or copy it anew") from error


def part_text(path: Path, part: str) -> bytes:
    """One part of an archive that ``check_archive`` admitted; empty where it is not there."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(part) if part in archive.namelist() else b""


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 1:
        raise Unusable("is encrypted: save it without a password")
    if part.filename.endswith((".xml", ".rels")):
        with archive.open(part) as file:
            head = file.read(_DECLARED_WITHIN)
        if any(declaration in head for declaration in _DECLARATIONS):
            raise Unusable("declares XML entities, which no Office program writes: save it anew")
