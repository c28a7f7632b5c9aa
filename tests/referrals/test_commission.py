"""Links and what they bring; a promoter's commission from the order to the payment, to the fen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.referrals.given import (
    books_balance,
    brand,
    buys,
    joins,
    member,
    programme,
    refunds,
    row_of,
    seen_on,
    tick,
)
from tests.rest.shop import Shop

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.models import Account
from regulars.engage.referrals.policy.commission import commission, settle
from regulars.engage.referrals.types import ShareLink
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Actor, Scope

TERMS = {
    "commission": {
        "enabled": True,
        "freeze_days": 15,
        "friend_days": 30,
        "levels": [
            {
                "code": "gold",
                "name": {"zh": "金牌", "en": "Gold"},
                "percent": "5",
                "categories": {"tea": "7.5"},
            }
        ],
    }
}


def link(shop: Shop, member_id: Any, kind: str = "reward", content: str = "mug") -> ShareLink:
    return referrals.get_link(
        brand=brand(shop), member_id=member_id, kind=kind, content=content, now=clock.now()
    )


def visit(shop: Shop, one: ShareLink, who: Any = None, visitor: Any = None) -> bool:
    return referrals.note_visit(
        brand=brand(shop), link=one, visitor=visitor or new_id(), member_id=who, now=clock.now()
    )


def promote(shop: Shop, member_id: Any, state: str = "active") -> None:
    referrals.put_promoter(
        scope=shop.scope, member_id=member_id, level="gold", state=state, tax_note="", now=clock.now()
    )


def sums(shop: Shop, member_id: Any) -> tuple[int, int, int, int]:
    one = referrals.promoters_of(brand_id=shop.scope.brand_id, member_ids=[member_id])[member_id]
    return one.frozen, one.open, one.confirmed, one.paid


def colleague(shop: Shop) -> Scope:
    return replace(shop.scope, actor=Actor("staff", new_id(), "Second"))


def test_visits_count_once_a_visitor_and_day(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    one, visitor = link(shop, ann), new_id()
    assert link(shop, ann).code == one.code
    assert visit(shop, one, visitor=visitor)
    assert not visit(shop, one, visitor=visitor)
    assert not visit(shop, one, who=ann), "her own link"
    noon.move(days=1)
    assert visit(shop, one, visitor=visitor)
    [row] = referrals.share_report(brand=brand(shop), since=shop.now, until=clock.now(), by="content")
    assert (row.kind, row.content, row.visits, row.visitors) == ("reward", "mug", 2, 1)


def test_an_order_goes_to_the_last_link_within_the_window(shop: Shop, noon: Any) -> None:
    programme(shop, share_days=7)
    ann, cid, ben = member(shop), member(shop), member(shop)
    visit(shop, link(shop, ann), who=ben)
    noon.move(hours=1)
    visit(shop, link(shop, cid, "page", "benefits"), who=ben)
    noon.move(days=6)
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    noon.move(days=2)
    buys(shop, ben, "N2", 10_000)
    tick(shop)
    rows = {
        row.member_id: (row.orders, row.net)
        for row in referrals.share_report(brand=brand(shop), since=shop.now, until=clock.now())
    }
    assert rows == {ann: (0, 0), cid: (1, 10_000)}
    refunds(shop, ben, "R1", "N1")
    tick(shop)
    [best, _] = referrals.share_report(brand=brand(shop), since=shop.now, until=clock.now())
    assert best.net == 0


def test_commission_is_frozen_thawed_settled_and_paid(shop: Shop, noon: Any) -> None:
    """100.01 yuan of tea at 7.5 % are 7.50075 yuan: 7.50, rounded down to the fen."""
    programme(shop, **TERMS)
    ann, ben = member(shop), member(shop)
    promote(shop, ann)
    visit(shop, link(shop, ann), who=ben)
    buys(shop, ben, "N1", 10_001)
    tick(shop)
    assert sums(shop, ann) == (750, 0, 0, 0)
    noon.move(days=15)
    tick(shop)
    assert sums(shop, ann) == (0, 750, 0, 0)
    with pytest.raises(Refusal) as caught:
        referrals.draft_statements(scope=shop.scope, brand=brand(shop), month="2026-05", now=clock.now())
    assert caught.value.errors[0].code == "not_over"
    noon.move(days=7)  # 4 June
    [draft] = referrals.draft_statements(
        scope=shop.scope, brand=brand(shop), month="2026-05", now=clock.now()
    ).items
    assert (draft.earned, draft.payout, draft.carried, draft.state) == (750, 750, 0, "draft")
    with pytest.raises(Refusal) as caught:
        referrals.confirm_statement(
            scope=shop.scope, brand=brand(shop), member_id=ann, month="2026-05", now=clock.now()
        )
    assert caught.value.code == "own_draft"
    other = colleague(shop)
    referrals.confirm_statement(
        scope=other, brand=brand(shop), member_id=ann, month="2026-05", now=clock.now()
    )
    assert sums(shop, ann) == (0, 0, 750, 0)
    referrals.mark_paid(
        scope=other, brand=brand(shop), member_id=ann, month="2026-05", reference="T-1", now=clock.now()
    )
    assert sums(shop, ann) == (0, 0, 0, 750)
    [again] = referrals.draft_statements(
        scope=shop.scope, brand=brand(shop), month="2026-05", now=clock.now()
    ).items
    assert again.state == "paid"
    books_balance()


def test_refunds_take_back_to_the_fen_and_never_below_nothing(shop: Shop, noon: Any) -> None:
    """Paid 7.50 in May; the whole order goes back in June: June pays nothing and carries −7.50 to July.

    In July 200 yuan of tea earn 15.00: 7.50 are paid.
    """
    programme(shop, **TERMS)
    ann, ben = member(shop), member(shop)
    promote(shop, ann)
    visit(shop, link(shop, ann), who=ben)
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    noon.move(days=20)  # 2 June: thawed late, so it is June's
    tick(shop)
    noon.move(days=30)  # 2 July
    scope, other = shop.scope, colleague(shop)
    [june] = referrals.draft_statements(
        scope=scope, brand=brand(shop), month="2026-06", now=clock.now()
    ).items
    assert june.payout == 750
    referrals.confirm_statement(
        scope=other, brand=brand(shop), member_id=ann, month="2026-06", now=clock.now()
    )
    refunds(shop, ben, "R1", "N1")
    tick(shop)
    assert sums(shop, ann) == (0, -750, 750, 0)
    noon.move(days=31)  # 2 August
    [july] = referrals.draft_statements(
        scope=scope, brand=brand(shop), month="2026-07", now=clock.now()
    ).items
    assert (july.clawed, july.payout, july.carried) == (-750, 0, -750)
    referrals.confirm_statement(
        scope=other, brand=brand(shop), member_id=ann, month="2026-07", now=clock.now()
    )
    visit(shop, link(shop, ann), who=ben)
    buys(shop, ben, "N2", 20_000)
    tick(shop)
    noon.move(days=16)
    tick(shop)
    noon.move(days=20)  # 7 September
    [august] = referrals.draft_statements(
        scope=scope, brand=brand(shop), month="2026-08", now=clock.now()
    ).items
    assert (august.opening, august.earned, august.payout, august.carried) == (-750, 1500, 750, 0)
    # a file is written of portions: every statement once, in the order of the list
    listed = list(referrals.list_statements(brand_id=brand(shop).id).items)
    assert len(listed) == 3 and listed[0] == august
    for size in (1, 2, 3, 4):
        portions = referrals.walk_statements(brand_id=brand(shop).id, size=size)
        assert [one for portion in portions for one in portion] == listed
        paged, cursor = [], ""
        while cursor is not None:
            page = referrals.list_statements(brand_id=brand(shop).id, cursor=cursor, limit=size)
            paged, cursor = [*paged, *page.items], page.next_cursor
        assert paged == listed
    books_balance()


def test_partial_refunds_add_up_to_the_whole(shop: Shop, noon: Any) -> None:
    """Three pieces of one line: 33.33 yuan at 7.5 % are 2.49 (2.49975); what is left after each refund is floored."""
    programme(shop, **TERMS)
    ann, ben = member(shop), member(shop)
    promote(shop, ann)
    visit(shop, link(shop, ann), who=ben)
    shop.call.post(
        "/activities",
        {
            "type": "order",
            "member": {"id": str(ben)},
            "occurred_at": clock.now().isoformat(),
            "source": "pos",
            "order": {
                "number": "N1",
                "lines": [{"sku": "A", "amount": 3333, "quantity": 3, "category": "tea"}],
            },
        },
    )
    tick(shop)
    seen = [sums(shop, ann)[0]]
    for n in range(3):
        refunds(shop, ben, f"R{n}", "N1", [{"line": 1, "quantity": 1}])
        tick(shop)
        seen.append(sums(shop, ann)[0])
    # left: 33.33, 22.22, 11.11, 0 → 2.49, 1.66, 0.83, 0
    assert seen == [249, 166, 83, 0]
    books_balance()


def test_a_friends_orders_count_for_a_while(shop: Shop, noon: Any) -> None:
    programme(shop, **TERMS)
    ann = member(shop)
    promote(shop, ann)
    ben = joins(shop, ann)
    noon.move(days=8)  # the link is no longer the last touch
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    assert sums(shop, ann) == (750, 0, 0, 0)
    [row] = referrals.list_commissions(brand_id=shop.scope.brand_id, member_id=ann).items
    assert row.via == "friend"
    noon.move(days=23)
    buys(shop, ben, "N2", 10_000)
    tick(shop)
    assert len(referrals.list_commissions(brand_id=shop.scope.brand_id, member_id=ann).items) == 1


def test_nobody_earns_by_herself(shop: Shop) -> None:
    """Her second account is on her device: neither a friend nor a buyer for her."""
    programme(shop, **TERMS)
    ann = member(shop)
    promote(shop, ann)
    seen_on(shop, ann, "hers")
    twin = joins(shop, ann, devices=["hers"])
    assert row_of(shop, twin).reason == "same_device"
    buys(shop, twin, "N1", 10_000)
    tick(shop)
    assert sums(shop, ann) == (0, 0, 0, 0)


def test_a_paused_promoter_earns_nothing_new(shop: Shop) -> None:
    programme(shop, **TERMS)
    ann, ben = member(shop), member(shop)
    promote(shop, ann, state="paused")
    visit(shop, link(shop, ann), who=ben)
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    assert sums(shop, ann) == (0, 0, 0, 0)
    with pytest.raises(Refusal) as caught:
        referrals.put_promoter(
            scope=shop.scope, member_id=ann, level="iron", state="active", tax_note="", now=clock.now()
        )
    assert caught.value.errors[0].field == "level"


def test_the_books_notice_a_changed_sum(shop: Shop) -> None:
    programme(shop, **TERMS)
    ann, ben = member(shop), member(shop)
    promote(shop, ann)
    visit(shop, link(shop, ann), who=ben)
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    Account.objects.filter(member_id=ann).update(frozen=751)
    [one] = referrals.commission_differences(brand_id=shop.scope.brand_id)
    assert (one.what, one.expected, one.found) == ("commission_frozen", 750, 751)


SLOWLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
lines = st.lists(st.tuples(st.integers(0, 10**9), st.fractions(0, 100, max_denominator=1000)), max_size=8)


@SLOWLY
@given(lines)
def test_parts_add_up_and_never_exceed_what_is_exact(some: list[tuple[int, Fraction]]) -> None:
    total, parts = commission(some)
    exact = sum((Fraction(a) * p / 100 for a, p in some), Fraction(0))
    assert sum(parts) == total
    assert exact - 1 < total <= exact
    # a line's part of the floored sum lies below its own by less than its share of the fen cut off, and by rounding
    assert all(abs(part - Fraction(a) * p / 100) < 2 for part, (a, p) in zip(parts, some, strict=True))


@SLOWLY
@given(lines, st.data())
def test_a_refund_never_raises_commission(some: list[tuple[int, Fraction]], data: Any) -> None:
    left = [(data.draw(st.integers(0, amount)), percent) for amount, percent in some]
    assert commission(left)[0] <= commission(some)[0]


@SLOWLY
@given(*[st.integers(-(10**6), 10**6)] * 5)
def test_a_payout_is_never_negative_and_nothing_is_lost(
    opening: int, earned: int, clawed: int, adjusted: int, open_now: int
) -> None:
    found = settle(opening=opening, earned=earned, clawed=clawed, adjusted=adjusted, open_now=open_now)
    assert found.payout >= 0
    assert found.payout + found.carried == opening + earned + clawed + adjusted
    assert found.payout <= max(0, open_now)


def test_a_month_that_a_later_statement_covers_is_not_drawn_up_again(shop: Shop, noon: Any) -> None:
    """June's statement, the first there is, covers May's 5 yuan as well. Drawn up for May afterwards, when 3 yuan of
    July are there, nothing is: the 5 would stand on two statements. July pays its own 3."""
    programme(shop, **TERMS)
    ann = member(shop)
    promote(shop, ann)

    def add(amount: int) -> None:
        referrals.adjust_commission(
            scope=shop.scope, member_id=ann, amount=amount, note="by hand", now=clock.now()
        )

    def draft(month: str) -> list[int]:
        page = referrals.draft_statements(scope=shop.scope, brand=brand(shop), month=month, now=clock.now())
        return [one.payout for one in page.items]

    add(500)  # 13 May
    noon.move(days=50)  # 2 July
    assert draft("2026-06") == [500]
    referrals.confirm_statement(
        scope=colleague(shop), brand=brand(shop), member_id=ann, month="2026-06", now=clock.now()
    )
    add(300)
    assert draft("2026-05") == []
    noon.move(days=31)  # 2 August
    assert draft("2026-07") == [300]
    books_balance()
