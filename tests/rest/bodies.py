"""A body that each writing operation of the public API takes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.rest.furnished import AMY, AT, CARE, CART, HELLO, HUSH, MANY, MUG, OFFER, PRIME, WALK
from tests.rest.shop import order

from regulars.kit import clock

_HELD = "/members/{member}/subscriptions/{subscription_id}"
NOBODY = UUID(int=0)
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/members/{member}/checkin/makeup"): {"day": "2026-05-14"},
    ("POST", "/members/{member}/draws/{draw}/plays"): {"key": "k"},
    ("POST", "/checkouts/{checkout_id}/returns"): {"number": "R1"},
    ("PUT", "/templates/{template}"): HELLO,
    ("POST", "/templates/{template}/decide"): {"number": 1, "approve": True},
    ("POST", "/templates/{template}/archive"): {"archived": False},
    ("POST", "/templates/{template}/test"): {
        "number": 1,
        "channel": "sms",
        "language": "zh",
        "to": "13900139000",
    },
    ("POST", "/templates/preview"): {"channel": "sms", "language": "zh", "content": {"body": "mine"}},
    ("PUT", "/links/sites"): {"domains": ["mine.example.com"]},
    ("PUT", "/referrals/settings"): {"definition": {"enabled": True}},
    ("POST", "/members/{member}/referral/review"): {"counts": True},
    ("POST", "/members/{member}/shares"): {"kind": "join"},
    ("PUT", "/promoters/{member}"): {"level": "gold"},
    ("POST", "/promoters/{member}/adjustments"): {"amount": 1, "note": "mine now"},
    ("POST", "/commission-statements"): {"month": "2026-04"},
    ("POST", "/commission-statements/{month}/{member}/payment"): {"reference": "mine"},
    ("POST", "/segments"): {"code": "mine", "name": {"zh": "我", "en": "mine"}, "kind": "static"},
    ("POST", "/care/preview"): {"definition": {**HUSH, "key": "mine"}},
    ("PUT", "/care/plans/{care_plan}"): {"definition": {**HUSH, "name": {"zh": "我", "en": "mine"}}},
    ("POST", "/care/plans/{care_plan}/state"): {"state": "paused"},
    ("POST", "/members/{member}/care/ended"): {"plan": "hush", "thing": "x"},
    ("PUT", "/categories"): {"categories": [{"code": "mine", "name": {"zh": "我", "en": "mine"}}]},
    ("PUT", "/calendar/days/{day}"): {"works": True},
    ("PUT", "/calendar/festivals/{festival}"): {"name": {"zh": "我", "en": "mine"}, "month": 1, "day": 1},
    ("POST", "/tasks"): {
        "member": "MINE23",
        "key": "k",
        "title": {"zh": "我", "en": "mine"},
        "due_on": "2026-05-14",
    },
    ("POST", "/tasks/{task_id}/finish"): {"outcome": "reached"},
    ("POST", "/tasks/{task_id}/reassign"): {"due_on": "2026-05-20"},
    ("POST", "/journeys"): {"code": "mine", "name": {"zh": "我", "en": "mine"}},
    ("POST", "/campaigns"): {"code": "mine", "name": {"zh": "我", "en": "mine"}, "definition": OFFER},
    ("POST", "/campaigns/count"): {"definition": OFFER},
    ("PUT", "/campaigns/costs"): {"message_cost": {"sms": 5}},
    ("PUT", "/campaigns/holdout"): {"first": "2020-01-01", "last": "2020-01-31"},
    ("PATCH", "/campaigns/{campaign}"): {"note": "mine now"},
    ("POST", "/campaigns/{campaign}/copy"): {"code": "mine-too"},
    ("POST", "/campaigns/{campaign}/preview"): {"member": "MINE23"},
    ("POST", "/journeys/check"): {"definition": WALK},
    ("PATCH", "/journeys/{journey}"): {"note": "mine now"},
    ("POST", "/journeys/{journey}/state"): {"state": "paused"},
    ("POST", "/journeys/{journey}/starts"): {"member": "MINE23"},
    ("POST", "/journeys/{journey}/removals"): {"member": "MINE23"},
    ("POST", "/journeys/{journey}/dry-run"): {"member": "MINE23", "days": 30},
    ("POST", "/segments/preview"): {"definition": MANY},
    ("POST", "/segments/overlap"): {"segments": ["circle", "mine"]},
    ("PATCH", "/segments/{segment}"): {"note": "mine now"},
    ("POST", "/segments/{segment}/state"): {"state": "paused"},
    ("POST", "/segments/{segment}/split"): {"parts": 2},
    ("POST", "/segments/{segment}/look-alike"): {
        "code": "like",
        "name": {"zh": "我", "en": "mine"},
        "size": 9,
    },
    ("PUT", "/members/{member}/profiling"): {"on": False},
    ("POST", "/messages"): {
        "messages": [{"member": {"code": "MINE23"}, "template": "mine", "purpose": "service"}]
    },
    ("PUT", "/messages/policy"): {"quiet": {}, "caps": []},
    ("PUT", "/messages/holdout"): {"percent": 5, "reason": "mine now"},
    ("POST", "/messages/holds"): {"source": "api:mine"},
    ("POST", "/messages/holds/release"): {"source": "api:mine"},
    ("POST", "/messages/holds/cancel"): {"source": "api:mine"},
    ("POST", "/messages/suppressions"): {"channel": "sms", "address": "13900139000", "note": "mine now"},
    ("POST", "/members/{member}/consents"): {"consents": [{"channel": "sms", "granted": True}]},
    ("POST", "/voice/read"): {"text": "mine now"},
    ("POST", "/webhooks"): {"url": "https://mine.example/in", "topics": ["*"]},
    ("PATCH", "/webhooks/{webhook_id}"): {"description": "mine now"},
    ("POST", "/webhooks/{webhook_id}/replay"): {"since": "2026-05-13T00:00:00Z"},
    ("PUT", "/plans/{plan}"): {"definition": PRIME},
    ("POST", "/plans/{plan}/state"): {"state": "paused"},
    ("POST", "/members/{member}/subscriptions"): {"plan": "prime", "period": "month"},
    ("POST", "/members/{member}/trials"): {"plan": "prime"},
    ("POST", f"{_HELD}/change"): {"plan": "prime", "period": "year"},
    ("POST", f"{_HELD}/renewal"): {"on": False},
    ("POST", f"{_HELD}/transfer"): {"to": "phone:+8613800138000"},
    ("POST", "/payments/{payment_id}/refunds"): {"amount": 1},
    ("POST", "/programme/blueprint/plan"): "regulars: 1\ntags: [{code: mine, name: mine}]\n",
    ("POST", "/programme/blueprint/apply"): "regulars: 1\ntags: [{code: mine, name: mine}]\n",
    ("PUT", "/rewards/{reward}"): {"definition": MUG},
    ("POST", "/rewards/{reward}/state"): {"state": "paused"},
    ("PUT", "/rewards/{reward}/stock"): {"stock": 1},
    ("POST", "/rewards/{reward}/codes"): {"codes": ["MINE"]},
    ("POST", "/members/{member}/redemptions"): {"reward": "mug"},
    ("POST", "/redemptions/find"): {"code": "MINE2345"},
    ("POST", "/members/{member}/redemptions/{redemption_id}/ship"): {"carrier": "SF", "tracking": "1"},
    ("POST", "/members/{member}/redemptions/{redemption_id}/verify"): {"store": "S1"},
    ("PUT", "/services/{service}"): {"definition": CARE},
    ("POST", "/services/{service}/state"): {"state": "paused"},
    ("PUT", "/resources/{resource}"): {"definition": AMY},
    ("POST", "/resources/{resource}/state"): {"state": "paused"},
    ("POST", "/members/{member}/bookings"): {"service": "care", "resource": "amy", "starts_at": AT},
    ("POST", "/members/{member}/bookings/{booking_id}/move"): {"resource": "amy", "starts_at": AT},
    ("POST", "/members/{member}/waiting"): {"service": "care", "resource": "amy", "starts_at": AT},
    ("POST", "/stores/{code}/check-ins"): {"text": "R1" + "A" * 56},
    ("POST", "/members"): {"identities": [{"type": "phone", "value": "13900139000"}]},
    ("POST", "/members/batch"): {"members": [{"identities": [{"type": "phone", "value": "13900139001"}]}]},
    ("POST", "/members/{member}/identities"): {"type": "card", "value": "CARD-0001"},
    ("POST", "/members/{member}/notes"): {"text": "mine now"},
    ("PATCH", "/members/{member}"): {"name": "mine now"},
    ("POST", "/members/{member}/burns"): {"unit": "points", "amount": 1},
    ("POST", "/members/{member}/holds"): {"unit": "points", "amount": 1},
    ("POST", "/members/{member}/adjustments"): {"unit": "points", "amount": 1, "reason": "goodwill"},
    ("POST", "/members/{member}/tiers/{scheme}"): {"tier": "gold", "comment": "mine now"},
    ("POST", "/members/{member}/tiers/{scheme}/unlock"): {"comment": "mine now"},
    ("POST", "/members/{member}/lots/{lot_id}/activate"): {"comment": "mine now"},
    ("POST", "/members/{member}/lots/{lot_id}/cancel"): {"comment": "mine now"},
    ("PUT", "/prepaid/definitions/{kind}/{key}"): {"definition": {"name": "mine", "rungs": [{"pay": 1}]}},
    ("POST", "/members/{member}/top-ups"): {"ladder": "spring", "amount": 100, "method": "cash"},
    ("POST", "/members/{member}/packages"): {"package": "massage", "method": "cash"},
    ("POST", "/members/{member}/packages/{package_id}/freeze"): {"days": 1},
    ("POST", "/members/{member}/packages/{package_id}/transfer"): {"to": "MINE"},
    ("POST", "/members/{member}/transfers"): {"to": "MINE", "unit": "points", "amount": 1},
    ("PUT", "/members/{member}/household"): {"head": "MINE"},
    ("POST", "/members/{member}/household/draws"): {"unit": "points", "amount": 1},
    ("PUT", "/members/{member}/buyer"): {
        "kind": "person",
        "name": "mine",
        "document": "other",
        "number": "1",
        "contact": "1",
    },
    ("POST", "/members/{member}/gift-cards"): {"number": "7992739871000003", "pin": "MINE2345"},
    ("POST", "/members/{member}/gift-cards/{card_id}/give"): {"to": "MINE"},
    ("POST", "/gift-card-batches"): {
        "code": "mine",
        "name": {"zh": "我", "en": "mine"},
        "face": 1,
        "count": 1,
    },
    ("POST", "/gift-card-batches/{batch}/void"): {"reason": "mine now"},
    ("POST", "/gift-cards/sales"): {"numbers": ["7992739871000003"], "method": "cash"},
    ("POST", "/gift-cards/lookups"): {"number": "7992739871000003"},
    ("POST", "/gift-cards/void"): {"number": "7992739871000003", "reason": "mine now"},
    ("POST", "/members/{member}/coupons"): {"definition": "oolong"},
    ("POST", "/members/{member}/coupons/{coupon_id}/void"): {"comment": "mine now"},
    ("POST", "/members/{member}/gifts"): {"token": "ABCD"},
    ("POST", "/coupon-definitions/{definition}/codes"): {"count": 1},
    ("POST", "/coupon-codes/lookup"): {"code": "ABCD"},
    ("POST", "/members/pass"): {"text": "R1" + "A" * 56},
    ("PUT", "/profile-fields/{key}"): {"type": "text", "label": {"zh": "我", "en": "mine"}},
    ("PUT", "/tags/{code}"): {"name": {"zh": "我", "en": "mine"}},
    ("PUT", "/stores/{code}"): {"name": {"zh": "我", "en": "mine"}},
    ("PUT", "/activity-types/{code}"): {"name": {"zh": "我", "en": "mine"}},
}


def body_for(method: str, path: str, member: str) -> Any:
    if method in ("GET", "DELETE"):
        return None
    if path == "/activities":
        return order(member, "FOREIGN-1", 100, clock.now())
    if path == "/quotes":
        return {"member": {"id": member}, "cart": CART}
    if path == "/activities/batch":
        return {"activities": [order(member, "FOREIGN-2", 100, clock.now())]}
    if path == "/coupon-definitions/{definition}/issues":
        return {"members": [member]}
    if path == "/coupons/verifications":
        return {"member": member, "coupon_id": str(NOBODY)}
    if path == "/members/resolve":
        return {"refs": [{"id": member}, {"identity": {"type": "phone", "value": "13800138000"}}]}
    if path == "/members/tags":
        return {"members": [member], "add": ["vip"]}
    return BODIES.get((method, path), {})
