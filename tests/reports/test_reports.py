"""Reports on a shop whose figures are reckoned by hand in the comments."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from tests.reports.small import Shop

from regulars.insight.reports import api, policy
from regulars.insight.reports.types import Asked, Assumptions, Figure, Period, Report
from regulars.kit.text import Text

YEAR = Period(date(2025, 1, 1), date(2025, 6, 30))


def day(month: int, of: int = 10) -> date:
    return date(2025, month, of)


def made(name: str, shop: Shop, period: Period = YEAR, **asked: Any) -> Report:
    return api.make(name, shop, asked=Asked(period, period.last, **asked))


def test_retention_triangle() -> None:
    """40 first bought in January, 20 of them again in February, 10 in March; 20 began in February, 5 came back in
    March. April has passed without anybody; a fifth of the January cohort's 40 refunded wholly never counted.

    January: 1, 20/40, 10/40, 0; February: 1, 5/20, 0. Month after the first: (20 + 5) / (40 + 20) = 5/12."""
    orders: list[Any] = [(f"a{n}", day(1), 1000) for n in range(40)] + [
        (f"b{n}", day(2), 500) for n in range(20)
    ]
    orders += [(f"a{n}", day(2), 600) for n in range(20)] + [(f"a{n}", day(3), 600) for n in range(10)]
    orders += [(f"b{n}", day(3), 700) for n in range(5)]
    back = {"member_id": "z", "local_day": day(1), "amount": 900, "refunded": 900}
    shop = Shop(
        [dict(zip(("member_id", "local_day", "amount"), one, strict=True)) for one in orders] + [back]
    )
    report = made("retention", shop, Period(date(2025, 1, 1), date(2025, 4, 30)))
    assert report.table("cohorts").rows == (
        (date(2025, 1, 1), 40, 1, 0.5, 0.25, 0),
        (date(2025, 2, 1), 20, 1, 0.25, 0, None),
    )
    assert report.table("spend").rows[0] == (date(2025, 1, 1), 40, 1000, 300, 150, 0)
    assert report.figures["next_month"] == pytest.approx(5 / 12)
    assert report.table("cohorts").message.en == "42% buy again in the month after their first"


def test_a_running_month_is_in_no_cohort() -> None:
    shop = Shop([(f"a{n}", day(1), 100) for n in range(40)] + [("a1", day(2, 3), 100)])
    report = made("retention", shop, Period(date(2025, 1, 1), date(2025, 2, 5)))
    assert report.period.last == date(2025, 1, 31)
    assert report.table("cohorts").rows == ((date(2025, 1, 1), 40, 1),)


def test_small_cohorts_show_no_shares() -> None:
    shop = Shop([(f"a{n}", day(1), 100) for n in range(40)] + [(f"b{n}", day(2), 100) for n in range(9)])
    rows = made("retention", shop, Period(date(2025, 1, 1), date(2025, 2, 28))).table("cohorts").rows
    assert rows[1] == (date(2025, 2, 1), 9, None, None)


def test_repurchase_interval() -> None:
    """30 members buy on 1 March, again 5 days later (30 gaps of 5), ten of them 20 days later still, one of those
    twice on that day (one purchase): 40 gaps, three quarters within 4–7 days; the median is 5, nine of ten within 20.
    """
    orders = [(f"m{n}", date(2025, 3, 1), 100) for n in range(30)]
    orders += [(f"m{n}", date(2025, 3, 6), 100) for n in range(30)]
    orders += [(f"m{n}", date(2025, 3, 26), 100) for n in range(10)] + [("m0", date(2025, 3, 26), 100)]
    report = made("intervals", Shop(orders))
    assert report.figures == {"median": 5, "p80": 20, "p90": 20}
    told = {row[0].en: row[1:] for row in report.table("gaps").rows}
    assert told["4–7 days"] == (30, 0.75, 0.75)
    assert told["15–30 days"] == (10, 0.25, 1)


def test_order_value_and_frequency() -> None:
    """January: 30 members one order of 1000 and one of them another of 4000 with 500 given back: 31 orders,
    33 500 net, 1080.6 an order. February: ten of them again, 10 orders of 2000; all had bought before."""
    orders: list[dict[str, Any]] = [
        {"member_id": f"m{n}", "local_day": day(1), "amount": 1000, "line_count": 2} for n in range(30)
    ]
    orders.append({"member_id": "m0", "local_day": day(1), "amount": 4000, "refunded": 500, "line_count": 33})
    orders += [{"member_id": f"m{n}", "local_day": day(2), "amount": 2000} for n in range(10)]
    january, february = made("baskets", Shop(orders)).table("months").rows
    assert january == (date(2025, 1, 1), 30, 31, 33_500, 1081, 31 / 30, 3, 0)
    assert february == (date(2025, 2, 1), 10, 10, 20_000, 2000, 1, 1, 1)


def test_category_drift() -> None:
    """January and February: tea 75 of 100, cups 25. March and April: tea 50, cups 50. Tea lost 25 points."""
    days = [day(1), day(2), day(3), day(4)]
    orders = [("m", one, 100) for one in days]
    lines = []
    for number, one in enumerate(days):
        tea = 75 if number < 2 else 50
        lines += [
            ("m", f"o{number}", one, "tea", "drinks", tea),
            ("m", f"o{number}", one, None, "cups", 100 - tea),
        ]
    report = made("drift", Shop(orders, lines=lines), Period(date(2025, 1, 1), date(2025, 4, 30)))
    assert report.table("shares").rows[0] == (date(2025, 1, 1), 0.75, 0.25, 0)
    assert {row[0]: row[1:] for row in report.table("moves").rows} == {
        "tea": (0.75, 0.5, -0.25, "tea"),
        "cups": (0.25, 0.5, 0.25, "cups"),
    }
    nameless = api.named(report, {})
    assert nameless.table("shares").message.zh in (
        "tea的占比下降最多：25.0 个百分点",
        "cups的占比上升最多：25.0 个百分点",
    )


def test_categories_are_told_by_name_and_keep_their_codes() -> None:
    """All tea in January, all cups in February: each moved by 100 points, and the code first in order is told. The
    report that was kept has the names of the day it is read."""
    lines = [("m", "o0", day(1), "0401", None, 100), ("m", "o1", day(2), "0402", None, 100)]
    orders = [("m", day(1), 100), ("m", day(2), 100)]
    made_then = made("drift", Shop(orders, lines=lines), Period(date(2025, 1, 1), date(2025, 2, 28)))
    kept = api.report_from_json(json.loads(json.dumps(api.report_to_json(made_then))))
    report = api.named(kept, {"0401": Text("茶", "Tea")})
    shares, moves = report.table("shares"), report.table("moves")
    assert shares.message == Text("茶的占比下降最多：100.0 个百分点", "Tea lost most: 100.0 points")
    assert [one.name for one in shares.columns[1:3]] == [Text("茶", "Tea"), Text("0402", "0402")]
    assert moves.rows == (
        (Text("茶", "Tea"), 1, 0, -1, "0401"),
        (Text("0402", "0402"), 0, 1, 1, "0402"),
    )


def test_purchase_funnel() -> None:
    """20 joined on 1 January. 10 bought on the 11th, 5 of them again on the 31st, nobody a third time. One who had
    bought before she joined took no days. Who joined the year before is not asked about."""
    members = [(f"m{n}", date(2025, 1, 1)) for n in range(20)] + [("old", date(2024, 1, 1))]
    orders = [(f"m{n}", date(2025, 1, 11), 100) for n in range(1, 10)] + [("m0", date(2024, 12, 1), 100)]
    orders += [(f"m{n}", date(2025, 1, 31), 100) for n in range(1, 6)] + [("old", date(2025, 1, 9), 100)]
    rows = made("funnel", Shop(orders, members)).table("steps").rows
    assert [row[0].en for row in rows[:3]] == ["Joined", "First purchase", "Second purchase"]
    assert [row[1:] for row in rows[:3]] == [(20, 1.0, None, None), (10, 0.5, 0.5, 10), (5, 0.25, 0.5, 20)]
    assert rows[3][1] == 0


def test_recruitment() -> None:
    """By wechat 10 joined on 1 May: 4 bought within 30 days (900 each, one of them 100 more later), 1 after 40 days
    (500). By store 10 joined on 20 June, so 30 days have not passed by 30 June: 3 activated, no rate yet.

    wechat: 4 of 10, value 4 · 900 + 100 + 500 = 4200; cost 2000: 500 an activated, 2.1 for each spent."""
    members = [
        {"member_id": f"w{n}", "joined_day": day(5, 1), "channel": "wechat", "recruiter": "amy"}
        for n in range(10)
    ]
    members += [{"member_id": f"s{n}", "joined_day": day(6, 20), "store": "S2"} for n in range(10)]
    orders = [(f"w{n}", day(5, 31), 900) for n in range(4)] + [
        ("w0", day(6, 25), 100),
        ("w9", day(6, 10), 500),
    ]
    orders += [(f"s{n}", day(6, 20), 100) for n in range(3)] + [("s0", day(6, 1), 9999)]
    costs = (
        Figure("recruitment", "wechat", date(2025, 5, 1), 2000),
        Figure("recruitment", "ads", date(2025, 6, 1), 700),
    )
    report = made(
        "recruitment",
        Shop(orders, members),
        figures=costs,
        names={"channel": {"wechat": Text("微信", "WeChat")}},
    )
    by_channel = {row[-1]: row for row in report.table("channel").rows}
    assert by_channel["wechat"][0].zh == "微信"
    assert by_channel["wechat"][1:-1] == (10, 4, 0.4, 5, 4200, 420, 2000, 500, 2.1)
    assert by_channel["store"][1:6] == (10, 3, None, 3, 300)
    assert by_channel["ads"][1:] == (0, 0, None, 0, 0, None, 700, None, 0.0, "ads")
    by_recruiter = {row[-1]: row[1:3] for row in report.table("recruiter").rows}
    assert by_recruiter == {"amy": (10, 4), "": (10, 3)}
    assert [row[1] for row in report.table("month").rows] == [10, 10]
    assert {row[-1] for row in report.table("store").rows} == {"S1", "S2"}


def test_programme_return() -> None:
    """May: 10 buy for 1000 each: 10 000, one with a coupon of 150; 200 points spent, 50 given back: 150 at 2 for
    each hundred are 3. All sales were 40 000: a quarter is members'. Margin 30 %, a tenth of it extra: 300.
    Five bought last on 1 January; on 1 May that is 120 days, more than 90: dormant, and two of them are among the ten.
    """
    orders: list[dict[str, Any]] = [
        {"member_id": f"d{n}", "local_day": date(2025, 1, 1), "amount": 100} for n in range(5)
    ]
    orders += [{"member_id": f"d{n}", "local_day": day(5), "amount": 1000} for n in range(2)]
    orders += [{"member_id": f"m{n}", "local_day": day(5), "amount": 1000} for n in range(7)]
    orders.append(
        {"member_id": "m7", "local_day": day(5), "amount": 1000, "coupon_used": True, "discount": 150}
    )
    entries = [
        ("m1", "points", "redeemed", -200, day(5)),
        ("m1", "points", "redeemed", 50, day(5)),
        ("m1", "points", "issued", 900, day(5)),
    ]
    report = made(
        "programme", Shop(orders, entries=entries), Period(date(2025, 5, 1), date(2025, 5, 31)), units=("points",),
        figures=(Figure("total_sales", "", date(2025, 5, 1), 40_000), Figure("benefit_cost", "", date(2025, 5, 1), 20)),
        assumptions=Assumptions(300, 100, 2),
    )  # fmt: skip
    (row,) = report.table("months").rows
    named = dict(zip([c.key for c in report.table("months").columns], row, strict=True))
    assert named == {
        "month": date(2025, 5, 1), "sales": 10_000, "member_share": 0.25, "repurchase": 0.2, "order_value": 1000,
        "dormant": 5, "wake_up": 0.4, "points_cost": 3, "coupon_cost": 150, "benefit_cost": 20, "other_cost": None,
        "cost": 173, "extra_margin": 300, "result": 127,
    }  # fmt: skip


def test_nothing_is_made_of_what_was_not_stated() -> None:
    orders = [(f"m{n}", day(5), 1000) for n in range(10)]
    report = made("programme", Shop(orders), Period(date(2025, 5, 1), date(2025, 5, 31)), units=("points",))
    (row,) = report.table("months").rows
    named = dict(zip([c.key for c in report.table("months").columns], row, strict=True))
    assert named["member_share"] is named["points_cost"] is named["extra_margin"] is named["result"] is None


def test_high_value_traits() -> None:
    """200 buyers; the 20 best buy tea, of the other 180 eighteen do: share 1 against 0.1, ten times. What everybody
    has in common lifts nothing. Katz: exp(±1.96 · sqrt(1/20 − 1/20 + 1/18 − 1/180)) = 1.55: from 6.45 to 15.5."""
    orders: list[Any] = []
    lines: list[Any] = []
    for n in range(200):
        amount = 10_000 if n < 20 else 100
        orders.append((f"m{n:03}", day(6), amount))
        lines.append((f"m{n:03}", f"o{n}", day(6), "tea" if n < 38 else "cups", "", amount))
    members = [(f"m{n:03}", date(2025, 1, 1)) for n in range(200)]
    report = api.named(made("traits", Shop(orders, members, lines)), {})
    found = {row[-1]: row for row in report.table("traits").rows}
    tea = found["category:tea"]
    assert tea[2:6] == (20, 1.0, 0.1, 10.0)
    assert tea[6:8] == (pytest.approx(6.45, abs=0.01), pytest.approx(15.5, abs=0.01))
    assert "category:cups" not in found  # none of the best: fewer than ten
    assert found["channel:store"][5] == 1
    assert (
        report.table("traits").message.en
        == "“Favourite category: tea” is 10.0 times as common among high-value members"
    )


def test_who_may_not_be_profiled_is_in_no_trait() -> None:
    members = [{"member_id": f"m{n}", "joined_day": day(1), "profiling": n >= 100} for n in range(200)]
    shop = Shop([(f"m{n}", day(6), 100 + n) for n in range(200)], members)
    assert made("traits", shop).figures == {"top": 10, "buyers": 100}


def test_a_group_beside_everybody() -> None:
    """30 of 100 are in the group, all gold; 40 of all are gold: 1 against 0.4. Nine in a group are too few to show."""
    members = [
        {"member_id": f"m{n}", "joined_day": day(1), "tier": "gold" if n < 40 else "silver"}
        for n in range(100)
    ]
    shop = Shop([(f"m{n}", day(6), 100) for n in range(100)], members)
    everybody = shop.table("members")
    group = everybody.filter(everybody.member_id.isin([f"m{n}" for n in range(30)])).select("member_id")
    report = api.compare_group(shop, group, until=YEAR.last, name=Text("金卡", "Gold"))
    found = {row[-1]: row for row in report.table("traits").rows}
    assert found["tier:gold"][2:6] == (30, 1.0, 0.4, 2.5)
    small = everybody.filter(everybody.member_id.isin([f"m{n}" for n in range(9)])).select("member_id")
    report = api.compare_group(shop, small, until=YEAR.last, name=Text("", ""))
    assert report.lack is not None and "9" in report.lack.en and report.tables == ()


def test_monthly_report() -> None:
    """May: 30 buy for 1000; April: 30 for 800: sales rose by 25 %."""
    orders = [(f"m{n}", day(5), 1000) for n in range(30)] + [(f"m{n}", day(4), 800) for n in range(30)]
    members = [(f"m{n}", day(5, 2)) for n in range(30)]
    month = api.month_of(day(5, 17))
    report = api.make_month(Shop(orders, members), asked=Asked(month, month.last))
    figures = {row[-1]: row[1:4] for row in report.table("figures").rows}
    assert figures["sales"] == (("money", 30_000), ("money", 24_000), ("money", None))
    assert figures["joined"] == (("count", 30), ("count", 0), ("count", None))
    assert report.table("figures").message.en == "Sales to members rose by 25.0% against the month before"
    assert report.table("baskets.months").rows[-1][0] == date(2025, 5, 1)
    assert (
        policy.report_from_json(policy.report_to_json(report)).table("figures").message
        == report.table("figures").message
    )


def test_churn_reasons() -> None:
    period = Period(day(1), day(6))
    names = {"gap": Text("间隔变长", "Longer gaps")}
    report = api.reasons(
        [("gap", 40, 0.5), ("mood", 9, 0.9)], names=names, scored=100, at_risk=50, period=period
    )
    assert report.table("reasons").rows == ((names["gap"], 40, 0.8, 0.5, "gap"),)
    assert api.reasons([], names={}, scored=0, at_risk=0, period=period).lack is not None


@pytest.mark.parametrize(
    "name", ["retention", "intervals", "baskets", "drift", "funnel", "traits", "programme", "recruitment"]
)
def test_no_data_says_so(name: str) -> None:
    report = made(name, Shop())
    assert report.lack is not None and report.lack.zh and report.lack.en
    assert report.tables == ()
    assert api.make_month(Shop(), asked=Asked(api.month_of(day(5)), day(5))).lack is not None


def test_kept_reports_come_back_as_they_were() -> None:
    orders = [(f"m{n}", day(1) + timedelta(days=n % 7), 100 + n) for n in range(60)]
    for name in ("retention", "baskets", "programme"):
        report = made(name, Shop(orders), units=("points",))
        again = policy.report_from_json(policy.report_to_json(report))
        assert [t.key for t in again.tables] == [t.key for t in report.tables]
        for table, kept in zip(report.tables, again.tables, strict=True):
            assert kept.columns == table.columns
            assert [row[0] for row in kept.rows] == [row[0] for row in table.rows]
