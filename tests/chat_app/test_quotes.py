import pytest
from langchain_core.language_models.chat_models import BaseChatModel

from chat_app.generation.quotes import QuotesChatModel, row_as_prose
from chat_app.prompting import NO_ANSWER, messages
from retrieval.documents import Match
from tests.fakes.documents import match
from tests.fakes.words import WordVectors


@pytest.fixture
def model() -> BaseChatModel:
    return QuotesChatModel(embed=WordVectors().embed)


def answer(model: BaseChatModel, question: str, *passages: Match) -> list[str]:
    text = str(model.invoke(messages(question, passages), max_sentences=3).content)
    return text.splitlines()


COPAYS = match(
    "Office visits are simple. A specialist visit has a $40 copay. A primary care visit has a "
    "$20 copay. Contact us if you have any questions about a specialist visit copay."
)


def test_the_fact_comes_first_and_filler_is_left_out(model: BaseChatModel) -> None:
    lines = answer(model, "How much is the copay for a specialist visit?", COPAYS)
    assert lines[0] == "A specialist visit has a $40 copay. [1]"
    assert not any("questions" in line for line in lines)


def test_what_the_passages_do_not_speak_of_is_declined(model: BaseChatModel) -> None:
    assert answer(model, "Who painted the Mona Lisa?", COPAYS) == [NO_ANSWER]


def test_without_passages_there_is_no_answer(model: BaseChatModel) -> None:
    assert answer(model, "How much is a specialist visit?") == [NO_ANSWER]


def test_a_list_item_comes_with_the_words_that_introduce_it(model: BaseChatModel) -> None:
    passage = match("The plan does not cover:\n\n- Cosmetic surgery\n\n- Weight loss drugs")
    assert answer(model, "Is cosmetic surgery covered?", passage)[:2] == [
        "The plan does not cover: [1]",
        "Cosmetic surgery [1]",
    ]


SPECIALIST = "Specialist visit | In-network: $40 copay | Out-of-network: 50% | Limits: Ask first."


def test_a_row_is_read_as_prose(model: BaseChatModel) -> None:
    lines = answer(model, "specialist visit copay?", match(SPECIALIST))
    assert lines == ["Specialist visit: In-network: $40 copay; Out-of-network: 50% [1]"]


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("specialist visit copay in-network?", "In-network: $40 copay"),
        ("specialist visit outside the network?", "Out-of-network: 50%"),
        ("Does a specialist visit need approval?", "Limits: Ask first"),
    ],
)
def test_the_cell_of_the_column_asked_for_is_said(
    model: BaseChatModel, question: str, cell: str
) -> None:
    assert answer(model, question, match(SPECIALIST)) == [f"Specialist visit: {cell} [1]"]


def test_the_row_whose_name_is_asked_for_comes_first(model: BaseChatModel) -> None:
    rows = [
        "Drugs | Non-preferred brand | Retail: $80 | Mail: $160",
        "Drugs | Preferred brand | Retail: $40 | Mail: $80",
        "Drugs | Generic, preferred brand | Notes: Up to a 30-day supply of a preferred brand.",
    ]
    lines = answer(model, "preferred brand drugs at retail?", match("\n\n".join(rows)))
    assert lines[0] == "Drugs, Preferred brand: Retail: $40 [1]"


def test_an_example_of_costs_is_no_price(model: BaseChatModel) -> None:
    example = match("Laboratory tests | $500", section="Having a baby > Sample care costs:")
    price = match("Diagnostic test (lab tests) | In-network: $20 copay")
    question = "laboratory tests in network?"
    lines = answer(model, question, example, price)
    assert lines[0] == "Diagnostic test (lab tests): In-network: $20 copay [2]"
    lines = answer(model, "Laboratory tests in the example of having a baby?", example, price)
    assert lines[0] == "Laboratory tests: $500 [1]"


def test_an_item_of_one_word_comes_with_its_heading(model: BaseChatModel) -> None:
    heading = "What the plan does not cover"
    passage = match(f"{heading}\n\n- Acupuncture\n\n- Cosmetics", section=heading)
    lines = answer(model, "Does the plan cover acupuncture?", passage)
    assert lines[:2] == [f"{heading} [1]", "Acupuncture [1]"]


def test_headings_and_questions_are_not_quoted(model: BaseChatModel) -> None:
    passage = match(
        "Specialist Visit Copay\n\nWhat is the specialist visit copay?\n\n"
        "You pay $40 for a specialist visit.",
        section="Your costs > Specialist Visit Copay",
    )
    lines = answer(model, "What is the specialist visit copay?", passage)
    assert lines == ["You pay $40 for a specialist visit. [1]"]


def test_the_same_fact_is_said_once(model: BaseChatModel) -> None:
    fact = "A specialist visit has a $40 copay."
    lines = answer(model, "specialist visit copay?", match(fact), match(f"{fact} Always."))
    assert lines == [f"{fact} [1]"]


def test_at_most_as_many_sentences_as_asked_for(model: BaseChatModel) -> None:
    text = " ".join(f"The copay of tier {word} is ${i}0." for i, word in enumerate("abcdefg", 1))
    limited = model.invoke(messages("copay of the tier?", [match(text)]), max_sentences=2)
    assert len(str(limited.content).splitlines()) == 2


def test_the_stream_brings_a_sentence_at_a_time(model: BaseChatModel) -> None:
    pieces = [
        str(chunk.content)
        for chunk in model.stream(messages("copay for a visit?", [COPAYS]), max_sentences=3)
        if chunk.content
    ]
    assert len(pieces) > 1
    assert all(piece.endswith("[1]\n") for piece in pieces)


def test_the_same_question_gives_the_same_answer(model: BaseChatModel) -> None:
    question = "copay for a visit?"
    assert answer(model, question, COPAYS) == answer(model, question, COPAYS)


@pytest.mark.parametrize(
    ("row", "prose"),
    [
        ("Tier 1 | Retail: $10 | Mail: $25", "Tier 1: Retail: $10; Mail: $25"),
        (
            "Visit a provider | Services you may need: Specialist visit | In-network: $40",
            "Specialist visit: In-network: $40",
        ),
        (
            "Is a referral needed? | Answer: No. | Why: Choose.",
            "Is a referral needed? Answer: No; Why: Choose",
        ),
        ("Visit a provider | Service: Telehealth", "Visit a provider: Service: Telehealth"),
    ],
)
def test_a_row_reads_well(row: str, prose: str) -> None:
    assert row_as_prose(row) == prose


def test_what_is_only_beside_the_question_comes_last(model: BaseChatModel) -> None:
    passage = match(
        "The out-of-network deductible is $900 per person. The in-network deductible is $300 per "
        "person. For example, one member paid the deductible in March."
    )
    lines = answer(model, "What is the deductible?", passage)
    assert lines[0] == "The in-network deductible is $300 per person. [1]"
    lines = answer(model, "What is the out-of-network deductible?", passage)
    assert lines[0] == "The out-of-network deductible is $900 per person. [1]"
