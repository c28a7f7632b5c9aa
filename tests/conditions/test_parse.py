"""What is refused, where and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.conditions.api import InvalidCondition, parse_condition, retail_fields, wire
from regulars.conditions.types import ALWAYS

CATALOGUE = retail_fields()
AMOUNT = {"field": "order.amount", "op": "gte", "value": 1}


def errors(data: Any, *, of_line: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(InvalidCondition) as caught:
        parse_condition(data=data, catalogue=CATALOGUE, of_line=of_line)
    for error in caught.value.errors:
        assert error.message.zh and error.message.en
    return [(error.field, error.code) for error in caught.value.errors]


def f(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], ("", "not_an_object")),
        ("always", ("", "not_an_object")),
        ({"and": []}, ("", "unknown_form")),
        ({"all": [], "any": []}, ("", "unknown_form")),
        ({"all": AMOUNT}, ("/all", "wrong_type")),
        ({"any": []}, ("/any", "empty_list")),
        ({"all": [AMOUNT], "note": 1}, ("/note", "unknown_key")),
        ({"all": [AMOUNT], "a/b~c": 1}, ("/a~1b~0c", "unknown_key")),
        ({"all": [AMOUNT, 5]}, ("/all/1", "not_an_object")),
        ({"not": [AMOUNT]}, ("/not", "not_an_object")),
        (f("order.amonut", "gte", 1), ("/field", "unknown_field")),
        (f(5, "gte", 1), ("/field", "unknown_field")),  # type: ignore[arg-type]
        (f(["order.amount"], "gte", 1), ("/field", "unknown_field")),  # type: ignore[arg-type]
        (f("order.amount", "=>", 1), ("/op", "unknown_op")),
        (f("order.amount", "contains", 1), ("/op", "op_not_for_type")),
        (f("membership.joined_at", "gte", "2026-01-01"), ("/op", "op_not_for_type")),
        ({"field": "order.amount", "value": 1}, ("/op", "missing_key")),
        ({"field": "order.amount", "op": "gte"}, ("/value", "missing_key")),
        ({**AMOUNT, "values": [1]}, ("/values", "unknown_key")),
        (f("order.amount", "is_set", None), ("/value", "unknown_key")),
        (f("order.amount", "gte", "1"), ("/value", "wrong_type")),
        (f("order.amount", "gte", 1.5), ("/value", "wrong_type")),
        (f("order.amount", "gte", True), ("/value", "wrong_type")),
        (f("order.amount", "gte", None), ("/value", "wrong_type")),
        (f("order.amount", "gte", 2**63), ("/value", "out_of_range")),
        (f("order.amount", "in", 1), ("/value", "wrong_type")),
        (f("order.amount", "in", []), ("/value", "empty_list")),
        (f("order.amount", "in", [1, "2"]), ("/value/1", "wrong_type")),
        (f("order.amount", "in", list(range(1001))), ("/value", "list_too_long")),
        (f("order.amount", "between", [1]), ("/value", "wrong_type")),
        (f("order.amount", "between", [2, 1]), ("/value", "out_of_range")),
        (f("order.quantity", "gte", "1,5"), ("/value", "wrong_type")),
        (f("order.quantity", "gte", "NaN"), ("/value", "wrong_type")),
        (f("order.quantity", "gte", float("inf")), ("/value", "wrong_type")),
        (f("order.quantity", "gte", 10**40), ("/value", "out_of_range")),
        (f("order.quantity", "gte", "0.0000000000001"), ("/value", "out_of_range")),
        (f("order.is_first", "eq", 1), ("/value", "wrong_type")),
        (f("store.code", "eq", ""), ("/value", "empty_text")),
        (f("store.code", "eq", 7), ("/value", "wrong_type")),
        (f("store.code", "eq", "x" * 501), ("/value", "text_too_long")),
        (f("store.code", "eq", "a\0b"), ("/value", "bad_format")),
        (f("store.code", "eq", "\ud800"), ("/value", "bad_format")),
        (f("membership.tier", "eq", "platinum"), ("/value", "not_a_choice")),
        (f("membership.tier", "in", ["gold", "platinum"]), ("/value/1", "not_a_choice")),
        (f("member.birthday", "eq", "2026-02-29"), ("/value", "bad_format")),
        (f("member.birthday", "eq", "20260228"), ("/value", "bad_format")),
        (f("member.birthday", "eq", "2026-01-01T00:00:00Z"), ("/value", "bad_format")),
        (f("member.birthday", "eq", "0001-01-01"), ("/value", "out_of_range")),
        (f("membership.joined_at", "before", "2026-01-01T00:00:00"), ("/value", "bad_format")),
        (f("membership.joined_at", "before", "2026-01-01T25:00:00Z"), ("/value", "bad_format")),
        (f("membership.joined_at", "eq", "2026-01-01T00:00:00Z"), ("/value", "bad_format")),
        (
            f("membership.joined_at", "between", ["2026-01-01", "2026-01-02T00:00:00Z"]),
            ("/value", "bad_format"),
        ),
        (f("membership.joined_at", "within_last", 30), ("/value", "wrong_type")),
        (f("membership.joined_at", "within_last", {"days": 0}), ("/value/days", "out_of_range")),
        (f("membership.joined_at", "within_last", {"days": 1.0}), ("/value/days", "wrong_type")),
        (f("membership.joined_at", "within_last", {"years": 1}), ("/value", "wrong_type")),
        (f("membership.joined_at", "within_last", {"days": 1, "weeks": 1}), ("/value", "wrong_type")),
        (f("membership.joined_at", "time_between", ["6:00", "22:00"]), ("/value", "bad_format")),
        (f("membership.joined_at", "time_between", ["06:00", "06:00"]), ("/value", "bad_format")),
        (f("membership.joined_at", "time_between", ["24:00", "06:00"]), ("/value", "bad_format")),
        (f("membership.joined_at", "weekday_in", [0]), ("/value/0", "out_of_range")),
        (f("membership.joined_at", "weekday_in", []), ("/value", "empty_list")),
        (f("member.birthday", "month_is", 13), ("/value", "out_of_range")),
        (f("member.birthday", "month_is", "next"), ("/value", "out_of_range")),
        (f("member.birthday", "day_of_month_in", [1, 32]), ("/value/1", "out_of_range")),
        (f("member.birthday", "day_of_month_in", [True]), ("/value/0", "out_of_range")),
        (f("member.birthday", "anniversary_within", {"days": 3}), ("/value", "wrong_type")),
        (f("member.birthday", "anniversary_within", {}), ("/value", "wrong_type")),
        (f("member.birthday", "anniversary_within", {"before": 181}), ("/value/before", "out_of_range")),
        (f("line.amount", "gte", 1), ("/field", "wrong_scope")),
        ({"lines": "some", "where": AMOUNT}, ("/lines", "unknown_word")),
        ({"lines": ["any"], "where": AMOUNT}, ("/lines", "unknown_word")),
        ({"lines": "any"}, ("/where", "missing_key")),
        ({"lines": "any", "where": AMOUNT}, ("/where/field", "wrong_scope")),
        ({"lines": "any", "where": {"lines": "any", "where": AMOUNT}}, ("/where", "not_inside_lines")),
        (
            {"lines": "any", "where": {"streak": "checkin", "op": "gte", "days": 1}},
            ("/where", "not_inside_lines"),
        ),
        ({"lines": "any", "where": f("line.amount", "gte", 1), "op": "eq"}, ("/op", "unknown_key")),
        ({"lines": "sum", "op": "gte", "value": 1}, ("/of", "missing_key")),
        ({"lines": "sum", "of": "line.sku", "op": "gte", "value": 1}, ("/of", "wrong_type")),
        ({"lines": "sum", "of": "order.amount", "op": "gte", "value": 1}, ("/of", "wrong_scope")),
        ({"lines": "count", "of": "line.sku", "op": "gte", "value": 1}, ("/of", "unknown_key")),
        ({"lines": "count_distinct", "of": "line.tags", "op": "gte", "value": 1}, ("/of", "wrong_type")),
        ({"lines": "count", "op": "in", "value": [1]}, ("/op", "op_not_for_type")),
        ({"lines": "count", "op": "gte", "value": "1"}, ("/value", "wrong_type")),
        ({"streak": "sleep", "op": "gte", "days": 7}, ("/streak", "unknown_activity")),
        ({"streak": "checkin", "op": "gte", "value": 7}, ("/value", "unknown_key")),
        ({"streak": "checkin", "op": "gte", "days": "7"}, ("/days", "wrong_type")),
        ({"window": 30, "agg": "count", "op": "gte", "value": 3}, ("/window", "wrong_type")),
        (
            {"window": {"days": 0, "activity": "order"}, "agg": "count", "op": "gte", "value": 3},
            ("/window/days", "out_of_range"),
        ),
        (
            {"window": {"days": 30}, "agg": "count", "op": "gte", "value": 3},
            ("/window/activity", "unknown_activity"),
        ),
        (
            {"window": {"days": 30, "activity": "order"}, "agg": "median", "op": "gte", "value": 3},
            ("/agg", "unknown_word"),
        ),
        (
            {
                "window": {"days": 30, "activity": "order"},
                "agg": "sum",
                "of": "history.spend",
                "op": "gte",
                "value": 3,
            },
            ("/of", "wrong_scope"),
        ),
    ],
)
def test_refused(data: Any, expected: tuple[str, str]) -> None:
    assert expected in errors(data)


def test_every_error_is_reported_at_once() -> None:
    data = {
        "all": [f("order.amount", "gte", "1"), {"not": f("x.y", "eq", 1)}, f("order.amount", "contains", 1)]
    }
    assert errors(data) == [
        ("/all/0/value", "wrong_type"),
        ("/all/1/not/field", "unknown_field"),
        ("/all/2/op", "op_not_for_type"),
    ]


def test_words_name_the_field_and_what_is_allowed() -> None:
    with pytest.raises(InvalidCondition) as caught:
        parse_condition(
            data={"all": [f("membership.tier", "eq", "platinum"), f("order.amonut", "gte", 1)]},
            catalogue=CATALOGUE,
        )
    tier, typo = caught.value.errors
    assert tier.message.en == "membership.tier (eq) must be one of: normal, silver, gold, diamond"
    assert tier.message.zh == "membership.tier（eq）：只能是：normal, silver, gold, diamond"
    assert "order.amount" in typo.message.en and "order.amount" in typo.message.zh
    problem = caught.value.to_problem("en")
    assert problem["status"] == 422 and problem["errors"][0]["field"] == "/all/0/value"


def test_a_hostile_document_is_neither_echoed_nor_answered_without_end() -> None:
    huge = 10**5000
    assert errors(f("order.quantity", "gte", huge)) == [("/value", "out_of_range")]
    assert errors(f("order.amount", "gte", huge)) == [("/value", "out_of_range")]
    assert errors({"field": huge, "op": "gte", "value": 1}) == [("/field", "unknown_field")]
    assert len(errors({"all": [], **{f"key{n}": n for n in range(1000)}})) == 100
    with pytest.raises(InvalidCondition) as caught:
        parse_condition(data=f("x" * 10_000, "gte", 1), catalogue=CATALOGUE)
    assert len(caught.value.errors[0].message.en) < 100


def nested(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = AMOUNT
    for _ in range(levels - 1):
        data = {"not": data}
    return data


def test_depth_is_limited_to_20() -> None:
    assert parse_condition(data=nested(20), catalogue=CATALOGUE)
    assert errors(nested(21)) == [("/not" * 20, "too_deep")]
    assert errors(nested(900)) == [("/not" * 20, "too_deep")]


def test_size_is_limited_to_500_parts() -> None:
    assert parse_condition(data={"all": [AMOUNT] * 499}, catalogue=CATALOGUE)
    assert errors({"all": [AMOUNT] * 500}) == [("/all/499", "too_many_nodes")]
    assert errors({"all": [{"all": [AMOUNT] * 400}] * 400})[-1][1] == "too_many_nodes"


def test_a_question_about_one_line_knows_lines_only() -> None:
    line = f("line.amount", "gte", 1)
    assert wire(condition=parse_condition(data=line, catalogue=CATALOGUE, of_line=True)) == line
    assert errors(AMOUNT, of_line=True) == [("/field", "wrong_scope")]


def test_lines_are_not_compared_with_today() -> None:
    from regulars.conditions.api import FieldDef, FieldType, Label, Scope

    catalogue = CATALOGUE.extend([FieldDef("line.made_on", FieldType.DATE, Scope.LINE, Label("产", "made"))])
    for condition in (
        f("line.made_on", "within_last", {"days": 3}),
        f("line.made_on", "month_is", "current"),
    ):
        with pytest.raises(InvalidCondition) as caught:
            parse_condition(data={"lines": "any", "where": condition}, catalogue=catalogue)
        assert [(e.field, e.code) for e in caught.value.errors] == [("/where/op", "op_not_on_lines")]
    assert parse_condition(
        data={"lines": "any", "where": f("line.made_on", "month_is", 3)}, catalogue=catalogue
    )


def test_nothing_means_always() -> None:
    assert parse_condition(data=None, catalogue=CATALOGUE) == ALWAYS
    assert parse_condition(data={}, catalogue=CATALOGUE) == ALWAYS
    assert wire(condition=ALWAYS) == {"all": []}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (f("membership.tier", "in", ["gold", "gold"]), f("membership.tier", "in", ["gold"])),
        (f("order.quantity", "gte", 1.5), f("order.quantity", "gte", "1.5")),
        (f("order.quantity", "gte", 2), f("order.quantity", "gte", "2")),
        (f("member.birthday", "month_is", 3), f("member.birthday", "month_is", [3])),
        (
            f("member.birthday", "anniversary_within", {"before": 3}),
            f("member.birthday", "anniversary_within", {"before": 3, "after": 0}),
        ),
        (
            f("member.birthday", "day_of_month_in", [-1, 8, 1]),
            f("member.birthday", "day_of_month_in", [1, 8, -1]),
        ),
        (
            f("membership.joined_at", "before", "2026-01-01 08:00Z"),
            f("membership.joined_at", "before", "2026-01-01T08:00:00+00:00"),
        ),
    ],
)
def test_the_kept_form(given: dict[str, Any], kept: dict[str, Any]) -> None:
    assert wire(condition=parse_condition(data=given, catalogue=CATALOGUE)) == kept
