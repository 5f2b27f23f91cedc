"""The browser chat: Chainlit's handlers. Nobody imports this module; ``serving`` loads it."""
# mypy: untyped-calls-exclude=chainlit

import asyncio
import logging
from collections.abc import Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import cache
from typing import Any

import chainlit as cl
from chainlit.context import context
from chainlit.server import app as server
from chainlit.utils import utc_now
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from chat_app import chat_view as view
from chat_app.answers import (
    Answer,
    Citation,
    Event,
    Finished,
    Question,
    Said,
    Searched,
    Sentence,
    Stepped,
)
from chat_app.errors import ChatError
from chat_app.plans import PlanBook
from chat_app.rendering import answer_markdown, sentence_markdown
from chat_app.streaming import in_thread
from chat_app.wiring import Application, open_application
from retrieval.errors import RetrievalError

UNEXPECTED = (
    "Something went wrong here, and the answer could not be finished. Ask again; if it happens "
    "once more, tell the people who run this chat."
)
_log = logging.getLogger("benefits-chat")


@cache
def application() -> Application:
    """The one application that all conversations share."""
    return open_application()


@cl.data_layer  # type: ignore[arg-type]  # None is what Chainlit calls "no history"
def no_history() -> None:
    """Keep no conversation.

    Without this, a DATABASE_URL or LITERAL_API_KEY in the environment would make Chainlit send
    every conversation there.
    """


@cl.on_app_startup
async def open_chat() -> None:
    """Load the model and answer for PDFs before the first visitor comes."""
    server.router.routes.insert(0, Route("/sources/{document:path}", send_pdf))
    # What keeps the model away now is said in answer to the first question.
    with suppress(RetrievalError):
        await asyncio.to_thread(application().warm_up)


async def send_pdf(request: Request) -> Response:
    """The PDF of an indexed document; any other name is not found."""
    document = request.path_params["document"]
    retrieval = application().retrieval
    names = {entry.name for entry in await asyncio.to_thread(retrieval.catalog.entries)}
    path = retrieval.originals.path(document) if document in names else None
    if path is None:
        return PlainTextResponse("There is no such document.", status_code=404)
    return FileResponse(
        path, media_type="application/pdf", filename=document, content_disposition_type="inline"
    )


@cl.set_starters
async def suggest(_user: cl.User | None, _language: str | None) -> list[cl.Starter]:
    """First questions on the empty page."""
    suggested = view.starters(await plan_book())
    return [cl.Starter(label=label, message=message) for label, message in suggested]


@cl.on_chat_start
async def begin() -> None:
    """Offer the plan and year pickers."""
    # Chainlit takes no question while this runs; the pickers are no reason to wait.
    await context.emitter.task_end()
    await show_pickers(await plan_book(), {})


@cl.on_message
async def reply(message: cl.Message) -> None:
    """Answer a question; whatever happens, the user reads a sentence."""
    try:
        question = await meant(message)
        answer = await Reply().answer(question)
        if answer and (in_play := view.plan_in_play(question, answer)):
            await show_pickers(await plan_book(), in_play)
    except (RetrievalError, ChatError) as error:
        await cl.ErrorMessage(view.error_markdown(error)).send()
    except Exception:  # noqa: BLE001 - the log has it, the user a sentence
        _log.exception("A question could not be answered")
        await cl.ErrorMessage(UNEXPECTED).send()


async def plan_book() -> PlanBook:
    """The plans of the index; none while the index cannot be read: the first question says why."""
    try:
        return await asyncio.to_thread(application().plan_book)
    except RetrievalError:
        return PlanBook(())


async def show_pickers(book: PlanBook, picked: dict[str, str]) -> None:
    """Show the pickers under the question, with what is picked."""
    pickers = {
        "plan": ("Plan", view.plan_options(book)),
        "year": ("Plan year", view.year_options(book)),
    }
    await context.emitter.set_modes(
        [
            cl.Mode(
                id=key,
                name=name,
                options=[
                    cl.ModeOption(
                        id=option.id,
                        name=option.name,
                        description=option.description,
                        default=option.id == picked.get(key),
                    )
                    for option in options
                ],
            )
            for key, (name, options) in pickers.items()
            if options
        ]
    )


async def meant(message: cl.Message) -> Question:
    """What a message asks: by itself, by a plan's button, or by naming the plan asked for."""
    picked = dict(message.modes or {})
    asked = (message.metadata or {}).get("question")
    if isinstance(asked, str):
        return view.question(asked, picked)
    waiting = cl.user_session.get("waiting")
    cl.user_session.set("waiting", None)
    if waiting is not None:
        book = await plan_book()
        if named := view.named_plan(message.content, book):
            await show_pickers(book, picked | named)
            return view.question(waiting, picked | named)
    return view.question(message.content, picked)


class Reply:
    """An answer in the browser: what was searched, the sentences as they come, their sources."""

    def __init__(self) -> None:
        """Begin with a search step and an empty message, neither shown yet."""
        self._step = cl.Step(name="the plan documents", type="retrieval", show_input=False)
        self._message = cl.Message("")
        self._searches: list[Searched | Stepped] = []
        self._citations: list[Citation] = []
        self._previous: Sentence | None = None

    async def answer(self, question: Question) -> Answer | None:
        """Answer a question; what was shown stays when it fails or is stopped."""
        turns = view.turns_before(question, cl.user_session.get("turns") or ())
        finished: Answer | None = None

        def events() -> Iterator[Event]:
            return application().assistant().answer(replace(question, turns=turns))

        try:
            await self._search_begins()
            async with aclosing(in_thread(events)) as arriving:
                async for event in arriving:
                    await self._show(event)
                    if isinstance(event, Finished):
                        finished = event.answer
                        cl.user_session.set("turns", view.further_turns(turns, finished))
        except (Exception, asyncio.CancelledError):
            await self._keep()
            raise
        finally:
            await self._search_ends()
        return finished

    async def _show(self, event: Event) -> None:
        match event:
            case Searched() | Stepped():
                self._searches.append(event)
                self._step.name = view.search_name(self._searches)
                self._step.output = view.search_details(self._searches)
                await self._step.update()
            case Said(sentence, citations):
                self._citations += citations
                if not sentence.topic:
                    await self._message.stream_token(sentence_markdown(sentence, self._previous))
                self._previous = sentence
            case Finished(answer):
                await self._finish(answer)

    async def _finish(self, answer: Answer) -> None:
        self._message.content = answer_markdown(answer)
        details = [view.search_details(self._searches), view.answer_details(answer)]
        self._step.output = "\n\n".join(filter(None, details))
        if answer.reason == "which_plan":
            cl.user_session.set("waiting", answer.question)
            choice = view.plan_choice(answer.question, answer)
            await self._send(cl.CustomElement(name="PlanChoice", props=choice))
        elif answer.nearest:
            near = view.near_sources(answer.nearest, pdf_address)
            await self._send(cl.CustomElement(name="Sources", props=near))
        else:
            await self._keep()

    async def _keep(self) -> None:
        """Show what was said, with its sources; nothing when nothing was said."""
        if self._citations and self._message.content:
            cited = view.cited_sources(self._citations, pdf_address)
            await self._send(cl.CustomElement(name="Sources", props=cited))
        elif self._message.content:
            await self._send()

    async def _send(self, *elements: Any) -> None:  # noqa: ANN401 - Chainlit types it by a variable
        self._message.elements = list(elements)
        await self._message.send()

    async def _search_begins(self) -> None:
        run = context.current_run
        self._step.parent_id = run.id if run else None
        self._step.start = utc_now()
        await self._step.send()

    async def _search_ends(self) -> None:
        self._step.end = utc_now()
        await (self._step.update() if self._searches else self._step.remove())


def pdf_address(document: str) -> str | None:
    """Where this server sends the PDF of a document, or None where none was kept."""
    kept = application().retrieval.originals.path(document)
    return view.source_address(document) if kept else None
