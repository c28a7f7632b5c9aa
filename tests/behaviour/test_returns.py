"""An order that went back whole is a purchase until then and none from the day after, reckoned by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.behaviour.conftest import day, person, tables_of

from regulars.insight.behaviour.api import Reader
from regulars.insight.behaviour.types import FIELDS, Behaviour

DAN, EVE, FAY, GUS, HAL = (person(n) for n in (4, 5, 6, 7, 8))
ORDERS = [
    # member, order, day, amount, discount, quantity, store, channel, coupon
    (DAN, 1, 0, 1000, 0, 2.0, "A", "store", False),
    (DAN, 2, 10, 4000, 400, 5.0, "B", "online", True),
    (DAN, 3, 30, 2000, 0, 1.0, "A", "store", False),
    (DAN, 4, 50, 6000, 0, 3.0, "A", "store", False),
    (DAN, 5, 90, 500, 0, 1.0, "A", "store", False),
    (EVE, 6, 8, 800, 0, 1.0, "A", "store", False),
    (FAY, 7, 40, 1000, 0, 2.0, "A", "store", True),
    (FAY, 8, 40, 700, 0, 1.0, "B", "online", False),
    (GUS, 9, 3, 0, 0, 1.0, "A", "store", False),
    (HAL, 10, 0, 100, 0, 1.0, "A", "store", False),
    (HAL, 11, 10, 100, 0, 1.0, "A", "store", False),
    (HAL, 12, 20, 100, 0, 1.0, "A", "store", False),
    (HAL, 13, 70, 100, 0, 1.0, "A", "store", False),
    (HAL, 14, 80, 100, 0, 1.0, "A", "store", False),
]
LINES = [
    (DAN, 1, 0, "tea"),
    (DAN, 2, 10, "shirt"),
    (DAN, 3, 30, "tea"),
    (DAN, 4, 50, "shirt"),
    (EVE, 6, 8, "hat"),
    *((HAL, order, at, "tea") for order, at in ((10, 0), (11, 10), (12, 20), (13, 70), (14, 80))),
]
REFUNDS = [
    # member, order, day, amount
    (DAN, 2, 12, 1500),
    (DAN, 2, 20, 2500),  # with this the order of day 10 has gone back whole
    (DAN, 3, 35, 300),
    (DAN, 4, 70, 6000),
    (EVE, 6, 9, 800),
    (FAY, 7, 44, 1000),
    (HAL, 11, 60, 100),
    (HAL, 13, 75, 100),
]


@pytest.fixture
def tables() -> Any:
    members = [(one, True, "active") for one in (DAN, EVE, FAY, GUS, HAL)]
    return tables_of(orders=ORDERS, lines=LINES, refunds=REFUNDS, members=members)


def hers(found: Behaviour, member: str) -> dict[str, float]:
    place = list(found.members).index(member)
    return {
        **{name: float(found.fields[name][place]) for name in FIELDS},
        **{
            name: float(getattr(found, name)[place])
            for name in ("repeats", "recency", "age", "spent_before", "next_in")
        },
        **{f"after_{days}": float(spent[place]) for days, spent in found.spent_after.items()},
    }


@pytest.mark.parametrize("number", [15, 20])  # on day 20 itself the rest of it had not come back yet
def test_until_it_went_back_it_was_a_purchase(tables: Any, number: int) -> None:
    with Reader(tables) as reader:
        dan = hers(reader.on(day(number)), DAN)
    assert (dan["repeats"], dan["recency"], dan["gap_last"]) == (1, 10, 10)
    assert dan["since"] == number - 1 - 10
    assert (dan["spend_30"], dan["mean_spend"]) == (5000, (5000 - 1500) / 2)
    assert (dan["coupon_share"], dan["online_share"], dan["stores"]) == (1 / 2, 1 / 2, 2)
    assert (dan["categories_30"], dan["refunds"]) == (2, 1)


def test_from_the_day_after_it_is_none(tables: Any) -> None:
    with Reader(tables) as reader:
        dan = hers(reader.on(day(21)), DAN)
    # the order of day 0 alone: 1000 of it, and nothing is taken off it for what the other one cost
    assert (dan["repeats"], dan["recency"], dan["age"], dan["since"]) == (0, 0, 20, 20)
    assert np.isnan(dan["gap_last"])
    assert np.isnan(dan["gap_mean"])
    assert (dan["days_30"], dan["spend_30"], dan["mean_spend"], dan["last_spend"]) == (1, 1000, 1000, 1)
    assert (dan["pieces"], dan["discount_share"], dan["spent_before"]) == (2, 0, 1000)
    assert (dan["coupon_share"], dan["online_share"], dan["stores"]) == (0, 0, 1)
    assert dan["categories_30"] == 1
    assert dan["refunds"] == 2  # that she gave back twice is still so


def test_one_gone_for_long_and_one_to_go_yet(tables: Any) -> None:
    with Reader(tables) as reader:
        before, after = hers(reader.on(day(60)), DAN), hers(reader.on(day(71)), DAN)
    # days 0, 30 and 50: gaps of 30 and 20
    assert (before["gap_max"], before["gap_last"], before["gap_mean"], before["since"]) == (30, 20, 25, 9)
    assert before["gap_sd"] == pytest.approx(5)
    assert (before["spend_90"], before["mean_spend"]) == (9000, (9000 - 300) / 3)
    assert before["last_spend"] == pytest.approx(6000 / 3000)
    # days 0 and 30
    assert (after["gap_max"], after["gap_last"], after["gap_mean"], after["since"]) == (30, 30, 30, 40)
    assert (after["spend_90"], after["mean_spend"]) == (3000, (3000 - 300) / 2)
    assert after["last_spend"] == pytest.approx(2000 / 1500)


def test_what_lies_between_two_purchases_goes_from_between_them(tables: Any) -> None:
    with Reader(tables) as reader:
        before, after = hers(reader.on(day(30)), HAL), hers(reader.on(day(61)), HAL)
    assert (before["repeats"], before["gap_max"]) == (2, 10)
    assert (after["repeats"], after["gap_max"], after["gap_last"]) == (1, 20, 20)


def test_of_two_orders_on_a_day_the_other_stays(tables: Any) -> None:
    with Reader(tables) as reader:
        before, after = hers(reader.on(day(44)), FAY), hers(reader.on(day(45)), FAY)
    assert (before["days_30"], before["spend_30"], before["pieces"]) == (1, 1700, 3)
    assert (before["coupon_share"], before["online_share"]) == (1 / 2, 1 / 2)
    assert (after["days_30"], after["spend_30"], after["pieces"]) == (1, 700, 1)
    assert (after["coupon_share"], after["online_share"], after["stores"]) == (0, 1, 1)
    assert (after["mean_spend"], after["refunds"]) == (700, 1)


def test_who_gave_everything_back_has_bought_nothing(tables: Any) -> None:
    with Reader(tables) as reader:
        assert EVE in reader.on(day(9)).members
        assert reader.gave_all_back(day(9)) == []
        assert EVE not in reader.on(day(10)).members
        assert reader.gave_all_back(day(10)) == [EVE]
        assert GUS in reader.on(day(10)).members  # what cost nothing was taken all the same


def test_what_came_afterwards(tables: Any) -> None:
    with Reader(tables) as reader:
        five = hers(reader.on(day(5), horizons=(30,)), DAN)
        later = hers(reader.on(day(45), horizons=(20, 30)), DAN)
        last = hers(reader.on(day(71), horizons=(30,)), DAN)
    # of days 5 to 34: 4000 and 2000, of which 1500 and 2500 went back; the order of day 10 was no purchase to keep
    assert (five["next_in"], five["after_30"]) == (25, 2000)
    # that of day 50 went back on day 70: within the 30 days, not within the 20; the next that was kept is of day 90
    assert (later["next_in"], later["after_20"], later["after_30"]) == (45, 6000, 0)
    assert (last["next_in"], last["after_30"]) == (19, 500)


def test_gaps_of_a_category(tables: Any) -> None:
    with Reader(tables) as reader:
        found = {number: (reader.on(day(number)), reader.gaps(day(number))) for number in (30, 61)}

    def of(number: int, member: str) -> tuple[float, ...]:
        behaviour, gaps = found[number]
        (place,) = [n for n, m in enumerate(gaps.member.tolist()) if behaviour.members[m] == member]
        assert gaps.categories[gaps.category[place]] == "tea"
        return (
            float(gaps.gaps[place]),
            float(np.exp(gaps.mean_log[place])),
            float(gaps.since[place]),
            float(gaps.next_in[place]),
        )

    # tea on days 0, 10 and 20; that of day 10 went back on day 60, that of day 70 was not kept either
    assert of(30, HAL) == pytest.approx((2, 10, 9, 50))
    assert of(61, HAL) == pytest.approx((1, 20, 40, 19))
    # Dan's shirts of days 10 and 50 never were in hand together: no gap; his tea is of days 0 and 30
    assert of(61, DAN) == pytest.approx((1, 30, 30, np.inf))


def test_what_goes_back_later_changes_nothing_before(tables: Any) -> None:
    with Reader(tables) as reader:
        before, gaps = reader.on(day(55)), reader.gaps(day(55))
    tables.con.execute("DELETE FROM refunds WHERE local_day >= DATE '2026-02-25'")  # day 55
    tables.con.execute("DELETE FROM orders WHERE local_day >= DATE '2026-02-25'")
    tables.con.execute("DELETE FROM lines WHERE local_day >= DATE '2026-02-25'")
    with Reader(tables) as reader:
        alone, gaps_alone = reader.on(day(55)), reader.gaps(day(55))
    assert list(before.members) == list(alone.members)
    np.testing.assert_equal(dict(before.fields), dict(alone.fields))
    assert sorted(gaps.mean_log.tolist()) == sorted(gaps_alone.mean_log.tolist())


def test_what_is_known_reaches_to_the_last_day_something_went_back(tables: Any) -> None:
    """Her last order of day 90 went back on day 95: reckoned as of day 91 she would still be a buyer of it."""
    tables.con.execute(
        f"INSERT INTO refunds SELECT '{DAN}', 500, DATE '2026-04-06', order_id FROM orders WHERE amount = 500"
    )
    with Reader(tables) as reader:
        assert (reader.last_day, reader.end) == (day(90), day(96))
        assert reader.end is not None
        assert hers(reader.on(reader.end), DAN)["repeats"] == 1
