"""Question and passages -> messages, and the passages back out of a message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr, unescape

from prompts.library import prompt
from retrieval.documents import Match

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

NO_ANSWER = "NOT_IN_DOCUMENTS"
"""What a generator replies, and nothing else, when the passages do not answer."""

_QUOTE = {"&quot;": '"', "&apos;": "'"}
_PASSAGE = re.compile(r"<passage ([^>]*)>\n(.*?)\n</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)=(?:"([^"]*)"|\'([^\']*)\')')


@dataclass(frozen=True, slots=True)
class Passage:
    """A numbered passage as the generator sees it; ``plan`` is empty for documents of all plans."""

    number: int
    text: str
    title: str
    section: str
    plan: str


def messages(question: str, passages: Sequence[Match]) -> list["BaseMessage"]:
    """What the generator is given: the rules, then numbered passages and the question.

    Passages are fenced as data; nothing in them or in the question can close or open a fence.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    fenced = "\n".join(_fenced(number, match) for number, match in enumerate(passages, 1))
    return [
        SystemMessage(prompt("answer.system", no_answer=NO_ANSWER)),
        HumanMessage(prompt("answer.user", passages=fenced, question=escape(question))),
    ]


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
            )
        )
        end = block.end()
    question = content[end:].strip().removeprefix("Question:").strip()
    return unescape(question), passages


def _fenced(number: int, match: Match) -> str:
    attributes = {
        "number": str(number),
        "title": match.title,
        "section": match.section,
        "plan": match.policy or "",
        "year": str(match.plan_year or ""),
    }
    head = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<passage {head}>\n{escape(match.text)}\n</passage>"
