"""A brand's limits of sending in JSON, checked field by field. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any, cast

from regulars.kit.errors import ErrorList
from regulars.messaging.types import CHANNELS, Cap, Policy, Quiet

PERIODS = ("day", "week", "month")
MOST_CAPS = 24
MOST_OF_A_CAP = 1000
# Commercial text messages keep to waking hours unless somebody decides otherwise.
# WeCom itself lets a customer have four mass messages a month.
DEFAULT = Policy({"sms": Quiet(time(21), time(8), service_too=True)}, (Cap("wecom", "month", 4),))


def to_json(policy: Policy) -> dict[str, Any]:
    return {
        "quiet": {
            channel: {
                "closes": f"{quiet.closes:%H:%M}",
                "opens": f"{quiet.opens:%H:%M}",
                "then": quiet.then,
                "work_days_only": quiet.work_days_only,
                "service_too": quiet.service_too,
            }
            for channel, quiet in sorted(policy.quiet.items())
        },
        "caps": [{"channel": cap.channel, "period": cap.period, "limit": cap.limit} for cap in policy.caps],
    }


def from_json(value: Mapping[str, Any]) -> Policy:
    """A policy that was checked when it was kept."""
    return Policy(
        {
            channel: Quiet(
                time.fromisoformat(quiet["closes"]),
                time.fromisoformat(quiet["opens"]),
                quiet["then"],
                quiet["work_days_only"],
                quiet["service_too"],
            )
            for channel, quiet in value["quiet"].items()
        },
        tuple(Cap(cap["channel"], cap["period"], cap["limit"]) for cap in value["caps"]),
    )


def parse(value: object) -> Policy:
    """From input. Raises `invalid_input` that names each wrong field."""
    errors = ErrorList()
    given = value if isinstance(value, dict) else {}
    for name in given.keys() - {"quiet", "caps"}:
        errors.add(str(name), "unknown_field", "没有这个字段", "There is no such field")
    quiet = {
        channel: parsed
        for channel, one in _dict(given.get("quiet"), "quiet", errors).items()
        if (parsed := _quiet(channel, one, errors)) is not None
    }
    listed = given.get("caps", [])
    if not isinstance(listed, list) or len(listed) > MOST_CAPS:
        errors.add("caps", "bad_list", f"须为最多 {MOST_CAPS} 项的列表", f"A list of at most {MOST_CAPS}")
        listed = []
    caps: list[Cap] = []
    for n, one in enumerate(listed):
        cap = _cap(f"caps[{n}]", one, errors)
        if cap is None:
            continue
        if any((cap.channel, cap.period) == (other.channel, other.period) for other in caps):
            errors.add(
                f"caps[{n}]", "duplicate", "该通道与周期已有上限", "This channel and period has a cap already"
            )
        caps.append(cap)
    errors.refuse()
    return Policy(quiet, tuple(caps))


def _quiet(channel: str, value: object, errors: ErrorList) -> Quiet | None:
    at = f"quiet.{channel}"
    if channel not in CHANNELS:
        errors.add(at, "unknown_channel", "没有这个通道", "There is no such channel")
        return None
    given = _dict(value, at, errors)
    closes, opens = (_time(given.get(name), f"{at}.{name}", errors) for name in ("closes", "opens"))
    then = given.get("then", "defer")
    if then not in ("defer", "abort"):
        errors.add(f"{at}.then", "unknown_choice", "须为 defer 或 abort", "Give defer or abort")
        return None
    flags = [given.get(name, False) for name in ("work_days_only", "service_too")]
    for name, flag in zip(("work_days_only", "service_too"), flags, strict=True):
        if not isinstance(flag, bool):
            errors.add(f"{at}.{name}", "not_boolean", "须为 true 或 false", "Give true or false")
    if closes is None or opens is None:
        return None
    if closes == opens:
        errors.add(
            f"{at}.opens",
            "always_closed",
            "开始与结束不能相同",
            "It must open at another time than it closes",
        )
    return Quiet(closes, opens, then, *[flag is True for flag in flags])


def _cap(at: str, value: object, errors: ErrorList) -> Cap | None:
    given = _dict(value, at, errors)
    channel, period, limit = given.get("channel", ""), given.get("period"), given.get("limit")
    good = True
    if channel != "" and channel not in CHANNELS:
        errors.add(f"{at}.channel", "unknown_channel", "没有这个通道", "There is no such channel")
        good = False
    if period not in PERIODS:
        errors.add(f"{at}.period", "unknown_choice", "须为 day、week 或 month", "Give day, week or month")
        good = False
    if type(limit) is not int or not 0 <= limit <= MOST_OF_A_CAP:
        errors.add(f"{at}.limit", "out_of_range", f"须为 0–{MOST_OF_A_CAP}", f"Give 0 to {MOST_OF_A_CAP}")
        good = False
    return Cap(str(channel), cast(Any, period), cast(int, limit)) if good else None


def _time(value: object, at: str, errors: ErrorList) -> time | None:
    try:
        if not isinstance(value, str) or len(value) != 5:
            raise ValueError
        return time.fromisoformat(value)
    except ValueError:
        errors.add(at, "bad_time", "须为 HH:MM，如 21:00", "Give HH:MM, as 21:00")
        return None


def _dict(value: object, at: str, errors: ErrorList) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if value is not None:
        errors.add(at, "not_an_object", "须为对象", "Give an object")
    return {}
