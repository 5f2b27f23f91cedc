"""The errors of the service: name, HTTP status and JSON body."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

STATUSES: Mapping[str, int] = {
    "ValidationException": HTTPStatus.BAD_REQUEST,
    "SerializationException": HTTPStatus.BAD_REQUEST,
    "ServiceQuotaExceededException": HTTPStatus.PAYMENT_REQUIRED,
    "AccessDeniedException": HTTPStatus.FORBIDDEN,
    "ExpiredTokenException": HTTPStatus.FORBIDDEN,
    "InvalidSignatureException": HTTPStatus.FORBIDDEN,
    "MissingAuthenticationTokenException": HTTPStatus.FORBIDDEN,
    "UnrecognizedClientException": HTTPStatus.FORBIDDEN,
    "NotFoundException": HTTPStatus.NOT_FOUND,
    "UnknownOperationException": HTTPStatus.NOT_FOUND,
    "RequestTimeoutException": HTTPStatus.REQUEST_TIMEOUT,
    "ConflictException": HTTPStatus.CONFLICT,
    "TooManyRequestsException": HTTPStatus.TOO_MANY_REQUESTS,
    "InternalServerException": HTTPStatus.INTERNAL_SERVER_ERROR,
    "ServiceUnavailableException": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""HTTP status of each error: the service model's, and those of AWS's common front end."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that failed validation."""

    path: str
    message: str


class ServiceError(Exception):
    """A refusal as the service words it.

    Attributes:
        name: as the header ``x-amzn-ErrorType`` names it.
        problems: the fields that failed validation, if that is why.
    """

    def __init__(self, name: str, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.problems = tuple(problems)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(STATUSES[self.name])

    def body(self) -> dict[str, Any]:
        """The JSON body; ``fieldList`` only for a failed validation."""
        body: dict[str, Any] = {"message": str(self)}
        if self.name == "ValidationException":
            body["fieldList"] = [
                {"path": problem.path, "message": problem.message} for problem in self.problems
            ]
        return body


def invalid(message: str, path: str = "") -> ServiceError:
    """A ValidationException, about the field at this path where there is one."""
    problems = (Problem(path, message),) if path else ()
    return ServiceError("ValidationException", message, problems)


def conflict(message: str) -> ServiceError:
    """A ConflictException."""
    return ServiceError("ConflictException", message)


def not_found(message: str) -> ServiceError:
    """A NotFoundException."""
    return ServiceError("NotFoundException", message)
