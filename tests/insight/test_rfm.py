"""RFM reckoned by hand on ten members, by quantiles and by own cuts; groups, heat map, migration, settings."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd
import pytest

from regulars.insight.rfm import api as rfm
from regulars.insight.rfm.types import GROUPS, RfmSettings, Window
from regulars.kit.errors import Refusal

YEAR = Window(date(2024, 1, 1), date(2024, 12, 31))


def table(rows: list[tuple[str, date, int, int]]) -> Any:
    frame = pd.DataFrame(rows, columns=["member_id", "local_day", "amount", "refunded"])
    return ibis.memtable(
        frame, schema={"member_id": "string", "local_day": "date", "amount": "int64", "refunded": "int64"}
    )


def rows(expression: Any) -> list[dict[str, Any]]:
    return list(expression.to_pyarrow().to_pylist())


# member k of ten bought k times for k yuan each, the last time on the k-th of December
TEN = [
    (f"m{k:02}", date(2024, 12, k) if n == 0 else date(2024, 3, 1), 100 * k, 0)
    for k in range(1, 11)
    for n in range(k)
]


def test_measures_leave_out_what_went_back_whole_and_what_lies_outside() -> None:
    orders = table(
        [
            ("a", date(2024, 5, 1), 1000, 0),
            ("a", date(2024, 6, 1), 1000, 300),
            ("a", date(2024, 7, 1), 1000, 1000),  # went back
            ("a", date(2023, 12, 31), 1000, 0),  # the day before
            ("b", date(2025, 1, 1), 1000, 0),  # the day after
        ]
    )
    assert rows(rfm.measures(orders, YEAR)) == [
        {"member_id": "a", "last_day": date(2024, 6, 1), "frequency": 2, "money": 1700}
    ]


def test_fifths_of_ten_are_pairs() -> None:
    """Recency, frequency and money all rise with k: members 1, 2 have score 1 in all, 9 and 10 have 5."""
    scored = rows(rfm.scores(rfm.measures(table(TEN), YEAR), RfmSettings(), YEAR))
    expected = {f"m{k:02}": (k + 1) // 2 for k in range(1, 11)}
    assert {row["member_id"]: (row["r"], row["f"], row["m"]) for row in scored} == {
        member: (score, score, score) for member, score in expected.items()
    }
    # high from 4: members 7 to 10 are high in all, the others low in all
    assert {row["member_id"] for row in scored if row["group"] == "champions"} == {"m07", "m08", "m09", "m10"}
    assert {row["group"] for row in scored} == {"champions", "lapsed"}


def test_equal_members_are_told_apart_by_their_ids() -> None:
    same = [(f"m{k}", date(2024, 6, 1), 100, 0) for k in range(5)]
    scored = rows(rfm.scores(rfm.measures(table(same), YEAR), RfmSettings(), YEAR))
    assert {row["member_id"]: row["r"] for row in scored} == {f"m{k}": k + 1 for k in range(5)}


def test_own_cuts() -> None:
    """A bound that is just reached counts; recency counts days before the last day of the period."""
    settings = RfmSettings(
        method="cuts",
        recency_cuts=(7, 30, 60, 120),
        frequency_cuts=(2, 3, 4, 5),
        money_cuts=(100, 200, 300, 400),
    )
    orders = table(
        [
            ("a", date(2024, 12, 24), 100, 0),  # 7 days before: 5; once: 1; money 100: 2
            ("b", date(2024, 12, 23), 99, 0),  # 8 days: 4; money 99: 1
            *[("c", date(2024, 9, 2), 100, 0)] * 5,  # 120 days: 2; five times: 5; money 500: 5
            ("d", date(2024, 9, 1), 250, 0),  # 121 days: 1; money 250: 3
        ]
    )
    scored = {row["member_id"]: row for row in rows(rfm.scores(rfm.measures(orders, YEAR), settings, YEAR))}
    assert {m: (row["r"], row["f"], row["m"]) for m, row in scored.items()} == {
        "a": (5, 1, 2), "b": (4, 1, 1), "c": (2, 5, 5), "d": (1, 1, 3),
    }  # fmt: skip
    assert {m: row["group"] for m, row in scored.items()} == {
        "a": "new",
        "b": "new",
        "c": "keep",
        "d": "lapsed",
    }


def test_every_combination_has_its_group() -> None:
    assert len({wanted for wanted, _ in GROUPS.values()}) == 8
    assert GROUPS["win_back"][1].zh == "重要挽留" and GROUPS["champions"][1].zh == "重要价值"


def test_heat_groups_bounds_and_flows_add_up() -> None:
    orders = table(TEN)
    scored = rfm.scores(rfm.measures(orders, YEAR), RfmSettings(), YEAR)
    # until the end of November only the orders of 1 March count: k − 1 of them, so not member 1
    spring = Window(date(2024, 1, 1), date(2024, 11, 30))
    before = rfm.scores(rfm.measures(orders, spring), RfmSettings(), spring)
    made = rfm.report(scored=scored, before=before, members=12, last=YEAR.last, rows=rows)
    assert (made.scored, made.unscored) == (10, 2)
    # k orders of k yuan each: 1 + 4 + 9 + … + 100 = 385 yuan
    assert made.money == 38_500
    assert [(c["r"], c["f"], c["members"], c["money"]) for c in made.cells] == [
        (1, 1, 2, 500), (2, 2, 2, 2500), (3, 3, 2, 6100), (4, 4, 2, 11300), (5, 5, 2, 18100),
    ]  # fmt: skip
    assert [(g["group"], g["members"], g["money"]) for g in made.groups] == [
        ("champions", 4, 29_400), ("lapsed", 6, 9_100),
    ]  # fmt: skip
    recency = [b for b in made.bounds if b["measure"] == "recency"]
    assert [(b["score"], b["least"], b["greatest"]) for b in recency] == [
        (1, 29, 30), (2, 27, 28), (3, 25, 26), (4, 23, 24), (5, 21, 22),
    ]  # fmt: skip
    assert sum(flow["members"] for flow in made.flows) == 10
    assert {"was": "none", "becomes": "lapsed", "members": 1} in made.flows


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"months": 0}, "months", "out_of_range"),
        ({"months": True}, "months", "out_of_range"),
        ({"high_from": 6}, "high_from", "out_of_range"),
        ({"method": "guess"}, "method", "bad_value"),
        ({"money_cuts": [1, 2, 3]}, "money_cuts", "bad_cuts"),
        ({"money_cuts": [1, 2, 2, 3]}, "money_cuts", "not_ascending"),
        ({"recency_cuts": [-1, 2, 3, 4]}, "recency_cuts", "out_of_range"),
        ({"colour": 1}, "colour", "unknown_field"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        rfm.check_settings(given)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]


def test_settings_survive_their_json() -> None:
    settings = RfmSettings(months=6, method="cuts", money_cuts=(1, 2, 3, 4))
    assert rfm.check_settings(settings.to_json()) == settings


def test_the_period_and_the_one_before() -> None:
    settings = RfmSettings(months=12, compare_months=3)
    assert rfm.window(settings, date(2024, 12, 31)) == YEAR
    assert rfm.earlier_window(settings, date(2024, 12, 31)) == Window(date(2023, 10, 1), date(2024, 9, 30))
