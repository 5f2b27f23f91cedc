"""What the chat shows, as plain values: pickers, starters, searches, sources. Pure functions."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from chat_app.answering import MAX_PLANS
from chat_app.answers import (
    Answer,
    Citation,
    Plan,
    Question,
    Searched,
    Stepped,
    Turn,
    policy_label,
)
from chat_app.conversation import TURNS
from chat_app.plan_names import replaced
from chat_app.plan_topics import bare
from chat_app.plans import PlanBook
from chat_app.rendering import answer_text, inert
from retrieval.documents import ANY_YEAR, COMMON_POLICY, Match

ASK = "ask"
"""Plan picker: no plan is chosen; the chat asks where the answer differs by plan."""
ALL = "all"
"""Plan picker: answer for every plan."""
CURRENT = "current"
"""Year picker: the year in force."""
_PLAN = "plan:"
_YEAR = re.compile(r"\b20\d\d\b")
_FILLERS = re.compile(
    r"\b(?:ok|okay|yes|hi|i'm|i am|i have|it's|it is|in|mine|what about)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a picker."""

    id: str
    name: str
    description: str = ""


MAX_OUTCOME = 300
"""Characters of what a tool brought that are shown; the passages are listed with the search."""
_TOOL_NAMES = {
    "search": "Search",
    "compare": "Compare",
    "table_cell": "Look up a cell",
    "compute_cost": "Compute a cost",
}

PdfAddress = Callable[[str], str | None]
"""Name of a document -> address of its PDF on this server, or None."""


def plan_options(book: PlanBook) -> list[Option]:
    """The plan picker; empty where there is nothing to choose."""
    if len(book.policies) < 2:
        return []
    ask = Option(ASK, "Choose plan", "You are asked where the answer depends on the plan")
    every = Option(ALL, "All plans", "The answer for each plan, one after the other")
    plans = [Option(_PLAN + policy, policy_label(policy)) for policy in book.policies]
    return [ask, *plans] if len(plans) > MAX_PLANS else [ask, every, *plans]


def year_options(book: PlanBook) -> list[Option]:
    """The year picker; empty where there is nothing to choose."""
    if len(book.years) < 2:
        return []
    current = Option(CURRENT, "Current year", "The plan year in force")
    return [current, *(Option(str(year), str(year)) for year in book.years)]


def question(text: str, picked: Mapping[str, str]) -> Question:
    """A question with what the pickers say.

    Args:
        text: as typed.
        picked: ids of options, under ``plan`` and ``year``.
    """
    plan, year = picked.get("plan", ASK), picked.get("year", CURRENT)
    return Question(
        text=text,
        policies=(plan.removeprefix(_PLAN),) if plan.startswith(_PLAN) else (),
        plan_year=int(year) if year.isascii() and year.isdigit() else None,
        ask_which_plan=plan != ALL,
    )


def named_plan(text: str, book: PlanBook) -> dict[str, str]:
    """What the pickers should say when a message is nothing but a plan's name, else nothing.

    "PPO Plus 2025" as the reply to "which plan is yours?" picks both plan and year.
    """
    message = " ".join(_FILLERS.sub(" ", text).split())
    mentions = book.names.mentions(message)
    named = {mention.policy for mention in mentions}
    rest = replaced(message, ((m.start, m.end) for m in mentions), " ")
    if len(named) != 1 or bare(_YEAR.sub(" ", rest)):
        return {}
    year = _YEAR.search(message)
    return {"plan": _PLAN + named.pop()} | ({"year": year.group()} if year else {})


def turns_before(asked: Question, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """The conversation as a question finds it: no plan is in play where all of them are picked."""
    if asked.ask_which_plan:
        return turns
    return tuple(replace(turn, plans=()) for turn in turns)


def plan_in_play(asked: Question, answer: Answer) -> dict[str, str]:
    """What the pickers should say after an answer: the one plan that it was given for.

    Nothing where they say so already, and where the user wants all plans.
    """
    policies = tuple({plan.policy for plan in answer.plans})
    if len(policies) != 1 or answer.comparison or not asked.ask_which_plan:
        return {}
    if asked.policies == policies:
        return {}
    year = {"year": str(asked.plan_year)} if asked.plan_year else {}
    return {"plan": _PLAN + policies[0], **year}


def plan_choice(asked: str, answer: Answer) -> dict[str, object]:
    """Properties of the ``PlanChoice`` element: the question and a button a plan."""
    policies = list(dict.fromkeys(plan.policy for plan in answer.choices))
    buttons = [{"id": _PLAN + policy, "label": policy_label(policy)} for policy in policies]
    if len(policies) <= MAX_PLANS:
        buttons.append({"id": ALL, "label": "All plans"})
    return {"question": asked, "plans": buttons}


def starters(book: PlanBook) -> list[tuple[str, str]]:
    """Label and question of the first suggestions; they suit any plan document."""
    found = [
        ("Is my checkup free?", "Is my annual checkup free?"),
        ("What is my deductible?", "What is my deductible?"),
        ("What does urgent care cost?", "What does an urgent care visit cost?"),
    ]
    if len(book.policies) > 1:
        first, second = (policy_label(policy) for policy in book.policies[:2])
        compared = f"Compare the deductible and the specialist visit of {first} and {second}"
        found.append((f"Compare {first} and {second}", compared))
    return found


def search_name(steps: Sequence[Searched | Stepped]) -> str:
    """What was searched and how long it took, to follow the word "Searched"."""
    searches = [step for step in steps if isinstance(step, Searched)]
    if not searches:
        return "the plan documents"
    plans = list(dict.fromkeys(search.plan for search in searches))
    if len(plans) > 1:
        what = f"{len(plans)} plans"
    else:
        what = plans[0].label if plans[0] else "the documents common to all plans"
    return f"{what} in {_milliseconds(sum(search.milliseconds for search in searches))}"


def search_details(steps: Sequence[Searched | Stepped]) -> str:
    """Each step as Markdown: a search with its filter and passages, a tool with what it brought."""
    return "\n\n".join(
        _search(step) if isinstance(step, Searched) else _tool(step) for step in steps
    )


def further_turns(turns: tuple[Turn, ...], answer: Answer) -> tuple[Turn, ...]:
    """The conversation with one more answer; what a guard refused is no part of it."""
    if answer.reason == "guardrail":
        return turns
    in_play = answer.plans if len(answer.plans) == 1 or answer.comparison else ()
    offered = answer.choices or (answer.plans if len(answer.plans) > 1 else ())
    return (*turns, Turn(answer.question, answer_text(answer), in_play, offered))[-TURNS:]


def answer_details(answer: Answer) -> str:
    """How the question was understood, what the guards said and what the answer took, as Markdown.

    Of an answer that needed no guard and no language model, the question alone.
    """
    lines = [f"Understood as: {answer.question}", *map(_guard, answer.guardrails)]
    if again := answer.timings_ms.get("second_attempt"):
        lines.append(f"Written in two attempts; the second took {_milliseconds(again)}")
    tokens_in, tokens_out = (answer.usage.get(f"{way}_tokens") or 0 for way in ("input", "output"))
    if tokens_in or tokens_out:
        cost = answer.usage.get("cost_usd")
        price = "at a price that is not known" if cost is None else f"for ${cost:.6f}"
        lines.append(f"Used: {tokens_in:.0f} tokens in and {tokens_out:.0f} out, {price}")
    return "\n\n".join(map(inert, lines))


def cited_sources(citations: Sequence[Citation], pdf: PdfAddress) -> dict[str, object]:
    """Properties of the ``Sources`` element under an answer; the quotes are marked."""
    items = []
    for citation in citations:
        passage = citation.passage
        mark = (citation.start - passage.start, citation.end - passage.start)
        items.append(_source(citation.number, passage, mark, citation.page, pdf))
    return {"heading": "Sources", "items": items, "near": False}


def near_sources(matches: Sequence[Match], pdf: PdfAddress) -> dict[str, object]:
    """Properties of the ``Sources`` element under a refusal; nothing in the passages is marked."""
    items = [_source(at, match, (0, 0), match.own_page, pdf) for at, match in enumerate(matches, 1)]
    return {"heading": "The nearest passages", "items": items, "near": True}


def source_address(document: str) -> str:
    """Address of a kept PDF on this server."""
    return f"/sources/{quote(document, safe='')}"


def error_markdown(error: Exception) -> str:
    """An error's message as a sentence in which nothing is active."""
    text = " ".join(str(error).split())
    sentence = text[:1].upper() + text[1:]
    return inert(sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.")


def _search(search: Searched) -> str:
    plan = search.plan.label if search.plan else "All plans"
    count = len(search.matches)
    found = "1 passage" if count == 1 else f"{count} passages"
    heading = f"**{inert(plan)}**: {found} in {_milliseconds(search.milliseconds)}"
    if search.text:
        heading += f" for “{inert(search.text)}”"
    passages = "\n".join(
        f"1. {inert(_label(match, match.own_page))} ({match.score:.2f})" for match in search.matches
    )
    return f"{heading}\n\nFilter: {inert(_filter(search.where))}\n\n{passages}"


def _tool(step: Stepped) -> str:
    """A tool used: its name, its arguments, and the first words of what it brought."""
    given = "; ".join(f"{name}: {_given(value)}" for name, value in step.arguments.items())
    brought = " ".join(step.outcome.split())
    shown = brought if len(brought) <= MAX_OUTCOME else f"{brought[:MAX_OUTCOME].rstrip()} ..."
    heading = f"**{inert(_TOOL_NAMES.get(step.tool, step.tool))}** ({inert(given)})"
    return f"{heading} in {_milliseconds(step.milliseconds)}: {inert(shown)}"


def _given(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _guard(report: Mapping[str, Any]) -> str:
    """``Guard bedrock on the answer: masked in 12 ms (GROUNDING 0.93)``."""
    scores = ", ".join(f"{name} {score:.2f}" for name, score in report.get("scores", {}).items())
    said = f"{report['verdict']} in {_milliseconds(report['milliseconds'])}"
    return f"Guard {report['guard']} on the {report['hook']}: {said}" + (
        f" ({scores})" if scores else ""
    )


def _filter(where: Mapping[str, Any]) -> str:
    """A filter in words: ``policy is PPO_PLUS or common, and plan_year is 2026 or any``."""
    match where:
        case {"all": list(parts)}:
            return ", and ".join(_filter(part) for part in parts)
        case {"field": str(field), "one_of": list(values)}:
            words = {COMMON_POLICY: "common", ANY_YEAR: "any"}
            return f"{field} is {' or '.join(str(words.get(value, value)) for value in values)}"
        case _:
            return json.dumps(dict(where), ensure_ascii=False)


def _source(
    number: int, match: Match, mark: tuple[int, int], page: int | None, pdf: PdfAddress
) -> dict[str, object]:
    start, end = mark
    return {
        "number": number,
        "label": _label(match, page),
        "title": match.title,
        "plan": policy_label(match.policy) if match.policy else "All plans",
        "year": str(match.plan_year) if match.plan_year else "Every year",
        "page": page,
        "section": " › ".join(_sections(match)),
        "file": match.source,
        "before": match.text[:start],
        "quote": match.text[start:end],
        "after": match.text[end:],
        "pdf": pdf(match.document),
    }


def _label(match: Match, page: int | None) -> str:
    """A passage in one line: its plan where the title does not say it, title, page, section."""
    plan = Plan(match.policy, match.plan_year).label if match.policy else "All plans"
    said = all(word in match.title for word in plan.split())
    parts = [
        "" if said else plan,
        match.title,
        f"page {page}" if page else "",
        *_sections(match)[-1:],
    ]
    return " · ".join(part for part in parts if part)


def _sections(match: Match) -> list[str]:
    """The headings above a passage, without the one that repeats the document's title."""
    return [part for part in match.section.split(" > ") if part not in ("", match.title)]


def _milliseconds(duration: float) -> str:
    return f"{duration:.0f} ms" if duration >= 10 else f"{duration:.1f} ms"
