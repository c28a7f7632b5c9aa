"""Look-alikes: learnt from some and asked of all; lists that are made in the background, whole or not at all."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import connection
from tests.audience.asleep import wait_until_asleep
from tests.intake.world import World, points, programme, rule, world

from regulars.audience.segments import api as segments
from regulars.audience.segments.api import growing, keeping, making
from regulars.audience.segments.policy.alike import Best, Kept, cosine, learn_logistic, logistic, scale_of
from regulars.audience.segments.store import likeness
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.facts.members import api as members
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 12, 20, 4, tzinfo=UTC)
# Members of two kinds, mixed by id: every third buys much (the seed's kind), the others little; all a little unlike.
CROWD = """
    WITH made AS (SELECT n, md5('crowd' || n)::uuid AS id, CASE WHEN n % 3 = 0 THEN 20 ELSE 2 END AS keen
                    FROM generate_series(0, %(count)s - 1) AS n)
    , people AS (
        INSERT INTO membership (member_id, brand_id, organisation_id, code, joined_at, tier, store_id)
        SELECT id, %(brand)s, %(organisation)s, 'C' || n, %(now)s, 'normal',
               (%(stores)s::uuid[])[1 + n %% 2] FROM made RETURNING 1)
    INSERT INTO member_fact (member_id, brand_id, as_of, day, orders_90, orders_365, spend_365, coupon_share,
                             order_gap_median)
    SELECT id, %(brand)s, %(now)s, %(now)s::date, keen + n %% 5, keen * 3 + n %% 7, keen * 9000 + n,
           CASE WHEN n %% 4 = 0 THEN NULL ELSE (n %% 10) / 10.0 END, 60.0 / (keen + n %% 3)
      FROM made
""".replace("n % 3 =", "n %% 3 =")


def crowd(count: int = 120) -> tuple[World, list[UUID], dict[str, UUID]]:
    """The brand, its members in the order they are numbered, its stores: members are of them by turns."""
    its = world(programme([rule("base", points())]))
    stores = {one.code: one.id for one in organisations.list_stores(brand_id=its.scope.brand_id)}
    given = {
        "count": count, "brand": its.scope.brand_id, "organisation": its.scope.organisation_id, "now": NOW,
        "stores": [stores["S1"], stores["S2"]],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(CROWD, given)
        cursor.execute("SELECT member_id FROM membership ORDER BY substr(code, 2)::int")
        return its, [row[0] for row in cursor.fetchall()], stores


def make(its: World, code: str, ids: list[UUID]) -> Segment:
    return segments.create(
        scope=its.scope, draft=SegmentDraft(code, Text(code, code), "static", members=ids), now=NOW
    )


def wish(its: World, code: str = "like", size: int = 20, method: str = "logistic", **scope: Any) -> Segment:
    return segments.look_alike(
        scope=replace(its.scope, **scope), seed="seed", size=size, code=code, name=Text("像", "Like"),
        method=method, now=NOW,
    )  # fmt: skip


def kept(its: World, code: str = "like") -> Segment:
    return segments.get_segment(brand_id=its.scope.brand_id, code=code)


def inside(its: World, code: str = "like") -> set[UUID]:
    return {one for portion in segments.walk(segment=kept(its, code)) for one in portion}


def in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "AT_ONCE", 10)


def test_what_is_kept_to_learn_from_does_not_hang_on_portions() -> None:
    ids = np.frombuffer(np.random.default_rng(3).bytes(16 * 500), dtype="V16")
    facts = np.arange(500, dtype=float)[:, None]

    def of(size: int) -> tuple[list[bytes], list[float]]:
        some = Kept(60)
        for start in range(0, 500, size):
            some.take(ids[start : start + size], facts[start : start + size])
        assert some.seen == 500
        names, rows = some.rows()
        return [one.tobytes() for one in names], rows[:, 0].tolist()

    names, rows = of(500)
    assert len(names) == 60 and rows == sorted(rows)  # in the order they came
    assert all(ids[int(row)].tobytes() == name for name, row in zip(names, rows, strict=True))
    assert of(7) == of(130) == (names, rows)


def test_the_best_of_all_portions_and_of_equals_those_with_the_lowest_ids() -> None:
    likeness_ = np.array([0.5, 0.9, 0.5, 0.1, 0.9, 0.5, 0.5, 0.2, 0.5, 0.9])
    ids = np.array([n.to_bytes(16, "big") for n in range(10)], dtype="V16")
    for size, order in itertools.product((1, 3, 10), (np.arange(10), np.arange(10)[::-1])):
        best = Best(5)
        for start in range(0, 10, size):
            some = order[start : start + size]
            best.take(ids[some], likeness_[some])
        # three with 0.9, then the first two of those with 0.5
        assert [int.from_bytes(one.tobytes(), "big") for one in best.chosen()] == [1, 4, 9, 0, 2]
    assert len(Best(3).chosen()) == 0


def test_weighted_rows_stand_for_as_many_rows() -> None:
    rows = np.array([[1.0, -2.0], [4.0, np.nan], [9.0, 5.0]])
    whole, few = scale_of(np.repeat(rows, [1, 2, 5], axis=0)), scale_of(rows, np.array([1.0, 2.0, 5.0]))
    for one, other in (
        (whole.missing, few.missing),
        (whole.mean, few.mean),
        (whole.deviation, few.deviation),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    # the first column is never negative: log1p; by hand (ln 2 + 2 ln 5 + 5 ln 10) / 8
    assert few.skewed.tolist() == [True, False]
    assert few.mean[0] == pytest.approx((np.log(2) + 2 * np.log(5) + 5 * np.log(10)) / 8)


def test_what_was_learnt_says_of_others_what_it_says_of_its_own() -> None:
    rows = np.random.default_rng(5).normal(size=(300, 4))
    is_seed = rows[:, 0] > 0.8
    learnt = learn_logistic(rows, is_seed)
    np.testing.assert_allclose(learnt(rows[100:200]), logistic(rows, is_seed)[100:200], rtol=1e-12)
    assert abs(cosine(rows, is_seed)).max() <= 1


@pytest.mark.parametrize("method", ["logistic", "cosine"])
def test_portions_and_a_sample_find_whom_all_at_once_finds(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    its, them, _ = crowd()
    keen = [them[n] for n in range(0, 120, 3)]  # forty; twenty of them are the seed
    seed = make(its, "seed", keen[:20])
    asked: dict[str, Any] = {
        "brand_id": its.scope.brand_id, "seed_id": seed.id, "size": 20, "method": method,
    }  # fmt: skip
    whole = making.most_alike(**asked)
    assert set(whole) == set(keen[20:])
    monkeypatch.setattr(likeness, "PORTION", 7)
    told: list[int] = []
    assert making.most_alike(**asked, told=told.append) == whole
    # all was learnt from: nobody is read again. A row takes 24 + 16 + 21 × 8 + 4 bytes: 120 of them fill four blocks,
    # and no portion is smaller than one
    assert told == [20, 26, 32, 38, 45, 95]
    # learnt from fifteen of the seed and fifteen of the hundred others
    told.clear()
    sampled = making.most_alike(**asked, told=told.append, learnt_from=15)
    assert set(sampled) == set(whole)
    assert told == [20, 26, 32, 38, 45, 55, 65, 75, 85, 95]
    monkeypatch.undo()
    assert making.most_alike(**asked, learnt_from=15) == sampled


@pytest.mark.parametrize("at", [20, 32, 45, 55, 75])
def test_it_may_be_stopped_after_any_portion_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    its, them, _ = crowd()
    seed = make(its, "seed", them[0:60:3])
    monkeypatch.setattr(likeness, "PORTION", 7)
    told: list[int] = []

    def stop(percent: int) -> None:
        told.append(percent)
        if percent == at:
            raise making.cancelled()

    asked: dict[str, Any] = {
        "brand_id": its.scope.brand_id,
        "seed_id": seed.id,
        "size": 20,
        "method": "logistic",
    }
    with pytest.raises(Refusal) as refused:
        making.most_alike(**asked, told=stop, learnt_from=15)
    assert refused.value.code == "cancelled" and told[-1] == at
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.likeness_row')")
        assert cursor.fetchone() == (None,)
    assert len(making.most_alike(**asked, learnt_from=15)) == 20


def test_who_is_looked_at() -> None:
    its, them, stores = crowd()
    keen = [them[n] for n in range(0, 120, 3)]
    make(its, "seed", keen[:20])
    members.set_profiling(scope=its.scope, member_id=keen[39], on=False, now=NOW)
    members.update_member(scope=its.scope, member_id=keen[38], changes={"status": "left"}, now=NOW)
    wish(its, size=100)
    assert len(inside(its)) == 98 and inside(its).isdisjoint({*keen[:20], keen[38], keen[39]})
    # staff of one store make and change nothing that is the whole brand's
    scope = replace(its.scope, store_ids=frozenset(stores.values()))
    for act in (
        lambda: wish(its, "own", store_ids=scope.store_ids),
        lambda: segments.set_state(scope=scope, code="like", state="archived", now=NOW),
        lambda: segments.begin_again(scope=scope, code="like", now=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.code == "store_not_allowed"
    assert len(inside(its)) == 98


def test_among_many_the_list_is_made_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    its, them, _ = crowd()
    make(its, "seed", them[0:60:3])
    wish(its, "at-once")
    in_the_background(monkeypatch)
    made = wish(its)
    assert (made.being_made, made.members, made.run, made.progress) == (True, 0, "idle", 0)
    assert made.next_refresh_at == NOW and made.profiles and inside(its) == set()
    assert made.source == {"look_alike_of": "seed", "method": "logistic", "size": 20}
    with pytest.raises(Refusal) as refused:
        wish(its)
    assert refused.value.code == "code_taken"
    assert segments.refresh_due(now=NOW) == 1
    done = kept(its)
    assert (done.being_made, done.members, done.run) == (False, 20, "idle")
    assert done.next_refresh_at is None and done.refreshed_at == NOW
    assert inside(its) == inside(its, "at-once")
    assert segments.refresh_due(now=NOW + timedelta(days=9)) == 0  # a list stays as it is
    assert segments.refresh(brand_id=its.scope.brand_id, code="like", now=NOW) is None


def test_why_it_cannot_be_made_is_said_and_it_can_be_made_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    its, them, _ = crowd()
    brand = its.scope.brand_id
    make(its, "seed", them[0:9:3])
    in_the_background(monkeypatch)
    wish(its)
    assert segments.refresh_due(now=NOW) == 1
    said = kept(its)
    assert (said.run, said.being_made, said.next_refresh_at) == ("failed", True, None)
    assert "20" in said.problem.zh and said.problem.en.startswith("The seed needs at least 20 members")
    assert segments.refresh_due(now=NOW + timedelta(days=1)) == 0  # it waits for somebody
    segments.update(scope=its.scope, code="seed", changes={"members": them[0:60:3]}, now=NOW)
    segments.begin_again(scope=its.scope, code="like", now=NOW)
    assert (kept(its).run, kept(its).problem) == ("idle", Text("", ""))
    assert segments.refresh_due(now=NOW) == 1 and len(inside(its)) == 20
    with pytest.raises(Refusal):
        segments.begin_again(scope=its.scope, code="like", now=NOW)  # it is made
    # one that waits is stopped too, paused and gone on with, filled by hand, archived
    for code in ("a", "b", "c", "d"):
        wish(its, code)
    assert segments.cancel(brand_id=brand, code="a") and not segments.cancel(brand_id=brand, code="a")
    assert kept(its, "a").run == "cancelled"
    segments.set_state(scope=its.scope, code="b", state="paused", now=NOW)
    with pytest.raises(Refusal) as refused:
        segments.begin_again(scope=its.scope, code="b", now=NOW)
    assert refused.value.code == "not_in_use"
    segments.update(scope=its.scope, code="c", changes={"members": them[:2]}, now=NOW)
    segments.set_state(scope=its.scope, code="d", state="archived", now=NOW)
    assert segments.refresh_due(now=NOW + timedelta(days=1)) == 0
    assert inside(its, "c") == set(them[:2]) and not kept(its, "c").being_made
    segments.set_state(scope=its.scope, code="b", state="active", now=NOW)
    assert segments.refresh_due(now=NOW) == 1 and len(inside(its, "b")) == 20
    assert inside(its, "a") == inside(its, "d") == set()


def test_killed_in_its_midst_it_is_begun_again_and_is_never_half_a_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    its, them, _ = crowd()
    make(its, "seed", them[0:60:3])
    in_the_background(monkeypatch)
    wish(its)
    real = making.fill

    def killed(cursor: Any, *, given: Any, **more: Any) -> int:
        real(cursor, given=given[:5], **more)
        raise SystemExit  # nothing that is done for errors is done

    monkeypatch.setattr(making, "fill", killed)
    with pytest.raises(SystemExit):
        segments.refresh_due(now=NOW)
    monkeypatch.setattr(making, "fill", real)
    at_rest = kept(its)
    assert (at_rest.run, at_rest.being_made, inside(its)) == ("running", True, set())
    assert segments.refresh_due(now=NOW + timedelta(minutes=1)) == 0  # whoever has the lease may be at it yet
    assert segments.refresh_due(now=NOW + timedelta(minutes=10)) == 1
    assert len(inside(its)) == 20 and kept(its).run == "idle"


def test_what_broke_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    its, them, _ = crowd()
    make(its, "seed", them[0:60:3])
    in_the_background(monkeypatch)
    wish(its)
    real = keeping.make
    monkeypatch.setattr(keeping, "make", lambda *a, **b: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        segments.refresh(brand_id=its.scope.brand_id, code="like", now=NOW)
    broken = kept(its)
    assert (broken.run, broken.next_refresh_at) == ("failed", NOW + timedelta(minutes=15))
    monkeypatch.setattr(keeping, "make", real)
    assert segments.refresh_due(now=NOW + timedelta(minutes=16)) == 1 and len(inside(its)) == 20


def test_it_is_stopped_while_it_is_made_and_tells_how_far_it_is(
    together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, them, _ = crowd()
    brand = its.scope.brand_id
    make(its, "seed", them[0:60:3])
    in_the_background(monkeypatch)
    wish(its)
    real, seen = making.fill, []

    def slow(cursor: Any, **given: Any) -> int:
        cursor.execute("SELECT pg_sleep(60)")
        return real(cursor, **given)

    monkeypatch.setattr(making, "fill", slow)

    def stop() -> bool:
        wait_until_asleep()
        seen.append(segments.get_segment(brand_id=brand, code="like"))
        return segments.cancel(brand_id=brand, code="like")

    refused, stopped = together([lambda: segments.refresh(brand_id=brand, code="like", now=NOW), stop])
    assert stopped is True and isinstance(refused, Refusal) and refused.code == "cancelled"
    assert (seen[0].run, seen[0].progress, seen[0].members) == ("running", 95, 0)
    after = kept(its)
    assert (after.run, after.being_made, after.next_refresh_at) == ("cancelled", True, None)
    assert inside(its) == set()
    monkeypatch.setattr(making, "fill", real)
    segments.begin_again(scope=its.scope, code="like", now=NOW)
    assert segments.refresh_due(now=NOW) == 1 and len(inside(its)) == 20
