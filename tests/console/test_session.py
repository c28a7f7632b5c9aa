"""Signing in, who one is, and what every endpoint asks of its caller."""

from __future__ import annotations

import re
from typing import Any

from tests.console.world import PASSWORD, open_shop


def test_one_signs_in_sees_ones_brand_and_signs_out(shop, open_desk):
    desk = open_desk(shop.emails["operator"], shop.brand.slug)
    session = desk.get("/session")
    assert session["staff"]["email"] == shop.emails["operator"]
    (brand,) = session["brands"]
    assert (brand["slug"], brand["name"], brand["currency"]) == (shop.brand.slug, "Shanhai Coffee", "CNY")
    assert brand["roles"] == ["Member operations"]
    assert "programme.write" in brand["permissions"] and "programme.review" not in brand["permissions"]
    assert session["permission_names"]["programme.review"] == "Review programme versions"
    desk.delete("/session", expect=204)
    assert desk.get("/session")["staff"] is None
    assert desk.get("/members", expect=401)["code"] == "signed_out"


def test_a_wrong_password_says_no_more_than_that(shop, client):
    from tests.console.conftest import Desk

    desk = Desk(client, shop.brand.slug)
    desk.get("/session")
    for email in (shop.emails["owner"], "nobody@nowhere.example"):
        problem = desk.post("/session", {"email": email, "password": "wrong wrong"}, expect=401)
        assert problem["code"] == "wrong_credentials"
        assert problem["title"] == "Wrong e-mail address or password"


def test_a_write_without_the_pages_token_is_refused(desk):
    owner = desk("owner")
    refused = owner.post("/tags/members", {"members": []}, expect=403, **{"X-CSRFToken": "x" * 32})
    assert refused["code"] == "csrf_failed"


def test_ones_own_password_is_changed_and_the_other_browser_is_out(shop, open_desk):
    here, there = (open_desk(shop.emails["clerk"], shop.brand.slug) for _ in range(2))
    new = "another good phrase"
    wrong = here.put("/session/password", {"old": "not it at all", "new": new}, expect=422)
    assert wrong["errors"][0]["field"] == "old"
    here.put("/session/password", {"old": PASSWORD, "new": new}, expect=204)
    assert here.get("/session")["staff"] is not None
    assert there.get("/session")["staff"] is None


def _endpoints() -> list[tuple[str, str, str | None]]:
    from regulars.surfaces.access import declared
    from regulars.surfaces.console.application import api

    return [(method, one.path, one.permission) for one in declared(api) for method in one.methods]


def _filled(path: str, values: dict[str, Any]) -> str:
    return re.sub(r"\{(?:int:)?(\w+)\}", lambda match: str(values.get(match[1], "x")), path)


def test_every_endpoint_names_one_permission_but_those_of_the_session(db):
    open_ones = {path for _, path, permission in _endpoints() if permission is None}
    assert open_ones == {"/session", "/session/password"}
    assert len(_endpoints()) > 60


def test_nobody_gets_in_without_a_session(shop, client):
    from tests.console.conftest import Desk

    desk = Desk(client, shop.brand.slug)
    for method, path, permission in _endpoints():
        if permission is not None:
            problem = desk.ask(method, _filled(path, {"number": 1}), {}, expect=401)
            assert problem["code"] == "signed_out", path


def test_staff_without_the_role_are_told_which_permission_is_missing(shop, desk):
    """A person with a role that holds nothing but one permission meets every other door closed."""
    desk("owner").put(
        "/roles/doorkeeper",
        {"name": {"zh": "门卫", "en": "Doorkeeper"}, "permissions": ["messages.read"]},
    )
    owner = desk("owner")
    owner.post(
        "/staff",
        {
            "email": f"door@{shop.brand.slug}.example", "name": "门", "password": PASSWORD, "language": "en",
            "grants": [{"role": "doorkeeper", "brand": shop.brand.slug}],
        },
        expect=201,
    )  # fmt: skip
    shop.emails["doorkeeper"] = f"door@{shop.brand.slug}.example"
    keeper = desk("doorkeeper")
    for method, path, permission in _endpoints():
        if permission not in (None, "messages.read"):
            problem = keeper.ask(method, _filled(path, {"number": 1}), {}, expect=403)
            assert (problem["code"], problem["data"]["permission"]) == ("forbidden", permission), path
    assert keeper.get("/messages")["items"] == []


def test_another_organisations_brand_and_members_do_not_exist(shop, desk, open_desk):
    from tests.console.world import enrol_members

    enrol_members(shop, 1)
    code = shop.code_of(shop.members[0])
    other = open_shop(f"other-{shop.brand.slug}")
    stranger = open_desk(other.emails["owner"], shop.brand.slug)
    for method, path, permission in _endpoints():
        if permission is not None:
            assert stranger.ask(method, _filled(path, {"number": 1}), {}, expect=404)["code"] == "not_found"
    stranger.brand = other.brand.slug
    assert stranger.get("/members")["items"] == []
    assert stranger.get(f"/members?q={code}")["items"] == []
    assert stranger.get(f"/members/{code}", expect=404)["code"] == "member_not_found"
    assert stranger.get(f"/members/{code}/timeline", expect=404)["code"] == "member_not_found"
    assert desk("owner").get(f"/members/{code}")["code"] == code
