"""The state of a double from a JSON file."""

import json
from pathlib import Path
from typing import Any

from tests.doubles.bedrock.behaviours import answers, named
from tests.doubles.bedrock.control import add_faults
from tests.doubles.bedrock.guardrails import Guardrail
from tests.doubles.bedrock.service import Bedrock
from tests.doubles.bedrock.signing import Access

_MEMBERS = {"behaviour", "answers", "guardrails", "faults", "access", "delta_delay"}


def load(path: Path) -> Bedrock:
    """Read a script.

    Its members, each optional: ``behaviour`` (a name) or ``answers`` (texts given in turn),
    ``guardrails`` (objects with the attributes of Guardrail), ``faults`` (objects with those of
    Fault), ``access`` (the attributes of Access) and ``delta_delay`` (seconds).

    Raises:
        ValueError: a member or a name is unknown.
    """
    script: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    unknown = script.keys() - _MEMBERS
    if unknown:
        raise ValueError(f"{path}: unknown members {', '.join(sorted(unknown))}")
    service = Bedrock(delta_delay=script.get("delta_delay", 0.0))
    if "behaviour" in script:
        service.behaviour = named(script["behaviour"])
    if "answers" in script:
        service.behaviour = answers(script["answers"])
    for described in script.get("guardrails", ()):
        service.guardrails[described["identifier"]] = Guardrail(**described)
    add_faults(service, script.get("faults", []))
    service.access = _access(script.get("access", {}))
    return service


def _access(described: dict[str, Any]) -> Access:
    sets: dict[str, Any] = {
        name: set(described[name])
        for name in ("expired_tokens", "denied_models")
        if name in described
    }
    return Access(**{**described, **sets})
