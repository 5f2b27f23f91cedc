"""A cheap screen of passages: which of their sentences could speak to an assistant (pure)."""

import re

from chat_app.guards.prompt_attacks_cues import CUES
from chat_app.guards.prompt_attacks_text import readings

_REPLY = r"(?:reply|replies|response|answer|output|summary|completion|generated text|message)"
_FOR_MACHINES = "|".join(
    f"(?:{CUES[name]})"
    for name in (
        "override",
        "drop the text",
        "override, other languages",
        "reveal, other languages",
        "system prompt",
        "delimiters",
        "exfiltration",
        "run together",
    )
)
_SCREEN = re.compile(
    rf"{_FOR_MACHINES}"
    rf"|\b(?:your|each|every|the) (?:\w+ ){{0,2}}{_REPLY}\w*\b"
    r"|\b(?:ai|a\.i\.|assistant|chat ?bot|bot|language model|llm|gpt|chatgpt)\b"
    r"|\b(?:when|if|whenever)(?: you are| you're| a user| the user| anyone| someone|"
    r" they)? asks?(?:ed)?\b"
    r"|\b(?:tell|inform|ask|remind|convince|to) (?:the|any|every|all) (?:users?|readers?)\b"
    r"|\b(?:the )?users?(?:'s)? (?:question|query|request|asks?|has been verified)\b"
    r"|\b(?:from now on|you are now|you must recommend|instead of answering|do not (?:tell|"
    r"mention|reveal))\b"
    r"|\b(?:conversation|chat history|this instruction|new instructions|new task|your task)\b"
    r"|\b(?:write|compose|draft|develop|create|provide|tell|generate|"
    r"give)(?: me)? an? (?:\w+ ){0,2}"
    r"(?:poem|story|stories|song|joke|limerick|essay|speech|rap|haiku|function|script|program|"
    r"fairy tale)\b"
    r"|\b(?:obige\w*|anterior|ci-dessus|asistente|assistente|assistent)\b"
)
_SENTENCE = re.compile(r"(?:!(?=\[))?[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")
_LONGEST = 400
"""Characters of a sentence that are judged at once; longer runs are lists and tables."""


def suspects(passage: str) -> list[str]:
    """Sentences that could be meant for an assistant, plain; none in nearly all passages."""
    found: dict[str, None] = {}
    visible, *hidden = readings(passage)
    if _SCREEN.search(visible.lower()):
        for line in passage.split("\n"):
            for sentence in _SENTENCE.findall(readings(line)[0]):
                _note(sentence, found)
    for reading in hidden:
        _note(reading, found)
    return list(found)


def _note(sentence: str, found: dict[str, None]) -> None:
    match = _SCREEN.search(sentence.lower())
    if match is not None:
        start = max(0, min(match.start() - _LONGEST // 4, len(sentence) - _LONGEST))
        found[sentence[start : start + _LONGEST].strip()] = None
