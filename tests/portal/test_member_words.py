"""What members read is meant for members: titles that say what happened, coupons without what concerns the brand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from regulars.engage.missions.api import draws
from regulars.flows import value
from regulars.flows.coupons import api as coupons
from regulars.flows.missions import api as missions
from regulars.flows.prepaid import api as prepaid_flow
from regulars.kit.text import Text
from regulars.programme.pricing.api import goods_word
from regulars.programme.versions import api as versions
from regulars.value.benefits import api as benefits
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Budget
from regulars.value.prepaid import api as prepaid

if TYPE_CHECKING:
    from tests.portal.world import Brand, Browser


def test_the_history_says_what_value_was_used_for(brand: Brand, signed_in: Callable[..., Browser]) -> None:
    now = datetime.now(UTC)
    member, friend = brand.enrol(), brand.enrol("13900139000")
    brand.order(member, "N1", 50_000, at=now - timedelta(days=40))
    brand.burn(member, "one", 10, now - timedelta(days=3))
    prepaid.put_definition(
        scope=brand.scope,
        kind="settings",
        key="settings",
        state="active",
        definition={"transfer": {"enabled": True, "units": ["points"]}},
        now=now,
    )
    prepaid.put_definition(
        scope=brand.scope,
        kind="package",
        key="ten",
        state="active",
        definition={"name": {"zh": "十次卡", "en": "Ten"}, "sessions": 10, "price": 30_000},
        now=now,
    )
    made = prepaid_flow.buy_package(
        scope=brand.scope, member_id=member, package="ten", method="cash", key="buy", now=now
    )
    prepaid_flow.use_package(
        scope=brand.scope, member_id=member, package_id=made.id, key="use", now=now, store_code="S1"
    )
    prepaid_flow.transfer(
        scope=brand.scope,
        member_id=member,
        to=friend,
        unit="points",
        amount=20,
        message="",
        key="gift",
        now=now,
    )
    value.adjust(
        scope=brand.scope,
        member_id=member,
        unit="points",
        amount=5,
        reason="goodwill",
        comment="late",
        key="good",
        now=now,
    )
    titles = {line["title"] for line in signed_in().get("history")["items"]}
    assert {"points used", "Package bought", "Package session used", "Given to another member"} <= titles
    assert {line["title"] for line in signed_in("13900139000").get("history")["items"]} >= {
        "From another member"
    }


def test_points_for_a_draw_are_told_in_the_reader_s_language(
    brand: Brand, signed_in: Callable[..., Browser]
) -> None:
    now = datetime.now(UTC)
    member = brand.enrol()
    brand.order(member, "N1", 50_000, at=now - timedelta(days=40))
    wheel = {
        "key": "wheel",
        "name": {"zh": "周周抽", "en": "Weekly wheel"},
        "prizes": [{"key": "none", "name": {"zh": "谢谢参与", "en": "Not this time"}, "odds": "1"}],
        "price": 10,
        "unit": "points",
    }
    missions.put_draw(scope=brand.scope, data=wheel, now=now)
    draws.set_state(scope=brand.scope, key="wheel", state="active", now=now)
    missions.play(scope=brand.scope, member_id=member, draw="wheel", key="a", pay=True, now=now)
    browser = signed_in()
    line = browser.get("history")["items"][0]
    assert (line["title"], line["effects"][0]["amount"]) == ("A lucky draw", -10)
    assert "周" not in json.dumps(line, ensure_ascii=False)
    browser.language = "zh-CN"
    line = browser.get("history")["items"][0]
    assert line["title"] == "参加抽奖" and "周周抽" in json.dumps(line, ensure_ascii=False)


def test_a_coupon_tells_members_goods_by_name_and_nothing_of_budgets(db: None) -> None:
    from tests.portal.world import PHONE, Browser, make_brand

    now = datetime.now(UTC)
    brand = make_brand("goods-words", words={goods_word("DRUG GM"): {"zh": "日化百货", "en": "household"}})
    member = brand.enrol()
    budget = Budget("month", Text("月度", "Month"), "amount", 1_000_000)
    budgets.put_budget(scope=brand.scope, budget=budget, now=now)
    coupons.put_definition(
        scope=brand.scope,
        definition={
            "key": "care",
            "name": {"zh": "日化券", "en": "Care"},
            "state": "active",
            "offer": {
                "kind": "amount",
                "amount": 1000,
                "at_least": 3000,
                "lines": {"field": "line.department", "op": "in", "value": ["DRUG GM"]},
            },
            "validity": {"kind": "after_claim", "days": 30},
            "claim": {"channels": ["issue", "portal"]},
            "limits": {"total": 500, "per_member": 2},
            "budgets": ["month"],
        },
        now=now,
    )
    coupons.issue_now(scope=brand.scope, definition="care", member_ids=[member], key="words", now=now)
    browser = Browser(brand.slug).open()
    browser.ask_code()
    assert browser.give_code(brand.last_code(), PHONE).status_code == 200
    [held] = browser.get("coupons")["items"]
    assert held["sentence"] == "¥10 off on household, from ¥30 on."
    [offered] = browser.get("coupons/claimable")
    assert offered["sentence"] == (
        "¥10 off on household, from ¥30 on; good for 30 days, the day it is had included; 2 for each member."
    )
    ends = datetime.fromisoformat(held["expires_at"])
    assert held["last_day"] == (ends + timedelta(hours=8) - timedelta(seconds=1)).date().isoformat()
    browser.language = "zh-CN"
    assert browser.get("coupons")["items"][0]["sentence"] == "满 30 元，日化百货减 10 元。"


def test_granted_benefits_are_listed(brand: Brand, signed_in: Callable[..., Browser]) -> None:
    now = datetime.now(UTC)
    member = brand.enrol()
    live = versions.in_force(brand_id=brand.scope.brand_id, now=now).live
    wanted = next(one for one in live.benefits if one.quota)
    benefits.grant(
        scope=brand.scope,
        programme=live,
        member_id=member,
        benefit=wanted.key,
        uses=3,
        until=now + timedelta(days=10),
        reason="sorry",
        key="grant-1",
        now=now,
    )
    [shown] = signed_in().get("benefits")["granted"]
    assert (shown["code"], shown["uses"], shown["name"]) == (wanted.key, 3, wanted.name.en)
