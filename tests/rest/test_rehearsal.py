"""Test keys: everything is answered, nothing is kept."""

from __future__ import annotations

from tests.rest.shop import ALL, Caller, Shop

from regulars.kit import clock
from regulars.platform.apikeys import api as apikeys

PHONE = {"type": "phone", "value": "13800138000"}


def test_a_test_key_writes_nothing(shop: Shop) -> None:
    live = shop.call
    member = live.post("/members", {"identities": [PHONE]})["member_id"]
    made = apikeys.create_key(
        scope=shop.scope, name="rehearsal", permissions=ALL, now=clock.now(), is_test=True
    )
    call = Caller(made.token)
    order = {
        "type": "order",
        "member": {"id": member},
        "occurred_at": clock.now().isoformat(),
        "order": {"number": "T1", "lines": [{"sku": "a", "amount": 10_000}]},
    }
    tried = call("POST", "/activities", order)
    assert tried.status == 201 and tried.headers["X-Regulars-Test"] == "true"
    assert tried.ok()["earned"]["points"] >= 100
    assert call("POST", "/activities/batch", {"activities": [order]}).headers["X-Regulars-Test"] == "true"
    other = call.post("/members", {"identities": [{"type": "phone", "value": "13800138001"}]})
    assert live("GET", f"/members/{other['member_id']}").status == 404
    assert call.get(f"/members/{member}")["member_id"] == member
    balances = live.get(f"/members/{member}/balances")
    assert all(b["available"] == 0 for b in balances.get("items", balances.get("balances", [])))
    # the number was not used up: the live key posts the same order for the first time
    real = live("POST", "/activities", order)
    assert real.status == 201 and "X-Regulars-Test" not in real.headers
