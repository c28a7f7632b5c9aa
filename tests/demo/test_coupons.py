"""The demo's coupons: every campaign, household and redemption of the data set, moved with the year."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.coupons.given import open_brand

from regulars.flows.demo import coupons as demo
from regulars.flows.demo import history
from regulars.kit.ids import new_id
from regulars.programme.packs.api import retail_pack
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-10T12:00:00+08:00")  # Tuesday at noon, as was 19 December 2017


def test_campaigns_and_redemptions_are_those_of_the_data() -> None:
    """Of the package's own tables, as far as they have happened: 2 102 redemptions less those of the last twelve
    days, 6 589 households in campaigns less the 183 of campaign 23, which begins on Thursday week. Of those that ended
    by then coupons have expired; 18 goes on until Christmas Eve, 15, 20, 21 and 22 into 2018."""
    import pyarrow.parquet as pq

    redemptions = pq.read_table(history.data_directory() / "coupon_redemptions.parquet").to_pylist()
    redemptions = [row for row in redemptions if row["redemption_date"].isoformat() <= "2017-12-19T12"]
    numbers = pq.read_table(history.data_directory() / "campaigns.parquet")["campaign_id"].to_pylist()
    assert (len(redemptions), len(numbers), numbers.count(23)) == (2_102 - 80, 6_589, 183)
    scope, weeks = open_brand(), history.weeks_until(NOW)
    versions.install(scope=scope, definition=retail_pack(), effective_from=NOW, now=NOW)
    ids = {household: new_id() for household in range(1, 2501)}
    with CaptureQueriesContext(connection) as asked:
        assert demo.fill(scope, ids, weeks, NOW) == len(redemptions) + 6_589 - 183
    assert len(asked) < 1000  # by sets: 8 428 rows are made
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM coupon GROUP BY 1")
        states = dict(cursor.fetchall())
    live = sum(numbers.count(number) for number in (15, 18, 20, 21, 22))
    assert states == {"used": len(redemptions), "expired": 6_589 - 183 - live, "claimed": live}
    made = {one.key: one for one in coupons.list_definitions(brand_id=scope.brand_id)}
    assert sum(key.startswith("campaign-") for key in made) == 27
    assert sorted(k for k, d in made.items() if d.state == "active" and k.startswith("campaign-")) == [
        "campaign-15", "campaign-18", "campaign-20", "campaign-21", "campaign-22", "campaign-23",
    ]  # fmt: skip
    # campaign 13 ran from Tuesday, 8 August to Sunday, 24 September 2017: Tuesday to Sunday here too
    exported = coupons.definition_json(made["campaign-13"])["validity"]
    assert [datetime.fromisoformat(exported[k]).isoweekday() for k in ("from", "to")] == [2, 7]
    figures = coupons.tallies(brand_id=scope.brand_id, made=[made["campaign-13"]], now=NOW)["campaign-13"]
    assert figures.used == sum(row["campaign_id"] == 13 for row in redemptions)
    # household 1029 redeemed two coupons of campaign 26 on 1 January 2017
    page = coupons.list_coupons(brand_id=scope.brand_id, member_id=ids[1029], states=["used"])
    day = min(held.coupon.used_at for held in page.items if held.coupon.used_at)
    assert (day.date() - datetime(2017, 1, 1).date()).days == weeks * 7
    assert demo.fill(scope, ids, weeks, NOW) == 0
