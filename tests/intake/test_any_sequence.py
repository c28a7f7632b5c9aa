"""Whatever comes, in whatever order, on time or late: the books hold, and a refusal leaves nothing behind."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.world import SCHEME, START, World, name, order, points, programme, refund, rule, world

from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef
from regulars.flows import due, lots, value
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations

pytestmark = pytest.mark.django_db


def _unit(code: str, claw_back: str, **expiry: Any) -> dict[str, Any]:
    return {"code": code, "name": name(code), "kind": "points", "claw_back": claw_back, "expiry": expiry}


UNITS = ("points", "coins", "miles", "stamps")
DEFINITION = programme(
    [
        rule("base", points()),
        rule("bonus", points("fixed", amount=40, limit=30)),
        rule("coins", points("fixed", unit="coins", amount=60)),
        rule("delivered", points(unit="coins", pending={"until": "delivered"})),
        rule("waits", points(unit="miles", pending={"until": "days", "days": 20})),
        rule("days", points(pending={"until": "days", "days": 10})),
        rule("growth", points(unit="growth")),
        rule("stamp", points("fixed", unit="stamps", amount=5), caps=[{"period": "month", "times": 2}]),
        rule("visit", points("fixed", amount=9, unit="miles"), trigger="checkin"),
        rule("longer", {"type": "extend_expiry", "unit": "points", "months": 2}, trigger="checkin"),
        rule(
            "up",
            {"type": "tier_step", "scheme": "main", "steps": 1},
            trigger="checkin",
            condition={"field": "membership.tier", "op": "eq", "value": "normal"},
        ),
    ],
    units=[
        _unit("points", "debt", kind="rolling_months", n=3, round_up="month"),
        _unit("coins", "balance", kind="inactivity_months", n=2),
        _unit("miles", "pending", kind="rolling_days", n=40),
        _unit("stamps", "debt", kind="fixed", on="2024-09-30"),
        {"code": "growth", "name": name("g"), "kind": "growth", "claw_back": "balance", "can_burn": False},
    ],
    schemes=[SCHEME],
)

_numbers = itertools.count()

Step = tuple[str, int, int, int, int]
_small = st.integers(0, 40)
WHAT = [
    "order", "order", "order", "order", "refund", "refund", "early_refund", "deliver", "burn", "burn", "burn_order",
    "return", "credit", "credit", "burn_chosen", "burn_chosen", "take_back", "end_lot",
    "hold", "hold", "capture", "release", "adjust", "checkin", "place", "unlock", "settle", "repeat",
]  # fmt: skip
# what, hours that pass first, how late it comes (0: at once), two figures
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WHAT),
        st.integers(1, 24 * 45),
        st.one_of(st.just(0), st.just(0), st.integers(1, 24 * 120)),
        _small,
        _small,
    ),
    min_size=8,
    max_size=30,
)


class Story:
    """One member, and what she can refer back to."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.run = next(_numbers)
        self.member = w.member(f"137{self.run:04d}0001")
        self.now = START + timedelta(days=1)
        self.orders: list[tuple[str, int]] = []
        self.burns: list[UUID] = []
        self.holds: list[UUID] = []
        self.sent: list[ActivityIn] = []
        self.lots: list[tuple[str, UUID]] = []

    def key(self) -> str:
        return f"{self.run}-{next(_numbers)}"

    def step(self, step: Step) -> Refusal | None:
        """Do it; the refusal if it was refused."""
        what, hours, late, a, b = step
        self.now += timedelta(hours=hours)
        at = max(START + timedelta(hours=1), self.now - timedelta(hours=late))
        try:
            getattr(self, what)(at, a, b)
        except Refusal as refusal:
            return refusal
        return None

    def send(self, activity: ActivityIn) -> Any:
        self.sent.append(activity)
        return self.w.one(activity, now=self.now)

    def order(self, at: datetime, a: int, b: int, number: str | None = None) -> None:
        number = number or self.key()
        amounts = [1000 * a + 700, 900 * b][: 1 + b % 2]
        self.send(order(self.member, number, *amounts, at=at, delivered=a % 3 == 0))
        self.orders.append((number, len(amounts)))

    def refund(self, at: datetime, a: int, b: int) -> None:
        if self.orders:
            number, lines = self.orders[a % len(self.orders)]
            part = None if b % 2 else [(1 + b // 2 % lines, None)]
            self.send(refund(self.member, self.key(), number, at, part))

    def early_refund(self, at: datetime, a: int, b: int) -> None:
        number = self.key()
        self.send(refund(self.member, self.key(), number, at, [(1, None)] if b % 2 else None))
        if a % 2:
            self.order(at + timedelta(minutes=b - 20), a, b, number)

    def deliver(self, at: datetime, a: int, b: int) -> None:
        number = self.orders[a % len(self.orders)][0] if self.orders and b % 4 else self.key()
        self.send(
            ActivityIn(
                type="order_delivered", member=MemberRef(id=self.member), occurred_at=at, delivery=number,
                key=self.key(),
            )
        )  # fmt: skip
        if not b % 4:
            self.order(at + timedelta(minutes=a - 20), a, b, number)

    def burn(self, at: datetime, a: int, b: int, of: str | None = None) -> None:
        burn = BurnIn(unit=UNITS[b % 4], amount=1 + a, order=of)
        given = ActivityIn(
            type="burn", member=MemberRef(id=self.member), occurred_at=at, key=self.key(), burn=burn
        )
        self.burns.append(self.send(given).activity_id)

    def burn_order(self, at: datetime, a: int, b: int) -> None:
        number = self.orders[b % len(self.orders)][0] if self.orders and a % 3 else self.key()
        self.burn(at, a, b, number)

    def _return(self, at: datetime, a: int, b: int) -> None:
        if self.burns:
            value.return_burn(
                scope=self.w.scope, member_id=self.member, burn_id=self.burns[a % len(self.burns)],
                key=self.key(), now=self.now, amount=1 + b // 2 if b % 2 else None,
            )  # fmt: skip

    def hold(self, at: datetime, a: int, b: int) -> None:
        held = value.hold(
            scope=self.w.scope, member=MemberRef(id=self.member), unit=UNITS[b % 4], amount=1 + a,
            expires_in_seconds=3600 * 24 * (1 + b % 29), key=self.key(), now=self.now,
        )  # fmt: skip
        self.holds.append(held.hold.id)

    def capture(self, at: datetime, a: int, b: int, capture: bool = True) -> None:
        if self.holds:
            held = value.end_hold(
                scope=self.w.scope, member_id=self.member, hold_id=self.holds[a % len(self.holds)],
                capture=capture, key=self.key(), now=self.now, amount=1 + b // 4 if capture and b % 2 else None,
            )  # fmt: skip
            if capture:
                self.burns.append(held.receipt.activity_id)

    def release(self, at: datetime, a: int, b: int) -> None:
        self.capture(at, a, b, capture=False)

    def adjust(self, at: datetime, a: int, b: int) -> None:
        value.adjust(
            scope=self.w.scope, member_id=self.member, unit=(*UNITS, "growth")[b % 5], amount=a - 15 or 1,
            reason="goodwill", comment="", key=self.key(), now=self.now,
        )  # fmt: skip

    def checkin(self, at: datetime, a: int, b: int) -> None:
        self.send(
            ActivityIn(type="checkin", member=MemberRef(id=self.member), occurred_at=at, key=self.key())
        )

    def place(self, at: datetime, a: int, b: int) -> None:
        value.place_tier(
            scope=self.w.scope, member_id=self.member, scheme="main", tier=("normal", "silver", "gold")[a % 3],
            reason="manual", comment="x", locked=bool(b % 2),
            until=self.now + timedelta(days=1 + b) if b % 3 else None, key=self.key(), now=self.now,
        )  # fmt: skip

    def unlock(self, at: datetime, a: int, b: int) -> None:
        value.unlock_tier(
            scope=self.w.scope, member_id=self.member, scheme="main", comment="", key=self.key(), now=self.now
        )

    def settle(self, at: datetime, a: int, b: int) -> None:
        due.release_holds(self.now)
        due.settle(self.now)

    def credit(self, at: datetime, a: int, b: int) -> None:
        parts = [
            lots.Part(
                UNITS[(b + i) % 4], 1 + a, self.now + timedelta(days=b) if b % 3 else None, f"made:{i}",
                ("issued", "paid", "transferred")[a % 3],
            )
            for i in range(1 + a % 2)
        ]  # fmt: skip
        made = lots.credit(
            scope=self.w.scope, member_id=self.member, parts=parts, key=self.key(), now=self.now
        )
        self.lots += [(part.unit, lot) for part, lot in zip(parts, made.lots, strict=True)]

    def burn_chosen(self, at: datetime, a: int, b: int, contra: lots.BurnContra = "redeemed") -> None:
        if self.lots:
            unit, lot = self.lots[b % len(self.lots)]
            receipt, parts = lots.burn_from(
                scope=self.w.scope, member_id=self.member, unit=unit, amount=1 + a // 2, lots=[lot],
                key=self.key(), now=self.now, contra="transferred" if contra == "redeemed" and a % 2 else contra,
            )  # fmt: skip
            assert parts == [(lot, 1 + a // 2)]
            self.burns.append(receipt.activity_id)

    def take_back(self, at: datetime, a: int, b: int) -> None:
        self.burn_chosen(at, a, b, "paid" if a % 2 else "issued")

    def end_lot(self, at: datetime, a: int, b: int) -> None:
        if self.lots:
            lots.end_lot_at(
                scope=self.w.scope, member_id=self.member, lot=self.lots[a % len(self.lots)][1],
                expires_at=self.now + timedelta(days=b) if b else None, key=self.key(), now=self.now,
            )  # fmt: skip

    def repeat(self, at: datetime, a: int, b: int) -> None:
        if self.sent:
            before = self.picture()
            answer = self.w.post(self.sent[a % len(self.sent)], now=self.now)[0]
            if isinstance(answer, Refusal):
                raise answer
            if answer.duplicate:
                assert self.picture() == before

    def settle_quietly(self) -> None:
        brand = organisations.get_brand(brand_id=self.w.scope.brand_id)
        due.settle_members(brand=brand, member_ids=[self.member], now=self.now)

    def picture(self) -> dict[str, Any]:
        """Everything in the database that is hers."""
        found = {}
        with connection.cursor() as cursor:
            for table, rows in _TABLES.items():
                cursor.execute(
                    f"SELECT t::text FROM {table} t WHERE member_id = %s{rows} ORDER BY 1", [self.member]
                )
                found[table] = cursor.fetchall()
        return found

    def check(self) -> None:
        self.w.clean()


setattr(Story, "return", Story._return)
_TABLES: dict[str, str] = {
    "balance": "", "lot": "", "entry": "", "membership": "", "hold": "", "activity": "", "activity_key": "",
    "order_state": "", "adjustment": "", "tier_change": "",
}  # fmt: skip


@pytest.fixture
def w() -> World:
    return world(DEFINITION)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_the_books_hold_and_a_refusal_leaves_nothing_behind(w: World, steps: list[Step]) -> None:
    story = Story(w)
    for step in steps:
        what, hours, _, _, figure = step
        quiet = figure % 2 == 0
        if quiet:
            story.now += timedelta(hours=hours)
            step = (what, 0, *step[2:])
            story.settle_quietly()
            before = story.picture()
        refusal = story.step(step)
        if quiet and refusal is not None and what not in ("early_refund", "deliver"):
            assert story.picture() == before, refusal.code
        story.check()
    story.now += timedelta(days=400)
    due.release_holds(story.now)
    due.settle(story.now)
    story.check()
    _nothing_due(story)


def _nothing_due(story: Story) -> None:
    before = story.picture()
    story.settle_quietly()
    assert story.picture() == before


# Small ones, each of which was once wrong.


def at(days: int) -> datetime:
    return START + timedelta(days=days)


def plain() -> World:
    return world(programme([rule("base", points())]))


def held(w: World, member: UUID, amount: int, now: datetime) -> UUID:
    return value.hold(
        scope=w.scope, member=MemberRef(id=member), unit="points", amount=amount, expires_in_seconds=864_000,
        key=f"h{next(_numbers)}", now=now,
    ).hold.id  # fmt: skip


def test_a_late_order_gives_a_hold_other_lots() -> None:
    w = plain()
    her = w.member("13700000001")
    w.one(order(her, "1", 10_000, at=at(40)))
    hold = held(w, her, 80, at(50))
    w.one(order(her, "2", 5_000, at=at(2)), now=at(51))
    w.clean()
    value.end_hold(scope=w.scope, member_id=her, hold_id=hold, capture=True, key="c", now=at(52), amount=60)
    assert w.balance(her) == (90, 0, 0, 0)
    w.clean()


@pytest.mark.parametrize("capture", [True, False])
def test_a_late_refund_leaves_what_was_held_after_it_held(capture: bool) -> None:
    w = plain()
    her = w.member("13700000001")
    w.one(order(her, "1", 10_000, at=at(1)))
    hold = held(w, her, 80, at(5))
    w.one(refund(her, "r", "1", at(3)), now=at(6))
    w.clean()
    assert w.balance(her)[2] == 80
    value.end_hold(scope=w.scope, member_id=her, hold_id=hold, capture=capture, key="c", now=at(7))
    assert w.balance(her) == ((0, 0, 0, 80) if capture else (0, 0, 0, 0))
    w.clean()


def test_a_late_refund_after_the_burn_was_given_back_gives_nothing_twice_and_takes_nothing() -> None:
    w = plain()
    her = w.member("13700000001")
    w.one(order(her, "0", 20_000, at=at(1)))
    w.one(order(her, "1", 10_000, 10_000, at=at(2)))
    spent = w.one(
        ActivityIn(
            type="burn", member=MemberRef(id=her), occurred_at=at(3), key="b",
            burn=BurnIn(unit="points", amount=100, order="1"),
        )
    )  # fmt: skip
    value.return_burn(scope=w.scope, member_id=her, burn_id=spent.activity_id, key="r", now=at(5), amount=100)
    w.one(refund(her, "r", "1", at(4), [(1, None)]), now=at(6))
    assert w.balance(her) == (300, 0, 0, 0)
    w.clean()


def test_a_captured_hold_can_be_given_back() -> None:
    w = plain()
    her = w.member("13700000001")
    w.one(order(her, "1", 10_000, at=at(1)))
    hold = held(w, her, 80, at(2))
    ended = value.end_hold(scope=w.scope, member_id=her, hold_id=hold, capture=True, key="c", now=at(3))
    value.return_burn(
        scope=w.scope, member_id=her, burn_id=ended.receipt.activity_id, key="r", now=at(4), amount=30
    )
    assert w.balance(her) == (50, 0, 0, 0)
    w.clean()


def test_a_delivery_before_its_order_counts_when_the_order_comes() -> None:
    w = world(programme([rule("base", points(pending={"until": "delivered"}))]))
    her = w.member("13700000001")
    delivery = ActivityIn(
        type="order_delivered", member=MemberRef(id=her), occurred_at=at(2), delivery="1", key="d"
    )
    w.one(delivery)
    w.one(order(her, "1", 10_000, at=at(3)))
    assert w.balance(her) == (100, 0, 0, 0)
    w.clean()


def test_an_order_may_earn_with_any_number_of_fates() -> None:
    waits = [
        rule(f"r{n}", points("fixed", amount=5, pending={"until": "days", "days": n + 1})) for n in range(8)
    ]
    w = world(programme([rule("base", points()), *waits, rule("z", points("fixed", amount=3))]))
    her = w.member("13700000001")
    w.one(order(her, "1", 10_000, at=at(1)))
    assert w.balance(her) == (103, 40, 0, 0)
    w.clean()


def test_value_that_ends_by_inactivity_ends_by_itself() -> None:
    w = world(DEFINITION)
    her = w.member("13700000001")
    w.one(order(her, "1", 100, at=at(1)))
    assert w.balance(her, "coins") == (60, 1, 0, 0)
    due.settle(at(70))
    assert w.balance(her, "coins") == (0, 1, 0, 0)
    w.clean()
