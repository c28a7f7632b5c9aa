"""A standing as compact JSON, for the member's decision state. What is empty is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from regulars.programme.rules.types import TierStanding


def standing_to_json(standing: TierStanding) -> dict[str, Any]:
    """Plain JSON values; instants are ISO 8601 in UTC. Copies, so that the standing may change afterwards."""
    out: dict[str, Any] = {"t": standing.tier, "s": _out(standing.since)}
    if standing.ends_at is not None:
        out["e"] = _out(standing.ends_at)
    if standing.grace_ends_at is not None:
        out["g"] = _out(standing.grace_ends_at)
    if standing.locked:
        out["l"] = 1 if standing.locked_until is None else _out(standing.locked_until)
    if standing.reason != "joined":
        out["r"] = standing.reason
    if standing.base:
        out["b"] = standing.base
    if standing.base_ends_at is not None:
        out["be"] = _out(standing.base_ends_at)
    if standing.period:
        out["p"] = dict(standing.period)
    if standing.months:
        out["m"] = {month: dict(metrics) for month, metrics in standing.months.items()}
    return out


def standing_from_json(value: Mapping[str, Any]) -> TierStanding:
    """The standing that `standing_to_json` wrote."""
    get = value.get
    lock = get("l")
    return TierStanding(
        tier=value["t"],
        since=_in(value["s"]),
        ends_at=_in(get("e")) if "e" in value else None,
        grace_ends_at=_in(get("g")) if "g" in value else None,
        locked_until=_in(lock) if isinstance(lock, str) else None,
        locked=lock is not None,
        period=dict(get("p", ())),
        months={month: dict(metrics) for month, metrics in get("m", {}).items()},
        reason=get("r", "joined"),
        base=get("b", ""),
        base_ends_at=_in(get("be")) if "be" in value else None,
    )


def _out(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _in(text: Any) -> datetime:
    return datetime.fromisoformat(text)
