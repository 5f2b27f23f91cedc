import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.documents import Scalar
from retrieval.errors import FilterError
from retrieval.filters import (
    MAX_DEPTH,
    MAX_FIELD_LENGTH,
    All,
    AnyOf,
    Equals,
    Filter,
    Not,
    OneOf,
    Range,
    from_json,
    matches,
    parse,
    same_value,
    to_json,
)

RECORD: dict[str, Scalar] = {
    "policy": "PPO_PLUS",
    "common": "",
    "plan_year": 2025,
    "share": 0.2,
    "whole": 2.0,
    "zero": 0,
    "covered": True,
    "excluded": False,
}

numbers = st.integers(-(2**53), 2**53) | st.floats(-(2.0**53), 2.0**53)
scalars = st.text(max_size=5) | numbers | st.booleans()
names = st.sampled_from([*RECORD, "missing", "with space", "a.b", "ключ"])
bounds = st.none() | numbers
ranges = st.tuples(names, bounds, bounds).filter(lambda r: r[1:] != (None, None))
leaves = st.one_of(
    st.builds(Equals, names, scalars),
    st.builds(OneOf, names, st.lists(scalars, max_size=4).map(tuple)),
    ranges.map(lambda r: Range(*r)),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
metadata = st.dictionaries(names, scalars, max_size=6)


@pytest.mark.parametrize(
    ("where", "admitted"),
    [
        (None, True),
        (Equals("policy", "PPO_PLUS"), True),
        (Equals("policy", "ppo_plus"), False),
        (Equals("policy", "PPO"), False),
        (Equals("common", ""), True),
        (Equals("missing", ""), False),
        (Equals("plan_year", 2025), True),
        (Equals("plan_year", 2025.0), True),
        (Equals("plan_year", "2025"), False),
        (Equals("whole", 2), True),
        (Equals("zero", 0), True),
        (Equals("zero", False), False),
        (Equals("zero", ""), False),
        (Equals("excluded", False), True),
        (Equals("excluded", 0), False),
        (Equals("covered", True), True),
        (Equals("covered", 1), False),
        (Equals("covered", "True"), False),
        (OneOf("policy", ("HMO", "PPO_PLUS")), True),
        (OneOf("policy", ()), False),
        (OneOf("zero", (False, "", "0")), False),
        (OneOf("zero", (False, 0.0)), True),
        (OneOf("missing", (0, "", False)), False),
        (Range("plan_year", 2025, 2025), True),
        (Range("plan_year", 2024.5), True),
        (Range("plan_year", None, 2024.5), False),
        (Range("plan_year", 2026, 2024), False),
        (Range("share", 0.2, 0.2), True),
        (Range("share", 0.2000001), False),
        (Range("zero", -0.0, 0.0), True),
        (Range("policy", -1e9, 1e9), False),
        (Range("covered", 0, 2), False),
        (Range("missing", -1e9, 1e9), False),
        (All(()), True),
        (AnyOf(()), False),
        (All((Equals("zero", 0), Equals("common", ""))), True),
        (All((Equals("zero", 0), Equals("common", "x"))), False),
        (AnyOf((Equals("zero", 1), Equals("common", ""))), True),
        (Not(Equals("missing", "x")), True),
        (Not(OneOf("missing", ("x",))), True),
        (Not(Range("missing", 0)), True),
        (Not(Range("policy", 0)), True),
        (Not(Not(Equals("zero", 0))), True),
        (Not(All(())), False),
    ],
    ids=str,
)
def test_each_filter_admits_what_it_means(where: Filter | None, admitted: bool) -> None:
    assert matches(where, RECORD) is admitted


@given(filters, metadata)
def test_a_filter_means_what_boolean_algebra_says(where: Filter, fields: dict[str, Scalar]) -> None:
    meaning = matches(where, fields)
    assert matches(Not(where), fields) is not meaning
    match where:
        case All(parts):
            assert meaning is all(matches(part, fields) for part in parts)
            assert meaning is not matches(AnyOf(tuple(map(Not, parts))), fields)
        case AnyOf(parts):
            assert meaning is any(matches(part, fields) for part in parts)
        case OneOf(name, values):
            assert meaning is any(matches(Equals(name, value), fields) for value in values)
        case Equals(name, value):
            assert meaning is (name in fields and same_value(fields[name], value))
        case _:
            pass


@given(filters, metadata)
def test_json_carries_a_filter_whole(where: Filter, fields: dict[str, Scalar]) -> None:
    text = json.dumps(to_json(where))
    again = parse(text)
    assert repr(again) == repr(where)
    assert json.dumps(to_json(again)) == text
    assert matches(again, fields) is matches(where, fields)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"field": "policy", "equals": "PPO_PLUS"}', Equals("policy", "PPO_PLUS")),
        ('{"equals": true, "field": "x"}', Equals("x", True)),
        ('{"field": "policy", "one_of": ["PPO_PLUS", ""]}', OneOf("policy", ("PPO_PLUS", ""))),
        ('{"field": "x", "one_of": []}', OneOf("x", ())),
        ('{"field": "y", "at_least": 2024, "at_most": 2026}', Range("y", 2024, 2026)),
        ('{"field": "y", "at_least": 2024, "at_most": null}', Range("y", 2024)),
        ('{"field": "y", "at_most": 0.5}', Range("y", None, 0.5)),
        ('{"all": []}', All(())),
        ('{"any": [{"all": []}]}', AnyOf((All(()),))),
        ('{"not": {"any": []}}', Not(AnyOf(()))),
    ],
)
def test_the_documented_shapes_are_read(text: str, where: Filter) -> None:
    assert repr(parse(text)) == repr(where)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("1" * 5_000, "not JSON"),
        ("null", "JSON object, not None"),
        ("[]", "JSON object"),
        ('"policy"', "JSON object"),
        ("{}", "'field'"),
        ('{"field": "x"}', "'x' needs 'equals'"),
        ('{"field": 1, "equals": 1}', "not 1"),
        ('{"field": "", "equals": 1}', "no metadata field"),
        ('{"field": "$and", "equals": 1}', "no metadata field"),
        (f'{{"field": "{"x" * (MAX_FIELD_LENGTH + 1)}", "equals": 1}}', "no metadata field"),
        ('{"field": "x", "equals": null}', "not None"),
        ('{"field": "x", "equals": [1]}', r"not \[1\]"),
        ('{"field": "x", "equals": NaN}', "finite number"),
        ('{"field": "x", "equals": -Infinity}', "finite number"),
        ('{"field": "x", "equals": 9007199254740993}', r"2\^53"),
        ('{"field": "x", "equals": 1%s}' % ("0" * 400), r"2\^53"),
        ('{"field": "x", "one_of": "a"}', "needs a list"),
        ('{"field": "x", "one_of": [1, {}]}', "not {}"),
        ('{"field": "x", "one_of": [1], "equals": 1}', "'x' needs"),
        ('{"field": "x", "at_least": "2024"}', "needs a number"),
        ('{"field": "x", "at_least": true}', "needs a number"),
        ('{"field": "x", "at_least": null}', "no bound"),
        ('{"field": "x", "at_most": NaN}', "needs numbers"),
        ('{"field": "x", "at_most": 1%s}' % ("0" * 400), "needs numbers"),
        ('{"field": "x", "at_least": 1, "below": 2}', "'x' needs"),
        ('{"all": {}}', "needs a list"),
        ('{"any": [{"all": [5]}]}', "not 5"),
        ('{"not": []}', "JSON object"),
        ('{"all": [], "any": []}', "'all'"),
        ('{"and": []}', "'all'"),
        ('{"not": ' * 17 + '{"all": []}' + "}" * 17, "nested"),
        ('{"not": ' * 300 + '{"all": []}' + "}" * 300, "nested"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_no_filter_is_refused_with_the_part_named(text: str, part: str) -> None:
    with pytest.raises(FilterError, match=part) as caught:
        parse(text)
    assert len(str(caught.value)) < 300


def test_filters_are_nested_to_the_limit_and_no_deeper_however_they_are_made() -> None:
    where: Filter = Equals("zero", 0)
    for _ in range(MAX_DEPTH):
        where = Not(where)
    assert matches(where, RECORD) is True
    assert repr(from_json(to_json(where))) == repr(where)
    for deeper in (lambda: Not(where), lambda: All((where,)), lambda: AnyOf((All(()), where))):
        with pytest.raises(FilterError, match="nested"):
            deeper()


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**53 + 1, -(10**400), None, b"x"]
)
def test_a_value_that_no_store_keeps_is_refused(value: Scalar) -> None:
    with pytest.raises(FilterError):
        Equals("x", value)
    with pytest.raises(FilterError):
        OneOf("x", ("a", value))
    with pytest.raises(FilterError):
        Range("x", value, value)  # type: ignore[arg-type]


def test_filters_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Equals("x", 1).field = "y"  # type: ignore[misc]


def test_a_long_list_of_values_is_searched_at_once() -> None:
    where = OneOf("policy", (*(f"PLAN_{number}" for number in range(100_000)), "PPO_PLUS"))
    assert all(matches(where, RECORD) for _ in range(20))
