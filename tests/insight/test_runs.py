"""Runs are begun, followed and ended; what was interrupted says so; another brand's are not found."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.insight.runs import api as runs
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_a_run_from_its_beginning_to_its_end() -> None:
    brand = new_id()
    run = runs.begin(brand_id=brand, kind="rfm", now=NOW, params={"months": 12})
    assert runs.latest(brand_id=brand, kind="rfm") is None
    runs.progress(run=run, share=0.4)
    seen = runs.latest(brand_id=brand, kind="rfm", finished=False)
    assert seen is not None and (seen.state, seen.progress, seen.seconds) == ("running", 0.4, None)
    runs.finish(
        run=run,
        now=NOW + timedelta(seconds=3),
        rows=7,
        metrics={"members": 7},
        charts={"cells": [1]},
        period_to=date(2026, 2, 28),
    )
    done = runs.latest(brand_id=brand, kind="rfm")
    assert done is not None
    assert (done.rows, done.seconds, done.params, done.charts) == (7, 3.0, {"months": 12}, {"cells": [1]})
    assert done.period_to == date(2026, 2, 28) and done.as_of == NOW
    assert runs.latest_of_each(brand_id=brand)["rfm"].charts == {}


def test_what_lacks_data_or_fails_says_why() -> None:
    brand = new_id()
    run = runs.begin(brand_id=brand, kind="churn", now=NOW)
    runs.lack(run=run, now=NOW, problem=Text("数据不足", "not enough data"), rows=3)
    failed = runs.begin(brand_id=brand, kind="churn", now=NOW)
    runs.fail(run=failed, now=NOW, problem=Text("错", "wrong"))
    newest = runs.latest(brand_id=brand, kind="churn", finished=False)
    assert newest is not None and (newest.state, newest.problem.en) == ("failed", "wrong")
    last_good = runs.latest(brand_id=brand, kind="churn")
    assert last_good is not None and (last_good.state, last_good.problem.en) == ("lacking", "not enough data")


def test_an_interrupted_run_is_found_by_the_next_one() -> None:
    brand = new_id()
    first = runs.begin(brand_id=brand, kind="rfm", now=NOW)
    runs.begin(brand_id=brand, kind="rfm", now=NOW)
    assert runs.get_run(brand_id=brand, run_id=first.id).state == "failed"
    # it may come back to life; what it says then is not believed
    runs.finish(run=first, now=NOW, rows=1)
    assert runs.get_run(brand_id=brand, run_id=first.id).state == "failed"


def test_lists_page_and_brands_are_apart() -> None:
    brand, other = new_id(), new_id()
    made = [runs.begin(brand_id=brand, kind=f"k{n}", now=NOW) for n in range(3)]
    page = runs.list_runs(brand_id=brand, limit=2)
    assert [run.id for run in page.items] == [made[2].id, made[1].id]
    rest = runs.list_runs(brand_id=brand, limit=2, cursor=page.next_cursor)
    assert [run.id for run in rest.items] == [made[0].id] and rest.next_cursor is None
    assert runs.list_runs(brand_id=other).items == []
    with pytest.raises(Refusal, match="not_found"):
        runs.get_run(brand_id=other, run_id=made[0].id)


def test_settings_of_a_room() -> None:
    brand = new_id()
    assert runs.get_setting(brand_id=brand, room="rfm") is None
    for value in ({"n": 1}, {"n": 2}):
        runs.put_setting(brand_id=brand, room="rfm", value=value, now=NOW, by="Li")
    kept = runs.get_setting(brand_id=brand, room="rfm")
    assert kept is not None and (kept.value, kept.changed_by) == ({"n": 2}, "Li")
