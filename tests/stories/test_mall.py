"""The mall over HTTP: redeem, cancel with the first expiry, ship, hand out; what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from regulars.flows import payments as paying
from regulars.flows.mall import api as mall
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import PaymentStatus

if TYPE_CHECKING:
    from tests.stories.world import Story

MUG = {
    "name": {"zh": "马克杯", "en": "Mug"},
    "kind": "goods",
    "price": {"unit": "points", "points": 150},
    "state": "active",
    "stores": ["S1"],
    "limit": {"count": 2, "period": "month"},
}
HOME = {"name": "Ann", "phone": "13800138000", "region": "Shanghai", "street": "1 West Nanjing Road"}


@pytest.fixture
def ann(story: Story) -> str:
    """100 points in January, end of January 2026; 100 in March, end of March 2026."""
    member = story.enrol("13800138000")
    story.post(story.order(member, "N1", 10_000))
    story.say("2025-03-10 12:00")
    story.post(story.order(member, "N2", 10_000))
    return member


def put(story: Story, key: str, definition: dict[str, Any], stock: int | None = None) -> None:
    story.call("PUT", f"/rewards/{key}", {"definition": definition}).ok()
    if stock is not None:
        story.call("PUT", f"/rewards/{key}/stock", {"stock": stock}).ok()


def act(story: Story, member: str, order: str, verb: str, body: Any = None, key: str = "") -> Any:
    path = f"/members/{member}/redemptions/{order}/{verb}"
    return story.call("POST", path, body or {}, Idempotency_Key=key or story.key())


def test_redeemed_cancelled_and_as_it_was(story: Story, ann: str) -> None:
    """A mug of 150 takes January's 100 whole and 50 of March; cancelled, both lots are whole, each with its end."""
    put(story, "mug", MUG, 5)
    before = story.expiries(ann)
    assert before == [("2026-01-31", 100), ("2026-03-31", 100)]
    [offer] = story.call.get(f"/members/{ann}/offers")["items"]
    assert offer["can"] and offer["available"] == 200
    first = story.call(
        "POST", f"/members/{ann}/redemptions", {"reward": "mug", "store": "S1"}, Idempotency_Key="k1"
    )
    assert first.status == 201
    order = first.ok()
    assert (order["state"], order["points"], order["store"]) == ("placed", 150, "S1")
    assert story.expiries(ann) == [("2026-03-31", 50)]
    again = story.call(
        "POST", f"/members/{ann}/redemptions", {"reward": "mug", "store": "S1"}, Idempotency_Key="k1"
    )
    assert again.status == 200 and again.ok()["id"] == order["id"]
    other = story.call.refused("POST", f"/members/{ann}/redemptions", {"reward": "mug"}, Idempotency_Key="k1")
    assert (other["status"], other["code"]) == (409, "idempotency_conflict")
    story.say("2025-04-01 12:00")
    assert act(story, ann, order["id"], "cancel").status == 201
    assert story.expiries(ann) == before and story.balance(ann) == (200, 0, 0, 0)
    assert story.call.get("/rewards/mug")["left"] == 5
    story.books_balance()


def test_points_that_ended_meanwhile_stay_ended(story: Story, ann: str) -> None:
    """Cancelled in February 2026, the 100 of January come back to their lot, whose end has passed: they are gone."""
    put(story, "mug", MUG | {"claim_days": 366})
    order = story.call.post(f"/members/{ann}/redemptions", {"reward": "mug"}, Idempotency_Key="k")
    story.say("2026-02-10 12:00")
    story.work()
    act(story, ann, order["id"], "cancel").ok()
    story.work()
    assert story.balance(ann) == (100, 0, 0, 0)
    assert story.expiries(ann) == [("2026-03-31", 100)]
    story.books_balance()


def lamp(story: Story, ann: str) -> Any:
    """150 points and 9.90 for the only lamp; she has not paid yet."""
    payments.put_account(
        scope=story.scope, key="sim", provider="simulator", name=Text("模拟", "Simulated"), values={"outcome": "ask"},
        now=clock.now(),
    )  # fmt: skip
    put(story, "lamp", MUG | {"price": {"unit": "points", "points": 150, "cash": 990}}, 1)
    order = story.call.post(f"/members/{ann}/redemptions", {"reward": "lamp"}, Idempotency_Key="k")
    assert (order["state"], order["cash"]) == ("awaiting_payment", 990)
    assert (order["payment"]["state"], order["payment"]["amount"]) == ("pending", 990)
    assert story.balance(ann) == (50, 0, 150, 0)
    return order


def test_points_and_cash_until_the_time_is_over(story: Story, ann: str) -> None:
    order = lamp(story, ann)
    story.say("2025-03-10 12:15")
    assert mall.settle_orders(clock.now()) == 1
    shown = story.call.get(f"/members/{ann}/redemptions/{order['id']}")
    assert (shown["state"], shown["payment"]["state"]) == ("expired", "closed")
    assert story.balance(ann) == (200, 0, 0, 0)
    assert story.call.get("/rewards/lamp")["left"] == 1
    late = story.call.refused(
        "POST", f"/members/{ann}/redemptions/{order['id']}/payment", {}, Idempotency_Key="p"
    )
    assert (late["status"], late["code"]) == (409, "redemption_state")
    story.books_balance()


def test_points_and_cash_paid_and_given_back(story: Story, ann: str) -> None:
    """Paid: 150 points are spent. Cancelled: they return to their lots, and 9.90 to her card."""
    order = lamp(story, ann)
    before = story.expiries(ann)
    payment = payments.get_payment(
        scope=story.scope, member_id=UUID(ann), payment_id=UUID(order["payment"]["id"])
    )
    paying._note(payment, PaymentStatus("paid", amount=990, currency="CNY", paid_at=clock.now()), clock.now())
    shown = story.call.get(f"/members/{ann}/redemptions/{order['id']}")
    assert (shown["state"], shown["payment"]["state"]) == ("paid", "paid")
    assert story.balance(ann) == (50, 0, 0, 0) and before == [("2026-03-31", 50)]
    act(story, ann, order["id"], "cancel").ok()
    assert story.expiries(ann) == [("2026-01-31", 100), ("2026-03-31", 100)]
    after = story.call.get(f"/members/{ann}/redemptions/{order['id']}")["payment"]
    assert after["refunded"] + after["refunding"] == 990
    assert story.call.get("/rewards/lamp")["left"] == 1
    story.books_balance()


def test_handed_out_by_its_code(story: Story, ann: str) -> None:
    put(story, "mug", MUG)
    order = story.call.post(f"/members/{ann}/redemptions", {"reward": "mug"}, Idempotency_Key="k")
    found = story.call.post("/redemptions/find", {"code": order["code"].lower()})
    assert found["id"] == order["id"]
    assert act(story, ann, order["id"], "verify", {"store": "S1"}, "v").status == 201
    assert act(story, ann, order["id"], "verify", {"store": "S1"}, "v").status == 200
    assert act(story, ann, order["id"], "verify", {"store": "S1"}).status == 409
    assert act(story, ann, order["id"], "cancel").status == 409
    assert act(story, ann, order["id"], "undo").ok()["state"] == "placed"
    assert story.call.refused("POST", "/redemptions/find", {"code": "NOSUCHXX"})["status"] == 404


def test_shipped_to_her(story: Story, ann: str) -> None:
    put(story, "mug", {k: v for k, v in MUG.items() if k != "stores"} | {"fulfilment": "ship"})
    refused = story.call.refused(
        "POST", f"/members/{ann}/redemptions", {"reward": "mug"}, Idempotency_Key="k0"
    )
    assert refused["errors"][0]["field"] == "address"
    body = {"reward": "mug", "address": HOME}
    order = story.call.post(f"/members/{ann}/redemptions", body, Idempotency_Key="k")
    assert "Nanjing" not in str(order)
    shipped = act(story, ann, order["id"], "ship", {"carrier": "SF", "tracking": "SF1"}).ok()
    assert (shipped["state"], shipped["tracking"]) == ("shipped", "SF1")
    assert act(story, ann, order["id"], "complete").ok()["state"] == "completed"


def test_why_not_in_both_languages(story: Story, ann: str) -> None:
    put(story, "gold", MUG | {"condition": {"field": "membership.tier", "op": "in", "value": ["gold"]}})
    put(story, "dear", MUG | {"price": {"unit": "points", "points": 500}})
    path = f"/members/{ann}/offers"
    items = {i["reward"]["key"]: i for i in story.call.get(path)["items"]}
    assert [w["code"] for w in items["dear"]["why_not"]] == ["too_few_points"]
    assert items["dear"]["why_not"][0]["message"] == "300 points short"
    assert [w["code"] for w in items["gold"]["why_not"]] == ["not_eligible"]
    zh = story.call.get(path, Accept_Language="zh-CN")["items"]
    assert {w["message"] for i in zh for w in i["why_not"] if w["code"] == "too_few_points"} == {
        "还差 300 points"
    }


def test_the_report_says_what_to_do(story: Story, ann: str) -> None:
    """10 March 2025. Of 40 mugs two went today: 38 are left, at two in one day they last 19 days. Nobody wanted the
    book in its 31 days; the pen is new; the cup is gone."""
    story.say("2025-02-07 12:00")
    put(story, "book", MUG, 10)
    story.say("2025-03-10 12:00")
    put(story, "mug", MUG | {"price": {"unit": "points", "points": 50}}, 40)
    put(story, "pen", MUG, 10)
    put(story, "cup", MUG | {"price": {"unit": "points", "points": 10}}, 1)
    for n, key in enumerate(("mug", "mug", "cup")):
        story.call.post(f"/members/{ann}/redemptions", {"reward": key}, Idempotency_Key=f"k{n}")
    rows = {row["key"]: row for row in story.call.get("/rewards/report")["items"]}
    assert {key: row["advice"] for key, row in rows.items()} == {
        "mug": "keep", "book": "replace", "pen": "new", "cup": "sold_out",
    }  # fmt: skip
    mug = rows["mug"]
    assert (mug["quantity"], mug["orders"], mug["members"], mug["points"]) == (2, 2, 1, 100)
    assert (mug["left"], mug["sell_through_per_cent"], mug["days_left"]) == (38, 5, 19)
    assert rows["cup"]["sell_through_per_cent"] == 100
