"""Opening the installation for one command: database up, Django ready, and everything put back afterwards."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from regulars.project.database import data_directory, is_embedded, parse
from regulars.project.plainly import PlainError


@contextlib.contextmanager
def open_project(*, database_url: str | None = None, migrated: bool = True) -> Iterator[None]:
    """Make Django usable inside the block. The embedded database is started if it does not run and stopped again.

    Raises PlainError when the database cannot be reached or, with `migrated`, when its tables are not up to date.
    """
    with open_database(database_url=database_url):
        prepare_django()
        if migrated:
            require_migrated()
        yield


@contextlib.contextmanager
def open_database(*, database_url: str | None = None) -> Iterator[None]:
    """The database, answering, inside the block; Django is not touched."""
    if database_url:
        os.environ["DATABASE_URL"] = database_url
    if not is_embedded():
        require_reachable(os.environ["DATABASE_URL"])
        yield
        return
    from regulars.project.embedded import lifecycle
    from regulars.project.embedded.cluster import Cluster

    with lifecycle.using(Cluster.at(data_directory())):
        yield


def prepare_django() -> None:
    """Load Django's settings and apps."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    import django

    django.setup()


def require_reachable(url: str) -> None:
    """Raise PlainError, naming host, port and database but no password, unless the server lets us in."""
    import psycopg

    parts = parse(url)
    where = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}/{parts['dbname']}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as failure:
        reason = _reason(str(failure))
        raise PlainError(
            zh=f"无法连接数据库 {where}:{reason}。",
            en=f"The database {where} cannot be reached: {reason}.",
        ) from None
    if version < 150000:
        raise PlainError(
            zh=f"数据库 {where} 的 PostgreSQL 版本过低({version // 10000}),需要 15 或更高。",
            en=f"The database {where} runs PostgreSQL {version // 10000}; 15 or later is needed.",
        )


def _reason(message: str) -> str:
    """What the server or the network said, without the address, which we have said already, and on one line."""
    first = next((line.strip() for line in message.splitlines() if line.strip()), "")
    return first.rsplit(" failed: ", 1)[-1].removeprefix("FATAL:").strip().rstrip(".")


def require_migrated() -> None:
    """Raise PlainError when migrations are waiting."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise PlainError(
            zh="数据库表结构不是最新的;请先运行 regulars migrate。",
            en="The database's tables are not up to date; run regulars migrate first.",
        )
