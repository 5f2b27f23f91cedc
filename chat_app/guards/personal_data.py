"""A guard that masks personal data in questions, and in answers what no passage prints.

It claims, in English questions: social security and taxpayer numbers, payment cards, IBANs; bank
account, routing, passport, driver's licence, member, policy, group, claim and like numbers that are
introduced as such; Medicare identifiers; phone numbers; e-mail and IP addresses; links to a
person's page; dates of birth; street addresses of American form and others that are introduced or
name a unit; postal codes in them or introduced; names of persons that are introduced.

Names in running text are masked where Faker lists them, which finds about half of them: they are
not claimed. Nor are ages, nationality, religion, employers, job titles, towns and countries by
themselves, dates other than of birth, web sites, addresses in words ("jane at example dot com"),
and toll-free numbers, which are those of companies.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from chat_app.guards.hooks import Allowed, Guard, Masked, Verdict
from chat_app.guards.personal_data_addresses import find_addresses
from chat_app.guards.personal_data_contacts import find_contacts, is_toll_free
from chat_app.guards.personal_data_dates import find_birth_dates
from chat_app.guards.personal_data_finds import Find, folded, masked, resolved
from chat_app.guards.personal_data_names import find_names
from chat_app.guards.personal_data_numbers import find_numbers
from retrieval.usage import Meter

_FINDERS = (find_numbers, find_contacts, find_birth_dates, find_addresses, find_names)


class PersonalDataGuard(Guard):
    """Masks what identifies a person. Scores count the masks by kind. Threads may share one."""

    name = "personal data"

    def check_question(self, question: str, meter: Meter) -> Verdict:
        """Mask personal data in what the user wrote."""
        return _verdict([question], [find_personal_data(question)])

    def check_answer(
        self, sentences: Sequence[str], question: str, passages: Sequence[str], meter: Meter
    ) -> Verdict:
        """Mask personal data, except what stands in a cited passage, however it is spaced."""
        found = [
            [
                find
                for find in find_personal_data(sentence)
                if not any(
                    _prints(passage, sentence[find.start : find.end]) for passage in passages
                )
            ]
            for sentence in sentences
        ]
        return _verdict(sentences, found)


def find_personal_data(text: str) -> list[Find]:
    """What identifies a person in a text, in order, none overlapping another.

    Of finds that overlap, the surest names the kind of all that they cover.
    """
    plain = folded(text)
    finds = (
        find
        for finder in _FINDERS
        for find in finder(plain.text)
        if not is_toll_free(plain.text[find.start : find.end])
    )
    return [plain.unfolded(find) for find in resolved(finds)]


def _verdict(texts: Sequence[str], found: Sequence[Iterable[Find]]) -> Verdict:
    counts = Counter(find.kind.lower() for finds in found for find in finds)
    if not counts:
        return Allowed()
    scores = {kind: float(count) for kind, count in counts.items()}
    return Masked(tuple(masked(*one) for one in zip(texts, found, strict=True)), scores)


def _prints(passage: str, value: str) -> bool:
    """Does the value stand in the passage, its letters and digits alike, as whole words?"""
    characters = [re.escape(char) for char in folded(value).text if char.isalnum()]
    anyhow_spaced = r"[\W_]*".join(characters)
    whole = rf"(?<![^\W_]){anyhow_spaced}(?![^\W_])"
    return bool(re.search(whole, folded(passage).text, re.IGNORECASE))
