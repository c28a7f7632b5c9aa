"""Value, churn and due dates on the real year of shopping, as docs/models.md tells of them.  python -m bench.outlook

The demo's data (2 469 households of a grocery chain) straight from its package into tables like the warehouse's: no
database. A household's instants are moved from UTC by five hours, the stores' winter time.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import django

import bench.ground  # noqa: F401  (names the settings)

django.setup()

import ibis  # noqa: E402

from regulars.flows.demo.history import data_directory  # noqa: E402
from regulars.flows.insight import churn as churn_step  # noqa: E402
from regulars.flows.insight import lifetime as value_step  # noqa: E402
from regulars.insight.behaviour.api import Reader  # noqa: E402
from regulars.insight.churn import api as churn  # noqa: E402
from regulars.insight.lifetime import api as lifetime  # noqa: E402

_LINES = """
    CREATE TABLE lines AS
    SELECT ('00000000-0000-0000-0000-' || lpad(household_id::VARCHAR, 12, '0'))::UUID AS member_id,
           basket_id AS order_id, (transaction_timestamp - INTERVAL 5 HOUR)::DATE AS local_day,
           nullif(p.product_category, '') AS category,
           round(sales_value * 100)::BIGINT AS amount, quantity::DOUBLE AS quantity, store_id::VARCHAR AS store,
           round((retail_disc + coupon_disc + coupon_match_disc) * 100)::BIGINT AS discount, coupon_disc > 0 AS coupon
      FROM '{0}/transactions.parquet' AS t LEFT JOIN '{0}/products.parquet' AS p USING (product_id)"""
_REST = """
    CREATE TABLE orders AS
    SELECT member_id, order_id, min(local_day) AS local_day, sum(amount)::BIGINT AS amount, min(store) AS store,
           sum(discount)::BIGINT AS discount, sum(quantity) AS quantity, 'store' AS channel,
           bool_or(coupon) AS coupon_used
      FROM lines GROUP BY ALL;
    CREATE TABLE refunds AS SELECT member_id, order_id, local_day, amount FROM orders WHERE false;
    CREATE TABLE activities (member_id UUID, type VARCHAR, local_day DATE);
    CREATE TABLE members AS SELECT DISTINCT member_id, true AS profiling, 'active' AS status FROM lines"""


def tables() -> Any:
    con = ibis.duckdb.connect()
    con.con.execute(_LINES.format(data_directory()))
    con.con.execute(_REST.replace("GROUP BY ALL", "GROUP BY member_id, order_id"))
    return con


def main() -> None:
    with Reader(tables()) as reader:
        first, end = reader.first_day, reader.end
        assert first is not None and end is not None
        print(f"{first} to {end - timedelta(days=1)}")
        value(reader, first, end)
        leaving(reader, first, end)


def value(reader: Reader, first: Any, end: Any) -> None:
    began = time.perf_counter()
    horizon = min(365, (end - first).days // 4)
    earlier = [
        value_step._sample(reader.on(day, horizons=(horizon,)), first, horizon, known=True)
        for day in value_step._days(first, end, horizon)
    ]
    today = value_step._sample(reader.on(end), first, horizon, known=False)
    found = lifetime.estimate(today=today, earlier=earlier)
    told = found.metrics
    print(f"\nvalue: {time.perf_counter() - began:.1f} s")
    print(f"   back-test of {told['horizon_days']} days, {told['held_rows']} members")
    for name, one in told["models"].items():
        mark = "*" if name == told["chosen"] else " "
        print(
            f" {mark} {name:<11} error {one['error'] / 100:7.2f}  share {one['error_share']:.3f}"
            f"  bias {one['bias']:+.3f}  rank {one['rank']:.3f}"
        )
    print(f"   chosen on {told['chosen_on']}; in the {told['level']:.0%} interval {told['coverage']:.1%}")
    print(f"   count and spend correlate at {told['count_spend_correlation']:.2f}; alive {told['alive']:.1%}")
    for kind in ("deciles", "deciles_naive"):
        print(
            f"   {kind}:",
            " ".join(f"{one['forecast'] / 100:.0f}/{one['actual'] / 100:.0f}" for one in found.charts[kind]),
        )


def leaving(reader: Reader, first: Any, end: Any) -> None:
    began = time.perf_counter()
    earlier = [
        churn_step._sample(reader.on(day), first, known=float((end - day).days))
        for day in churn_step._days(first, end)
    ]
    found = churn.outlook(today=churn_step._sample(reader.on(end), first, known=0), earlier=earlier)
    print(f"\nchurn: {time.perf_counter() - began:.1f} s")
    for days, test in found.metrics["tests"].items():
        for name in ("model", "uncalibrated", "rule"):
            one = test[name]
            print(
                f"   {days:>2} days {name:<12} AUC {one['auc']:.3f}  Brier {one['brier']:.4f}"
                f"  log loss {one['log_loss']:.4f}  calibration {one['calibration_error']:.4f}"
            )
        print(
            f"           did not buy {test['model']['rate']:.1%}; of {test['flagged']} named each the model is right of"
            f" {test['model_right']:.1%}, the rule of {test['rule_right']:.1%}"
        )
    print("   first reasons of the fifth at highest risk:", found.charts["reasons"]["risky"])
    now, before = reader.gaps(end), reader.gaps(end - timedelta(days=churn_step._DUE_TEST))
    due = churn.due(
        today=churn_step._pairs(now, ahead=False),
        members=int(now.member.max()) + 1,
        categories=len(now.categories),
        earlier=churn_step._pairs(before, ahead=True),
    )
    test = due.metrics["test"]
    print(f"\ndue dates: {due.metrics['pairs']} pairs; {test['rate']:.1%} of them came within two weeks")
    for name in ("model", "own", "category"):
        one = test[name]
        print(
            f"   {name:<9} error {one['error_days']:.1f} days; {one['named']} named, {one['hit']:.1%} came;"
            f" of as many as the model names {one['hit_alike']:.1%}"
        )


if __name__ == "__main__":
    main()
