"""The catalogue, what a condition needs, the builder's schema, the binding and the room's purity."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from regulars.conditions.api import (
    Choice,
    FieldDef,
    FieldType,
    InvalidCondition,
    Label,
    Scope,
    attribute_field,
    balance_field,
    fields_used,
    needs,
    parse_condition,
    retail_fields,
    schema,
)
from regulars.conditions.language import KINDS, OPS, ValueKind
from regulars.conditions.sql.api import Binding, to_sql
from regulars.conditions.types import Op, WindowAggregate, WindowNeed

CATALOGUE = retail_fields()


def test_brands_add_their_own_fields() -> None:
    mine = CATALOGUE.extend(
        [
            attribute_field(
                "skin",
                FieldType.ENUM,
                Label("肤质", "skin type"),
                choices=[Choice("dry", Label("干", "dry"))],
            ),
            balance_field("points", Label("积分余额", "points")),
            FieldDef("workout.minutes", FieldType.INT, Scope.ACTIVITY, Label("运动时长", "minutes")),
        ]
    ).with_choices("membership.tier", [Choice("vip", Label("贵宾", "VIP"))])
    data = {
        "all": [
            {"field": "membership.attributes.skin", "op": "eq", "value": "dry"},
            {"field": "balance.points", "op": "gte", "value": 100},
            {"field": "workout.minutes", "op": "gte", "value": 30},
            {"field": "membership.tier", "op": "eq", "value": "vip"},
        ]
    }
    assert parse_condition(data=data, catalogue=mine)
    assert "balance.points" not in CATALOGUE
    with pytest.raises(InvalidCondition):
        parse_condition(data=data, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    "definition",
    [
        FieldDef("order.amount", FieldType.INT, Scope.ACTIVITY, Label("x", "x")),
        FieldDef("amount", FieldType.INT, Scope.ACTIVITY, Label("x", "x")),
        FieldDef("x.A'b", FieldType.INT, Scope.ACTIVITY, Label("x", "x")),
        FieldDef("x.a%b", FieldType.INT, Scope.ACTIVITY, Label("x", "x")),
        FieldDef("x.kind", FieldType.ENUM, Scope.ACTIVITY, Label("x", "x")),
        FieldDef("x.line", FieldType.INT, Scope.LINE, Label("x", "x")),
        FieldDef("line.x", FieldType.INT, Scope.ACTIVITY, Label("x", "x")),
    ],
    ids=lambda definition: definition.key,
)
def test_bad_definitions_are_refused(definition: FieldDef) -> None:
    with pytest.raises(ValueError, match="field"):
        CATALOGUE.extend([definition])


def test_a_limited_catalogue_knows_nothing_else() -> None:
    profile = CATALOGUE.limited([Scope.MEMBER, Scope.MEMBERSHIP, Scope.HISTORY])
    assert "history.spend" in profile and "order.amount" not in profile


def test_needs_are_everything_a_condition_reads() -> None:
    data = {
        "any": [
            {"field": "order.amount", "op": "gte", "value": 1},
            {"not": {"lines": "any", "where": {"field": "line.sku", "op": "eq", "value": "A"}}},
            {"lines": "sum", "of": "line.amount", "op": "gte", "value": 1},
            {"streak": "checkin", "op": "gte", "days": 7},
            {
                "window": {"days": 30, "activity": "order"},
                "agg": "avg",
                "of": "order.discount",
                "op": "gt",
                "value": 1,
            },
        ]
    }
    tree = parse_condition(data=data, catalogue=CATALOGUE)
    read = needs(condition=tree)
    assert read.fields == {"order.amount"}
    assert read.line_fields == {"line.sku", "line.amount"} and read.lines
    assert read.windows == {WindowNeed("order", 30, WindowAggregate.AVG, "order.discount")}
    assert read.streaks == {"checkin"}
    assert fields_used(condition=tree) == {"order.amount", "line.sku", "line.amount", "order.discount"}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_schema_says_all_the_builder_needs(lang: str) -> None:
    said: dict[str, Any] = schema(catalogue=CATALOGUE, lang=lang)
    assert json.loads(json.dumps(said)) == said
    assert {field["key"] for field in said["fields"]} == {field.key for field in CATALOGUE}
    for type in FieldType:
        assert [item["op"] for item in said["types"][type.value]] == [op.value for op in OPS[type]]
    kinds = {item["value"] for items in said["types"].values() for item in items}
    assert kinds <= {kind.value for kind in ValueKind} and set(KINDS) == set(Op)
    tier = next(field for field in said["fields"] if field["key"] == "membership.tier")
    assert [choice["label"] for choice in tier["choices"]][2] == ("金卡" if lang == "zh-CN" else "Gold")


def test_sql_refuses_what_the_binding_lacks() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    for data, missing in [
        ({"field": "order.amount", "op": "gte", "value": 1}, "order.amount"),
        ({"lines": "count", "op": "gte", "value": 1}, "lines"),
        ({"streak": "checkin", "op": "gte", "days": 1}, "streak"),
        ({"window": {"days": 1, "activity": "order"}, "agg": "count", "op": "gte", "value": 1}, "window"),
    ]:
        tree = parse_condition(data=data, catalogue=CATALOGUE)
        with pytest.raises(InvalidCondition) as caught:
            to_sql(condition=tree, catalogue=CATALOGUE, binding=Binding(now=now))
        assert [(e.field, e.code) for e in caught.value.errors] == [(missing, "not_available")]


def test_sql_stands_in_a_query_of_its_own_and_can_use_an_index(connection: psycopg.Connection[Any]) -> None:
    binding = Binding(
        now=datetime(2026, 3, 10, tzinfo=UTC),
        fields={"history.spend": Identifier("m", "spend"), "membership.tier": Identifier("m", "tier")},
        prefix="seg",
    )
    data = {
        "all": [
            {"field": "history.spend", "op": "gte", "value": 9990},
            {"field": "membership.tier", "op": "in", "value": ["gold"]},
        ]
    }
    made = to_sql(
        condition=parse_condition(data=data, catalogue=CATALOGUE), catalogue=CATALOGUE, binding=binding
    )
    assert made.params == {"seg0": 9990, "seg1": ["gold"]}
    with connection.transaction(force_rollback=True), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE m (id int, spend bigint, tier text)")
        cursor.execute(
            "INSERT INTO m SELECT n, n, CASE WHEN n % 2 = 0 THEN 'gold' ELSE 'basic' END"
            " FROM generate_series(1, 10000) n"
        )
        cursor.execute("CREATE INDEX ON m (spend)")
        cursor.execute("ANALYZE m")
        query = SQL("SELECT id FROM m WHERE {} AND id > %(least)s ORDER BY id").format(made.text)
        cursor.execute(query, {**made.params, "least": 9992})
        # 9990 to 10000, even, above 9992
        assert [row[0] for row in cursor.fetchall()] == [9994, 9996, 9998, 10000]
        cursor.execute(SQL("EXPLAIN ") + query, {**made.params, "least": 0})
        assert "m_spend_idx" in "\n".join(row[0] for row in cursor.fetchall())


def test_asking_in_memory_reaches_neither_driver_nor_framework() -> None:
    program = (
        "import sys, regulars.conditions.api\n"
        "print([name for name in ('django', 'psycopg', 'ninja', 'pydantic') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
