"""What a sentence swaps that otherwise repeats one of the passages. Pure functions."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from chat_app.evidence import Unit
from chat_app.lexing import DENIED, EITHER, Token
from chat_app.values import same

_DENIALS = {DENIED, EITHER}
MIN_SHARED = 0.8
"""Share of a sentence's words from which it repeats a sentence of the passages."""


def swaps(sentence: Sequence[Token], units: Sequence[Unit]) -> list[str]:
    """What stands in the place of something else, when all that it repeats is so; for a reader."""
    words = [token.said for token in sentence if token.kind == "word"]
    shares = [(_shared(words, held), held) for unit in units for held in unit.lexed]
    best = max((share for share, _ in shares), default=0.0)
    if best < MIN_SHARED:
        return []
    alike = [held for share, held in shares if share >= best - 0.02]
    shortest = min(map(len, alike))
    found = [list(_swapped(h, sentence)) for h in alike if len(h) <= 1.3 * shortest]
    return min(found, key=len)


def _shared(words: Sequence[str], held: Sequence[Token]) -> float:
    known = {token.said for token in held if token.kind == "word"}
    return sum(word in known for word in words) / len(words) if words else 0.0


def _swapped(held: Sequence[Token], said: Sequence[Token]) -> Iterator[str]:
    matcher = SequenceMatcher(
        None, [(t.kind, t.said) for t in held], [(t.kind, t.said) for t in said], autojunk=False
    )
    words = sum(token.kind == "word" for token in said)
    repeated = sum(
        token.kind == "word"
        for start, size in ((block.b, block.size) for block in matcher.get_matching_blocks())
        for token in said[start : start + size]
    )
    if repeated < MIN_SHARED * words:
        return
    denials = 0
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        theirs, ours = held[a:b], said[c:d]
        for group in sorted({t.kind for t in theirs} & {t.kind for t in ours} - {"word", "mark"}):
            left = [t for t in theirs if t.kind == group]
            right = [t for t in ours if t.kind == group]
            if not _alike(left, right):
                yield f"{_named(right)} where the passage says {_named(left)}"
        if len(theirs) + len(ours) <= 2:
            denials += sum(t.said in _DENIALS for t in (*theirs, *ours))
    if denials % 2:
        yield "a denial is dropped or added"


def _named(tokens: Sequence[Token]) -> str:
    return " and ".join(str(token.value) if token.value else token.said for token in tokens)


def _alike(left: Sequence[Token], right: Sequence[Token]) -> bool:
    """Are facets the same; are values the same, or of different kinds?"""
    if left[0].value is None:
        return [t.said for t in left] == [t.said for t in right]
    ours = [token.value for token in right if token.value]
    theirs = [token.value for token in left if token.value]
    if {value.kind for value in ours}.isdisjoint({value.kind for value in theirs}):
        return True
    return all(any(same(value, other) for other in theirs) for value in ours)
