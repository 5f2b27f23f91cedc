"""Question and passages -> messages, and the passages back out of a message."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr, unescape

from prompts.library import prompt
from retrieval.documents import Match

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

NO_ANSWER = "NOT_IN_DOCUMENTS"
"""What a generator replies, and nothing else, when the passages do not answer."""
ANSWER = "answer.system"
"""The rules for an answer in sentences."""
COMPARISON = "compare.system"
"""The rules for a cell of a comparison."""
REPAIR = "repair.system"
"""The rules for a second attempt, shorter: a sentence to copy with its number in front."""
MAX_FAILED = 4
"""Sentences that a second attempt is told of."""
MAX_FAILED_CHARACTERS = 300
"""Of each of them, and of the reasons beside it."""

_QUOTE = {"&quot;": '"', "&apos;": "'"}
_PASSAGE = re.compile(r"<passage ([^>]*)>\n(.*?)\n</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)=(?:"([^"]*)"|\'([^\']*)\')')
_QUESTION = re.compile(r"^Question:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage as the generator sees it.

    Attributes:
        number: from 1.
        plan: empty for documents of all plans.
        year: of the plan; None for documents of every year.
        own_start: where its own text begins; before it stands the end of another passage, for
            context, which is not of its section.
    """

    number: int
    text: str
    title: str
    section: str
    plan: str
    year: int | None = None
    own_start: int = 0


class Failed(NamedTuple):
    """A sentence that may not be shown, and why."""

    text: str
    reasons: tuple[str, ...]


def messages(
    question: str,
    passages: Sequence[Match],
    rules: str = ANSWER,
    failed: Sequence[Failed] = (),
) -> list["BaseMessage"]:
    """What the generator is given: the rules, then numbered passages and the question.

    Passages are fenced as data; nothing in them or in the question can close or open a fence.

    Args:
        question: as it was understood.
        passages: numbered from 1 in this order.
        rules: name of the prompt with the rules.
        failed: sentences of an earlier attempt that are not to be written again.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    return [SystemMessage(_rules(rules)), HumanMessage(_asked(question, passages, failed))]


def within_budget(
    question: str,
    passages: Sequence[Match],
    budget: int,
    count: Callable[[str], int],
    rules: str = ANSWER,
    failed: Sequence[Failed] = (),
) -> list[Match]:
    """The passages that fit a prompt of so many tokens, best first; each whole or not at all.

    Args:
        question: as it was understood.
        passages: best first.
        budget: tokens of the whole prompt.
        count: tokens of a text.
        rules: name of the prompt with the rules.
        failed: sentences of an earlier attempt.
    """
    left = budget - count(_rules(rules)) - count(_asked(question, (), failed))
    kept: list[Match] = []
    for match in passages:
        weight = count(_fenced(len(kept) + 1, match))
        if weight <= left:
            kept.append(match)
            left -= weight
    return kept


def shown(passages: Sequence[Match]) -> str:
    """Passages as a model reads them, numbered and fenced as data."""
    return "\n".join(_fenced(number, match) for number, match in enumerate(passages, 1))


def read_passages(content: str) -> tuple[str, list[Passage]]:
    """The question and the passages of a message that ``messages`` made."""
    passages = []
    end = 0
    for block in _PASSAGE.finditer(content):
        attributes = {
            name: unescape(double or single, _QUOTE)
            for name, double, single in _ATTRIBUTE.findall(block.group(1))
        }
        passages.append(
            Passage(
                number=int(attributes["number"]),
                text=unescape(block.group(2)),
                title=attributes["title"],
                section=attributes["section"],
                plan=attributes["plan"],
                year=int(attributes["year"]) if attributes["year"] else None,
                own_start=int(attributes["begins_at"]),
            )
        )
        end = block.end()
    asked = _QUESTION.search(content, end)
    question = content[asked.end() if asked else end :].strip()
    return unescape(question), passages


def _rules(name: str) -> str:
    return prompt(name, no_answer=NO_ANSWER)


def _asked(question: str, passages: Sequence[Match], failed: Sequence[Failed]) -> str:
    fenced = shown(passages)
    if not failed:
        return prompt("answer.user", passages=fenced, question=escape(question))
    named = "\n".join(map(_named, failed[:MAX_FAILED]))
    return prompt("repair.user", passages=fenced, failed=named, question=escape(question))


def _named(failed: Failed) -> str:
    """One line, so that nothing in it can pass for the question."""
    said, why = (" ".join(text.split()) for text in (failed.text, "; ".join(failed.reasons)))
    line = f"- {said[:MAX_FAILED_CHARACTERS]} ({why[:MAX_FAILED_CHARACTERS]})"
    return escape(line)


def _fenced(number: int, match: Match) -> str:
    attributes = {
        "number": str(number),
        "title": match.title,
        "section": match.section,
        "plan": match.policy or "",
        "year": str(match.plan_year or ""),
        "begins_at": str(match.own_start - match.start),
    }
    head = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<passage {head}>\n{escape(match.text)}\n</passage>"
