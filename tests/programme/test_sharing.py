"""What rules share: campaigns' caps, budgets; and what other rooms give. Reckoned by hand; 1 point per 100 fen."""

from __future__ import annotations

from typing import Any

import pytest
from tests.programme.making import (
    BASE,
    definition,
    line,
    member,
    order,
    points,
    programme,
    read,
    reasons,
    rule,
)

from regulars.kit.errors import Refusal
from regulars.kit.text import Language
from regulars.programme.rules.api import apply, decide, describe, dump, explain_outcome
from regulars.programme.rules.types import (
    BenefitEffect,
    BudgetRoom,
    BudgetUse,
    CouponEffect,
    MemberState,
    Programme,
)

LOUNGE = {
    "key": "lounge", "name": {"zh": "贵宾室", "en": "Lounge"}, "kind": "service", "scheme": "level",
    "tiers": ["gold"], "quota": 2, "period": "year",
}  # fmt: skip
SPRING = {"key": "spring", "name": {"zh": "春季", "en": "Spring"}}
COUPON = {"type": "coupon", "definition": "tea-5"}
USES = {"type": "benefit", "benefit": "lounge", "uses": 2, "days": 30}


def with_left(left: int, *, counts: bool = False, state: MemberState | None = None) -> MemberState:
    state = state or member()
    state.budgets = {"spring": BudgetRoom(counts, left)}
    return state


def amounts(live: Programme, state: MemberState, amount: int = 10_000) -> dict[str, int]:
    decision = decide(live, state, order(amount))
    return {earn.rule: earn.amount for earn in decision.earns}


class TestCampaigns:
    """Two rules of 30 and 20 points share what a campaign gives."""

    def make(self, *caps: dict[str, Any]) -> Programme:
        return programme(
            rule("a", points(30), campaign="spring", priority=2),
            rule("b", points(20), campaign="spring", priority=1),
            campaigns=[SPRING | {"caps": list(caps)}],
        )

    def test_times_count_the_firings_of_all_its_rules(self) -> None:
        live, state = self.make({"period": "month", "times": 3}), member()
        given = []
        for _ in range(3):
            act = order(100)
            decision = decide(live, state, act)
            given.append({e.rule: e.amount for e in decision.earns})
            apply(live, state, act, decision)
        # a and b, then a alone takes the third, then nothing
        assert given == [{"a": 30, "b": 20}, {"a": 30}, {}]
        assert state.caps == {"campaign:spring": {"2026-05": [3, 80]}}
        last = decide(live, state, order(100)).outcomes[0]
        assert last.reason == "cap_reached"
        assert explain_outcome(last, live, "zh") == "a：活动“春季”本月已达上限 3 次"
        assert (
            explain_outcome(last, live, "en")
            == "a: the limit of 3 times this month of the campaign “Spring” is reached"
        )

    def test_an_amount_clips_the_rule_that_would_go_beyond_it(self) -> None:
        assert amounts(self.make({"period": "ever", "amount": 45}), member()) == {"a": 30, "b": 15}

    def test_a_rule_keeps_its_own_caps_beside(self) -> None:
        live = programme(
            rule("a", points(30), campaign="spring", caps=[{"period": "day", "amount": 8}]),
            campaigns=[SPRING | {"caps": [{"period": "day", "amount": 20}]}],
        )
        assert amounts(live, member()) == {"a": 8}


class TestBudgets:
    def test_of_uses_one_a_firing(self) -> None:
        live = programme(rule("a", points(30), budget="spring"))
        decision = decide(live, with_left(1, counts=True), order(100))
        assert decision.budgets == (BudgetUse("a", "spring", 1),)
        assert reasons(decide(live, with_left(0, counts=True), order(100))) == {"a": "budget_used_up"}

    def test_of_money_clips_to_what_is_left(self) -> None:
        # a point is worth half a fen: 25 fen pay for 50 of the 100 points
        live = programme(BASE | {"budget": {"key": "spring", "worth": "0.5"}})
        decision = decide(live, with_left(25), order(10_000))
        assert [e.amount for e in decision.earns] == [50]
        assert decision.budgets == (BudgetUse("base", "spring", 25),)
        # 33 points cost 16.5 fen: rounded up, so that it is never overshot
        assert decide(live, with_left(99), order(3_300)).budgets == (BudgetUse("base", "spring", 17),)

    def test_a_fixed_cost_is_given_whole_or_not_at_all(self) -> None:
        live = programme(rule("a", COUPON, budget={"key": "spring", "cost": 500}))
        assert decide(live, with_left(500), order(100)).budgets == (BudgetUse("a", "spring", 500),)
        late = decide(live, with_left(499), order(100))
        assert (late.grants, late.budgets) == ((), ())
        assert reasons(late) == {"a": "budget_used_up"}
        assert explain_outcome(late.outcomes[0], live, "en") == "a: the budget (spring) is used up"

    def test_rules_of_one_decision_share_what_is_left(self) -> None:
        live = programme(
            rule("a", points(30), budget="spring", priority=2),
            rule("b", points(20), budget="spring", priority=1),
        )
        assert amounts(live, with_left(40)) == {"a": 30, "b": 10}
        assert reasons(decide(live, with_left(30), order(100))) == {"b": "budget_used_up"}

    def test_one_that_is_gone_gives_nothing_and_one_not_asked_limits_nothing(self) -> None:
        live = programme(rule("a", points(30), budget="spring"))
        state = member()
        state.budgets = {}
        assert reasons(decide(live, state, order(100))) == {"a": "budget_used_up"}
        unasked = decide(live, member(), order(100))
        assert ([e.amount for e in unasked.earns], unasked.budgets) == ([30], ())


class TestGrants:
    def test_are_decided_like_any_effect(self) -> None:
        live = programme(rule("a", COUPON, USES, stacking_group="g"), rule("b", COUPON, stacking_group="g"),
                         benefits=[LOUNGE])  # fmt: skip
        decision = decide(live, member(), order(100))
        assert [(g.rule, g.effect) for g in decision.grants] == [
            ("a", CouponEffect("tea-5")),
            ("a", BenefitEffect("lounge", 2, 30)),
        ]
        assert reasons(decision) == {"b": "stacking"}
        said = explain_outcome(decision.outcomes[0], live, "zh", grants=decision.grants)
        assert said == "a：送优惠券“tea-5”1 张、加送“贵宾室”2 次（30 天内有效）"

    def test_counted_by_caps(self) -> None:
        live, state = programme(rule("a", COUPON, caps=[{"period": "ever", "times": 1}])), member()
        act = order(100)
        first = decide(live, state, act)
        apply(live, state, act, first)
        assert len(first.grants) == 1
        assert decide(live, state, order(100)).grants == ()


@pytest.mark.parametrize(
    ("made", "language", "said"),
    [
        (
            rule("r", points(5), COUPON | {"count": 2}, campaign="spring", budget="pot"),
            "zh",
            "下单，送 5 积分；送优惠券“tea-5”2 张，属于活动“春季”，预算“pot”用完即止",
        ),
        (
            rule("r", points(5), COUPON | {"count": 2}, campaign="spring", budget="pot"),
            "en",
            "An order gives 5 points and 2 coupons “tea-5”; part of the campaign “Spring”; until the budget “pot” is "
            "used up",
        ),
        (
            rule("r", USES | {"void_on_refund": False}, budget={"key": "pot", "cost": 500, "worth": "0.5"}),
            "zh",
            "下单，加送“贵宾室”2 次（30 天内有效，退款不收回），"
            "预算“pot”用完即止（每次计 5 元，每单位计 0.5 最小货币单位）",
        ),
        (
            rule("r", USES | {"void_on_refund": False}, budget={"key": "pot", "cost": 500}),
            "en",
            "An order gives 2 more uses of “Lounge” within 30 days, kept after a refund; "
            "until the budget “pot” is used up (¥5 each time)",
        ),
    ],
)
def test_sentences(made: dict[str, Any], language: Language, said: str) -> None:
    live = programme(made, campaigns=[SPRING], benefits=[LOUNGE])
    assert describe(live.rules[0], live, language) == said


def test_a_campaign_in_words() -> None:
    live = programme(
        rule("a", points(5), campaign="spring"),
        campaigns=[SPRING | {"caps": [{"period": "day", "times": 2, "amount": 50}]}],
    )
    assert describe(live.campaigns[0], live, "zh") == "春季：规则“a”，每天最多 2 次、50 积分"
    assert (
        describe(live.campaigns[0], live, "en") == "Spring: the rules “a”; at most twice and 50 points a day"
    )


def test_there_and_back() -> None:
    made = definition(
        rule("a", points(5), COUPON | {"count": 3, "void_on_refund": False}, USES, campaign="spring"),
        rule("b", points(5), budget="pot"),
        rule("c", points(5), budget={"key": "pot", "worth": "1/3"}),
        rule("d", COUPON, budget={"key": "pot", "cost": 7}),
        rule("e", points(5), budget={"key": "pot", "cost": 7, "worth": 1}),
        campaigns=[SPRING | {"caps": [{"period": "ever", "amount": 9}]}],
        benefits=[LOUNGE],
    )
    kept = dump(read(made))
    assert dump(read(kept)) == kept
    budgets = {r["key"]: r.get("budget") for r in kept["rules"]}
    assert budgets == {
        "a": None, "b": "pot", "c": {"key": "pot", "worth": "1/3"}, "d": {"key": "pot", "cost": 7},
        "e": {"key": "pot", "worth": "1", "cost": 7},
    }  # fmt: skip
    assert read(made).budgets == {"pot"}


def test_wrong_ones_are_told() -> None:
    made = definition(
        rule("a", points(5), points(5, unit="growth"), campaign="spring", budget={"worth": -1}),
        rule("b", {"type": "benefit", "benefit": "nope", "uses": 0}, campaign="winter", budget="NO"),
        rule("c", {"type": "coupon", "count": 21}),
        rule("d", {"type": "benefit", "benefit": "free", "days": 9}),
        campaigns=[SPRING | {"caps": [{"period": "day", "amount": 5}, {"period": "day", "times": 1}]}],
        benefits=[LOUNGE | {"key": "free", "quota": None, "period": None}],
    )
    with pytest.raises(Refusal) as refused:
        read(made)
    assert {e.field: e.code for e in refused.value.errors} == {
        "campaigns[0].caps[1].period": "duplicate",
        "campaigns[0].caps": "mixed_units",
        "rules[0].budget.key": "required",
        "rules[0].budget.worth": "out_of_range",
        "rules[1].budget": "bad_code",
        "rules[1].campaign": "unknown_campaign",
        "rules[1].effects[0].benefit": "unknown_benefit",
        "rules[1].effects[0].uses": "out_of_range",
        "rules[1].effects[0].days": "required",
        "rules[2].effects[0].definition": "required",
        "rules[2].effects[0].count": "out_of_range",
        "rules[3].effects[0].benefit": "no_quota",
    }


GREEN = {"field": "line.sku", "op": "in", "value": ["green"]}
SCOPES: list[tuple[dict[str, Any], dict[str, Any], MemberState, str]] = [
    ({"field": "store.code", "op": "in", "value": ["s9"]}, {"store": "s9"}, member(), "s9"),
    (
        {"field": "store.region", "op": "eq", "value": "east"},
        {"store_facts": {"store.region": "east"}},
        member(),
        "east",
    ),
    ({"field": "activity.channel", "op": "in", "value": ["app"]}, {"channel": "app"}, member(), "App"),
    ({"field": "membership.tier", "op": "in", "value": ["gold"]}, {}, member("gold"), "金卡"),
    ({"field": "membership.tags", "op": "contains_any", "value": ["vip"]}, {}, member(tags={"vip"}), "vip"),
]


@pytest.mark.parametrize(("condition", "act", "state", "said"), SCOPES)
def test_a_rule_holds_in_a_scope_by_its_condition(
    condition: dict[str, Any], act: dict[str, Any], state: MemberState, said: str
) -> None:
    """Store, region, channel, tier, tag: the same gift, only where the condition holds, and the sentence says where."""
    live = programme(rule("a", COUPON, condition=condition))
    assert len(decide(live, state, order(100, **act)).grants) == 1
    assert reasons(decide(live, member(), order(100))) == {"a": "condition"}
    assert said in describe(live.rules[0], live, "zh")
    assert said.casefold() in describe(live.rules[0], live, "en").casefold()


def test_a_rule_holds_for_products_by_its_lines() -> None:
    live = programme(rule("a", points(10, lines=GREEN), budget="spring"))
    assert amounts_of(live, line(100, sku="green"), line(100)) == {"a": 10}
    assert amounts_of(live, line(100)) == {}
    assert "green" in describe(live.rules[0], live, "en")


def amounts_of(live: Programme, *lines: dict[str, Any]) -> dict[str, int]:
    return {earn.rule: earn.amount for earn in decide(live, member(), order(*lines)).earns}
