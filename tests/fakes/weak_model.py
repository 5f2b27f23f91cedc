"""A chat model as weak as a small one: half of its sentences are uncited, badly cited or false."""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from chat_app.generation.quotes import row_as_prose
from chat_app.prompting import REPAIR, Passage, read_passages
from prompts.library import prompt
from retrieval.keywords import terms
from retrieval.sentences import is_row, sentences

Kind = Literal["right", "uncited", "wrong citation", "figure", "negation", "plan", "invented"]
FALSE: frozenset[Kind] = frozenset({"figure", "negation", "plan", "invented"})
WRONG: tuple[Kind, ...] = ("uncited", "wrong citation", "figure", "negation", "plan", "invented")
PLANS = ("PPO Plus", "HMO Select", "HDHP Saver")
MISBEHAVIOURS = 0.12
"""Share of replies that are no answer at all."""

_INVENTED = (
    "Gym memberships are reimbursed up to $7,300 every year for all members.",
    "Massage therapy is free of charge for the whole family at any spa.",
    "The plan pays a cash bonus of $9,410 to each member who quits smoking.",
    "Cosmetic surgery is covered at 87% after a waiting period of 41 months.",
)
_NEGATIONS = (
    (r"\b(is|are|do|does|will|must|can) not\b", r"\1"),
    (r"\b([Nn])ot covered\b", "Covered"),
    (r"\b[Nn]o (charge|copay|deductible|referral|cost|limit)\b", r"a \1"),
    (r"\bwithout\b", "with"),
    (r"\b(is|are|will|must|can) (?!not|no\b)(?=[a-z])", r"\1 not "),
    (r": Covered\b", ": Not covered"),
)
_ITEM = re.compile(r"^(?:[-*•]|\d{1,2}[.)]|\d\.\d)\s+")
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_JSON = '\\"'


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence that the model wrote, and how."""

    text: str
    kind: Kind

    @property
    def is_false(self) -> bool:
        return self.kind in FALSE


class WeakModel(BaseChatModel):
    """Writes over any prompt of ``chat_app.prompting``; the same prompt and seed, the same reply.

    Attributes:
        plans: names of plans that it mixes up.
        written: every sentence that it wrote so far.
        attempts: prompts that it was given, by the name of their rules: first or second.
    """

    seed: int = 0
    plans: Sequence[str] = PLANS
    written: list[Written] = Field(default_factory=list)
    attempts: list[Literal["first", "second"]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "weak"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(self._reply(messages)))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages)
        read = sum(len(str(message.content).split()) for message in messages)
        for at in range(0, len(reply), 9):
            yield ChatGenerationChunk(message=AIMessageChunk(content=reply[at : at + 9]))
        used = UsageMetadata(input_tokens=read, output_tokens=len(reply.split()), total_tokens=read)
        yield ChatGenerationChunk(message=AIMessageChunk(content="", usage_metadata=used))

    def _reply(self, messages: list[BaseMessage]) -> str:
        system, asked = (str(message.content) for message in messages)
        repairs = system.startswith(prompt(REPAIR, no_answer="").splitlines()[0])
        self.attempts.append("second" if repairs else "first")
        chance = random.Random(f"{self.seed}\n{system}\n{asked}")  # noqa: S311 - a fake
        question, passages = read_passages(asked)
        if chance.random() < MISBEHAVIOURS:
            return self._misbehaves(system, passages, chance)
        chosen = _likest(question, passages)[: chance.randint(2, 4)]
        said = [self._sentence(text, passage, passages, chance) for text, passage in chosen]
        self.written += [Written(text, kind) for text, _, kind in said]
        return chance.choice(_FORMATS)([(text, number) for text, number, _ in said])

    def _misbehaves(self, system: str, passages: Sequence[Passage], chance: random.Random) -> str:
        invented = chance.choice(_INVENTED)
        match chance.choice(("empty", "parrot", "endless", "markup")):
            case "empty":
                return ""
            case "parrot":
                return system
            case "endless":
                self.written.append(Written(invented, "invented"))
                return f"{invented} [{len(passages)}] " * 400
            case _:
                return "".join(f'<passage number="{p.number}">\n</passage>\n' for p in passages)

    def _sentence(
        self, text: str, passage: Passage, passages: Sequence[Passage], chance: random.Random
    ) -> tuple[str, int | None, Kind]:
        """What it makes of a sentence, the passage that it cites, and what it did to it."""
        kind: Kind = "right" if chance.random() < 0.5 else chance.choice(WRONG)
        if kind in FALSE:
            false = self._made_false(kind, text, passage, chance)
            if any(_squeezed(false) in _squeezed(p.text) for p in passages):
                kind, false = "invented", chance.choice(_INVENTED)
            return false, passage.number, kind
        if kind == "wrong citation":
            numbers = [p.number for p in passages if _squeezed(text) not in _squeezed(p.text)]
            return text, chance.choice([*numbers, len(passages) + 1]), kind
        return text, (None if kind == "uncited" else passage.number), kind

    def _made_false(self, kind: Kind, text: str, passage: Passage, chance: random.Random) -> str:
        """The sentence with one thing made false; as it is where that cannot be done."""
        if kind == "figure":
            return _other_figure(text, passage.text, chance)
        if kind == "negation":
            return _negated(text)
        others = [name for name in self.plans if name.lower() not in _plan_words(passage)]
        if kind == "plan" and passage.plan and others:
            return f"With {chance.choice(others)}, {text[0].lower()}{text[1:]}"
        return text


def _likest(question: str, passages: Sequence[Passage]) -> list[tuple[str, Passage]]:
    """Sentences and rows that share most words with the question, in one sentence each."""
    asked = set(terms(question))
    found: list[tuple[int, str, Passage]] = []
    for passage in passages:
        own = passage.text[passage.own_start :]
        for span in sentences(own):
            unit = _ITEM.sub("", " ".join(own[span.start : span.end].split()))
            said = row_as_prose(unit) if is_row(unit) else unit
            if len(terms(said)) >= 4 and len(sentences(said)) == 1 and said[-1] not in ":?":
                found.append((len(asked & set(terms(said))), said, passage))
    found.sort(key=lambda one: -one[0])
    return list({said: (said, passage) for _, said, passage in found}.values())


def _other_figure(text: str, passage: str, chance: random.Random) -> str:
    figures = list(re.finditer(r"\d[\d,.]*\d|\d", text))
    if not figures:
        return text
    figure = chance.choice(figures)
    digits = figure.group()
    for first in chance.sample(range(1, 10), 9):
        new = f"{first}{digits[1:]}"
        if new not in passage and new != digits:
            return text[: figure.start()] + new + text[figure.end() :]
    return text


def _negated(text: str) -> str:
    for pattern, new in _NEGATIONS:
        if re.search(pattern, text):
            return re.sub(pattern, new, text, count=1)
    return text


def _plan_words(passage: Passage) -> str:
    named = f"{passage.plan} {passage.title} {passage.section} {passage.text}"
    return named.replace("_", " ").lower()


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", " ", text).lower().strip()


Said = Sequence[tuple[str, int | None]]
Format = Callable[[Said], str]


def _each(said: Said, cited: str, between: str = " ", *, stop_last: bool = False) -> str:
    """Each sentence with its number in ``cited``; ``stop_last`` puts the full stop behind it."""
    lines = []
    for text, number in said:
        end = text[-1] if stop_last and text[-1] in ".!?" else ""
        bare = text.removesuffix(end)
        lines.append(cited.format(text=bare, number=number) + end if number else text)
    return between.join(lines)


def _as_json(said: Said) -> str:
    items = [{"sentence": text, "passage": number} for text, number in said]
    return f"```json\n{json.dumps(items, indent=1)}\n```"


def _raised(said: Said) -> str:
    return " ".join(f"{text}{str(number or '').translate(_SUPERSCRIPT)}" for text, number in said)


_FORMATS: tuple[Format, ...] = (
    # Half of its replies have the form that the rules ask for.
    *(lambda said: _each(said, "{text} [{number}]", stop_last=True),) * 10,
    lambda said: _each(said, "{text} ({number})"),
    lambda said: _each(said, "{text} [Passage {number}]", stop_last=True),
    lambda said: _each(said, "{text} 【{number}†source】"),
    lambda said: _each(said, "[{number}] {text}", "\n"),
    lambda said: _each(said, "{text}\n[{number}]", "\n\n"),
    lambda said: _each(said, "- **{text}** (passage {number})", "\n"),
    lambda said: _each(said, "According to passage {number}, {text}"),
    lambda said: _each(said, "{text} Source: {number}", "\n"),
    _as_json,
    _raised,
)
