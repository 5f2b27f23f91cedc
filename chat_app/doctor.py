"""What is configured, what works, what to do."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chat_app.wiring import Application, open_application
from retrieval.contract import check_contract, contract_of
from retrieval.errors import RetrievalError


@dataclass(frozen=True, slots=True)
class Finding:
    """One examined part: whether it works, and what was found or is to be done."""

    part: str
    works: bool
    what: str

    def to_json(self) -> dict[str, object]:
        """The finding as the command line prints it."""
        return {"part": self.part, "works": self.works, "what": self.what}


def examine(notify: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
    """Examine every part in turn; settings that cannot be used end the examination.

    Args:
        notify: told once of long work, such as exporting the model.
    """
    yield Finding("python", works=True, what=platform.python_version())
    try:
        application = open_application(notify)
    except RetrievalError as error:
        yield Finding("settings", works=False, what=str(error))
        return
    settings = application.settings
    yield Finding(
        "settings",
        works=True,
        what=f"embedder {settings.embedder}, store {settings.store}, "
        f"generator {settings.generator}, data in {settings.data_dir}",
    )
    for part, look in (("embedder", _embedder), ("index", _index)):
        try:
            yield Finding(part, works=True, what=look(application))
        except RetrievalError as error:
            yield Finding(part, works=False, what=str(error))


def _embedder(application: Application) -> str:
    embedder = application.retrieval.embedder
    embedder.embed(["ready"])
    return f"{embedder.name}, {embedder.dimension} numbers, {embedder.window} tokens"


def _index(application: Application) -> str:
    retrieval = application.retrieval
    recorded = retrieval.store.read_contract()
    if recorded is None:
        return f"{retrieval.index_name} holds nothing yet: run `benefits-chat index PATH`"
    check_contract(recorded, contract_of(retrieval.embedder), retrieval.index_name)
    entries = retrieval.catalog()
    book = application.plan_book()
    chunks = sum(entry.chunk_count for entry in entries)
    plans = ", ".join(book.policies[:12]) or "none"
    years = ", ".join(map(str, book.years)) or "none"
    return f"{len(entries)} documents, {chunks} chunks; plans: {plans}; years: {years}"
