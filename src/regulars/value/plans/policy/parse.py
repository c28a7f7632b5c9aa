"""A plan's definition: read strictly, written canonically. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast
from uuid import UUID

from regulars.kit.errors import ErrorList, FieldError, Refusal
from regulars.kit.text import Text
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Benefit
from regulars.value.plans.types import PERIODS, PLAN_STATES, SCHEME, PauseTerms, RefundTerms, Terms

_KNOWN = (
    "key", "state", "name", "description", "prices", "programme_benefits", "benefits", "trial_days", "auto_renew",
    "reminder_days", "retry_days", "past_due_benefits", "pause", "transferable", "refund",
)  # fmt: skip
_KEY = re.compile(r"^[a-z0-9][a-z0-9_\-]{0,29}$")
_MOST_PRICE = 10**9
_START = datetime(2000, 1, 1, tzinfo=UTC)


def parse(definition: Any, *, benefits: Mapping[str, str]) -> tuple[Terms, str | None]:
    """The terms and the state (if it says one) of a definition. `benefits` are the programme's: key → kind.

    Raises `invalid_input` with every wrong field.
    """
    errors = ErrorList()
    if not isinstance(definition, Mapping):
        errors.add("/", "not_an_object", "应为对象", "Must be an object")
        errors.refuse()
    read = _Reader(definition, errors)
    for key in definition:
        if key not in _KNOWN:
            errors.add(str(key), "unknown_field", "未知字段", "Unknown field")
    key = read.key()
    name = read.text("name", required=True, most=60)
    description = read.text("description", most=500)
    prices = read.prices()
    shared = read.shared(benefits)
    own = _own(definition.get("benefits"), key, errors)
    for n, benefit in enumerate(own):
        if benefit.key in shared:
            errors.add(f"benefits[{n}].key", "duplicate", "重复", "Given twice")
    auto = read.choice("auto_renew", ("on", "off", "never"), "on")
    reminders = read.days("reminder_days", (7, 3, 1), most=90)
    retries = read.days("retry_days", (1, 3, 5), most=60)
    terms = Terms(
        key=key,
        name=name,
        description=description,
        prices=prices,
        shared=shared,
        own=own,
        trial_days=read.integer(definition, "trial_days", 0, 365, 0),
        auto_renew=cast(Literal["on", "off", "never"], auto),
        reminder_days=tuple(sorted(reminders, reverse=True)),
        retry_days=tuple(sorted(retries)),
        past_due_benefits=read.flag(definition, "past_due_benefits", True),
        pause=read.pause(),
        transferable=read.flag(definition, "transferable", False),
        refund=read.refund(),
    )
    state = definition.get("state")
    if state is not None and state not in PLAN_STATES:
        known = ", ".join(PLAN_STATES)
        errors.add("state", "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}")
    errors.refuse()
    return terms, state


def to_json(terms: Terms, own: Any) -> dict[str, Any]:
    """The canonical JSON; `own` is how the plan's own benefits were given."""
    return {
        "name": terms.name.to_json(),
        "description": terms.description.to_json(),
        "prices": {period: terms.prices[period] for period in PERIODS if period in terms.prices},
        "programme_benefits": list(terms.shared),
        "benefits": [{key: given[key] for key in sorted(given)} for given in own or []],
        "trial_days": terms.trial_days,
        "auto_renew": terms.auto_renew,
        "reminder_days": list(terms.reminder_days),
        "retry_days": list(terms.retry_days),
        "past_due_benefits": terms.past_due_benefits,
        "pause": {"max_days": terms.pause.max_days, "times": terms.pause.times} if terms.pause else None,
        "transferable": terms.transferable,
        "refund": {
            "rule": terms.refund.rule,
            "full_within_days": terms.refund.full_within_days,
            "minus_savings": terms.refund.minus_savings,
        },
    }


def _own(given: Any, key: str, errors: ErrorList) -> tuple[Benefit, ...]:
    """The plan's own benefits, read as the programme reads its own; their scheme is `plan`, their tier the plan."""
    if given in (None, []):
        return ()
    if not isinstance(given, list) or len(given) > 50:
        errors.add("benefits", "bad_list", "应为列表，最多 50 项", "Must be a list of at most 50")
        return ()
    listed = [
        {**one, "scheme": SCHEME, "tiers": [key or "plan"]} if isinstance(one, Mapping) else one
        for one in given
    ]
    for n, one in enumerate(given):
        for field in ("scheme", "tiers"):
            if isinstance(one, Mapping) and field in one:
                errors.add(f"benefits[{n}].{field}", "unknown_field", "未知字段", "Unknown field")
        if isinstance(one, Mapping) and one.get("kind") == "multiplier":
            errors.add(
                f"benefits[{n}].kind",
                "not_for_plans",
                "计划的多倍积分请在规则中以标签条件设置",
                "A plan multiplies points by a rule that asks for its tag",
            )
    document = {
        "format": 1,
        "name": "plan",
        "units": [{"code": "points", "name": "points", "kind": "points"}],
        "schemes": [
            {"key": SCHEME, "name": "plan", "tiers": [{"code": key or "plan", "name": "plan"}]}
        ],
        "rules": [],
        "benefits": listed,
    }  # fmt: skip
    try:
        programme = rules.parse(
            document,
            brand_id=UUID(int=0),
            version=0,
            timezone="UTC",
            currency="CNY",
            effective_from=_START,
        )
    except Refusal as refusal:
        own = [error for error in refusal.errors if error.field.startswith("benefits")]
        errors.errors += own or [
            FieldError("benefits", refusal.code, Text("权益无法读取", "The benefits cannot be read"))
        ]
        return ()
    return programme.benefits


class _Reader:
    """Reads one definition field by field and notes every error."""

    def __init__(self, values: Mapping[str, Any], errors: ErrorList) -> None:
        self.values = values
        self.errors = errors

    def key(self) -> str:
        value = self.values.get("key")
        if isinstance(value, str) and _KEY.match(value):
            return value
        self.errors.add(
            "key",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 30",
            "Use a-z, 0-9, - and _, at most 30 characters",
        )
        return ""

    def text(self, key: str, *, required: bool = False, most: int) -> Text:
        value = self.values.get(key)
        if isinstance(value, str):
            value = {"zh": value, "en": value}
        good = (
            isinstance(value, Mapping)
            and set(value) <= {"zh", "en"}
            and all(
                isinstance(said, str) and len(said) <= most and "\x00" not in said for said in value.values()
            )
        )
        if value is None or not good:
            if value is not None or required:
                self.errors.add(
                    key,
                    "bad_text",
                    f"应为中英文文本，各不超过 {most} 字",
                    f"Must be text in zh and en, at most {most} characters each",
                )
            return Text("", "")
        text = Text.from_json(dict(value))
        if required and not text.zh.strip():
            self.errors.add(key, "required", "必填", "Required")
        return text

    def prices(self) -> dict[str, int]:
        value = self.values.get("prices")
        if not isinstance(value, Mapping) or not value:
            self.errors.add("prices", "required", "至少一个周期的价格", "At least one period needs a price")
            return {}
        found = {}
        for period in value:
            if period not in PERIODS:
                known = ", ".join(PERIODS)
                self.errors.add(
                    f"prices.{period}", "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}"
                )
            else:
                found[period] = self.integer(value, period, 1, _MOST_PRICE, 1, "prices.")
        return {period: found[period] for period in PERIODS if period in found}

    def shared(self, benefits: Mapping[str, str]) -> tuple[str, ...]:
        value = self.values.get("programme_benefits") or []
        if not isinstance(value, list) or len(value) > 50:
            self.errors.add(
                "programme_benefits", "bad_list", "应为列表，最多 50 项", "Must be a list of at most 50"
            )
            return ()
        for n, key in enumerate(value):
            path = f"programme_benefits[{n}]"
            if key not in benefits:
                self.errors.add(path, "unknown_benefit", f"没有权益 {key}", f"There is no benefit {key}")
            elif benefits[key] == "multiplier":
                self.errors.add(
                    path,
                    "not_for_plans",
                    "计划的多倍积分请在规则中以标签条件设置",
                    "A plan multiplies points by a rule that asks for its tag",
                )
            elif key in value[:n]:
                self.errors.add(path, "duplicate", "重复", "Given twice")
        return tuple(key for key in value if isinstance(key, str))

    def integer(
        self, values: Mapping[str, Any], key: str, least: int, most: int, default: int, path: str = ""
    ) -> int:
        value = values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.errors.add(
            f"{path}{key}",
            "out_of_range",
            f"应为 {least} 到 {most} 的整数",
            f"Must be a whole number from {least} to {most}",
        )
        return default

    def flag(self, values: Mapping[str, Any], key: str, default: bool, path: str = "") -> bool:
        value = values.get(key, default)
        if isinstance(value, bool):
            return value
        self.errors.add(f"{path}{key}", "not_a_flag", "应为是或否", "Must be true or false")
        return default

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.values.get(key, default)
        if value in choices:
            return str(value)
        known = ", ".join(choices)
        self.errors.add(key, "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}")
        return default

    def days(self, key: str, default: tuple[int, ...], *, most: int) -> tuple[int, ...]:
        value = self.values.get(key)
        if value is None:
            return default
        good = (
            isinstance(value, list)
            and len(value) <= 10
            and all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= most for n in value)
            and len(set(value)) == len(value)
        )
        if good:
            return tuple(value)
        self.errors.add(
            key,
            "bad_days",
            f"应为不重复的天数，1 到 {most}，最多 10 个",
            f"Must be at most 10 different numbers of days from 1 to {most}",
        )
        return default

    def pause(self) -> PauseTerms | None:
        value = self.values.get("pause")
        if value is None:
            return None
        if not isinstance(value, Mapping) or set(value) - {"max_days", "times"}:
            self.errors.add("pause", "bad_pause", "只含 max_days 和 times", "Only max_days and times")
            return None
        return PauseTerms(
            self.integer(value, "max_days", 1, 365, 30, "pause."),
            self.integer(value, "times", 1, 12, 1, "pause."),
        )

    def refund(self) -> RefundTerms:
        value = self.values.get("refund")
        if value is None:
            return RefundTerms()
        if not isinstance(value, Mapping) or set(value) - {"rule", "full_within_days", "minus_savings"}:
            self.errors.add(
                "refund",
                "bad_refund",
                "只含 rule、full_within_days 和 minus_savings",
                "Only rule, full_within_days and minus_savings",
            )
            return RefundTerms()
        rule = value.get("rule", "unused_days")
        if rule not in ("none", "unused_days"):
            known = "none, unused_days"
            self.errors.add(
                "refund.rule", "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}"
            )
            rule = "unused_days"
        return RefundTerms(
            cast(Literal["none", "unused_days"], rule),
            self.integer(value, "full_within_days", 0, 365, 0, "refund."),
            self.flag(value, "minus_savings", False, "refund."),
        )
