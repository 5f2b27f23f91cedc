"""Does a sentence hold the kind of fact that a question asks for? Pure functions."""

import re

from chat_app.cells import column_fit, label_fit, only_notes
from chat_app.generation.candidates import Candidate
from chat_app.values import values

COLUMN = 0.1
"""What the network that is asked for adds to the score of a row, and the other one takes."""
LABEL = 0.2
"""What a row's name adds that the question says."""
NOTES = 0.25
"""What a row loses that holds but notes, where none are asked for."""
EXAMPLE = 0.3
"""What a row loses that is of an example of costs, where none is asked for."""

_ASKS_AMOUNT = re.compile(
    r"\b(?:how much|cost|costs|price|pay|copay\w*|co-pay\w*|coinsurance|deductible\w*|fee|fees|"
    r"premium\w*|maximum|limit|amount|rate|contribut\w+|percent\w*)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\b(?:when|how long|how soon|how often|deadline|how many (?:days|weeks|months|years)|date)\b",
    re.IGNORECASE,
)
_ASKS_COUNT = re.compile(r"\bhow many\b", re.IGNORECASE)
_ASKS_WHETHER = re.compile(
    r"^\W*(?:is|are|am|does|do|did|can|could|will|would|may|must|should|has|have)\b", re.IGNORECASE
)
_TIME = re.compile(
    r"\b(?:\d+|\w+)[ -](?:calendar |business |working )?(?:day|week|month|year|hour)s?\b|"
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b",
    re.IGNORECASE,
)
_IS_FILLER = re.compile(
    r"\bimportant to (?:understand|remember|note|know|keep|familiari[sz]e)|\bif you have (?:any )?"
    r"(?:more |further )?questions|\bkeep in mind|\b(?:here are|there are) (?:a few|some|several)|"
    r"\bwe (?:encourage|recommend|understand)|\bby (?:following|understanding|taking)\b|"
    r"\bfor more information|\bmake the most of|\bcontact us\b",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(r"\b(?:for )?(?:example|instance)\b", re.IGNORECASE)
_NO_PRICE = re.compile(
    r"\bno charge\b|\bnot (?:covered|applicable)\b|\bcovered in full\b|\bsame as\b", re.IGNORECASE
)
_COVERAGE_EXAMPLE = re.compile(
    r"coverage examples?|sample care costs|patient pays|in this example|having a baby|"
    r"managing [^>]*|simple fracture",
    re.IGNORECASE,
)
"""Headings of what the federal form of a summary of benefits gives as examples (45 CFR 147.200)."""
_PAYS = re.compile(r"\bpays?\b", re.IGNORECASE)
_ASKS_EXAMPLE = re.compile(
    r"\b(?:examples?|sample|patients?|peg|joe|mia|in total|hav(?:e|ing) a baby|type 2 diabetes|"
    r"managing (?:\w+ )?diabetes|fracture|broken (?:bone|arm|leg|ankle|wrist))\b",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(
    r"\b(?:out[- ]of[- ]|outside (?:of )?(?:the |our )?|non-)network", re.IGNORECASE
)
_INSIDE = re.compile(r"\b(?:in[- ]|inside (?:of )?(?:the |our )?)network", re.IGNORECASE)
_DECIDES = re.compile(
    r"\b(?:cover\w*|not|no|must|may|can|cannot|required?|eligible|pays?|waived|100%|\$0|exclud\w+|"
    r"available|allowed|included?|yes)\b",
    re.IGNORECASE,
)


def fits_question(question: str, candidate: Candidate) -> float:
    """1 when the sentence holds the kind of fact that is asked for, else 0.

    A table is asked for its values where a question does not say otherwise: "tier 3 drugs by mail?"
    """
    text = candidate.text
    if _ASKS_TIME.search(question):
        return float(_TIME.search(text) is not None)
    kinds = {value.kind for value in values(text)}
    if _ASKS_COUNT.search(question):
        return float(bool(kinds))
    if _ASKS_WHETHER.search(question) and not _ASKS_AMOUNT.search(question):
        return float(_DECIDES.search(text) is not None)
    if candidate.row:
        return float(bool(kinds & {"money", "percent"}) or _NO_PRICE.search(text) is not None)
    return float(_ASKS_AMOUNT.search(question) is not None and bool(kinds & {"money", "percent"}))


def is_beside(question: str, candidate: Candidate) -> bool:
    """Is it filler, an example, or about care outside the network that was not asked about?"""
    if candidate.row:
        return False
    if _IS_FILLER.search(candidate.text):
        return True
    if _EXAMPLE.search(candidate.in_context) and not _EXAMPLE.search(question):
        return True
    return (
        _OUTSIDE.search(candidate.text) is not None
        and not _INSIDE.search(candidate.text)
        and not _OUTSIDE.search(question)
    )


def row_fit(asked: str, question: str, candidate: Candidate) -> float:
    """How far a row is the one that is asked for, -0.65 to 0.45; 0 of a sentence.

    Args:
        asked: the question as it was asked.
        question: with the words that documents write for it.
        candidate: row or sentence.
    """
    if not candidate.row:
        return 0.0
    column = column_fit(candidate.row, candidate.cells, asked)
    notes = only_notes(candidate.cells, asked)
    name = label_fit(candidate.row, question)
    example = _of_example(question, candidate)
    return COLUMN * column + LABEL * name - NOTES * notes + EXAMPLE * example


def is_named(question: str, candidate: Candidate) -> bool:
    """Is it a row whose whole name the question says?"""
    return candidate.row is not None and label_fit(candidate.row, question) == 1


def _of_example(question: str, candidate: Candidate) -> float:
    """-1 for a row of an example of what care costs where none is asked for; else 0.

    Where one is asked for, 0.5 for what the patient pays in it, when that is what is asked.
    """
    if not _COVERAGE_EXAMPLE.search(candidate.passage.section):
        return 0.0
    if not _ASKS_EXAMPLE.search(question):
        return -1.0
    return 0.5 * bool(_PAYS.search(question) and _PAYS.search(candidate.text))
