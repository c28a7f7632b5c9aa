"""Every operation of the public API: no key, a key without the permission, a key of another organisation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.rest.bodies import body_for
from tests.rest.furnished import furnished
from tests.rest.shop import ALL, Caller, Shop, order

from regulars.kit import clock
from regulars.surfaces import rates


def operations() -> Iterator[tuple[str, str, str]]:
    """(method, path, permission) of every operation, from what is served, not from a list kept beside it."""
    from regulars.surfaces.access import declared
    from regulars.surfaces.rest.application import api

    for one in declared(api):
        assert one.guards == ("ApiKeyAuth",), f"{one.path} does not ask for a key"
        assert one.permission
        for method in one.methods:
            yield method, one.path, one.permission


@pytest.fixture
def walked(shop: Shop) -> dict[str, Any]:
    """A member with something of everything, and each path filled with her ids."""
    return furnished(shop)


def address(path: str, filled: dict[str, str]) -> str:
    for name, value in filled.items():
        path = path.replace("{" + name + "}", value)
    if path.startswith("/tags/"):
        path = "/tags/vip"
    if path.startswith("/activity-types/"):
        path = "/activity-types/yoga"
    if path.endswith("/change"):
        path += "?plan=prime&period=year"
    if path.endswith("/also-bought"):
        path += "?sku=cup"
    if path.endswith("/lifecycle/members"):
        path += "?stage=new"
    if path == "/links/days":
        path += "?source=mine&template=mine&name=main"
    if "as-of" in path:
        path += "?at=2026-01-01T00:00:00Z"
    assert "{" not in path, path
    return path


def call(caller: Caller, method: str, path: str, walked: dict[str, Any]) -> Any:
    body = body_for(method, path, walked["member"])
    if path == "/checkouts" and method == "POST":
        body = {"token": walked["token"], "number": "FOREIGN-3"}
    filled = address(path, walked["filled"])
    return caller(method, filled, body, Idempotency_Key=f"{method}{path}"[:90])


# Words that the foreign brand may use for things of its own.
OURS_TOO = {
    "hello",
    "hush",
    "founded",
    "2026-10-09",
    "2026",
    "prime",
    "level",
    "skin",
    "S9",
    "birthday-pack",
    "spring",
    "ladder",
    "mug",
    "care",
    "amy",
    "retention",
    "2026-04",
    "sms",
    "1",
}


def test_without_a_good_key_nothing_is_answered(walked: dict[str, Any]) -> None:
    for token in (None, "", "rk_live_0000000000_" + "x" * 43, "nonsense"):
        for method, path, _ in operations():
            answer = call(Caller(token), method, path, walked)
            rates.forget()
            assert answer.status == 401, (method, path, answer)
            assert json.loads(answer.content)["code"] == "bad_api_key"


def test_a_key_without_the_permission_is_told_which(walked: dict[str, Any]) -> None:
    callers: dict[str, Caller] = {}
    for method, path, permission in operations():
        if permission not in callers:
            callers[permission] = walked["shop"].key(ALL - {permission})
        answer = call(callers[permission], method, path, walked)
        assert answer.status == 403, (method, path, answer)
        problem = json.loads(answer.content)
        assert (problem["code"], problem["data"]) == ("forbidden", {"permission": permission})


def test_a_foreign_key_sees_and_changes_nothing(walked: dict[str, Any]) -> None:
    shop, member = walked["shop"], walked["member"]
    before = snapshot(shop, member)
    secrets = [member, "13800138000", "8000", "张", "Secret", "一店", "N1", *walked["filled"].values()]
    secrets = [s for s in secrets if s not in OURS_TOO]
    for method, path, _ in operations():
        answer = call(shop.foreign, method, path, walked)
        # the request's own number is made of digits as they come
        said = re.sub(r"urn:regulars:request:[0-9a-f]+", "", answer.content.decode())
        if "{member}" in path:
            assert answer.status == 404, (method, path, answer)
        for secret in secrets:
            if path == "/stores" or (method == "PUT" and secret == "S9"):
                continue
            assert secret not in said, (method, path, secret, said)
    assert snapshot(shop, member) == before


def snapshot(shop: Shop, member: str) -> dict[str, Any]:
    get = shop.call.get
    paths = [
        f"/members/{member}",
        f"/members/{member}/balances",
        f"/members/{member}/entries",
        f"/members/{member}/holds",
        f"/members/{member}/notes",
        f"/members/{member}/activities",
        f"/members/{member}/tiers",
        f"/members/{member}/coupons",
        "/coupon-definitions",
        "/budgets",
        "/journeys/wander",
        "/care/plans",
        "/tasks",
        "/calendar/2026",
        "/categories",
        f"/members/{member}/care",
        "/campaigns/whisper",
        f"/members/{member}/journeys",
        f"/members/{member}/redemptions",
        f"/members/{member}/bookings",
        f"/checkouts?member={member}",
        "/rewards",
        "/services",
        "/resources",
        "/members",
        "/tags",
        "/stores",
        "/profile-fields",
        "/activity-types",
        "/programme",
    ]
    return {path: get(path) for path in paths}


def test_batches_answer_a_foreign_members_items_as_unknown(walked: dict[str, Any]) -> None:
    shop, member = walked["shop"], walked["member"]
    posted = shop.foreign.post("/activities/batch", {"activities": [order(member, "X", 100, clock.now())]})
    assert [item["problem"]["status"] for item in posted["items"]] == [404]
    refs = {"refs": [{"id": member}, {"identity": {"type": "phone", "value": "13800138000"}}]}
    found = shop.foreign.post("/members/resolve", refs)
    assert [item["problem"]["code"] for item in found["items"]] == ["member_not_found"] * 2
    tagged = shop.foreign.refused("POST", "/members/tags", {"members": [member], "remove": ["vip"]})
    assert tagged["errors"][0]["code"] == "member_not_found"


def test_a_revoked_key_is_no_key(shop: Shop) -> None:
    from regulars.platform.apikeys import api as apikeys

    made = apikeys.create_key(
        scope=shop.scope, name="gone", permissions=frozenset({"members.read"}), now=shop.now
    )
    caller = Caller(made.token)
    caller.get("/members")
    apikeys.revoke_key(scope=shop.scope, key_id=made.key.id, now=shop.now)
    assert caller("GET", "/members").status == 401
