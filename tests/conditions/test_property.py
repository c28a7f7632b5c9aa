"""What holds for every condition: both interpreters agree, JSON comes back, sentences and reasons can be made."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.conditions.asking import ask_sql
from tests.conditions.random_conditions import ZONES, catalogue_of, conditions, facts, moments

from regulars.conditions.api import (
    compile_condition,
    compile_explain,
    describe,
    fields_used,
    parse_condition,
    wire,
)

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
