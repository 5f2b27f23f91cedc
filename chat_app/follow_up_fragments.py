"""A fragment ("and out of network?") put in its place in the question before. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat_app.answers import policy_label
from chat_app.plan_names import PlanNames
from chat_app.plan_topics import COMPARE
from chat_app.question_parts import WORD, Kind, Part, question_parts

_WHOLE_PLAN = re.compile(r"deductible|out[- ]of[- ]pocket|oop|premium", re.IGNORECASE)
"""Amounts of a plan as a whole; a copay belongs to a service."""
_PREPOSITION = re.compile(
    r"^(at|in|during|after|before|without|with|through|from|by|while|when|if|as|under|until|since"
    r"|outside|for|on|to|per|once|abroad|up)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^(?:after|before|once|until|if|when|without)\b", re.IGNORECASE)
_WITHOUT = re.compile(r"^without(?:\s+(?:it|them|that|one|any))?$", re.IGNORECASE)
_WITH = re.compile(r"\bwith\b", re.IGNORECASE)
_ME = re.compile(r"\b(?:me|myself)\b", re.IGNORECASE)
_ONES = re.compile(r"\bones?\b", re.IGNORECASE)
_END = " \t?.!,;"
_HEADS = frozenset(
    ["plan", "plans", "coverage", "insurance", "benefit", "benefits", "account", "program"]
)
"""What a fragment leaves out: "and vision?" after "the dental plan" is "the vision plan"."""
_OUTSIDE = re.compile(r"\b(?:out|non|outside|not)\b|n['’]t\b", re.IGNORECASE)
_LEADS: dict[Kind, str] = {"person": "for ", "year": "in "}


@dataclass
class _Rewriting:
    """The question before, with what is replaced in it and what is added at its end."""

    text: str
    also: bool = False
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def replace(self, start: int, end: int, words: str) -> None:
        self.edits.append((start, end, words))

    def add(self, words: str) -> None:
        self.added.append(words)

    def result(self) -> str:
        text = self.text
        for start, end, words in sorted(self.edits, reverse=True):
            text = text[:start] + words + text[end:]
        return question_of(" ".join([text.rstrip(_END), *self.added]))


def question_of(text: str) -> str:
    """The text as a question: a capital, one space between words, a question mark."""
    words = " ".join(text.split()).rstrip(_END)
    return f"{words[:1].upper()}{words[1:]}?"


def with_fragment(
    fragment: str, previous: str, names: PlanNames, *, led: bool, also: bool = False
) -> str:
    """The previous question, asked about what the fragment says instead.

    What the fragment names (a plan, year, network, person, amount or service) takes the place of
    what the question names of the same kind; where it names none, it is added.

    Args:
        fragment: without the words that lead to it.
        previous: a question that stands by itself.
        names: the names of the plans.
        led: "and" or "what about" went before; a thing that has no place in the question is then
            added to it, instead of asked about by itself.
        also: "too" went behind: my spouse comes beside me, not in my place.
    """
    if _WITHOUT.match(fragment) and _WITH.search(previous):
        return question_of(_WITH.sub("without", previous, count=1))
    new, old = question_parts(fragment, names), question_parts(previous, names)
    kinds = {part.kind for part in new}
    topics = [part for part in old if part.kind == "topic"]
    if is_comparison(previous, names) and kinds & {"amount", "topic"}:
        return _compared_in(fragment, previous, old)
    if "amount" in kinds and (topics or not _of(old, "amount") or _CONDITION.match(fragment)):
        return _amount_asked(fragment, previous, new, old)
    if "topic" in kinds and not topics and not led:
        return _asked_alone(fragment, previous, new, old)
    rewriting = _Rewriting(previous, also)
    for kind in ("amount", "network", "channel", "person", "plan", "year"):
        if kind in kinds:
            _replace(rewriting, kind, fragment, new, old, names)
    if "topic" in kinds or not kinds:
        _replace_topic(rewriting, fragment, new, old)
    return rewriting.result()


def with_plan(label: str, previous: str, names: PlanNames, topics: Sequence[str]) -> str:
    """The previous question asked of one of the plans that it compared or that were offered."""
    if is_comparison(previous, names):
        return question_of(f"What is the {' and '.join(topics)} on {label}")
    return with_fragment(label, previous, names, led=True)


def is_circumstance(fragment: str) -> bool:
    """Does the fragment say when or under which condition: "per visit", "before I pay it"?"""
    return _PREPOSITION.match(fragment) is not None


def is_comparison(question: str, names: PlanNames) -> bool:
    """Does the question set several named plans side by side?"""
    named = {mention.policy for mention in names.mentions(question)}
    return len(named) > 1 and COMPARE.search(question) is not None


def circumstances(text: str, parts: Sequence[Part], but: set[Kind]) -> str:
    """For whom, where, when and with which plan a question asks, as words to add to another.

    Args:
        text: the question.
        parts: its parts.
        but: kinds that are left out.
    """
    said: list[str] = []
    for kind in ("network", "person", "plan", "year"):
        words = "" if kind in but else _phrase(text, _of(parts, kind))
        if words:
            said.append(_led(kind, words))
    return "".join(f" {words}" for words in said)


def _of(parts: Sequence[Part], kind: Kind) -> list[Part]:
    return [part for part in parts if part.kind == kind]


def _phrase(text: str, parts: Sequence[Part]) -> str:
    """From the first to the last of neighbouring parts."""
    if not parts:
        return ""
    last = parts[0]
    for part in parts[1:]:
        if text[last.end : part.start].strip(" ,") not in {"", "and", "or", "and in"}:
            break
        last = part
    return text[parts[0].start : last.end]


def _led(kind: Kind, words: str) -> str:
    """The words with the preposition that they need at the end of a question."""
    if kind == "plan":
        return f"on {words}"
    if kind == "year" and not words[0].isdigit() and words[0] not in "'’":
        return words
    if kind == "person" and words.lower().startswith(("per ", "each ")):
        return words
    return f"{_LEADS.get(kind, '')}{words}"


def _replace(
    rewriting: _Rewriting,
    kind: Kind,
    fragment: str,
    new: Sequence[Part],
    old: Sequence[Part],
    names: PlanNames,
) -> None:
    words = _phrase(fragment, _of(new, kind))
    policies = {mention.policy for mention in names.mentions(fragment)}
    if kind == "plan" and len(policies) == 1:
        words = policy_label(policies.pop())
    if kind == "network":
        words = "out of network" if _OUTSIDE.search(words) else "in network"
    held = _of(old, kind)
    if not held:
        rewriting.add(_led(kind, words))
    elif kind == "plan" and is_comparison(rewriting.text, names):
        rewriting.replace(held[-1].end, held[-1].end, f" and {words}")
    else:
        phrase = _phrase(rewriting.text, held)
        if kind == "person" and rewriting.also and (me := _ME.search(phrase)):
            words = f"{me.group()} and {words}"
        led = rewriting.text[held[0].start : held[0].end].lower().startswith(("in ", "for "))
        words = _led(kind, words) if kind == "year" and led else words
        rewriting.replace(held[0].start, held[0].start + len(phrase), words)


def _replace_topic(
    rewriting: _Rewriting, fragment: str, new: Sequence[Part], old: Sequence[Part]
) -> None:
    topics, text = _of(new, "topic"), rewriting.text
    preposition = _PREPOSITION.match(fragment)
    word = preposition.group().lower() if preposition else ""
    target = _target(fragment, text, _of(old, "topic"))
    if not topics:
        if word:
            rewriting.add(fragment)
        return
    said = fragment[topics[0].start : topics[-1].end]
    if target is None:
        rewriting.add(f"{word or 'for'} {said}")
        return
    phrase = text[target.start : target.end]
    if set(WORD.findall(said.lower())) <= set(WORD.findall(phrase.lower())):
        return
    at = phrase.find(f" {word} ") if word else -1
    if at > 0:
        rewriting.replace(target.start + at, target.end, f" {word} {said}")
    elif word not in {"", "for", "to"} and said.split()[-1] != phrase.split()[-1]:
        rewriting.add(f"{word} {said}")
    else:
        ones = _ONES.search(fragment, topics[-1].end) is not None
        said = _with_noun(said, phrase, ones=ones)
        rewriting.replace(target.start, target.end, said)


def _with_noun(said: str, phrase: str, *, ones: bool) -> str:
    """The thing with the noun that it leaves to the question before, where it leaves one."""
    words = phrase.split()
    if ones:
        return f"{said} {' '.join(words[2:][-2:]) or words[-1]}"
    if words[-1] not in _HEADS or said.rsplit(maxsplit=1)[-1] in _HEADS:
        return said
    article = "the " if words[0] == "the" and not said.startswith("the ") else ""
    return f"{article}{said} {words[-1]}"


def _target(fragment: str, text: str, topics: Sequence[Part]) -> Part | None:
    """The topic that the fragment stands for: one with the same last word, else the longest."""
    words = WORD.findall(fragment.lower())
    asked = max(text.rstrip(_END).rfind(end) for end in ".?!") + 1
    last = [topic for topic in topics if topic.start >= asked] or list(topics)
    for topic in last:
        if words and text[topic.start : topic.end].lower().split()[-1] == words[-1]:
            return topic
    return max(last, key=lambda topic: _weight(text[topic.start : topic.end]), default=None)


def _weight(topic: str) -> tuple[bool, int]:
    """A thing weighs more than what is done with it ("approved"), a longer one more."""
    return " " in topic or not topic.endswith(("ed", "ing")), len(topic)


def _compared_in(fragment: str, previous: str, old: Sequence[Part]) -> str:
    """The same plans compared in something else."""
    things = [part for part in old if part.kind in {"amount", "topic"}]
    if not things:
        return question_of(f"{previous.rstrip(_END)}: {fragment}")
    first = things[0]
    together = previous[first.start :][: len(_phrase(previous, things))]
    said = re.sub(r"^(?:for|in|the)\s+", "", fragment, flags=re.IGNORECASE)
    start = first.start
    return question_of(previous[:start] + said + previous[start + len(together) :])


def _amount_asked(fragment: str, previous: str, new: Sequence[Part], old: Sequence[Part]) -> str:
    """A question for an amount where the one before asked for something else."""
    if _CONDITION.match(fragment):
        return question_of(f"{previous.rstrip(_END)} {fragment}")
    said = re.sub(r"^(?:for|the|my|a|and)\s+", "", fragment, flags=re.IGNORECASE)
    kinds = {part.kind for part in new}
    amount = _phrase(fragment, _of(new, "amount"))
    about = ""
    if "topic" not in kinds and not _WHOLE_PLAN.search(amount):
        target = _target("", previous, _of(old, "topic"))
        about = f" for {previous[target.start : target.end]}" if target else ""
    return question_of(f"What is the {said}{about}{circumstances(previous, old, kinds)}")


def _asked_alone(fragment: str, previous: str, new: Sequence[Part], old: Sequence[Part]) -> str:
    kinds = {part.kind for part in new}
    return question_of(f"{fragment}{circumstances(previous, old, kinds)}")
