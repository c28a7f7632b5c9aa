"""What people read: rules, units, tiers, benefits and outcomes in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from tests.programme.making import BASE, line, member, order, points, programme, read, rule

from regulars.kit.text import Language
from regulars.programme.packs.api import retail_pack
from regulars.programme.rules.api import decide, describe, explain_outcome, facts_of

COFFEE = {"field": "line.category", "op": "eq", "value": "coffee"}


def said(*rules: dict[str, Any], language: Language, **rest: Any) -> str:
    live = programme(*rules, **rest)
    return describe(next(r for r in live.rules if r.key == "r"), live, language)


@pytest.mark.parametrize(
    ("made", "zh", "en"),
    [
        (
            rule("r", points(mode="multiply", factor=2, lines=COFFEE), member_day=True,
                 caps=[{"period": "month", "times": 3}]),
            "会员日（每月 8 日）下单，品类是「coffee」的商品积分 ×2，每月最多 3 次",
            "On member days (the 8th of every month), an order earns points ×2 on goods whose category is “coffee”; "
            "at most 3 times a month",
        ),
        (
            rule("r", points(1, mode="per_amount", per=1000, limit=500)),
            "下单，每 10 元得 1 积分（单次最多 500 积分）",
            "An order earns 1 point per ¥10 (at most 500 points each time)",
        ),
        (
            rule("r", points(20, pending={"until": "days", "days": 7}, expiry={"kind": "rolling_days", "n": 30}),
                 trigger="checkin", weekdays=[6, 7], dayparts=[["07:00", "10:00"]]),
            "周六、周日 07:00–10:00 签到，送 20 积分（7 天后生效，获得 30 天后失效）",
            "On Saturdays and Sundays, between 07:00 and 10:00, a check-in earns 20 points "
            "(usable after 7 days, expire 30 days after earning)",
        ),
        (
            rule("r", {"type": "tier_step", "scheme": "level", "tier": "gold"}, {"type": "tag", "tag": "vip"},
                 starts_at="2026-11-01T00:00", ends_at="2026-11-12T00:00", enabled=False),
            "2026 年 11 月 1 日起至 2026 年 11 月 12 日前 下单，等级升到金卡；打上标签“vip”，已停用",
            "From 1 November 2026 until 12 November 2026, an order gives the tier 金卡 of 等级 and the tag “vip”; "
            "switched off",
        ),
    ],
)  # fmt: skip
def test_rules(made: dict[str, Any], zh: str, en: str) -> None:
    days = {"member_days": {"days_of_month": [8]}}
    assert said(BASE, made, language="zh", **days) == zh
    assert said(BASE, made, language="en", **days) == en


def test_units_tiers_and_benefits_of_the_pack() -> None:
    live = read(retail_pack())
    assert (
        describe(live.units["points"], live, "zh")
        == "积分：获得后第 12 个月月底失效，退款不足部分记为欠账，由下次获得抵扣"
    )
    assert describe(live.units["growth"], live, "en") == (
        "Growth: no expiry; cannot be spent; a refund takes back at most the balance"
    )
    assert describe(live.schemes[0], live, "zh") == (
        "会员等级：入会即为普通会员；银卡会员需成长值达到 500；金卡会员需成长值达到 2,000；钻石会员需成长值达到 6,000；"
        "有效 12 个月，自升级之日起，到期未达标降一级（宽限 30 天）"
    )
    benefits = {b.key: describe(b, live, "en") for b in live.benefits}
    assert benefits["gold-multiplier"] == "Gold: points ×1.25"
    assert benefits["free-shipping"] == "Silver and Gold: Free shipping, twice a month"


def test_everything_of_the_pack_can_be_said() -> None:
    live = read(retail_pack())
    for language in ("zh", "en"):
        for thing in (*live.units.values(), *live.schemes, *live.rules, *live.benefits):
            sentence = describe(thing, live, language)  # type: ignore[arg-type]
            assert sentence and "None" not in sentence and "{" not in sentence


def test_outcomes() -> None:
    live = programme(
        BASE,
        rule("day", name={"zh": "会员日", "en": "Member day"}, member_day=True),
        rule("week", weekdays=[6, 7]),
        rule("late", starts_at="2027-01-01T00:00"),
        rule("over", ends_at="2026-01-01T00:00"),
        rule("hours", dayparts=[["07:00", "10:00"]]),
        rule("capped", caps=[{"period": "month", "times": 3}]),
        rule("winner", priority=9, stacking_group="g", name={"zh": "大奖", "en": "Big one"}),
        rule("loser", stacking_group="g"),
        rule("big", condition={"field": "order.amount", "op": "gte", "value": 10000}),
        rule("none", points(5, lines=COFFEE)),
        member_days={"days_of_month": [8]},
    )
    state = member(caps={"capped": {"2026-05": [3, 30]}})
    act = order(line(1200, "tea"))
    decision = decide(live, state, act)
    facts = facts_of(live, state, act)
    zh = {
        o.rule: explain_outcome(o, live, "zh", earns=decision.earns, facts=facts) for o in decision.outcomes
    }
    en = {
        o.rule: explain_outcome(o, live, "en", earns=decision.earns, facts=facts) for o in decision.outcomes
    }
    assert zh == {
        "base": "消费得积分：+12 积分",
        "day": "会员日：当天不是会员日（每月 8 日）",
        "week": "week：仅周六、周日有效",
        "late": "late：2027 年 1 月 1 日才开始",
        "over": "over：已于 2026 年 1 月 1 日结束",
        "hours": "hours：仅 07:00–10:00 有效",
        "capped": "capped：本月已达上限 3 次",
        "winner": "大奖：+10 积分",
        "loser": "loser：已享受“大奖”，不叠加",
        "big": "big：需要订单金额满 100 元，实际是 12 元",
        "none": "none：没有符合条件的商品或金额",
    }
    assert en["base"] == "Points for purchases: +12 points"
    assert en["day"] == "Member day: it was not a member day (the 8th of every month)"
    assert en["capped"] == "capped: the limit of 3 times this month is reached"
    assert en["loser"] == "loser: “Big one” applied instead; they do not stack"
    assert en["big"] == "big: wanted: order amount is at least ¥100.00, but it was ¥12.00"
    big = next(o for o in decision.outcomes if o.rule == "big")
    assert (
        explain_outcome(big, live, "zh") == "big：需满足：订单金额满 100 元"
    )  # without the facts: what it wants


def test_an_outcome_of_a_rule_that_is_gone_is_still_said() -> None:
    from regulars.programme.rules.types import Outcome

    live = programme(BASE)
    for reason in (
        "wrong_day",
        "not_started",
        "ended",
        "outside_hours",
        "condition",
        "no_amount",
        "stacking",
    ):
        assert explain_outcome(Outcome("gone", False, reason), live, "zh").startswith("gone：")
    assert explain_outcome(Outcome("benefit:gone", True), live, "en") == "gone: applied"
