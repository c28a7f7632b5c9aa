"""Insight pages after a night's work on what members bought: each says as of when its figures are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, fits, opened, settle, shop, speaks

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]
STEPS = ("tiers", "rfm", "lifetime", "churn", "recommend", "language", "lifecycle", "reports")
SAYS_SO = ("value", "churn", "recommend", "voice", "lifecycle", "koc", "reports/retention", "reports/monthly")
OTHERS = ("rfm", "tiers", "freshness", "reports")


@pytest.fixture
def known(shop: Shop, settings: Any, tmp_path: Any) -> Shop:
    from regulars.flows.insight import nightly
    from regulars.insight.warehouse import api as warehouse
    from regulars.kit import clock

    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    warehouse.export(brand_id=shop.brand.id, now=clock.now())
    ended = nightly.run_steps(brand=shop.brand, clock=clock.now, only=list(STEPS))
    assert {run.state for run in ended} <= {"done", "lacking"}, [run.problem for run in ended]
    return shop


def test_each_page_says_its_period_and_freshness(known: Shop, opened: Any, shoot: Any) -> None:
    for language, size, said in (("zh-CN", "1440", "数据截至"), ("en", "1024", "Data as of")):
        with opened(known, "owner", "insight/rfm", language=language, size=size) as page:
            for path in (*SAYS_SO, *OTHERS):
                page.goto(f"{page.shop_url}insight/{path}")
                page.locator("main h1").first.wait_for()
                settle(page)
                assert page.locator("[role=alert]").count() == 0, path
                if path in SAYS_SO:
                    assert said in page.locator("main [role=status]").first.inner_text(), path
                fits(page)
                speaks(page, language)
                shoot(page, f"insight-{path.replace('/', '-')}-{language}-{size}")
