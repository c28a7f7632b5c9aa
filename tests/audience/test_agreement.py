"""The two interpreters of conditions agree on random members and random conditions over facts, scores and segments.

SQL asks the tables; the interpreter in memory gets what the doors of facts and segments say, as posting does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.intake.world import points, programme, rule, world

from regulars.audience.member_facts import api as member_facts
from regulars.audience.member_facts.types import FACT_COLUMNS, SCORE_COLUMNS
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.conditions.api import compile_condition, describe, parse_condition
from regulars.conditions.behaviour import BEHAVIOUR_FIELDS, SEGMENTS
from regulars.conditions.language import KINDS, OPS, ValueKind
from regulars.conditions.types import FieldDef, FieldType, Op
from regulars.kit.sql import copy_rows
from regulars.kit.text import Text
from regulars.programme.versions import api as versions

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 12, 20, 4, tzinfo=UTC)
TODAY = date(2024, 12, 20)
BY_TYPE: dict[FieldType, Any] = {
    FieldType.INT: st.integers(0, 4),
    FieldType.MONEY: st.sampled_from([-500, 0, 1, 1000, 10**12]),
    FieldType.DECIMAL: st.sampled_from([Decimal(n) for n in ("0", "0.25", "0.5", "0.3333", "1", "1.5")]),
    FieldType.TEXT: st.sampled_from(["咖啡", "a%b", "", "S1"]),
    FieldType.ENUM: st.sampled_from(["morning", "night"]),
    FieldType.DATE: st.sampled_from([TODAY - timedelta(days=n) for n in (0, 1, 29, 30, 31, 365)]),
    FieldType.SET: st.lists(st.sampled_from(["敏感肌", "one", "two", "none"]), max_size=3, unique=True),
}
KINDS_OF = {field.key: field.type for field in BEHAVIOUR_FIELDS}
_SCORED = [c for c in SCORE_COLUMNS if c != "churn_reasons"]


def value(key: str) -> Any:
    return st.none() | BY_TYPE[KINDS_OF[key]]


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    field: FieldDef = draw(st.sampled_from(BEHAVIOUR_FIELDS))
    op = draw(st.sampled_from(OPS[field.type]))
    one = BY_TYPE[field.type].map(plain)
    made: dict[str, Any] = {"field": field.key, "op": op.value}
    match KINDS[op]:
        case ValueKind.NONE:
            return made
        case ValueKind.ONE:
            one = st.sampled_from(["one", "two", "敏感肌"]) if field.type is FieldType.SET else one
            if field.type is FieldType.TEXT:
                one = one.filter(bool)
            return {**made, "value": draw(one)}
        case ValueKind.LIST:
            if field.type is FieldType.SET:
                one = st.sampled_from(["one", "two", "敏感肌"])
            elif field.type is FieldType.TEXT:
                one = one.filter(bool)
            return {**made, "value": draw(st.lists(one, min_size=1, max_size=3))}
        case ValueKind.RANGE:
            pair = sorted(draw(st.tuples(BY_TYPE[field.type], BY_TYPE[field.type])))
            return {**made, "value": [plain(one) for one in pair]}
        case ValueKind.PERIOD:
            return {
                **made,
                "value": {draw(st.sampled_from(["days", "weeks", "months"])): draw(st.integers(1, 3))},
            }
        case ValueKind.MONTHS:
            return {**made, "value": draw(st.just("current") | st.just([11, 12]))}
        case ValueKind.MONTH_DAYS:
            return {**made, "value": [20, -1]}
        case ValueKind.WEEKDAYS:
            return {**made, "value": [5]}
        case ValueKind.ANNIVERSARY:
            return {**made, "value": {"before": 3, "after": 3}}
    raise AssertionError(KINDS[op])


def plain(one: Any) -> Any:
    if isinstance(one, Decimal):
        return str(one)
    return one.isoformat() if isinstance(one, date) else one


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "fact": st.none()
            | st.fixed_dictionaries({c: value(f"fact.{c}") for c in FACT_COLUMNS if f"fact.{c}" in KINDS_OF}),
            "score": st.none() | st.fixed_dictionaries({c: value(f"score.{c}") for c in _SCORED}),
            "in": st.sets(st.sampled_from(["one", "two"])),
        }
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, asked=st.lists(CONDITIONS, min_size=1, max_size=6))
def test_memory_and_sql_agree_on_what_is_kept_of_members(people: list[Any], asked: list[Any]) -> None:
    with transaction.atomic():
        its = world(programme([rule("base", points())]))
        brand = its.scope.brand_id
        for code in ("one", "two"):
            segments.create(scope=its.scope, draft=SegmentDraft(code, Text(code, code), "static"), now=NOW)
        ids = [its.member(f"138000000{n:02d}") for n in range(len(people))]
        with connection.cursor() as cursor:
            for her, one in zip(ids, people, strict=True):
                keep(cursor, brand, her, one)
        catalogue = versions.catalogue_of(brand_id=brand)
        known = member_facts.read_many(brand_id=brand, member_ids=ids)
        codes = segments.codes_of(brand_id=brand, member_ids=ids)
        for data in asked:
            condition = parse_condition(data=data, catalogue=catalogue)
            note(describe(condition=condition, catalogue=catalogue, lang="en"))
            test = compile_condition(condition=condition, catalogue=catalogue)
            in_memory = [
                her
                for her in sorted(ids)
                if test(
                    member_facts.facts_for_conditions(
                        known[her].facts, known[her].scores, fields=KINDS_OF, today=TODAY
                    )
                    | {SEGMENTS: codes[her], "now": NOW}
                )
            ]
            assert segments.holds_for(brand_id=brand, definition=data, member_ids=ids, now=NOW) == in_memory
        transaction.set_rollback(True)


def keep(cursor: Any, brand: UUID, her: UUID, one: Any) -> None:
    if one["fact"] is not None:
        row = {c: (v if v is not None or c in NULLABLE else 0) for c, v in one["fact"].items()}
        columns = ["member_id", "brand_id", "as_of", "day", *row]
        copy_rows(cursor, "member_fact", columns, [[her, brand, NOW, TODAY, *row.values()]])
    if one["score"] is not None:
        member_facts.write_scores(
            brand_id=brand, as_of=NOW, columns={c: [v] for c, v in one["score"].items()}, member_ids=[her]
        )
    for code in one["in"]:
        cursor.execute(
            "INSERT INTO segment_member (member_id, segment_id, since) VALUES (%s, %s, %s)",
            [her, segments.find_id(brand_id=brand, code=code), NOW],
        )


NULLABLE = {
    "order_value_365", "unit_price_365", "first_order_on", "last_order_on", "last_visit_on", "last_active_on",
    "price_level", "order_gap_avg", "order_gap_median", "basket_size_365", "top_category_share",
    "top_department_share", "favourite_store_share", "daypart_share", "weekend_share", "discount_share",
    "coupon_share", "refund_share", "top_category", "top_department", "favourite_store", "favourite_channel", "daypart",
}  # fmt: skip


def test_every_column_has_its_field_and_the_other_way_round() -> None:
    derived = {"days_since_visit", "days_since_active", "order_overdue"}
    facts = {f.key.removeprefix("fact.") for f in BEHAVIOUR_FIELDS if f.key.startswith("fact.")}
    scores = {f.key.removeprefix("score.") for f in BEHAVIOUR_FIELDS if f.key.startswith("score.")}
    assert facts == {*FACT_COLUMNS} | derived
    assert scores == {*SCORE_COLUMNS} - {"churn_reasons"}
    for field in BEHAVIOUR_FIELDS:
        assert field.description is not None and field.description.zh and field.description.en
        assert Op.IS_SET in OPS[field.type]
