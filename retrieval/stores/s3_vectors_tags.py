"""The embedding contract and the version of an index, as the index's tags.

A resource has 50 tags at most; a value has 256 characters at most, of letters, digits, spaces and
``_.:/=+-@`` (service model). The fingerprint is compressed and stands in base64 over as many tags
as it takes. With the three others that is 9 tags for 384 numbers of the six decimals that
``contract_of`` keeps, 16 for 1,024 and 48 for 4,096; 43 for 1,024 numbers of any kind.
"""

import base64
import binascii
import time
import uuid
import zlib
from collections.abc import Mapping
from urllib.parse import quote, unquote

import numpy as np

from retrieval.errors import StoreError
from retrieval.interfaces import Contract

MAX_TAGS = 50
MAX_VALUE = 256
MICRO = 1_000_000
SETTLED_SECONDS = 900.0
"""After this time a change that did not end is taken as over: its process is gone. AWS refuses
calls of clocks that are 5 minutes apart."""

_PREFIX = "benefits-chat:"
_MODEL, _DIMENSION, _VERSION = f"{_PREFIX}model", f"{_PREFIX}dimension", f"{_PREFIX}version"
_FINGERPRINT = f"{_PREFIX}fingerprint"
_PUNCTUATION = " _.:/+-@"


def contract_tags(contract: Contract) -> dict[str, str]:
    """The tags of an index that is built under this contract, at a new version.

    Raises:
        StoreError: it does not fit.
    """
    # Like quoted-printable: a percent sign is not allowed in a tag.
    model = quote(contract.model, safe=_PUNCTUATION).replace("%", "=")
    kind, packed = _packed(contract.fingerprint)
    parts = [packed[start : start + MAX_VALUE] for start in range(0, len(packed), MAX_VALUE)]
    tags = {
        _MODEL: model,
        _DIMENSION: f"{contract.dimension} {kind} {len(contract.fingerprint)} {len(parts)}",
        **{f"{_FINGERPRINT}-{number:02}": part for number, part in enumerate(parts)},
        **version_tag(),
    }
    if len(model) > MAX_VALUE or len(tags) > MAX_TAGS:
        raise StoreError(
            f"the contract of {contract.model[:80]} ({contract.dimension} numbers) does not fit in "
            f"the {MAX_TAGS} tags of an index: round the fingerprint to 6 decimals"
        )
    return tags


def is_ours(tags: Mapping[str, str]) -> bool:
    """Did we make or adopt the index that has these tags?"""
    return _MODEL in tags


def contract_of_tags(tags: Mapping[str, str]) -> Contract:
    """The contract that ``contract_tags`` wrote.

    Raises:
        ValueError: the tags were changed by somebody else.
    """
    try:
        dimension, kind, count, parts = tags[_DIMENSION].split()
        packed = "".join(tags[f"{_FINGERPRINT}-{number:02}"] for number in range(int(parts)))
        model = unquote(tags[_MODEL].replace("=", "%"))
        return Contract(model, int(dimension), _unpacked(kind, packed, int(count)))
    except (KeyError, binascii.Error, zlib.error) as error:
        raise ValueError(str(error)) from error


def version_tag(*, changing: bool = False) -> dict[str, str]:
    """A new version; ``changing`` from before a change until after it."""
    started = f"changing {int(time.time())} " if changing else ""
    return {_VERSION: f"{started}{uuid.uuid4().hex}"}


def version_of_tags(tags: Mapping[str, str]) -> str:
    """The version; within a change it differs each time it is read.

    What was read while records were put one after the other must not be taken for the end of it,
    also when the process that puts them is killed and can leave no other version.
    """
    version = tags.get(_VERSION, "")
    word, _, rest = version.partition(" ")
    started = rest.partition(" ")[0]
    going_on = word == "changing" and time.time() - float(started) < SETTLED_SECONDS
    return f"{version} {uuid.uuid4().hex}" if going_on else version


def _packed(numbers: tuple[float, ...]) -> tuple[str, str]:
    """How the numbers are written, and the numbers in base64."""
    exactly = np.array(numbers, dtype="<f8")
    small = bool(np.all(np.abs(exactly) < 2**31 / MICRO / 2))
    micro = np.rint(exactly * MICRO).astype("<i8") if small else np.zeros(0, "<i8")
    if tuple((micro / MICRO).tolist()) == numbers:
        # The sign in the lowest bit: small numbers of either sign then begin with zeros.
        zigzag = ((micro << 1) ^ (micro >> 63)).astype("<u4")
        kind, rows = "micro", zigzag.view(np.uint8).reshape(-1, 4)
    else:
        kind, rows = "float64", exactly.view(np.uint8).reshape(-1, 8)
    # All first bytes, then all second bytes: those that are alike then stand together.
    return kind, base64.b64encode(zlib.compress(rows.T.tobytes(), 9)).decode()


def _unpacked(kind: str, packed: str, count: int) -> tuple[float, ...]:
    content = zlib.decompress(base64.b64decode(packed, validate=True))
    rows = np.frombuffer(content, np.uint8).reshape(-1, count).T if count else np.zeros((0, 8))
    stored = np.ascontiguousarray(rows).tobytes()
    if kind == "float64":
        return tuple(np.frombuffer(stored, "<f8").tolist())
    zigzag = np.frombuffer(stored, "<u4").astype("<i8")
    micro = (zigzag >> 1) ^ -(zigzag & 1)
    return tuple((micro / MICRO).tolist())
