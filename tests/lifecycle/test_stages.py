"""Stages: by hand for one member, and for everybody at once equal to one by one."""

from __future__ import annotations

import random
from datetime import date, timedelta

import ibis
import pytest

from regulars.insight.lifecycle import policy, stages
from regulars.insight.lifecycle.types import STAGES, StageRules
from regulars.kit.errors import Refusal

START = date(2025, 1, 1)
RULES = StageRules()


def on(day: int) -> date:
    return START + timedelta(days=day)


def line(bought: dict[str, list[int]], joined: dict[str, int], rules: StageRules, until: int):  # type: ignore[no-untyped-def]
    """What the expression says, as {member: [(stage, since day, till day)]}."""
    orders = ibis.memtable(
        [(member, on(day)) for member, days in bought.items() for day in days],
        schema={"member_id": "string", "local_day": "date"},
    )  # fmt: skip
    members = ibis.memtable(
        {"member_id": list(joined), "joined_day": [on(d) for d in joined.values()]},
        schema={"member_id": "string", "joined_day": "date"},
    )
    found = ibis.duckdb.connect().to_pyarrow(stages.line_of_stages(orders, members, rules, on(until)))
    zero = (START - stages.EPOCH).days
    by_member: dict[str, list[tuple[str, int, int | None]]] = {}
    for row in sorted(found.to_pylist(), key=lambda r: (r["member_id"], r["since"])):
        till = None if row["till"] is None else row["till"] - zero
        by_member.setdefault(row["member_id"], []).append((row["stage"], row["since"] - zero, till))
    return by_member


def test_a_life_by_hand() -> None:
    """Joined on day 0, bought on days 5 and 20, then silent until day 300, and once more on day 310.

    day 5 new; 20 second purchase: growing; silent for more than 45 days on 66: slipping; more than 90 on 111:
    dormant; more than 180 on 201: lost; 300 back: won back for 30 days; on 331 four purchases (days 5, 20, 300,
    310) give a usual gap of 305/3 ≈ 101.7 days, three times that is more than 45, so 45 hold: growing until she
    slips on 356.
    """
    found = line({"a": [5, 20, 300, 310]}, {"a": 0}, RULES, 400)
    assert found["a"] == [
        ("prospect", 0, 5),
        ("new", 5, 20),
        ("growing", 20, 66),
        ("slipping", 66, 111),
        ("dormant", 111, 201),
        ("lost", 201, 300),
        ("won_back", 300, 331),
        ("growing", 331, 356),
        ("slipping", 356, None),
    ]


def test_her_own_rhythm_makes_her_slip_earlier() -> None:
    """Every 7 days from day 0 to day 70: mature on day 60 (more than six purchases by then); three times her
    usual gap of 7 is 21: slipping on the 22nd silent day, day 92. Without rhythm it would be day 116."""
    weekly = list(range(0, 71, 7))
    assert line({"a": weekly}, {"a": 0}, RULES, 200)["a"] == [
        ("new", 0, 7),
        ("growing", 7, 60),
        ("mature", 60, 92),
        ("slipping", 92, 161),
        ("dormant", 161, None),
    ]
    plain = line({"a": weekly}, {"a": 0}, StageRules(slipping_factor=0), 200)["a"]
    assert plain[3] == ("slipping", 116, 161)


def test_who_never_bought_is_a_prospect_and_who_bought_before_joining_never_was() -> None:
    found = line({"b": [3]}, {"a": 10, "b": 4}, RULES, 20)
    assert found == {"a": [("prospect", 10, None)], "b": [("new", 3, None)]}


def test_who_is_not_profiled_is_in_no_stage() -> None:
    """K6: the flow hands only members who are profiled; orders of others are passed over."""
    assert line({"a": [3], "hidden": [3]}, {"a": 0}, RULES, 20).keys() == {"a"}


@pytest.mark.parametrize("seed", range(12))
def test_everybody_at_once_is_everybody_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    rules = StageRules(
        growing_purchases=2, mature_purchases=dice.choice([3, 5]), mature_days=dice.choice([0, 20, 90]),
        slipping_days=dice.choice([10, 30]), slipping_factor=dice.choice([0, 1.5, 3.3]), slipping_least_days=5,
        rhythm_purchases=3, dormant_days=dice.choice([40, 60]), lost_days=dice.choice([80, 120]),
        won_back_days=dice.choice([10, 100]),
    )  # fmt: skip
    bought = {str(n): sorted(dice.sample(range(300), dice.randint(0, 12))) for n in range(20)}
    found = line(bought, dict.fromkeys(bought, 0), rules, 330)
    for member, days in bought.items():
        purchases = [on(d) for d in days]
        for day in range(331):
            expected = policy.stage_on(purchases, on(day), rules)
            (seen,) = [s for s, since, till in found[member] if since <= day and (till is None or day < till)]
            assert seen == expected, (member, day, days)


def test_matrix_from_month_to_month() -> None:
    """a: growing on day 30, slipping on day 80. b joins on day 50: not there on day 30, so not in the matrix.
    c: new on both days."""
    orders = ibis.memtable(
        {"member_id": ["a", "a", "b", "c", "c"], "local_day": [on(5), on(20), on(55), on(28), on(28)]},
        schema={"member_id": "string", "local_day": "date"},
    )
    members = ibis.memtable(
        {"member_id": ["a", "b", "c"], "joined_day": [on(0), on(50), on(0)]},
        schema={"member_id": "string", "joined_day": "date"},
    )
    days = [on(30), on(72)]
    at = stages.stages_at(stages.line_of_stages(orders, members, RULES, on(100)), days)
    found = ibis.duckdb.connect().to_pyarrow(stages.moves_between(at, days)).to_pylist()
    moves = {(row["from_stage"], row["to_stage"]): row["members"] for row in found}
    assert moves == {("growing", "slipping"): 1, ("new", "new"): 1}


def test_rules_are_checked_all_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        policy.check_rules({"slipping_days": 100, "dormant_days": 90, "lost_days": "x", "colour": 1})
    assert {(e.field, e.code) for e in refused.value.errors} == {
        ("dormant_days", "wrong_order"),
        ("lost_days", "not_a_number"),
        ("colour", "unknown_field"),
    }
    assert policy.check_rules({}) == StageRules()
    assert policy.check_rules({"dormant_days": 60.0}).dormant_days == 60


def test_stages_have_names() -> None:
    assert list(STAGES) == ["prospect", "new", "growing", "mature", "slipping", "dormant", "lost", "won_back"]
