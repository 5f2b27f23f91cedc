"""A follow-up -> a question that can be understood, searched and checked by itself."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from chat_app.answers import Turn
from chat_app.errors import GenerationError
from chat_app.generation.streaming import stream_text
from chat_app.values import values
from prompts.library import prompt
from retrieval.keywords import terms
from retrieval.usage import Meter

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

TURNS = 3
"""Latest turns that are read: what a follow-up leaves out was said just before."""
MAX_ANSWER = 500
"""Characters of an answer that are read."""
MAX_LENGTH = 400
"""Characters of a rewritten question; a longer reply is none."""
MIN_KNOWN = 0.8
"""Least share of the rewritten question's words that the conversation holds."""

_MARKER = re.compile(r"\[\d+\]")
_LABEL = re.compile(r"^(?:(?:rewritten |standalone )?question|message):\s*", re.IGNORECASE)


def standalone_question(
    model: "BaseChatModel", question: str, turns: Sequence[Turn], meter: Meter
) -> str:
    """The question as it stands without the conversation, rewritten by a language model.

    What the model replies is used only when it is a question made of the words, plans and figures
    of the conversation; otherwise, and when the model fails, the question stays as it was.

    Args:
        model: rewrites.
        question: the latest message.
        turns: the conversation before it.
        meter: counts the model's tokens.
    """
    from langchain_core.messages import HumanMessage, SystemMessage

    if not turns:
        return question
    said = "\n".join(_shown(turn) for turn in turns[-TURNS:])
    asked = prompt("standalone.user", turns=escape(said), question=escape(question))
    messages = [SystemMessage(prompt("standalone.system")), HumanMessage(asked)]
    reply = ""
    try:
        for piece in stream_text(model, messages, meter):
            reply += piece
            if len(reply) > 2 * MAX_LENGTH:
                break
    except GenerationError:
        return question
    rewritten = _LABEL.sub("", reply.strip().strip('"“”').strip())
    return rewritten if _is_faithful(rewritten, f"{said}\n{question}") else question


def _shown(turn: Turn) -> str:
    return f"Member: {turn.question}\nAnswer: {turn.answer[:MAX_ANSWER]}"


def _is_faithful(rewritten: str, conversation: str) -> bool:
    words = terms(rewritten)
    if not words or "\n" in rewritten or len(rewritten) > MAX_LENGTH or _MARKER.search(rewritten):
        return False
    known = set(terms(conversation))
    share = sum(word in known for word in words) / len(words)
    return share >= MIN_KNOWN and set(values(rewritten)) <= set(values(conversation))
