"""The story over HTTP: bought, reckoned, asked for by key, shown in the portal, taken out of stock."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from tests.rest.conftest import Clock
from tests.rest.conftest import noon as noon
from tests.rest.conftest import shop as rest_shop

from regulars.flows.insight import nightly
from regulars.insight.warehouse import api as warehouse
from regulars.kit import clock
from regulars.platform.organisations import api as organisations

shop = rest_shop


def run(shop: Any, *steps: str) -> None:
    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    warehouse.export(brand_id=brand.id, now=clock.now())
    nightly.run_steps(brand=brand, clock=clock.now, only=steps)


@pytest.fixture
def bought(shop: Any, place: Any, noon: Clock) -> list[str]:
    """52 members buy tea every week for twenty weeks, and a thing of nine now and then."""
    ids = [shop.enrol(phone=f"1380013{n:04d}") for n in range(52)]
    random = Random(1)
    batch = []
    for n, member in enumerate(ids):
        for week in range(20):
            lines = [{"sku": "tea", "name": "龙井", "amount": 9900, "category": "茶"}]
            if random.random() < 0.4:
                other = random.randrange(9)
                lines.append({"sku": f"s{other}", "name": f"点心{other}", "amount": 500, "category": "点心"})
            at = noon.at - timedelta(days=7 * (20 - week) - n % 7)
            order = {"number": f"{n}-{week}", "lines": lines}
            batch.append(
                {
                    "type": "order",
                    "member": {"id": member},
                    "occurred_at": at.isoformat(),
                    "source": "pos",
                    "order": order,
                }
            )
    answer = shop.call.post("/activities/batch", {"activities": batch})
    assert all("receipt" in item for item in answer["items"])
    return ids


def test_recommended_by_key_until_it_is_not_sold(shop: Any, bought: list[str]) -> None:
    run(shop, "recommend")
    found = shop.call.get(f"/members/{bought[0]}/recommendations")
    first = found["buy_again"][0]
    assert (first["product"]["sku"], first["product"]["name"], first["times"]) == ("tea", "龙井", 20)
    assert 0.5 < first["probability"] <= 1
    shop.call("PUT", "/recommendations/shop", {"not_sold": ["tea"]}).ok()
    after = shop.call.get(f"/members/{bought[0]}/recommendations")
    assert "tea" not in [one["product"]["sku"] for one in after["buy_again"]]
    problem = shop.call.refused("PUT", "/recommendations/shop", {"gates": [{"tiers": []}]})
    assert [error["field"] for error in problem["errors"]] == ["gates.0", "gates.0.tiers"]
    assert shop.call.get("/recommendations/shop")["not_sold"] == ["tea"]
    assert shop.foreign.get("/recommendations/shop")["not_sold"] == []


def test_texts_are_read_and_listed_by_key(shop: Any, place: Any, noon: Clock) -> None:
    member = shop.enrol()
    fields = [{"key": "text", "type": "text", "label": {"zh": "内容", "en": "Text"}}]
    kind = {"name": {"zh": "评价", "en": "Review"}, "fields": fields}
    shop.call("PUT", "/activity-types/review", kind).ok()
    for n, text in enumerate(("很好吃，下次还会再买", "发货慢，客服态度恶劣")):
        at = noon.at - timedelta(days=2 - n)
        review = {
            "type": "review",
            "member": {"id": member},
            "occurred_at": at.isoformat(),
            "source": "app",
            "key": f"r{n}",
        }
        shop.call.post("/activities", {**review, "data": {"text": text}})
    run(shop, "language")
    items = shop.call.get(f"/members/{member}/texts")["items"]
    assert [item["mood"] for item in items] == ["bad", "good"]
    assert {"slow_delivery", "rude_service"} <= set(items[0]["needs"])
    assert len(shop.call.get("/voice/texts?need=slow_delivery")["items"]) == 1
    assert shop.foreign.get("/voice/texts")["items"] == []
    assert shop.call.post("/voice/read", {"text": "fresh and delicious"})["mood"] == "good"
    weeks = shop.call.get("/voice/weeks")["items"]
    assert sum(week["bad"] for week in weeks if week["topic"] == "") == 1
