"""Where the database is: the user's own PostgreSQL (`DATABASE_URL`) or the embedded one in the data directory."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from regulars.project.plainly import PlainError

_POOL_HOLDS = 60.0
# Statements that are planned once read by key: a plan for the values at hand is never better, and making one costs
# more than running it (the eight reads of a quote: 576 µs with plans of their own, 167 without).
_PLANS = "-c plan_cache_mode=force_generic_plan"


def data_directory() -> Path:
    """`REGULARS_DATA`, or `.regulars` in the working directory."""
    return Path(os.environ.get("REGULARS_DATA") or ".regulars").absolute()


def demo_note() -> Path:
    """Where the demo leaves its addresses and logins: a file of the data directory, one for each database."""
    if is_embedded():
        return data_directory() / "demo.txt"
    parts = parse(os.environ["DATABASE_URL"])
    where = "\x1f".join(str(parts.get(name, "")) for name in ("host", "port", "dbname"))
    return data_directory() / f"demo-{sha256(where.encode()).hexdigest()[:12]}.txt"


def is_embedded() -> bool:
    """Whether the installation runs its own PostgreSQL."""
    return not os.environ.get("DATABASE_URL")


def django_database() -> dict[str, Any]:
    """Django's description of the database.

    Each thread keeps its connection and asks whether it still lives before the first query of a request, so that a
    restarted server costs no request. `REGULARS_DB_POOL=n` shares n connections per process between all threads
    instead, for servers that allow few.
    """
    options: dict[str, Any] = {"connect_timeout": 10, "application_name": "regulars", "prepare_threshold": 5}
    if is_embedded():
        from regulars.project.embedded.cluster import Cluster

        parts: dict[str, Any] = Cluster.at(data_directory()).connection()
    else:
        parts = parse(os.environ["DATABASE_URL"])
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    description: dict[str, Any] = {
        "ENGINE": "regulars.project.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
        "TEST": {"NAME": None},
    }
    for key, value in parts.items():
        if key in known:
            description[known[key]] = value
        else:
            options[key] = value
    options["options"] = f"{_PLANS} {options.get('options', '')}".strip()
    pool = int(os.environ.get("REGULARS_DB_POOL") or 0)
    if pool:
        description["CONN_MAX_AGE"] = 0
        options["pool"] = {"min_size": 1, "max_size": pool, "max_idle": _POOL_HOLDS, "timeout": 10}
    return description


def parse(url: str) -> dict[str, Any]:
    """A connection URL or libpq text (several hosts allowed) as keyword parameters."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    refusal = PlainError(
        zh="DATABASE_URL 不是有效的 PostgreSQL 地址,应形如 postgresql://用户:密码@主机:5432/库名。",
        en="DATABASE_URL is not a PostgreSQL address; it looks like postgresql://user:password@host:5432/name.",
        exit_code=2,
    )
    try:
        parts = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError:
        raise refusal from None
    if not parts.get("dbname"):
        raise refusal
    return parts
