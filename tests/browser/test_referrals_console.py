"""Referrals as the operator keeps them: how it goes, a refused friend let through, the tree, commission, settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, fits, opened, settle, shop, speaks
from tests.browser.test_referrals import SETTINGS

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def brought(shop: Shop) -> None:
    """Member 0 brought two on one device; she is a promoter whose last month waits for a second person."""
    from regulars.engage.referrals import api as referrals
    from regulars.facts.members.types import Enrolment, IdentityIn
    from regulars.flows import enrol
    from regulars.flows.referrals import api as flow
    from regulars.flows.referrals.types import Came
    from regulars.kit.ids import new_id
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import Actor

    now, scope = shop.now, shop.scope
    flow.put_settings(scope=scope, definition=SETTINGS, now=now - timedelta(days=60))
    brand = organisations.get_brand(brand_id=scope.brand_id)
    first = shop.members[0]
    link = referrals.get_link(brand=brand, member_id=first, kind="join", content="", now=now)
    device = flow.device_of(brand=brand, text="one phone")
    rows = [
        Enrolment(identities=(IdentityIn("phone", phone),), name=name, recruiter=link.code)
        for phone, name in (("13900139001", "周小红"), ("13900139002", "吴大明"))
    ]
    enrol.enrol(scope=scope, rows=rows, now=now - timedelta(days=3), came=[Came((device,))] * 2)
    referrals.put_promoter(
        scope=scope,
        member_id=first,
        level="gold",
        state="active",
        tax_note="note",
        now=now - timedelta(days=90),
    )
    before = now.replace(day=1) - timedelta(days=5)
    referrals.adjust_commission(scope=scope, member_id=first, amount=8_800, note="spring", now=before)
    second = replace(scope, actor=Actor("staff", new_id(), "second"))
    referrals.draft_statements(scope=second, brand=brand, month=before.strftime("%Y-%m"), now=now)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_tab_says_what_it_is(shop: Shop, opened: Any, shoot: Any, language: str) -> None:
    brought(shop)
    with opened(shop, "owner", "referrals", language=language) as page:
        for tab in ("overview", "friends", "attempts", "tree", "shares", "commission", "settings"):
            page.locator(f"#tab-{tab}").click()
            settle(page)
            fits(page)
            speaks(page, "zh" if language == "zh-CN" else "en")
            shoot(page, f"referrals-{tab}-{language}")


def test_a_refused_friend_is_let_through_and_a_statement_confirmed(shop: Shop, opened: Any) -> None:
    brought(shop)
    with opened(shop, "owner", "referrals?tab=friends") as page:
        row = page.locator("tr", has_text="Other accounts have joined on this device")
        row.get_by_role("button", name="Let it count").click()
        page.locator(".el-message-box__input input").fill("sisters")
        page.get_by_role("button", name="Let it count").last.click()
        page.get_by_text("sisters").wait_for()
        page.locator("#tab-commission").click()
        page.get_by_role("button", name="Confirm").first.click()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.get_by_role("button", name="Note payment").wait_for()
