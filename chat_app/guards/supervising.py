"""A guard is other people's code: whatever it does, its check ends with a verdict or an error."""

from collections.abc import Callable
from threading import Thread

from chat_app.errors import GuardError
from chat_app.guards.hooks import Allowed, Masked, Refused, Verdict, Withheld


def supervised(name: str, check: Callable[[], Verdict], seconds: float) -> Verdict:
    """Run one check of a guard.

    A check that does not end in time goes on in a thread of its own, which ends with the process;
    nobody waits for it.

    Args:
        name: of the guard, for messages.
        check: calls the guard.
        seconds: longest wait.

    Raises:
        GuardError: the guard could not decide, failed, took too long, or gave no verdict.
    """
    outcome: list[object] = []

    def work() -> None:
        try:
            outcome.append(check())
        except BaseException as error:  # noqa: BLE001 - handed over below
            outcome.append(error)

    thread = Thread(target=work, name=f"guard {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise GuardError(f"the guard {name} did not answer within {seconds:g} s")
    match outcome[0]:
        case Allowed() | Masked() | Withheld() | Refused() as verdict:
            return verdict
        case GuardError() as error:
            raise error
        case BaseException() as error:
            raise GuardError(f"the guard {name} failed ({type(error).__name__})") from error
        case other:
            raise GuardError(f"the guard {name} gave {type(other).__name__} for a verdict")
