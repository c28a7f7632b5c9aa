"""Locks against guessing passwords, kept in the database so that every process counts together."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import connection, transaction

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.staff import policy


def count_attempt(*, account: str, ip: str, now: datetime) -> None:
    """Count an attempt before the password is looked at, so that parallel guesses count too.

    Raises `too_many_attempts` (429, with `retry_after_seconds`) while the account or the address is locked. Runs in
    a transaction of its own: a refusal must not undo the count.
    """
    with transaction.atomic(durable=True):
        locked = _count(_key("ip", policy.address_block(ip)), policy.ADDRESS_ATTEMPTS, now) if ip else None
        if locked is None:
            locked = _count(_key("account", account), policy.ACCOUNT_ATTEMPTS, now)
    if locked is not None:
        seconds = max(1, int((locked - now).total_seconds()) + 1)
        raise Refusal(
            "too_many_attempts",
            Text("尝试次数过多，请 {m} 分钟后再试", "Too many attempts; try again in {m} minutes").format(
                m=-(-seconds // 60)
            ),
            status=429,
            data={"retry_after_seconds": seconds},
        )


def forgive(*, account: str, ip: str) -> None:
    """After a right password: the account starts anew, and its address has this attempt back."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM sign_in_throttle WHERE key = %s", [_key("account", account)])
        if ip:
            cursor.execute(
                "UPDATE sign_in_throttle SET attempts = attempts - 1 WHERE key = %s AND attempts > 0",
                [_key("ip", policy.address_block(ip))],
            )


def forget_old(now: datetime) -> int:
    """Due work: drop counts that can no longer lock anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM sign_in_throttle WHERE since < %s AND (locked_until IS NULL OR locked_until < %s)",
            [now - 2 * policy.LOCK, now],
        )
        return int(cursor.rowcount)


def _count(key: bytes, allowed: int, now: datetime) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sign_in_throttle AS t (key, attempts, since) VALUES (%(key)s, 1, %(now)s)
            ON CONFLICT (key) DO UPDATE SET
              attempts = CASE WHEN t.locked_until > %(now)s THEN t.attempts
                              WHEN t.since <= %(old)s OR t.locked_until IS NOT NULL THEN 1
                              ELSE t.attempts + 1 END,
              since = CASE WHEN t.locked_until > %(now)s THEN t.since
                           WHEN t.since <= %(old)s OR t.locked_until IS NOT NULL THEN %(now)s
                           ELSE t.since END,
              locked_until = CASE WHEN t.locked_until > %(now)s THEN t.locked_until
                                  WHEN t.since <= %(old)s OR t.locked_until IS NOT NULL THEN NULL
                                  WHEN t.attempts >= %(allowed)s THEN %(until)s END
            RETURNING locked_until
            """,
            {
                "key": key,
                "now": now,
                "old": now - policy.LOCK,
                "until": now + policy.LOCK,
                "allowed": allowed,
            },
        )
        row = cursor.fetchone()
    until: datetime | None = row[0] if row else None
    return until


def _key(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}\x1f{value}".encode()).digest()
