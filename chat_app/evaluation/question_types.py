"""What a question asks for, told by its words. Pure functions."""

import re

_OPENINGS = """am are can could did do does has have is may must shall should was were will would
aren't can't couldn't didn't doesn't don't hasn't haven't isn't wasn't won't"""
_COST = """amounts? coinsurance copays? copayments? costs? deductibles? expensive fees? maximum
percent(?:age)? premiums? prices?"""
_TYPES = (
    ("compare", r"\b(?:compar\w*|differ\w*|versus|vs|better|cheaper|which (?:\w+ )?plans?)\b"),
    ("whether", rf"^\W*(?:(?:and|but|so|also) )?(?:{'|'.join(_OPENINGS.split())})\b|\bwhether\b"),
    ("how many", r"\bhow (?:many|often)\b"),
    ("how much", rf"\bhow (?:much|high)\b|\b(?:{'|'.join(_COST.split())})\b"),
    ("when", r"\b(?:when|deadlines?|how (?:long|soon|early|late)|(?:what|which) (?:day|date)s?)\b"),
    ("who, what, where", r"\b(?:who|whom|whose|what|where|which)\b"),
)
_PATTERNS = tuple((name, re.compile(words, re.IGNORECASE)) for name, words in _TYPES)

OTHER = "other"
TYPES = (*(name for name, _ in _TYPES), OTHER)
"""In the order in which they are tried."""


def question_type(question: str) -> str:
    """The first type of ``TYPES`` whose words the question has."""
    straight = question.replace("\u2019", "'")
    return next((name for name, words in _PATTERNS if words.search(straight)), OTHER)
