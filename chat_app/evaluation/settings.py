"""What a measurement was made with: results of other settings are never mixed with it."""

from collections.abc import Sequence
from importlib.metadata import version

from chat_app.evaluation.fields import digest
from chat_app.guards.hooks import Guard
from chat_app.wiring import Application

_PLACES = {"data_dir", "model_dir", "glossary"}
"""Settings that say where something lies; what lies there counts by its content."""


def fingerprint(application: Application) -> dict[str, str]:
    """Product, index, embedder, generator, guardrails and all other settings, as short texts.

    Raises:
        StoreError: the index cannot be read.
    """
    settings, retrieval = application.settings, application.retrieval
    documents = [
        (entry.name, entry.hash, entry.chunk_count, entry.policy, entry.plan_year)
        for entry in retrieval.catalog.entries()
    ]
    return {
        "product": version("benefits-chat"),
        # The version alone counts from anew in each process where the store is a file of its own.
        "index": digest([documents, retrieval.store.version()]),
        "embedder": f"{retrieval.embedder.name} ({retrieval.embedder.dimension} numbers)",
        "generator": " ".join(filter(None, (settings.generator, settings.model))),
        "guardrails": settings.guardrails,
        "settings": _rest(application),
    }


def guard_fingerprint(application: Application, guards: Sequence[Guard]) -> dict[str, str]:
    """Product, guards and settings, as short texts."""
    return {
        "product": version("benefits-chat"),
        "guards": ", ".join(guard.name for guard in guards) or "none",
        "settings": _rest(application),
    }


def _rest(application: Application) -> str:
    settings = application.settings
    glossary = settings.glossary.read_bytes().decode(errors="replace")
    return digest([settings.model_dump(mode="json", exclude=_PLACES), glossary])
