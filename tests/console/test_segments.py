"""Segments as the console's pages ask for them: from an empty list to a coupon for its members."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.console.world import PASSWORD, SYSTEM, enrol_members, order

from regulars.audience.member_facts import api as facts
from regulars.facts.activity.types import LineIn
from regulars.facts.members import api as members
from regulars.flows.coupons import api as coupon_flows
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import NewAssignment

TWICE = {"field": "fact.orders_365", "op": "gte", "value": 2}
NAME = {"zh": "常客", "en": "Regulars"}


def filled(shop: Any) -> None:
    """Three members, two orders each, facts made."""
    enrol_members(shop, 3)
    shop.post(
        *(
            order(shop, her, f"{her}-{n}", shop.now - timedelta(days=1 + n), LineIn(sku="tea", amount=900))
            for n in (1, 0)
            for her in shop.members
        )
    )
    facts.rebuild(brand_id=shop.brand.id, clock=clock.now)


def test_a_segment_from_the_builder_to_the_file(shop, desk):
    filled(shop)
    owner = desk("owner")
    assert owner.get("/segments") == []
    builder = owner.get("/segments/builder")
    keys = {field["key"]: field for field in builder["fields"]}
    assert keys["fact.orders_365"]["freshness"] == "minute" and "order.amount" not in keys
    seen = owner.post("/segments/preview", {"definition": TWICE})
    assert (seen["count"], seen["of"], seen["share"], seen["estimated"]) == (3, 3, 1.0, False)
    assert "orders in the last 365 days" in seen["sentence"] and len(seen["sample"]) == 3
    wrong = owner.post(
        "/segments/preview",
        {"definition": {"all": [{"field": "fact.no", "op": "eq", "value": 1}]}},
        expect=422,
    )
    assert wrong["errors"][0]["field"].startswith("definition.all.0")
    draft = {"code": "regulars", "name": NAME, "kind": "refreshed", "definition": TWICE, "every_minutes": 60}
    made = owner.post("/segments", draft, expect=201)
    assert (made["label"], made["members"], made["refreshed_at"], made["version"]) == ("Regulars", 0, None, 1)
    assert owner.post("/segments", draft, expect=409)["code"] == "code_taken"
    assert owner.post("/segments/regulars/refresh")["entered"] == 3
    one = owner.get("/segments/regulars")
    assert one["members"] == 3 and one["age_seconds"] is not None and one["trend"] == [3]
    assert len(owner.get("/segments/regulars/members?limit=2")["items"]) == 2
    page = owner.get("/segments/regulars/members?limit=2")
    assert len(owner.get(f"/segments/regulars/members?limit=2&cursor={page['next_cursor']}")["items"]) == 1
    changed = owner.patch("/segments/regulars", {"definition": {**TWICE, "value": 3}, "note": "三单"})
    assert (changed["version"], changed["note"]) == (2, "三单")
    assert owner.post("/segments/regulars/refresh")["gone"] == 3
    assert {move["entered"] for move in owner.get("/segments/regulars/moves")["items"]} == {False}
    assert [v["number"] for v in owner.get("/segments/regulars/versions")] == [2, 1]
    owner.patch("/segments/regulars", {"definition": TWICE})
    owner.post("/segments/regulars/refresh")
    answer = owner.client.get(
        "/api/console/segments/regulars/export?format=csv",
        headers={"X-Regulars-Brand": shop.brand.slug, "Accept-Language": "en"},
    )
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Code,Name,In since" and len(lines) == 4
    assert owner.get("/audit?action=segment.export")["items"]
    # the list of members and coupons take it
    assert len(owner.get("/members?segment=regulars")["items"]) == 3
    assert owner.get("/members?segment=nothing", expect=404)["code"] == "not_found"
    assert owner.post("/segments/regulars/state", {"state": "archived"})["members"] == 0
    assert owner.get("/segments") == [] and len(owner.get("/segments?archived=true")) == 1


def test_a_list_its_overlap_and_its_parts(shop, desk):
    filled(shop)
    owner = desk("owner")
    codes = [shop.code_of(one) for one in shop.members]
    listed = owner.post(
        "/segments", {"code": "few", "name": NAME, "kind": "static", "members": codes[:2]}, expect=201
    )
    assert listed["members"] == 2
    refused = owner.post(
        "/segments", {"code": "x", "name": NAME, "kind": "static", "members": ["NOBODY"]}, expect=422
    )
    assert refused["errors"][0]["code"] == "unknown_members"
    once = owner.post(
        "/segments", {"code": "once", "name": NAME, "kind": "static", "definition": TWICE}, expect=201
    )
    assert (once["members"], once["source"]) == (3, {"from_filter": TWICE})
    assert owner.post("/segments/overlap", {"segments": ["few", "once"]})["shared"] == [[2, 2], [2, 3]]
    parts = owner.post("/segments/once/split", {"parts": 2, "save": True})
    assert [p["part"] for p in parts] == ["once-a", "once-b"] and sum(p["members"] for p in parts) == 3
    again = owner.post("/segments/once/split", {"parts": 2, "salt": "other", "save": True})
    assert [p["part"] for p in again] == ["once-2-a", "once-2-b"] and sum(p["members"] for p in again) == 3
    assert owner.get("/segments/once-2-a")["label"] == "Regulars (part 2A)"
    alike = {"code": "once", "name": NAME, "size": 5}
    assert owner.post("/segments/few/look-alike", alike, expect=409)["code"] == "code_taken"
    wrong = owner.post("/segments/few/look-alike", {**alike, "code": "X X", "name": {}}, expect=422)
    assert {one["field"] for one in wrong["errors"]} == {"code", "name.zh", "name.en"}
    few = owner.post("/segments/few/look-alike", {**alike, "code": "alike"}, expect=409)
    assert few["code"] == "seed_too_small"
    assert owner.post("/segments/few/refresh", expect=422)["errors"][0]["code"] == "nothing_to_refresh"
    assert len(owner.post("/segments/ready-made")) == 6
    fields = owner.get("/segments/fields")
    assert fields["facts"] == 3 and fields["waiting"] == 0
    assert {f["freshness"] for f in fields["fields"]} == {"at_once", "minute", "nightly"}


def test_what_is_known_of_a_member_and_her_switch(shop, desk):
    filled(shop)
    owner = desk("owner")
    one = shop.members[0]
    code = shop.code_of(one)
    facts.write_scores(brand_id=shop.brand.id, as_of=clock.now(), columns={"koc": [88]}, member_ids=[one])
    known = owner.get(f"/members/{code}/facts")
    assert known["profiling"] and {f["key"]: f["value"] for f in known["facts"]}["fact.orders_365"] == 2
    assert [(s["key"], s["value"]) for s in known["scores"]] == [("score.koc", 88)]
    scored = {"field": "score.koc", "op": "gte", "value": 70}
    listed = owner.post(
        "/segments", {"code": "koc-now", "name": NAME, "kind": "static", "definition": scored}, expect=201
    )
    assert (listed["members"], listed["profiles"]) == (1, True)
    desk("auditor").put(f"/members/{code}/profiling", {"on": False}, expect=403)
    assert owner.put(f"/members/{code}/profiling", {"on": False}) == {"on": False}
    known = owner.get(f"/members/{code}/facts")
    assert not known["profiling"] and known["scores"] == []
    assert owner.get("/segments/koc-now")["members"] == 0  # a list, but taken by a score
    assert owner.get("/audit?action=member.profiling")["items"][0]["after"] == {"profiling": False}


def test_a_coupon_goes_to_the_members_of_a_segment(shop, desk):
    filled(shop)
    owner = desk("owner")
    codes = [shop.code_of(one) for one in shop.members]
    owner.post("/segments", {"code": "few", "name": NAME, "kind": "static", "members": codes[:2]}, expect=201)
    definition = {
        "name": NAME, "state": "active", "offer": {"kind": "amount", "amount": 100},
        "validity": {"kind": "after_claim", "days": 9}, "claim": {"channels": ["issue"]},
    }  # fmt: skip
    owner.put("/coupon-definitions/ten", {"definition": definition, "create": True})
    asked: dict[str, Any] = {"segment": "few"}
    assert owner.post("/coupon-definitions/ten/issues/preview", asked)["members"] == 2
    job = owner.post(
        "/coupon-definitions/ten/issues", {"segment": asked, "key": "key-of-the-issue"}, expect=201
    )
    while coupon_flows.run_due(clock.now() + timedelta(seconds=1)):
        pass
    done = owner.get("/coupon-issues?definition=ten")[0]
    assert (done["issued"], done["state"]) == (2, "done") and job
    wrong = owner.post("/coupon-definitions/ten/issues/preview", {"segment": "nowhere"}, expect=422)
    assert wrong["errors"][0]["code"] == "unknown_segment"
    assert members.profiling_off(brand_id=shop.brand.id) == set()


def test_staff_of_one_store_are_told_of_its_members_alone(shop, desk, open_desk):
    enrol_members(shop, 12)
    owner = desk("owner")
    everybody = [shop.code_of(one) for one in shop.members]
    hers = {row["code"] for row in owner.get("/members?store=SH001&limit=100")["items"]}
    assert 0 < len(hers) < 12
    first = everybody[:8]
    for code, listed in (("all", everybody), ("first", first)):
        draft = {"code": code, "name": NAME, "kind": "static", "members": listed}
        assert owner.post("/segments", draft, expect=201)["members"] == len(listed)
    store = organisations.stores_of(brand_id=shop.brand.id, codes=["SH001"])["SH001"]
    staff.create_staff(
        organisation_id=shop.brand.organisation_id,
        by=SYSTEM,
        email="one-store@shop.example",
        name="店长",
        password=PASSWORD,
        assignments=[NewAssignment(role="operator", brand_id=shop.brand.id, store_id=store.id)],
        now=shop.now,
    )
    keeper = open_desk("one-store@shop.example", shop.brand.slug)
    both = len(hers & set(first))
    seen = {one["code"]: one for one in keeper.get("/segments")}
    assert {code: one["members"] for code, one in seen.items()} == {"all": len(hers), "first": both}
    assert all(one["own_stores"] and one["trend"] == [] for one in seen.values())
    assert keeper.get("/segments/first")["members"] == both
    assert {row["code"] for row in keeper.get("/segments/all/members")["items"]} == hers
    shared = keeper.post("/segments/overlap", {"segments": ["all", "first"]})["shared"]
    assert shared == [[len(hers), both], [both, both]]
    everyone = {"field": "history.orders", "op": "gte", "value": 0}
    found = keeper.post("/segments/preview", {"definition": everyone})
    assert (found["count"], found["of"]) == (len(hers), len(hers))
    # what is told of the whole brand, and what is done to it, is not hers
    for path in ("counts", "moves"):
        assert keeper.get(f"/segments/all/{path}", expect=403)["code"] == "store_not_allowed"
    for path, body in (
        ("all/split", {"parts": 2}),
        ("all/split", {"parts": 2, "save": True}),
        ("all/refresh", {}),
        ("all/cancel", {}),
        ("all/state", {"state": "paused"}),
        ("ready-made", {}),
    ):
        assert keeper.post(f"/segments/{path}", body, expect=403)["code"] == "store_not_allowed", path
    choices = {one["code"]: one["hint"] for one in keeper.get("/campaigns/choices")["segments"]}
    assert choices == {"all": str(len(hers)), "first": str(both)}
    whole = owner.get("/segments/all")
    assert (whole["members"], whole["own_stores"], whole["trend"]) == (12, False, [12])
    assert owner.post("/segments/overlap", {"segments": ["all", "first"]})["shared"] == [[12, 8], [8, 8]]
