"""Guards of one's own, by ``module:Class`` in the settings."""

from importlib import import_module

from chat_app.guards.hooks import Guard
from retrieval.errors import SettingsError


def load_guards(names: str) -> list[Guard]:
    """Make the guards that a setting names.

    Args:
        names: such as ``company.guards:NoTradeSecrets``, several separated by commas; each class
            derives from ``Guard`` and is made without arguments.

    Raises:
        SettingsError: a name leads to no guard; the message says which and why.
    """
    return [_load(name.strip()) for name in names.split(",") if name.strip()]


def _load(name: str) -> Guard:
    module, _, attribute = name.partition(":")
    try:
        made = getattr(import_module(module), attribute)()
    except Exception as error:
        raise SettingsError(
            f"BENEFITS_CHAT_GUARDS names {name!r}, which cannot be made ({error}): write "
            "module:Class, of a module that Python finds and a class made without arguments"
        ) from error
    if not isinstance(made, Guard):
        raise SettingsError(
            f"BENEFITS_CHAT_GUARDS names {name!r}, which is no guard: derive it from "
            "chat_app.guards.hooks.Guard"
        )
    return made
