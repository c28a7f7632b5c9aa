"""Her coupons in the portal: the claim centre, codes, giving away and taking."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.portal.world import BEGAN, Browser, freeze

from regulars.flows.coupons import api as flow

NOON = BEGAN + timedelta(days=5, hours=4)  # noon of 6 January in Shanghai
KEY = "key-of-the-page"


def put(brand: Any, key: str = "tea", **settings: Any) -> None:
    given: dict[str, Any] = {
        "key": key,
        "name": {"zh": "十元券", "en": "Ten off"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 1000},
        "validity": {"kind": "after_claim", "days": 30},
        "claim": {"channels": ["portal", "code"]},
    }
    flow.put_definition(scope=brand.scope, definition=given | settings, now=NOON)


def ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def test_claimed_shown_and_used_up(brand, signed_in):
    with freeze(NOON):
        put(brand, limits={"total": 4, "per_member": 1})
        put(brand, "gold", claim={"channels": ["portal"], "tiers": ["gold"]})
        put(brand, "issued", claim={"channels": ["issue"]})
        brand.enrol()
        browser = signed_in()
        offered = {one["key"]: one for one in browser.get("coupons/claimable")}
        assert set(offered) == {"tea", "gold"}
        assert (offered["tea"]["can_claim"], offered["tea"]["percent_left"]) == (True, 100)
        assert offered["gold"]["why_not_code"] == "coupon_not_your_tier"
        mine = ok(browser.call("POST", "coupons/claims", {"definition": "tea", "key": KEY}), 201)
        assert (
            ok(browser.call("POST", "coupons/claims", {"definition": "tea", "key": KEY}), 201)["id"]
            == mine["id"]
        )
        (tea,) = [one for one in browser.get("coupons/claimable") if one["key"] == "tea"]
        assert (tea["can_claim"], tea["mine"], tea["percent_left"]) == (False, 1, 75)
        assert tea["why_not_code"] == "coupon_member_limit"
        shown = ok(browser.call("POST", f"coupons/{mine['id']}/code"))
        assert shown["code"].replace("-", "") == shown["qr"]
        page = browser.get("coupons?tab=usable")
        assert (page["counts"], len(page["items"])) == ({"usable": 1, "used": 0, "over": 0}, 1)
        assert page["items"][0]["state_name"] == "claimed"
        flow.verify(scope=brand.scope, store_id=None, key="till", code=shown["code"], now=NOON)
        assert browser.get("coupons?tab=used")["items"][0]["id"] == mine["id"]
        wrong = browser.call("POST", "coupons/claims", {"definition": "issued", "key": KEY + "b"})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "coupon_not_claimable")


def test_a_gift_from_one_to_another(brand, signed_in):
    with freeze(NOON) as clock:
        put(brand, transferable=True)
        brand.enrol()
        brand.enrol("13800138001")
        ann = signed_in()
        mine = ok(ann.call("POST", "coupons/claims", {"definition": "tea", "key": KEY}), 201)
        given = ok(ann.call("POST", f"coupons/{mine['id']}/gift", {"message": "喝茶", "key": KEY}), 201)
        assert (given["state"], given["gift"]["message"]) == ("locked", "喝茶")
        token = given["gift"]["token"]
        assert ann.get(f"gifts/{token}")["is_mine"] is True
        clock.tick(timedelta(minutes=5))
        bob = Browser(brand.slug).open()
        bob.ask_code("13800138001")
        bob.give_code(brand.last_code(), "13800138001")
        seen = bob.get(f"gifts/{token}")
        assert (seen["name"], seen["state"], seen["is_mine"]) == ("Ten off", "offered", False)
        taken = ok(bob.call("POST", f"gifts/{token}/accept"))
        assert bob.get("coupons")["items"][0]["id"] == taken["id"]
        late = ann.call("DELETE", f"coupons/{mine['id']}/gift")
        assert (late.status_code, late.json()["code"]) == (409, "gift_gone")
        assert ann.get("coupons?tab=over")["items"][0]["state"] == "gifted"
        # nobody sees another's coupon
        assert ann.call("GET", f"coupons/{taken['id']}").status_code == 404
        assert ann.call("POST", f"coupons/{taken['id']}/code").status_code == 404


def test_codes_and_words(brand, signed_in):
    with freeze(NOON):
        put(brand, words=["HELLO"])
        brand.enrol()
        browser = signed_in()
        ok(browser.call("POST", "coupons/claims", {"code": "HELLO", "key": KEY}), 201)
        again = browser.call("POST", "coupons/claims", {"code": "HELLO", "key": KEY + "b"})
        assert (again.status_code, again.json()["code"]) == (409, "coupon_member_limit")
        assert browser.call("POST", "coupons/claims", {"code": "NOPE", "key": KEY + "c"}).status_code == 404
        none = browser.call("POST", "coupons/claims", {"key": KEY + "d"})
        assert (none.status_code, none.json()["errors"][0]["field"]) == (422, "code")
