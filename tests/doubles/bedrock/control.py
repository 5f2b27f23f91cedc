"""The double's own endpoints, unsigned, for tests that run it as a process."""

import json
from typing import Any

from tests.doubles.bedrock.behaviours import answers, named
from tests.doubles.bedrock.service import Bedrock

PREFIX = "/_double/"


def get(service: Bedrock, path: str) -> tuple[int, Any]:
    """``GET /_double/calls``: the call log."""
    if path == f"{PREFIX}calls":
        return 200, {"calls": service.calls.as_json(), "peak": service.calls.peak}
    return 404, {"message": f"no {path}"}


def post(service: Bedrock, path: str, body: bytes) -> tuple[int, Any]:
    """``POST /_double/faults``, ``/_double/behaviour`` and ``/_double/reset``.

    Faults: one object, or a list of them, with operation, first, last, kind and, where wanted,
    seconds and after. Behaviour: ``{"name": NAME}`` or ``{"answers": [TEXT, ...]}``. A reset
    forgets calls and faults.
    """
    try:
        wanted = json.loads(body or b"{}")
        if path == f"{PREFIX}faults":
            add_faults(service, wanted)
        elif path == f"{PREFIX}behaviour":
            service.behaviour = (
                answers(wanted["answers"]) if "answers" in wanted else named(wanted["name"])
            )
        elif path == f"{PREFIX}reset":
            service.faults.clear()
            service.calls.clear()
        else:
            return 404, {"message": f"no {path}"}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return 400, {"message": str(error)}
    return 200, {}


def add_faults(service: Bedrock, wanted: Any) -> None:
    """Plan faults given as JSON.

    Raises:
        ValueError: no such kind.
        TypeError: a member is missing or unknown.
    """
    for fault in wanted if isinstance(wanted, list) else [wanted]:
        service.faults.add(**{"last": fault.get("first"), **fault})
