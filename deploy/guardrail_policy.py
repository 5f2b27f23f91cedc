"""What the guardrail stops and what it masks: edit here, deploy, and set the new version.

The limits of names, texts and counts are those of ``CreateGuardrail`` in botocore's model.
"""

from dataclasses import dataclass

BLOCKED_QUESTION = (
    "I'm sorry, I can't help with that here. I answer questions about what your benefit plans "
    "cover and cost. For medical, legal or tax advice please ask a professional; for a claim or "
    "an account please call the number on your member ID card."
)
BLOCKED_ANSWER = (
    "I'm sorry, I could not find an answer that the plan documents clearly support, so I am not "
    "showing one. Please ask in other words, or call the number on your member ID card."
)

STRENGTHS = {
    # Members ask about contraception, abuse, addiction and injuries: low keeps those answered.
    "SEXUAL": ("LOW", "LOW"),
    "VIOLENCE": ("LOW", "LOW"),
    "MISCONDUCT": ("LOW", "LOW"),
    # An angry member still has a question.
    "INSULTS": ("LOW", "MEDIUM"),
    "HATE": ("HIGH", "HIGH"),
    # Bedrock refuses any other strength for answers.
    "PROMPT_ATTACK": ("HIGH", "NONE"),
}
"""Strength of each content filter on questions and on answers."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject that is declined: at most 200 characters each, 100 an example, 5 examples."""

    name: str
    definition: str
    examples: tuple[str, ...]


TOPICS = (
    Topic(
        "Medical advice",
        "Diagnosing an illness, interpreting symptoms or test results, or recommending a "
        "treatment, medicine or dose for a person.",
        (
            "I have a rash and a fever, what is it?",
            "Should I stop taking my blood pressure pills?",
            "How much ibuprofen can I give my child?",
        ),
    ),
    Topic(
        "Legal advice",
        "Advice on lawsuits, legal strategy or the likely outcome of a legal dispute in a "
        "person's own case.",
        (
            "Can I sue my insurer for this bill?",
            "Would I win in court against my employer?",
        ),
    ),
    Topic(
        "Records of other people",
        "Requests for the claims, diagnoses, treatments or account details of another person, "
        "such as a colleague, employee or family member.",
        (
            "What did my coworker go to the doctor for?",
            "Show me the claims of my ex-husband.",
            "Which employees have had surgery this year?",
        ),
    ),
    Topic(
        "Investment and tax advice",
        "Recommending how a person should invest money, including the balance of a health savings "
        "account, or how to fill in a tax return.",
        (
            "Which funds should I put my HSA money into?",
            "What do I write on my tax form for the HSA?",
        ),
    ),
    Topic(
        "Deceiving an insurer",
        "Ways to deceive an insurer or employer, such as false claims, hidden conditions, forged "
        "documents or enrolling people who are not eligible.",
        (
            "How do I get a claim paid for a visit that never happened?",
            "Can I list my friend as my spouse to get coverage?",
        ),
    ),
)

MASKED = (
    "CREDIT_DEBIT_CARD_CVV",
    "CREDIT_DEBIT_CARD_NUMBER",
    "DRIVER_ID",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "US_BANK_ACCOUNT_NUMBER",
    "US_BANK_ROUTING_NUMBER",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT_NUMBER",
    "US_SOCIAL_SECURITY_NUMBER",
)
"""Masked in questions and answers: a question that holds one can still be answered."""

MASKED_IN_QUESTIONS = ("ADDRESS", "EMAIL", "PHONE")
"""A member's own are masked; those that a plan document prints are part of the answer."""

REFUSED = ("AWS_ACCESS_KEY", "AWS_SECRET_KEY", "PASSWORD")
"""Never sent on, in any direction."""

# NAME and AGE are left alone: plans and providers have names, and ages decide coverage.

MEMBER_NUMBER = r"[Mm]ember (ID|id|Id|number|Number)[ :#]{1,3}[A-Za-z]{0,4}[0-9][0-9-]{5,15}"
"""A member's own number, as members write it; masked in questions."""
