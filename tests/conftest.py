"""Tests run on a real PostgreSQL: the embedded one, with a data directory of its own, started when a test first
asks for the database and stopped by the last test process that leaves.

Each process gets a database of its own, copied from a template that is migrated once per state of the schema.
`db` wraps a test in a transaction; `transactional_db` (or `real_db`) commits for real, for code that uses threads.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("REGULARS_TEST_DATA", str(ROOT / ".regulars" / "test"))
os.environ["REGULARS_DATA"] = os.environ["REGULARS_TEST_DATA"]
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.project.settings"
os.environ.setdefault("REGULARS_LOG_LEVEL", "WARNING")

# No test is about time: how long an example takes says how busy the machine is. At a desk Hypothesis tries something
# new each time; a change is judged by the same examples whenever it is judged.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("desk", _UNHURRIED)
settings.register_profile("steady", _UNHURRIED, derandomize=True)
settings.load_profile("steady" if os.environ.get("CI") else "desk")

_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "256MB",
}
_UNTOUCHED = ("django_migrations", "django_content_type", "auth_permission")


def pytest_configure(config: pytest.Config) -> None:
    from django.conf import settings

    # A cheap hash keeps tests quick; what the product uses is checked where passwords are tested.
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]


@pytest.fixture(scope="module", autouse=True)
def _nothing_old_is_looked_through() -> None:
    """The collector of garbage passes over all that was there before the module: a million objects by then, which each
    full collection (the nightly run asks for one after every step) would go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _static_files_as_they_are_served() -> Iterator[None]:
    """The live server leaves static files to WhiteNoise, as the product does: a browser keeps what it may keep. What
    lies there is looked up once a process instead of by each of the hundreds of clients that tests make."""
    from django.contrib.staticfiles import handlers
    from whitenoise.middleware import WhiteNoiseMiddleware

    look_up, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def remembered(self: Any) -> None:
        if not found:
            look_up(self)
            found.update(self.files)
        self.files.update(found)

    patched = pytest.MonkeyPatch()
    patched.setattr(WhiteNoiseMiddleware, "add_files_from_finders", remembered)
    patched.setattr(handlers, "StaticFilesHandler", lambda application: application)
    yield
    patched.undo()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """The shared test server. It need not survive a crash, so it waits for no disk and writes as little as it can."""
    from regulars.project.embedded import lifecycle
    from regulars.project.embedded.cluster import Cluster

    cluster = Cluster.at(Path(os.environ["REGULARS_TEST_DATA"]))
    with lifecycle.using(cluster, dies_with_us=False, tuned=_CARELESS):
        yield cluster


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any, postgres: Any
) -> Iterator[None]:
    """In place of pytest-django's: a copy of the migrated template instead of running the migrations each time."""
    with django_db_blocker.unblock():
        name = copy_of_template(postgres)
        _use(name)
    yield
    with django_db_blocker.unblock():
        drop_copy(postgres, name)


def copy_of_template(cluster: Any, what: str = "") -> str:
    """A database with today's schema and no rows, of this process; gives its name."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid():08d}"
    name = f"test_{run[:8]}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}{what and f'_{what}'}"
    template = _template(cluster)
    drop_database(cluster, name)
    with _maintenance(cluster) as admin:
        _when_left(admin, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return name


def drop_copy(cluster: Any, name: str) -> None:
    from django.db import connection

    connection.close()
    drop_database(cluster, name)


def drop_database(cluster: Any, name: str) -> None:
    """Drops a database as the superuser: the server's own workers (autovacuum) may be in it, and the role of the
    application, which owns it, may not send them away."""
    import psycopg

    with psycopg.connect(cluster.url(database="postgres", user="postgres"), autocommit=True) as superuser:
        _when_left(superuser, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _when_left(connection: Any, statement: str) -> None:
    """Run what needs a database that nobody is in. The server sends its own workers away and waits five seconds for
    them, which is not always enough on a machine that does much else."""
    import psycopg

    for patience in reversed(range(12)):
        try:
            connection.execute(statement)
        except psycopg.errors.ObjectInUse:
            if not patience:
                raise
        else:
            return


@contextlib.contextmanager
def using_database(name: str) -> Iterator[None]:
    """Everything that connects within connects to another database."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    _use(name)
    try:
        yield
    finally:
        _use(before)


def _use(name: str) -> None:
    from django.db import connection

    from regulars.platform.organisations import store as organisations

    connection.close()
    # what is remembered for a second is of the database before
    organisations._brands.clear()
    organisations._stores.clear()
    connection.settings_dict["NAME"] = name
    connection.settings_dict["TEST"]["NAME"] = name


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

    name = f"template_{_schema_state()}"
    with open(cluster.root / "template.lock", "w") as lock, _maintenance(cluster) as admin:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = [row[0] for row in admin.execute("SELECT datname FROM pg_database").fetchall()]
        if name not in found:
            for old in found:
                if re.match(r"(template_|building_)[0-9a-f]{16}", old):
                    drop_database(cluster, old)
            building = name.replace("template", "building")
            admin.execute(f'CREATE DATABASE "{building}"')
            with using_database(building):
                call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
            _when_left(admin, f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


@pytest.fixture(scope="session", autouse=True)
def _empty_only_what_is_full() -> Iterator[None]:
    """After a test that committed, empty the tables that hold rows instead of flushing every table there is."""
    from django.test import TransactionTestCase

    original = TransactionTestCase._fixture_teardown

    def teardown(self: Any) -> None:
        empty_tables()

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]


_tables: list[str] = []


def empty_tables() -> None:
    """Remove the rows of all tables but those that the migrations fill, and let sequences begin anew.

    As TRUNCATE would, it waits for whoever still writes; but it deletes, for TRUNCATE makes a file anew for each of
    hundreds of indexes. The superuser may do so where the application may only add, and without foreign keys being
    looked at: what refers to a row goes as well.
    """
    import psycopg
    from django.db import connection

    from regulars.project.embedded.cluster import Cluster

    cluster = Cluster.at(Path(os.environ["REGULARS_TEST_DATA"]))
    name = connection.settings_dict["NAME"]
    with psycopg.connect(cluster.url(database=name, user="postgres")) as superuser:
        if not _tables:
            found = superuser.execute(
                "SELECT oid::regclass::text, relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' "
                "AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
            )
            _tables.extend(table for table, bare in found if bare not in _UNTOUCHED)
        if not _tables:
            return
        parts = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in _tables]
        full = [row[0] for row in superuser.execute(" UNION ALL ".join(parts))]
        if full:
            superuser.execute(f"LOCK TABLE {', '.join(full)} IN ACCESS EXCLUSIVE MODE")
            superuser.execute("SET LOCAL session_replication_role = replica")
            superuser.execute("; ".join(f"DELETE FROM {table}" for table in full))
        superuser.execute(
            "SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false) "
            "  FROM pg_sequences WHERE last_value IS NOT NULL AND sequencename <> ALL(%s)",
            [[f"{table}_id_seq" for table in _UNTOUCHED]],
        )


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
