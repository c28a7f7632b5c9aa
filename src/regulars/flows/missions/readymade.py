"""The path of new members: ready-made missions that a brand takes as drafts and makes its own."""

from __future__ import annotations

from typing import Any

DAYS = 30


def new_member_path(unit: str) -> list[dict[str, Any]]:
    """First order, complete profile, follow, first review, first check-in; each pays some of `unit`."""

    def mission(
        key: str, zh: str, en: str, said: tuple[str, str], steps: list[dict[str, Any]], pays: int
    ) -> dict[str, Any]:
        return {
            "key": key,
            "name": {"zh": zh, "en": en},
            "description": {"zh": said[0], "en": said[1]},
            "steps": steps,
            "since": "joined",
            "days": DAYS,
            "repeat": "once",
            "group": "new_member",
            "rewards": [{"kind": "points", "unit": unit, "amount": pays}],
        }

    def act(key: str, zh: str, en: str, activity: str) -> dict[str, Any]:
        return {"key": key, "name": {"zh": zh, "en": en}, "kind": "act", "activity": activity, "goal": 1}

    profile = {
        "key": "profile",
        "name": {"zh": "填写生日与性别", "en": "Say your birthday and gender"},
        "kind": "state",
        "where": {
            "all": [
                {"field": "member.birthday", "op": "is_set"},
                {"field": "member.gender", "op": "is_set"},
            ]
        },
    }
    within = (f"入会 {DAYS} 天内完成", f"Within {DAYS} days of joining")
    return [
        mission(
            "first-order",
            "完成首单",
            "First order",
            within,
            [act("order", "下一单", "Place an order", "order")],
            100,
        ),
        mission("full-profile", "完善资料", "Complete your profile", within, [profile], 50),
        mission(
            "follow-us",
            "关注我们",
            "Follow us",
            within,
            [act("follow", "关注公众号", "Follow our account", "follow")],
            20,
        ),
        mission(
            "first-review",
            "首次评价",
            "First review",
            within,
            [act("review", "写一条评价", "Write a review", "review")],
            50,
        ),
        mission(
            "first-checkin",
            "首次签到",
            "First check-in",
            within,
            [act("checkin", "签到一次", "Check in once", "checkin")],
            10,
        ),
    ]
