"""Instants read from the database are what the driver itself would have made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.types.datetime import TimestamptzLoader

from regulars.project.postgresql.base import InstantLoader

pytestmark = pytest.mark.django_db
_OURS = InstantLoader(1184)
_DRIVERS = TimestamptzLoader(1184)


@settings(max_examples=300)
@given(
    at=st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_whatever_the_instant_and_the_offset(at: datetime, minutes: int) -> None:
    instant = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    if not 2 <= instant.astimezone(UTC).year <= 9998:
        return
    sign, rest = ("-" if minutes < 0 else "+"), abs(minutes)
    offset = f"{sign}{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 else "")
    part = f".{at.microsecond:06}".rstrip("0") if at.microsecond else ""
    text = f"{at:%Y-%m-%d %H:%M:%S}".zfill(19) + part + offset  # as PostgreSQL writes it
    read = _OURS.load(text.encode())
    assert (read, read.tzinfo) == (instant, UTC)


def test_the_connection_reads_by_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT '2026-02-28 23:59:59.25+08'::timestamptz, NULL::timestamptz")
        assert cursor.fetchone() == (datetime(2026, 2, 28, 15, 59, 59, 250_000, tzinfo=UTC), None)
        assert cursor.connection.adapters.get_loader(1184, psycopg.pq.Format.TEXT) is InstantLoader


@pytest.mark.parametrize(
    "text", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01 00:00:00+00"]
)
def test_what_python_cannot_hold_is_refused_as_by_the_driver(text: str) -> None:
    with pytest.raises(psycopg.DataError):
        _OURS.load(text.encode())
    with pytest.raises(psycopg.DataError):
        _DRIVERS.load(text.encode())
