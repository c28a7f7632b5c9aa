"""A brand's referral programme from its JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from regulars.engage.referrals.types import Caps, CommissionTerms, Level, Settings
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node
from regulars.kit.text import Text

_KEYS = (
    "enabled", "rewards", "least_amount", "window_days", "order_within_days", "caps", "accounts_per_device",
    "take_back", "title", "invitation", "share_days", "commission",
)  # fmt: skip
_TITLE = Text("邀请好友，一起有礼", "Bring a friend, both of you gain")
_INVITATION = Text("我在这里当会员，邀请你也来。", "I am a member here. Come and join me.")
MOST_LEVELS, MOST_CATEGORIES, MOST_REWARDS = 10, 100, 10


def parse(data: Mapping[str, Any], *, errors: ErrorList, version: int = 0) -> Settings:
    """Settings from JSON; wrong fields are gathered in `errors`. Rewards are only seen to be lists of objects."""
    node = Node(data, "", errors, _KEYS)
    rewards = node.child("rewards", ("recruiter", "friend"))
    caps = node.child("caps", ("day", "month", "ever"))
    return Settings(
        version=version,
        enabled=node.flag("enabled", False),
        recruiter_rewards=_rewards(rewards, "recruiter"),
        friend_rewards=_rewards(rewards, "friend"),
        least_amount=node.integer("least_amount", least=0, default=0),
        window_days=node.integer("window_days", least=0, most=365, default=7),
        order_within_days=node.integer("order_within_days", least=0, most=3650, default=0),
        caps=Caps()
        if caps is None
        else Caps(
            *(caps.integer(k, least=1, most=1_000_000, default=None) for k in ("day", "month", "ever"))
        ),
        accounts_per_device=node.integer("accounts_per_device", least=1, most=20, default=1),
        take_back=node.flag("take_back", True),
        title=node.text("title", _TITLE, most=60),
        invitation=node.text("invitation", _INVITATION, most=200),
        share_days=node.integer("share_days", least=1, most=365, default=7),
        commission=_commission(node.child("commission", ("enabled", "freeze_days", "friend_days", "levels"))),
    )


def dump(settings: Settings) -> dict[str, Any]:
    """The canonical JSON; parsing it gives the same settings."""
    terms = settings.commission
    return {
        "enabled": settings.enabled,
        "rewards": {
            "recruiter": [dict(one) for one in settings.recruiter_rewards],
            "friend": [dict(one) for one in settings.friend_rewards],
        },
        "least_amount": settings.least_amount,
        "window_days": settings.window_days,
        "order_within_days": settings.order_within_days,
        "caps": {"day": settings.caps.day, "month": settings.caps.month, "ever": settings.caps.ever},
        "accounts_per_device": settings.accounts_per_device,
        "take_back": settings.take_back,
        "title": settings.title.to_json(),
        "invitation": settings.invitation.to_json(),
        "share_days": settings.share_days,
        "commission": {
            "enabled": terms.enabled,
            "freeze_days": terms.freeze_days,
            "friend_days": terms.friend_days,
            "levels": [
                {
                    "code": one.code,
                    "name": one.name.to_json(),
                    "percent": _shown(one.percent),
                    "categories": {key: _shown(value) for key, value in one.categories.items()},
                }
                for one in terms.levels
            ],
        },
    }


def _rewards(node: Node | None, key: str) -> tuple[Mapping[str, Any], ...]:
    if node is None:
        return ()
    found = []
    for path, value in node.items(key, most=MOST_REWARDS):
        if isinstance(value, Mapping):
            found.append(dict(value))
        else:
            node.errors.add(path, "not_an_object", "应为对象", "Must be an object")
    return tuple(found)


def _commission(node: Node | None) -> CommissionTerms:
    if node is None:
        return CommissionTerms()
    levels: list[Level] = []
    for child in node.children("levels", ("code", "name", "percent", "categories"), most=MOST_LEVELS):
        code = child.code("code") or ""
        if any(one.code == code for one in levels):
            child.bad("code", "duplicate", "等级代码重复", "This level is given twice")
        levels.append(
            Level(code, child.text("name", most=40), _percent(child, "percent"), _categories(child))
        )
    enabled = node.flag("enabled", False)
    if enabled and not levels:
        node.bad("levels", "required", "启用佣金须至少一个等级", "Commission needs at least one level")
    return CommissionTerms(
        enabled=enabled,
        freeze_days=node.integer("freeze_days", least=0, most=365, default=15),
        friend_days=node.integer("friend_days", least=0, most=3650, default=0),
        levels=tuple(levels),
    )


def _categories(node: Node) -> dict[str, Fraction]:
    value = node.values.get("categories")
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > MOST_CATEGORIES:
        node.bad(
            "categories",
            "bad_table",
            f"应为至多 {MOST_CATEGORIES} 行“品类: 百分比”",
            f"Must map at most {MOST_CATEGORIES} categories to percents",
        )
        return {}
    inner = Node(value, node.at("categories"), node.errors, [str(key) for key in value])
    return {str(key): _percent(inner, str(key)) for key in value}


def _percent(node: Node, key: str) -> Fraction:
    return node.ratio(key, most=100) or Fraction(0) if not _negative(node, key) else Fraction(0)


def _negative(node: Node, key: str) -> bool:
    value = node.values.get(key)
    if str(value).startswith("-"):
        node.bad(key, "out_of_range", "不能为负", "Must not be negative")
        return True
    return False


def _shown(value: Fraction) -> str:
    """`5`, `7.5`, or `10/3` where no decimal is exact."""
    for digits in range(7):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            text = f"{int(scaled):0{digits + 1}d}"
            return f"{text[:-digits]}.{text[-digits:]}" if digits else text
    return f"{value.numerator}/{value.denominator}"
