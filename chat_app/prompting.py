"""Question and passages -> messages, and the passages back out of a message."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
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

_QUOTE = {"&quot;": '"', "&apos;": "'"}
_PASSAGE = re.compile(r"<passage ([^>]*)>\n(.*?)\n</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)=(?:"([^"]*)"|\'([^\']*)\')')


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage as the generator sees it.

    Attributes:
        number: from 1.
        plan: empty for documents of all plans.
        own_start: where its own text begins; before it stands the end of another passage, for
            context, which is not of its section.
    """

    number: int
    text: str
    title: str
    section: str
    plan: str
    own_start: int = 0


def messages(question: str, passages: Sequence[Match], rules: str = ANSWER) -> list["BaseMessage"]:
    """What the generator is given: the rules, then numbered passages and the question.

    Passages are fenced as data; nothing in them or in the question can close or open a fence.

    Args:
        question: as it was understood.
        passages: numbered from 1 in this order.
        rules: name of the prompt with the rules.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    return [SystemMessage(_rules(rules)), HumanMessage(_asked(question, passages))]


def within_budget(
    question: str,
    passages: Sequence[Match],
    budget: int,
    count: Callable[[str], int],
    rules: str = ANSWER,
) -> list[Match]:
    """The passages that fit a prompt of so many tokens, best first; each whole or not at all.

    Args:
        question: as it was understood.
        passages: best first.
        budget: tokens of the whole prompt.
        count: tokens of a text.
        rules: name of the prompt with the rules.
    """
    left = budget - count(_rules(rules)) - count(_asked(question, ()))
    kept: list[Match] = []
    for match in passages:
        weight = count(_fenced(len(kept) + 1, match))
        if weight <= left:
            kept.append(match)
            left -= weight
    return kept


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
                own_start=int(attributes["begins_at"]),
            )
        )
        end = block.end()
    question = content[end:].strip().removeprefix("Question:").strip()
    return unescape(question), passages


def _rules(name: str) -> str:
    return prompt(name, no_answer=NO_ANSWER)


def _asked(question: str, passages: Sequence[Match]) -> str:
    fenced = "\n".join(_fenced(number, match) for number, match in enumerate(passages, 1))
    return prompt("answer.user", passages=fenced, question=escape(question))


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
