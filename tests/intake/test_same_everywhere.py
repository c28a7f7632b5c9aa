"""One by one, as one batch, out of order, and replayed in memory: the same balances, lots and tiers."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.world import START, World, burn, order, points, programme, refund, rule, world

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef
from regulars.facts.members import states
from regulars.flows import due, lots
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.load import event_of
from regulars.flows.intake.progress import fresh_state
from regulars.flows.intake.repair import replay
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations
from regulars.programme.versions import api as versions
from regulars.value.ledger.wallet import Wallet

pytestmark = pytest.mark.django_db

RULES = [
    rule("base", points()),
    rule("growth", points(unit="growth")),
    rule(
        "first", points("fixed", amount=50), condition={"field": "order.is_first", "op": "eq", "value": True}
    ),
    rule(
        "coffee",
        points("multiply", factor="2", lines={"field": "line.category", "op": "eq", "value": "coffee"}),
    ),
    rule("cap", points("fixed", amount=7), caps=[{"period": "month", "times": 2}]),
    rule("late-points", points(pending={"until": "days", "days": 20})),
    rule(
        "gold",
        points("fixed", amount=11),
        condition={"field": "membership.tier", "op": "in", "value": ["silver", "gold"]},
    ),
    rule("streak", points("fixed", amount=3), trigger="checkin"),
]
DEFINITION = programme(RULES)
_numbers = itertools.count()


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, int, Any]]:
    """(what, hours after the start, figures); refunds name an order's place in the list."""
    acts: list[tuple[str, int, Any]] = []
    orders: list[tuple[int, int]] = []
    for place in range(draw(st.integers(1, 14))):
        hours = draw(st.integers(1, 24 * 500))
        what = draw(st.sampled_from(["order", "order", "order", "refund", "burn", "checkin"]))
        if what == "refund" and not orders:
            what = "order"
        if what == "order":
            amounts = draw(st.lists(st.integers(0, 300_000), min_size=1, max_size=3))
            acts.append(("order", hours, (amounts, draw(st.booleans()))))
            orders.append((place, len(amounts)))
        elif what == "refund":
            of, lines = draw(st.sampled_from(orders))
            line = draw(st.one_of(st.none(), st.integers(1, lines)))
            acts.append(("refund", max(hours, acts[of][1] + 1), (of, line)))
        elif what == "burn":
            acts.append(("burn", hours, draw(st.integers(1, 3000))))
        else:
            acts.append(("checkin", hours, None))
    return acts


def made(member: UUID, acts: list[tuple[str, int, Any]], run: str) -> list[ActivityIn]:
    result = []
    for place, (what, hours, figures) in enumerate(acts):
        at = START + timedelta(hours=hours, seconds=place)
        if what == "order":
            amounts, coffee = figures
            lines = [
                LineIn(sku=f"s{i}", amount=a, category="coffee" if coffee and i == 0 else "tea")
                for i, a in enumerate(amounts)
            ]
            result.append(order(member, f"{run}-{place}", at=at, lines=lines))
        elif what == "refund":
            of, line = figures
            result.append(
                refund(member, f"{run}-r{place}", f"{run}-{of}", at, None if line is None else [(line, None)])
            )
        elif what == "burn":
            result.append(burn(member, f"{run}-b{place}", figures, at))
        else:
            result.append(
                ActivityIn(type="checkin", member=MemberRef(id=member), occurred_at=at, key=f"{run}-c{place}")
            )
    return result


NOW = START + timedelta(days=900)


def outcome(w: World, member: UUID) -> dict[str, Any]:
    """Balances, open lots and the tier, once everything due by `NOW` is done."""
    brand = organisations.get_brand(brand_id=w.scope.brand_id)
    due.settle_members(brand=brand, member_ids=[member], now=NOW)
    w.clean()
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT unit, rule, earned_at, expires_at, amount, remaining, expired FROM lot
                WHERE member_id = %s AND remaining > 0 ORDER BY 1, 2, 3, 4, 5""",
            [member],
        )
        lots = cursor.fetchall()
        cursor.execute(
            "SELECT tier, orders, spend, refunds, visits FROM membership WHERE member_id = %s", [member]
        )
        counters = cursor.fetchone()
    return {
        "points": w.balance(member),
        "growth": w.balance(member, "growth"),
        "lots": lots,
        "counters": counters,
    }


def in_memory(w: World, member: UUID) -> dict[str, Any]:
    brand = organisations.get_brand(brand_id=w.scope.brand_id)
    history = versions.in_force(brand_id=brand.id, now=NOW)
    with connection.cursor() as cursor:
        row = states.lock(cursor, brand_id=brand.id, member_ids=[member])[member]
        rows = activity_store.history(cursor, brand_id=brand.id, member_ids=[member])[member]
    row.tags = []
    fold = Fold(fresh_state(row, None, {}), Wallet({}, []), history.at)
    events = [event_of(brand, r) for r in rows]
    replay(fold, events, decided_until=START)
    fold.advance(history.at(NOW), NOW)
    lots = sorted(
        (lot.unit, lot.rule, lot.earned_at, lot.expires_at, lot.amount, lot.remaining, lot.expired)
        for lot in fold.wallet.lots or ()
        if lot.remaining
    )
    state = fold.state
    return {
        "points": _figures(fold, "points"),
        "growth": _figures(fold, "growth"),
        "lots": lots,
        "counters": (state.tiers["main"].tier, state.orders, state.spend, state.refunds, state.visits),
    }


def _figures(fold: Fold, unit: str) -> tuple[int, int, int, int]:
    a = fold.wallet.account(unit)
    return (a.available, a.pending, a.held, a.debt)


def _lots(found: dict[str, Any]) -> dict[str, Any]:
    far = datetime.max.replace(tzinfo=None)
    found["lots"] = sorted(
        found["lots"], key=lambda r: (r[0], r[1], r[2], r[3].replace(tzinfo=None) if r[3] else far)
    )
    return found


@pytest.fixture
def w() -> World:
    return world(DEFINITION)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories())
def test_one_by_one_one_batch_and_replay_agree(w: World, acts: list[tuple[str, int, Any]]) -> None:
    run = next(_numbers)
    single, batch = w.member(f"138{run:04d}0001"), w.member(f"138{run:04d}0002")
    in_time = sorted(made(single, acts, f"{run}s"), key=lambda a: a.occurred_at)
    said = []
    for activity in in_time:
        said.append(w.post(activity, now=activity.occurred_at)[0])
    together = w.post(*made(batch, acts, f"{run}b"), now=NOW)
    assert sum(isinstance(a, Refusal) for a in said) == sum(isinstance(a, Refusal) for a in together)
    one = _lots(outcome(w, single))
    assert _lots(outcome(w, batch)) == one
    assert _lots(in_memory(w, single)) == one


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), st.randoms(use_true_random=False))
def test_out_of_order_ends_where_in_order_ends(
    w: World, acts: list[tuple[str, int, Any]], shuffler: random.Random
) -> None:
    """Without burns (what could be spent depends on when one asks) any order of arrival ends the same."""
    acts = [act for act in acts if act[0] != "burn"]
    # a refund's figures name places in the list: leave those whose order is gone
    kept = [a for a in acts if a[0] != "refund"]
    run = next(_numbers)
    ordered, shuffled = w.member(f"139{run:04d}0001"), w.member(f"139{run:04d}0002")
    for activity in sorted(made(ordered, kept, f"{run}s"), key=lambda a: a.occurred_at):
        w.one(activity, now=activity.occurred_at)
    arrivals = made(shuffled, kept, f"{run}x")
    shuffler.shuffle(arrivals)
    for activity in arrivals:
        w.one(activity, now=NOW)
    one = _lots(outcome(w, ordered))
    assert _lots(outcome(w, shuffled)) == one
    assert _lots(in_memory(w, shuffled)) == one


def test_whole_lots_chosen_burns_and_moved_ends_replay_as_they_were(w: World) -> None:
    """Bought, given and taken-back value beside earned points; then an order comes late and the history is replayed.

    100 earned, 200 bought and 50 given; 30 are spent of what was bought, 20 of that given to nobody's account, 60 taken
    back for money, what was given ends early. A late order of 40 changes what the orders earned, nothing of the rest.
    """
    her = w.member("13700000001")
    now = START + timedelta(days=10)
    w.one(order(her, "1", 10_000, at=START + timedelta(days=5)), now=now)
    made = lots.credit(
        scope=w.scope, member_id=her, key="c", now=now,
        parts=[
            lots.Part("points", 200, None, "topup:x", "paid"),
            lots.Part("points", 50, now + timedelta(days=200), "topup:x"),
        ],
    )  # fmt: skip
    bought, given_ = made.lots
    for n, (amount, contra) in enumerate([(30, "redeemed"), (20, "transferred"), (60, "paid")]):
        _, parts = lots.burn_from(
            scope=w.scope, member_id=her, unit="points", amount=amount, lots=[bought], contra=contra,  # type: ignore[arg-type]
            key=f"b{n}", now=now + timedelta(days=1 + n),
        )  # fmt: skip
        assert parts == [(bought, amount)]
    lots.end_lot_at(
        scope=w.scope, member_id=her, lot=given_, expires_at=now + timedelta(days=20), key="e",
        now=now + timedelta(days=5),
    )  # fmt: skip
    w.one(order(her, "2", 4_000, at=START + timedelta(days=2)), now=now + timedelta(days=30))
    w.clean()
    brand = organisations.get_brand(brand_id=w.scope.brand_id)
    due.settle_members(brand=brand, member_ids=[her], now=now + timedelta(days=40))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, amount, remaining, expired, clawed FROM lot WHERE member_id = %s AND id = ANY(%s)",
            [her, [bought, given_]],
        )
        found = {id_: rest for id_, *rest in cursor.fetchall()}
    assert found == {bought: [200, 90, 0, 60], given_: [50, 0, 50, 0]}
    w.clean()
    one = _lots(outcome(w, her))
    assert _lots(in_memory(w, her)) == one
