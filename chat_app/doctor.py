"""What is configured, what works, what to do."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chat_app.errors import ChatError
from chat_app.generator_wiring import examined_model
from chat_app.local_models import available_memory, carried
from chat_app.wiring import Application, open_application
from retrieval.contract import check_contract, contract_of
from retrieval.errors import RetrievalError
from retrieval.interfaces import Reranker
from retrieval.pricing import load_prices
from retrieval.usage import Meter


@dataclass(frozen=True, slots=True)
class Finding:
    """One examined part: whether it works, and what was found or is to be done."""

    part: str
    works: bool
    what: str

    def to_json(self) -> dict[str, object]:
        """The finding as the command line prints it."""
        return {"part": self.part, "works": self.works, "what": self.what}


def examine(
    paths: Sequence[Path] = (), notify: Callable[[str], None] = lambda _: None
) -> Iterator[Finding]:
    """Examine every part in turn; settings that cannot be used end the examination.

    Args:
        paths: files and folders, to say what indexing them would cost; nothing is indexed.
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
    looks: list[tuple[str, Callable[[Application], str]]] = [
        ("embedder", _embedder),
        ("generator", _generator),
        ("guards", _guards),
        ("index", _index),
    ]
    if reranker := application.retrieval.reranker:
        looks.insert(1, ("reranker", lambda _: _reranker(reranker, settings.rerank_depth)))
    if settings.generator != "bedrock":
        looks.insert(2, ("local models", _local_models))
    if paths:
        looks.append(("estimate", lambda application: _estimate(application, paths)))
    for part, look in looks:
        try:
            yield Finding(part, works=True, what=look(application))
        except (RetrievalError, ChatError) as error:
            yield Finding(part, works=False, what=str(error))


def _embedder(application: Application) -> str:
    embedder = application.retrieval.embedder
    embedder.embed(["ready"])
    return f"{embedder.name}, {embedder.dimension} numbers, {embedder.window} tokens"


def _reranker(reranker: Reranker, depth: int) -> str:
    reranker.scores("ready", ["ready"])
    return f"orders the best {depth} passages of a search"


def _generator(application: Application) -> str:
    return examined_model(application.settings)


def _local_models(_application: Application) -> str:
    """Which models this machine carries, for those who want prose without a cloud."""
    return "; ".join(carried(available_memory()))


def _guards(application: Application) -> str:
    """Which guards there are; those that learn from examples have done so then."""
    application.warm_up()
    return ", ".join(guard.name for guard in application.guards.guards) or "none"


def _index(application: Application) -> str:
    retrieval = application.retrieval
    recorded = retrieval.store.read_contract()
    if recorded is None:
        return f"{retrieval.index_name} holds nothing yet: run `benefits-chat index PATH`"
    check_contract(recorded, contract_of(retrieval.embedder), retrieval.index_name)
    entries = retrieval.catalog.entries()
    book = application.plan_book()
    chunks = sum(entry.chunk_count for entry in entries)
    plans = ", ".join(book.policies[:12]) or "none"
    years = ", ".join(map(str, book.years)) or "none"
    return f"{len(entries)} documents, {chunks} chunks; plans: {plans}; years: {years}"


def _estimate(application: Application, paths: Sequence[Path]) -> str:
    """What indexing would cost, before anything is spent."""
    from retrieval.loading import find

    estimate = application.retrieval.indexer().estimate(list(find(paths)))
    work = (
        f"{estimate.documents} documents to embed, {estimate.unchanged} unchanged, "
        f"{estimate.failed} unreadable: {estimate.chunks} chunks, {estimate.tokens} tokens"
    )
    if application.settings.embedder != "titan":
        return f"{work}; nothing is paid for"
    model, prices = application.settings.titan_model, load_prices()
    meter = Meter()
    meter.add(model, input_tokens=estimate.tokens)
    cost = prices.cost_usd(meter)
    if cost is None:
        return f"{work}; prices.yaml does not know {model}"
    return f"{work}; about ${cost:.4f} for {model} (prices of {prices.date})"
