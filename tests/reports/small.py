"""A shop small enough to reckon by hand: tables as the warehouse has them, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import ibis
import pyarrow

ORDERS = {
    "member_id": "string", "order_id": "string", "local_day": "date", "local_hour": "int64", "amount": "int64",
    "discount": "int64", "store": "string", "channel": "string", "coupon_used": "boolean", "line_count": "int64",
    "refunded": "int64",
}  # fmt: skip
LINES = {
    "member_id": "string", "order_id": "string", "local_day": "date", "category": "string", "department": "string",
    "amount": "int64",
}  # fmt: skip
MEMBERS = {
    "member_id": "string", "code": "string", "joined_day": "date", "channel": "string", "store": "string",
    "recruiter": "string", "tier": "string", "profiling": "boolean",
}  # fmt: skip
ENTRIES = {
    "member_id": "string",
    "unit": "string",
    "contra": "string",
    "amount": "int64",
    "local_day": "date",
}


class Shop:
    """`orders`: (member, day, amount) or more of the columns by name; `members`: (member, joined day)."""

    def __init__(
        self,
        orders: Sequence[tuple[str, date, int]] | Sequence[dict[str, Any]] = (),
        members: Sequence[tuple[str, date]] | Sequence[dict[str, Any]] = (),
        lines: Sequence[tuple[Any, ...]] = (),
        entries: Sequence[tuple[Any, ...]] = (),
    ) -> None:
        self.memory = duckdb.connect()
        self.duck = ibis.duckdb.from_connection(self.memory)
        plain_order = {
            "local_hour": 10, "discount": 0, "store": "S1", "channel": "store", "coupon_used": False,
            "line_count": 1, "refunded": 0,
        }  # fmt: skip
        made = []
        for number, one in enumerate(orders):
            given = (
                one
                if isinstance(one, dict)
                else dict(zip(("member_id", "local_day", "amount"), one, strict=True))
            )
            made.append({**plain_order, "order_id": f"o{number}", **given})
        people = []
        for one in members:
            given = one if isinstance(one, dict) else dict(zip(("member_id", "joined_day"), one, strict=True))
            plain = {"channel": "store", "store": "S1", "recruiter": "", "tier": "silver", "profiling": True}
            people.append({"code": given["member_id"].upper(), **plain, **given})
        self._put("orders", made, ORDERS)
        self._put("members", people, MEMBERS)
        self._put("lines", [dict(zip(LINES, line, strict=True)) for line in lines], LINES)
        self._put("entries", [dict(zip(ENTRIES, entry, strict=True)) for entry in entries], ENTRIES)

    def _put(self, name: str, rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> None:
        schema = ibis.schema(columns).to_pyarrow()
        self.memory.register(name, pyarrow.Table.from_pylist(list(rows), schema=schema))

    def table(self, name: str) -> Any:
        return self.duck.table(name)

    def rows(self, expression: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.duck.to_pyarrow(expression).to_pylist()
        return found
