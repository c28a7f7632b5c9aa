"""Editing a scheme: who moves, what it costs, how long upgrades take, thresholds for a distribution. By hand."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.intake.world import SCHEME, START, World, name, order, points, programme, rule, world

from regulars.flows import tier_preview
from regulars.kit.errors import Refusal
from regulars.value.tiers.policy import places_of, thresholds
from regulars.value.tiers.policy.forecast import readable

pytestmark = pytest.mark.django_db

# silver from 1 000 yuan, gold from 5 000; gold earns double points and pays nine tenths
BENEFITS = [
    {"key": "double", "name": name("x2"), "kind": "multiplier", "scheme": "main", "tiers": ["gold"],
     "unit": "points", "factor": 2},
    {"key": "off", "name": name("off"), "kind": "price_discount", "scheme": "main", "tiers": ["gold"],
     "factor": "0.9"},
]  # fmt: skip
NOW = START + timedelta(days=100)


def at(days: int) -> datetime:
    return START + timedelta(days=days)


def definition(**scheme: Any) -> dict[str, Any]:
    return programme([rule("base", points())], schemes=[copy.deepcopy(SCHEME) | scheme], benefits=BENEFITS)


def with_thresholds(silver: int, gold: int, **scheme: Any) -> dict[str, Any]:
    made = definition(**scheme)
    for tier, least in ((1, silver), (2, gold)):
        made["schemes"][0]["tiers"][tier]["qualify"][0]["at_least"] = least
    return made


@pytest.fixture
def w() -> World:
    """Six members who spent 0, 500, 1 000, 2 000, 4 000 and 6 000 yuan on day 10; silver 2 000 reached gold later."""
    w = world(definition())
    for n, yuan in enumerate((0, 500, 1000, 2000, 4000, 6000)):
        member = w.member(f"1380000000{n}")
        if yuan:
            w.one(order(member, f"N{n}", yuan * 100, at=at(10)))
    return w


def moves(w: World, made: dict[str, Any]) -> dict[tuple[str, str], tuple[str, int, int]]:
    portion = tier_preview.preview(scope=w.scope, definition=made, scheme="main", now=NOW)
    assert (portion.seen, portion.members, portion.next_after) == (6, 6, None)
    return {(m.current, m.result): (m.direction, m.members, m.of_edit) for m in portion.moves}


def test_the_same_scheme_moves_nobody(w: World) -> None:
    assert moves(w, definition()) == {
        ("normal", "normal"): ("same", 2, 0),
        ("silver", "silver"): ("same", 3, 0),
        ("gold", "gold"): ("same", 1, 0),
    }


def test_lower_thresholds_lift_and_higher_ones_lower_a_step_at_the_end(w: World) -> None:
    # silver from 500, gold from 2 000: 500 becomes silver, 2 000 and 4 000 gold
    assert moves(w, with_thresholds(50_000, 200_000)) == {
        ("normal", "normal"): ("same", 1, 0),
        ("normal", "silver"): ("up", 1, 1),
        ("silver", "silver"): ("same", 1, 0),
        ("silver", "gold"): ("up", 2, 2),
        ("gold", "gold"): ("same", 1, 0),
    }
    # silver from 3 000, gold from 10 000, one step down
    assert moves(w, with_thresholds(300_000, 1_000_000)) == {
        ("normal", "normal"): ("same", 2, 0),
        ("silver", "normal"): ("down", 2, 2),
        ("silver", "silver"): ("same", 1, 0),
        ("gold", "silver"): ("down", 1, 1),
    }
    # never down, and a tier that is gone: its member goes where she belongs
    assert ("silver", "normal") not in moves(w, with_thresholds(300_000, 1_000_000, on_end="never"))
    fewer = definition()
    fewer["schemes"][0]["tiers"].pop(1)
    assert moves(w, fewer | {"benefits": []})[("silver", "normal")] == ("down", 3, 3)


def test_what_it_costs(w: World) -> None:
    """Two who spent 2 000 and 4 000 yuan rise to gold: 6 000 points more, a tenth of 6 000 yuan off."""
    portion = tier_preview.preview(
        scope=w.scope, definition=with_thresholds(100_000, 200_000), scheme="main", now=NOW
    )
    (up,) = [m for m in portion.moves if m.direction == "up"]
    assert (up.current, up.result, up.members, up.spend) == ("silver", "gold", 2, 600_000)
    assert (up.units, up.discount) == ({"points": 6000}, 60_000)
    assert len(up.samples) == 2
    # a year later they have spent nothing
    late = tier_preview.preview(
        scope=w.scope, definition=with_thresholds(100_000, 200_000), scheme="main", now=at(500)
    )
    assert sum(m.spend for m in late.moves) == 0


def test_portions_add_up(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_preview, "PORTION", 4)
    monkeypatch.setattr(tier_preview, "_CHUNK", 2)
    made, after, seen, members = with_thresholds(50_000, 200_000), None, [], 0
    while True:
        portion = tier_preview.preview(scope=w.scope, definition=made, scheme="main", now=NOW, after=after)
        seen.append(portion.seen)
        members += sum(m.of_edit for m in portion.moves)
        after = portion.next_after
        if after is None:
            break
    assert (sum(seen), members) == (6, 3)


def test_metrics_that_nobody_counted_yet_are_named(w: World) -> None:
    made = definition()
    made["schemes"][0]["tiers"][2]["qualify"].append({"metric": "orders", "at_least": 3})
    portion = tier_preview.preview(scope=w.scope, definition=made, scheme="main", now=NOW)
    assert portion.unrecorded == ("orders",)


def test_how_long_upgrades_take(w: World) -> None:
    for n in (3, 4):  # silver since day 10 rise to gold on days 20 and 40
        member = w.scope and _member(w, n)
        w.one(order(member, f"G{n}", 500_000, at=at(20 if n == 3 else 40)))
    scheme, reached, climbs = tier_preview.standard(scope=w.scope, scheme="main", now=NOW)
    assert scheme.key == "main"
    assert [(r.tier, r.members, r.median_days) for r in reached] == [("silver", 3, 10), ("gold", 3, 20)]
    assert [(c.previous, c.tier, c.moves, c.median_days) for c in climbs] == [
        ("normal", "silver", 3, 10),
        ("normal", "gold", 1, 10),
        ("silver", "gold", 2, 10),
    ]


def _member(w: World, n: int) -> Any:
    from regulars.facts.members import api as members
    from regulars.facts.members.types import ById, IdentityIn

    (found,) = members.resolve(
        organisation_id=w.scope.organisation_id,
        brand_id=w.scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", f"1380000000{n}"))],
    )
    return found


def test_thresholds_for_a_distribution(w: World) -> None:
    """Of six members one sixth is gold (16 %: none, 17 %: one) and a third more silver."""
    found = tier_preview.propose(
        scope=w.scope, scheme="main", metric="spend", shares={"silver": 34, "gold": 17}, now=NOW
    )
    # the first by spend has 6 000 yuan; the third 2 000
    assert [(p.tier, p.exact, p.at_least, p.reached_by, p.percent) for p in found] == [
        ("silver", 200_000, 200_000, 3, "50.0"),
        ("gold", 600_000, 600_000, 1, "16.7"),
    ]


def test_asking_for_nonsense_is_told(w: World) -> None:
    for shares in ({}, {"platinum": 10}, {"silver": 60, "gold": 50}, {"gold": 0}):
        with pytest.raises(Refusal, match="invalid_input"):
            tier_preview.propose(scope=w.scope, scheme="main", metric="spend", shares=shares, now=NOW)
    with pytest.raises(Refusal) as raised:
        tier_preview.propose(scope=w.scope, scheme="main", metric="visits", shares={"gold": 5}, now=NOW)
    assert raised.value.errors[0].code == "not_recorded"
    with pytest.raises(Refusal, match="not_found"):
        tier_preview.preview(scope=w.scope, definition=definition(), scheme="nope", now=NOW)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, 1), (7, 7), (23, 23), (99, 99), (123, 100), (125, 150), (1_234, 1_000), (1_260, 1_500), (98_765, 100_000)],
)  # fmt: skip
def test_readable_numbers(value: int, shown: int) -> None:
    assert readable(value) == shown


def test_thresholds_ascend_even_where_values_do_not() -> None:
    assert thresholds(["a", "b", "c"], {"a": 100, "b": 100, "c": 0}) == {"a": 100, "b": 150, "c": 200}


def test_places_count_from_the_top() -> None:
    assert places_of([("silver", 20), ("gold", 5)], 1000) == {"gold": 50, "silver": 250}
    assert places_of([("gold", 5)], 10) == {}
