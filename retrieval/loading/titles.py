"""Which of the names that a file gives itself are titles for people."""

import re
from pathlib import PurePath

from retrieval.loading.cleaning import one_line

_MACHINE_MADE = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b|untitled|document\d*$|slide \d+$|book\d*$|"
    r"presentation\d*$|powerpoint presentation$|word document$|sheet\d*$)|"
    r"\.(?:docx?|xlsx?|pptx?|pdf|indd|xml|html?|rtf|qxp|qxd|ai|psd|fm)\b|\d{5,}|_",
    re.IGNORECASE,
)
_LONGEST = 200


def stated_title(title: object) -> str:
    """A title from a file's properties, or nothing where a program wrote a file name there."""
    text = one_line(title) if isinstance(title, str) else ""
    words = re.findall(r"[^\W\d_]{2,}", text)
    if len(text) > _LONGEST or len(words) < 2 or _MACHINE_MADE.search(text):
        return ""
    return text


def title_from_name(name: str) -> str:
    """The title of a file that has none: its name without extension, for people."""
    stem = PurePath(name).stem
    return one_line(re.sub(r"[_\s]+", " ", stem)) or name
