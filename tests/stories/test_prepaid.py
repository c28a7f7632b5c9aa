"""Stored value, a package, a gift card and a gift of points over HTTP, with figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.stories.world import PROGRAMME, Story, name, open_story

from regulars.flows import due
from regulars.flows.prepaid import api as prepaid
from regulars.kit import clock
from regulars.value.ledger import api as ledger

UNITS = [
    *PROGRAMME["units"],
    {"code": "principal", "name": name("stored value"), "kind": "stored_principal", "claw_back": "balance"},
    {"code": "bonus", "name": name("bonus"), "kind": "stored_bonus", "claw_back": "balance"},
    {"code": "sessions", "name": name("sessions"), "kind": "sessions", "claw_back": "balance"},
    {"code": "gift", "name": name("gift cards"), "kind": "gift", "claw_back": "balance"},
]


@pytest.fixture
def till(db: Any, set_clock: Callable[[datetime], None]) -> Story:
    """Noon of 6 January 2025; 500 yuan get 50 more, ten massages cost 999, points may be given: 100 a day."""
    story = open_story(set_clock, PROGRAMME | {"units": UNITS}, "2025-01-06 12:00")
    define(story, "ladder", "spring", {"name": name("Spring"), "bonus_days": 60,
                                       "rungs": [{"pay": 10_000}, {"pay": 50_000, "bonus": 5_000}]})  # fmt: skip
    define(story, "package", "massage", {"name": name("Massage"), "sessions": 10, "price": 99_900, "days": 180,
                                         "transferable": True, "freeze_days": 30, "undo_minutes": 30})  # fmt: skip
    define(story, "settings", "settings", {"transfer": {"enabled": True, "per_day": 100},
                                           "costs": {"points": {"cost": "1", "breakage": "0.2"}}})  # fmt: skip
    return story


def define(story: Story, kind: str, key: str, definition: dict[str, Any]) -> Any:
    return story.call("PUT", f"/prepaid/definitions/{kind}/{key}", {"definition": definition}).ok()


def post(story: Story, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    return story.call.post(path, body, Idempotency_Key=key or story.key())


def refused(story: Story, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return story.call.refused("POST", path, body, Idempotency_Key=story.key())


def books(story: Story) -> None:
    assert ledger.reconcile_books() == []
    assert prepaid.get_owed(scope=story.scope, now=clock.now(), months=1).card_difference == 0


def test_stored_value_from_the_till_and_back(till: Story) -> None:
    ann = till.enrol("13800000001")
    body = {"ladder": "spring", "amount": 50_000, "method": "card", "reference": "POS-1"}
    bought = post(till, f"/members/{ann}/top-ups", body, "one")
    assert (bought["principal"], bought["bonus"], bought["refundable"]) == (50_000, 5_000, 50_000)
    assert post(till, f"/members/{ann}/top-ups", body, "one")["id"] == bought["id"]
    again = till.call("POST", f"/members/{ann}/top-ups", body | {"amount": 10_000}, Idempotency_Key="one")
    assert again.status == 409
    assert (till.balance(ann, "principal"), till.balance(ann, "bonus")) == (
        (50_000, 0, 0, 0),
        (5_000, 0, 0, 0),
    )

    # 120 yuan of it are spent: 20 of the bonus and 100 of the principal. 400 are left of the principal, but with the
    # bonus's 30 left only 300.09 can go back: 5 000 × 30 009 / 50 000 = 3 000.9, one fen more would take 30.01.
    for unit, amount in (("bonus", 2_000), ("principal", 10_000)):
        post(till, f"/members/{ann}/burns", {"unit": unit, "amount": amount})
    no = refused(till, f"/members/{ann}/top-ups/{bought['id']}/refunds", {"amount": 40_000})
    assert (no["code"], no["data"]) == ("top_up_spent", {"most": 30_009})
    back = post(
        till, f"/members/{ann}/top-ups/{bought['id']}/refunds", {"amount": 20_000, "reason": "moved away"}
    )
    assert (back["money"], back["bonus"], back["by_right"]) == (20_000, 2_000, False)
    assert (till.balance(ann, "principal")[0], till.balance(ann, "bonus")[0]) == (20_000, 1_000)
    (shown,) = till.call.get(f"/members/{ann}/top-ups")["items"]
    assert (shown["refunded"], shown["refundable"]) == (20_000, 10_009)

    # the bonus ends with the 60th day after 6 January: 7 March
    till.say("2025-03-08 00:00")
    till.work()
    assert (till.balance(ann, "principal")[0], till.balance(ann, "bonus")[0]) == (20_000, 0)
    books(till)


def test_a_package_used_frozen_given_on_and_paid_back(till: Story) -> None:
    ann, ben = till.enrol("13800000001"), till.enrol("13800000002")
    package = post(till, f"/members/{ann}/packages", {"package": "massage", "method": "wechat"})
    mine = f"/members/{ann}/packages/{package['id']}"
    use = post(till, f"{mine}/uses", {"sessions": 3})
    till.say("2025-01-06 12:31")
    assert (
        refused(till, f"/members/{ann}/packages/{package['id']}/uses", {"sessions": 8})["code"]
        == "insufficient_balance"
    )
    late = till.call("POST", f"/members/{ann}/package-uses/{use['id']}/undo", {}, Idempotency_Key="u").ok()
    assert late["undone_at"]  # this key may refund, so it may undo late too
    post(till, f"{mine}/uses", {"sessions": 3})
    frozen = till.call("POST", f"{mine}/freeze", {"days": 10}, Idempotency_Key="f").ok()
    assert (frozen["state"], frozen["expires_at"][:10]) == ("frozen", "2025-07-15")
    assert refused(till, f"{mine}/uses", {})["code"] == "package_not_active"
    till.say("2025-01-16 12:31")
    while prepaid.thaw(clock.now()):
        pass
    post(till, f"{mine}/uses", {"kind": "no_show"})
    his = post(till, f"{mine}/transfer", {"to": ben})
    assert (his["left"], his["price"], his["expires_at"]) == (6, 59_940, frozen["expires_at"])
    back = post(till, f"/members/{ben}/packages/{his['id']}/refunds", {"reason": "ill"})
    assert back["money"] == 59_940
    kinds = [(u["kind"], u["sessions"], bool(u["undone_at"])) for u in till.call.get(f"{mine}/uses")["items"]]
    assert kinds == [("no_show", 1, False), ("use", 3, False), ("use", 3, True)]
    books(till)


def test_a_gift_card_and_a_gift_of_points(till: Story) -> None:
    ann, ben = till.enrol("13800000001"), till.enrol("13800000002")
    batch = {"code": "new-year", "name": name("New Year"), "face": 20_000, "count": 2, "valid_months": 36}
    till.call.post("/gift-card-batches", batch)
    cards = till.call.post("/gift-card-batches/new-year/cards")["items"]
    assert till.call.refused("POST", "/gift-card-batches/new-year/cards")["code"] == "handed_out"
    claim = {"number": cards[0]["number"], "pin": cards[0]["pin"]}
    assert refused(till, f"/members/{ann}/gift-cards", claim)["code"] == "card_not_active"
    post(till, "/gift-cards/sales", {"numbers": [card["number"] for card in cards], "method": "card"})
    assert refused(till, f"/members/{ann}/gift-cards", claim | {"pin": "AAAA2222"})["code"] == "card_unknown"
    card = post(till, f"/members/{ann}/gift-cards", claim)
    assert (card["state"], card["left"], card["ending"]) == ("claimed", 20_000, cards[0]["number"][-4:])
    post(till, f"/members/{ann}/burns", {"unit": "gift", "amount": 12_000})
    given = till.call(
        "POST", f"/members/{ann}/gift-cards/{card['id']}/give", {"to": ben}, Idempotency_Key="g"
    ).ok()
    assert (given["left"], till.balance(ben, "gift")[0]) == (8_000, 8_000)

    till.post(till.order(ann, "N1", 30_000))
    moved = post(till, f"/members/{ann}/transfers", {"to": ben, "unit": "points", "amount": 80})
    assert (moved["direction"], till.balance(ann)[0], till.balance(ben)[0]) == ("out", 220, 80)
    assert (
        refused(till, f"/members/{ann}/transfers", {"to": ben, "unit": "points", "amount": 21})["code"]
        == "transfer_limit"
    )
    assert till.expiries(ben) == [("2026-01-31", 80)]

    # 300 points × 1 fen, of which a fifth is never used, but none is used yet (80 went to another member);
    # 80 yuan of the bound card; the other card, 200 yuan, nobody has bound
    report = till.call.get("/reports/liability?months=1")
    assert {line["unit"]: line["liability"] for line in report["lines"]} == {
        "points": 300, "gift": 8_000, "gift_unclaimed": 20_000,
    }  # fmt: skip
    assert (report["liability"], report["card_difference"]) == (28_300, 0)
    books(till)


def test_the_evidence_of_a_member(till: Story) -> None:
    ann = till.enrol("13800000001")
    buyer = {"kind": "person", "name": "安安", "document": "passport", "number": "E1", "contact": "1"}
    till.call("PUT", f"/members/{ann}/buyer", buyer)
    post(till, f"/members/{ann}/top-ups", {"ladder": "spring", "amount": 10_000, "method": "cash"})
    pack = till.call.get(f"/members/{ann}/evidence")
    assert prepaid.holds_together(pack)
    assert pack["top_ups"][0]["principal"] == 10_000
    printed = till.call("GET", f"/members/{ann}/evidence?format=pdf")
    assert printed.status == 200 and printed.content.startswith(b"%PDF-")
    assert due.settle(clock.now()) == 0
