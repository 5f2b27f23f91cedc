"""Names of persons: those that are introduced, and those whose words Faker lists as names.

Faker is read as the largest maintained list of given names and surnames, of some 90 locales;
nothing is generated. Listed names that are also words of English do not count by themselves.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from chat_app.guards.personal_data_finds import Find, Kind, Sureness
from chat_app.guards.personal_data_words import NAME_ENDS, NOT_ALONE, VOCABULARY

_WORD = r"[^\W\d_]+(?:['’-](?!s\b)[^\W\d_]+)*"
_UPPER = r"(?=[^\W\d_a-zß-öø-ÿ])"
_NAME_WORD = rf"(?:{_UPPER}[^\W\d_]\.(?=[ ])|{_UPPER}{_WORD}\b(?!\.\w))"
_PARTICLE = r"(?:van|von|de|der|den|del|della|di|da|dos|la|le|al|el|bin|ibn|ter|ten)"
_FULL = rf"{_NAME_WORD}(?:[ ]{{1,2}}(?:{_PARTICLE} ){{0,2}}{_NAME_WORD}){{0,3}}"

_NAMED = re.compile(
    r"(?:(?P<is>\bnames?(?: ?(?:is|was|:|=)|'s))\s{1,8}|\w's names? (?!is|was)|[\n>|]name\s{1,8})"
    rf"(?P<any>{_WORD}\.?(?: {_WORD}\.?){{0,3}})",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(
    r"\b(?:drug|brand|generic|medication|medicine|plan|policy|company|employer|provider|product"
    r"|hospital|pharmacy|network|group|form|trade)(?:['’]s?)? ?\w?$",
    re.IGNORECASE,
)
_TITLED = re.compile(
    rf"\b(?P<title>(?:mr|mrs|ms|miss|mx|dr|prof|mister|madam)\b\.?) "
    rf"(?=(?P<any>{_WORD}(?: {_WORD}\.?){{0,3}}))",
    re.IGNORECASE,
)
_CAPITALIZED = re.compile(rf"(?<![\w'’.-]){_FULL}")
_PAIR = re.compile(
    r"(?<![\w'’.-])(?P<given>[^\W\d_]{3,}) (?:[^\W\d_]\.? )?"
    r"(?=(?P<surname>[^\W\d_]{3,}))(?P=surname)(?![\w'’-])"
)
_RELATIVE = re.compile(
    r"\b(?:my|our|his|her|their) (?:wife|husband|spouse|partner|son|daughter|child|baby|kid|mother"
    r"|father|mom|dad|brother|sister|dependent|grandson|granddaughter|fianc[eé]e?)"
    r",? (?P<given>[^\W\d_]{3,})",
    re.IGNORECASE,
)
_EPONYM = re.compile(
    r"(?:['’]s?)? (?:syndrome|disease|disorder|palsy|lymphoma|thyroiditis|contracture|tumou?r|test"
    r"|sign|procedure|hospital|clinic|center|university|foundation|institute)\b",
    re.IGNORECASE,
)
"""What is called after a person and is asked about: Noonan syndrome, Lou Gehrig's disease."""
_TOKEN = re.compile(rf"{_WORD}\.?")


@dataclass(frozen=True, slots=True)
class _Lists:
    """Words in small letters.

    Attributes:
        given: names that are no words of English.
        surnames: all of them.
        rare_surnames: those that are no words of English.
        not_alone: names that are also places, languages or words.
        common: words of English and of plans.
        never: common words that are no surnames.
    """

    given: frozenset[str]
    surnames: frozenset[str]
    rare_surnames: frozenset[str]
    not_alone: frozenset[str]
    common: frozenset[str]
    never: frozenset[str]


def find_names(text: str) -> Iterator[Find]:
    """Names of persons in a folded text; they may overlap."""
    yield from _introduced(text)
    yield from _in_small_letters(text)
    for line in re.finditer(r"[^\n]+", text):
        if not _in_title_case(line[0]):
            for match in _CAPITALIZED.finditer(text, *line.span()):
                yield from _listed(text, *match.span())


def _introduced(text: str) -> Iterator[Find]:
    for match in _NAMED.finditer(text):
        of_a_thing = _OF_A_THING.search(text[: match.start()].rstrip()[-20:])
        if not of_a_thing and (end := _end_of_name(match["any"], sure=bool(match["is"]))):
            start = match.start("any")
            yield Find(Kind.NAME, start, start + end, Sureness.INTRODUCED)
    for match in _TITLED.finditer(text):
        start = match.start("any")
        if _can_follow(match["title"], match["any"]):
            end = _end_of_name(match["any"], sure=True)
            yield Find(Kind.NAME, start, start + end, Sureness.INTRODUCED)
    for match in _RELATIVE.finditer(text):
        if match["given"].lower() in _lists().given:
            yield Find(Kind.NAME, *match.span("given"), Sureness.INTRODUCED)


def _can_follow(title: str, words: str) -> bool:
    """Is it a title, or do people miss payments and live with MS?"""
    known = _lists()
    first = words.split(maxsplit=1)[0].rstrip(".").lower()
    if first in NAME_ENDS or first in VOCABULARY:
        return False
    plain = title.lower() in {"miss", "ms"} or words[0].islower()
    return not plain or first in known.given or first in known.rare_surnames


def _in_small_letters(text: str) -> Iterator[Find]:
    """Listed given names with a listed surname behind."""
    known = _lists()
    for match in _PAIR.finditer(text):
        if match["given"] in known.given and match["surname"] in known.rare_surnames:
            yield Find(Kind.NAME, *match.span(), Sureness.LISTED)


def _end_of_name(words: str, *, sure: bool) -> int:
    """How much of an introduced piece of text is the name, in characters.

    Args:
        words: from the first that may be part of it.
        sure: a name in small letters need not be listed.
    """
    if not words[0].isupper() and not _may_be_small(
        words.split(maxsplit=1)[0].rstrip("."), sure=sure
    ):
        return 0
    end = 0
    for count, match in enumerate(_TOKEN.finditer(words)):
        word = match[0].rstrip(".")
        if len(word) > 1 and not _goes_on(word, count, capital=words[0].isupper()):
            break
        if not sure and word.lower() in VOCABULARY:
            break
        end = match.end() if len(word) == 1 else match.start() + len(word)
        if len(match[0]) > len(word) > 1:
            break
    return end


def _may_be_small(word: str, *, sure: bool) -> bool:
    known = _lists()
    if word in known.given or not sure:
        return word in known.given
    return word not in known.never and not word.endswith(("ed", "ing"))


def _goes_on(word: str, count: int, *, capital: bool) -> bool:
    """Can a name of so many words have this one next?"""
    if word.lower() in NAME_ENDS:
        return False
    if capital:
        return word[0].isupper() or bool(re.fullmatch(_PARTICLE, word))
    return count < 2 or word in _lists().surnames


def _listed(text: str, start: int, end: int) -> Iterator[Find]:
    """The name in a run of capitalized words, if it has a listed given name."""
    known = _lists()
    words = list(_TOKEN.finditer(text, start, end))
    while words and _is_no_name(words[0][0], known.common):
        words.pop(0)
    if not words or any(_is_no_name(word[0], known.never) for word in words):
        return
    names = [word[0].lower() for word in words]
    if len(names) == 1 and (names[0] in known.not_alone or text[:start].endswith(" in ")):
        return
    if _EPONYM.match(text, end):
        return
    if known.given & set(names):
        yield Find(Kind.NAME, words[0].start(), end, Sureness.LISTED)


def _is_no_name(word: str, common: frozenset[str]) -> bool:
    """Is it a word of English or of plans, or an abbreviation?"""
    word = word.rstrip(".")
    return word.lower() in common or (len(word) > 1 and word.isupper())


def _in_title_case(line: str) -> bool:
    """Are even common words capitalized, as in a headline, so that capitals say nothing?"""
    common = [word for word in re.findall(_WORD, line)[1:] if word.lower() in _lists().common]
    return len(common) > 1 and sum(word[0].isupper() for word in common) > 0.6 * len(common)


@cache
def _lists() -> _Lists:
    from importlib import import_module
    from pkgutil import iter_modules

    from faker.providers import person
    from faker.providers.address import Provider as World
    from faker.providers.address.en_US import Provider as Address
    from faker.providers.lorem.en_US import Provider as Lorem

    given: set[str] = set()
    surnames: set[str] = set()
    for module in iter_modules(person.__path__):
        provider = import_module(f"{person.__name__}.{module.name}").Provider
        for name, names in vars(provider).items():
            if "first_name" in name:
                given.update(_lowered(names))
            elif "last_name" in name:
                surnames.update(_lowered(names))
    common = {*Lorem.word_list, *NAME_ENDS, *VOCABULARY}
    not_alone = {
        *_lowered(World.countries),
        *_lowered(Address.states),
        *_lowered(person.Provider.language_names),
        *NOT_ALONE,
    }
    surnames -= VOCABULARY | NAME_ENDS
    return _Lists(
        given=frozenset(name for name in given - common if len(name) > 2),
        surnames=frozenset(surnames),
        rare_surnames=frozenset(surnames - common),
        not_alone=frozenset(not_alone),
        common=frozenset(common),
        never=frozenset(common - surnames),
    )


def _lowered(names: object) -> Iterator[str]:
    if isinstance(names, Iterable) and not isinstance(names, str):
        for name in names:
            if isinstance(name, str):
                yield name.lower()
