"""What members did until a day, reckoned by hand on a few orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.behaviour.conftest import START, day, person, tables_of

from regulars.insight.behaviour.api import Reader
from regulars.insight.behaviour.types import FIELDS, Behaviour

ANN, BOB, CAT = (person(n) for n in (1, 2, 3))

# Ann on days 0, 10 (twice), 40, 100; Bob on day 95 only; Cat, on day 5, has profiling off
ORDERS = [
    # member, order, day, amount, discount, quantity, store, channel, coupon
    (ANN, 1, 0, 1000, 0, 2.0, "A", "store", False),
    (ANN, 2, 10, 500, 500, 1.0, "A", "store", True),
    (ANN, 3, 10, 500, 0, 1.0, "B", "online", False),
    (ANN, 4, 40, 3000, 0, 4.0, "A", "store", False),
    (ANN, 5, 100, 700, 0, 1.0, "A", "store", False),
    (BOB, 6, 95, 900, 0, 3.0, "A", "store", False),
    (CAT, 7, 5, 900, 0, 3.0, "A", "store", False),
]
LINES = [
    (ANN, 1, 0, "milk"),
    (ANN, 2, 10, "milk"),
    (ANN, 2, 10, "milk"),
    (ANN, 3, 10, "tea"),
    (ANN, 4, 40, "tea"),
    (BOB, 6, 95, None),
    (CAT, 7, 5, "tea"),
]
VISITS = [
    (ANN, 20, "checkin"),
    (ANN, 40, "order"),
    (ANN, 80, "open"),
    (ANN, 80, "checkin"),
    (CAT, 80, "checkin"),
]
REFUNDS = [(ANN, 4, 42, 1000), (ANN, 5, 104, 100)]


@pytest.fixture
def tables() -> Any:
    return tables_of(
        orders=ORDERS,
        lines=LINES,
        visits=VISITS,
        refunds=REFUNDS,
        members=[(ANN, True, "active"), (BOB, True, "active"), (CAT, False, "active")],
    )


def of(found: Behaviour, member: str, field: str) -> float:
    return float(found.fields[field][list(found.members).index(member)])


def test_as_they_stood_by_hand(tables: Any) -> None:
    with Reader(tables) as reader:
        assert (reader.first_day, reader.last_day) == (START, day(100))
        found = reader.on(day(60))
    assert list(found.members) == [ANN]  # Bob had not bought yet, Cat is left out
    ann = {name: of(found, ANN, name) for name in FIELDS}
    # three days with a purchase, 0, 10 and 40; the eve is day 59
    assert (found.repeats[0], found.recency[0], found.age[0]) == (2, 40, 59)
    assert ann["since"] == 19
    assert ann["tenure"] == 59
    assert (ann["gap_mean"], ann["gap_max"], ann["gap_last"]) == (20, 30, 30)
    assert ann["gap_sd"] == pytest.approx(10)
    assert ann["overdue"] == pytest.approx(19 / 20)
    assert (ann["days_30"], ann["days_90"]) == (1, 3)
    assert ann["rate"] == pytest.approx(3 * 30 / 60)
    # days 15 to 59 have one purchase, the 45 before two: (1 + 1) / (2 + 1)
    assert ann["visit_trend"] == pytest.approx(2 / 3)
    assert (ann["spend_30"], ann["spend_90"]) == (3000, 5000)
    assert ann["mean_spend"] == pytest.approx((5000 - 1000) / 3)  # 1000 were given back on day 42
    assert ann["last_spend"] == pytest.approx(3000 / (5000 / 3))
    assert ann["spend_trend"] == pytest.approx(3000 / 2000)
    assert ann["coupon_share"] == 1 / 4
    assert ann["online_share"] == 1 / 4
    assert ann["discount_share"] == pytest.approx(500 / 5500)
    assert ann["pieces"] == pytest.approx(8 / 3)
    assert (ann["categories_30"], ann["categories_90"]) == (1, 2)
    assert ann["refunds"] == 1
    assert ann["visits_90"] == 1  # the check-in of day 20; an order is no visit
    # days 0 and 10 of 2026 are a Thursday and a Sunday, day 40 a Tuesday
    assert ann["weekend_share"] == pytest.approx(1 / 3)


def test_what_came_afterwards_by_hand(tables: Any) -> None:
    with Reader(tables) as reader:
        found = reader.on(day(60), horizons=(30, 60))
        later = reader.on(day(99), horizons=(30,))
    assert found.next_in[0] == 40
    assert found.spent_after[30][0] == 0
    assert found.spent_after[60][0] == 600  # 700 less the 100 given back
    assert np.isinf(later.next_in[list(later.members).index(BOB)])
    assert np.isnan(of(later, BOB, "gap_mean"))
    assert of(later, ANN, "visits_90") == 2


def test_gaps_of_categories_by_hand(tables: Any) -> None:
    """Milk on days 0 and 10 (two of it), tea on 10 and 40: one gap each, and the second carton is none."""
    with Reader(tables) as reader:
        found = reader.gaps(day(60))
    assert found.categories == ["milk", "tea"]
    assert (found.category.tolist(), found.gaps.tolist()) == ([0, 1], [1, 1])
    assert found.mean_log.tolist() == pytest.approx([np.log(10), np.log(30)])
    assert found.since.tolist() == [49, 19]


def test_nothing_after_the_day_is_seen(tables: Any) -> None:
    with Reader(tables) as reader:
        before = reader.on(day(41))
    tables.con.execute("DELETE FROM orders WHERE local_day >= DATE '2026-02-11'")
    tables.con.execute("DELETE FROM refunds")
    with Reader(tables) as reader:
        alone = reader.on(day(41))
    np.testing.assert_equal(dict(before.fields), dict(alone.fields))


def test_a_share_of_members_is_always_the_same(tables: Any) -> None:
    tables.con.execute("INSERT INTO members SELECT uuid(), true, 'active' FROM range(2000)")
    tables.con.execute(
        "INSERT INTO orders SELECT member_id, 100, 0, 1, 'A', 'store', false, DATE '2026-01-02', uuid() FROM members"
    )
    with Reader(tables, share=0.2) as one, Reader(tables, share=0.2) as other:
        first, second = one.on(day(60)).members, other.on(day(60)).members
    assert list(first) == list(second)
    assert 300 < len(first) < 500


def test_no_orders_at_all(tables: Any) -> None:
    tables.con.execute("DELETE FROM orders")
    with Reader(tables) as reader:
        assert reader.first_day is None
        assert list(reader.on(day(60), horizons=(30,)).members) == []
