"""The demo's coupons: every campaign, household and redemption of the data set, moved with the year."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from django.db import connection
from tests.coupons.given import open_brand

from regulars.flows.demo import coupons as demo
from regulars.flows.demo import history
from regulars.kit.ids import new_id
from regulars.programme.packs.api import retail_pack
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db
NOW = datetime.fromisoformat("2026-03-10T12:00:00+08:00")  # a Tuesday: the year ends with Sunday, 8 March


def test_campaigns_and_redemptions_are_those_of_the_data() -> None:
    """2 102 redemptions and 6 589 households in campaigns, of the package's own tables. Five campaigns end in 2018:
    15, 20, 21, 22 and 23; their 17 + 244 + 65 + 276 + 183 households still have their coupon."""
    import pyarrow.parquet as pq

    scope, weeks = open_brand(), history.weeks_until(NOW)
    versions.install(scope=scope, definition=retail_pack(), effective_from=NOW, now=NOW)
    ids = {household: new_id() for household in range(1, 2501)}
    began = time.perf_counter()
    assert demo.fill(scope, ids, weeks, NOW) == 2_102 + 6_589
    assert time.perf_counter() - began < 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM coupon GROUP BY 1")
        states = dict(cursor.fetchall())
    table = pq.read_table(history.data_directory() / "campaigns.parquet")
    numbers = table["campaign_id"].to_pylist()
    live = sum(numbers.count(number) for number in (15, 20, 21, 22, 23))
    assert states == {"used": 2_102, "expired": 6_589 - live, "claimed": live}
    made = {one.key: one for one in coupons.list_definitions(brand_id=scope.brand_id)}
    assert sum(key.startswith("campaign-") for key in made) == 27
    assert sorted(k for k, d in made.items() if d.state == "active" and k.startswith("campaign-")) == [
        "campaign-15", "campaign-20", "campaign-21", "campaign-22", "campaign-23",
    ]  # fmt: skip
    # campaign 13 ran from Tuesday, 8 August to Sunday, 24 September 2017: Tuesday to Sunday here too
    exported = coupons.definition_json(made["campaign-13"])["validity"]
    assert [datetime.fromisoformat(exported[k]).isoweekday() for k in ("from", "to")] == [2, 7]
    figures = coupons.tallies(brand_id=scope.brand_id, made=[made["campaign-13"]], now=NOW)["campaign-13"]
    redeemed = pq.read_table(history.data_directory() / "coupon_redemptions.parquet")[
        "campaign_id"
    ].to_pylist()
    assert figures.used == redeemed.count(13)
    # household 1029 redeemed two coupons of campaign 26 on 1 January 2017
    page = coupons.list_coupons(brand_id=scope.brand_id, member_id=ids[1029], states=["used"])
    day = min(held.coupon.used_at for held in page.items if held.coupon.used_at)
    assert (day.date() - datetime(2017, 1, 1).date()).days == weeks * 7
    assert demo.fill(scope, ids, weeks, NOW) == 0
