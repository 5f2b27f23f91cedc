from chat_app.answers import Answer, Citation, Plan, Sentence
from chat_app.rendering import answer_json, answer_markdown, answer_text, inert, removed_note
from tests.fakes.documents import match

PPO, HMO = Plan("PPO_PLUS", 2026), Plan("HMO_SELECT", 2026)
PASSAGE = match("You pay $20. You pay $40.", policy="PPO_PLUS", plan_year=2026, page=3)
ANSWER = Answer(
    question="q",
    sentences=(Sentence("You pay $20.", (1,), PPO), Sentence("You pay $40.", (2,), PPO)),
    citations=(Citation(1, PASSAGE, 0, 12), Citation(2, PASSAGE, 13, 25)),
    plans=(PPO,),
)


def test_an_answer_names_its_plan_once_and_cites_each_sentence() -> None:
    text = answer_text(ANSWER)
    assert text.count("PPO Plus 2026") == 1
    assert text.index("You pay $20.") < text.index("[1]") < text.index("You pay $40.")
    assert text.rstrip().endswith("[2]")


def test_the_json_is_as_documented() -> None:
    value = answer_json(ANSWER)
    assert value["policies"] == ["PPO_PLUS"]
    assert value["plan_year"] == 2026
    assert value["refused"] is False
    assert value["sentences"] == [
        {"text": "You pay $20.", "citations": [1], "verified": True},
        {"text": "You pay $40.", "citations": [2], "verified": True},
    ]
    citations = value["citations"]
    assert isinstance(citations, list)
    assert citations[1]["quote"] == "You pay $40."
    assert (citations[1]["start"], citations[1]["end"], citations[1]["page"]) == (13, 25, 3)


def test_a_comparison_is_a_table_whose_cells_are_cited() -> None:
    answer = Answer(
        question="q",
        sentences=(
            Sentence("It is $500.", (1,), PPO, "deductible"),
            Sentence("It is $0 | none.", (2,), HMO, "deductible"),
        ),
        plans=(PPO, HMO),
        comparison=True,
    )
    lines = answer_text(answer).splitlines()
    assert "PPO Plus 2026 | HMO Select 2026" in lines[0]
    (row,) = [line for line in lines if "eductible" in line]
    assert row.count("|") == 4
    assert "[1]" in row
    assert "[2]" in row


def test_a_plan_without_a_fact_has_a_cell_that_says_so() -> None:
    answer = Answer(
        question="q",
        sentences=(Sentence("It is $500.", (1,), PPO, "deductible"),),
        plans=(PPO, HMO),
        comparison=True,
    )
    assert "not in the documents" in answer_text(answer)


def test_nothing_in_a_document_is_active_in_the_chat() -> None:
    hostile = "<script>x</script> ![i](http://e.example) [a](javascript:b) **b** www.e.example"
    shown = inert(hostile)
    for active in ("<script", "![i](", "](javascript", "**b**", "http:", "www.e"):
        assert active not in shown.replace("\\", "\\\\") or f"\\{active}" in shown
    quoted = Answer(question="q", sentences=(Sentence(hostile, (1,), None),))
    assert "](javascript" not in answer_markdown(quoted).replace("\\](", "")


def test_a_refusal_tells_why() -> None:
    assert "do not answer" in answer_text(Answer(question="q", reason="not_in_documents"))
    which = answer_text(Answer(question="q", reason="which_plan", choices=(PPO, HMO)))
    assert "PPO Plus 2026, HMO Select 2026" in which
    unknown = Answer(question="q", reason="unknown_plan", missing_year=2031, choices=(PPO,))
    assert "2031" in answer_text(unknown)


def test_what_was_left_out_is_counted() -> None:
    assert removed_note(1).startswith("(One sentence was")
    assert removed_note(3).startswith("(3 sentences were")


def test_a_refusal_keeps_paragraphs_lists_and_bold_words_and_nothing_else_is_active() -> None:
    message = (
        "Call **911** now (or [here](http://evil.example)).\n\n- **A:** call 988\n- <b>no</b>\n\n"
        "Two ** alone."
    )
    answer = Answer("Help", reason="guardrail", message=message)
    assert answer_text(answer) == message.replace("**911**", "911").replace("**A:**", "A:")
    lines = answer_markdown(answer).split("\n")
    assert lines[0].startswith("Call **911** now (or ")
    assert r"\[here\]" in lines[0]
    assert lines[1] == ""
    assert lines[2].startswith("- **A")
    assert "<b>" not in lines[3]
    assert lines[5].startswith("Two ")
    assert "**" not in lines[5]
