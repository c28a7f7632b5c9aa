"""Which rules fire: triggers, conditions, caps and stacking; and what they do besides giving points."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.programme.making import (
    BASE,
    COFFEE,
    GROWTH,
    POINTS,
    checkin,
    definition,
    earned,
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
