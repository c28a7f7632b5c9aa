"""What holds for every condition: both interpreters agree, JSON comes back, sentences and reasons can be made."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.conditions.asking import ask_sql
from tests.conditions.random_conditions import (
    ZONES,
    catalogue_of,
    conditions,
    facts,
    moments,
    one_comparison,
    scalar,
)

from regulars.conditions.api import (
    compile_condition,
    compile_explain,
    describe,
    fields_used,
    parse_condition,
    wire,
)
from regulars.conditions.language import OPS, RELATIVE_OPS
from regulars.conditions.types import FieldType, Op, Quantifier

RELAXED = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
        HealthCheck.large_base_example,
    ],
)
CATALOGUES = {zone: catalogue_of(zone) for zone in ZONES}


@RELAXED
@given(data=st.data())
def test_memory_and_sql_agree(connection: psycopg.Connection[Any], data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    catalogue = CATALOGUES[zone]
    tree = parse_condition(data=data.draw(conditions(zone)), catalogue=catalogue)
    now = data.draw(moments(zone))
    rows = [{**row, "now": now} for row in data.draw(st.lists(facts(zone), min_size=1, max_size=4))]
    test = compile_condition(condition=tree, catalogue=catalogue)
    in_memory = [test(row) for row in rows]
    note(describe(condition=tree, catalogue=catalogue, lang="en"))
    assert ask_sql(connection, tree, catalogue, rows, now) == in_memory


@pytest.mark.parametrize(
    ("type", "op"), [(type, op) for type, ops in OPS.items() for op in ops], ids=lambda word: word.value
)
@settings(RELAXED, max_examples=15)
@given(data=st.data())
def test_every_operator_means_the_same(
    connection: psycopg.Connection[Any], type: FieldType, op: Op, data: st.DataObject
) -> None:
    """One comparison over many values, plain, negated, and asked of lines in each way."""
    zone = data.draw(st.sampled_from(ZONES))
    catalogue = CATALOGUES[zone]
    values = st.none() | scalar(type, zone)
    now = data.draw(moments(zone))
    plain = data.draw(one_comparison("x", type, op, zone))
    rows: list[dict[str, Any]] = [
        {f"x.{type.value}": value, "now": now}
        for value in data.draw(st.lists(values, min_size=5, max_size=20))
    ]
    asked = [(plain, rows), ({"not": plain}, rows)]
    if op not in RELATIVE_OPS:
        line = data.draw(one_comparison("line", type, op, zone))
        lines = st.lists(values.map(lambda value: {type.value: value}), max_size=3)
        orders = [{"lines": order} for order in data.draw(st.lists(lines, min_size=5, max_size=10))]
        asked += [({"lines": quantifier.value, "where": line}, orders) for quantifier in Quantifier]
        asked.append(({"lines": "count", "where": {"not": line}, "op": "gte", "value": 2}, orders))
        if type is not FieldType.SET:
            distinct = {"lines": "count_distinct", "of": f"line.{type.value}", "op": "gte", "value": 2}
            asked.append((distinct, orders))
    for wire_form, over in asked:
        tree = parse_condition(data=wire_form, catalogue=catalogue)
        test = compile_condition(condition=tree, catalogue=catalogue)
        assert ask_sql(connection, tree, catalogue, over, now) == [test(row) for row in over], wire_form


@RELAXED
@given(data=st.data())
def test_json_comes_back_and_words_are_found(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    catalogue = CATALOGUES[zone]
    tree = parse_condition(data=data.draw(conditions(zone)), catalogue=catalogue)
    assert parse_condition(data=json.loads(json.dumps(wire(condition=tree))), catalogue=catalogue) == tree
    assert describe(condition=tree, catalogue=catalogue, lang="zh-CN")
    assert describe(condition=tree, catalogue=catalogue, lang="en")
    assert all(key in catalogue for key in fields_used(condition=tree))


@RELAXED
@given(data=st.data())
def test_reasons_are_given_exactly_when_it_does_not_hold(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    catalogue = CATALOGUES[zone]
    tree = parse_condition(data=data.draw(conditions(zone)), catalogue=catalogue)
    row = {**data.draw(facts(zone)), "now": data.draw(moments(zone))}
    holds = compile_condition(condition=tree, catalogue=catalogue)(row)
    reasons = compile_explain(condition=tree, catalogue=catalogue)(row)
    assert bool(reasons) is not holds
    for reason in reasons:
        assert reason.code.startswith("unmet.")
        assert reason.text.zh and reason.text.en
        json.dumps([reason.expected, reason.actual])
