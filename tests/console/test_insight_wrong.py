"""What is wrong in what an insight page sends is said of its field, in both languages, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.console.world import PASSWORD, SYSTEM, enrol_members

from regulars.insight.reports.models import EnteredFigure, Goal
from regulars.kit import paging
from regulars.kit.ids import new_id
from regulars.platform.organisations import api as organisations
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import NewAssignment

LISTS = {
    "/insight/rfm/members?": 1,
    "/insight/lifecycle/members?stage=new&": 1,
    "/insight/lifecycle/changes?": 3,
    "/insight/koc/members?": 2,
    "/insight/value/members?": 2,
    "/insight/churn/members?": 2,
    "/insight/voice/texts?": 2,
    "/segments/all/members?": 1,
    "/segments/all/moves?": 1,
}


def refused(desk: Any, method: str, path: str, body: Any, field: str) -> None:
    """Refused in the caller's language, naming the field."""
    said = set()
    for language in ("en", "zh-CN"):
        problem = desk.ask(method, path, body, expect=422, **{"Accept-Language": language})
        [error] = problem["errors"]
        assert error["field"] == field, (path, error)
        said.add(error["message"])
    assert len(said) == 2, said


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_that_is_none_is_refused(shop, desk, path):
    owner = desk("owner")
    owner.post("/segments", {"code": "all", "name": {"en": "All"}, "kind": "static"}, expect=201)
    for part in ("x", "NaN", None):
        forged = paging.encode([part] * LISTS[path])
        refused(owner, "GET", f"{path}cursor={forged}", None, "cursor")
    refused(owner, "GET", f"{path}cursor=%25", None, "cursor")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"first": "0001-01-01", "last": "0001-12-31"}, "first"),
        ({"first": "9999-01-01", "last": "9999-12-31"}, "first"),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "last"),
        ({"name": " "}, "name"),
        ({"target": 0}, "target"),
        ({"metric": "repurchase", "target": 1001}, "target"),
    ],
)
def test_a_goal_that_is_none(shop, desk, change, field):
    owner = desk("owner")
    good = {
        "name": "Spring", "metric": "orders", "target": 10, "first": "2026-03-01", "last": "2026-03-31"
    }  # fmt: skip
    refused(owner, "POST", "/insight/goals", good | change, field)
    assert not Goal.objects.exists()
    owner.post("/insight/goals", good, expect=201)
    assert len(owner.get("/insight/goals")) == 1
    desk("clerk").post("/insight/goals", good, expect=403)
    desk("auditor").post("/insight/goals", good, expect=403)


def test_a_month_a_period_and_a_day_that_are_none(shop, desk):
    enrol_members(shop, 1)
    owner = desk("owner")
    figure = {"kind": "total_sales", "month": "0001-01-01", "amount": 5}
    refused(owner, "PUT", "/insight/entered/figure", figure, "month")
    refused(owner, "PUT", "/insight/entered/figure", {**figure, "month": "2026-01-02"}, "month")
    assert not EnteredFigure.objects.exists()
    report = "/insight/reports/retention"
    refused(owner, "GET", f"{report}?first=0001-01-01&last=0002-01-01", None, "first")
    refused(owner, "GET", f"{report}?first=2026-02-02&last=2026-02-01", None, "last")
    refused(owner, "GET", "/insight/reports/monthly?first=0001-01-01", None, "first")
    refused(owner, "GET", "/insight/tiers?scheme=nowhere", None, "scheme")
    refused(owner, "GET", "/insight/tiers?from=2026-02-02&to=2026-02-01", None, "to")
    code = shop.code_of(shop.members[0])
    refused(owner, "GET", f"/members/{code}/as-of?at=2999-01-01T00:00:00Z", None, "at")
    long_ago = owner.get(f"/members/{code}/as-of?at=0001-01-01T00:00:00Z&known_at=0001-01-01T00:00:00Z")
    assert all(one["available"] == 0 for one in long_ago["balances"])


def test_somebody_of_one_store_is_shown_no_list_of_everybody(shop, desk, open_desk):
    enrol_members(shop, 1)
    owner = desk("owner")
    owner.post("/segments", {"code": "all", "name": {"en": "All"}, "kind": "static"}, expect=201)
    code = shop.code_of(shop.members[0])
    store = organisations.stores_of(brand_id=shop.brand.id, codes=["SH001"])["SH001"]
    staff.create_staff(
        organisation_id=shop.brand.organisation_id,
        by=SYSTEM,
        email="keeper@shop.example",
        name="店长",
        password=PASSWORD,
        assignments=[NewAssignment(role="auditor", brand_id=shop.brand.id, store_id=store.id)],
        now=shop.now,
    )
    keeper = open_desk("keeper@shop.example", shop.brand.slug)
    lists = [path for path in LISTS if path != "/segments/all/members?"]
    for path in (*lists, f"/insight/voice/texts/{code}/{new_id()}/alike"):
        assert keeper.get(path, expect=403)["code"] == "store_not_allowed", path
        assert desk("auditor").get(path, expect=404 if "alike" in path else 200)
    assert keeper.get("/segments/all/members")["items"] == []
    assert keeper.get("/insight/value")["state"] == "none"


def test_a_brand_without_data_is_told_so(shop, desk, settings, tmp_path):
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    owner = desk("owner")
    owner.post("/segments", {"code": "all", "name": {"en": "All"}, "kind": "static"}, expect=201)
    for page in ("rfm", "value", "churn", "recommend", "voice"):
        assert owner.get(f"/insight/{page}")["state"] == "none", page
    assert owner.get("/insight/lifecycle")["run"]["state"] == "none"
    assert owner.get("/insight/koc")["bands"] == []
    assert {one["run"]["state"] for one in owner.get("/insight/reports")} == {"none"}
    assert owner.get("/insight/reports/months") == owner.get("/insight/goals") == []
    for path in ("retention", "monthly", "monthly/file", "programme", "recruitment"):
        assert owner.get(f"/insight/reports/{path}", expect=409)["code"] == "no_warehouse", path
    assert owner.get("/insight/reports/nothing", expect=404)["code"] == "not_found"
    assert owner.get("/insight/tiers")["lines"] == [] and owner.get("/insight/entered")["figures"] == []
    assert {one["state"] for one in owner.get("/insight/freshness")["steps"]} == {"none"}
    assert owner.get("/segments/all/profile")["lack"]
    assert owner.get("/segments/all/members")["items"] == owner.get("/segments/all/counts")[1:] == []
    assert (
        owner.post("/segments/preview", {"definition": {"field": "fact.orders_30", "op": "gte", "value": 1}})[
            "of"
        ]
        == 0
    )
    assert owner.post("/segments/all/look-alike", {"code": "x", "name": {"en": "X"}, "size": 5}, expect=409)
    assert [one["code"] for one in owner.get("/segments")] == ["all"]
    assert len(owner.post("/segments/ready-made")) == 6
