"""The YAML block at the head of a Markdown file."""

import re

from retrieval.loading.refusal import Unusable

MAX_FRONT_MATTER = 1 << 16
"""Characters: nobody writes more by hand, and YAML is slow."""
_BLOCK = re.compile(
    r"\A---[^\S\n]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Part a Markdown text into its front matter and its body.

    A text that merely begins with a rule (``---``) has no front matter.

    Raises:
        Unusable: the front matter is not YAML; the message names the line.
    """
    match = _BLOCK.match(text, 0, MAX_FRONT_MATTER)
    if not match:
        return {}, text
    fields = parse_yaml(match[1], "front matter")
    if isinstance(fields, dict):
        return {str(key): value for key, value in fields.items()}, text[match.end() :]
    return ({}, text[match.end() :]) if fields is None else ({}, text)


def parse_yaml(text: str, what: str) -> object:
    """Read YAML, or JSON, which is a part of it.

    Args:
        text: the YAML.
        what: how to name it in a message.

    Raises:
        Unusable: it is not YAML; the message names the line.
    """
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise Unusable(f"has malformed {what}{where}: {problem}") from error
