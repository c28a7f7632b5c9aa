"""A shop whose member has something of everything, made by the public API alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.rest.shop import Caller, Shop, order

from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask
from regulars.platform.organisations import api as organisations
from regulars.platform.payments import api as payments


def furnished(shop: Shop) -> dict[str, Any]:
    """A member with something of everything, and each path filled with her ids."""
    call = shop.call
    member = shop.enrol(name="张小明", address="Secret Street")
    call("PUT", "/tags/vip", {"name": {"zh": "贵宾", "en": "VIP"}}).ok()
    call("PUT", "/profile-fields/skin", {"type": "text", "label": {"zh": "肤质", "en": "Skin"}}).ok()
    call("PUT", "/activity-types/yoga", {"name": {"zh": "瑜伽", "en": "Yoga"}}).ok()
    secret = {"categories": [{"code": "040102", "name": {"zh": "秘茶", "en": "Secret tea"}}]}
    call("PUT", "/categories", secret).ok()
    call("PUT", "/stores/S9", {"name": {"zh": "九店", "en": "Ninth"}}).ok()
    posted = call.post("/activities", order(member, "N1", 100_000, clock.now()))
    burn = call.post(f"/members/{member}/burns", {"unit": "points", "amount": 10}, Idempotency_Key="b")
    hold = call.post(f"/members/{member}/holds", {"unit": "points", "amount": 10}, Idempotency_Key="h")
    identity = call.get(f"/members/{member}")["identities"][0]["id"]
    coupon, batch, bulk = with_coupons(shop, member)
    redemption, booking = furnish_mall(call, member)
    quoted = call.post("/quotes", {"member": {"id": member}, "cart": CART})
    sale = call.post("/checkouts", {"token": quoted["token"], "number": "N2"}, Idempotency_Key="c")
    return {
        "shop": shop,
        "member": member,
        "token": quoted["token"],
        "filled": {
            "checkout_id": sale["id"],
            "reward": "mug",
            "redemption_id": redemption,
            "service": "care",
            "resource": "amy",
            "booking_id": booking,
            "waiting_id": booking,
            **sell_plan(shop, member),
            "member": member,
            "identity_id": identity,
            "activity_id": posted["activity_id"],
            "burn_id": burn["activity_id"],
            "hold_id": hold["id"],
            "lot_id": call.get(f"/members/{member}/lots")["items"][0]["id"],
            "use_id": hold["id"],
            "top_up_id": hold["id"],
            "package_id": hold["id"],
            "card_id": hold["id"],
            **listen(shop),
            "segment": gathered(shop),
            "template": worded(shop),
            **playing(shop),
            "journey": wandering(shop, member),
            "campaign": campaigning(shop),
            "run": "1",
            **written_to(shop, member),
            **cared_for(shop, member),
            "batch": "spring",
            "kind": "ladder",
            "scheme": "level",
            "benefit": "birthday-pack",
            "coupon_id": coupon,
            "definition": "oolong",
            "issue_id": bulk,
            "batch_id": batch,
            "key": "skin",
            "code": "S9",
            "name": "retention",
            "month": promoted(shop, member),
        },
    }


HELLO = {
    "name": {"zh": "问候", "en": "Hello"},
    "purpose": "service",
    "contents": {"sms": {"zh": {"body": "您好"}, "en": {"body": "Hello"}}},
}


def worded(shop: Shop) -> str:
    """A message template that is a draft."""
    secret = {**HELLO, "name": {"zh": "问候", "en": "Secret hello"}}
    shop.call("PUT", "/templates/hello", secret).ok()
    return "hello"


def gathered(shop: Shop) -> str:
    """A segment by a condition."""
    circle = {
        "code": "circle",
        "name": {"zh": "秘圈", "en": "Secret circle"},
        "kind": "live",
        "definition": MANY,
    }
    code: str = shop.call.post("/segments", circle)["code"]
    return code


def playing(shop: Shop) -> dict[str, str]:
    """A mission that members take up, a check-in and a draw, all open."""
    from regulars.engage.missions.api import draws, missions
    from regulars.flows.missions import api as flow

    made = {
        "key": "errand", "name": "Secret errand", "opt_in": True,
        "steps": [{"key": "s", "name": "s", "activity": "order"}],
    }  # fmt: skip
    flow.put_mission(scope=shop.scope, data=made, now=clock.now(), create=True)
    missions.set_state(scope=shop.scope, key="errand", state="active", now=clock.now())
    flow.put_checkin(scope=shop.scope, data={"enabled": True}, now=clock.now())
    wheel = {"key": "wheel", "name": "Secret wheel", "prizes": [{"key": "p", "name": "p", "odds": "1"}]}
    flow.put_draw(scope=shop.scope, data=wheel | {"free_a_day": 9}, now=clock.now(), create=True)
    draws.set_state(scope=shop.scope, key="wheel", state="active", now=clock.now())
    return {"mission": "errand", "draw": "wheel"}


def written_to(shop: Shop, member: str) -> dict[str, str]:
    """A message that waits for her, and an address that is closed."""
    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    asked = Ask(UUID(member), "k", "api:test", "service", "booking_offer", ("sms",))
    messaging.ask(brand=brand, asks=[asked], now=clock.now())
    waiting = shop.call.get("/messages")["items"][0]["id"]
    closed = {"channel": "sms", "address": "13800138000", "note": "she asked"}
    return {
        "message_id": waiting,
        "channel": "sms",
        "suppression_id": shop.call.post("/messages/suppressions", closed)["id"],
    }


HUSH = {
    "kind": "birthday",
    "name": {"zh": "秘生日", "en": "Secret birthday"},
    "task": {"title": {"zh": "打电话", "en": "Call"}},
}


def cared_for(shop: Shop, member: str) -> dict[str, str]:
    """A plan that runs, a task for her, a festival and a day of the brand's own."""
    shop.call("PUT", "/care/plans/hush", {"definition": HUSH}).ok()
    shop.call.post("/care/plans/hush/state", {"state": "active"})
    task = {
        "member": member,
        "key": "k",
        "title": {"zh": "秘事", "en": "Secret errand"},
        "due_on": "2026-05-14",
    }
    founded = {"name": {"zh": "秘庆", "en": "Secret feast"}, "month": 9, "day": 9}
    shop.call("PUT", "/calendar/festivals/founded", founded).ok()
    shop.call("PUT", "/calendar/days/2026-10-09", {"works": False}).ok()
    return {
        "care_plan": "hush",
        "task_id": shop.call.post("/tasks", task)["id"],
        "festival": "founded",
        "day": "2026-10-09",
        "year": "2026",
    }


WALK = {
    "nodes": [
        {"id": "in", "kind": "trigger", "on": "call"},
        {"id": "wait", "kind": "wait", "mode": "duration", "amount": 1, "unit": "days"},
    ],
    "edges": [{"from": "in", "to": "wait"}],
}


def wandering(shop: Shop, member: str) -> str:
    """A journey that runs, with the member in it."""
    wander = {"code": "wander", "name": {"zh": "秘径", "en": "Secret path"}, "definition": WALK}
    code: str = shop.call.post("/journeys", wander)["code"]
    shop.call.post(f"/journeys/{code}/publish")
    assert shop.call.post(f"/journeys/{code}/starts", {"member": member})["started"] == 1
    return code


MANY = {"field": "fact.orders_90", "op": "gte", "value": 2}


def campaigning(shop: Shop) -> str:
    """A campaign that everybody is told of."""
    given = {"code": "whisper", "name": {"zh": "秘讯", "en": "Secret word"}, "definition": OFFER}
    code: str = shop.call.post("/campaigns", given)["code"]
    return code


def promoted(shop: Shop, member: str) -> str:
    """She is a promoter with something to settle; a month that is over."""
    levels = [{"code": "gold", "name": {"zh": "秘金", "en": "Secret gold"}, "percent": "5"}]
    settings = {"enabled": True, "commission": {"enabled": True, "levels": levels}}
    shop.call("PUT", "/referrals/settings", {"definition": settings}).ok()
    shop.call("PUT", f"/promoters/{member}", {"level": "gold"}).ok()
    shop.call.post(f"/promoters/{member}/adjustments", {"amount": 7, "note": "Secret"})
    return "2026-04"


OFFER = {
    "audience": {"everybody": True},
    "variants": [{"key": "a", "rewards": [{"kind": "points", "unit": "points", "amount": 5}]}],
}


def listen(shop: Shop) -> dict[str, str]:
    """An endpoint that listens, with a delivery."""
    hook = shop.call.post("/webhooks", {"url": "https://hooks.example/in", "topics": ["*"]})["endpoint"]["id"]
    return {"webhook_id": hook, "delivery_id": shop.call.post(f"/webhooks/{hook}/test")["id"]}


CART = {"lines": [{"sku": "cup", "price": 8000}]}
MUG = {
    "name": {"zh": "杯", "en": "Mug"}, "kind": "goods", "price": {"unit": "points", "points": 10}, "state": "active",
}  # fmt: skip
AMY = {
    "name": {"zh": "艾", "en": "Amy"}, "kind": "adviser", "store": "S1", "state": "active",
    "weekly": [{"weekday": day, "from": "10:00", "to": "18:00"} for day in range(1, 8)],
}  # fmt: skip
CARE = {"name": {"zh": "护理", "en": "Care"}, "minutes": 60, "resources": ["amy"], "state": "active"}
AT = "2026-05-15T10:00:00+08:00"


def furnish_mall(call: Caller, member: str) -> tuple[str, str]:
    """A reward she has redeemed and a service she has booked: the ids of both."""
    call("PUT", "/rewards/mug", {"definition": MUG}).ok()
    call("PUT", "/resources/amy", {"definition": AMY}).ok()
    call("PUT", "/services/care", {"definition": CARE}).ok()
    order = call.post(f"/members/{member}/redemptions", {"reward": "mug"}, Idempotency_Key="r")
    slot = {"service": "care", "resource": "amy", "starts_at": AT}
    booking = call.post(f"/members/{member}/bookings", slot, Idempotency_Key="k")
    return order["id"], booking["id"]


PRIME = {"name": "Prime", "prices": {"month": 3000, "year": 30000}, "state": "active"}


def sell_plan(shop: Shop, member: str) -> dict[str, str]:
    """A plan she tries, and a payment that waits for her to have it."""
    payments.put_account(
        scope=shop.scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={},
        now=clock.now(),
    )
    shop.call("PUT", "/plans/prime", {"definition": {**PRIME, "trial_days": 7}}).ok()
    trial = shop.call.post(f"/members/{member}/trials", {"plan": "prime"}, Idempotency_Key="t")
    wish = {"plan": "prime", "period": "month"}
    bought = shop.call.post(f"/members/{member}/subscriptions", wish, Idempotency_Key="s")
    return {
        "plan": "prime",
        "subscription_id": trial["subscription"]["id"],
        "payment_id": bought["payment"]["id"],
    }


def with_coupons(shop: Shop, member: str) -> tuple[str, str, str]:
    """A budget and a coupon definition; a coupon of hers, a batch of codes, a bulk issue."""
    from regulars.flows.coupons import api as coupon_flow
    from regulars.value.budgets import api as budgets

    budget = {"key": "b", "name": {"zh": "秘预算", "en": "Secret budget"}, "amount": 100}
    budgets.apply_definition(scope=shop.scope, definition=budget, now=shop.now)
    definition = {
        "key": "oolong",
        "name": {"zh": "秘券", "en": "Secret coupon"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 100},
        "validity": {"kind": "after_claim", "days": 30},
        "claim": {"channels": ["portal", "code", "issue"]},
        "budgets": ["b"],
        "transferable": True,
    }
    coupon_flow.put_definition(scope=shop.scope, definition=definition, now=shop.now)
    post = shop.call.post
    coupon = post(f"/members/{member}/coupons", {"definition": "oolong"}, Idempotency_Key="c")["id"]
    batch = post("/coupon-definitions/oolong/codes", {"count": 2}, Idempotency_Key="c")["id"]
    bulk = post("/coupon-definitions/oolong/bulk-issues", {}, Idempotency_Key="c")["id"]
    return coupon, batch, bulk
