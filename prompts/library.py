"""Load a prompt by name and fill its blanks.

A prompt is a Markdown file beside this module. A blank is a name in double braces, as in
``{{question}}``.
Values are inserted as they are and are never searched for blanks themselves.
"""

import re
from functools import lru_cache
from pathlib import Path

_BLANK = re.compile(r"\{\{(\w+)\}\}")
_FOLDER = Path(__file__).parent


def prompt(name: str, **values: str) -> str:
    """The prompt ``<name>.md`` with every blank filled.

    Raises:
        LookupError: there is no such prompt, or its blanks and the values do not agree.
    """
    text = _text(name)
    blanks = set(_BLANK.findall(text))
    if blanks != set(values):
        missing, extra = sorted(blanks - set(values)), sorted(set(values) - blanks)
        raise LookupError(f"prompt {name!r}: missing values {missing}, unknown values {extra}")
    return _BLANK.sub(lambda blank: values[blank.group(1)], text)


@lru_cache
def _text(name: str) -> str:
    file = _FOLDER / f"{name}.md"
    if not file.is_file():
        raise LookupError(f"there is no prompt {name!r}: {file} is missing")
    return file.read_text(encoding="utf-8").strip()
