"""The demo's missions and play: made weeks ago, counted from the orders and check-ins of the replayed year; a draw
whose first seed is revealed, so that its log can be checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.missions.api import draws, missions, play
from regulars.facts.activity import api as activities
from regulars.flows.missions import api as flow
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

MEMBERS = 150
DRAWERS = 60
_AGO = timedelta(days=45)
_CHUNK = 500


def _name(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _points(amount: int) -> dict[str, Any]:
    return {"kind": "points", "unit": "points", "amount": amount}


BADGES: tuple[dict[str, Any], ...] = (
    {
        "key": "monthly-regular",
        "name": _name("月月常客", "Monthly regular"),
        "description": _name("每完成一次月度任务得一枚", "One for each monthly mission that is done"),
        "icon": "crown",
        "colour": "#c98a1b",
        "levels": [
            {"at": 1, "name": _name("铜", "Bronze")},
            {"at": 3, "name": _name("银", "Silver")},
            {"at": 12, "name": _name("金", "Gold")},
        ],
    },
    {
        "key": "explorer",
        "name": _name("探店达人", "Explorer"),
        "description": _name("在两家门店购物", "Shop at two of our stores"),
        "icon": "flag",
        "colour": "#2f6fb2",
    },
    {
        "key": "lucky",
        "name": _name("幸运星", "Lucky star"),
        "description": _name("抽中大奖", "Win the first prize of a draw"),
        "icon": "star",
        "colour": "#b0413e",
    },
    {
        "key": "fifty-orders",
        "name": _name("五十单纪念", "Fifty orders"),
        "description": _name("感谢您五十次的选择", "Thank you for choosing us fifty times"),
        "icon": "medal",
        "colour": "#6f7f2f",
        "when": {"field": "history.orders", "op": "gte", "value": 50},
    },
    {
        "key": "this-season",
        "name": _name("本季常伴", "With us this season"),
        "description": _name("最近常来，我们记得您", "You come often, and we notice"),
        "icon": "leaf",
        "colour": "#2e7d5b",
        "when": {"window": {"days": 90, "activity": "order"}, "agg": "count", "op": "gte", "value": 12},
        "how": _name("最近 90 天购物满 12 次", "Twelve orders within the last 90 days"),
        "taken_away": True,
    },
    {
        "key": "hundred-orders",
        "name": _name("百单老友", "A hundred orders"),
        "icon": "gem",
        "colour": "#5b5fc7",
        "when": {"field": "history.orders", "op": "gte", "value": 100},
    },
)


def _missions() -> list[dict[str, Any]]:
    order = {"kind": "act", "activity": "order"}
    return [
        {
            "key": "monthly-three",
            "name": _name("本月购物 3 次", "Shop three times this month"),
            "description": _name("每月 3 次，单笔满 20 元", "Three orders of 20 or more, every month"),
            "steps": [
                {
                    "key": "orders",
                    "name": _name("单笔满 20 元的购物", "Orders of 20 or more"),
                    **order,
                    "where": {"field": "order.amount", "op": "gte", "value": 2000},
                    "goal": 3,
                }
            ],
            "repeat": "month",
            "rewards": [
                _points(60),
                {"kind": "badge", "badge": "monthly-regular"},
                {"kind": "draw_chance", "draw": "spring-wheel", "count": 1},
            ],
        },
        {
            "key": "stock-up",
            "name": _name("囤货周", "Stock-up week"),
            "description": _name("7 天内累计消费满 200 元", "Spend 200 within seven days"),
            "steps": [
                {
                    "key": "spend",
                    "name": _name("累计消费", "Spend"),
                    **order,
                    "measure": "amount",
                    "goal": 20000,
                    "rewards": [],
                }
            ],
            "days": 7,
            "repeat": "times",
            "times": 4,
            "rewards": [_points(100)],
        },
        {
            "key": "two-stores",
            "name": _name("逛两家店", "Two of our stores"),
            "description": _name(
                "先到店签到，再在两家不同门店购物", "Check in, then shop at two different stores"
            ),
            "steps": [
                {
                    "key": "visit",
                    "name": _name("签到一次", "Check in once"),
                    "kind": "act",
                    "activity": "checkin",
                    "rewards": [_points(5)],
                },
                {
                    "key": "stores",
                    "name": _name("在两家门店购物", "Shop at two stores"),
                    **order,
                    "measure": "stores",
                    "goal": 2,
                },
            ],
            "rewards": [_points(40), {"kind": "badge", "badge": "explorer"}],
        },
        {
            "key": "challenge",
            "name": _name("自选挑战：两周 5 单", "Challenge: five orders in two weeks"),
            "description": _name("领取后 14 天内完成 5 笔订单", "Five orders within 14 days of taking it up"),
            "opt_in": True,
            "days": 14,
            "steps": [{"key": "orders", "name": _name("完成订单", "Orders"), **order, "goal": 5}],
            "rewards": [_points(150)],
        },
    ]


CHECKIN: dict[str, Any] = {
    "enabled": True,
    "rewards": [_points(2)],
    "ladder": [
        {"days": 3, "rewards": [_points(10)]},
        {
            "days": 7,
            "rewards": [_points(30), {"kind": "draw_chance", "draw": "spring-wheel", "count": 1}],
            "cards": 1,
        },
    ],
    "again_after": 7,
    "makeup_days": 5,
    "cards_a_month": 2,
}
WHEEL: dict[str, Any] = {
    "key": "spring-wheel",
    "name": _name("周周抽好礼", "Weekly wheel"),
    "description": _name("每天免费一次；没有机会时可用积分", "One free draw a day; more for points"),
    "prizes": [
        {
            "key": "first",
            "name": _name("500 积分", "500 points"),
            "odds": "1/100",
            "rewards": [_points(500), {"kind": "badge", "badge": "lucky"}],
            "stock": 5,
            "instead": "thanks",
        },
        {"key": "second", "name": _name("50 积分", "50 points"), "odds": "1/10", "rewards": [_points(50)]},
        {
            "key": "again",
            "name": _name("再来一次", "Once more"),
            "odds": "3/20",
            "rewards": [{"kind": "draw_chance", "draw": "spring-wheel", "count": 1}],
        },
        {"key": "third", "name": _name("5 积分", "5 points"), "odds": "6/25", "rewards": [_points(5)]},
        {"key": "thanks", "name": _name("谢谢参与", "Not this time"), "odds": "1/2"},
    ],
    "free_a_day": 1,
    "unit": "points",
    "price": 20,
    "most_a_day": 10,
    "pity_after": 8,
    "pity_prize": "second",
}
BOARDS: tuple[dict[str, Any], ...] = (
    {
        "key": "big-basket",
        "name": _name("本月大篮子", "Big baskets of the month"),
        "by": "spend",
        "period": "month",
        "shown": 10,
        "prizes": [
            {"first": 1, "last": 1, "rewards": [_points(300)]},
            {"first": 2, "last": 3, "rewards": [_points(100)]},
        ],
    },
    {
        "key": "week-points",
        "name": _name("本周积分榜", "Points of the week"),
        "by": "points",
        "unit": "points",
        "period": "week",
        "shown": 10,
        "prizes": [{"first": 1, "last": 3, "rewards": [_points(30)]}],
    },
    {
        "key": "store-month",
        "name": _name("门店消费榜", "Spend in each store"),
        "by": "spend",
        "period": "month",
        "per_store": True,
        "shown": 5,
    },
    {
        "key": "friends",
        "name": _name("邀请达人榜", "Who brings friends"),
        "by": "referrals",
        "period": "month",
        "shown": 10,
        "prizes": [{"first": 1, "last": 1, "rewards": [_points(200)]}],
    },
)


def fill(scope: Scope, members: Sequence[UUID], now: datetime) -> None:
    """Make it once; again adds nothing."""
    if missions.list_missions(brand_id=scope.brand_id):
        return
    ago = now - _AGO
    for badge in BADGES:
        flow.put_badge(scope=scope, data=badge, now=ago)
    flow.put_draw(scope=scope, data=WHEEL, now=ago)
    draws.set_state(scope=scope, key=WHEEL["key"], state="active", now=ago)
    flow.put_checkin(scope=scope, data=CHECKIN, now=ago)
    for board in BOARDS:
        flow.put_board(scope=scope, data=board, now=ago)
        play.set_board_state(scope=scope, key=board["key"], state="active", now=ago)
    for mission in _missions():
        flow.put_mission(scope=scope, data=mission, now=ago)
        missions.set_state(scope=scope, key=mission["key"], state="active", now=ago)
    for made in flow.install_new_member_path(scope=scope, unit="points", now=ago):
        missions.set_state(scope=scope, key=made.key, state="active", now=ago)
    _count(scope, members[:MEMBERS], ago, now)
    while flow.fill_boards(now):
        pass
    flow.close_boards(now)
    while flow.ask_badges(now):
        pass
    _draw(scope, members[:DRAWERS], now)


def _count(scope: Scope, members: Sequence[UUID], since: datetime, now: datetime) -> None:
    """What these members did since counts, as it would have then."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    found: list[tuple[datetime, UUID, UUID]] = []
    for member_id in members:
        page = activities.list_activities(
            brand_id=brand.id, member_id=member_id, types=["order", "refund", "checkin", "review"], limit=60
        )
        found += [(row.occurred_at, member_id, row.id) for row in page.items if row.occurred_at >= since]
    found.sort()
    for start in range(0, len(found), _CHUNK):
        part = found[start : start + _CHUNK]
        flow.count(brand, [(member, id_) for _, member, id_ in part], {member for _, member, _ in part}, now)


def _draw(scope: Scope, members: Sequence[UUID], now: datetime) -> None:
    for number, member_id in enumerate(members):
        for turn in range(1 + number % 3):
            try:
                flow.play(
                    scope=scope,
                    member_id=member_id,
                    draw=WHEEL["key"],
                    key=f"demo:{turn}",
                    pay=turn == 2,
                    now=now,
                )
            except Refusal:  # no chance or too few points: as it goes
                break
        if number == len(members) * 2 // 3:
            draws.rotate(scope=scope, key=WHEEL["key"], now=now)
