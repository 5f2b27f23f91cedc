"""Check a request against botocore's own model of the service: the authority on its shapes."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StructureShape,
)
from botocore.session import Session

from tests.doubles.s3_vectors.errors import Problem, ServiceError

TAG_PUNCTUATION = frozenset("_.:/=+-@")
TAG_PATTERN = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
"""Of the keys and values of tags: the one pattern of the model that ``re`` cannot read."""
NAME_PATTERN = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
"""Of buckets and indexes; the model gives it only inside the patterns of their ARNs."""
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
"""How the protocol writes numbers that JSON does not know."""
NAMES = frozenset({"VectorBucketName", "IndexName"})


@cache
def service_model() -> ServiceModel:
    """The model of S3 Vectors in the installed botocore."""
    return Session().get_service_model("s3vectors")


def check_input(operation: OperationModel, given: object) -> None:
    """Refuse an input that the model of its operation does not allow.

    Raises:
        ServiceError: ValidationException with every failed field in ``fieldList``.
    """
    shape = operation.input_shape
    problems = list(_problems(shape, given, "")) if shape is not None else []
    if problems:
        count = len(problems)
        detail = "; ".join(problem.message for problem in problems[:10])
        plural = "s" if count > 1 else ""
        message = f"{count} validation error{plural} detected: {detail}"
        raise ServiceError("ValidationException", message, problems)


def _problems(shape: Shape, value: object, path: str) -> Iterator[Problem]:
    match shape:
        case StructureShape():
            yield from _structure(shape, value, path)
        case ListShape():
            yield from _list(shape, value, path)
        case MapShape():
            yield from _map(shape, value, path)
        case _:
            yield from _scalar(shape, value, path)


def _structure(shape: StructureShape, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "an object")
        return
    if shape.is_document_type:
        return
    members: Mapping[str, Shape] = shape.members
    for name in shape.required_members:
        if value.get(name) is None:
            yield _wrong(f"{path}/{name}", None, "a value that is not null")
    given = {name: value[name] for name in members if value.get(name) is not None}
    if shape.is_tagged_union and len(given) != 1:
        yield _wrong(path, value, "an object with exactly one member of the union")
    for name, inner in given.items():
        yield from _problems(members[name], inner, f"{path}/{name}")


def _list(shape: ListShape, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong(path, value, "a list")
        return
    yield from _length(shape, len(value), path)
    if shape.member.type_name == "float":
        if not set(map(type, value)) <= {int, float} and not all(map(_is_float, value)):
            yield _wrong(path, value, "a list of numbers")
        return
    if len(value) <= shape.metadata.get("max", len(value)):
        for number, inner in enumerate(value):
            yield from _problems(shape.member, inner, f"{path}/{number}")


def _is_float(value: object) -> bool:
    return type(value) in {int, float} or value in NOT_FINITE


def _map(shape: MapShape, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _wrong(path, value, "an object")
        return
    for key, inner in value.items():
        yield from _problems(shape.key, key, f"{path}/{key}")
        yield from _problems(shape.value, inner, f"{path}/{key}")


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
}


def _scalar(shape: Shape, value: object, path: str) -> Iterator[Problem]:
    kind = shape.type_name
    if type(value) not in _TYPES[kind]:
        yield _wrong(path, value, f"of type {kind}")
    elif isinstance(value, str):
        yield from _length(shape, len(value), path)
        yield from _text(shape, value, path)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from _range(shape, value, path)


def _length(shape: Shape, length: int, path: str) -> Iterator[Problem]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", length)
    if not least <= length <= most:
        yield Problem(
            path,
            f"Value at '{path}' failed to satisfy constraint: "
            f"Member must have length between {least} and {most}, inclusive, not {length}",
        )


def _range(shape: Shape, value: int, path: str) -> Iterator[Problem]:
    least, most = shape.metadata.get("min", value), shape.metadata.get("max", value)
    if not least <= value <= most:
        yield _wrong(path, value, f"between {least} and {most}, inclusive")


def _text(shape: Shape, value: str, path: str) -> Iterator[Problem]:
    choices: Any = shape.metadata.get("enum")
    if choices and value not in choices:
        yield _wrong(path, value, f"one of {', '.join(choices)}")
    pattern = NAME_PATTERN if shape.name in NAMES else shape.metadata.get("pattern")
    if pattern and not _fits(pattern, value):
        yield _wrong(path, value, f"of the pattern {pattern}")


def _fits(pattern: str, value: str) -> bool:
    if pattern == TAG_PATTERN:
        return all(
            letter in TAG_PUNCTUATION or unicodedata.category(letter)[0] in "LZN"
            for letter in value
        )
    return re.fullmatch(pattern, value) is not None


def _wrong(path: str, value: object, wanted: str) -> Problem:
    shown = repr(value)
    shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
    where = path or "/"
    return Problem(
        where, f"Value {shown} at '{where}' failed to satisfy constraint: Member must be {wanted}"
    )
