"""Which sentences of the passages answer the question."""

from collections import Counter
from dataclasses import dataclass
from math import log

from tests.doubles.bedrock.prompt_reading import Passage, Prompt
from tests.doubles.bedrock.words import content_stems

_MOST = 3
_SHARE_OF_BEST = 0.8  # a sentence that scores less than this beside the best one adds noise


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence and the passage that it is from."""

    sentence: str
    passage: Passage


def best_quotes(prompt: Prompt) -> list[Quote]:
    """One to three sentences that share most, and the rarest, words with the question.

    Returns:
        The quotes in the order of the passages; none when no sentence shares a word.
    """
    quotes = [Quote(text, passage) for passage in prompt.passages for text in passage.sentences]
    wanted = content_stems(prompt.question)
    held = [content_stems(quote.sentence) for quote in quotes]
    counts = Counter(stem for stems in held for stem in stems)
    scores = [
        sum(log(1 + len(quotes) / counts[stem]) for stem in sorted(stems & wanted))
        for stems in held
    ]
    best = max(scores, default=0.0)
    if best <= 0:
        return []
    ranked = sorted(range(len(quotes)), key=lambda place: (-scores[place], place))
    chosen = [place for place in ranked if scores[place] >= _SHARE_OF_BEST * best][:_MOST]
    return _without_repeats([quotes[place] for place in sorted(chosen)])


def _without_repeats(quotes: list[Quote]) -> list[Quote]:
    return list({quote.sentence: quote for quote in reversed(quotes)}.values())[::-1]
