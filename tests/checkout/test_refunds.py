"""Refunds that an ERP posts of orders sold at the till: they give back what a return does, through either door once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.checkout.world import line

from regulars.kit import clock

if TYPE_CHECKING:
    from tests.checkout.world import Till


@pytest.fixture
def sold(till: Till) -> Any:
    """Two cups of 40.00 − a coupon of 5.00 − 10.00 by points − 20.00 stored: 45.00 paid."""
    till.give("points", 1000)
    till.give("principal", 2000)
    till.coupon("five", {"kind": "amount", "amount": 500})
    done = till.commit(till.quote(line("cup", 4000, 2), points=1000, stored=2000), "A")
    assert done["payable"] == 4500
    assert till.balances() == {"points": 65, "growth": 65}
    return done


def erp(till: Till, number: str, *lines: tuple[int, Any], refused: str = "", order: str = "A") -> Any:
    refund: dict[str, Any] = {"number": number, "order": order}
    if lines:
        refund["lines"] = [{"line": place, "quantity": quantity} for place, quantity in lines]
    body = {
        "type": "refund",
        "member": {"id": till.member},
        "occurred_at": clock.now().isoformat(),
        "source": "till",
        "refund": refund,
    }
    if refused:
        problem = till.call.refused("POST", "/activities", body)
        assert problem["code"] == refused
        return problem
    return till.call.post("/activities", body)


def coupons(till: Till) -> list[str]:
    return [one["state"] for one in till.call.get(f"/members/{till.member}/coupons")["items"]]


def test_the_whole(till: Till, sold: Any) -> None:
    """All comes back: 10.00 of points, 20.00 stored, the coupon; what was earned goes."""
    till.clock.move(minutes=5)
    receipt = erp(till, "R1")
    assert receipt["earned"] == {"points": -65, "growth": -65}
    assert till.balances() == {"points": 1000, "principal": 2000}
    assert coupons(till) == ["claimed"]
    assert till.call.get(f"/checkouts/{sold['id']}")["state"] == "returned"
    assert erp(till, "R1")["duplicate"]
    assert till.balances() == {"points": 1000, "principal": 2000}
    till.is_sound()


def test_piece_by_piece_through_both_doors(till: Till, sold: Any) -> None:
    """One cup by the ERP is half of everything; the other by the till is the rest, with the coupon."""
    till.clock.move(minutes=5)
    erp(till, "R1", (1, "1"))
    # 5.00 points back, 10.00 stored; of 65 earned on 65.00 half goes, rounded as ever: 33 stay or 32
    half = till.balances()
    assert half["principal"] == 1000
    assert half["points"] in (532, 533)
    assert coupons(till) == ["used"]
    back = till.back(sold, (1, "1"), number="R2")
    assert back["whole"]
    assert back["payable"] == 2250
    assert till.balances() == {"points": 1000, "principal": 2000}
    assert coupons(till) == ["claimed"]
    till.is_sound()


def test_one_return_told_twice(till: Till, sold: Any) -> None:
    """The till takes a cup back and the ERP posts the same, and the other way about: nothing comes back twice."""
    till.clock.move(minutes=5)
    till.back(sold, (1, "1"), number="R1")
    once = till.balances()
    assert erp(till, "R1", (1, "1"))["duplicate"]
    assert till.balances() == once
    erp(till, "R1", (1, "2"), refused="idempotency_conflict")
    erp(till, "R2", (1, "1"))
    twice = till.balances()
    assert twice == {"points": 1000, "principal": 2000}
    assert till.back(sold, (1, "1"), number="R2")["repeated"]
    assert till.balances() == twice
    erp(till, "R3", refused="refund_exceeds_order")
    till.is_sound()


def test_of_an_order_that_was_reopened(till: Till, sold: Any) -> None:
    """The ERP knows the number that the till sold under; what stands is the second commit of it."""
    till.undo(sold, "reopen")
    assert till.balances() == {"points": 1000, "principal": 2000}
    again = till.commit(till.quote(line("cup", 4000), points=500), "A")
    assert again["payable"] == 3000  # 40.00 − 5.00 − 5.00
    till.clock.move(minutes=5)
    erp(till, "R1")
    assert till.balances() == {"points": 1000, "principal": 2000}
    assert coupons(till) == ["claimed"]
    till.is_sound()


def test_of_an_order_without_a_checkout(till: Till) -> None:
    """As ever."""
    lines = [{"sku": "cup", "amount": 4000}]
    order = {"type": "order", "member": {"id": till.member}, "source": "till"}
    at = clock.now().isoformat()
    till.call.post("/activities", {**order, "occurred_at": at, "order": {"number": "A", "lines": lines}})
    assert erp(till, "R1")["earned"] == {"points": -40, "growth": -40}
    assert till.balances() == {}


def test_in_a_batch(till: Till, sold: Any) -> None:
    till.clock.move(minutes=5)
    at = clock.now().isoformat()
    common = {"type": "refund", "member": {"id": till.member}, "source": "till", "occurred_at": at}
    refund = {"number": "R1", "order": "A", "lines": [{"line": 1, "quantity": "1"}]}
    batch = [
        {**common, "refund": refund},
        {**common, "refund": {**refund, "number": "R2"}},
        {**common, "refund": {**refund, "number": "R1"}},
        {**common, "refund": {**refund, "number": "R3"}},
    ]
    items = till.call.post("/activities/batch", {"activities": batch})["items"]
    assert [item.get("receipt", {}).get("duplicate", False) for item in items] == [False, False, True, False]
    assert items[3]["problem"]["code"] == "refund_exceeds_order"
    assert till.balances() == {"points": 1000, "principal": 2000}
    till.is_sound()
