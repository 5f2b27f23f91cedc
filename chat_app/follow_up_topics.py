"""The topic of a question replaced by what a fragment names. Pure functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat_app.follow_up_grammar import END, agreeing, is_place, question_of, subordinate
from chat_app.follow_up_things import OF_A_THING, only_aspects
from chat_app.follow_up_words import is_aspect
from chat_app.question_parts import WORD, Part

_PREPOSITION = re.compile(
    r"^(at|in|during|after|before|without|with|through|from|by|while|when|if|as|under|until|since"
    r"|outside|for|on|to|towards?|per|once|twice|abroad|up)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(at|in|during|after|before|from|by|while|as|under|until|since|outside)\s+$", re.IGNORECASE
)
_DOING = re.compile(r"\b(to|i|we|you)\s+$", re.IGNORECASE)
_NOUN = re.compile(r"\b(?:the|a|an|my|our|new)\s\w")
_ONES = re.compile(r"\bones?\b", re.IGNORECASE)
_ANY_OTHER = re.compile(r"(?:any |some |every |all )?(?:other )?$", re.IGNORECASE)
_HEADS = frozenset(
    ["plan", "plans", "coverage", "insurance", "benefit", "benefits", "account", "program"]
)
"""What a fragment leaves out: "and vision?" after "the dental plan" is "the vision plan"."""
_ACCOUNT = re.compile(r"\b(?:hsa|fsa|hra|account|program)s?$", re.IGNORECASE)
"""Pays for another thing, in whose place what is named next comes."""
_SOURCE = re.compile(r"\s(?:from|out\s+of|through)\s", re.IGNORECASE)
"""Stands before whence a thing is, which stays: "glasses from my HSA"."""
_MANNER = re.compile(
    r"(?:an?\s+|the\s+)?(?:first|follow-?up|group|individual|initial|online|phone|single|video"
    r"|virtual)\s+(?:appointment|session|visit)s?",
    re.IGNORECASE,
)
"""How something is got that was spoken of: "a group session", of a therapist."""
_LETTERS = re.compile(r"(?:(?:the|a|an|my)\s+)?[A-Z]{2,5}(?:\s+(?P<noun>[a-z]+))?")
"""A thing known by its letters, perhaps with a noun."""


@dataclass
class Rewriting:
    """The question before, with what is replaced in it and what is added at its end."""

    text: str
    also: bool = False
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def replace(self, start: int, end: int, words: str) -> None:
        """Put the words in the place of what stands from ``start`` to ``end``."""
        self.edits.append((start, end, words))

    def add(self, words: str) -> None:
        """Put the words at the end."""
        self.added.append(words)

    def result(self) -> str:
        """The question with all that was replaced and added."""
        text = self.text
        for start, end, words in sorted(self.edits, reverse=True):
            text = text[:start] + words + text[end:]
        return question_of(" ".join([text.rstrip(END), *self.added]))


def replace_topic(
    rewriting: Rewriting, fragment: str, new: Sequence[Part], old: Sequence[Part]
) -> None:
    """Put what the fragment is about in its place in the question before.

    Args:
        rewriting: of the question before.
        fragment: without the words that lead to it.
        new: parts of the fragment.
        old: parts of the question.
    """
    topics = [part for part in new if part.kind == "topic"]
    if not topics:
        if is_circumstance(fragment):
            rewriting.add(fragment)
        return
    said = fragment[topics[0].start : topics[-1].end]
    word = _preposition(fragment, topics[0].start)
    target = target_of(fragment, rewriting.text, [part for part in old if part.kind == "topic"])
    if target is None:
        rewriting.add(f"{word or 'for'} {said}")
        return
    whole, target = target, _what_is_asked_of(rewriting.text, target, said)
    held = rewriting.text[target.start : target.end]
    # "How long do I have to send in a claim for a hospital stay": what is done stays.
    done_for_it = word == "for" and only_aspects(WORD.findall(held))
    if done_for_it or (target == whole and _MANNER.fullmatch(said)):
        rewriting.add(f"{word or 'for'} {said}")
        return
    if set(WORD.findall(said.lower())) <= set(WORD.findall(held.lower())):
        return
    said = _with_noun_of_letters(said, held)
    if word and (other := _ANY_OTHER.search(fragment[: topics[0].start])):
        said = f"{other.group()}{said}"
    if not _placed(rewriting, word, said, target):
        ones = _ONES.search(fragment, topics[-1].end)
        _replace_thing(rewriting, _with_noun(said, held, ones) if ones else said, target, old)


def is_circumstance(fragment: str) -> bool:
    """Does the fragment say when or under which condition: "per visit", "before I pay it"?"""
    return _PREPOSITION.match(fragment) is not None


def target_of(fragment: str, text: str, topics: Sequence[Part]) -> Part | None:
    """The topic that the fragment stands for: one with the same last word, else the longest.

    Args:
        fragment: a fragment, "" for the topic that weighs most.
        text: the question before.
        topics: the topics of that question.
    """
    words = WORD.findall(fragment.lower())
    asked = max(text.rstrip(END).rfind(end) for end in ".?!") + 1
    last = [topic for topic in topics if topic.start >= asked] or list(topics)
    for topic in last:
        if words and text[topic.start : topic.end].lower().rsplit(maxsplit=1)[-1] == words[-1]:
            return topic
    if held := subordinate(text.rstrip(END)):
        last = [topic for topic in last if topic.end <= held.start()] or last
    last = [topic for topic in last if not _ACCOUNT.search(text, 0, topic.end)] or last
    return max(last, key=lambda topic: _weight(text[topic.start : topic.end]), default=None)


def _weight(topic: str) -> tuple[bool, int]:
    """A thing weighs more than what is done with it ("approved"), a longer one more."""
    return " " in topic or not topic.endswith(("ed", "ing")), len(topic)


def _preposition(fragment: str, topic: int) -> str:
    """The preposition before the topic that begins there, else the one that begins the fragment."""
    found = _BEFORE.search(fragment[:topic]) or _PREPOSITION.match(fragment)
    return found.group(1).lower() if found else ""


def _what_is_asked_of(text: str, topic: Part, said: str) -> Part:
    """Of "prior authorization for an MRI", the MRI: another scan takes its place alone.

    Of "a single visit with a therapist", the visit, where a session takes its place.
    """
    held = text[topic.start : topic.end]
    for found in OF_A_THING.finditer(held):
        if only_aspects(WORD.findall(held[: found.start()])) and not is_aspect(said):
            return Part("topic", topic.start + found.end(), topic.end)
        if held[0].isupper() and topic.start and not said[0].isupper():
            return Part("topic", topic.start + found.end(), topic.end)  # of a name, that is kept
        if _head_is_aspect(held[: found.start()]) and _head_is_aspect(said):
            return Part("topic", topic.start, topic.start + found.start())
    if (source := _SOURCE.search(held)) and not _SOURCE.search(said):
        return Part("topic", topic.start, topic.start + source.start())
    return topic


def _head_is_aspect(noun: str) -> bool:
    """Of "a one-on-one visit" and "group sessions", which are of something, it is."""
    words = WORD.findall(noun.lower())
    aspects = [word == "visit" or is_aspect(word) for word in words]
    return len(words) > 1 and aspects[-1] and not all(aspects)


def _placed(rewriting: Rewriting, word: str, said: str, target: Part) -> bool:
    """Put "in Canada" in the place of "in Spain", or beside what is no place."""
    text = rewriting.text
    held = text[target.start : target.end]
    at = held.find(f" {word} ") if word else -1
    if word and text[: target.start].lower().endswith(f" {word} "):
        rewriting.replace(target.start, target.end, said)
    elif is_place(text, target):
        rewriting.add(f"{word or 'for'} {said}")
    elif at > 0:
        rewriting.replace(target.start + at, target.end, f" {word} {said}")
    elif (
        word not in {"", "for", "to"} and said.rsplit(maxsplit=1)[-1] != held.rsplit(maxsplit=1)[-1]
    ):
        rewriting.add(f"{word} {said}")
    else:
        return False
    return True


def _replace_thing(rewriting: Rewriting, said: str, target: Part, old: Sequence[Part]) -> None:
    """A thing in the place of another, or of what is done: "add my newborn" and "a divorce"."""
    text = rewriting.text
    doing = _DOING.search(text[: target.start])
    if doing is None:
        said = _with_noun(said, text[target.start : target.end], None)
        rewriting.replace(0, target.start, agreeing(text[: target.start], said))
        rewriting.replace(target.start, target.end, said)
    elif noun := _NOUN.search(text, target.start, target.end):
        rewriting.replace(noun.start(), target.end, said)
    elif doing.group(1).lower() == "to":
        kept = [part.start for part in old if part.kind in {"plan", "year"}]
        end = min((start for start in kept if start > target.end), default=len(text))
        rewriting.replace(doing.start(1), end, f"for {said}")
    else:
        rewriting.add(f"for {said}")


def _with_noun_of_letters(said: str, held: str) -> str:
    """The thing with the noun of another: "a CT" after "a PET scan" is "a CT scan"."""
    new, old = _LETTERS.fullmatch(said), _LETTERS.fullmatch(held)
    return f"{said} {old['noun']}" if new and old and old["noun"] and not new["noun"] else said


def _with_noun(said: str, held: str, ones: re.Match[str] | None) -> str:
    """The thing with the noun that it leaves to the question before, where it leaves one."""
    words = held.split()
    if ones:
        kind = said.rpartition("-")[2]
        kept = [word for word in words[2:][-2:] if not word.endswith(f"-{kind}")]
        noun = " ".join(kept) or words[-1]
        return f"{said} {noun}{'s' if ones.group().endswith('s') and noun[-1] != 's' else ''}"
    names_all = len(WORD.findall(said)) > 1 and not said.startswith("the ")
    if words[-1] not in _HEADS or said.rsplit(maxsplit=1)[-1] in _HEADS or names_all:
        return said
    article = "the " if words[0] == "the" and not said.startswith("the ") else ""
    return f"{article}{said} {words[-1]}"
