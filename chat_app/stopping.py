"""Whether whoever asked still wants the answer: said in one place, asked wherever work goes on."""

from collections.abc import Callable
from contextvars import ContextVar

_wanted: ContextVar[Callable[[], bool] | None] = ContextVar("stop_requested", default=None)


def stop_requested() -> bool:
    """Was the answer that this context works on stopped? Never, where nobody can stop it.

    Long work asks between its steps: a model between two tokens, a loop between two searches.
    """
    asked = _wanted.get()
    return asked is not None and asked()


def stop_when(asked: Callable[[], bool]) -> None:
    """Let ``stop_requested`` say in this context, and in copies of it, what this function says."""
    _wanted.set(asked)
