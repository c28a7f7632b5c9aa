"""Scores: written by the column, read by the member, none for those who do not want to be profiled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from tests.members.world import NOW, enrol_one, make_world

from regulars.audience.member_facts import api as facts
from regulars.facts.members import api as members
from regulars.kit.ids import new_id

pytestmark = pytest.mark.django_db


def test_some_columns_are_written_and_the_others_stay() -> None:
    world = make_world()
    one, two = (enrol_one(world.tea, f"1380000000{n}").member_id for n in (1, 2))
    brand = world.tea.brand_id
    written = facts.write_scores(
        brand_id=brand,
        as_of=NOW,
        columns={
            "rfm_r": np.array([5, 1]),
            "churn_90": np.array([0.25, np.nan]),
            "churn_reasons": [[{"code": "late", "weight": 0.5}], None],
            "needs": [["敏感肌", 'with "quotes"'], None],
            "next_due_on": [date(2026, 6, 1), None],
        },
        member_ids=[one, two],
    )
    assert written == 2
    facts.write_scores(
        brand_id=brand, as_of=NOW, columns={"stage": ["loyal"], "value_12": [12.6]}, member_ids=[one]
    )
    known = facts.read(brand_id=brand, member_id=one)
    assert known is not None and known.scores is not None
    assert known.scores["rfm_r"] == 5 and known.scores["stage"] == "loyal" and known.scores["value_12"] == 13
    assert known.scores["churn_90"] == Decimal("0.25")
    assert known.scores["churn_reasons"] == [{"code": "late", "weight": 0.5}]
    assert known.scores["needs"] == ["敏感肌", 'with "quotes"'] and known.scores["next_due_on"] == date(
        2026, 6, 1
    )
    other = facts.read(brand_id=brand, member_id=two)
    assert other is not None and other.scores is not None
    assert other.scores["churn_90"] is None and other.scores["rfm_r"] == 1 and other.facts is None
    # somebody who is not a member of the brand gets no row
    assert facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [3]}, member_ids=[new_id()]) == 0
    assert facts.read(brand_id=world.gym.brand_id, member_id=one) is None


def test_who_switched_profiling_off_gets_no_scores() -> None:
    world = make_world()
    one, two = (enrol_one(world.tea, f"1380000000{n}").member_id for n in (1, 2))
    brand = world.tea.brand_id
    assert members.set_profiling(scope=world.tea, member_id=one, on=False, now=NOW)
    assert not members.set_profiling(
        scope=world.tea, member_id=one, on=False, now=NOW
    )  # again changes nothing
    assert not members.profiling_is_on(brand_id=brand, member_id=one)
    assert members.profiling_off(brand_id=brand) == {one}
    assert (
        facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [10, 20]}, member_ids=[one, two]) == 1
    )
    assert facts.read(brand_id=brand, member_id=one).scores is None  # type: ignore[union-attr]
    assert members.set_profiling(scope=world.tea, member_id=one, on=True, now=NOW)
    assert facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [10]}, member_ids=[one]) == 1


def test_an_unknown_score_or_a_short_column_is_a_mistake_of_the_caller() -> None:
    world = make_world()
    with pytest.raises(ValueError, match="no such score"):
        facts.write_scores(
            brand_id=world.tea.brand_id, as_of=NOW, columns={"luck": [1]}, member_ids=[new_id()]
        )
    with pytest.raises(ValueError, match="2 values for 1"):
        facts.write_scores(
            brand_id=world.tea.brand_id, as_of=NOW, columns={"koc": [1, 2]}, member_ids=[new_id()]
        )
