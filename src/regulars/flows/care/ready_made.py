"""Plans that come with Regulars, as drafts with their templates: to be looked at, changed and started."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.care import api as care
from regulars.engage.care.types import Plan
from regulars.flows.care import keeping, offers
from regulars.flows.care.offers import Size
from regulars.kit.errors import Refusal
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Scope

_CALL = {
    "zh": "您好，我是您的{{ tier }}专属顾问。上次光临是 {{ last_order_on }}，使用中有什么需要我们帮忙的吗？",
    "en": "Hello, I look after you here. You were with us on {{ last_order_on }}: is there anything we can help with?",
}
_WIN_BACK = {
    "zh": "您好，{{ last_order_on }} 之后就没见到您了，是哪里让您不满意吗？您的卡包里有我们的一份心意，欢迎回来看看。",
    "en": "Hello, we have not seen you since {{ last_order_on }}. Was anything not right? There is something in your "
    "wallet; we should be glad to see you again.",
}
READY_MADE: dict[str, dict[str, Any]] = {
    "welcome": {
        "kind": "welcome",
        "name": {"zh": "新会员欢迎", "en": "Welcome for new members"},
        "settings": {},
        "message": {"template": "welcome"},
    },
    "birthday": {
        "kind": "birthday",
        "name": {"zh": "生日祝福", "en": "Birthday wishes"},
        "settings": {"when": "day", "days_before": 0},
        "message": {"template": "birthday"},
    },
    "anniversary": {
        "kind": "anniversary",
        "name": {"zh": "入会周年", "en": "Anniversary of joining"},
        "settings": {},
        "message": {"template": "anniversary"},
    },
    "festivals": {
        "kind": "festival",
        "name": {"zh": "传统节日问候", "en": "Greetings at traditional festivals"},
        "settings": {"festivals": ["spring", "lantern", "dragon_boat", "mid_autumn", "double_ninth"]},
        "message": {"template": "festival"},
    },
    "milestones": {
        "kind": "milestone",
        "name": {"zh": "里程碑感谢信", "en": "Thank-you letters at milestones"},
        "settings": {"orders": [10, 50, 100]},
        "message": {"template": "thank-you"},
    },
    "visits": {
        "kind": "visit",
        "name": {"zh": "成熟会员回访", "en": "Return visits to mature members"},
        "settings": {"every_weeks": 12, "least_orders": 5},
        "task": {
            "kind": "call",
            "title": {"zh": "回访：累计 {{ orders }} 单", "en": "Return call: {{ orders }} orders so far"},
            "script": _CALL,
            "per_day": 6,
        },
    },
    "dormant-60": {
        "kind": "dormant",
        "name": {"zh": "60 天未购唤醒", "en": "Not seen for 60 days"},
        "settings": {"days": [60]},
        "message": {"template": "dormant-60"},
        "holdout_percent": 10,
    },
    "churn-light": {
        "kind": "churn",
        "name": {"zh": "流失干预（轻）", "en": "Churn, light"},
        "settings": {"level": "light", "from_percent": 40, "to_percent": 70},
        "message": {"template": "churn-light"},
        "holdout_percent": 20,
    },
    "churn-heavy": {
        "kind": "churn",
        "name": {"zh": "流失干预（重）", "en": "Churn, heavy"},
        "settings": {"level": "heavy", "from_percent": 70, "to_percent": 100},
        "message": {"template": "churn-heavy"},
        "task": {
            "kind": "call",
            "title": {"zh": "挽回：曾买 {{ orders }} 单", "en": "Win back: {{ orders }} orders once"},
            "script": _WIN_BACK,
            "per_day": 6,
        },
        "holdout_percent": 20,
    },
}


# what of the brand's own a plan gives, for its texts promise something
_GIFTS: dict[str, Size] = {"birthday": "small", "churn-light": "small", "churn-heavy": "pack"}


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A plan to begin with: its definition with what of the brand's own coupons and benefits it would give. `lacks`
    what its words promise and the brand has nothing of: `coupon`, `benefit`."""

    key: str
    definition: Mapping[str, Any]
    lacks: tuple[str, ...]


def ready_made(*, brand_id: UUID, now: datetime) -> list[ReadyMade]:
    """The plans that come with Regulars, as this brand could begin with them."""
    found = []
    for key, definition in READY_MADE.items():
        size = _GIFTS.get(key)
        rewards = offers.proposed(brand_id=brand_id, size=size, now=now) if size else []
        promised = ("coupon", "benefit") if size == "pack" else ("coupon",) if size else ()
        given = {one["kind"] for one in rewards}
        found.append(
            ReadyMade(
                key,
                {"key": key, **definition, "rewards": rewards},
                tuple(one for one in promised if one not in given),
            )
        )
    return found


def install_templates(*, scope: Scope, now: datetime, only: Collection[str] | None = None) -> list[str]:
    """Drafts of the templates that ready-made plans name and that are not there yet; gives their codes. They are the
    ready-made ones of messaging: an occasion has one text, whether a journey, a campaign or care speaks."""
    named = {one["message"]["template"] for one in READY_MADE.values() if "message" in one}
    return messaging.install_ready_made(scope=scope, now=now, only=named if only is None else only)


def put_plan(*, scope: Scope, value: object, create: bool | None = None, now: datetime) -> Plan:
    """Make a plan or change one, as `keeping.put_plan`. A ready-made template that it names and that is not there yet
    is made first, a draft, where the caller may write templates."""
    message = value.get("message") if isinstance(value, Mapping) else None
    template = message.get("template") if isinstance(message, Mapping) else None
    with transaction.atomic():
        if isinstance(template, str) and scope.allows("messages.write") and scope.allows("care.write"):
            install_templates(scope=scope, now=now, only={template})
        return keeping.put_plan(scope=scope, value=value, create=create, now=now)


def install_ready_made(*, scope: Scope, now: datetime, more: Mapping[str, Any] | None = None) -> list[Plan]:
    """Drafts of the ready-made plans that are not there yet, and of their templates; gives the new plans.

    `more`: other definitions by key to be made as well.
    """
    install_templates(scope=scope, now=now)
    there = {one.key for one in care.list_plans(brand_id=scope.brand_id)}
    made = []
    plans = {one.key: one.definition for one in ready_made(brand_id=scope.brand_id, now=now)}
    for key, definition in {**plans, **(more or {})}.items():
        if key in there:
            continue
        try:
            made.append(keeping.put_plan(scope=scope, value={**definition, "key": key}, create=True, now=now))
        except Refusal as refusal:
            # a ready-made template that the operator put away takes its plan along
            if refusal.code != "invalid_input":
                raise
    return made
