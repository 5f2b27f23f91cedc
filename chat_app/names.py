"""Names in a sentence that its passages do not hold. Pure functions."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from chat_app.evidence import Evidence
from retrieval.keywords import STOP_WORDS, stem


def foreign_names(sentence: str, evidence: Sequence[Evidence]) -> list[str]:
    """Names in the sentence, of plans, places or firms, that the passages do not hold.

    A name is a run of capitalised words behind the first word of the sentence; an abbreviation
    and the words that it stands for are one.
    """
    if not evidence:
        return []
    held = "\n".join(f"{e.head}\n" + "\n".join(u.text for u in e.units) for e in evidence)
    lower = _NAME_WORD.findall(held.replace("_", " ").lower())
    known = set(map(stem, lower))
    pairs = set(pairwise(lower))
    initials = {
        "".join(w[0] for w in lower[i : i + n]) for n in (2, 3, 4) for i in range(len(lower))
    }
    found = []
    for run in _runs(sentence):
        words = [word for word in run if word not in STOP_WORDS and stem(word) not in known]
        apart = any(pair not in pairs for pair in pairwise(run) if _PLAN_WORDS & set(run))
        if "".join(word[0] for word in run) in lower or (
            all(w in initials for w in words) and words
        ):
            continue
        if words or apart:
            found.append(" ".join(run))
    return found


def _runs(sentence: str) -> Iterator[list[str]]:
    """Runs of capitalised words, lower case; the first word of what opens a sentence left out."""
    for match in _RUN.finditer(sentence.replace("_", " ")):
        words = _NAME_WORD.findall(match.group())
        opens = _OPENING.search(sentence[: match.start()]) is not None
        if opens and not _PLAN_WORDS & {words[0].lower()}:
            words = words[1:]
        if words:
            yield [word.lower() for word in words]


_NAME_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"\b[A-Z][^\W\d_]+(?: [A-Z][^\W\d_]+)*")
_OPENING = re.compile(r"(?:^|[.:;?!|(\"“-])\s*$")
_PLAN_WORDS = frozenset(
    [
        "ppo",
        "hmo",
        "epo",
        "pos",
        "hdhp",
        "hsa",
        "plan",
        "plus",
        "select",
        "saver",
        "standard",
        "basic",
        "premier",
        "choice",
        "bronze",
        "silver",
        "gold",
        "platinum",
        "catastrophic",
    ]
)
