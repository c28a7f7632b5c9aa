"""Every query of signing in. Counting and trying are single statements: parallel guesses each cost a try."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from regulars.platform.signin.models import Attempts, MemberSession, OneTimeCode
from regulars.platform.signin.types import Address


def count(key: UUID, *, window: timedelta, now: datetime) -> tuple[int, datetime]:
    """Count one more; gives how many in the present window, this one included, and since when."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO member_sign_in_attempts AS a (key, times, since) VALUES (%(key)s, 1, %(now)s)
            ON CONFLICT (key) DO UPDATE SET
              times = CASE WHEN a.since <= %(old)s THEN 1 ELSE a.times + 1 END,
              since = CASE WHEN a.since <= %(old)s THEN %(now)s ELSE a.since END
            RETURNING times, since
            """,
            {"key": key, "now": now, "old": now - window},
        )
        times, since = cursor.fetchone()
        return int(times), since


def counted(key: UUID, *, window: timedelta, now: datetime) -> tuple[int, datetime]:
    """How many so far, without counting one more."""
    row = Attempts.objects.filter(key=key, since__gt=now - window).first()
    return (row.times, row.since) if row else (0, now)


def clear_count(key: UUID) -> None:
    Attempts.objects.filter(key=key).delete()


def put_code(address: Address, *, code_hash: UUID, now: datetime, expires_at: datetime) -> None:
    """The address's newest code; the one before it works no longer, nor does a proof that was not used."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO one_time_code
              (address_hash, brand_id, purpose, owner_id, code_hash, tries, sent_at, expires_at)
            VALUES (%s, %s, %s, %s, %s, 0, %s, %s)
            ON CONFLICT (address_hash, brand_id, purpose) DO UPDATE SET owner_id = excluded.owner_id,
              code_hash = excluded.code_hash, tries = 0, sent_at = excluded.sent_at,
              expires_at = excluded.expires_at, ticket = NULL
            """,
            (address.hash, address.brand_id, address.purpose, address.owner, code_hash, now, expires_at),
        )


def take_try(address: Address, *, tries: int, now: datetime) -> UUID | None:
    """Use up one try of the address's code and give its hash; None when there is none to be tried."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE one_time_code SET tries = tries + 1
            WHERE address_hash = %s AND brand_id = %s AND purpose = %s AND owner_id IS NOT DISTINCT FROM %s
              AND expires_at > %s AND tries < %s AND ticket IS NULL
            RETURNING code_hash
            """,
            (address.hash, address.brand_id, address.purpose, address.owner, now, tries),
        )
        row = cursor.fetchone()
        return row[0] if row else None


def prove(address: Address, *, code_hash: UUID, ticket: bytes, expires_at: datetime) -> bool:
    """Turn the code into a proof; False when another request was first."""
    rows = _codes(address).filter(code_hash=code_hash, ticket=None)
    return rows.update(ticket=ticket, expires_at=expires_at) == 1


def use_proof(address: Address, *, ticket: bytes, now: datetime) -> bool:
    """Take the proof away, once."""
    deleted, _ = _codes(address).filter(ticket=ticket, expires_at__gt=now).delete()
    return deleted == 1


def add_session(session: MemberSession) -> None:
    MemberSession.objects.bulk_create([session])


def find_session(member_id: UUID, digest: bytes, *, now: datetime) -> MemberSession | None:
    return MemberSession.objects.filter(member_id=member_id, digest=digest, expires_at__gt=now).first()


def touch_session(member_id: UUID, digest: bytes, *, now: datetime, expires_at: datetime) -> None:
    MemberSession.objects.filter(member_id=member_id, digest=digest).update(
        seen_at=now, expires_at=expires_at
    )


def drop_session(member_id: UUID, digest: bytes) -> None:
    MemberSession.objects.filter(member_id=member_id, digest=digest).delete()


def drop_sessions(member_id: UUID) -> int:
    return MemberSession.objects.filter(member_id=member_id).delete()[0]


def prune(now: datetime, *, limit: int) -> int:
    """Delete what has had its time, a batch of each kind; gives how many rows."""
    done = 0
    with connection.cursor() as cursor:
        for table, key, condition, bound in (
            ("one_time_code", "address_hash, brand_id, purpose", "expires_at < %s", now),
            ("member_session", "member_id, digest", "expires_at < %s", now),
            ("member_sign_in_attempts", "key", "since < %s", now - timedelta(days=2)),
        ):
            cursor.execute(
                f"DELETE FROM {table} WHERE ({key}) IN "
                f"(SELECT {key} FROM {table} WHERE {condition} LIMIT %s)",
                (bound, limit),
            )
            done += cursor.rowcount
    return done


def _codes(address: Address) -> QuerySet[OneTimeCode]:
    return OneTimeCode.objects.filter(
        address_hash=address.hash, brand_id=address.brand_id, purpose=address.purpose, owner_id=address.owner
    )
