"""Settings -> Assistant: the parts of the application, put together."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache

from chat_app.assistant import Assistant
from chat_app.generation.quotes import QuotesChatModel
from chat_app.generator_wiring import make_model
from chat_app.guards.chain import GuardChain
from chat_app.guards.hooks import Guard
from chat_app.guards.loading import load_guards
from chat_app.local_guards import local_guards, own_minilm
from chat_app.planning.planner import Limits
from chat_app.plans import PlanBook
from chat_app.settings import Settings
from chat_app.token_reading import TokenReader
from chat_app.writing import Writer
from retrieval.catalog import Plans
from retrieval.errors import StoreError
from retrieval.searching import Query
from retrieval.settings import load_settings
from retrieval.usage import Meter
from retrieval.wiring import Retrieval, open_retrieval


@dataclass(frozen=True)
class Application:
    """The parts of the application, put together; clients of services are made once."""

    settings: Settings
    retrieval: Retrieval

    def plan_book(self) -> PlanBook:
        """The plans that the index holds now."""
        return _plan_book(self.retrieval.catalog.plans())

    def assistant(self) -> Assistant:
        """Answers questions.

        Raises:
            StoreError: there is no index yet.
            ContractError: it was built with another model.
        """
        return Assistant(
            self.retrieval.searcher(),
            self._writer,
            self.plan_book,
            guards=self.guards,
            glossary=self.retrieval.glossary,
            planning=self._planning,
            read=self._reader,
        )

    def warm_up(self) -> None:
        """Load what the first question would wait for.

        Raises:
            RetrievalError: the embedding model cannot be had.
        """
        self.retrieval.embedder.embed(["ready"])
        # Without an index yet, the first question says so.
        with suppress(StoreError):
            self.retrieval.searcher().search(Query("Is a checkup covered?"))
        if self.settings.guardrails == "local":
            self.guards.check_question("Is a checkup covered? Jane Roe, 555-867-5309", Meter())

    @cached_property
    def token_reader(self) -> TokenReader:
        """Reads tokens in context, by which claims are judged against what they rest on."""
        return TokenReader(own_minilm(self.settings, self.retrieval))

    @property
    def _reader(self) -> TokenReader | None:
        """What judges a language model's sentences, where MiniLM is at work anyway.

        Loading it takes a second, and judging a sentence some 40 ms.
        """
        settings = self.settings
        at_work = settings.embedder == "minilm" or settings.guardrails == "local"
        return self.token_reader if settings.generator != "quotes" and at_work else None

    @property
    def _planning(self) -> Limits | None:
        settings = self.settings
        if settings.planner == "rules":
            return None
        return Limits(settings.planner_steps, settings.planner_seconds, settings.planner_tokens)

    @cached_property
    def _writer(self) -> Writer:
        settings = self.settings
        return Writer(
            quotes=QuotesChatModel(
                embed=self.retrieval.embedder.embed,
                glossary=self.retrieval.glossary,
                sentences=self.retrieval.sentences.get,
            ),
            model=make_model(settings),
            prompt_tokens=settings.prompt_tokens,
            quotes_after_failure=settings.generator_failure == "quotes",
        )

    @cached_property
    def guards(self) -> GuardChain:
        """Judge questions, passages and answers."""
        settings = self.settings
        chosen: list[Guard] = []
        if settings.guardrails == "local":
            chosen = local_guards(settings, self.retrieval)
        elif settings.guardrails == "bedrock":
            chosen = [_bedrock_guard(settings)]
        return GuardChain(
            [*chosen, *_entailment_guards(settings), *load_guards(settings.guards)],
            go_on_after_failure=settings.guardrail_failure == "go_on",
            seconds=settings.guard_seconds,
        )


def open_application(notify: Callable[[str], None] = lambda _: None) -> Application:
    """Read the settings and put the parts together; models and stores open at first use.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = load_settings(Settings)
    return Application(settings, open_retrieval(settings, notify))


@lru_cache(maxsize=2)
def _plan_book(plans: Plans) -> PlanBook:
    """The book of these plans, made once: with 10,000 policies it takes a tenth of a second."""
    titles: dict[str, set[str]] = {}
    for policy, _, title in plans:
        titles.setdefault(policy, set()).add(title)
    return PlanBook(((policy, year) for policy, year, _ in plans), titles)


def _bedrock_guard(settings: Settings) -> Guard:
    from chat_app.guards.bedrock import BedrockGuard

    return BedrockGuard(
        settings.guardrail_id,
        settings.guardrail_version,
        region=settings.aws_region,
        min_grounding=settings.guardrail_grounding,
        min_relevance=settings.guardrail_relevance,
    )


def _entailment_guards(settings: Settings) -> list[Guard]:
    if not settings.entailment_model:
        return []
    from chat_app.guards.entailment import EntailmentGuard

    return [EntailmentGuard(settings.entailment_model, min_score=settings.entailment_score)]
