"""One request from its bytes to its answer, scripted faults included."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.doubles.s3_vectors.account import Input
from tests.doubles.s3_vectors.calls import Call, CallLog, keys_of
from tests.doubles.s3_vectors.errors import ServiceError
from tests.doubles.s3_vectors.faults import MESSAGES, UNABLE, Fault, Faults
from tests.doubles.s3_vectors.journal import Change
from tests.doubles.s3_vectors.permissions import check_signature, needed_actions
from tests.doubles.s3_vectors.service import Service, operation_name, read_request


@dataclass(frozen=True, slots=True)
class Request:
    """What came in."""

    method: str
    target: str
    authorization: str | None
    body: bytes

    def at(self, now: float) -> Change:
        """As the journal keeps it."""
        return Change(self.method, self.target, now, self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out.

    Attributes:
        status: HTTP status; 0 resets the connection instead.
        body: the whole body.
        error: name of the error, for ``x-amzn-ErrorType``.
        content_type: of the body.
        cut: send only half of the body and end the connection.
    """

    status: int
    body: bytes
    error: str | None = None
    content_type: str = "application/json"
    cut: bool = False


NOTHING = Answer(0, b"")
"""What the service says where nothing was carried out, or not all."""


class Answering:
    """Answers requests with a service, a script of faults and a log.

    Args:
        service: what carries out the operations.
        faults: what goes wrong.
        calls: where calls are noted.
        stopping: set when the server stops, which ends every delay.
    """

    def __init__(
        self, service: Service, faults: Faults, calls: CallLog, stopping: threading.Event
    ) -> None:
        self._service = service
        self._faults = faults
        self._calls = calls
        self._stopping = stopping

    def answer(self, request: Request) -> Answer:
        """The answer to one request; the call is in the log before it is sent."""
        name = operation_name(request.method, request.target)
        fault = self._faults.next(name)
        if fault is not None and fault.kind == "delay" and not fault.applied:
            self._stopping.wait(fault.seconds)
        given, honest = self._carry_out(request, fault)
        answer = _spoilt(fault, honest)
        self._note(name, request, given, (honest, answer))
        if fault is not None and fault.kind == "delay" and fault.applied:
            self._stopping.wait(fault.seconds)
        return answer

    def _carry_out(self, request: Request, fault: Fault | None) -> tuple[Input, Answer]:
        """What was asked, and what the service says to as much of it as takes effect."""
        given: Input = {}
        try:
            check_signature(request.authorization, self._service.behaviour)
            operation, given = read_request(request.method, request.target, request.body)
            effective = _effective(request, given, fault)
            if effective is None:
                return given, NOTHING
            if effective is not request:
                operation, part = read_request(request.method, request.target, effective.body)
                self._service.answer(operation, part, effective.at)
                return given, NOTHING
            return given, Answer(200, _json(self._service.answer(operation, given, request.at)))
        except ServiceError as error:
            return given, _refusal(error)

    def _note(
        self,
        name: str,
        request: Request,
        given: Input,
        both: tuple[Answer, Answer],
    ) -> None:
        honest, answer = both
        self._calls.add(
            Call(
                operation=name,
                keys=keys_of(name, given),
                sent_bytes=len(request.body),
                actions=needed_actions(name, given),
                applied=honest.status == 200,
                status=answer.status,
                error=answer.error,
            )
        )


def _effective(request: Request, given: Input, fault: Fault | None) -> Request | None:
    """The request, the half of it or None: what a fault lets take effect."""
    if fault is None or fault.applied or fault.kind in {"delay", "half_body", "garbage"}:
        return request
    if fault.kind != "half_applied":
        return None
    half = {
        name: value[: len(value) // 2] if isinstance(value, list) else value
        for name, value in given.items()
    }
    return replace(request, body=_json(half))


def _spoilt(fault: Fault | None, honest: Answer) -> Answer:
    match fault.kind if fault is not None else None:
        case None | "delay":
            return honest
        case "reset":
            return Answer(0, b"", "reset")
        case "half_body":
            return Answer(200, honest.body.ljust(20), "half_body", cut=True)
        case "garbage":
            return Answer(200, b"\x00\x01 this is not JSON {", "garbage")
        case "html":
            return Answer(503, b"<html><body>503</body></html>", "html", "text/html")
        case "half_applied":
            return _refusal(ServiceError("ServiceUnavailableException", UNABLE))
        case name:
            return _refusal(ServiceError(name, MESSAGES.get(name, "A scripted fault")))


def _refusal(error: ServiceError) -> Answer:
    return Answer(error.status, _json(error.body()), error.name)


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
