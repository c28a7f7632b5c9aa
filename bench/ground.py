"""The ground of the benches: a server of their own with full durability, a brand with many members, the yardsticks."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("DATABASE_URL", None)
os.environ["REGULARS_DATA"] = os.environ.get("REGULARS_BENCH_DATA") or str(ROOT / ".regulars" / "bench")
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.project.settings"
os.environ.setdefault("REGULARS_LOG_LEVEL", "WARNING")

START = datetime(2024, 1, 1, tzinfo=UTC)


@contextlib.contextmanager
def server() -> Iterator[Any]:
    """The bench cluster, migrated, with the settings of production."""
    from regulars.project.embedded import lifecycle
    from regulars.project.embedded.cluster import Cluster

    cluster = Cluster.at(Path(os.environ["REGULARS_DATA"]))
    with lifecycle.using(cluster):
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield cluster


def pgbench(cluster: Any, *, seconds: int = 10, clients: int = 8, scale: int = 20) -> float:
    """TPC-B-like transactions per second on the same server with the same durability."""
    from regulars.project.embedded.cluster import binaries

    tool = str(binaries() / "pgbench")
    where = ["-h", str(cluster.socket_directory), "-U", "regulars"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(binaries().parent / "lib")}
    with _connect(cluster, "postgres") as admin:
        if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'pgbench'").fetchone():
            admin.execute("CREATE DATABASE pgbench")
            subprocess.run(
                [tool, *where, "-i", "-q", "-s", str(scale), "pgbench"],
                check=True,
                env=environment,
                capture_output=True,
            )
    done = subprocess.run(
        [tool, *where, "-c", str(clients), "-j", "2", "-T", str(seconds), "pgbench"],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))


def copy_rows_per_second(cluster: Any, rows: int = 500_000) -> float:
    """COPY of rows as wide as entries into a plain table without indexes."""
    with _connect(cluster, "pgbench") as db:
        db.execute("DROP TABLE IF EXISTS yardstick")
        db.execute(
            "CREATE TABLE yardstick (member_id uuid, id uuid, unit text, kind text, amount bigint, at timestamptz)"
        )
        line = f"{UUID(int=1)}\t{UUID(int=2)}\tpoints\tearn\t100\t2026-01-01T00:00:00+00:00\n" * 1000
        began = time.perf_counter()
        with db.transaction(), db.cursor().copy("COPY yardstick FROM STDIN") as copy:
            for _ in range(rows // 1000):
                copy.write(line)
        return rows / (time.perf_counter() - began)


def server_seconds(cluster: Any) -> float:
    """Processor time of the server: its main process, those that ended, and those that run."""
    main = cluster.postmaster_pid()
    pids = [main, *map(int, Path(f"/proc/{main}/task/{main}/children").read_text().split())]
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in (fields[11:15] if pid == main else fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wal_bytes(cluster: Any) -> int:
    """Bytes of write-ahead log that the server has written so far."""
    with _connect(cluster, "postgres") as admin:
        return int(admin.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()[0])


def _connect(cluster: Any, database: str, **user: str) -> Any:
    import psycopg

    return psycopg.connect(**cluster.connection(database=database, **user), autocommit=True)


def brand_with_members(
    count: int, slug: str = "bench", sections: dict[str, Any] | None = None
) -> tuple[Any, list[UUID]]:
    """A brand on the retail programme with `count` members, made once and kept; returns her scope and member ids.

    `sections` of the programme take the place of the pack's.
    """
    from django.db import connection

    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import Actor, NewStore, Scope
    from regulars.platform.staff.types import PERMISSIONS
    from regulars.programme.packs.api import retail_pack
    from regulars.programme.versions import api as versions

    slug = f"{slug}{count}"
    brand = organisations.find_brand(slug_or_id=slug)
    fresh = brand is None
    if brand is None:
        organisation = organisations.create_organisation(name=Text("Bench", "Bench"), now=START)
        brand = organisations.create_brand(
            organisation_id=organisation.id, slug=slug, name=Text("Bench", "Bench"), now=START
        )
        organisations.put_stores(
            brand_id=brand.id,
            stores=[NewStore(f"S{i}", Text(f"S{i}", f"S{i}")) for i in range(20)],
            now=START,
        )
    scope = Scope(brand.organisation_id, brand.id, Actor("api_key", None, "bench"), frozenset(PERMISSIONS))
    with connection.cursor() as cursor:
        if fresh:
            versions.install(
                scope=scope, definition={**retail_pack(), **(sections or {})}, now=START, effective_from=START
            )
            _fill(cursor, brand, count)
        cursor.execute("SELECT member_id FROM membership WHERE brand_id = %s ORDER BY member_id", [brand.id])
        return scope, [row[0] for row in cursor.fetchall()]


def _fill(cursor: Any, brand: Any, count: int) -> None:
    """Members straight into the tables, with a birthday each, as enrolment would leave them."""
    import random

    from regulars.facts.members.store.personal import key_of, seal
    from regulars.kit.ids import new_ids
    from regulars.kit.sql import copy_text

    rng = random.Random(1)
    when = START.isoformat()
    organisation = brand.organisation_id
    for start in range(0, count, 100_000):
        ids = new_ids(min(100_000, count - start))
        people = "".join([f"{i}\t{organisation}\t{when}\n" for i in ids])
        copy_text(cursor, "member", ("member_id", "organisation_id", "created_at"), people)
        codes = [f"B{rng.getrandbits(48):012X}" for _ in ids]
        places = [
            f"{i}\t{brand.id}\t{organisation}\t{code}\t{when}\tnormal\n"
            for i, code in zip(ids, codes, strict=True)
        ]
        keys = [
            f"{key_of(organisation, 'code', code)}\t{organisation}\t{i}\tcode\n"
            for i, code in zip(ids, codes, strict=True)
        ]
        copy_text(cursor, "identity_key", ("key_hash", "organisation_id", "member_id", "type"), "".join(keys))
        columns = ("member_id", "brand_id", "organisation_id", "code", "joined_at", "tier")
        copy_text(cursor, "membership", columns, "".join(places))
        born = [seal(i, "birthday", f"19{50 + n % 50}-{1 + n % 12:02d}-15") or b"" for n, i in enumerate(ids)]
        profiles = [f"{i}\t{organisation}\t\\\\x{b.hex()}\n" for i, b in zip(ids, born, strict=True)]
        copy_text(cursor, "profile", ("member_id", "organisation_id", "birthday"), "".join(profiles))
    cursor.execute("VACUUM (ANALYZE) membership")
