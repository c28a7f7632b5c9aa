"""The KOC score with figures reckoned by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pytest

from regulars.insight.lifecycle import koc, policy
from regulars.insight.lifecycle.types import KocWeights
from regulars.kit.errors import Refusal

UNTIL = date(2025, 6, 30)
ORDERS = ibis.memtable(
    [
        ("amy", date(2025, 6, 1)), ("amy", date(2025, 6, 1)), ("amy", date(2025, 6, 8)), ("amy", date(2025, 6, 20)),
        ("bea", date(2025, 5, 1)), ("cid", date(2025, 5, 2)), ("cid", date(2024, 11, 1)), ("dan", date(2024, 1, 1)),
    ],
    schema={"member_id": "string", "local_day": "date"},
)  # fmt: skip
MEMBERS = ibis.memtable(
    [("amy", "A", ""), ("bea", "B", "A"), ("cid", "C", "A"), ("dan", "D", ""), ("eve", "E", "A")],
    schema={"member_id": "string", "code": "string", "recruiter": "string"},
)
TEXTS = ibis.memtable(
    [("amy", "review", "x" * 50, 5), ("amy", "review", "x" * 70, 3), ("bea", "survey", "x" * 900, 5)],
    schema={"member_id": "string", "type": "string", "text": "string", "rating": "int64"},
)
FOLLOWERS = ibis.memtable([("bea", 999)], schema={"member_id": "string", "followers": "int64"})
MOODS = ibis.memtable([("amy", 0.9)], schema={"member_id": "string", "mood": "float64"})


def scores(texts: ibis.Table = TEXTS) -> dict[str, dict[str, Any]]:
    parts = koc.koc_parts(ORDERS, texts, MEMBERS, FOLLOWERS, MOODS, UNTIL)
    found = ibis.duckdb.connect().to_pyarrow(koc.koc_scores(parts, KocWeights())).to_pylist()
    return {row["member_id"]: row for row in found}


def test_by_hand() -> None:
    """Buyers of 180 days: amy 3 days, bea 1, cid 1: two of three bought at most once, so 66.7; amy 100.
    amy brought bea and cid, who bought (eve did not): 2 · 20 = 40. Her two texts of 60 characters on the mean, mood
    0.9, ratings 5 and 3 (deviation 1): 100 · (0.4 · 0.2 + 0.3 · 0.6 + 0.2 · 0.9 + 0.1 · 1) = 54.
    Score: (35 · 100 + 35 · 40 + 30 · 54) / 100 = 65.2. bea: 20 · log10(1000) = 60; (35 · 66.67 + 35 · 60) / 100
    = 44.3; a survey's answer is no content of hers."""
    found = scores()
    amy, bea = found["amy"], found["bea"]
    assert (amy["purchases"], amy["brought"], amy["reviews"], amy["length"]) == (3, 2, 2, 60)
    assert (amy["frequency"], amy["influence"]) == (100, 40)
    assert amy["quality"] == pytest.approx(54)
    assert amy["score"] == 65
    assert bea["frequency"] == pytest.approx(200 / 3)
    assert bea["influence"] == pytest.approx(60)
    assert bea["quality"] is None and bea["score"] == 44
    assert found["cid"]["score"] == 23  # 35 · 66.67 / 100 = 23.3
    assert found["dan"]["score"] == 0 and found["eve"]["score"] == 0


def test_what_is_known_of_nobody_weighs_nothing() -> None:
    """No texts at all: amy (35 · 100 + 35 · 40) / 70 = 70."""
    assert scores(TEXTS.filter(TEXTS.text == ""))["amy"]["score"] == 70
    assert policy.score_koc({"frequency": 100, "influence": 40, "quality": None}, KocWeights()) == 70


def test_one_by_one_is_the_same() -> None:
    for row in scores().values():
        parts = {name: row[name] or 0.0 for name in ("frequency", "influence", "quality")}
        assert policy.score_koc(parts, KocWeights()) == row["score"]


@pytest.mark.parametrize("followers", [-1, -2, -1000])
def test_fewer_than_no_followers_are_none(followers: int) -> None:
    """A number that cannot be, in one member's field, neither counts against her nor stops everybody's scores."""
    wrong = ibis.memtable([("bea", followers)], schema={"member_id": "string", "followers": "int64"})
    parts = koc.koc_parts(ORDERS, TEXTS, MEMBERS, wrong, MOODS, UNTIL)
    found = ibis.duckdb.connect().to_pyarrow(koc.koc_scores(parts, KocWeights())).to_pylist()
    bea = next(row for row in found if row["member_id"] == "bea")
    assert bea["influence"] == 0
    assert bea["score"] == 23  # 35 · 66.67 / 100
    amy = next(row for row in found if row["member_id"] == "amy")
    assert amy["score"] == 65


def test_weights_add_up() -> None:
    with pytest.raises(Refusal) as refused:
        policy.check_weights({"frequency": 50, "influence": 50, "quality": 10})
    assert [e.code for e in refused.value.errors] == ["not_a_hundred"]
    assert policy.check_weights({"frequency": 50, "influence": 30, "quality": 20}).quality == 20
