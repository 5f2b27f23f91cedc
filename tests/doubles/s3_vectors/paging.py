"""Pages in an arbitrary but stable order, and the tokens that continue them."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.doubles.s3_vectors.errors import ServiceError, invalid

_CHECK_BYTES = 8


def position(key: str) -> int:
    """Where a key stands in the order of the service: 0 to 2**64 - 1, unlike any sorted order."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def new_token(scope: Mapping[str, Any], place: int) -> str:
    """An opaque token that continues this request, and no other, behind a place."""
    text = json.dumps({"scope": _digest(scope), "place": place}).encode()
    return base64.urlsafe_b64encode(_check(text) + text).decode()


def place_in(token: str | None, scope: Mapping[str, Any]) -> int:
    """The place where a request goes on: -1 without a token.

    Raises:
        ServiceError: ValidationException, for a token that is forged or of another request.
    """
    if token is None:
        return -1
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _bad_token() from error
    check, text = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
    if check != _check(text):
        raise _bad_token()
    content = json.loads(text)
    if content["scope"] != _digest(scope):
        raise _bad_token()
    return int(content["place"])


def _digest(scope: Mapping[str, Any]) -> str:
    text = json.dumps(scope, sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def _check(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=_CHECK_BYTES, key=b"s3 vectors double").digest()


def _bad_token() -> ServiceError:
    return invalid("The pagination token is not valid for this request", "/nextToken")
