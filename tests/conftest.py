"""Tests run on a real PostgreSQL: the embedded one, with a data directory of its own, started when a test first
asks for the database and stopped by the last test process that leaves.

Each process gets a database of its own, copied from a template that is migrated once per state of the schema.
`db` wraps a test in a transaction; `transactional_db` (or `real_db`) commits for real, for code that uses threads.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("REGULARS_TEST_DATA", str(ROOT / ".regulars" / "test"))
os.environ["REGULARS_DATA"] = os.environ["REGULARS_TEST_DATA"]
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.project.settings"
os.environ.setdefault("REGULARS_LOG_LEVEL", "WARNING")

# At a desk Hypothesis tries something new each time; a change is judged by the same examples whenever it is judged.
settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("steady")

_UNTOUCHED = ("django_migrations", "django_content_type", "auth_permission")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    # A cheap hash keeps tests quick; what the product uses is checked where passwords are tested.
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """The shared test server. It need not survive a power cut, so it does not wait for the disk."""
    from regulars.project.embedded import lifecycle
    from regulars.project.embedded.cluster import Cluster

    cluster = Cluster.at(Path(os.environ["REGULARS_TEST_DATA"]))
    with lifecycle.using(cluster, dies_with_us=False, tuned={"fsync": "off", "shared_buffers": "256MB"}):
        yield cluster


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any, postgres: Any
) -> Iterator[None]:
    """In place of pytest-django's: a copy of the migrated template instead of running the migrations each time."""
    from django.db import connection

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid():08d}"
    name = f"test_{run[:8]}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        template = _template(postgres)
        with _maintenance(postgres) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.settings_dict["TEST"]["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connection.close()
        with _maintenance(postgres) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _maintenance(cluster: Any) -> Iterator[Any]:
    import psycopg

    with psycopg.connect(cluster.url(database="postgres"), autocommit=True) as connection:
        yield connection


def _schema_state() -> str:
    digest = hashlib.sha256()
    package = ROOT / "src" / "regulars"
    files = {
        *package.glob("**/migrations/*.py"),
        *package.glob("**/models.py"),
        *package.glob("**/models/*.py"),
    }
    for path in sorted(files):
        digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _template(cluster: Any) -> str:
    """The name of a database with today's schema, made by whoever comes first."""
    from django.core.management import call_command
    from django.db import connection

    name = f"template_{_schema_state()}"
    with open(cluster.root / "template.lock", "w") as lock, _maintenance(cluster) as admin:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = [row[0] for row in admin.execute("SELECT datname FROM pg_database").fetchall()]
        if name not in found:
            for old in found:
                if re.match(r"(template_|building_)[0-9a-f]{16}", old):
                    admin.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
            building = name.replace("template", "building")
            admin.execute(f'CREATE DATABASE "{building}"')
            connection.close()
            connection.settings_dict["NAME"] = building
            call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
            connection.close()
            admin.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


@pytest.fixture(scope="session", autouse=True)
def _empty_only_what_is_full() -> Iterator[None]:
    """After a test that committed, truncate the tables that hold rows instead of flushing every table there is."""
    from django.test import TransactionTestCase

    original = TransactionTestCase._fixture_teardown

    def teardown(self: Any) -> None:
        empty_tables()

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


_tables: list[str] = []


def empty_tables() -> None:
    """Remove the rows of all tables but those that the migrations fill."""
    from django.db import connection

    with connection.cursor() as cursor:
        if not _tables:
            cursor.execute(
                "SELECT oid::regclass::text, relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' "
                "AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
            )
            _tables.extend(table for table, bare in cursor.fetchall() if bare not in _UNTOUCHED)
        if not _tables:
            return
        parts = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in _tables]
        cursor.execute(" UNION ALL ".join(parts))
        full = [row[0] for row in cursor.fetchall()]
        if full:
            cursor.execute(f"TRUNCATE {', '.join(full)} RESTART IDENTITY CASCADE")


@pytest.fixture
def real_db(transactional_db: None) -> None:
    """The code under test commits for real, and other threads see it."""


@pytest.fixture
def together(transactional_db: None) -> Callable[[list[Callable[[], Any]]], list[Any]]:
    """Run the calls at the same moment, each in a thread with its own connection.

    Returns what each returned, or the exception it raised, in the order of the calls.
    """

    def run(calls: list[Callable[[], Any]]) -> list[Any]:
        from django.db import connections

        barrier = threading.Barrier(len(calls))
        outcomes: list[Any] = [None] * len(calls)

        def one(index: int, call: Callable[[], Any]) -> None:
            try:
                connections["default"].ensure_connection()
                barrier.wait(60)
                outcomes[index] = call()
            except BaseException as raised:
                outcomes[index] = raised
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=pair) for pair in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(240)
        return outcomes

    return run
