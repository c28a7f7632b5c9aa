"""The KOC score (关键意见消费者) as expressions: how often she buys, whom she reaches, how good what she writes is.

Each part is 0 to 100, all from behaviour inside the programme and what she has told of herself:

- frequency: the share of buyers of the last 180 days who bought on no more days than she did;
- influence: the larger of followers (100 · log10(1+n) / 5, so 100 000 followers are 100) and of people she brought
  who bought (20 each), at most 100;
- quality: 100 · (0.4 · min(1, texts/10) + 0.3 · min(1, mean length/100 characters) + 0.2 · mean mood from 0 to 1
  (0.5 where nobody knows) + 0.1 · min(1, standard deviation of her ratings)); 0 without a text.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from regulars.insight.lifecycle.types import KocWeights

if TYPE_CHECKING:
    import ibis.expr.types as ir

WINDOW_DAYS = 180
MANY_TEXTS = 10
LONG_TEXT = 100
# Reviews and posts; answers to surveys are asked for and say nothing of reach or care.
KINDS = ("review", "post", "ugc", "comment")


def koc_parts(
    orders: ir.Table,
    texts: ir.Table,
    members: ir.Table,
    followers: ir.Table,
    moods: ir.Table,
    until: date,
) -> ir.Table:
    """(member_id, purchases, reviews, length, spread, mood, followers, brought, frequency, influence, quality).

    `members` (member_id, code, recruiter) are those who are profiled; `followers`: member_id, followers; `moods`:
    member_id, mood from 0 to 1. Parts are null where a member has none of it and 0 to 100 else.
    """
    import ibis

    since = until - timedelta(days=WINDOW_DAYS)
    bought = (
        orders.filter((orders.local_day > ibis.date(since)) & (orders.local_day <= ibis.date(until)))
        .semi_join(members, "member_id")
        .group_by("member_id")
        .aggregate(purchases=lambda t: t.local_day.nunique())
    )
    bought = bought.mutate(frequency=_rank(bought))
    written = texts.filter(texts.type.isin(KINDS)).semi_join(members, "member_id")
    wrote = written.group_by("member_id").aggregate(
        reviews=written.count(),
        length=written.text.length().mean(),
        spread=written.rating.cast("float64").std(how="pop").coalesce(0.0),
    )
    buyers = orders.select("member_id").distinct()
    came = members.filter(members.recruiter != "").semi_join(buyers, "member_id")
    brought = came.group_by(code="recruiter").aggregate(brought=came.count())
    rows = (
        members.select("member_id", "code")
        .left_join(bought, "member_id").drop("member_id_right")
        .left_join(wrote, "member_id").drop("member_id_right")
        .left_join(followers, "member_id").drop("member_id_right")
        .left_join(moods, "member_id").drop("member_id_right")
        .left_join(brought, "code")
    )  # fmt: skip
    reach = ibis.greatest(
        # a field anybody may fill in: fewer than none are none
        20 * (ibis.greatest(rows.followers.coalesce(0), 0) + 1).log10(),
        20.0 * rows.brought.coalesce(0).cast("float64"),
    )
    quality = 100 * (
        0.4 * ibis.least(1.0, rows.reviews / MANY_TEXTS)
        + 0.3 * ibis.least(1.0, rows.length / LONG_TEXT)
        + 0.2 * rows.mood.coalesce(0.5)
        + 0.1 * ibis.least(1.0, rows.spread)
    )
    return rows.select(
        "member_id", "purchases", "reviews", "length", "spread", "mood", "followers", "brought", "frequency",
        influence=ibis.ifelse(
            rows.followers.isnull() & rows.brought.isnull(), ibis.null("float64"), ibis.least(100.0, reach)
        ),
        quality=ibis.ifelse(rows.reviews.isnull(), ibis.null("float64"), quality),
    )  # fmt: skip


def koc_scores(parts: ir.Table, weights: KocWeights) -> ir.Table:
    """`parts` with the score. A part that is known of nobody weighs nothing; one a member lacks counts 0 for her."""
    import ibis

    every = ibis.window()
    score, total = ibis.literal(0.0), ibis.literal(0.0)
    for name in ("frequency", "influence", "quality"):
        weight = float(getattr(weights, name))
        known = parts[name].count().over(every) > 0
        score = score + weight * parts[name].coalesce(0.0)
        total = total + ibis.ifelse(known, weight, 0.0)
    return parts.mutate(score=((score / total.nullif(0.0)).coalesce(0.0) + 0.5).floor().cast("int16"))


def _rank(bought: ir.Table) -> ir.Value:
    import ibis

    return 100.0 * ibis.cume_dist().over(ibis.window(order_by=bought.purchases))
