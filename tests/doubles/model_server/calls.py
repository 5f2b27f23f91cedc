"""What a double was asked."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Call:
    """One request.

    Attributes:
        path: of the request.
        body: its JSON, None for a GET.
        headers: their names in small letters.
        pieces: how many pieces of an answer were sent.
        ending: "whole", "left" when the client went away before the end, or "spoiled" by a fault;
            empty while the answer is under way.
    """

    path: str
    body: Any
    headers: dict[str, str] = field(repr=False)
    pieces: int = 0
    ending: str = ""
