"""Look-alikes: learnt from some, asked of all in portions; and lists of them that are made in the background."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from regulars.audience.segments.api.definitions import fill, get_segment
from regulars.audience.segments.store import asking, keeping, likeness
from regulars.audience.segments.types import Refreshed, Segment
from regulars.kit.errors import Refusal, conflict
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope

if TYPE_CHECKING:
    from regulars.audience.segments.policy.alike import Scorer

LEARNT_FROM = 200_000  # of the seed and of the others, each: more of them move no figure that anybody sees
SECONDS = 120.0  # of any statement
LEASE = timedelta(seconds=SECONDS * 2)
_BY = Actor("system", None, "segments")
# how much of the work is done when the facts are taken, looked at to learn from, learnt from, and everybody is scored
_TAKEN, _READ, _LEARNT, _CHOSEN = 20, 45, 55, 95


def most_alike(
    *,
    brand_id: UUID,
    seed_id: UUID,
    size: int,
    method: str,
    scorer: Scorer | None = None,
    told: Callable[[int], None] = lambda percent: None,
    learnt_from: int = LEARNT_FROM,
) -> list[UUID]:
    """The members most like those of a segment, the most alike first; among equals, by id. Raises `seed_too_small`.

    Up to `learnt_from` of the seed and as many others are learnt from, the same ones each time. Where that is
    everybody, they are also who is scored; else all are read again. Memory does not grow with the brand. `told` hears
    how far it is, in percent, after every portion, and may raise to stop.
    """
    with likeness.taken(brand_id=brand_id, seed_id=seed_id, seconds=SECONDS) as rows:
        told(_TAKEN)
        return _most_alike(rows, size, method, scorer, told, learnt_from)


def _most_alike(
    rows: likeness.Taken,
    size: int,
    method: str,
    scorer: Scorer | None,
    told: Callable[[int], None],
    learnt_from: int,
) -> list[UUID]:
    import numpy as np

    from regulars.audience.segments.policy.alike import (
        LEARNERS,
        LEAST_SEED,
        SCORERS,
        Best,
        Kept,
        scale_of,
        together,
    )

    def portions(begin: int, end: int) -> Iterator[tuple[Any, Any, Any]]:
        for ids, is_seed, facts, share in rows.portions():
            yield ids, is_seed, facts
            told(begin + int(share * (end - begin)))

    most = learnt_from if scorer is None else sys.maxsize
    seed, others, read = Kept(most), Kept(most), 0
    for ids, is_seed, facts in portions(_TAKEN, _READ):
        seed.take(ids[is_seed], facts[is_seed])
        others.take(ids[~is_seed], facts[~is_seed])
        read += len(ids)
    if seed.seen < LEAST_SEED or not others.seen:
        raise conflict(
            "seed_too_small",
            f"种子人群里至少要有 {LEAST_SEED} 名一年内买过的会员，且不能是全部会员",
            f"The seed needs at least {LEAST_SEED} members who bought within a year, and not be everybody",
            found=seed.seen,
        )
    ids, facts, is_seed = together(seed, others)
    best = Best(size)
    if len(ids) == read:
        vectors = scale_of(facts).apply(facts)
        alike = (scorer or SCORERS[method])(vectors, is_seed)
        best.take(ids[~is_seed], alike[~is_seed])
        told(_CHOSEN)
    else:
        stands_for = np.where(is_seed, seed.seen / is_seed.sum(), others.seen / (~is_seed).sum())
        scale = scale_of(facts, stands_for)
        likeness_of = LEARNERS[method](scale.apply(facts), is_seed)
        told(_LEARNT)
        for ids, is_seed, facts in portions(_LEARNT, _CHOSEN):
            best.take(ids[~is_seed], likeness_of(scale.apply(facts[~is_seed])))
    return [UUID(bytes=one.tobytes()) for one in best.chosen()]


def make(segment: Segment, *, now: datetime) -> Refreshed:
    """Fill a list that is `being_made` as its source says: all at once, or nobody. The caller has its lease.

    Raises `seed_too_small`, `cancelled`, `segment_changed` (409), `too_slow`, `not_found` of the seed.
    """
    began = perf_counter()
    source = segment.source
    seed = get_segment(brand_id=segment.brand_id, code=source["look_alike_of"])

    def told(percent: int) -> None:
        until = now + timedelta(seconds=perf_counter() - began) + LEASE
        with connection.cursor() as cursor:
            if not keeping.go_on(cursor, segment_id=segment.id, percent=percent, until=until):
                raise cancelled()

    chosen = most_alike(
        brand_id=segment.brand_id,
        seed_id=seed.id,
        size=source["size"],
        method=source["method"],
        told=told,
    )
    brand = organisations.get_brand(brand_id=segment.brand_id)
    scope = Scope(brand.organisation_id, brand.id, _BY, frozenset())
    with asking.limited(SECONDS, everybody=False) as cursor:
        members = fill(cursor, scope=scope, segment=hold(cursor, segment), given=chosen, now=now)
    return Refreshed(members, members, 0, round((perf_counter() - began) * 1000))


def hold(cursor: Any, segment: Segment) -> Segment:
    """The segment as it is now, till the transaction ends: who has its lease puts members in their places.

    Raises `segment_changed` where it was edited, paused or archived since, `cancelled` where it was stopped.
    """
    keeping.lock(cursor, segment_id=segment.id)
    now = keeping.find(cursor, brand_id=segment.brand_id, code=segment.code)
    assert now is not None
    if (now.version, now.state) != (segment.version, segment.state):
        raise conflict(
            "segment_changed",
            "刷新期间人群被修改，本次结果未采用",
            "The segment was changed meanwhile; what was found is not used",
        )
    if not keeping.is_running(cursor, segment_id=segment.id):
        raise cancelled()
    return now


def cancelled() -> Refusal:
    return Refusal("cancelled", Text("刷新已取消", "The refresh was cancelled"), status=409)
