"""At the store and behind it: a benefit verified by pass, more uses by hand, the review queue, the tier editor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.console.world import Shop, buy, enrol_members

from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces import member_pass


@pytest.fixture(autouse=True)
def _members(shop: Shop) -> None:
    """Six members, two orders each."""
    enrol_members(shop, 6)
    buy(shop, 2)


def anybody(owner):
    return owner.get("/members?limit=5")["items"][0]


def usable(owner, member: str):
    """A benefit of hers with a limit, made sure of by a grant."""
    until = (clock.now() + timedelta(days=30)).isoformat()
    found = owner.get("/programme/versions")["items"]
    live = next(one["number"] for one in found if one["current"])
    definition = owner.get(f"/programme/versions/{live}")["definition"]
    benefit = next(b["key"] for b in definition["benefits"] if b.get("quota"))
    grant = owner.post(
        f"/members/{member}/benefits/grants",
        {"benefit": benefit, "uses": 2, "until": until, "reason": "sorry", "key": "grant-0001"},
        expect=201,
    )
    assert (grant["uses"], grant["used"], grant["reason"]) == (2, 0, "sorry")
    return benefit


def test_a_benefit_is_verified_by_pass_and_undone(desk, shop):
    owner, clerk = desk("owner"), desk("clerk")
    member = anybody(owner)["code"]
    benefit = usable(owner, member)
    again = owner.get(f"/members/{member}/benefits/grants")
    assert [(g["benefit"], g["source"], g["actor"] != "") for g in again] == [(benefit, "staff", True)]
    seen = owner.post("/till/benefits", {"member": member})
    before = next(b for b in seen["benefits"] if b["key"] == benefit)
    assert (seen["member"], before["extra"]) == (member, 2)
    brand = organisations.get_brand(brand_id=shop.brand.id)
    row = owner.get(f"/members/{member}")
    assert row["code"] == member
    given = {"member": member, "benefit": benefit, "key": "use-000001"}
    used = owner.post("/till/benefits/uses", given, expect=201)
    assert used["remaining"] == before["remaining"] - 1
    assert owner.post("/till/benefits/uses", given)["repeated"] is True
    undone = owner.post(f"/members/{member}/benefits/uses/{used['id']}/undo")
    assert undone["undone_at"] is not None
    problem = clerk.post("/till/benefits", {"member": "R1" + "A" * 56}, expect=422)
    assert problem["code"] == "not_a_pass"
    assert member_pass.is_one(member_pass.issue(brand_id=brand.id, member_id=brand.id, now=clock.now()))
    bad = owner.post(
        f"/members/{member}/benefits/grants",
        {"benefit": benefit, "uses": 1, "until": "2020-01-01T00:00:00Z", "reason": "x", "key": "grant-0002"},
        expect=422,
    )
    assert bad["errors"][0]["field"] == "until"


def test_rules_against_abuse_and_the_queue(desk):
    owner, reviewer = desk("owner"), desk("reviewer")
    rule = {"key": "fast", "of": "verifications", "per": "member", "limit": 1, "minutes": 60}
    kept = owner.put("/reviews/rules", {"velocity": [rule], "self_dealing": True})
    assert (
        kept == owner.get("/reviews/rules") == {"velocity": [rule | {"enabled": True}], "self_dealing": True}
    )
    wrong = owner.put("/reviews/rules", {"velocity": [rule | {"of": "dreams"}]}, expect=422)
    assert wrong["errors"][0]["field"] == "velocity[0].of"
    member = anybody(owner)["code"]
    benefit = usable(owner, member)
    owner.post("/till/benefits/uses", {"member": member, "benefit": benefit, "key": "use-000001"}, expect=201)
    held = owner.post(
        "/till/benefits/uses", {"member": member, "benefit": benefit, "key": "use-000002"}, expect=409
    )
    assert held["code"] == "held_for_review"
    queue = reviewer.get("/reviews")
    (case,) = queue["items"]
    assert (queue["open"], case["kind"], case["member"]) == (1, "verification", member)
    assert case["sentence"] == "more than 1 uses of benefits of one member within 60 minutes"
    own = owner.post(f"/reviews/{case['id']}/release", {"comment": "mine"}, expect=403)
    assert own["code"] == "own_case"
    done = reviewer.post(f"/reviews/{case['id']}/release", {"comment": "asked her"})
    assert (done["state"], done["comment"]) == ("released", "asked her")
    assert reviewer.get("/reviews")["items"] == []
    assert len(reviewer.get("/reviews?state=released")["items"]) == 1
    owner.post("/till/benefits/uses", {"member": member, "benefit": benefit, "key": "use-000003"}, expect=201)
    people = owner.get("/staff")
    owner.put(f"/staff/{people[0]['id']}/phone", {"phone": "13900000000"}, expect=204)
    bad = owner.put(f"/staff/{people[0]['id']}/phone", {"phone": "12"}, expect=422)
    assert bad["code"] == "invalid_input"
    desk("clerk").get("/reviews", expect=403)


def test_the_tier_editor_previews_reports_and_proposes(desk):
    owner = desk("owner")
    found = owner.get("/programme/versions")["items"]
    live = next(one["number"] for one in found if one["current"])
    definition = owner.get(f"/programme/versions/{live}")["definition"]
    scheme = definition["schemes"][0]
    top = scheme["tiers"][1]["qualify"][0]
    top["at_least"] = 1
    asked = {"definition": definition, "scheme": scheme["key"]}
    preview = owner.post("/programme/tiers/preview", asked)
    assert preview["seen"] == preview["members"] > 0
    assert preview["next_after"] is None
    assert sum(m["members"] for m in preview["moves"]) == preview["members"]
    up = [m for m in preview["moves"] if m["direction"] == "up"]
    assert up and up[0]["samples"] and up[0]["current_name"] and up[0]["of_edit"] > 0
    assert "12 months" in preview["method"]
    report = owner.get(f"/programme/tiers/{scheme['key']}/standard")
    assert report["metrics"] == [top["metric"]]
    made = owner.post(
        f"/programme/tiers/{scheme['key']}/proposal",
        {"metric": top["metric"], "shares": {scheme["tiers"][1]["code"]: 30}},
    )
    assert made["proposals"][0]["at_least"] > 0
    owner.post("/programme/tiers/nope/proposal", {"metric": "spend", "shares": {"x": 3}}, expect=404)
    broken = definition | {"rules": [{"key": "x"}]}
    owner.post("/programme/tiers/preview", {"definition": broken, "scheme": scheme["key"]}, expect=422)
    desk("clerk").post("/programme/tiers/preview", asked, expect=403)
