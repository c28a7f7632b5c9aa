"""What the schema promises so that it also runs distributed: no triggers, member first in every key of a member's
table, no foreign key across members, directories for what is unique across them. Read from the models and from the
live catalogue of PostgreSQL, for either may say more than the other.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model, UniqueConstraint
from tests.laws.source import room_of

from regulars.flows import due
from regulars.kit import clock
from regulars.kit.ids import first_id_at, new_id
from regulars.kit.partitions import bound
from regulars.kit.periods import add_months
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

# The order of floors that foreign keys obey as imports do; within a floor platform's rooms stand on each other.
FLOORS = ["flows", "messaging", "value", "programme", "facts", "platform"]
PLATFORM = [
    "payments",
    "signin",
    "apikeys",
    "files",
    "outbox",
    "staff",
    "organisations",
    "audit",
    "due",
    "privacy",
]
# Tables with a member in them that are not a member's: found by the hash of a key, or a log read in its own order.
DIRECTORIES = {
    "activity_key": "key_hash",
    "identity_key": "key_hash",
    "redemption_code": "code_hash",
    "outbox": "id",
    "referral_mark": "mark_hash",
    "share_code": "code_hash",
    "payment_key": "id",
    "link": "code",
}
# Append-only tables and their default partitions, which catch what no month was made for.
PARTITIONED = {"activity": "activity_other", "entry": "entry_other", "outbox": "outbox_default"}
KEYLESS = {"outbox"}  # ids are unique by construction; a log needs no index to say so


def rooms_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("regulars.")]


def room(model: type[Model]) -> str:
    return room_of(model.__module__.removeprefix("regulars."))


def floor(room_: str) -> int:
    return FLOORS.index(room_.split(".")[0])


def may_point(source: str, target: str) -> bool:
    """A table may refer to tables of its own room, or of platform from above or within platform's order."""
    if source == target:
        return True
    if source.startswith("platform.") and target.startswith("platform."):
        return PLATFORM.index(source.split(".")[1]) < PLATFORM.index(target.split(".")[1])
    return floor(source) < floor(target)


def test_foreign_keys_obey_the_arrows() -> None:
    wrong = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in rooms_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey)
        and not isinstance(field.related_model, str)
        and field.related_model.__module__.startswith("regulars.")
        and not may_point(room(model), room(field.related_model))
    ]
    assert wrong == []


def test_the_law_of_arrows_can_fail() -> None:
    assert not may_point("facts.members", "value.ledger")
    assert not may_point("value.tiers", "value.ledger")
    assert not may_point("platform.organisations", "platform.staff")
    assert may_point("programme.versions", "platform.organisations")


def of_a_member(model: type[Model]) -> bool:
    names = {field.name for field in model._meta.get_fields()}
    return "member_id" in names and model._meta.db_table not in DIRECTORIES


def test_tables_of_members_have_the_member_first() -> None:
    wrong = []
    for model in rooms_models():
        if not of_a_member(model):
            continue
        pk: Any = model._meta.pk
        names = list(getattr(pk, "field_names", None) or [pk.name])
        if names[0] != "member_id":
            wrong.append(f"{model._meta.label}: primary key {names}")
        wrong += [
            f"{model._meta.label}: unique {constraint.fields}"
            for constraint in model._meta.constraints
            if isinstance(constraint, UniqueConstraint) and constraint.fields[:1] != ("member_id",)
        ]
        wrong += [
            f"{model._meta.label}: foreign key {field.name}"
            for field in model._meta.get_fields()
            if isinstance(field, ForeignKey)
        ]
    assert wrong == []


pytestmark = pytest.mark.django_db


def rows(query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


OURS = "n.nspname = current_schema() AND c.relname NOT LIKE 'django_%%' AND c.relname NOT LIKE 'auth_%%'"


def test_no_triggers() -> None:
    assert rows("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal") == []


def test_no_rules_and_no_functions_of_our_own() -> None:
    assert rows("SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace") == []
    assert (
        rows(
            "SELECT tablename FROM pg_rules WHERE schemaname = current_schema() AND definition NOT LIKE '%%INSTEAD%%'"
        )
        == []
    )


def test_no_extension_beyond_the_language() -> None:
    assert [name for (name,) in rows("SELECT extname FROM pg_extension") if name != "plpgsql"] == []


def tables_with_a_member() -> set[str]:
    return {
        name
        for (name,) in rows(
            f"""SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'member_id' AND NOT a.attisdropped
                 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {OURS}"""
        )
    }


def test_catalogue_has_the_member_first_in_every_unique_index() -> None:
    unique = rows(
        f"""SELECT c.relname, i.indexrelid::regclass::text, a.attname
              FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
             WHERE i.indisunique AND NOT c.relispartition AND {OURS}"""
    )
    members = tables_with_a_member()
    assert {"activity", "entry", "lot", "balance", "membership", "hold"} <= members
    wrong = [
        (table, index, first)
        for table, index, first in unique
        if table in members and first != DIRECTORIES.get(table, "member_id")
    ]
    assert wrong == []
    with_key = {table for table, _, _ in unique}
    assert members - with_key == KEYLESS


def test_catalogue_has_no_foreign_key_on_a_member() -> None:
    keys = rows(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
    )
    members = tables_with_a_member()
    assert [pair for pair in keys if set(pair) & members] == []


def test_long_tables_are_partitioned_by_month_of_their_id() -> None:
    keys = rows(
        """SELECT p.partrelid::regclass::text, p.partstrat::text, a.attname, array_length(p.partattrs::int[], 1)
             FROM pg_partitioned_table p
             JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]"""
    )
    assert {table: tuple(rest) for table, *rest in keys} == dict.fromkeys(PARTITIONED, ("r", "id", 1))


def test_partitions_hold_exactly_their_month() -> None:
    """Each month's partition begins with the first id of that month and ends where the next begins (UTC)."""
    today = clock.now().date().replace(day=1)
    found = dict(
        rows(
            """SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
                WHERE c.relispartition AND c.relkind = 'r'"""
        )
    )
    for table, other in PARTITIONED.items():
        assert found[other] == "DEFAULT"
        for month in (today, add_months(today, 1)):
            low, high = bound(month), bound(add_months(month, 1))
            said = f"FOR VALUES FROM ('{low}') TO ('{high}')"
            assert found.get(f"{table}_{month:%Y%m}") == said
    # an id made now lies within this month
    assert bound(today) <= new_id() < bound(add_months(today, 1))
    assert first_id_at(clock.now()) < bound(add_months(today, 1))


def test_a_month_that_came_without_its_partition_harms_nothing() -> None:
    """A worker that stood still for months: rows fell into the default partitions; keeping them goes on."""
    later = clock.now() + timedelta(days=200)
    scope = (uuid4(), uuid4(), uuid4())
    low = first_id_at(later)
    outbox.append([Event(low, *scope[:2], "test.happened", {}, later, later, scope[2])])
    due.keep_partitions(later)
    assert rows("SELECT tableoid::regclass::text FROM outbox WHERE id = %s", low) == [("outbox_default",)]
    month = later.date().replace(day=1)
    made = {name for (name,) in rows("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")}
    assert f"entry_{month:%Y%m}" in made and f"entry_{add_months(month, 2):%Y%m}" in made
    assert f"outbox_{month:%Y%m}" not in made and f"outbox_{add_months(month, 1):%Y%m}" in made


def test_value_is_never_negative_nor_fractional_in_the_schema() -> None:
    """The laws that hold even against a wrong program: CHECKs on balances and lots, whole numbers everywhere."""
    checks = {name for (name,) in rows("SELECT conname FROM pg_constraint WHERE contype = 'c'")}
    assert {"balance_not_negative", "lot_remaining", "lot_held", "lot_whole", "hold_amount"} <= checks
    fractional = rows(
        f"""SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
             WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND t.typname IN ('float4', 'float8', 'money') AND {OURS}"""
    )
    assert fractional == []


def test_instants_carry_their_zone() -> None:
    naive = rows(
        f"""SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
             WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND t.typname = 'timestamp' AND {OURS}"""
    )
    assert naive == []


def test_the_schema_is_what_the_models_say() -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
