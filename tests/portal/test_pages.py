"""What the pages of a member say, with figures reckoned by hand for the retail programme.

One point and one growth value per ¥1, 100 points with the first order, double points on the 8th, 50 points from ¥100,
silver from 500 growth; points end with the 12th month after earning.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tests.portal.world import PHONE, Brand, freeze

from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField
from regulars.flows import due
from regulars.kit import paging
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.surfaces import member_pass

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(month: int, day: int, hour: int = 12, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def shop(brand: Brand) -> UUID:
    """A Wednesday's first order, a member day's big one, part of it returned, some points spent.

    A ¥99.50: 99 + 100 first = 199 points, 99 growth.
    B ¥200 on the 8th: 200 + 200 double + 50 big = 450 points, 200 growth.
    ¥40 of B back, a fifth: 40 + 40 + 10 = 90 points, 40 growth. Spent: 59.
    Left: 199 + 450 − 90 − 59 = 500 points, 99 + 200 − 40 = 259 growth.
    """
    member = brand.enrol(name="Ana")
    brand.order(member, "A1", 6_000, 3_950, at=at(3, 5))
    brand.order(member, "B2", 16_000, 4_000, at=at(3, 8))
    brand.refund(member, "R1", "B2", at(3, 10), 2)
    brand.burn(member, "coffee-1", 59, at(3, 12))
    return member


@pytest.fixture
def shopper(brand, signed_in):
    with freeze(at(3, 20)):
        shop(brand)
        yield signed_in()


def test_the_card(shopper):
    card = shopper.get("card")
    assert (card["member"]["name"], card["member"]["joined_on"]) == ("Ana", "2025-01-01")
    assert (card["tier"]["name"], card["tier"]["level"], card["tier"]["until"]) == ("Normal", 0, None)
    points, growth = card["balances"]
    assert (points["unit"]["code"], points["available"], growth["available"]) == ("points", 500, 259)
    assert points["next_expiry"] == {"on": "2026-03-31", "amount": 500}
    [reach] = card["progress"]
    # 500 − 259 = 241
    assert reach["sentence"] == "241 more growth reaches Silver"
    assert [(p["name"], p["have"], p["target"]) for p in reach["parts"]] == [("growth", 259, 500)]
    # 259 of 500 is not yet near; of name, gender and birthday one is filled
    assert card["next"]["kind"] == "profile"
    assert (card["next"]["percent"], card["next"]["field_label"]) == (33, "Gender")


def test_the_card_in_chinese(shopper):
    shopper.language = "zh-CN"
    card = shopper.get("card")
    assert card["tier"]["name"] == "普通会员"
    assert card["progress"][0]["sentence"] == "再获得 241 成长值即可升级为银卡会员"


def test_what_would_be_lost_soon_comes_next(brand, signed_in):
    shop(brand)
    with freeze(at(3, 1, year=2026)):
        # thirty days before 500 points end
        next_ = signed_in().get("card")["next"]
        assert (next_["kind"], next_["amount"], next_["on"]) == ("expiring", 500, "2026-03-31")


def test_a_new_member_is_told_where_to_begin(brand, signed_in):
    brand.enrol(name="Ana")
    assert signed_in().get("card")["next"]["kind"] == "first_order"


def test_a_debt_comes_first(brand, signed_in):
    with freeze(at(3, 20)):
        member = brand.enrol(name="Ana")
        brand.order(member, "A1", 10_000, at=at(3, 5))
        # 100 + 100 first + 50 big = 250
        brand.burn(member, "all", 250, at(3, 6))
        brand.refund(member, "R1", "A1", at(3, 7))
        browser = signed_in()
        card = browser.get("card")
        assert (card["next"]["kind"], card["next"]["amount"]) == ("debt", 250)
        assert (card["balances"][0]["available"], card["balances"][0]["debt"]) == (0, 250)
        refund = browser.get("history")["items"][0]
        assert ("debt", 250) in [(e["account"], e["amount"]) for e in refund["effects"]]


def test_what_expires_when(shopper):
    points = shopper.get("points")["balances"][0]
    assert points["expiries"] == [{"on": "2026-03-31", "amount": 500}]
    growth = shopper.get("points")["balances"][1]
    assert (growth["never_expires"], growth["expiries"]) == (259, [])


def test_the_history_says_what_and_why(shopper):
    spent, back, double, first = shopper.get("history")["items"]
    assert [item["kind"] for item in (spent, back, double, first)] == ["burn", "refund", "order", "order"]
    assert sums(first) == {("points", "available"): 199, ("growth", "available"): 99}
    assert why(first) == {
        ("Points for purchases", 99), ("Growth for purchases", 99), ("First order bonus", 100)
    }  # fmt: skip
    assert first["store"] == "West Nanjing Road" and first["order_number"] == "A1"
    assert sums(double) == {("points", "available"): 450, ("growth", "available"): 200}
    assert why(double) == {
        ("Points for purchases", 200), ("Growth for purchases", 200), ("Member day double", 200),
        ("Big basket bonus", 50),
    }  # fmt: skip
    assert any("First order bonus" in reason for reason in double["why_not"])
    assert sums(back) == {("points", "available"): -90, ("growth", "available"): -40}
    assert why(back) == {
        ("Points for purchases", -40), ("Member day double", -40), ("Big basket bonus", -10),
        ("Growth for purchases", -40),
    }  # fmt: skip
    assert sums(spent) == {("points", "available"): -59}
    assert [w["sentence"] for w in spent["whys"]] == ["coffee"]
    rule = next(w for w in first["whys"] if w["rule"] == "Points for purchases")
    assert "1 point per ¥1" in rule["sentence"]


def test_what_expired_stands_between_the_acts_around_it(brand, signed_in):
    member = shop(brand)
    with freeze(at(4, 2, year=2026)) as frozen:
        assert due.settle(frozen.instant) == 1
        brand.order(member, "C3", 1_000, at=at(4, 1, year=2026))
        browser = signed_in()
        lines = browser.get("history")["items"]
        assert [line["kind"] for line in lines[:3]] == ["order", "expire", "burn"]
        assert sums(lines[1]) == {("points", "available"): -500}
        local = datetime.fromisoformat(lines[1]["at"]).astimezone(SHANGHAI)
        assert (local.date().isoformat(), local.hour) == ("2026-03-31", 23)
        assert browser.get("card")["balances"][0]["available"] == 10


def test_a_long_history_comes_in_pages_without_gaps(brand, signed_in):
    with freeze(at(6, 1)):
        member = brand.enrol(name="Ana")
        for n in range(65):
            brand.order(member, f"N{n:02d}", 1_000, at=at(3, 1) + timedelta(hours=n))
        browser = signed_in()
        numbers, cursor = [], None
        while True:
            page = browser.get("history" + (f"?cursor={cursor}" if cursor else ""))
            numbers += [item["order_number"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert numbers == [f"N{n:02d}" for n in range(64, -1, -1)]
        assert browser.call("GET", "history?cursor=nonsense").status_code == 422
        # of no zone, it lies neither before nor behind an expiry
        naive = browser.call("GET", f"history?cursor={paging.encode(['2025-03-01T00:00:00', member])}")
        assert (naive.status_code, naive.json()["errors"][0]["field"]) == (422, "cursor")


def test_orders_know_what_went_back(shopper):
    b, a = shopper.get("orders")["items"]
    assert (a["number"], a["total"], a["refunded"], a["refunds"]) == ("A1", 9_950, 0, [])
    assert [(line["name"], line["quantity"], line["amount"]) for line in a["lines"]] == [
        ("Coffee beans", "1", 6_000), ("Green tea", "1", 3_950)
    ]  # fmt: skip
    assert (b["total"], b["refunded"], [r["amount"] for r in b["refunds"]]) == (20_000, 4_000, [4_000])


def test_benefits_of_every_tier(brand, signed_in):
    with freeze(at(3, 20)):
        member = brand.enrol(name="Ana")
        # ¥600 on a plain day: 600 growth, silver
        brand.order(member, "A1", 60_000, at=at(3, 5))
        browser = signed_in()
        tiers = browser.get("benefits")["tiers"]
        assert [t["code"] for t in tiers] == ["normal", "silver", "gold", "diamond"]
        assert [t["current"] for t in tiers] == [False, True, False, False]
        shipping = next(b for b in tiers[1]["benefits"] if b["code"] == "free-shipping")
        assert shipping["quota"] == {"limit": 2, "period": "month", "remaining": 2}
        assert [b["code"] for b in tiers[2]["benefits"] if b["adds"]] == ["gold-multiplier", "priority"]
        assert "2,000" in tiers[2]["requirement"] and "Gold" in tiers[2]["requirement"]
        card = browser.get("card")
        # twelve months from 5 March 2025: 4 March 2026 is the last day
        assert (card["tier"]["name"], card["tier"]["until"]) == ("Silver", "2026-03-04")


def test_the_pass_is_read_by_a_till_of_this_brand_for_a_minute(brand, signed_in):
    with freeze(at(3, 20)) as frozen:
        member = brand.enrol(name="Ana")
        given = signed_in().get("pass")
        assert (given["expires_in_seconds"], given["lifetime_seconds"]) == (60, 60)

        def read(token: str, of: UUID = brand.scope.brand_id) -> UUID | str:
            try:
                return member_pass.read(brand_id=of, token=token, now=frozen.instant)
            except Refusal as refusal:
                return refusal.code

        assert read(given["token"]) == member
        assert read(given["token"].lower()) == member
        assert read(given["token"], UUID(int=1)) == "not_a_pass"
        for place in range(len(given["token"])):
            other = "A" if given["token"][place] != "A" else "B"
            assert read(given["token"][:place] + other + given["token"][place + 1 :]) == "not_a_pass"
        for other in ("", "R1", "https://example.org", "R1" + "A" * 55, "R1é"):
            assert read(other) == "not_a_pass"
        frozen.tick(timedelta(seconds=74))
        assert read(given["token"]) == member  # scanned in the last second over a slow line
        frozen.tick(timedelta(seconds=2))
        assert read(given["token"]) == "pass_expired"


def test_the_profile_with_custom_fields(brand, signed_in):
    hobby = ProfileField(
        key="hobby", type="enum", label=Text("爱好", "Hobby"),
        choices=(FieldChoice("run", Text("跑步", "Running")), FieldChoice("read", Text("阅读", "Reading"))),
    )  # fmt: skip
    likes = ProfileField(key="likes", type="set", label=Text("喜欢", "Likes"))
    hidden = ProfileField(key="score", type="int", label=Text("内部", "Internal"), in_portal=False)
    with freeze(at(3, 20)):
        for field in (hobby, likes, hidden):
            members.put_field(scope=brand.scope, field=field, now=at(3, 1))
        brand.enrol(name="Ana")
        browser = signed_in()
        profile = browser.get("profile")
        assert [f["key"] for f in profile["fields"]] == [
            "name", "gender", "birthday", "attributes.hobby", "attributes.likes"
        ]  # fmt: skip
        assert profile["completion"] == {"filled": 1, "total": 5}
        answer = browser.call(
            "PATCH", "profile",
            {"values": {"birthday": "1990-02-28", "attributes.hobby": "run", "attributes.likes": "tea，cake"}},
        )  # fmt: skip
        fields = {f["key"]: f for f in answer.json()["fields"]}
        assert fields["attributes.likes"]["value"] == ["cake", "tea"]
        assert (fields["birthday"]["value"], fields["birthday"]["locked"]) == ("1990-02-28", True)
        assert fields["birthday"]["help"] == "You can change it again from 2026-03-20"
        assert answer.json()["completion"] == {"filled": 4, "total": 5}
        for values, field, code in (
            ({"attributes.hobby": "sleep"}, "values.attributes.hobby", "bad_choice"),
            ({"attributes.score": 5}, "values.attributes.score", "unknown_field"),
            ({"status": "left"}, "values.status", "unknown_field"),
            ({"birthday": "1991-01-01"}, "values.birthday", "birthday_locked"),
        ):
            refused = browser.call("PATCH", "profile", {"values": values}).json()
            assert [(e["field"], e["code"]) for e in refused["errors"]] == [(field, code)]
        assert browser.call("PATCH", "profile", {"values": {"attributes.hobby": None}}).json()[
            "completion"
        ] == {"filled": 3, "total": 5}


def test_fields_that_the_portal_requires_are_asked_for_when_joining(brand, browser):
    size = ProfileField(
        key="size", type="int", label=Text("鞋码", "Shoe size"),
        rules=FieldRules(min="20", max="50", required_in_portal=True),
    )  # fmt: skip
    members.put_field(scope=brand.scope, field=size, now=at(3, 1))
    front = browser.get("front")
    assert [(f["key"], f["required"]) for f in front["enrol_fields"]] == [
        ("name", True), ("birthday", False), ("attributes.size", True)
    ]  # fmt: skip
    browser.ask_code()
    browser.give_code(brand.last_code())
    answer = browser.join(values={"name": "Ana"}).json()
    assert [(e["field"], e["code"]) for e in answer["errors"]] == [("values.attributes.size", "required")]
    assert browser.join(values={"name": "Ana", "attributes.size": "38"}).json() == {"outcome": "signed_in"}


def test_members_see_only_their_own(brand, browser, signed_in):
    from tests.portal.world import Browser

    with freeze(at(3, 20)):
        shop(brand)
        brand.enrol("13900139000", name="Ben")
        other = Browser(brand.slug).open()
        other.ask_code("13900139000")
        other.give_code(brand.last_code(), "13900139000")
        assert other.get("history")["items"] == []
        assert other.get("orders")["items"] == []
        assert other.get("card")["balances"][0]["available"] == 0
        assert PHONE[-4:] not in other.client.get(f"/api/portal/{brand.slug}/identifiers").content.decode()


def test_the_front_knows_the_store_it_was_opened_in(brand, browser):
    assert browser.get("front?s=S1")["arrival"] == {"store": "West Nanjing Road"}
    assert browser.get("front?s=S9")["arrival"] == {"store": None}
    assert len(browser.get("front")["ways_to_earn"]) == 3


def test_the_page_carries_its_first_answer_and_no_script(brand, browser):
    page = browser.client.get(f"/h/{brand.slug}/?s=S1", headers={"Accept-Language": "en"})
    html = page.content.decode()
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    assert "<title>Morning Store</title>" in html and '<html lang="en">' in html
    assert '"store":"West Nanjing Road"' in html
    inline = [tag for tag in html.split("<script")[1:] if "src=" not in tag.split(">")[0]]
    assert all('type="application/json"' in tag.split(">")[0] for tag in inline)
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_a_name_cannot_break_out_of_the_page(brand, signed_in):
    brand.enrol(name="</script><script>alert(1)</script>")
    html = signed_in().client.get(f"/h/{brand.slug}/").content.decode()
    assert "<script>alert" not in html and "\\u003c/script" in html


def sums(item: dict) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for effect in item["effects"]:
        key = (effect["unit_name"], effect["account"])
        found[key] = found.get(key, 0) + effect["amount"]
    return found


def why(item: dict) -> set[tuple[str, int]]:
    return {(line["rule"], line["amount"]) for line in item["whys"]}
