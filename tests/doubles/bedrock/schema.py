"""Checks a request against botocore's model of the service, limits included.

boto3 itself checks required fields, types and smallest sizes only; the service checks all of it.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.model import Shape
from botocore.session import Session

from tests.doubles.bedrock.errors import invalid

Problems = Iterator[str]


def check(operation: str, values: dict[str, Any]) -> None:
    """Refuse values that the operation's input shape does not allow.

    Args:
        operation: such as ``Converse``.
        values: the members of the input, those of the path and headers included.

    Raises:
        ServiceError: ValidationException that lists each problem in the service's words.
    """
    problems = list(_problems(values, _service_model().operation_model(operation).input_shape, ""))
    if problems:
        count = len(problems)
        word = "error" if count == 1 else "errors"
        raise invalid(f"{count} validation {word} detected: {'; '.join(problems)}")


def check_answer(operation: str, body: dict[str, Any]) -> None:
    """Hold an answer of the double itself to the operation's output shape."""
    shape = _service_model().operation_model(operation).output_shape
    problems = list(_problems(body, shape, ""))
    assert not problems, f"the double's own answer to {operation} is wrong: {problems}"


def check_event(kind: str, body: dict[str, Any]) -> None:
    """Hold an event of the double itself to its shape."""
    problems = list(_problems(body, _event_shapes()[kind], kind))
    assert not problems, f"the double's own event is wrong: {problems}"


@cache
def _event_shapes() -> Any:
    output = _service_model().operation_model("ConverseStream").output_shape
    return output.members["stream"].members


@cache
def _service_model() -> Any:
    return Session().get_service_model("bedrock-runtime")


def _problems(value: Any, shape: Shape, path: str) -> Problems:
    if getattr(shape, "is_document_type", False):
        return iter(())
    return _CHECKS[shape.type_name](value, shape, path)


def _structure(value: Any, shape: Any, path: str) -> Problems:
    if not isinstance(value, dict):
        yield _wrong_type(path, "object")
        return
    for name in shape.metadata.get("required", ()):
        if value.get(name) is None:
            yield _failed("null", _join(path, name), "Member must not be null")
    for name, member in value.items():
        if name not in shape.members:
            yield f"extraneous key [{_join(path, name)}] is not permitted"
        else:
            yield from _problems(member, shape.members[name], _join(path, name))
    if shape.is_tagged_union and len(value) != 1:
        yield _failed(str(list(value)), path, "exactly one member of the union must be set")


def _list(value: Any, shape: Any, path: str) -> Problems:
    if not isinstance(value, list):
        yield _wrong_type(path, "list")
        return
    yield from _sized(len(value), shape, path, "length")
    for number, member in enumerate(value):
        yield from _problems(member, shape.member, f"{path}.{number}")


def _map(value: Any, shape: Any, path: str) -> Problems:
    if not isinstance(value, dict):
        yield _wrong_type(path, "map")
        return
    yield from _sized(len(value), shape, path, "length")
    for name, member in value.items():
        yield from _problems(name, shape.key, f"{path}.key")
        yield from _problems(member, shape.value, _join(path, name))


def _string(value: Any, shape: Any, path: str) -> Problems:
    if not isinstance(value, str):
        yield _wrong_type(path, "string")
        return
    yield from _sized(len(value), shape, path, "length")
    if shape.enum and value not in shape.enum:
        allowed = f"[{', '.join(shape.enum)}]"
        yield _failed(value, path, f"Member must satisfy enum value set: {allowed}")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _number(value: Any, shape: Any, path: str) -> Problems:
    whole = shape.type_name in {"integer", "long"}
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield _wrong_type(path, shape.type_name)
        return
    yield from _sized(value, shape, path, "value")


def _boolean(value: Any, _shape: Any, path: str) -> Problems:
    if not isinstance(value, bool):
        yield _wrong_type(path, "boolean")


def _blob(value: Any, _shape: Any, path: str) -> Problems:
    if not isinstance(value, str):
        yield _wrong_type(path, "base64 string")


_CHECKS: dict[str, Callable[[Any, Any, str], Problems]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
}


def _sized(size: float, shape: Any, path: str, what: str) -> Problems:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        constraint = f"Member must have {what} greater than or equal to {least}"
        yield _failed(str(size), path, constraint)
    if most is not None and size > most:
        yield _failed(str(size), path, f"Member must have {what} less than or equal to {most}")


def _failed(value: str, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _wrong_type(path: str, wanted: str) -> str:
    return f"Value at '{path}' is not of type {wanted}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
