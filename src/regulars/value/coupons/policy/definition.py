"""A coupon definition from its JSON and back. Pure; the offer inside is read by `programme.pricing`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.value.coupons.policy.coding import MOST_LENGTH
from regulars.value.coupons.types import (
    CHANNELS,
    DEFINITION_STATES,
    AfterClaim,
    Definition,
    FixedDates,
    Limits,
    Validity,
)

_KEY = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_LIMITS = ("total", "per_day", "per_member", "per_person")
_FIELDS = (
    "key", "name", "description", "state", "offer", "validity", "limits", "budgets", "worth", "claim", "codes", "words",
    "transferable", "gift_hours", "grace_days", "undo_minutes",
)  # fmt: skip
MOST = 10**9


def parse(data: Any) -> Definition:
    """A definition from its JSON. Raises `invalid_input` naming every wrong field; the offer is kept as it came."""
    errors = ErrorList()
    top = _Reader(data, "", errors, _FIELDS)
    key = top.take("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        errors.add(
            "key",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 40",
            "Use a-z, 0-9, - and _, at most 40 characters",
        )
    offer = top.take("offer")
    if not isinstance(offer, Mapping) or not offer:
        errors.add("offer", "required", "必填", "Required")
    claim = _Reader(top.take("claim", {}), "claim", errors, ("channels", "from", "to", "tiers"))
    channels = claim.words("channels", default=("issue",), known=tuple(CHANNELS))
    words = top.words("words")
    for n, word in enumerate(words):
        if not 4 <= len(word) <= MOST_LENGTH:
            errors.add(
                f"words[{n}]",
                "bad_text",
                f"应为 4–{MOST_LENGTH} 个字",
                f"Must be 4 to {MOST_LENGTH} characters",
            )
    limits = _Reader(top.take("limits", {}), "limits", errors, _LIMITS)
    made = Definition(
        key=str(key),
        name=top.text("name", required=True),
        description=top.text("description"),
        state=top.choice("state", tuple(DEFINITION_STATES), "draft"),
        offer=dict(offer) if isinstance(offer, Mapping) else {},
        validity=_validity(top.take("validity", None), errors),
        limits=Limits(**{name: limits.whole(name, least=1) for name in _LIMITS}),
        budgets=top.words("budgets"),
        worth=top.whole("worth", default=0, most=10**12) or 0,
        channels=frozenset(channels),
        claim_from=claim.day("from"),
        claim_to=claim.day("to"),
        tiers=frozenset(claim.words("tiers")),
        codes=top.choice("codes", ("none", "pool"), "none"),
        words=words,
        transferable=top.flag("transferable"),
        gift_hours=top.whole("gift_hours", default=72, least=1, most=24 * 90) or 72,
        grace_days=top.whole("grace_days", default=0, most=366) or 0,
        undo_minutes=_or(top.whole("undo_minutes", default=30, most=7 * 24 * 60), 30),
    )
    if made.claim_from and made.claim_to and made.claim_to < made.claim_from:
        errors.add("claim.to", "out_of_order", "不能早于开始日", "Must not come before the first day")
    errors.refuse()
    return made


def dump(made: Definition) -> dict[str, Any]:
    """The canonical JSON; parsing it gives an equal definition."""
    validity: dict[str, Any]
    if isinstance(made.validity, FixedDates):
        validity = {"kind": "fixed", "from": _iso(made.validity.first), "to": _iso(made.validity.last)}
    else:
        validity = {
            "kind": "after_claim",
            "days": made.validity.days,
            "delay_days": made.validity.delay_days,
            "not_before": _iso(made.validity.not_before),
            "not_after": _iso(made.validity.not_after),
        }
    return {
        "key": made.key,
        "name": made.name.to_json(),
        "description": made.description.to_json(),
        "state": made.state,
        "offer": dict(made.offer),
        "validity": validity,
        "limits": {name: getattr(made.limits, name) for name in _LIMITS},
        "budgets": list(made.budgets),
        "worth": made.worth,
        "claim": {
            "channels": [name for name in CHANNELS if name in made.channels],
            "from": _iso(made.claim_from),
            "to": _iso(made.claim_to),
            "tiers": sorted(made.tiers),
        },
        "codes": made.codes,
        "words": list(made.words),
        "transferable": made.transferable,
        "gift_hours": made.gift_hours,
        "grace_days": made.grace_days,
        "undo_minutes": made.undo_minutes,
    }


def _validity(value: Any, errors: ErrorList) -> Validity:
    if not isinstance(value, Mapping):
        errors.add("validity", "required", "必填", "Required")
        return AfterClaim(None)
    if value.get("kind") == "fixed":
        node = _Reader(value, "validity", errors, ("kind", "from", "to"))
        first, last = node.day("from"), node.day("to")
        if last is None:
            errors.add("validity.to", "required", "必填", "Required")
            return AfterClaim(None)
        if first and last < first:
            errors.add("validity.to", "out_of_order", "不能早于开始日", "Must not come before the first day")
        return FixedDates(first, last)
    node = _Reader(value, "validity", errors, ("kind", "days", "delay_days", "not_before", "not_after"))
    node.choice("kind", ("fixed", "after_claim"), "after_claim")
    made = AfterClaim(
        days=node.whole("days", least=1, most=3660),
        delay_days=node.whole("delay_days", default=0, most=3660) or 0,
        not_before=node.day("not_before"),
        not_after=node.day("not_after"),
    )
    if made.not_before and made.not_after and made.not_after < made.not_before:
        errors.add(
            "validity.not_after", "out_of_order", "不能早于开始日", "Must not come before the first day"
        )
    return made


class _Reader:
    """One JSON object under reading; what is wrong is noted, and a default returned."""

    def __init__(self, value: Any, path: str, errors: ErrorList, known: Sequence[str]) -> None:
        self.path, self.errors = path, errors
        self.values: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            errors.add(path or "/", "not_an_object", "应为对象", "Must be an object")
        for name in self.values:
            if name not in known:
                errors.add(self.at(str(name))[:120], "unknown_field", "未知字段", "Unknown field")

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, default: Any = None) -> Any:
        value = self.values.get(name)
        return default if value is None else value

    def whole(self, name: str, *, least: int = 0, most: int = MOST, default: int | None = None) -> int | None:
        value = self.take(name, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.errors.add(
                self.at(name),
                "out_of_range",
                f"应为 {least} 到 {most} 的整数",
                f"Must be a whole number of {least} to {most}",
            )
            return default
        return value

    def flag(self, name: str) -> bool:
        value = self.take(name, False)
        if not isinstance(value, bool):
            self.errors.add(self.at(name), "not_a_flag", "应为是或否", "Must be true or false")
        return value is True

    def choice(self, name: str, known: Sequence[str], default: str) -> Any:
        value = self.take(name, default)
        if value in known:
            return value
        shown = ", ".join(known)
        self.errors.add(self.at(name), "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
        return default

    def day(self, name: str) -> date | None:
        value = self.take(name)
        if value is None:
            return None
        try:
            found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:
            found = None
        if found is None or not 1970 <= found.year <= 2200:
            self.errors.add(
                self.at(name), "bad_date", "应为日期，如 2026-03-01", "Must be a date, e.g. 2026-03-01"
            )
            return None
        return found

    def text(self, name: str, *, required: bool = False) -> Text:
        value = self.take(name)
        if isinstance(value, str):
            value = {"zh": value, "en": value}
        if value is None:
            if required:
                self.errors.add(self.at(name), "required", "必填", "Required")
            return Text("", "")
        if (
            isinstance(value, Mapping)
            and set(value) <= {"zh", "en"}
            and all(isinstance(v, str) and len(v) <= 500 and "\x00" not in v for v in value.values())
            and (not required or any(v.strip() for v in value.values()))
        ):
            return Text.from_json(value)
        self.errors.add(
            self.at(name),
            "bad_text",
            "应为中英文文本，各不超过 500 字",
            "Must be text in zh and en, at most 500 characters each",
        )
        return Text("", "")

    def words(
        self, name: str, *, default: Sequence[str] = (), known: Sequence[str] | None = None
    ) -> tuple[str, ...]:
        value = self.take(name, default)
        if (
            not isinstance(value, (list, tuple))
            or len(value) > 100
            or not all(isinstance(one, str) and 0 < len(one) <= 64 and "\x00" not in one for one in value)
            or len(set(value)) < len(value)
        ):
            self.errors.add(
                self.at(name),
                "not_a_list",
                "应为不重复的文本列表，最多 100 个",
                "Must be a list of different texts, at most 100",
            )
            return tuple(default)
        for one in value:
            if known is not None and one not in known:
                shown = ", ".join(known)
                self.errors.add(
                    self.at(name), "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}"
                )
                return tuple(default)
        return tuple(value)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
