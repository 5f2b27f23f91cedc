"""Who may call: Signature Version 4, known keys, live tokens, the right region."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

from tests.doubles.bedrock.errors import ServiceError

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/"
    r"(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>\w+)"
)


@dataclass(slots=True)
class Access:
    """Which callers are let in.

    Attributes:
        keys: access key id -> secret access key.
        expired_tokens: session tokens, or access key ids, whose time is over.
        denied_models: model ids without access; "*" for all of them.
        region: the only region that is served; any region when None.
    """

    keys: dict[str, str] = field(default_factory=lambda: {"testing": "testing"})
    expired_tokens: set[str] = field(default_factory=set)
    denied_models: set[str] = field(default_factory=set)
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it came, for checking its signature."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


def credential_scope(headers: Mapping[str, str]) -> tuple[str, str]:
    """Access key id and region of a signed request; two empty strings of another one."""
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    return (found["key"], found["region"]) if found else ("", "")


def authenticate(request: Signed, access: Access) -> None:
    """Refuse a caller that the service would not let in.

    Raises:
        ServiceError: with status 403.
    """
    sent = request.headers.get("authorization", "")
    if not sent:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    found = _AUTHORIZATION.fullmatch(sent)
    if not found or found["key"] not in access.keys:
        message = "The security token included in the request is invalid."
        raise ServiceError("UnrecognizedClientException", message)
    if {found["key"], request.headers.get("x-amz-security-token", "")} & access.expired_tokens:
        message = "The security token included in the request is expired"
        raise ServiceError("ExpiredTokenException", message)
    _check_scope(found, access)
    if not hmac.compare_digest(_signature(request, found, access.keys), found["signature"]):
        message = (
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
        raise ServiceError("InvalidSignatureException", message)


def _check_scope(found: re.Match[str], access: Access) -> None:
    if found["service"] != "bedrock":
        message = "Credential should be scoped to correct service: 'bedrock'."
        raise ServiceError("InvalidSignatureException", message)
    if access.region and found["region"] != access.region:
        message = f"Credential should be scoped to a valid region, not '{found['region']}'."
        raise ServiceError("InvalidSignatureException", message)


def _signature(request: Signed, found: re.Match[str], keys: Mapping[str, str]) -> str:
    names = found["names"].split(";")
    address = urlsplit(request.target)
    query = sorted(parse_qsl(address.query, keep_blank_values=True))
    canonical = "\n".join(
        (
            request.method,
            quote(address.path, safe="/~"),
            "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in query),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
            "",
            found["names"],
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    scope = (found["day"], found["region"], found["service"], "aws4_request")
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            request.headers.get("x-amz-date", ""),
            "/".join(scope),
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = b"AWS4" + keys[found["key"]].encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
