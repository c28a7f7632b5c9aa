"""What activities earn, reckoned by hand. Amounts are fen; 1 point per 100 fen unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import force_setattr
from tests.programme.making import (
    BASE,
    GROWTH,
    POINTS,
    checkin,
    definition,
    earned,
    line,
    local,
    member,
    order,
    points,
    programme,
    read,
    reasons,
    rule,
)

from regulars.programme.rules.api import apply, decide

COFFEE = {"field": "line.category", "op": "eq", "value": "coffee"}
TEA = {"field": "line.category", "op": "eq", "value": "tea"}


def one(effect: dict[str, Any], *, act: Any, state: Any = None, **rest: Any) -> Any:
    """The only earn of a programme of one rule."""
    decision = decide(programme(rule("r", effect, **rest)), state or member(), act)
    (earn,) = decision.earns
    return earn


class TestModes:
    def test_fixed_comes_from_no_line(self) -> None:
        earn = one(points(10), act=order(599, 700))
        assert (earn.amount, earn.shares, earn.rule, earn.unit) == (10, (), "r", "points")

    def test_fixed_for_goods_is_shared_over_them(self) -> None:
        # 10 over coffee lines of 100 and 300 fen: 2.5 and 7.5; the tie goes to the earlier line → 3 and 7.
        act = order(line(100, "coffee"), line(999, "tea"), line(300, "coffee"))
        assert one(points(10, lines=COFFEE), act=act).shares == (3, 0, 7)

    def test_fixed_for_goods_that_are_not_there(self) -> None:
        decision = decide(programme(rule("r", points(10, lines=COFFEE))), member(), order(500))
        assert (decision.earns, reasons(decision)) == ((), {"r": "no_amount"})

    def test_per_amount_is_floored_once(self) -> None:
        # 5.99 + 7.00 = 12.99 → 12 points, not 5 + 7 = 12 by luck: 5.50 + 5.50 = 11, while 5 + 5 = 10.
        assert one(points(1, mode="per_amount", per=100), act=order(599, 700)).amount == 12
        assert one(points(1, mode="per_amount", per=100), act=order(550, 550)).amount == 11

    def test_per_amount_with_a_rate(self) -> None:
        # 3 points for every 2 yuan: 7.50 → 750 × 3 / 200 = 11.25 → 11
        assert one(points(3, mode="per_amount", per=200), act=order(750)).amount == 11

    def test_per_amount_on_goods(self) -> None:
        act = order(line(1550, "coffee"), line(700, "tea"))
        earn = one(points(1, mode="per_amount", per=100, lines=COFFEE), act=act)
        assert (earn.amount, earn.shares) == (15, (15, 0))

    def test_shares_follow_the_amounts(self) -> None:
        # 11 points over 333, 333, 500 (whole 1166): 3.14, 3.14, 4.72 → floors 3, 3, 4; the one left to the third.
        assert one(points(1, mode="per_amount", per=100), act=order(333, 333, 500)).shares == (3, 3, 5)

    def test_table_by_sku_then_category_times_quantity(self) -> None:
        table = {"beans": 5, "coffee": 2}
        act = order(
            line(100, "coffee", "beans", "2"),  # by sku: 5 × 2 = 10
            line(100, "coffee", "cup", "3"),  # by category: 2 × 3 = 6
            line(100, "tea", "leaf"),  # not in the table
            line(100, "coffee", "cup", "0.4"),  # 2 × 0.4 = 0.8 → 0
        )
        earn = one(points(mode="table", table=table), act=act)
        assert (earn.amount, earn.shares) == (16, (10, 6, 0, 0))

    def test_limit_of_an_effect(self) -> None:
        earn = one(points(1, mode="per_amount", per=100, limit=5), act=order(1000, 1000))
        assert (earn.amount, earn.shares) == (5, (3, 2))

    def test_an_activity_without_lines_earns_by_its_amount(self) -> None:
        act = order(type="order")
        force_setattr(act, "amount", 1234)
        earn = one(points(1, mode="per_amount", per=100), act=act)
        assert (earn.amount, earn.shares) == (12, ())

    def test_nothing_for_a_free_order(self) -> None:
        decision = decide(programme(BASE), member(), order(0))
        assert (decision.earns, reasons(decision)) == ((), {"base": "no_amount"})


class TestMultipliers:
    def test_double_on_goods(self) -> None:
        # Base: 12.99 → 12, split 599:700 → 5.53, 6.47 → 6, 6 (the larger remainder is the first's).
        # Double on coffee: (2 − 1) × its 6.
        live = programme(BASE, rule("double", points(mode="multiply", factor=2, lines=COFFEE)))
        decision = decide(live, member(), order(line(599, "coffee"), line(700, "tea")))
        assert earned(decision) == {"base": 12, "double": 6}
        assert decision.earns[1].shares == (6, 0)

    def test_factors_add_up(self) -> None:
        # ×2 and ×3 of 10: 10 + 10 + 20 = 40, four times the base.
        live = programme(
            BASE,
            rule("two", points(mode="multiply", factor=2)),
            rule("three", points(mode="multiply", factor=3)),
        )
        decision = decide(live, member(), order(1000))
        assert earned(decision) == {"base": 10, "two": 10, "three": 20}

    def test_factor_is_exact_and_floored(self) -> None:
        # ×1.1 of 29 → 2.9 → 2; in floating point 0.1 × 30 could be 3.0000000000000004.
        live = programme(BASE, rule("tenth", points(mode="multiply", factor="1.1")))
        assert earned(decide(live, member(), order(2900)))["tenth"] == 2
        assert earned(decide(live, member(), order(3000)))["tenth"] == 3

    def test_priority_does_not_hide_the_base(self) -> None:
        live = programme(
            BASE | {"priority": -5}, rule("double", points(mode="multiply", factor=2), priority=99)
        )
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "double": 10}

    def test_fixed_and_table_are_not_multiplied(self) -> None:
        live = programme(BASE, rule("gift", points(50)), rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "gift": 50, "double": 10}

    def test_only_its_own_unit(self) -> None:
        growth = rule("growth", points(1, "growth", mode="per_amount", per=10))
        live = programme(BASE, growth, rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 10, "growth": 100, "double": 10}

    def test_works_on_what_was_really_earned(self) -> None:
        # The base is capped at 5 in an order; double gives 5 more, not 10.
        capped = BASE | {"effects": [points(1, mode="per_amount", per=100, limit=5)]}
        live = programme(capped, rule("double", points(mode="multiply", factor=2)))
        assert earned(decide(live, member(), order(1000))) == {"base": 5, "double": 5}

    def test_two_bases_are_multiplied_together(self) -> None:
        tea = rule("tea", points(1, mode="per_amount", per=100, lines=TEA))
        live = programme(BASE, tea, rule("double", points(mode="multiply", factor=2)))
        # 10.00 coffee + 5.00 tea: base 15 (10, 5), tea 5 (0, 5); double: 20 (10, 10).
        decision = decide(live, member(), order(line(1000, "coffee"), line(500, "tea")))
        assert earned(decision) == {"base": 15, "tea": 5, "double": 20}
        assert decision.earns[2].shares == (10, 10)

    def test_nothing_to_multiply(self) -> None:
        live = programme(BASE, rule("double", points(mode="multiply", factor=2, lines=COFFEE)))
        assert reasons(decide(live, member(), order(1000))) == {"double": "no_amount"}


class TestTierBenefits:
    BENEFITS = (
        {"key": "more", "name": "金卡 1.25 倍", "kind": "multiplier", "scheme": "level", "tiers": ["gold"],
         "unit": "points", "factor": "1.25"},
    )  # fmt: skip

    def test_multiplier_of_the_members_tier(self) -> None:
        live = programme(BASE, benefits=list(self.BENEFITS))
        # 10 × 0.25 = 2.5 → 2
        decision = decide(live, member("gold"), order(1000))
        assert earned(decision) == {"base": 10, "benefit:more": 2}
        assert decision.outcomes[-1].rule == "benefit:more"
        assert earned(decide(live, member("normal"), order(1000))) == {"base": 10}

    def test_adds_to_other_multipliers(self) -> None:
        double = rule("double", points(mode="multiply", factor=2))
        live = programme(BASE, double, benefits=list(self.BENEFITS))
        # 100 + 100 × 1 + 100 × 0.25
        decision = decide(live, member("gold"), order(10000))
        assert earned(decision) == {"base": 100, "double": 100, "benefit:more": 25}

    def test_a_member_without_standing_has_the_lowest_tier(self) -> None:
        state = member("gold")
        state.tiers.clear()
        live = programme(BASE, benefits=list(self.BENEFITS))
        assert earned(decide(live, state, order(1000))) == {"base": 10}

    def test_too_little_to_multiply_is_said(self) -> None:
        live = programme(BASE, benefits=list(self.BENEFITS))
        decision = decide(live, member("gold"), order(300))  # 3 × 0.25 = 0.75 → 0
        assert reasons(decision) == {"benefit:more": "no_amount"}


class TestOtherEffects:
    def test_tags_steps_and_extensions(self) -> None:
        live = programme(
            rule(
                "all",
                {"type": "tag", "tag": "vip"},
                {"type": "tag", "tag": "new", "remove": True},
                {"type": "tier_step", "scheme": "level", "steps": 1},
                {"type": "tier_step", "scheme": "level", "tier": "gold"},
                {"type": "extend_expiry", "unit": "points", "months": 3},
            )
        )
        decision = decide(live, member(), order(100))
        assert [(t.tag, t.remove) for t in decision.tags] == [("vip", False), ("new", True)]
        assert [(s.scheme, s.steps, s.tier) for s in decision.tier_steps] == [
            ("level", 1, None),
            ("level", 0, "gold"),
        ]
        assert [(e.unit, e.months) for e in decision.extensions] == [("points", 3)]
        assert live.reads_lots

    def test_several_effects_of_one_rule(self) -> None:
        live = programme(rule("both", points(5), points(3, "growth")))
        assert [(e.unit, e.amount) for e in decide(live, member(), order(100)).earns] == [
            ("points", 5),
            ("growth", 3),
        ]


class TestExpiryAndPending:
    @pytest.mark.parametrize(
        ("expiry", "earned_at", "gone"),
        [
            ({"kind": "never"}, "2026-05-06T12:00", None),
            ({"kind": "rolling_days", "n": 30}, "2026-05-06T23:59", "2026-06-05T00:00"),
            ({"kind": "rolling_months", "n": 1}, "2026-01-31T12:00", "2026-02-28T00:00"),
            # the end of the 12th month after earning
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-06T12:00",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-01T00:00",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-31T23:59",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 6, "round_up": "quarter"},
                "2026-05-06T12:00",
                "2027-01-01T00:00",
            ),
            ({"kind": "rolling_months", "n": 12, "round_up": "year"}, "2026-05-06T12:00", "2028-01-01T00:00"),
            ({"kind": "rolling_days", "n": 10, "round_up": "month"}, "2026-05-25T12:00", "2026-07-01T00:00"),
            ({"kind": "fixed", "on": "2026-12-31"}, "2026-05-06T12:00", "2027-01-01T00:00"),
            ({"kind": "inactivity_months", "n": 6}, "2026-05-06T12:00", None),
        ],
    )
    def test_expiry_of_a_unit(self, expiry: dict[str, Any], earned_at: str, gone: str | None) -> None:
        live = read({"units": [POINTS | {"expiry": expiry}], "rules": [BASE]})
        (earn,) = decide(live, member(), order(1000, at=earned_at)).earns
        assert earn.expires_at == (local(gone) if gone else None)

    def test_the_month_is_the_one_in_business_time(self) -> None:
        # 31 May 2026 17:30 UTC is 1 June in Shanghai, so the 12th month after it is June 2027.
        live = read({"units": [POINTS | {"expiry": {"kind": "rolling_months", "n": 12, "round_up": "month"}}],
                     "rules": [BASE]})  # fmt: skip
        act = order(1000)
        force_setattr(act, "occurred_at", datetime(2026, 5, 31, 17, 30, tzinfo=UTC))
        assert decide(live, member(), act).earns[0].expires_at == local("2027-07-01T00:00")

    def test_an_effect_overrides_the_unit(self) -> None:
        effect = points(5, expiry={"kind": "rolling_days", "n": 7})
        assert one(effect, act=order(100)).expires_at == local("2026-05-13T00:00")

    def test_nothing_is_earned_that_is_gone_already(self) -> None:
        live = programme(rule("late", points(5, expiry={"kind": "fixed", "on": "2026-05-05"})))
        assert reasons(decide(live, member(), order(100))) == {"late": "no_amount"}

    def test_pending(self) -> None:
        assert one(points(5), act=order(100)).pending_until is None
        assert one(points(5, pending={"until": "delivered"}), act=order(100)).pending_until == "delivered"
        waiting = one(points(5, pending={"until": "days", "days": 7}), act=order(100, at="2026-05-06T12:34"))
        assert waiting.pending_until == local("2026-05-13T12:34")


class TestCalendar:
    def test_window_includes_its_start_and_not_its_end(self) -> None:
        live = programme(rule("r", starts_at="2026-05-06T10:00", ends_at="2026-05-08T00:00"))
        outcome = {
            at: reasons(decide(live, member(), order(100, at=at))).get("r", "fired")
            for at in (
                "2026-05-05T23:59", "2026-05-06T09:59:59", "2026-05-06T10:00",
                "2026-05-07T23:59:59", "2026-05-08T00:00",
            )
        }  # fmt: skip
        assert list(outcome.values()) == ["not_started", "not_started", "fired", "fired", "ended"]

    def test_weekdays_are_of_business_time(self) -> None:
        # 2026-05-09 is a Saturday.
        live = programme(rule("r", weekdays=[6, 7]))
        assert reasons(decide(live, member(), order(100, at="2026-05-08T23:59"))) == {"r": "wrong_day"}
        assert reasons(decide(live, member(), order(100, at="2026-05-09T00:00"))) == {}
        act = order(100)
        force_setattr(
            act, "occurred_at", datetime(2026, 5, 8, 16, 0, tzinfo=UTC)
        )  # Saturday 00:00 in Shanghai
        assert reasons(decide(live, member(), act)) == {}

    def test_member_day_is_a_day_of_the_month_or_a_weekday(self) -> None:
        live = programme(rule("r", member_day=True), member_days={"days_of_month": [8], "weekdays": [3]})
        assert reasons(decide(live, member(), order(100, at="2026-05-08T12:00"))) == {}  # the 8th, a Friday
        assert reasons(decide(live, member(), order(100, at="2026-05-06T12:00"))) == {}  # a Wednesday
        assert reasons(decide(live, member(), order(100, at="2026-05-07T12:00"))) == {"r": "not_member_day"}

    def test_dayparts(self) -> None:
        live = programme(rule("r", dayparts=[["07:00", "10:00"], ["22:00", "24:00"]]))
        fired = [
            at for at in ("06:59:59", "07:00", "09:59:59", "10:00", "21:59", "22:00", "23:59:59", "00:00")
            if not reasons(decide(live, member(), order(100, at=f"2026-05-06T{at}")))
        ]  # fmt: skip
        assert fired == ["07:00", "09:59:59", "22:00", "23:59:59"]
        assert reasons(decide(live, member(), order(100, at="2026-05-06T10:00"))) == {"r": "outside_hours"}

    def test_the_small_hours_belong_to_the_evening_before(self) -> None:
        # Fridays 22:00–02:00; 2026-05-08 is a Friday.
        live = programme(rule("r", weekdays=[5], dayparts=[["22:00", "02:00"]]))
        outcome = {
            at: reasons(decide(live, member(), order(100, at=at))).get("r", "fired")
            for at in (
                "2026-05-08T01:00",  # Thursday's night
                "2026-05-08T22:00",
                "2026-05-09T01:59",  # Friday's night
                "2026-05-09T02:00",
                "2026-05-09T22:30",  # Saturday's
            )
        }
        assert list(outcome.values()) == ["wrong_day", "fired", "fired", "outside_hours", "wrong_day"]

    def test_daylight_saving(self) -> None:
        # New York, 2026-11-01: 01:30 comes twice; both lie in 01:00–02:00.
        live = read(
            definition(rule("r", dayparts=[["01:00", "02:00"]])), timezone="America/New_York", currency="USD"
        )
        for hour in (5, 6):
            act = order(100)
            force_setattr(act, "occurred_at", datetime(2026, 11, 1, hour, 30, tzinfo=UTC))
            assert reasons(decide(live, member(), act)) == {}


class TestCaps:
    def test_times_a_day(self) -> None:
        live = programme(rule("r", caps=[{"period": "day", "times": 2}]))
        state, given = member(), []
        for at in ("2026-05-06T00:00", "2026-05-06T12:00", "2026-05-06T23:59", "2026-05-07T00:00"):
            decision = decide(live, state, order(100, at=at))
            given.append(sum(earned(decision).values()))
            apply(live, state, order(100, at=at), decision)
        assert given == [10, 10, 0, 10]
        assert reasons(decide(live, state, order(100, at="2026-05-07T01:00"))) == {}

    def test_the_last_firing_is_clipped(self) -> None:
        # 25 a month at most: 10, 10, 5, then nothing.
        live = programme(rule("r", caps=[{"period": "month", "amount": 25}]))
        state, given = member(), []
        for day in (1, 2, 3, 4):
            act = order(100, at=f"2026-05-0{day}T12:00")
            decision = decide(live, state, act)
            given.append(sum(earned(decision).values()))
            apply(live, state, act, decision)
        assert given == [10, 10, 5, 0]
        assert state.caps == {"r": {"2026-05": [3, 25]}}
        (outcome,) = decide(live, state, order(100, at="2026-05-05T12:00")).outcomes
        assert (outcome.reason, dict(outcome.detail)) == ("cap_reached", {"period": "month", "amount": 25})

    def test_a_cap_below_one_firing_clips_the_first(self) -> None:
        live = programme(
            rule("r", points(1, mode="per_amount", per=100), caps=[{"period": "ever", "amount": 7}])
        )
        (earn,) = decide(live, member(), order(1000, 1000)).earns
        assert (earn.amount, earn.shares) == (7, (4, 3))

    def test_an_amount_cap_counts_all_effects_of_the_rule(self) -> None:
        live = programme(rule("r", points(6), points(6, "growth"), caps=[{"period": "day", "amount": 10}]))
        assert [(e.unit, e.amount) for e in decide(live, member(), order(100)).earns] == [
            ("points", 6),
            ("growth", 4),
        ]

    def test_several_periods_at_once(self) -> None:
        # Once a day and three times a week (Monday 4 May to Sunday 10 May 2026).
        live = programme(rule("r", caps=[{"period": "day", "times": 1}, {"period": "week", "times": 3}]))
        state, fired = member(), []
        for day in ("04", "04", "05", "06", "07", "10", "11"):
            act = order(100, at=f"2026-05-{day}T12:00")
            decision = decide(live, state, act)
            fired.append(bool(decision.earns))
            apply(live, state, act, decision)
        assert fired == [True, False, True, True, False, False, True]

    def test_a_failed_condition_uses_nothing(self) -> None:
        big = {"field": "order.amount", "op": "gte", "value": 500}
        live = programme(rule("r", condition=big, caps=[{"period": "ever", "times": 1}]))
        state = member()
        apply(live, state, order(100), decide(live, state, order(100)))
        assert state.caps == {}
        assert earned(decide(live, state, order(500))) == {"r": 10}


class TestStacking:
    def test_the_first_that_fires_wins_its_group(self) -> None:
        live = programme(
            rule("best", points(30), priority=3, stacking_group="g", weekdays=[1]),
            rule("good", points(20), priority=2, stacking_group="g"),
            rule("fair", points(10), priority=1, stacking_group="g"),
            rule("alone", points(1)),
        )
        tuesday = decide(live, member(), order(100, at="2026-05-05T12:00"))
        assert earned(tuesday) == {"good": 20, "alone": 1}
        assert reasons(tuesday) == {"best": "wrong_day", "fair": "stacking"}
        (fair,) = [o for o in tuesday.outcomes if o.rule == "fair"]
        assert fair.detail == {"by": "good"}
        assert earned(decide(live, member(), order(100, at="2026-05-04T12:00"))) == {"best": 30, "alone": 1}

    def test_one_that_gives_nothing_leaves_the_place_free(self) -> None:
        live = programme(
            rule("coffee", points(30, lines=COFFEE), priority=2, stacking_group="g"),
            rule("any", points(10), priority=1, stacking_group="g"),
        )
        assert earned(decide(live, member(), order(100))) == {"any": 10}

    def test_a_cap_that_is_used_up_leaves_the_place_free(self) -> None:
        live = programme(
            rule("once", points(30), priority=2, stacking_group="g", caps=[{"period": "ever", "times": 1}]),
            rule("any", points(10), priority=1, stacking_group="g"),
        )
        state = member(caps={"once": {"ever": [1, 30]}})
        decision = decide(live, state, order(100))
        assert (earned(decision), reasons(decision)) == ({"any": 10}, {"once": "cap_reached"})

    def test_equal_priority_goes_by_key(self) -> None:
        live = programme(rule("b", points(2), stacking_group="g"), rule("a", points(1), stacking_group="g"))
        assert earned(decide(live, member(), order(100))) == {"a": 1}


class TestConditions:
    def test_of_member_history_order_and_store(self) -> None:
        def fires(condition: dict[str, Any], state: Any = None, act: Any = None) -> bool:
            live = programme(rule("r", condition=condition))
            return not reasons(decide(live, state or member(), act or order(500)))

        assert fires({"field": "order.is_first", "op": "eq", "value": True})
        assert not fires({"field": "order.is_first", "op": "eq", "value": True}, member(orders=1))
        assert fires({"field": "history.orders", "op": "eq", "value": 9}, member(orders=9))
        assert fires({"field": "membership.tier", "op": "eq", "value": "gold"}, member("gold"))
        assert fires({"field": "membership.tier.level", "op": "eq", "value": "normal"})
        assert fires({"field": "membership.tags", "op": "contains", "value": "vip"}, member(tags={"vip"}))
        assert fires({"field": "store.code", "op": "in", "value": ["s1", "s2"]})
        assert fires({"field": "store.region", "op": "eq", "value": "east"},
                     act=order(500, store_facts={"store.region": "east"}))  # fmt: skip
        assert fires({"field": "activity.channel", "op": "eq", "value": "store"})
        assert fires(
            {"field": "order.coupon_used", "op": "eq", "value": True}, act=order(500, coupon_discount=1)
        )
        assert fires({"lines": "count", "op": "eq", "value": 2}, act=order(1, 2))
        gone = member(last_order_at=local("2026-03-01T23:59"))
        assert fires({"field": "history.days_since_last_order", "op": "eq", "value": 66}, gone)  # 31 + 30 + 5
        assert not fires({"field": "history.days_since_last_order", "op": "gte", "value": 1})  # never ordered

    def test_birthday_month(self) -> None:
        from datetime import date

        live = programme(
            rule("r", condition={"field": "member.birthday", "op": "month_is", "value": "current"})
        )
        state = member(facts={"member.birthday": date(1990, 5, 20)})
        assert reasons(decide(live, state, order(100, at="2026-05-01T00:00"))) == {}
        assert reasons(decide(live, state, order(100, at="2026-06-01T00:00"))) == {"r": "condition"}
        assert reasons(decide(live, member(), order(100))) == {"r": "condition"}  # unknown

    def test_a_streak_is_met_on_its_last_day(self) -> None:
        live = programme(rule("r", trigger="checkin", condition={"streak": "checkin", "op": "eq", "days": 3}))
        state, fired = member(), []
        for day in ("01", "02", "02", "03", "04", "06", "07", "08"):
            act = checkin(f"2026-05-{day}T09:00")
            decision = decide(live, state, act)
            fired.append(bool(decision.earns))
            apply(live, state, act, decision)
        # days in a row:   1      2      2      3     4      1      2      3
        assert fired == [False, False, False, True, False, False, False, True]

    def test_three_orders_in_thirty_days_averaging_500(self) -> None:
        window = {"days": 30, "activity": "order"}
        condition = {
            "all": [
                {"window": window, "agg": "count", "op": "gte", "value": 3},
                {"window": window, "agg": "avg", "of": "order.amount", "op": "gte", "value": 50000},
            ]
        }
        live = programme(rule("r", condition=condition))
        state, fired = member(), []
        for at, amount in (
            ("2026-05-01T12:00", 90000),
            ("2026-05-10T12:00", 20000),
            ("2026-05-20T12:00", 39999),  # 1 499.99 / 3 < 500
            ("2026-05-30T12:00", 60000),  # all four: 2 099.99 / 4 = 525
            ("2026-05-31T12:00", 10000),  # 1 May is out of the 30 days: 1 299.99 / 4
        ):
            act = order(amount, at=at)
            decision = decide(live, state, act)
            fired.append(bool(decision.earns))
            apply(live, state, act, decision)
        assert fired == [False, False, False, True, False]
        assert len(state.recent["order"]) == 4

    def test_a_declared_type_is_asked_about_its_fields(self) -> None:
        from regulars.conditions.api import Choice, FieldDef, FieldType, Scope, retail_fields
        from regulars.kit.text import Text
        from regulars.programme.rules.api import parse
        from regulars.programme.rules.types import Act

        base = retail_fields()
        catalogue = base.with_choices(
            "activity.type", (*base.activity_types(), Choice("workout", Text("锻炼", "workout")))
        ).extend(
            [FieldDef("activity.workout.minutes", FieldType.INT, Scope.ACTIVITY, Text("分钟", "minutes"))]
        )
        condition = {"field": "activity.workout.minutes", "op": "gte", "value": 30}
        live = parse(
            definition(rule("r", trigger="workout", condition=condition)),
            brand_id=member().member_id, version=1, timezone="Asia/Shanghai", currency="CNY",
            effective_from=local("2026-01-01T00:00"), catalogue=catalogue,
        )  # fmt: skip

        def workout(minutes: int) -> Act:
            return Act("workout", local("2026-05-06T08:00"), "app", "app", "", data={"minutes": minutes})

        assert earned(decide(live, member(), workout(30))) == {"r": 10}
        assert reasons(decide(live, member(), workout(29))) == {"r": "condition"}


def test_other_triggers_are_not_asked() -> None:
    live = programme(BASE, rule("hello", trigger="checkin"))
    assert [o.rule for o in decide(live, member(), order(100)).outcomes] == ["base"]
    assert [o.rule for o in decide(live, member(), checkin()).outcomes] == ["hello"]
    assert decide(programme(BASE), member(), checkin()).outcomes == ()


def test_a_rule_switched_off_says_nothing() -> None:
    live = programme(BASE, rule("off", enabled=False))
    assert [o.rule for o in decide(live, member(), order(100)).outcomes] == ["base"]
    assert {r.key for r in live.rules} == {"base", "off"}


def test_growth_and_points_by_one_order() -> None:
    live = read(
        {
            "units": [POINTS, GROWTH],
            "rules": [BASE, rule("g", points(2, "growth", mode="per_amount", per=100))],
        }
    )
    assert [(e.unit, e.amount, e.shares) for e in decide(live, member(), order(500, 500)).earns] == [
        ("points", 10, (5, 5)),
        ("growth", 20, (10, 10)),
    ]
