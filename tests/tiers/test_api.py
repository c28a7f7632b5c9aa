"""The tier history through its door, on a real database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.tiers.schemes import SHANGHAI, local, scheme

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import TierMove

pytestmark = pytest.mark.django_db
NOW = local("2026-01-01 10:00")


def scope_of(brand_id: UUID | None = None) -> Scope:
    return Scope(new_id(), brand_id or new_id(), SYSTEM, frozenset())


def move(
    tier: str, at: str, previous: str = "basic", reason: Any = "upgraded", key: str = "main"
) -> TierMove:
    return TierMove(key, previous, tier, reason, local(at), None)


def add(scope: Scope, *changes: tuple[UUID, TierMove]) -> None:
    with connection.cursor() as cursor:
        tiers.add_changes(
            cursor, brand_id=scope.brand_id, changes=[(m, change, None) for m, change in changes], now=NOW
        )


def test_what_is_added_is_read_back() -> None:
    scope, member, activity = scope_of(), new_id(), new_id()
    change = TierMove(
        "main", "basic", "gold", "manual", local("2025-03-01 10:00"), local("2026-03-01"),
        '补偿 "A\\B", {c}', "王店长",
    )  # fmt: skip
    with connection.cursor() as cursor:
        tiers.add_changes(cursor, brand_id=scope.brand_id, changes=[(member, change, activity)], now=NOW)
        tiers.add_changes(cursor, brand_id=scope.brand_id, changes=[], now=NOW)
    (row,) = tiers.timeline(brand_id=scope.brand_id, member_id=member)
    assert (row.member_id, row.activity_id, row.recorded_at) == (member, activity, NOW)
    assert (row.scheme, row.previous, row.tier, row.reason) == ("main", "basic", "gold", "manual")
    assert (row.comment, row.actor) == ('补偿 "A\\B", {c}', "王店长")
    assert (row.occurred_at, row.ends_at) == (local("2025-03-01 10:00"), local("2026-03-01"))


def test_ten_thousand_moves_are_one_statement(django_assert_num_queries: Any) -> None:
    scope = scope_of()
    changes = [(new_id(), move("silver", "2025-03-01")) for _ in range(10_000)]
    with django_assert_num_queries(1):
        add(scope, *changes)
    assert tiers.count_members(scope=scope, scheme="main", at=NOW) == {"silver": 10_000}


def test_the_tier_as_of_any_instant() -> None:
    scope, ann = scope_of(), new_id()
    add(
        scope,
        (ann, move("basic", "2025-01-10 12:00", "", "joined")),
        (ann, move("gold", "2025-03-05 18:30")),
        (ann, move("silver", "2025-09-05", "gold", "stepped_down")),
    )

    def held(at: datetime) -> str | None:
        row = tiers.tier_as_of(scope=scope, member_id=ann, scheme="main", at=at)
        return row.tier if row else None

    assert held(local("2025-01-10 12:00") - timedelta(microseconds=1)) is None
    assert held(local("2025-01-10 12:00")) == "basic"
    assert held(local("2025-03-05 18:30")) == "gold"
    assert held(local("2025-09-04 23:59")) == "gold"
    assert held(local("2030-01-01")) == "silver"
    # a late refund showed that she had never risen: the newest row of that instant holds
    add(scope, (ann, move("basic", "2025-03-05 18:30", "gold", "repaired")))
    add(scope, (ann, move("basic", "2025-09-05", "silver", "repaired")))
    assert [held(local(day)) for day in ("2025-02-01", "2025-06-01", "2026-01-01")] == ["basic"] * 3


def test_other_brands_and_schemes_are_not_seen() -> None:
    scope, other, ann = scope_of(), scope_of(), new_id()
    add(other, (ann, move("gold", "2025-03-05")))
    add(scope, (ann, move("vip", "2025-03-05", key="second")))
    at = local("2025-12-01")
    assert tiers.tier_as_of(scope=scope, member_id=ann, scheme="main", at=at) is None
    assert tiers.count_members(scope=scope, scheme="main", at=at) == {}
    assert [r.tier for r in tiers.list_history(scope=scope, member_id=ann).items] == ["vip"]
    assert [r.tier for r in tiers.timeline(brand_id=scope.brand_id, member_id=ann)] == ["vip"]


def test_history_is_paged_newest_first() -> None:
    scope, ann = scope_of(), new_id()
    add(
        scope,
        *[(ann, move(f"t{i}", f"2025-01-{1 + i // 2:02}")) for i in range(9)],  # two of each instant
        (ann, move("vip", "2025-06-01", key="second")),
    )
    seen: list[str] = []
    cursor = None
    while True:
        page = tiers.list_history(scope=scope, member_id=ann, scheme="main", cursor=cursor, limit=4)
        seen += [row.tier for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"t{i}" for i in reversed(range(9))]
    with pytest.raises(Refusal):
        tiers.list_history(scope=scope, member_id=ann, cursor="rubbish")


def test_members_per_tier_on_any_day() -> None:
    scope, ann, ben, cem = scope_of(), new_id(), new_id(), new_id()
    add(
        scope,
        (ann, move("basic", "2025-01-10 12:00", "", "joined")),
        (ben, move("basic", "2025-01-11 00:00", "", "joined")),
        (cem, move("basic", "2025-01-11 23:59", "", "joined")),
        (ann, move("gold", "2025-01-12 09:00")),
        (ann, move("diamond", "2025-01-12 09:00", "gold", "step")),  # the same instant: the newer holds
        (ben, move("silver", "2025-01-13 00:00")),
        (ben, move("silver", "2025-02-13 00:00", "silver", "kept")),
    )
    days = [date(2025, 1, d) for d in (9, 10, 11, 12, 13)] + [date(2026, 1, 1)]
    counts = tiers.count_members_by_day(scope=scope, scheme="main", days=days, tz=SHANGHAI)
    assert counts == {
        date(2025, 1, 9): {},
        date(2025, 1, 10): {"basic": 1},
        date(2025, 1, 11): {"basic": 3},
        date(2025, 1, 12): {"basic": 2, "diamond": 1},
        date(2025, 1, 13): {"basic": 1, "silver": 1, "diamond": 1},
        date(2026, 1, 1): {"basic": 1, "silver": 1, "diamond": 1},
    }
    for day in days:  # the other query says the same
        end = local((day + timedelta(days=1)).isoformat()) - timedelta(microseconds=1)
        assert tiers.count_members(scope=scope, scheme="main", at=end) == counts[day]
    assert tiers.count_members_by_day(scope=scope, scheme="main", days=[], tz=SHANGHAI) == {}


def test_moves_per_business_day() -> None:
    scope, ann, ben = scope_of(), new_id(), new_id()
    add(
        scope,
        (ann, move("basic", "2025-01-10 12:00", "", "joined")),
        (ann, move("gold", "2025-01-12 00:00")),
        (ben, move("gold", "2025-01-12 23:59")),
        (ben, move("gold", "2025-01-12 23:59", "gold", "kept")),
        (ben, move("silver", "2025-01-14 00:00", "gold", "stepped_down")),
    )
    flows = tiers.count_moves(
        scope=scope, scheme="main", first=date(2025, 1, 1), last=date(2025, 1, 13), tz=SHANGHAI
    )
    assert [(f.day, f.previous, f.tier, f.members) for f in flows] == [
        (date(2025, 1, 12), "basic", "gold", 2)
    ]


class TestEndings:
    """Joined on 10 January 2025; gold (5 000) from 1 March 2025, so its last day is 28 February 2026."""

    s = scheme()
    joined = local("2025-01-10")

    def member(
        self, scope: Scope, *, spent: int = 0, brand: UUID | None = None, day: str = "2025-03-01"
    ) -> UUID:
        standing = tiers.enter(self.s, self.joined, SHANGHAI)
        for amount, at in ((5_000_00, day), (spent, "2025-06-01")):
            tiers.record(self.s, standing, {"spend": amount}, at=local(at), tz=SHANGHAI)
            tiers.rise(self.s, standing, at=local(at), tz=SHANGHAI, joined_at=self.joined)
        return self.save(scope, standing, brand)

    def save(self, scope: Scope, standing: Any, brand: UUID | None = None) -> UUID:
        import msgspec

        member_id = new_id()
        progress = {"tiers": {"main": tiers.standing_to_json(standing)}}
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO membership (member_id, brand_id, organisation_id, code, joined_at, due_at, progress)
                   VALUES (%s, %s, %s, %s, %s, %s, %s)""",
                [
                    member_id, brand or scope.brand_id, scope.organisation_id, str(member_id), self.joined,
                    tiers.next_due(self.s, standing), msgspec.json.encode(progress).decode(),
                ],
            )  # fmt: skip
        return member_id

    def endings(self, scope: Scope, within_days: int, now: datetime, **paging: Any) -> Any:
        return tiers.list_endings(
            scope=scope, scheme=self.s, now=now, tz=SHANGHAI, within_days=within_days, **paging
        )

    def test_who_loses_the_tier_soon_and_what_keeps_it(self) -> None:
        scope = scope_of()
        short = self.member(scope, spent=2_680_00)
        self.member(scope, spent=3_000_00)  # has met it
        self.member(scope, brand=new_id())  # another brand's
        self.member(scope, day="2025-04-15")  # ends later
        page = self.endings(scope, 30, local("2026-01-29 20:00"))
        (ending,) = page.items
        assert (ending.member_id, ending.days_left) == (short, 30)
        assert ending.progress.to_keep.sentence.zh == "再消费 ¥320 即可在 2 月 28 日前保住金卡"
        assert self.endings(scope, 29, local("2026-01-29 20:00")).items == []
        # on the last day 0 days are left; after it there is nothing to warn of
        assert self.endings(scope, 0, local("2026-02-28 23:00")).items[0].days_left == 0
        assert self.endings(scope, 0, local("2026-03-01 00:00")).items == []

    def test_in_grace_the_end_of_grace_counts(self) -> None:
        self.s = scheme(grace_days=10)
        scope = scope_of()
        standing = tiers.enter(self.s, self.joined, SHANGHAI)
        tiers.record(self.s, standing, {"spend": 5_000_00}, at=local("2025-03-01"), tz=SHANGHAI)
        tiers.rise(self.s, standing, at=local("2025-03-01"), tz=SHANGHAI, joined_at=self.joined)
        now = local("2026-03-03")
        tiers.judge_due(self.s, standing, at=now, tz=SHANGHAI, joined_at=self.joined)
        self.save(scope, standing)
        (ending,) = self.endings(scope, 7, now).items
        # 1 March + 10 days ends on 11 March; the last day is the 10th
        assert ending.days_left == 7
        assert ending.progress.to_keep.sentence.en == "3,000 more by 10 March keeps Gold"

    def test_a_lock_puts_the_end_off(self) -> None:
        scope = scope_of()
        standing = tiers.enter(self.s, self.joined, SHANGHAI)
        tiers.place(
            self.s, standing, tier="gold", at=self.joined, tz=SHANGHAI, joined_at=self.joined,
            until=local("2026-02-01"), locked=True, locked_until=local("2026-02-03"),
        )  # fmt: skip
        self.save(scope, standing)
        # judged when the lock ends: 2 February is the last day
        (ending,) = self.endings(scope, 30, local("2026-01-20")).items
        assert ending.days_left == 13
        assert ending.progress.to_keep.sentence.en == "3,000 more by 2 February keeps Gold"

    def test_a_tier_locked_for_good_does_not_end(self) -> None:
        scope = scope_of()
        standing = tiers.enter(self.s, self.joined, SHANGHAI)
        tiers.place(
            self.s, standing, tier="gold", at=self.joined, tz=SHANGHAI, joined_at=self.joined, locked=True
        )
        self.save(scope, standing)
        assert self.endings(scope, 30, local("2026-01-01")).items == []

    def test_pages_cover_everybody_once(self) -> None:
        scope = scope_of()
        members = [self.member(scope, spent=(i % 3) * 1_500_00) for i in range(12)]
        seen: list[UUID] = []
        cursor = None
        while True:
            page = self.endings(scope, 60, local("2026-02-01"), cursor=cursor, limit=5)
            seen += [e.member_id for e in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == sorted(m for i, m in enumerate(members) if i % 3 < 2)  # 3 000 keeps
