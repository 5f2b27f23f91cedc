"""How many tokens a text takes, for budgets: by tiktoken, or estimated while that is not ready.

tiktoken downloads its vocabulary at the first use ever and waits for it without end. So it is
loaded beside the work, and no question waits for it.
"""

import math
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tiktoken

VOCABULARY = "o200k_base"
"""Near enough for the budget of any model; Nova's own tokenizer is not public."""
CHARACTERS_A_TOKEN = 3.5
"""The estimate. English prose has 4 to 5 characters a token, tables of amounts fewer."""


class TokenCounter:
    """Counts tokens. Safe for threads."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._encoding: tiktoken.Encoding | None = None
        self._loading: Thread | None = None
        self._turn = Lock()

    def count(self, text: str) -> int:
        """Tokens of a text: exact for tiktoken's vocabulary once it is loaded, else estimated."""
        if self._encoding is None:
            self._load_beside()
            return math.ceil(len(text) / CHARACTERS_A_TOKEN)
        return len(self._encoding.encode_ordinary(text))

    def _load_beside(self) -> None:
        with self._turn:
            if self._loading is None:
                self._loading = Thread(target=self._load, name="tiktoken", daemon=True)
                self._loading.start()

    def _load(self) -> None:
        import contextlib

        # Whatever keeps the vocabulary away, the estimate serves.
        with contextlib.suppress(Exception):
            import tiktoken

            self._encoding = tiktoken.get_encoding(VOCABULARY)
