"""Segments that make themselves: look-alikes of a seed, and the ready-made ones by the brand's own figures."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from regulars.audience.segments import places
from regulars.audience.segments.api.definitions import create, get_segment, list_segments
from regulars.audience.segments.api.reading import walk
from regulars.audience.segments.policy.readymade import Figures, ready_made
from regulars.audience.segments.store import asking, reporting
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.kit.errors import conflict, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

if TYPE_CHECKING:
    from regulars.audience.segments.policy.alike import Scorer

MOST_ALIKE = 1_000_000
VECTOR = (
    "orders_30", "orders_90", "orders_365", "spend_365", "visits_90", "refunds_365", "order_value_365",
    "unit_price_365", "basket_size_365", "categories_365", "stores_365", "order_gap_median", "weekend_share",
    "discount_share", "coupon_share", "checkins_90", "reviews_90", "redemptions_90", "active_days_90",
    "points_earned_90",
)  # fmt: skip


def look_alike(
    *,
    scope: Scope,
    seed: str,
    size: int,
    code: str,
    name: Text,
    now: datetime,
    method: str = "logistic",
    scorer: Scorer | None = None,
) -> Segment:
    """A static segment of the `size` members most like those of a seed segment, by their facts; none of the seed's.

    `scorer(vectors, is_seed)` gives each row's likeness in place of the named `method` (cosine, logistic). Who
    switched profiling off is neither looked at nor found. Raises `not_found`, `invalid_input`, `seed_too_small` (409).
    """
    if not 1 <= size <= 100_000:
        raise invalid_field("size", "out_of_range", "1–100 000 人", "1 to 100 000 members")
    import numpy as np

    from regulars.audience.segments.policy.alike import LEAST_SEED, SCORERS, standardised

    if scorer is None and method not in SCORERS:
        raise invalid_field("method", "unknown_method", "cosine 或 logistic", "cosine or logistic")
    segment = get_segment(brand_id=scope.brand_id, code=seed)
    inside = {one for portion in walk(segment=segment, size=20_000) for one in portion}
    with connection.cursor() as cursor:
        rows = reporting.vectors(cursor, brand_id=scope.brand_id, columns=VECTOR, limit=MOST_ALIKE)
    ids = [row[0] for row in rows]
    is_seed = np.array([one in inside for one in ids], dtype=bool)
    if is_seed.sum() < LEAST_SEED or is_seed.all():
        raise conflict(
            "seed_too_small",
            f"种子人群里至少要有 {LEAST_SEED} 名一年内买过的会员，且不能是全部会员",
            f"The seed needs at least {LEAST_SEED} members who bought within a year, and not be everybody",
            found=int(is_seed.sum()),
        )
    vectors = standardised(np.array([row[1:] for row in rows], dtype=float))
    likeness = (scorer or SCORERS[method])(vectors, is_seed)
    order = np.argsort(-np.where(is_seed, -np.inf, likeness), kind="stable")
    chosen = [ids[place] for place in order[: min(size, int((~is_seed).sum()))]]
    return create(
        scope=scope,
        draft=SegmentDraft(
            code=code,
            name=name,
            kind="static",
            members=chosen,
            source={"look_alike_of": seed, "method": method if scorer is None else "given", "size": size},
            profiles=True,
        ),
        now=now,
    )


def install_ready_made(*, scope: Scope, now: datetime) -> list[Segment]:
    """Make the ready-made segments that the brand has not yet, with thresholds from its own members' facts."""
    with connection.cursor() as cursor:
        orders, spend, discount = reporting.figures(cursor, brand_id=scope.brand_id)
        categories = reporting.top_categories(cursor, brand_id=scope.brand_id, limit=3)
    taken = {one.code for one in list_segments(brand_id=scope.brand_id, archived=True)}
    figures = Figures(orders, spend, None if discount is None else str(discount), categories)
    return [
        create(
            scope=scope,
            draft=SegmentDraft(
                code=one.code,
                name=one.name,
                kind="refreshed",
                definition=one.definition,
                note=one.note,
                source={"ready_made": one.code},
            ),
            now=now,
        )
        for one in ready_made(figures)
        if one.code not in taken
    ]


def listed_ids(*, scope: Scope, definition: object, now: datetime) -> list[UUID]:
    """Everybody a definition finds now: what a static list is made of when it comes from a filter."""
    place = places.place_of(brand_id=scope.brand_id, now=now)
    condition = places.read_condition(place, definition)
    with asking.limited(30.0) as cursor:
        question = asking.ask(
            place,
            condition,
            profiles=places.stands_on_scores(cursor, place, condition),
            store_ids=scope.store_ids,
        )
        return [one for chunk in asking.chunks(cursor, question, size=50_000) for one in chunk]
