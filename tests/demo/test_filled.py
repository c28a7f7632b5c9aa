"""The demo against sums worked out from the package's own tables, without the demo's code."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from tests.demo.baskets import (
    AHEAD,
    HOUSEHOLDS,
    NOW,
    SHANGHAI,
    fill,
    happened_baskets,
    rows,
)

from regulars.audience.segments import api as segments
from regulars.facts.members import api as members
from regulars.flows.demo import api as demo
from regulars.platform.organisations import api as organisations
from regulars.platform.staff import api as staff
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.django_db


def test_orders_are_the_baskets_and_points_follow_them(filled: demo.Filled) -> None:
    baskets = happened_baskets()
    assert (filled.already, filled.members, filled.view.failed) == (False, HOUSEHOLDS, 0)
    brand_id = filled.brand.id
    orders = rows(
        "SELECT a.subject, a.occurred_at, a.amount, s.code, m.code, jsonb_array_length(a.body->'order'->'lines'), "
        "       COALESCE((a.body->'order'->>'coupon_discount')::int, 0), "
        "       (SELECT COALESCE(sum((l->>'discount')::int), 0) FROM jsonb_array_elements(a.body->'order'->'lines') l) "
        "  FROM activity a JOIN store s ON s.id = a.store_id "
        "  JOIN membership m ON m.member_id = a.member_id AND m.brand_id = a.brand_id "
        " WHERE a.type = 'order' AND a.source = 'complete-journey'"
    )
    assert len(orders) == len(baskets)
    for number, at, amount, store, code, lines, coupons, saved in orders:
        basket = baskets[int(number)]
        assert at.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0) == basket.local + AHEAD
        assert (amount, store, lines) == (basket.paid, str(basket.store), basket.lines)
        assert (coupons, saved, code) == (basket.coupons, basket.saved, f"DEMO{basket.household:04d}")
    # one point a full unit of currency, basket by basket
    points: Counter[str] = Counter()
    spend: Counter[str] = Counter()
    visits: dict[str, int] = defaultdict(int)
    for basket in baskets.values():
        code = f"DEMO{basket.household:04d}"
        points[code] += basket.paid // 100
        spend[code] += basket.paid
        visits[code] += 1
    earned = dict(
        rows(
            "SELECT m.code, sum(e.amount)::int FROM entry e JOIN membership m USING (member_id, brand_id) "
            "  JOIN activity a ON a.member_id = e.member_id AND a.id = e.activity_id AND a.source <> 'till' "
            " WHERE e.unit = 'points' AND e.kind = 'earn' AND e.rule = 'base-points' GROUP BY 1"
        )
    )
    assert earned == {code: amount for code, amount in points.items() if amount}
    growth = dict(
        rows(
            "SELECT m.code, sum(e.amount)::int FROM entry e JOIN membership m USING (member_id, brand_id) "
            "  JOIN activity a ON a.member_id = e.member_id AND a.id = e.activity_id AND a.source <> 'till' "
            " WHERE e.unit = 'growth' AND e.kind = 'earn' AND e.rule = 'base-growth' GROUP BY 1"
        )
    )
    assert growth == {code: amount for code, amount in points.items() if amount}
    counters = rows("SELECT code, orders, spend, refunds FROM membership WHERE brand_id = %s", brand_id)
    returned = dict(
        rows(
            "SELECT m.code, sum(-a.amount)::bigint FROM activity a JOIN membership m USING (member_id, brand_id) "
            "WHERE a.type = 'refund' GROUP BY 1"
        )
    )
    added = {
        code: (count, amount)
        for code, count, amount in rows(
            "SELECT m.code, count(*), sum(a.amount)::bigint "
            "  FROM activity a JOIN membership m USING (member_id, brand_id) "
            " WHERE a.type = 'order' AND a.source = 'till' GROUP BY 1"
        )
    }
    assert added
    for code, count, net, _ in counters:
        more, sold = added.get(code, (0, 0))
        assert (count, net) == (visits[code] + more, spend[code] + sold - returned.get(code, 0))
    assert ledger.reconcile_books() == []


def test_nothing_made_up_passes_for_real(filled: demo.Filled) -> None:
    kinds = rows("SELECT type, source, channel, count(*) FROM activity GROUP BY 1, 2, 3 ORDER BY 1")
    for type_, source, channel, _ in kinds:
        if source in ("regulars", "mall", "draw"):
            # what Regulars posts for purchases that the demo makes up says who made them
            actors = rows(
                "SELECT DISTINCT actor FROM activity WHERE source IN ('regulars', 'mall', 'draw') AND type <> 'reward'"
            )
            posted = ("adjust", "tier_place", "credit", "burn", "burn_return", "reward")
            assert (actors, type_ in posted) == ([("demo",)], True)
            continue
        assert (type_, source, channel) in {
            ("order", "complete-journey", ""),
            ("refund", "complete-journey", "demo"),
            ("burn", "demo", ""),
            ("checkin", "demo", ""),
            ("order", "till", "store"),
            ("burn", "till", "store"),
            ("refund", "till", ""),
            ("review", "demo", ""),
            ("view", "demo", ""),
        }
    numbers = rows("SELECT DISTINCT left(subject, 10) FROM activity WHERE source = 'till' AND subject <> ''")
    assert numbers == [("demo-till-",)]
    assert {type_ for type_, *_ in kinds} >= {"order", "burn", "checkin"}
    refunds = rows(
        "SELECT DISTINCT left(body->'refund'->>'number', 12) FROM activity "
        " WHERE type = 'refund' AND source <> 'till'"
    )
    assert refunds in ([], [("demo-refund-",)])


def test_people_are_made_up_and_answers_of_the_survey_are_kept(filled: demo.Filled) -> None:
    brand_id = filled.brand.id
    scope = demo._scope(filled.brand)
    listed = members.list_members(scope=scope, limit=100).items
    assert len(listed) == HOUSEHOLDS
    assert all(row.name.startswith("示范会员") and row.phone.startswith("+8610000") for row in listed)
    one = next(row for row in listed if row.code == "DEMO0001")
    card = members.get_card(scope=scope, member_id=one.member_id)
    # household 1 of the survey: 65+, 35-49K, Homeowner, Married, 2 Adults No Kids
    assert card.attributes == {
        "age_band": "65_up", "income_band": "35-49k", "home": "homeowner", "marital_status": "married",
        "household_size": "2", "household_type": "2_adults_no_kids", "kids": "0",
    }  # fmt: skip
    born = date.fromisoformat(card.profile.birthday)
    assert 65 <= 2026 - born.year <= 85
    # the survey's seven, followers elsewhere, and by which calendar a birthday is kept
    added = {field.key for field in members.list_fields(brand_id=brand_id)} - set(card.attributes)
    assert added == {"followers", "birthday_calendar", "birthday_leap_day"}
    stores = organisations.list_stores(brand_id=brand_id)
    assert len(stores) == 457
    assert {store.region for store in stores} == {"north", "east", "south", "west"}


def test_doors_are_open_and_a_second_call_is_a_no_op(filled: demo.Filled) -> None:
    assert filled.api_key is not None and filled.api_key.startswith("rk_live_")
    for email, role in filled.logins:
        person = staff.authenticate(email=email, password=demo.PASSWORD, ip="127.0.0.1", now=NOW)
        assert [assignment.role.key for assignment in person.assignments] == [role]
        stores = staff.get_access(staff_id=person.id, brand_id=filled.brand.id).stores["members.read"]
        assert (stores is not None) == (role == "clerk")
    # households 10, 20 and 30 of the first thirty are known to the second brand, as the same people
    second = dict(rows("SELECT member_id, code FROM membership WHERE brand_id = %s", filled.second.id))
    first = dict(rows("SELECT member_id, code FROM membership WHERE brand_id = %s", filled.brand.id))
    assert sorted(first[member_id] for member_id in second) == ["DEMO0010", "DEMO0020", "DEMO0030"]
    before = _counts()
    again = fill(NOW + timedelta(days=30))
    assert (again.already, again.api_key, again.view.done) == (True, None, filled.view.done)
    assert _counts() == before


def _counts() -> list[int]:
    tables = ("member", "membership", "activity", "entry", "lot", "staff", "api_key", "store", "audit_entry")
    return [rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]


def test_every_tag_that_members_wear_has_a_name_and_notes_speak_one_language(filled: demo.Filled) -> None:
    worn = {
        tag for (tags,) in rows("SELECT DISTINCT tags FROM membership WHERE tags <> '{}'") for tag in tags
    }
    names = {one.code: one.name for one in members.list_tags(brand_id=filled.brand.id)}
    assert worn <= names.keys() and {"regular", "weekend-regular"} <= names.keys()
    assert (names["regular"].zh, names["regular"].en) == ("常客", "Regular")
    own = [
        one.note
        for one in segments.list_segments(brand_id=filled.brand.id)
        if one.told_note.zh == one.told_note.en
    ]
    assert [note for note in own if " / " in note] == []
