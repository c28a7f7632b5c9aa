"""The demo's journeys: each has members in it, who came as they would have; again adds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.conftest import copy_of_template, drop_copy, using_database
from tests.demo.baskets import NOW, SHANGHAI, rows

from regulars.audience.member_facts import api as member_facts
from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import Numbers
from regulars.flows.demo import api as demo
from regulars.flows.demo import campaigns, care, mall, missions, plans, prepaid, referrals, reviews, till
from regulars.flows.demo import journeys as walked
from regulars.flows.journeys import api as flow
from regulars.value.ledger import api as ledger

pytestmark = pytest.mark.django_db
HOUSEHOLDS = 120
_NOT_ASKED = (campaigns, care, mall, missions, plans, prepaid, referrals, reviews, till)
MORNING = datetime(2026, 11, 20, 11, 1, tzinfo=SHANGHAI)  # the last whose hour of eleven is over


def _night(*, brand_id: UUID, clock: Any) -> None:
    """Scores as a night might leave them: every tenth may leave, every seventeenth will, every ninth runs out."""
    ids = [
        id_ for (id_,) in rows("SELECT member_id FROM membership WHERE brand_id = %s ORDER BY code", brand_id)
    ]
    chances = ["0.6" if n % 10 == 0 else "0.9" if n % 17 == 0 else "0.1" for n in range(len(ids))]
    due = [date(2026, 11, 23) if n % 9 == 0 else None for n in range(len(ids))]
    member_facts.write_scores(
        brand_id=brand_id,
        as_of=clock(),
        columns={"churn_60": chances, "next_due_on": due},
        member_ids=ids,
    )


@pytest.fixture(scope="module")
def lived(
    django_db_setup: None, django_db_blocker: Any, postgres: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[demo.Filled]:
    from django.conf import settings

    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():
        patched.setattr(settings, "FILES_DIRECTORY", tmp_path_factory.mktemp("files"))
        patched.setattr(demo.insight, "run_apart", _night)
        for room in _NOT_ASKED:  # here; they have tests of their own
            patched.setattr(room, "fill", lambda *given, **more: None)
        name = copy_of_template(postgres, "lived")
        with using_database(name):
            made = demo.fill(clock=lambda: NOW, limit=HOUSEHOLDS, writers=1, learn=True)
            yield made
        drop_copy(postgres, name)


def _numbers(filled: demo.Filled) -> dict[str, Numbers]:
    found = journeys.list_journeys(brand_id=filled.brand.id)
    assert {one.state for one in found} == {"running"} and len(found) == 10
    counted = journeys.numbers_of(journeys=found)
    return {one.code: counted[one.id] for one in found}


def test_no_journey_is_without_members(lived: demo.Filled) -> None:
    numbers = _numbers(lived)
    assert [code for code, one in numbers.items() if not one.started] == []
    assert {code for code, one in numbers.items() if one.active} >= {"dormant-60", "tier-risk", "churn-heavy"}
    goals = {code for code, one in numbers.items() if one.converted}
    # of so few households nobody new came a second time; `test_newcomers…` holds her to her orders
    assert goals >= {"welcome", "birthday", "dormant-60", "viewed-not-bought"}
    assert ledger.reconcile_books() == []


def test_newcomers_came_when_they_joined_and_first_bought(lived: demo.Filled) -> None:
    runs = _runs("welcome")
    assert runs
    for member_id, started, reached, reason in runs:
        joined, first = rows(
            "SELECT m.joined_at, min(a.occurred_at) FROM membership m JOIN activity a USING (member_id, brand_id) "
            " WHERE m.member_id = %s AND a.type = 'order' GROUP BY 1",
            member_id,
        )[0]
        assert started == joined
        assert reached == first and reason == ("goal" if first <= joined + timedelta(days=7) else "completed")
    called = rows("SELECT member_id, state FROM staff_task WHERE source = 'journey:welcome'")
    late = {member_id for member_id, _, _, reason in runs if reason == "completed"}
    assert {member_id for member_id, _ in called} == late
    for member_id, started, reached, _ in _runs("second-purchase"):
        first, *more = _orders(member_id)
        assert started == first
        assert reached == next((at for at in more if at <= first + timedelta(days=45)), None)
    # nobody else was new in the half year
    since = NOW - timedelta(days=walked.NEWCOMERS_DAYS - 1)
    (new,) = rows(
        "SELECT count(*) FROM membership WHERE brand_id = %s AND joined_at > %s", lived.brand.id, since
    )
    assert new[0] <= len(runs)


def test_the_dormant_are_those_of_then(lived: demo.Filled) -> None:
    runs = _runs("dormant-60")
    assert runs
    for member_id, started, reached, _ in runs:
        before = [at for at in _orders(member_id) if at <= started]
        assert (started.astimezone(SHANGHAI).date() - before[-1].astimezone(SHANGHAI).date()).days == 60
        after = [at for at in _orders(member_id) if started < at <= started + timedelta(days=30)]
        assert reached == (after[0] if after else None)
    assert any(reached for _, _, reached, _ in runs), (
        "some were back, whom the facts of today do not know as dormant"
    )


def test_who_looked_is_reminded_unless_she_bought_within_a_day(lived: demo.Filled) -> None:
    sent = dict(
        rows(
            "SELECT member_id, min(created_at) FROM send WHERE source = 'journey:viewed-not-bought' GROUP BY 1"
        )
    )
    runs = _runs("viewed-not-bought")
    assert runs and sent
    for member_id, started, reached, reason in runs:
        seen = rows(
            "SELECT max(occurred_at) FROM activity WHERE member_id = %s AND type = 'view' AND occurred_at <= %s",
            member_id,
            started,
        )[0][0]
        assert timedelta(0) <= started - seen <= timedelta(minutes=1)
        assert started.astimezone(SHANGHAI).strftime("%H:%M") in ("12:31", "20:16")
        soon = [at for at in _orders(member_id) if started < at < started + timedelta(days=1)]
        assert (reason == "goal") == bool(soon)
        assert reached == next(
            (at for at in _orders(member_id) if started < at < started + timedelta(days=7)), None
        )


def test_messages_went_when_they_were_asked_for_and_limits_were_kept(lived: demo.Filled) -> None:
    told = {
        code: flow.messages_of(journey=journeys.get_journey(brand_id=lived.brand.id, code=code))
        for code in _numbers(lived)
    }
    assert all(sum(one.asked for one in nodes.values()) > 0 for nodes in told.values())
    # nobody waited for weeks: but for the night, a message goes when it is asked for
    late = rows(
        "SELECT source, sent_at - created_at FROM send WHERE source LIKE 'journey:%%' AND sent_at IS NOT NULL "
        "   AND sent_at > created_at + interval '12 hours'"
    )
    assert late == []
    night = rows(
        "SELECT count(*) FROM send WHERE source LIKE 'journey:%%' AND channel = 'sms' AND sent_at IS NOT NULL "
        "   AND NOT (sent_at AT TIME ZONE 'Asia/Shanghai')::time BETWEEN '08:00' AND '21:00'"
    )
    assert night == [(0,)]
    reasons = dict(rows("SELECT reason, count(*) FROM send WHERE source LIKE 'journey:%%' GROUP BY 1"))
    assert reasons["frequency_cap"] > 0, "some had two others that week, and it is said"
    # nearly all arrived, about three of ten text messages were opened, all of them after they had come and before now
    counts = rows(
        "SELECT channel, count(*), count(clicked_at), "
        "       coalesce(bool_and(clicked_at > sent_at AND clicked_at <= %s), TRUE) "
        "  FROM send WHERE source LIKE 'journey:%%' AND sent_at IS NOT NULL GROUP BY 1",
        NOW,
    )
    by_channel = {channel: row for channel, *row in counts}
    count, clicked, in_time = by_channel["sms"]
    assert 0 < clicked < 0.6 * count and in_time
    assert by_channel["inbox"][1] == 0


def test_scores_bring_members_in_since_the_last_morning(lived: demo.Filled) -> None:
    """Who had bought on that day or since had another score then, and is not among them."""
    by_code = rows("SELECT member_id FROM membership WHERE brand_id = %s ORDER BY code", lived.brand.id)
    codes = {id_: n for n, (id_,) in enumerate(by_code)}
    midnight = MORNING.replace(hour=0, minute=0)
    away = {
        id_: n
        for id_, n in codes.items()
        if not rows(
            "SELECT FROM activity WHERE member_id = %s AND type = 'order' AND occurred_at >= %s",
            id_,
            midnight,
        )
    }
    assert 0 < len(away) < len(codes)
    meant = {
        "churn-light": {id_ for id_, n in away.items() if n % 10 == 0},
        "churn-heavy": {id_ for id_, n in away.items() if n % 17 == 0 and n % 10},
        "refill": {id_ for id_, n in away.items() if n % 9 == 0},
    }
    for code, expected in meant.items():
        runs = _runs(code)
        assert {member_id for member_id, *_ in runs} == expected and expected
        assert {started for _, started, *_ in runs} == {MORNING}


def test_again_changes_nothing(lived: demo.Filled) -> None:
    before = _everything()
    assert demo.fill(clock=lambda: NOW + timedelta(hours=1), limit=HOUSEHOLDS, writers=1, learn=True).already
    walked.go_on(demo._scope(lived.brand), NOW)
    assert _everything() == before


def _runs(code: str) -> list[Any]:
    return rows(
        "SELECT r.member_id, r.started_at, r.converted_at, r.reason FROM journey_run r "
        "  JOIN journey j ON j.id = r.journey_id WHERE j.code = %s ORDER BY r.started_at",
        code,
    )


def _orders(member_id: UUID) -> list[datetime]:
    return [
        at
        for (at,) in rows(
            "SELECT occurred_at FROM activity WHERE member_id = %s AND type = 'order' AND source <> 'till' ORDER BY 1",
            member_id,
        )
    ]


def _everything() -> list[Any]:
    with connection.cursor() as cursor:
        found = []
        for table in ("journey_run", "journey_version", "send", "activity", "entry", "staff_task"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found.append(cursor.fetchone())
        return found
