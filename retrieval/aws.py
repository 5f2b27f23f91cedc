"""boto3 clients with time-outs and retries, and what AWS's failures mean for a user."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
ATTEMPTS = 6
"""Tries of a call in all; between them botocore backs off up to 20 s, at random."""

_CREDENTIALS = (
    "AWS does not accept the credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY, to valid ones"
)
_NO_CREDENTIALS = (
    "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
)
_EXPIRED = "the AWS credentials have expired: sign in again (`aws sso login`) or renew the keys"
_BUSY = "AWS limits the calls ({code}): try again in a minute, or ask AWS for a higher quota"
_DOWN = "AWS cannot serve it just now ({code}): try again in a minute"
_DENIED = (
    "AWS does not allow it: {said} Give the role the permission (deploy/README.md lists what each "
    "role needs); for a Bedrock model, check that the account has access to it"
)
_REGION = (
    "the call went to another region than it was signed for: set AWS_REGION to the region of "
    "the bucket and the models"
)
_CHECK = "Check the AWS settings and AWS_REGION with `benefits-chat doctor`"
_UNKNOWN = (
    "AWS does not know it in this region: {said} Check AWS_REGION, and the ids in "
    "BENEFITS_CHAT_MODEL, BENEFITS_CHAT_TITAN_MODEL and BENEFITS_CHAT_GUARDRAIL_ID"
)
_UNREADABLE = (
    "AWS answered something that cannot be read: try again; if it lasts, check that no proxy and "
    "no AWS_ENDPOINT_URL stands in the way"
)
_MESSAGES = {
    "AccessDenied": _DENIED,
    "ExpiredToken": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "UnrecognizedClient": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "IncompleteSignature": _CREDENTIALS,
    "MissingAuthenticationToken": _CREDENTIALS,
    "Throttling": _BUSY,
    "TooManyRequests": _BUSY,
    "ServiceQuotaExceeded": "a quota of the account is used up: {said} Ask AWS for a higher one",
    "ServiceUnavailable": _DOWN,
    "Internal": _DOWN,
    "InternalServer": _DOWN,
    "InternalFailure": _DOWN,
    "RequestTimeout": _DOWN,
    "ModelTimeout": _DOWN,
    "ModelError": _DOWN,
    "ModelNotReady": _DOWN,
    "ModelStreamError": _DOWN,
    "ResourceNotFound": _UNKNOWN,
    "Validation": "AWS refused the request: {said} " + _CHECK,
}
_SLOW = "AWS did not answer in time: try again, or check the network"
_BROKE = "the connection to AWS broke: try again"
_WAY = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "CredentialRetrievalError": "the AWS credentials cannot be read ({said}): set AWS_PROFILE",
    "ProfileNotFound": "{said}: set AWS_PROFILE to one that `aws configure list-profiles` names",
    "SSOError": _EXPIRED,
    "LoginError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
    "NoRegionError": "no AWS region is set: set AWS_REGION",
    "InvalidRegionError": "{said}: set AWS_REGION to the name of a region, such as us-east-1",
    "ReadTimeoutError": _SLOW,
    "ConnectTimeoutError": _SLOW,
    "SSLError": "the connection to AWS is not trusted ({said}): check proxy and AWS_CA_BUNDLE",
    "ConnectionError": "AWS could not be reached: check the network and AWS_REGION",
    "HTTPClientError": _BROKE,
    "IncompleteReadError": _BROKE,
}
"""Errors of botocore on the way to AWS, the narrower ones first."""


def make_client(
    service: str,
    region: str | None,
    *,
    connections: int = 10,
    read_seconds: float = READ_SECONDS,
    attempts: int | None = None,
) -> Any:  # noqa: ANN401 - boto3's clients are made at run time
    """A boto3 client; safe for threads. Throttling and 5xx are retried with back-off.

    Args:
        service: boto3's name of the service.
        region: of the service, or None for what boto3 finds in its configuration.
        connections: most connections that are kept open, one a thread.
        read_seconds: longest wait for a piece of an answer.
        attempts: tries of a call in all; None for ATTEMPTS.

    Raises:
        botocore.exceptions.BotoCoreError: there is no region, or the profile is not there.
    """
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": attempts or ATTEMPTS},
        user_agent_appid="benefits-chat",
    )
    return boto3.session.Session(region_name=region).client(service, config=config)


@contextmanager
def aws_failures(doing: str, failure: Callable[[str], Exception]) -> Iterator[None]:
    """Turn every failure of AWS and of the way to it into an error of ours.

    Args:
        doing: what failed, to begin the message with: ``"the search in ... failed"``.
        failure: makes the error from the message.
    """
    try:
        yield
    except Exception as error:
        meaning = explained(error)
        if meaning is None:
            raise
        raise failure(f"{doing}: {meaning}") from error


def error_code(error: BaseException) -> str:
    """The code of a failure that AWS answered with, without "Exception"; empty for others.

    Of codes that end otherwise, "Error" is left out, but not of ``ModelErrorException``.
    """
    answer = getattr(error, "response", None)
    if not isinstance(answer, dict):
        return ""
    code = str(answer.get("Error", {}).get("Code", ""))
    # In the middle of a stream, codes begin with a small letter.
    code = code[:1].upper() + code[1:]
    return code.removesuffix("Exception" if code.endswith("Exception") else "Error")


def explained(error: BaseException) -> str | None:
    """What a failure means and what to do, as a phrase; None when it is not one of AWS.

    Covers what was seen of boto3: ``ClientError`` and, in the middle of a stream, its kin
    ``EventStreamError``; ``BotoCoreError`` (no credentials, no region, time-out, no connection);
    damaged event frames and unreadable answers, which are neither; and urllib3's errors, which
    botocore lets through while a stream is read.
    """
    from botocore.eventstream import ParserError
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    if isinstance(error, ClientError):
        return _explained_answer(error)
    if isinstance(error, ParserError):
        return "the answer arrived damaged: try again"
    if isinstance(error, ResponseParserError):
        return _UNREADABLE
    if isinstance(error, BotoCoreError):
        return _explained_way(error)
    if isinstance(error, ReadTimeoutError):
        return "AWS fell silent in the middle of the answer: try again, or check the network"
    if isinstance(error, HTTPError | ConnectionError | TimeoutError):
        return "the connection to AWS broke in the middle of the answer: try again"
    return None


def _explained_answer(error: Any) -> str:  # noqa: ANN401 - ClientError is not typed here
    code = error_code(error)
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())[:300]
    said = said if said.endswith(".") else f"{said or code}."
    if code in {"SignatureDoesNotMatch", "InvalidSignature", "AuthorizationHeaderMalformed"}:
        return _REGION if "region" in said.lower() else _CREDENTIALS
    # Something on the way that is not AWS answers in HTML: botocore's code is then the status.
    known = _UNREADABLE if code.isdigit() else _MESSAGES.get(code)
    return known.format(code=code, said=said) if known else f"AWS answered {code}: {said} {_CHECK}"


def _explained_way(error: Exception) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = " ".join(str(error).split()).rstrip(".")
    for kind, meaning in _WAY.items():
        if kind in kinds:
            return meaning.format(said=said)
    return f"{said}. {_CHECK}"
