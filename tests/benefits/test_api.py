"""Using benefits through the door, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.benefits.given import GOLD, SILVER, benefit, programme, scope_of

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Programme
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import UseReceipt

MARCH = datetime.fromisoformat("2025-03-10T12:00:00+08:00")


def use(scope: Scope, programme: Programme, member: UUID, key: str, **changes: Any) -> UseReceipt:
    given: dict[str, Any] = {"tiers": GOLD, "benefit": "lounge", "now": MARCH, **changes}
    return benefits.use(scope=scope, programme=programme, member_id=member, key=key, **given)


def left(scope: Scope, programme: Programme, member: UUID, now: datetime = MARCH) -> dict[str, int | None]:
    allowances = benefits.list_for(scope=scope, programme=programme, member_id=member, tiers=GOLD, now=now)
    return {a.benefit.key: a.remaining for a in allowances}


def rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM benefit_use")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
class TestOneMember:
    def test_the_quota_is_counted_and_begins_anew(self) -> None:
        scope, p, ann = scope_of(), programme(), new_id()
        assert left(scope, p, ann) == {"lounge": 2, "parking": None, "upgrade": 1, "double": None}
        first = use(scope, p, ann, "k1")
        assert (first.remaining, first.repeated, first.use.period) == (1, False, "2025-03")
        assert use(scope, p, ann, "k2", now=MARCH + timedelta(days=1)).remaining == 0
        with pytest.raises(Refusal) as refused:
            use(scope, p, ann, "k3", now=datetime.fromisoformat("2025-03-31T23:59:59+08:00"))
        assert (refused.value.code, refused.value.status, rows()) == ("benefit_used_up", 409, 2)
        april = datetime.fromisoformat("2025-04-01T00:00:00+08:00")
        assert left(scope, p, ann, april)["lounge"] == 2
        assert use(scope, p, ann, "k4", now=april).remaining == 1

    def test_without_a_quota_any_number(self) -> None:
        scope, p, ann = scope_of(), programme(), new_id()
        for i in range(5):
            assert use(scope, p, ann, f"k{i}", benefit="parking").remaining is None
        assert rows() == 5

    def test_members_and_brands_have_their_own(self) -> None:
        scope, p, ann = scope_of(), programme(), new_id()
        use(scope, p, ann, "k1", benefit="upgrade")
        assert use(scope, p, new_id(), "k1", benefit="upgrade").remaining == 0
        assert use(scope_of(), p, ann, "k1", benefit="upgrade").remaining == 0

    def test_the_same_key_answers_the_first_use(self) -> None:
        scope, p, ann, store = scope_of(), programme(), new_id(), new_id()
        first = use(scope, p, ann, "k1", store_id=store)
        # also in another period, and when the tier has gone since
        again = use(scope, p, ann, "k1", store_id=store, tiers=SILVER, now=MARCH + timedelta(days=60))
        assert (again.use, again.repeated, rows()) == (first.use, True, 1)
        for change in ({"benefit": "parking", "store_id": store}, {"store_id": new_id()}):
            with pytest.raises(Refusal) as refused:
                use(scope, p, ann, "k1", **change)
            assert (refused.value.code, refused.value.status) == ("idempotency_conflict", 409)

    def test_refused_and_nothing_written(self) -> None:
        scope, p, ann = scope_of(stores=frozenset({new_id()})), programme(), new_id()
        for change, code in (
            ({"store_id": new_id()}, "store_not_allowed"),
            ({"store_id": None}, "store_not_allowed"),
        ):
            with pytest.raises(Refusal) as refused:
                use(scope, p, ann, "k", **change)
            assert refused.value.code == code
        for change, code in (
            ({"benefit": "spa"}, "not_found"),
            ({"tiers": SILVER}, "benefit_not_given"),
            ({"benefit": "double"}, "benefit_automatic"),
        ):
            with pytest.raises(Refusal) as refused:
                use(scope_of(), p, ann, "k", **change)
            assert refused.value.code == code
        assert rows() == 0

    def test_a_quota_of_none_at_all(self) -> None:
        with pytest.raises(Refusal):
            use(scope_of(), programme(benefit("lounge", quota=0)), new_id(), "k")

    def test_undoing_gives_the_use_back(self) -> None:
        scope, p, ann = scope_of(), programme(), new_id()
        receipts = [use(scope, p, ann, key) for key in ("k1", "k2")]
        undone = benefits.undo(
            scope=scope,
            programme=p,
            member_id=ann,
            use_id=receipts[0].use.id,
            now=MARCH + timedelta(minutes=1),
        )
        assert (undone.remaining, undone.repeated) == (1, False)
        assert undone.use.undone_at == MARCH + timedelta(minutes=1)
        twice = benefits.undo(
            scope=scope, programme=p, member_id=ann, use_id=receipts[0].use.id, now=MARCH + timedelta(hours=1)
        )
        assert (twice.use, twice.repeated) == (undone.use, True)
        # the freed slot is taken again, and then nothing is left
        assert use(scope, p, ann, "k3").remaining == 0
        with pytest.raises(Refusal):
            use(scope, p, ann, "k4")

    def test_undo_is_refused_to_strangers(self) -> None:
        store = new_id()
        scope, p, ann = scope_of(), programme(), new_id()
        receipt = use(scope, p, ann, "k1", store_id=store)
        elsewhere = scope_of(scope.brand_id, stores=frozenset({new_id()}))
        for stranger, member, code in (
            (scope_of(), ann, "not_found"),
            (scope, new_id(), "not_found"),
            (elsewhere, ann, "store_not_allowed"),
        ):
            with pytest.raises(Refusal) as refused:
                benefits.undo(scope=stranger, programme=p, member_id=member, use_id=receipt.use.id, now=MARCH)
            assert refused.value.code == code
        assert left(scope, p, ann)["lounge"] == 1

    def test_a_lowered_quota_holds_for_those_who_used_more(self) -> None:
        scope, ann = scope_of(), new_id()
        generous, strict = programme(benefit("lounge", quota=5)), programme(benefit("lounge", quota=2))
        ids = [use(scope, generous, ann, f"k{i}").use.id for i in range(4)]
        with pytest.raises(Refusal):
            use(scope, strict, ann, "k9")
        # slots 2 and 3 stay taken: two uses stand, so there is still nothing left under the lower quota
        for id_ in ids[:2]:
            benefits.undo(scope=scope, programme=strict, member_id=ann, use_id=id_, now=MARCH)
        with pytest.raises(Refusal):
            use(scope, strict, ann, "k9")

    def test_uses_are_listed_newest_first_in_pages(self) -> None:
        scope, p, ann = scope_of(), programme(), new_id()
        times = [MARCH + timedelta(hours=i // 2) for i in range(7)]
        made = [use(scope, p, ann, f"k{i}", benefit="parking", now=t).use.id for i, t in enumerate(times)]
        use(scope, p, ann, "other")
        seen: list[UUID] = []
        cursor = None
        while True:
            page = benefits.list_uses(scope=scope, member_id=ann, benefit="parking", cursor=cursor, limit=3)
            seen += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == made[::-1]
        assert len(benefits.list_uses(scope=scope, member_id=ann).items) == 8
        assert benefits.list_uses(scope=scope_of(), member_id=ann).items == []


@pytest.mark.race
def test_fifty_at_once_never_exceed_the_quota(together: Callable[..., list[Any]]) -> None:
    scope, p, ann = scope_of(), programme(benefit("lounge", quota=7)), new_id()
    outcomes = together([lambda i=i: use(scope, p, ann, f"k{i}") for i in range(50)])
    won = [o for o in outcomes if isinstance(o, UseReceipt)]
    lost = [o for o in outcomes if isinstance(o, Refusal) and o.code == "benefit_used_up"]
    assert (len(won), len(lost), rows()) == (7, 43, 7)
    assert left(scope, p, ann) == {"lounge": 0}


@pytest.mark.race
def test_fifty_copies_of_one_use_are_one_use(together: Callable[..., list[Any]]) -> None:
    scope, p, ann = scope_of(), programme(benefit("lounge", quota=7)), new_id()
    outcomes = together([lambda: use(scope, p, ann, "the same") for _ in range(50)])
    assert {type(o) for o in outcomes} == {UseReceipt}
    assert (sum(not o.repeated for o in outcomes), len({o.use.id for o in outcomes}), rows()) == (1, 1, 1)


@pytest.mark.race
def test_using_and_undoing_at_once(together: Callable[..., list[Any]]) -> None:
    scope, p, ann = scope_of(), programme(benefit("lounge", quota=3)), new_id()
    ids = [use(scope, p, ann, f"first{i}").use.id for i in range(3)]
    calls: list[Callable[[], Any]] = [lambda i=i: use(scope, p, ann, f"k{i}") for i in range(20)]  # type: ignore[misc]
    for id_ in ids:
        calls.append(
            lambda id_=id_: benefits.undo(scope=scope, programme=p, member_id=ann, use_id=id_, now=MARCH)  # type: ignore[misc]
        )
    outcomes = together(calls)
    won = sum(isinstance(o, UseReceipt) for o in outcomes[:20])
    assert all(isinstance(o, (UseReceipt, Refusal)) for o in outcomes)
    # whoever came after an undoing got what it gave back, and nobody more
    assert 0 <= won <= 3
    assert left(scope, p, ann)["lounge"] == 3 - won


class TestGrants:
    """More uses by hand: on top of the quota, for whoever's tier does not give it, until a day."""

    def give(self, scope: Scope, live: Programme, member: UUID, uses: int = 2, **changes: Any) -> Any:
        given: dict[str, Any] = {
            "benefit": "lounge",
            "until": MARCH + timedelta(days=10),
            "reason": "sorry",
            "key": "g1",
            "now": MARCH,
        }
        return benefits.grant(scope=scope, programme=live, member_id=member, uses=uses, **(given | changes))

    def test_the_quota_goes_first_then_what_ends_first(self, db: None) -> None:
        scope, live, member = scope_of(), programme(), new_id()
        late = self.give(scope, live, member, 1, key="late", until=MARCH + timedelta(days=20))
        soon = self.give(scope, live, member, 1, key="soon", until=MARCH + timedelta(days=2))
        assert left(scope, live, member)["lounge"] == 4
        periods = [use(scope, live, member, f"u{n}").use.period for n in range(4)]
        assert periods == ["2025-03", "2025-03", soon.period, late.period]
        with pytest.raises(Refusal, match="benefit_used_up"):
            use(scope, live, member, "u5")

    def test_they_serve_who_is_not_given_it_and_end(self, db: None) -> None:
        scope, live, member = scope_of(), programme(), new_id()
        normal = {"main": "normal"}
        self.give(scope, live, member)
        assert use(scope, live, member, "u1", tiers=normal).remaining == 1
        with pytest.raises(Refusal, match="benefit_not_given"):
            use(scope, live, member, "u2", tiers=normal, now=MARCH + timedelta(days=10))

    def test_asked_twice_they_are_given_once(self, db: None) -> None:
        scope, live, member = scope_of(), programme(), new_id()
        first = self.give(scope, live, member)
        assert self.give(scope, live, member) == first
        with pytest.raises(Refusal, match="idempotency_conflict"):
            self.give(scope, live, member, 3)

    def test_wrong_ones_are_told(self, db: None) -> None:
        scope, live, member = scope_of(), programme(), new_id()
        with pytest.raises(Refusal) as raised:
            self.give(scope, live, member, 0, benefit="parking", until=MARCH, reason=" ")
        assert {e.field: e.code for e in raised.value.errors} == {
            "benefit": "no_quota",
            "uses": "out_of_range",
            "until": "not_future",
            "reason": "required",
        }
        with pytest.raises(Refusal, match="not_found"):
            self.give(scope, live, member, benefit="nope")

    def test_twenty_hands_take_what_is_there(self, together: Callable[..., list[Any]]) -> None:
        """Two of the quota and three extra: five of twenty."""
        scope, live, member = scope_of(), programme(), new_id()
        self.give(scope, live, member, 3)
        done = together([lambda n=n: use(scope, live, member, f"u{n}") for n in range(20)])
        assert sum(isinstance(one, UseReceipt) for one in done) == 5
        assert {one.code for one in done if isinstance(one, Refusal)} == {"benefit_used_up"}

    def test_undoing_has_its_time(self, db: None) -> None:
        scope, live, member = scope_of(), programme(benefit("lounge", quota=1, undo_minutes=30)), new_id()
        done = use(scope, live, member, "u1")
        late = MARCH + timedelta(minutes=31)
        with pytest.raises(Refusal, match="undo_too_late"):
            benefits.undo(scope=scope, programme=live, member_id=member, use_id=done.use.id, now=late)
        senior = Scope(scope.organisation_id, scope.brand_id, scope.actor, frozenset({"ledger.approve"}))
        back = benefits.undo(scope=senior, programme=live, member_id=member, use_id=done.use.id, now=late)
        assert back.remaining == 1
