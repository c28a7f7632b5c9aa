"""What holds of every programme, member and order."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.programme.making import (
    BASE,
    SHANGHAI,
    checkin,
    line,
    local,
    member,
    order,
    points,
    programme,
    read,
    rule,
)

from regulars.kit.money import allocate
from regulars.kit.periods import period_key
from regulars.programme.rules.api import apply, decide, dump
from regulars.programme.rules.decide import split
from regulars.programme.rules.types import Act, Programme

CATEGORIES = ["coffee", "tea", "fruit"]
lines_filter = st.sampled_from(
    [{"lines": {"field": "line.category", "op": "in", "value": c}} for c in (["coffee"], ["tea", "fruit"])]
    + [{}, {}]
)
effects = st.one_of(
    st.builds(lambda n, f: points(n, **f), st.integers(1, 500), lines_filter),
    st.builds(lambda n, per, f: points(n, mode="per_amount", per=per, **f), st.integers(1, 9),
              st.sampled_from([1, 7, 100, 333]), lines_filter),
    st.builds(lambda t: points(mode="table", table=t),
              st.dictionaries(st.sampled_from([*CATEGORIES, "sku"]), st.integers(0, 20), min_size=1)),
    st.builds(lambda n, limit: points(n, "growth", limit=limit), st.integers(1, 50), st.integers(1, 50)),
)  # fmt: skip
multipliers = st.builds(
    lambda f, g: points(mode="multiply", factor=f, **g),
    st.sampled_from(["2", "1.1", "4/3", "10"]),
    lines_filter,
)
caps = st.lists(
    st.builds(
        lambda period, times, amount: {"period": period, "times": times, "amount": amount},
        st.sampled_from(["day", "week", "month", "year", "ever"]),
        st.integers(1, 4),
        st.integers(1, 300),
    ),
    max_size=3,
    unique_by=lambda c: c["period"],
)
conditions = st.sampled_from(
    [
        {},
        {"condition": {"field": "order.amount", "op": "gte", "value": 1000}},
        {"condition": {"field": "history.orders", "op": "gte", "value": 2}},
        {"weekdays": [1, 3, 6]},
        {"dayparts": [["22:00", "06:00"]]},
        {"member_day": True},
    ]
)


@st.composite
def programmes(draw: Any) -> Programme:
    made = [BASE]
    for i in range(draw(st.integers(0, 5))):
        multiply = draw(st.booleans())
        made.append(
            rule(
                f"r{i}",
                draw(multipliers if multiply else effects),
                caps=draw(caps),
                priority=draw(st.integers(-3, 3)),
                **draw(conditions),
                **({"stacking_group": "m" if multiply else "o"} if draw(st.booleans()) else {}),
            )
        )
    benefit = {
        "key": "more", "name": "more", "kind": "multiplier", "scheme": "level", "tiers": ["gold"],
        "unit": "points", "factor": "1.25",
    }  # fmt: skip
    return programme(*made, member_days={"days_of_month": [8, 9]}, benefits=[benefit])


@st.composite
def acts(draw: Any) -> list[Act]:
    at = local("2026-04-28T06:00")
    made = []
    for _ in range(draw(st.integers(1, 8))):
        at += timedelta(minutes=draw(st.integers(1, 6000)))
        when = at.astimezone(SHANGHAI).replace(tzinfo=None).isoformat()
        if draw(st.integers(0, 5)) == 0:
            made.append(checkin(when))
            continue
        goods = draw(
            st.lists(
                st.builds(
                    lambda a, c, q: line(a, c, quantity=str(q)),
                    st.integers(0, 20000),
                    st.sampled_from(CATEGORIES),
                    st.integers(1, 5),
                ),
                min_size=1,
                max_size=6,
            )
        )
        made.append(order(*goods, at=when))
    return made


@given(programmes(), acts(), st.sampled_from(["normal", "gold"]))
@settings(max_examples=150, deadline=None)
def test_laws_of_a_decision(live: Programme, happened: list[Act], tier: str) -> None:
    state = member(tier)
    used: dict[tuple[str, str], list[int]] = {}
    for act in happened:
        before = copy.deepcopy(state)
        decision = decide(live, state, act)
        assert state == before, "deciding changes nothing"
        assert decide(live, state, act) == decision, "the same again"
        outcomes = {o.rule: o for o in decision.outcomes}
        assert [r.key for r in live.rules_of.get(act.type, ())] == [
            o.rule for o in decision.outcomes if not o.rule.startswith("benefit:")
        ]
        for earn in decision.earns:
            assert earn.amount > 0 and outcomes[earn.rule].fired
            if earn.shares:
                assert len(earn.shares) == len(act.lines)
                assert sum(earn.shares) == earn.amount and min(earn.shares) >= 0
        for rule_ in live.rules:
            if not (rule_.key in outcomes and outcomes[rule_.key].fired):
                continue
            value = sum(e.amount for e in decision.earns if e.rule == rule_.key)
            for cap in rule_.caps:
                count = used.setdefault(
                    (rule_.key, period_key(act.occurred_at.astimezone(SHANGHAI), cap.period)), [0, 0]
                )
                count[0] += 1
                count[1] += value
                assert cap.times is None or count[0] <= cap.times
                assert cap.amount is None or count[1] <= cap.amount
        winners = [
            r.stacking_group
            for r in live.rules
            if r.stacking_group and r.key in outcomes and outcomes[r.key].fired
        ]
        assert len(winners) == len(set(winners)), "one of a group"
        apply(live, state, act, decision)
    assert state.orders == sum(a.type == "order" for a in happened)
    assert state.spend == sum(a.amount for a in happened)
    assert state.visits == len({a.occurred_at.astimezone(SHANGHAI).date() for a in happened})


@given(programmes())
@settings(max_examples=60, deadline=None)
def test_reading_what_was_dumped_gives_the_same(live: Programme) -> None:
    first = dump(live)
    again = read(json.loads(json.dumps(first)))
    assert dump(again) == first
    assert [r.key for r in again.rules] == [r.key for r in live.rules]
    assert (again.units, again.schemes, again.benefits) == (live.units, live.schemes, live.benefits)


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=60).filter(any))
def test_split_is_the_largest_remainder(total: int, weights: list[int]) -> None:
    assert list(split(total, weights)) == allocate(total, weights)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused(data: Any) -> None:
    """Nonsense in any place of a good definition is refused politely, never by an accident."""
    from regulars.kit.errors import Refusal
    from regulars.programme.packs.api import retail_pack

    whole: Any = retail_pack()
    place = whole
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and data.draw(st.integers(0, 2)):
            place = place[key]
            continue
        place[key] = data.draw(json_values)
        break
    try:
        live = read(whole)
    except Refusal as refusal:
        assert refusal.errors
    else:
        assert dump(read(dump(live))) == dump(live)
