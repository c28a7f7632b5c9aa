"""Lifecycle, KOC, profiles, reports and goals as their pages ask for them, from orders to PDF."""

from __future__ import annotations

import io
import zipfile
from datetime import date, timedelta
from decimal import Decimal

import pytest

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.facts.members import api as members
from regulars.flows.insight import nightly
from regulars.insight.warehouse import api as warehouse
from regulars.platform.audit import api as audit

WEEKS = 20
REPORTS = {
    "retention", "intervals", "baskets", "drift", "funnel", "traits", "reasons", "programme", "recruitment", "monthly",
}  # fmt: skip


@pytest.fixture
def bought(shop, settings, tmp_path):
    """40 members; each buys every week or every other week until, for the first ten, ten weeks ago."""
    from tests.console.world import enrol_members

    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    enrol_members(shop, 40)
    batch = []
    for n, member in enumerate(shop.members[:40]):
        for week in range(0, WEEKS, 1 + n % 2):
            if n < 10 and week < 10:
                continue  # weeks count backwards from now
            at = shop.now - timedelta(days=7 * week + n % 5)
            line = LineIn(sku="latte", amount=3000 + 100 * n, quantity=Decimal(1), category="coffee")
            order = OrderIn(number=f"{n}-{week}", lines=(line,))
            batch.append(ActivityIn("order", MemberRef(id=member), at, source="pos", order=order))
    shop.post(*sorted(batch, key=lambda one: one.occurred_at))
    warehouse.export(brand_id=shop.brand.id, now=shop.now)
    ended = nightly.run_steps(brand=shop.brand, clock=lambda: shop.now, only=["lifecycle", "reports"])
    assert [run.state for run in ended] == ["done", "done"], [run.problem for run in ended]
    return shop


def test_stages_thresholds_and_members(bought, desk):
    """The first ten have not bought for 70 days and more: slipping (more than 45, not more than 90)."""
    owner = desk("owner")
    seen = owner.get("/insight/lifecycle")
    counts = {one["stage"]: one["members"] for one in seen["stages"]}
    assert counts["slipping"] == 10 and counts["mature"] == 30
    assert seen["run"]["state"] == "done" and seen["run"]["period_to"]
    page = owner.get("/insight/lifecycle/members?stage=slipping&limit=6")
    rest = owner.get(f"/insight/lifecycle/members?stage=slipping&cursor={page['next_cursor']}")
    assert len({one["code"] for one in (*page["items"], *rest["items"])}) == 10
    moved = owner.get("/insight/lifecycle/changes?from_stage=mature&to_stage=slipping")["items"]
    assert {one["to_name"] for one in moved} == {"Slipping"}
    rules = owner.get("/insight/lifecycle/rules")
    assert rules["versions"][0]["version"] == 0 and rules["suggested"]["dormant_days"] >= 4
    draft = {**rules["versions"][0]["rules"], "slipping_days": 30, "dormant_days": 60}
    preview = owner.post("/insight/lifecycle/preview", draft)
    assert preview["moved"] == 10 and preview["moves"][-1]["to_stage"] == "dormant"
    weights = {"frequency": 40, "influence": 30, "quality": 30}
    saved = owner.put("/insight/lifecycle/rules", {"rules": draft, "weights": weights})
    assert [one["version"] for one in saved["versions"]] == [1]
    wrong = owner.put(
        "/insight/lifecycle/rules", {"rules": {**draft, "lost_days": 5}, "weights": weights}, expect=422
    )
    assert wrong["errors"][0]["field"] == "lost_days"
    assert desk("clerk").get("/insight/lifecycle", expect=403)["data"] == {"permission": "insight.read"}
    assert owner.get("/insight/koc")["run"]["state"] == "lacking"
    assert owner.get("/insight/koc/members")["items"] == []


def test_a_member_in_plain_words_and_not_once_she_said_no(bought, desk):
    owner, member = desk("owner"), bought.members[12]
    code = bought.code_of(member)
    seen = owner.get(f"/members/{code}/insight-profile")
    assert seen["allowed"]
    said = {one["key"]: one["sentences"] for one in seen["sections"]}
    assert any("Mature since" in sentence for sentence in said["stage"])
    assert seen["stages"][-1]["from_stage"] == ""
    members.set_profiling(scope=bought.scope, member_id=member, on=False, now=bought.now)
    seen = owner.get(f"/members/{code}/insight-profile")
    assert seen["allowed"] is False and seen["sections"] == [] and seen["stages"] == []


def test_every_report_on_the_page_on_paper_and_as_a_workbook(bought, desk):
    owner = desk("owner")
    listed = {one["name"]: one for one in owner.get("/insight/reports")}
    assert set(listed) == REPORTS
    assert {name for name, one in listed.items() if one["run"]["state"] == "failed"} == set()
    for name in ("retention", "intervals", "baskets", "programme", "recruitment", "monthly", "funnel"):
        report = owner.get(f"/insight/reports/{name}")
        assert report["lack"] == "" and report["tables"], name
        assert report["as_of"] and report["first"] <= report["last"]
        paper = owner.client.get(
            f"/api/console/insight/reports/{name}/file?format=pdf", headers={"X-Regulars-Brand": owner.brand}
        )
        assert paper.status_code == 200 and paper.content.startswith(b"%PDF-")
    book = owner.client.get(
        "/api/console/insight/reports/monthly/file?format=xlsx", headers={"X-Regulars-Brand": owner.brand}
    )
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        assert sum("worksheets/sheet" in name for name in parts.namelist()) >= 4
    assert "filename*=UTF-8''" in book.headers["Content-Disposition"]
    assert listed["baskets"]["message"]
    told = {name for name, one in listed.items() if one["message"]}
    assert {"drift", "baskets", "monthly"} <= told
    for name in told:  # in the same words as on its own page, a category by its name
        assert listed[name]["message"] == owner.get(f"/insight/reports/{name}")["tables"][0]["message"], name
    assert not any("{" in one["message"] for one in listed.values())


def test_another_period_is_made_at_once(bought, desk):
    owner, today = desk("owner"), bought.today
    first = (today - timedelta(days=60)).isoformat()
    report = owner.get(f"/insight/reports/intervals?first={first}")
    assert report["first"] == first
    # what is told by month is of whole months, and says so: a part of one would stand beside a whole month's costs
    for name in ("baskets", "programme", "recruitment"):
        begun, ends = date(today.year - 1, today.month, 14), date(today.year - 1, today.month, 20)
        found = owner.get(f"/insight/reports/{name}?first={begun}&last={ends}")
        assert found["first"] == f"{begun:%Y-%m}-01"
        assert date.fromisoformat(found["last"]) + timedelta(days=1) == (begun + timedelta(days=31)).replace(
            day=1
        )
        assert owner.get(f"/insight/reports/{name}?first={today}")["last"] == today.isoformat()
    month = owner.get("/insight/reports/months")[1]
    assert owner.get(f"/insight/reports/monthly?first={month}")["first"] == month
    assert owner.get("/insight/reports/nothing", expect=404)["code"] == "not_found"
    wrong = owner.get(f"/insight/reports/funnel?first={today}&last={first}", expect=422)
    assert wrong["errors"][0]["field"] == "last"


def test_what_is_entered_is_reckoned_with_and_audited(bought, desk):
    owner = desk("owner")
    month = owner.get("/insight/reports/months")[0]
    entered = owner.put(
        "/insight/entered/figure", {"kind": "total_sales", "month": month, "amount": 10_000_000}
    )
    assert entered["figures"][0]["amount"] == 10_000_000
    owner.put(
        "/insight/entered/assumptions", {"margin_permille": 400, "extra_permille": 100, "point_cost": 50}
    )
    report = owner.get(f"/insight/reports/programme?first={month}")
    (table,) = report["tables"]
    row = dict(zip([c["key"] for c in table["columns"]], table["rows"][-1], strict=True))
    assert row["member_share"] == pytest.approx(row["sales"] / 10_000_000)
    # halves up: sales · 0.4 · 0.1
    assert row["extra_margin"] == (row["sales"] * 40_000 * 2 + 1_000_000) // 2_000_000
    wrong = owner.put(
        "/insight/entered/figure", {"kind": "recruitment", "month": month, "amount": 1}, expect=422
    )
    assert wrong["errors"][0]["field"] == "channel"
    assert (
        owner.put("/insight/entered/figure", {"kind": "total_sales", "month": month, "amount": None})[
            "figures"
        ]
        == []
    )
    kept = audit.list_entries(
        organisation_id=bought.brand.organisation_id, action="reports.figure_entered"
    ).items
    assert [(one.before, one.after) for one in kept] == [
        ({"amount": 10_000_000}, {"amount": None}),
        ({"amount": None}, {"amount": 10_000_000}),
    ]


def test_goals(bought, desk):
    """20 days that began ten days ago: half of it passed (and today); orders go on at their mean day."""
    owner, today = desk("owner"), bought.today
    first, last = today - timedelta(days=9), today + timedelta(days=10)
    given = {"name": "Orders", "metric": "orders", "target": 40, "first": str(first), "last": str(last)}
    made = owner.post("/insight/goals", given, expect=201)
    (goal,) = owner.get("/insight/goals")
    assert goal["id"] == made["id"] and goal["elapsed"] == 0.5
    assert goal["forecast"] == 2 * goal["current"]
    assert goal["on_track"] is (goal["forecast"] >= 40)
    wrong = owner.post("/insight/goals", {**given, "target": 0, "last": str(date(2000, 1, 1))}, expect=422)
    assert {one["field"] for one in wrong["errors"]} == {"target", "last"}
    assert owner.post(f"/insight/goals/{made['id']}/close")["closed"]
    assert owner.get("/insight/goals") == []
    assert len(owner.get("/insight/goals?closed=true")) == 1
    assert desk("auditor").post("/insight/goals", given, expect=403)["code"] == "forbidden"
