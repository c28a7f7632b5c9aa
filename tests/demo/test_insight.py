"""What the demo's pages of insight show after its night: no chart and no list of them is empty."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import copy_of_template, drop_copy, using_database
from tests.console.conftest import Desk
from tests.demo.baskets import NOW, rows

from regulars.flows.demo import api as demo
from regulars.flows.demo import care, journeys, mall, missions, plans, prepaid, reviews, sends, till, webhooks
from regulars.flows.insight import nightly
from regulars.platform.organisations import api as organisations

pytestmark = pytest.mark.django_db
HOUSEHOLDS = 320
_ELSEWHERE = (care, journeys, mall, missions, plans, prepaid, sends, till)  # they have tests of their own


def _night(*, brand_id: UUID, clock: Any) -> None:
    ended = nightly.run_steps(brand=organisations.get_brand(brand_id=brand_id), clock=clock)
    assert {run.state for run in ended} == {"done"}, [(run.kind, run.problem) for run in ended]


@pytest.fixture(scope="module")
def learnt(
    django_db_setup: None, django_db_blocker: Any, postgres: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[demo.Filled]:
    from django.conf import settings

    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setattr(settings, "FILES_DIRECTORY", tmp_path_factory.mktemp("files"))
        patched.setattr(settings, "WAREHOUSE_DIRECTORY", tmp_path_factory.mktemp("warehouse"))
        patched.setattr(demo.insight, "run_apart", _night)
        for room in _ELSEWHERE:
            patched.setattr(room, "fill", lambda *given, **more: None)
        for name in ("begin", "end"):
            patched.setattr(webhooks, name, lambda *given, **more: None)
        patched.setattr(journeys, "go_on", lambda *given, **more: None)
        name = copy_of_template(postgres, "learnt")
        with using_database(name):
            yield demo.fill(clock=lambda: NOW, limit=HOUSEHOLDS, writers=1, learn=True)
        drop_copy(postgres, name)


@pytest.fixture
def desk(learnt: demo.Filled, monkeypatch: pytest.MonkeyPatch) -> Desk:
    from django.test import Client

    from regulars.kit import clock

    monkeypatch.setattr(clock, "now", lambda: NOW)
    desk = Desk(Client(enforce_csrf_checks=True), demo.SLUG, "zh-CN")
    desk.get("/session")
    desk.post("/session", {"email": "owner@demo.example", "password": demo.PASSWORD})
    return desk


def _empty(found: Any, at: str = "") -> list[str]:
    """Where in an answer there is a list or an object with nothing in it, or nothing but nought."""
    if isinstance(found, dict | list):
        if not found or (len(found) > 2 and all(one == 0 for one in _values(found))):
            return [at]
        inner = found.items() if isinstance(found, dict) else enumerate(found)
        return [one for name, value in inner for one in _empty(value, f"{at}.{name}")]
    return []


def _values(found: Any) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else found


PAGES = (
    "rfm", "tiers", "value", "churn", "recommend", "voice", "lifecycle", "koc", "reports", "entered", "goals",
    "freshness",
)  # fmt: skip
# what is rightly empty: products that are not sold or shown to some only are settings, and no endpoint is set
_SETTINGS = {"recommend": {".shop.not_sold", ".shop.gates"}, "voice": {".endpoint_failures"}}


def test_no_chart_of_a_page_is_empty_and_each_says_its_period(desk: Desk) -> None:
    for page in PAGES:
        found = desk.get(f"/insight/{page}")
        assert set(_empty(found)) <= _SETTINGS.get(page, set()), page
        said = found.get("run", found) if isinstance(found, dict) else {}
        if "period_from" in said:
            assert said["period_from"] < said["period_to"] and said["as_of"], page


def test_no_table_of_a_report_is_empty_and_each_says_its_period(desk: Desk) -> None:
    names = [one["name"] for one in desk.get("/insight/reports")]
    assert len(names) == 10
    for name in names:
        found = desk.get(f"/insight/reports/{name}")
        assert found["tables"] and found["lack"] in (None, ""), name
        assert [one["name"] for one in found["tables"] if not one["rows"]] == [], name
        assert found["first"] <= found["last"] and found["as_of"], name


def test_categories_are_said_by_name_in_the_readers_language(desk: Desk) -> None:
    """Beef is among the eight categories that households spend most on; all that were sold have a name."""
    page = desk.get("/categories")
    assert page["unnamed"] == 0 and page["items"][0]["lines"] > page["items"][1]["lines"] > 0

    def shares() -> list[str]:
        tables = {one["key"]: one for one in desk.get("/insight/reports/drift")["tables"]}
        return [one["name"] for one in tables["shares"]["columns"][1:-1]]

    zh = shares()
    desk.language = "en"
    en = shares()
    assert dict(zip(en, zh, strict=True))["Beef"] == "牛肉"
    assert [one for one in en if one.isupper()] == []
    names = desk.get("/categories/names")["names"]
    due = [one["category"] for one in desk.get("/insight/churn")["due"]["categories"]]
    assert due and {names[code].isupper() for code in due} == {False}
    fans = [one["label"] for one in desk.get("/segments") if one["code"].startswith("category-fans")]
    assert len(fans) == 3 and [one for one in fans if one.removeprefix("Fans of ").isupper()] == []


def test_lists_of_members_and_products_have_somebody(desk: Desk) -> None:
    stages = [one["stage"] for one in desk.get("/insight/lifecycle")["stages"] if one["members"]]
    assert len(stages) >= 6
    for path in (
        "koc/members?least=60",
        "value/members",
        "churn/members",
        "rfm/members?r=5&f=5&m=5",
        "recommend/products?q=a",
        *(f"lifecycle/members?stage={stage}" for stage in stages),
        "lifecycle/changes",
        "voice/alerts",
        "voice/texts",
        "voice/texts?labelled=true",
    ):
        found = desk.get(f"/insight/{path}")
        assert found["items"] if isinstance(found, dict) else found, path
    assert "delivery" in {one["topic"] for one in desk.get("/insight/voice/alerts")}


def test_who_writes_shops_and_is_followed_comes_first_by_the_score_everybody_has(
    desk: Desk, learnt: demo.Filled
) -> None:
    """What the score says of them is what they did: notes on evenings of days on which they shopped."""
    best = desk.get("/insight/koc/members?least=60")["items"]
    assert len(best) >= 10
    assert all(one["inputs"]["reviews"] >= 4 for one in best[:5])
    assert rows("SELECT members > 0 FROM segment WHERE code = 'koc-candidates'") == [(True,)]
    found = rows(
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM activity o "
        "   WHERE o.member_id = a.member_id AND o.type = 'order' AND o.source = 'complete-journey' "
        "     AND (o.occurred_at AT TIME ZONE 'Asia/Shanghai')::date "
        "         = (a.occurred_at AT TIME ZONE 'Asia/Shanghai')::date)), max(a.occurred_at) <= %s "
        "  FROM activity a WHERE a.type = 'review' AND a.source = 'demo' AND a.body->'data'->>'text' = ANY(%s)",
        NOW,
        json.loads(Path(reviews.__file__).with_name("reviews.json").read_text())["notes"],
    )
    assert found[0][0] > 50 and found[0][0] == found[0][1] and found[0][2]


def test_labels_are_those_that_came_with_the_texts(desk: Desk) -> None:
    agreement = desk.get("/insight/voice")["agreement"]
    assert agreement["labelled"] >= 30
    assert {label for label, _, _ in agreement["rows"]} == {"good", "bad"}
    assert agreement["right"] > agreement["labelled"] / 2
