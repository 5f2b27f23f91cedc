"""Settings -> Assistant: the one module of the application that names generators."""

from collections.abc import Callable
from dataclasses import dataclass

from chat_app.assistant import Assistant
from chat_app.generation.quotes import QuotesChatModel
from chat_app.plans import PlanBook
from chat_app.settings import Settings
from retrieval.settings import load_settings
from retrieval.wiring import Retrieval, open_retrieval


@dataclass(frozen=True, slots=True)
class Application:
    """The parts of the application, put together."""

    settings: Settings
    retrieval: Retrieval

    def plan_book(self) -> PlanBook:
        """The plans that the index holds now."""
        return PlanBook((entry.policy, entry.plan_year) for entry in self.retrieval.catalog())

    def assistant(self) -> Assistant:
        """Answers questions.

        Raises:
            StoreError: there is no index yet.
            ContractError: it was built with another model.
        """
        model = QuotesChatModel(
            embed=self.retrieval.embedder.embed, glossary=self.retrieval.glossary
        )
        return Assistant(self.retrieval.searcher(), model, self.plan_book)


def open_application(notify: Callable[[str], None] = lambda _: None) -> Application:
    """Read the settings and put the parts together; models and stores open at first use.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = load_settings(Settings)
    return Application(settings, open_retrieval(settings, notify))
