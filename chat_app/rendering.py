"""Answers as Markdown for the chat and as text and JSON for the command line."""

import re
from collections.abc import Callable, Iterable, Sequence

from chat_app.answers import Answer, Plan, Sentence
from prompts.library import prompt
from retrieval.documents import Match

_ADDRESS = re.compile(r"(https?(?=:)|ftp(?=:)|www(?=\.)|(?<=\w)@(?=\w))", re.IGNORECASE)
_ACTIVE = re.compile(r"([\\`*_\[\]<>#|~&]|:(?=[\w:])|^[-+=])")
_NUMBERED = re.compile(r"^(\d+)(?=[.)])")
_WORD_JOINER = "\u2060"
_NO_BREAK = "\u00a0"
_CURSOR = "\u200b"
"""A zero-width space: Chainlit draws its blinking cursor wherever one stands."""


def answer_json(answer: Answer) -> dict[str, object]:
    """The answer as the command line prints it."""
    years = {plan.year for plan in answer.plans}
    return {
        "question": answer.question,
        "answer": answer_text(answer),
        "refused": answer.refused,
        "reason": answer.reason or None,
        "policies": list(dict.fromkeys(plan.policy for plan in answer.plans)),
        "plan_year": years.pop() if len(years) == 1 else None,
        "sentences": [
            {"text": s.text, "citations": list(s.citations), "verified": True}
            | ({"computed": True} if s.computed else {})
            for s in answer.sentences
        ],
        "citations": [citation.to_json() for citation in answer.citations],
        "removed": answer.removed,
        "notes": list(answer.notes),
        "steps": [step.to_json() for step in answer.steps],
        "guardrails": [dict(report) for report in answer.guardrails],
        "nearest": [match.to_json() for match in answer.nearest],
        "usage": dict(answer.usage),
        "timings_ms": {step: round(ms, 1) for step, ms in answer.timings_ms.items()},
    }


def answer_text(answer: Answer) -> str:
    """The answer as plain text, or as a Markdown table when plans are compared."""
    return _rendered(answer, lambda text: text, lambda number: f" [{number}]", bold="")


def answer_markdown(answer: Answer) -> str:
    """The answer as Markdown in which nothing of a document is active; numbers link to sources."""
    return _rendered(answer, inert, cite_link, bold="**")


def cite_link(number: int) -> str:
    """A citation number as a link that the chat opens; it stays on the line of the word before."""
    return f"{_NO_BREAK}[{number}](#cite-{number})"


def inert(text: str) -> str:
    """Text of a document on one line in which nothing is active as Markdown.

    Markup, entities, Chainlit's directives (``:name``) and list markers are escaped; a word joiner
    keeps bare addresses from becoming links.
    """
    line = " ".join(text.replace(_CURSOR, "").split())
    escaped = _ACTIVE.sub(r"\\\1", _ADDRESS.sub(rf"\1{_WORD_JOINER}", line))
    return _NUMBERED.sub(r"\1\\", escaped)


def sentence_markdown(sentence: Sentence, previous: Sentence | None) -> str:
    """A sentence as it is streamed: with its plan's name before the first of each plan."""
    return _sentence(sentence, previous, inert, cite_link)


def refusal(answer: Answer) -> str:
    """Why there is no answer, and what to do, as a sentence."""
    choices = ", ".join(plan.label for plan in answer.choices)
    if answer.reason == "which_plan":
        return prompt("which_plan", plans=choices)
    if answer.reason == "unknown_plan" and answer.missing_type:
        return prompt("unknown_type", type=answer.missing_type, plans=choices)
    if answer.reason == "unknown_plan":
        return prompt("unknown_plan", year=str(answer.missing_year), plans=choices)
    return answer.message or prompt("not_in_documents")


def laid_out(text: str, shown: Callable[[str], str], bold: str) -> str:
    """A text of several paragraphs in which paragraphs, list items and bold words alone are kept.

    Args:
        text: from a prompt, a guard or a service.
        shown: renders the words.
        bold: stands before and after bold words; empty where nothing is bold.
    """
    return "\n".join(_line(line, shown, bold) for line in text.splitlines())


def _line(line: str, shown: Callable[[str], str], bold: str) -> str:
    item = "- " if line.startswith("- ") else ""
    words = line.removeprefix("- ").split("**")
    if len(words) % 2 == 0:
        return item + shown(line.removeprefix("- "))
    return item + "".join(
        f"{bold}{shown(piece)}{bold}" if number % 2 else _spaced(piece, shown)
        for number, piece in enumerate(words)
    )


def _spaced(piece: str, shown: Callable[[str], str]) -> str:
    """The piece with a space where it had some at its ends, which ``shown`` may take off."""
    if not piece.strip():
        return " " if piece else ""
    before, after = " " * piece[0].isspace(), " " * piece[-1].isspace()
    return f"{before}{shown(piece).strip()}{after}"


def removed_note(removed: int) -> str:
    """What is said when sentences were left out."""
    if removed == 1:
        return "(One sentence was left out: the documents do not support it.)"
    return f"({removed} sentences were left out: the documents do not support them.)"


def place(match: Match, page: int | None) -> str:
    """Where a passage stands, for people."""
    plan = Plan(match.policy, match.plan_year).label if match.policy else "all plans"
    parts = [match.title, plan, f"page {page}" if page else "", match.section]
    return " · ".join(part for part in parts if part)


def _rendered(
    answer: Answer, shown: Callable[[str], str], link: Callable[[int], str], *, bold: str
) -> str:
    if answer.refused:
        return laid_out(refusal(answer), shown, bold)
    if answer.comparison:
        body = _table(answer, shown, link)
    else:
        previous: Iterable[Sentence | None] = (None, *answer.sentences)
        body = "".join(
            _sentence(sentence, before, shown, link)
            for sentence, before in zip(answer.sentences, previous, strict=False)
        ).strip()
    notes = [*answer.notes, *([removed_note(answer.removed)] if answer.removed else [])]
    return "\n\n".join([body, *map(shown, notes)])


def _sentence(
    sentence: Sentence,
    previous: Sentence | None,
    shown: Callable[[str], str],
    link: Callable[[int], str],
) -> str:
    cited = f"{shown(sentence.text)}{_links(sentence.citations, link)}"
    if previous is not None and previous.plan == sentence.plan:
        return f"\n- {cited}"
    label = f"**{shown(sentence.plan.label)}:** " if sentence.plan else ""
    return f"\n\n{label}{cited}\n" if previous is not None else f"{label}{cited}\n"


def _table(answer: Answer, shown: Callable[[str], str], link: Callable[[int], str]) -> str:
    plans = list(dict.fromkeys(answer.plans))
    topics = list(dict.fromkeys(sentence.topic for sentence in answer.sentences))
    labels = " | ".join(shown(plan.label) for plan in plans)
    rows = [f"| Benefit | {labels} |", "|---" * (len(plans) + 1) + "|"]
    for topic in topics:
        cells = [_cell(answer.sentences, topic, plan, shown, link) for plan in plans]
        rows.append(f"| **{shown(_capital(topic))}** | {' | '.join(cells)} |")
    return "\n".join(rows)


def _cell(
    sentences: Sequence[Sentence],
    topic: str,
    plan: Plan,
    shown: Callable[[str], str],
    link: Callable[[int], str],
) -> str:
    said = [
        f"{shown(s.text).replace('|', '/')}{_links(s.citations, link)}"
        for s in sentences
        if s.topic == topic and s.plan == plan
    ]
    return " ".join(said) or "not in the documents"


def _links(numbers: Sequence[int], link: Callable[[int], str]) -> str:
    return "".join(link(number) for number in numbers)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
