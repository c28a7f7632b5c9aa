"""Inviting friends on the phone, from the link to the list; a promoter's commission."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.browser.test_portal import PHONE, brand, fits, opened, shopper, sign_in

if TYPE_CHECKING:
    from tests.portal.world import Brand

__all__ = ["brand", "opened", "shopper"]
pytestmark = pytest.mark.browser
SETTINGS: dict[str, Any] = {
    "enabled": True,
    "rewards": {
        "recruiter": [{"kind": "points", "unit": "points", "amount": 200}],
        "friend": [{"kind": "points", "unit": "points", "amount": 100}],
    },
    "least_amount": 5000,
    "title": {"zh": "带朋友来，一起得积分", "en": "Bring a friend, both of you gain"},
    "invitation": {
        "zh": "这家店我常来，邀请你也来当会员。",
        "en": "I come here all the time. Come and join me.",
    },
    "commission": {
        "enabled": True,
        "friend_days": 30,
        "levels": [{"code": "gold", "name": {"zh": "金牌", "en": "Gold"}, "percent": "5"}],
    },
}


def programme(made: Brand) -> UUID:
    """A referral programme; the shopper is a promoter with two friends, one of them on a device used before."""
    from regulars.engage.referrals import api as referrals
    from regulars.facts.members import api as members
    from regulars.facts.members.types import ById, Enrolment, IdentityIn
    from regulars.flows import enrol
    from regulars.flows.referrals import api as flow
    from regulars.flows.referrals.types import Came
    from regulars.platform.organisations import api as organisations

    now = datetime.now(UTC)
    scope = made.scope
    flow.put_settings(scope=scope, definition=SETTINGS, now=now - timedelta(days=60))
    whole = organisations.get_brand(brand_id=scope.brand_id)
    (found,) = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", PHONE))],
    )
    assert isinstance(found, UUID)
    link = referrals.get_link(brand=whole, member_id=found, kind="join", content="", now=now)
    device = flow.device_of(brand=whole, text="one phone")
    rows = [
        Enrolment(identities=(IdentityIn("phone", phone),), name=name, recruiter=link.code)
        for phone, name in (("13900139001", "周小红"), ("13900139002", "吴大明"))
    ]
    enrol.enrol(scope=scope, rows=rows, now=now - timedelta(days=3), came=[Came((device,))] * 2)
    referrals.put_promoter(
        scope=scope, member_id=found, level="gold", state="active", tax_note="", now=now - timedelta(days=90)
    )
    referrals.adjust_commission(
        scope=scope, member_id=found, amount=8_800, note="spring", now=now - timedelta(days=40)
    )
    month = (now - timedelta(days=40)).astimezone(ZoneInfo(whole.timezone)).strftime("%Y-%m")
    referrals.draft_statements(scope=scope, brand=whole, month=month, now=now)
    return found


WORDS = {
    "zh-CN": {"invites": "邀请你", "friends": "我邀请的好友", "used": "已有别的账号", "join": "入会"},
    "en": {
        "invites": "invites you",
        "friends": "Friends you brought",
        "used": "Other accounts",
        "join": "Join",
    },
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_she_invites_and_sees_her_friends(shopper, opened, shoot, language):
    words = WORDS[language]
    programme(shopper)
    with opened(shopper, language=language) as page:
        sign_in(page, shopper)
        page.goto(page.url.rsplit("/", 1)[0] + "/me/invite")
        page.get_by_test_id("code").wait_for()
        code = page.get_by_test_id("code").inner_text()
        assert re.fullmatch("[2-9A-HJ-NP-Z]{8}", code)
        page.get_by_text(words["friends"]).wait_for()
        page.get_by_text(words["used"]).first.wait_for()
        assert "周小红" not in page.content(), "a friend's name is masked"
        fits(page)
        shoot(page, f"portal-invite-{language}")
        page.locator(".acts button").nth(1).click()
        picture = page.get_by_test_id("poster")
        picture.wait_for()
        assert picture.get_attribute("src").startswith("data:image/png")
        page.wait_for_timeout(400)
        shoot(page, f"portal-poster-{language}", full=False)
        page.goto(page.url.rsplit("/", 1)[0] + "/commission")
        page.locator(".big").wait_for()
        assert "88" in page.locator(".big").inner_text()
        fits(page)
        shoot(page, f"portal-commission-{language}")
    with opened(shopper, language=language, path=f"join?r={code}") as page:
        page.get_by_test_id("invited").wait_for()
        assert words["invites"] in page.get_by_test_id("invited").inner_text()
        shoot(page, f"portal-invited-{language}")


def test_a_friend_joins_by_the_link(shopper, opened):
    """She opens the link, proves her phone, joins: the recruiter is on her card, on whatever page she came in."""
    from regulars.engage.referrals import api as referrals
    from regulars.platform.organisations import api as organisations

    herself = programme(shopper)
    whole = organisations.get_brand(brand_id=shopper.scope.brand_id)
    link = referrals.get_link(
        brand=whole, member_id=herself, kind="page", content="benefits", now=datetime.now(UTC)
    )
    with opened(shopper, language="en", path=f"benefits?r={link.code}") as page:
        page.locator("#address").fill("13900139009")
        page.locator("form button[type=submit]").click()
        page.locator("#code").wait_for()
        page.locator("#code").fill(shopper.last_code())
        page.locator("input[name=consent]").wait_for()
        page.locator("form input:not([type=checkbox])").first.fill("Dora")
        page.locator("input[name=consent]").check()
        page.get_by_role("button", name="Join").last.click()
        page.wait_for_url(re.compile(r"/h/[^/]+/benefits(\?|$)"))
    rows = referrals.list_referrals(brand_id=whole.id, recruiter_id=herself).items
    assert (rows[0].state, rows[0].share_id) == ("joined", link.id)
    [row] = [one for one in referrals.share_report(
        brand=whole, since=datetime.now(UTC) - timedelta(days=1), until=datetime.now(UTC) + timedelta(hours=1)
    ) if one.kind == "page"]  # fmt: skip
    assert (row.visits, row.joins) == (1, 1)
