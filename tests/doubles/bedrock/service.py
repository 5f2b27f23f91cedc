"""Bedrock Runtime without its transport: a request in, an answer out."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.doubles.bedrock import apply_guardrail, converse, schema, titan
from tests.doubles.bedrock.behaviours import Behaviour, extractive
from tests.doubles.bedrock.calls import Call, CallLog
from tests.doubles.bedrock.converse import Event
from tests.doubles.bedrock.errors import ServiceError, invalid
from tests.doubles.bedrock.faults import Faults
from tests.doubles.bedrock.guarding import lookup
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.models import TITAN, Model, resolve
from tests.doubles.bedrock.signing import Access, Signed, authenticate

_ROUTES = {
    "InvokeModel": re.compile(r"/model/([^/]+)/invoke"),
    "Converse": re.compile(r"/model/([^/]+)/converse"),
    "ConverseStream": re.compile(r"/model/([^/]+)/converse-stream"),
    "ApplyGuardrail": re.compile(r"/guardrail/([^/]+)/version/([^/]+)/apply"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request and the operation and names that its path holds."""

    operation: str
    names: tuple[str, ...]
    signed: Signed


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer."""

    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Bedrock:
    """The state of the service and its operations.

    Attributes:
        behaviour: what the chat models do.
        guardrails: by identifier.
        access: who may call.
        faults: what is to fail.
        calls: what was asked.
        delta_delay: seconds between two deltas of a stream.
    """

    behaviour: Behaviour = extractive
    guardrails: dict[str, Guardrail] = field(default_factory=dict)
    access: Access = field(default_factory=Access)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    delta_delay: float = 0.0

    def answer(self, request: Request, call: Call) -> Answer | Iterator[Event]:
        """Do what was asked: events for ConverseStream, else JSON.

        Raises:
            ServiceError: the service refuses.
        """
        authenticate(request.signed, self.access)
        if request.operation == "ApplyGuardrail":
            return self._apply_guardrail(request)
        model_id = request.names[0]
        if request.operation == "InvokeModel":
            schema.check("InvokeModel", {"modelId": model_id})
            return self._invoke(request, self._model(model_id, call.region))
        body = _json_object(request.signed.body)
        schema.check(request.operation, {**body, "modelId": model_id})
        model = self._model(model_id, call.region)
        turn = converse.answer(body, model, self.behaviour, self.guardrails)
        if request.operation == "Converse":
            return _checked("Converse", converse.as_json(turn))
        return _checked_events(converse.as_events(turn))

    def _model(self, identifier: str, region: str) -> Model:
        model = resolve(identifier, region)
        if {identifier, model.identifier, "*"} & self.access.denied_models:
            message = "You don't have access to the model with the specified model ID."
            raise ServiceError("AccessDeniedException", message)
        return model

    def _invoke(self, request: Request, model: Model) -> Answer:
        if model.identifier != TITAN:
            raise invalid("The double answers InvokeModel for Titan only: use Converse.")
        headers = request.signed.headers
        if "x-amzn-bedrock-guardrailidentifier" in headers:
            version = headers.get("x-amzn-bedrock-guardrailversion", "")
            lookup(self.guardrails, headers["x-amzn-bedrock-guardrailidentifier"], version)
        body, count = titan.invoke(
            request.signed.body, headers.get("content-type", ""), headers.get("accept", "")
        )
        told = {"input-token-count": str(count), "invocation-latency": "1"}
        return Answer(body, {f"x-amzn-bedrock-{name}": value for name, value in told.items()})

    def _apply_guardrail(self, request: Request) -> Answer:
        identifier, version = request.names
        body = _json_object(request.signed.body)
        names = {"guardrailIdentifier": identifier, "guardrailVersion": version}
        schema.check("ApplyGuardrail", {**body, **names})
        answer = apply_guardrail.apply(self.guardrails, identifier, version, body)
        return _checked("ApplyGuardrail", answer)


def route(signed: Signed) -> Request:
    """Which operation a request is.

    Raises:
        ServiceError: UnknownOperationException.
    """
    for operation, pattern in _ROUTES.items():
        found = pattern.fullmatch(signed.target)
        if found and signed.method == "POST":
            return Request(operation, tuple(unquote(name) for name in found.groups()), signed)
    message = f"no operation {signed.method} {signed.target}"
    raise ServiceError("UnknownOperationException", message)


def _checked(operation: str, body: dict[str, Any]) -> Answer:
    schema.check_answer(operation, body)
    return Answer(body)


def _checked_events(events: Iterator[Event]) -> Iterator[Event]:
    for kind, body in events:
        schema.check_event(kind, body)
        yield kind, body


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError as error:
        raise ServiceError("SerializationException", "The body is not a JSON text.") from error
    if not isinstance(read, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object.")
    return read
