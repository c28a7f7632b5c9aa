"""Checkouts of several members in one transaction: each is what it would have been alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest
from tests.checkout.world import line

from regulars.flows.checkout.together import Apart, Asked, Changed, commit_together
from regulars.flows.checkout.token import unseal
from regulars.flows.checkout.types import Committed
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import CouponUse

if TYPE_CHECKING:
    from tests.checkout.world import Till


@pytest.fixture
def members(till: Till) -> list[str]:
    """Three members, each with 1000 points and a coupon of 5.00."""
    phones = [f"137{n:08d}" for n in range(3)]
    given = {"members": [{"identities": [{"type": "phone", "value": phone}]} for phone in phones]}
    ids = [item["enrolled"]["member_id"] for item in till.call.post("/members/batch", given)["items"]]
    for member in ids:
        till.give("points", 1000, member)
        till.coupon("five", {"kind": "amount", "amount": 500}, member=member)
    return ids


def asked(till: Till, quote: Any, number: str) -> Asked:
    token = quote["token"]
    ticket = unseal(token, brand_id=till.scope.brand_id)
    return Asked(till.scope, ticket, token, number, f"key {number}", clock.now())


def quoted(till: Till, member: str) -> Any:
    return till.quote(line("cup", 8000), member=member, points=1000)


def test_each_gets_her_own(till: Till, members: list[str]) -> None:
    """80.00 − 5.00 by the coupon − 10.00 by points: 65.00, which earns 65."""
    batch = [asked(till, quoted(till, member), f"T{n}") for n, member in enumerate(members)]
    answers = commit_together(batch)
    for member, answer in zip(members, answers, strict=True):
        assert isinstance(answer, Committed)
        assert (answer.row.member_id, answer.row.payable) == (UUID(member), 6500)
        assert dict(answer.earned) == {"points": 65, "growth": 65}
        assert till.balances(member) == {"points": 65, "growth": 65}
        assert till.call.get(f"/checkouts/{answer.row.id}")["price"]["payable"] == 6500
    repeated = commit_together(batch)
    assert [isinstance(a, Committed) and a.repeated for a in repeated] == [True, True, True]
    till.is_sound()


def test_who_cannot_is_left_out(till: Till, members: list[str]) -> None:
    """One has used her coupon elsewhere, one comes too late: the third is committed, and the keys stay free."""
    batch = [asked(till, quoted(till, member), f"T{n}") for n, member in enumerate(members)]
    (coupon,) = coupons.wallet(brand_id=till.scope.brand_id, member_id=UUID(members[0]), now=clock.now())
    coupons.use(
        brand_id=till.scope.brand_id,
        member_id=UUID(members[0]),
        uses=[CouponUse(coupon.coupon.id, "elsewhere")],
        now=clock.now(),
    )
    till.clock.move(minutes=1)
    late = replace(batch[1], now=batch[1].ticket.expires_at)
    answers = commit_together([batch[0], late, batch[2]])
    assert isinstance(answers[0], Changed)
    assert isinstance(answers[1], Refusal)
    assert answers[1].code == "quote_expired"
    assert isinstance(answers[2], Committed)
    assert till.balances(members[0]) == {"points": 1000}
    fresh = asked(till, quoted(till, members[0]), "T0")
    (again,) = commit_together([fresh])  # under the same key and number
    assert isinstance(again, Committed)
    assert again.row.payable == 7000
    till.is_sound()


def test_what_only_the_writing_shows_undoes_all(till: Till, members: list[str]) -> None:
    """A budget for one of two coupons, and one number for two members: nothing stands, and each is tried alone."""
    now = clock.now()
    pot = {"key": "pot", "name": {"zh": "预算", "en": "Pot"}, "kind": "amount", "amount": 700}
    budgets.apply_definition(scope=till.scope, definition=pot, now=now)
    for member in members:
        offer = {"kind": "amount", "amount": 700}
        till.coupon("seven", {**offer, "stacking": {"mode": "exclusive"}}, member=member, budgets=["pot"])
    batch = [asked(till, quoted(till, member), f"T{n}") for n, member in enumerate(members)]
    with pytest.raises(Apart):
        commit_together(batch)
    assert [till.balances(member) for member in members] == [{"points": 1000}] * 3
    assert [type(commit_together([one])[0]) for one in batch] == [Committed, Changed, Changed]
    one, other = (asked(till, quoted(till, member), "same") for member in members[1:])
    with pytest.raises(Apart):
        commit_together([one, replace(other, key="other key")])
    assert isinstance(commit_together([one])[0], Committed)
    (refused,) = commit_together([replace(other, key="other key")])
    assert isinstance(refused, Refusal)
    assert refused.code in ("number_taken", "idempotency_conflict")
    till.is_sound()


def test_a_price_is_made_again_where_anything_changed(
    till: Till, members: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same world the price that was sealed in the token holds; one point more in the balance, and it is made
    anew (and comes to the same)."""
    from regulars.flows.checkout import quotes

    made = []
    real = quotes.pricing.price

    def counted(*args: Any) -> Any:
        made.append(args)
        return real(*args)

    monkeypatch.setattr(quotes.pricing, "price", counted)
    one, other, third = (asked(till, quoted(till, member), f"T{n}") for n, member in enumerate(members))
    made.clear()
    (answer,) = commit_together([one])
    assert isinstance(answer, Committed)
    assert (answer.row.payable, made) == (6500, [])
    till.give("points", 1, members[1])
    (answer,) = commit_together([other])
    assert isinstance(answer, Committed)
    assert (answer.row.payable, len(made)) == (6500, 1)
    ticket = msgspec.structs.replace(third.ticket, kept=b"\x80")  # an older version's
    (answer,) = commit_together([replace(third, ticket=ticket)])
    assert isinstance(answer, Committed)
    assert (answer.row.payable, len(made)) == (6500, 2)
    till.is_sound()
