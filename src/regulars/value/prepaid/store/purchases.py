"""Top-ups, packages and their uses, repayments, transfers, buyers: rows of members.

They are written inside the flow's transaction, under the member's lock.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from regulars.value.prepaid.types import PackageRow, RepaymentRow, TopUpRow, TransferRow, UseRow

Row = TypeVar("Row", TopUpRow, PackageRow, UseRow, RepaymentRow, TransferRow)
_TABLES: dict[type[Any], str] = {
    TopUpRow: "top_up",
    PackageRow: "package",
    UseRow: "package_use",
    RepaymentRow: "prepaid_repayment",
    TransferRow: "value_transfer",
}
_JSON = frozenset({"terms"})
_ORDER = {
    "top_up": "created_at",
    "package": "created_at",
    "package_use": "used_at",
    "prepaid_repayment": "created_at",
    "value_transfer": "created_at",
}


def _columns(kind: type[Any]) -> list[str]:
    return [field.name for field in fields(kind)]


def _read(kind: type[Row], row: Sequence[Any]) -> Row:
    values = [
        json.loads(value) if name in _JSON and isinstance(value, str) else value
        for name, value in zip(_columns(kind), row, strict=True)
    ]
    return kind(*values)


def add(cursor: Any, *, brand_id: UUID, row: Row) -> None:
    """A new row of any of these kinds."""
    names: list[str] = _columns(type(row))
    values: list[Any] = [json.dumps(getattr(row, n)) if n in _JSON else getattr(row, n) for n in names]
    if "brand_id" not in names:
        names, values = [*names, "brand_id"], [*values, brand_id]
    table, places = _TABLES[type(row)], ", ".join(["%s"] * len(names))
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", values)


def get(
    cursor: Any, kind: type[Row], *, brand_id: UUID, member_id: UUID, id_: UUID, lock: bool = False
) -> Row | None:
    table, columns = _TABLES[kind], ", ".join(_columns(kind))
    cursor.execute(
        f"""SELECT {columns} FROM {table} WHERE member_id = %s AND id = %s AND brand_id = %s
            {"FOR NO KEY UPDATE" if lock else ""}""",
        [member_id, id_, brand_id],
    )
    row = cursor.fetchone()
    return _read(kind, row) if row else None


def list_of(
    cursor: Any,
    kind: type[Row],
    *,
    brand_id: UUID,
    member_id: UUID,
    before: tuple[str, str] | None = None,
    limit: int = 200,
) -> list[Row]:
    """A member's rows, newest first, going on below (instant, id)."""
    table, columns = _TABLES[kind], ", ".join(_columns(kind))
    at = _ORDER[table]
    cursor.execute(
        f"""SELECT {columns} FROM {table} WHERE member_id = %s AND brand_id = %s
            {f"AND ({at}, id) < (%s::timestamptz, %s::uuid)" if before else ""}
             ORDER BY {at} DESC, id DESC LIMIT %s""",
        [member_id, brand_id, *(before or ()), limit],
    )
    return [_read(kind, row) for row in cursor.fetchall()]


def refund_top_up(cursor: Any, *, row: TopUpRow, principal: int, bonus: int) -> None:
    cursor.execute(
        """UPDATE top_up SET refunded = refunded + %s, bonus_taken = bonus_taken + %s
            WHERE member_id = %s AND id = %s""",
        [principal, bonus, row.member_id, row.id],
    )


def save_package(cursor: Any, row: PackageRow) -> None:
    """Write what a package's life changes."""
    cursor.execute(
        """UPDATE package SET state = %s, started_at = %s, expires_at = %s, frozen_at = %s, frozen_until = %s,
                  frozen_days = %s, refunded = %s WHERE member_id = %s AND id = %s""",
        [
            row.state, row.started_at, row.expires_at, row.frozen_at, row.frozen_until, row.frozen_days, row.refunded,
            row.member_id, row.id,
        ],
    )  # fmt: skip


def thaw_due(cursor: Any, *, now: datetime, limit: int) -> list[PackageRow]:
    """Packages whose freeze is over; nothing is locked."""
    cursor.execute(
        f"""SELECT {", ".join(_columns(PackageRow))} FROM package WHERE state = 'frozen' AND frozen_until <= %s
             ORDER BY frozen_until, id LIMIT %s""",
        [now, limit],
    )
    return [_read(PackageRow, row) for row in cursor.fetchall()]


def uses_of(cursor: Any, *, member_id: UUID, package_id: UUID, limit: int = 500) -> list[UseRow]:
    cursor.execute(
        f"""SELECT {", ".join(_columns(UseRow))} FROM package_use WHERE member_id = %s AND package_id = %s
             ORDER BY used_at DESC, id DESC LIMIT %s""",
        [member_id, package_id, limit],
    )
    return [_read(UseRow, row) for row in cursor.fetchall()]


def set_undone(cursor: Any, *, use: UseRow, now: datetime) -> None:
    cursor.execute(
        "UPDATE package_use SET undone_at = %s WHERE member_id = %s AND id = %s", [now, use.member_id, use.id]
    )


def repayments_of(cursor: Any, *, member_id: UUID, subject_id: UUID) -> list[RepaymentRow]:
    cursor.execute(
        f"""SELECT {", ".join(_columns(RepaymentRow))} FROM prepaid_repayment
             WHERE member_id = %s AND subject_id = %s ORDER BY id""",
        [member_id, subject_id],
    )
    return [_read(RepaymentRow, row) for row in cursor.fetchall()]


def given_since(
    cursor: Any, *, brand_id: UUID, member_id: UUID, unit: str, since: datetime
) -> tuple[int, int]:
    """(amount, times) of value of a unit that a member gave away since an instant."""
    cursor.execute(
        """SELECT COALESCE(sum(amount), 0), count(*) FROM value_transfer
            WHERE member_id = %s AND brand_id = %s AND direction = 'out' AND what = 'value' AND unit = %s
              AND created_at >= %s""",
        [member_id, brand_id, unit, since],
    )
    amount, times = cursor.fetchone()
    return int(amount), int(times)


def count_top_ups(cursor: Any, *, brand_id: UUID, member_id: UUID, ladder: str) -> int:
    cursor.execute(
        "SELECT count(*) FROM top_up WHERE member_id = %s AND brand_id = %s AND ladder = %s",
        [member_id, brand_id, ladder],
    )
    return int(cursor.fetchone()[0])


def count_packages(cursor: Any, *, brand_id: UUID, member_id: UUID, key: str) -> int:
    """Those she bought herself."""
    cursor.execute(
        """SELECT count(*) FROM package
            WHERE member_id = %s AND brand_id = %s AND key = %s AND came_from IS NULL""",
        [member_id, brand_id, key],
    )
    return int(cursor.fetchone()[0])


def count_exchanges(cursor: Any, *, brand_id: UUID, member_id: UUID, card: str, since: datetime) -> int:
    cursor.execute(
        """SELECT count(*) FROM stamp_exchange
            WHERE member_id = %s AND brand_id = %s AND card = %s AND created_at >= %s""",
        [member_id, brand_id, card, since],
    )
    return int(cursor.fetchone()[0])


def add_exchange(
    cursor: Any, *, brand_id: UUID, member_id: UUID, id_: UUID, card: str, actor: str, now: datetime
) -> None:
    cursor.execute(
        """INSERT INTO stamp_exchange (member_id, id, brand_id, card, actor, created_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        [member_id, id_, brand_id, card, actor, now],
    )


def put_buyer(
    cursor: Any, *, brand_id: UUID, member_id: UUID, kind: str, sealed: bytes, actor: str, now: datetime
) -> None:
    cursor.execute(
        """INSERT INTO prepaid_buyer (member_id, brand_id, kind, sealed, actor, recorded_at)
           VALUES (%s, %s, %s, %s, %s, %s)
           ON CONFLICT (member_id, brand_id) DO UPDATE
              SET kind = excluded.kind, sealed = excluded.sealed, actor = excluded.actor,
                  recorded_at = excluded.recorded_at""",
        [member_id, brand_id, kind, sealed, actor, now],
    )


def get_buyer(cursor: Any, *, brand_id: UUID, member_id: UUID) -> tuple[str, bytes, datetime] | None:
    cursor.execute(
        "SELECT kind, sealed, recorded_at FROM prepaid_buyer WHERE member_id = %s AND brand_id = %s",
        [member_id, brand_id],
    )
    row = cursor.fetchone()
    return (row[0], bytes(row[1]), row[2]) if row else None
