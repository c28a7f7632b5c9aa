"""Migrations never rewrite, or index under a lock, a table that may already be big.

All migrations run one by one on an empty database; the catalogue tells what each did to the tables that were there
before it. A migration of a table that stays small says so: `small_tables = "why"` in its class.
"""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from tests.conftest import drop_database

_TABLES = """
    SELECT c.oid::regclass::text, c.relfilenode FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'django_migrations'
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
"""


def _state() -> tuple[dict[str, int], dict[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = dict(cursor.fetchall())
        cursor.execute(_INDEXES)
        return tables, dict(cursor.fetchall())


def _faults(
    before: tuple[dict[str, int], dict[str, str]], after: tuple[dict[str, int], dict[str, str]]
) -> list[str]:
    """What was done to tables that both states have: rewritten, or given an index while writers wait."""
    faults = [f"rewrites {table}" for table, node in before[0].items() if after[0].get(table, node) != node]
    new = [
        (index, table) for index, table in after[1].items() if index not in before[1] and table in before[0]
    ]
    return faults + [
        f"builds {index} on {table} (use AddIndexConcurrently, atomic = False)" for index, table in new
    ]


@pytest.fixture
def empty_database(postgres, django_db_blocker, django_db_setup):
    """A database without any table."""
    import psycopg

    name, own = "migrations_one_by_one", connection.settings_dict["NAME"]
    name = f"{own}_{name}"[:60]
    with psycopg.connect(postgres.url(database="postgres"), autocommit=True) as admin:
        drop_database(postgres, name)
        admin.execute(f'CREATE DATABASE "{name}"')
        with django_db_blocker.unblock():
            connection.close()
            connection.settings_dict["NAME"] = name
            yield
            connection.close()
            connection.settings_dict["NAME"] = own
        drop_database(postgres, name)


def test_no_migration_rewrites_or_locks_what_may_be_big(empty_database: None) -> None:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    assert len(plan) > 10
    faults = []
    state = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
    executor.recorder.ensure_schema()
    for migration, _ in plan:
        before = _state()
        state = executor.apply_migration(state, migration)
        found = _faults(before, _state())
        concurrent = not getattr(migration, "atomic", True)
        if concurrent:
            found = [fault for fault in found if not fault.startswith("builds")]
        if found and not getattr(migration, "small_tables", ""):
            faults.append(f"{migration}: {'; '.join(found)}")
    assert faults == []


def test_the_check_sees_a_rewrite_and_an_index_under_a_lock(empty_database: None) -> None:
    def after(statement: str) -> list[str]:
        before = _state()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        return _faults(before, _state())

    assert after("CREATE TABLE big (id int PRIMARY KEY, n int)") == []
    assert after("ALTER TABLE big ADD COLUMN harmless int NOT NULL DEFAULT 0") == []
    assert after("ALTER TABLE big ALTER COLUMN n TYPE bigint") == ["rewrites big"]
    assert after("CREATE INDEX by_n ON big (n)") == [
        "builds by_n on big (use AddIndexConcurrently, atomic = False)"
    ]


def test_every_room_with_tables_has_migrations() -> None:
    executor = MigrationExecutor(None)
    missing = [config.label for config in apps.get_app_configs() if config.name.startswith("regulars.")]
    assert [label for label in missing if label not in executor.loader.migrated_apps] == []
