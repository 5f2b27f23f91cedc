"""Who may call: the signature's credential, and the IAM actions that a request needs."""

import re
from collections.abc import Mapping

from tests.doubles.s3_vectors.account import Input
from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.errors import ServiceError

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}"
)


_READING: Mapping[str, tuple[str, ...]] = {
    "ListVectors": ("returnData", "returnMetadata"),
    "QueryVectors": ("filter", "returnMetadata", "queryTexts"),
}
"""Members of requests that also need GetVectors."""


def check_signature(authorization: str | None, behaviour: Behaviour) -> None:
    """Refuse a request that is unsigned, or signed by another caller or for another region.

    The signature itself is not computed again: the double knows no secret key.

    Raises:
        ServiceError: as AWS's common front end names it, status 403.
    """
    if authorization is None:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    credential = _AUTHORIZATION.fullmatch(authorization)
    if credential is None:
        raise ServiceError("InvalidSignatureException", "The Authorization header is malformed")
    if credential["id"] != behaviour.access_key_id:
        raise ServiceError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    if credential["service"] != "s3vectors":
        raise ServiceError(
            "InvalidSignatureException", "Credential should be scoped to correct service"
        )
    if behaviour.check_region and credential["region"] != behaviour.region:
        raise ServiceError(
            "InvalidSignatureException", "Credential should be scoped to a valid region."
        )


def needed_actions(operation: str, given: Input) -> tuple[str, ...]:
    """The IAM actions that a request needs (documentation strings of the service model)."""
    further: Mapping[str, bool] = {
        "TagResource": operation in {"CreateVectorBucket", "CreateIndex"}
        and bool(given.get("tags")),
        "GetVectors": _reads_vectors(operation, given),
    }
    actions = [operation, *(name for name, needed in further.items() if needed)]
    return tuple(f"s3vectors:{action}" for action in actions)


def check_permission(actions: tuple[str, ...], behaviour: Behaviour) -> None:
    """Refuse a request that needs an action which the caller lacks.

    Raises:
        ServiceError: AccessDeniedException.
    """
    for action in actions:
        if action in behaviour.denied_actions:
            raise ServiceError(
                "AccessDeniedException",
                f"User: arn:aws:iam::{behaviour.account}:user/double "
                f"is not authorized to perform: {action}",
            )


def _reads_vectors(operation: str, given: Input) -> bool:
    return any(given.get(name) not in (None, False) for name in _READING.get(operation, ()))
