"""How the demo is made: stopped half way, beside others, up to the present hour."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pytest
from tests.demo.baskets import (
    AHEAD,
    NOW,
    SHANGHAI,
    fill,
    happened_baskets,
    int64s,
    rows,
    transactions,
)

from regulars.facts.activity.types import ActivityIn
from regulars.flows.demo import api as demo
from regulars.flows.demo import history
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.django_db


def test_stopped_half_way_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken up a week later: every basket up to the first call is there once, moved by the weeks of that call."""
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
    baskets = happened_baskets()
    last = max(basket.local for basket in baskets.values()).replace(tzinfo=SHANGHAI)
    (found,) = rows(
        "SELECT count(*), sum(amount)::bigint, max(occurred_at) FROM activity "
        " WHERE type = 'order' AND source = 'complete-journey'"
    )
    assert found == (
        len(baskets),
        sum(basket.paid for basket in baskets.values()),
        last + AHEAD,
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


@pytest.fixture(scope="module")
def visits() -> list[tuple[int, datetime]]:
    """(household, the clock on the wall) of all 155 848 baskets, straight from the package."""
    table = transactions("household_id", "basket_id", "transaction_timestamp")
    table = table.group_by(["household_id", "basket_id"]).aggregate([("transaction_timestamp", "min")])
    instants = pc.cast(table["transaction_timestamp_min"], int64s([]).type).to_pylist()
    eastern = ZoneInfo("America/New_York")
    found = [
        (household, datetime.fromtimestamp(nanos // 10**9, eastern).replace(tzinfo=None))
        for household, nanos in zip(table["household_id"].to_pylist(), instants, strict=True)
    ]
    assert len(found) == 155_848
    return found


@pytest.mark.parametrize(
    ("now", "then", "least"),
    [
        ("2026-11-15T23:00+08:00", "2017-12-24 23:00", 300),  # Sunday, an hour before midnight
        ("2026-11-22T21:00+08:00", "2017-12-24 21:00", 300),
        ("2026-11-23T00:30+08:00", "2017-12-18 00:30", 0),  # Monday, half an hour old
        ("2026-11-23T20:00+08:00", "2017-12-18 20:00", 250),
        ("2026-11-24T20:00+08:00", "2017-12-19 20:00", 250),
        ("2026-11-25T12:00+08:00", "2017-12-20 12:00", 60),  # Wednesday at noon
        ("2026-11-21T11:00+08:00", "2017-12-23 11:00", 50),
        ("2027-01-01T12:00+08:00", "2017-12-22 12:00", 60),
    ],
)
def test_history_goes_on_to_the_present_hour(
    now: str, then: str, least: int, visits: list[tuple[int, datetime]]
) -> None:
    """What has happened by then is what the data have up to that hour of that weekday; nothing is in the future."""
    at, end = datetime.fromisoformat(now), datetime.fromisoformat(then)
    weeks = history.weeks_until(at)
    assert end + timedelta(weeks=weeks) == at.replace(tzinfo=None)
    expected: dict[int, list[date]] = defaultdict(list)
    baskets: Counter[int] = Counter()
    today = 0
    for household, wall in visits:
        if wall < end:
            expected[household].append(wall.date() + timedelta(weeks=weeks))
            baskets[household] += 1
            today += wall.date() == end.date()
    assert today >= least
    found = history.shopping_days(weeks=weeks, until=at)
    assert found == {household: sorted(days) for household, days in expected.items()}
    homes = history.households(weeks=weeks, until=at)
    assert {home.number: home.baskets for home in homes} == baskets
    assert max(home.first_at for home in homes) < at
    for day in range(7):  # whatever the weekday: the last seven days, without Christmas
        date_ = end.date() - timedelta(days=day)
        some = any(date_ + timedelta(weeks=weeks) in days for days in found.values())
        assert some or (day == 0 and not least)


def test_nothing_is_fed_that_lies_ahead(visits: list[tuple[int, datetime]]) -> None:
    """A Wednesday at noon: the last baskets of households 1 to 40 by then, and none of the days after it."""
    at, end = datetime.fromisoformat("2026-11-25T12:00+08:00"), datetime(2017, 12, 20, 12)
    weeks = history.weeks_until(at)
    homes = range(1, 41)
    feed = history.HistoryFeed({number: UUID(int=number) for number in homes}, weeks, True, at)
    made = [item.given for item in feed.items(shard=0, shards=1, skip=0)]
    orders = sorted(
        (
            one.member.id.int,
            one.occurred_at.astimezone(SHANGHAI).replace(tzinfo=None) - timedelta(weeks=weeks),
        )
        for one in made
        if isinstance(one, ActivityIn) and one.order is not None and one.member.id is not None
    )
    mine = [(household, wall) for household, wall in visits if household in homes]
    assert orders == sorted(one for one in mine if one[1] < end)
    assert len(orders) < len(mine)
    assert all(isinstance(one, ActivityIn) and one.occurred_at <= at for one in made)


def test_clocks_of_winter_and_summer() -> None:
    # 15 July 2017 21:30 UTC was 17:30 in New York (UTC-4); 15 January 22:30 UTC was 17:30 too (UTC-5)
    for utc in (datetime(2017, 7, 15, 21, 30, tzinfo=UTC), datetime(2017, 1, 15, 22, 30, tzinfo=UTC)):
        nanos = int(utc.timestamp()) * 1_000_000_000
        moved = history.moved(nanos, 463).astimezone(ZoneInfo("Asia/Shanghai"))
        assert (moved.hour, moved.minute) == (17, 30)
        assert moved.date() == (utc + timedelta(weeks=463)).date()


def test_a_writer_reads_the_history_before_django_is_there() -> None:
    """A writer is a process of its own, and what it is to write reaches it before it has set anything up."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-c", "import regulars.flows.demo.history"],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
