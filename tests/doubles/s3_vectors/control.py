"""The endpoint by which another process scripts faults and reads the log.

``POST /_double/faults`` with one fault as JSON or a list of them, ``DELETE /_double/faults``,
``GET /_double/calls``, ``DELETE /_double/calls``, and ``POST /_double/reset``, which forgets
buckets, faults and calls.
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.doubles.s3_vectors.answers import Answer
from tests.doubles.s3_vectors.calls import CallLog
from tests.doubles.s3_vectors.faults import Faults
from tests.doubles.s3_vectors.service import Service

PREFIX = "/_double/"


class Control:
    """Answers the requests of the control endpoint."""

    def __init__(self, service: Service, faults: Faults, calls: CallLog) -> None:
        self._service = service
        self._faults = faults
        self._calls = calls

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        """The answer to one request: status 200, or 400 and 404 with what is wrong."""
        match method, target.removeprefix(PREFIX):
            case "POST", "faults":
                return self._add(body)
            case "DELETE", "faults":
                self._faults.clear()
            case "GET", "calls":
                return _said(200, {"calls": [call.shown() for call in self._calls.all()]})
            case "DELETE", "calls":
                self._calls.clear()
            case "POST", "reset":
                self._service.reset()
                self._faults.clear()
                self._calls.clear()
            case _:
                return _said(404, {"message": f"no control {method} {target}"})
        return _said(200, {})

    def _add(self, body: bytes) -> Answer:
        try:
            given = json.loads(body)
            wanted = given if isinstance(given, list) else [given]
            faults = [self._faults.add(**one) for one in wanted]
        except (ValueError, TypeError) as error:
            return _said(400, {"message": str(error)})
        return _said(200, {"faults": [fault.shown() for fault in faults]})


def _said(status: int, content: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(content).encode())
