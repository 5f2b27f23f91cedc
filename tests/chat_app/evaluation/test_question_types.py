import pytest

from chat_app.evaluation.question_types import question_type


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much is a specialist visit?", "how much"),
        ("What is the deductible?", "how much"),
        ("Is my annual checkup free?", "whether"),
        ("And does it cover my spouse?", "whether"),
        ("Can’t I see a specialist without a referral?", "whether"),
        ("How many visits do I have a year?", "how many"),
        ("When does the new plan begin?", "when"),
        ("How long do I have to enroll?", "when"),
        ("Who may sign for my child?", "who, what, where"),
        ("Which plan has the lower deductible?", "compare"),
        ("Compare the copays", "compare"),
        ("Tell me about dental care", "other"),
        ("", "other"),
    ],
)
def test_a_question_is_told_by_its_words(question: str, kind: str) -> None:
    assert question_type(question) == kind
