"""The making of facts: one statement for any chunk of members, from activities, entries and lots of the last two years.

Refresh and rebuild run the same statement, so they cannot differ. Each part reads by member; ids carry the time they
were recorded, and nothing happens after it is recorded, so months that end before a window are not opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection

from regulars.audience.member_facts.types import FACT_COLUMNS, Ground
from regulars.kit.ids import first_id_at
from regulars.kit.periods import start_of_day
from regulars.kit.sql import plain_array, text_array

LOOK_BACK_DAYS = 730
_FEW = 16
# What others do to her is not her doing.
_NOT_HERS = (
    "refund", "order_delivered", "adjust", "burn_return", "capture", "release", "lot_activate", "lot_cancel",
    "lot_expiry", "enrol", "reward", "reward_back",
)  # fmt: skip
_WORDS = ("review", "post", "survey")


def _windows(column: str, value: str, *, if_: str = "") -> str:
    condition = f" AND {if_}" if if_ else ""
    return ", ".join(
        f"coalesce({value} FILTER (WHERE d.day > %(day)s::date - {days}{condition}), 0) AS {column}_{days}"
        for days in (30, 90, 180, 365)
    )


_COUNTED = ", ".join(
    f"coalesce(c.{column}, 0)::int AS {column}"
    for column in (
        *(f"{kind}_{days}" for kind in ("orders", "visits", "refunds") for days in (30, 90, 180, 365)),
        "checkins_90", "reviews_90", "redemptions_90", "activities_90", "active_days_90",
    )
)  # fmt: skip


_MADE = f"""
WITH asked AS MATERIALIZED (
    SELECT m.member_id, (m.first_order_at AT TIME ZONE %(zone)s::text)::date AS first_order_on,
           (m.last_order_at AT TIME ZONE %(zone)s::text)::date AS last_order_on
      FROM membership m
     WHERE m.brand_id = %(brand)s::uuid AND m.member_id = ANY(%(members)s::uuid[]) AND m.status <> 'left'
), acts AS MATERIALIZED (
    SELECT a.member_id, a.id, a.type, (a.occurred_at AT TIME ZONE %(zone)s::text) AS local, a.amount, a.status,
           a.channel, a.store_id, a.body
      FROM asked JOIN activity a ON a.member_id = asked.member_id
     WHERE a.brand_id = %(brand)s::uuid AND a.id >= %(oldest)s::uuid AND a.occurred_at >= %(since)s::timestamptz
       AND a.occurred_at < %(until)s::timestamptz
), back AS (
    -- a refund that came before its order was reckoned when the order came: its newest decision has the amount
    SELECT acts.id, CASE WHEN acts.status = 'waiting' THEN -coalesce((
               SELECT sum((note->>'amount')::bigint)
                 FROM (SELECT r.receipt::jsonb AS said FROM redecision r
                        WHERE r.member_id = acts.member_id AND r.activity_id = acts.id
                        ORDER BY r.id DESC LIMIT 1) newest, jsonb_array_elements(newest.said->'notes') AS note
                WHERE note->>'code' = 'refunded'), 0) ELSE acts.amount END AS amount
      FROM acts WHERE acts.type = 'refund'
), days AS (
    SELECT acts.member_id, acts.local::date AS day,
           count(*) FILTER (WHERE acts.type = 'order') AS orders,
           count(*) FILTER (WHERE acts.type = 'refund') AS refunds,
           sum(CASE acts.type WHEN 'order' THEN acts.amount WHEN 'refund' THEN back.amount END) AS spend,
           sum(acts.amount) FILTER (WHERE acts.type = 'order') AS bought,
           -sum(back.amount) AS refunded,
           bool_or(acts.type IN ('order', 'checkin')) AS visited,
           count(*) FILTER (WHERE acts.type = 'checkin') AS checkins,
           count(*) FILTER (WHERE acts.type = ANY(%(words)s::text[])) AS reviews,
           count(*) FILTER (WHERE acts.type = 'burn') AS burns,
           count(*) FILTER (WHERE acts.type <> ALL(%(not_hers)s::text[])) AS hers
      FROM acts LEFT JOIN back ON back.id = acts.id
     GROUP BY acts.member_id, acts.local::date
), counted AS (
    SELECT d.member_id, {_windows("orders", "sum(d.orders)")}, {_windows("spend", "sum(d.spend)")},
           {_windows("visits", "count(*)", if_="d.visited")}, {_windows("refunds", "sum(d.refunds)")},
           coalesce(sum(d.refunded) FILTER (WHERE d.day > %(day)s::date - 365), 0) AS refunded_365,
           coalesce(sum(d.bought) FILTER (WHERE d.day > %(day)s::date - 365), 0) AS bought_365,
           coalesce(sum(d.checkins) FILTER (WHERE d.day > %(day)s::date - 90), 0) AS checkins_90,
           coalesce(sum(d.reviews) FILTER (WHERE d.day > %(day)s::date - 90), 0) AS reviews_90,
           coalesce(sum(d.burns) FILTER (WHERE d.day > %(day)s::date - 90), 0) AS redemptions_90,
           coalesce(sum(d.hers) FILTER (WHERE d.day > %(day)s::date - 90), 0) AS activities_90,
           count(*) FILTER (WHERE d.hers > 0 AND d.day > %(day)s::date - 90) AS active_days_90,
           max(d.day) FILTER (WHERE d.visited) AS last_visit_on,
           max(d.day) FILTER (WHERE d.hers > 0) AS last_active_on
      FROM days d GROUP BY d.member_id
), gaps AS (
    SELECT member_id, round(avg(gap), 2) AS order_gap_avg,
           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY gap))::numeric, 2) AS order_gap_median
      FROM (SELECT d.member_id, d.day - lag(d.day) OVER (PARTITION BY d.member_id ORDER BY d.day) AS gap
              FROM days d WHERE d.orders > 0) between_days
     WHERE gap IS NOT NULL GROUP BY member_id
), bought AS MATERIALIZED (
    SELECT acts.member_id, acts.id, acts.amount, acts.store_id, nullif(acts.channel, '') AS channel,
           extract(isodow FROM acts.local) IN (6, 7) AS weekend,
           CASE width_bucket(extract(hour FROM acts.local)::int, ARRAY[5, 11, 14, 18, 22])
                WHEN 1 THEN 'morning' WHEN 2 THEN 'noon' WHEN 3 THEN 'afternoon' WHEN 4 THEN 'evening'
                ELSE 'night' END AS daypart,
           coalesce((acts.body->'order'->>'coupon_discount')::bigint, 0) AS coupon,
           acts.body->'order'->'lines' AS lines
      FROM acts WHERE acts.type = 'order' AND acts.local::date > %(day)s::date - 365
), habits AS (
    SELECT member_id, count(*) AS orders, count(*) FILTER (WHERE weekend) AS weekend,
           count(*) FILTER (WHERE coupon > 0) AS with_coupon, sum(coupon) AS coupons,
           count(store_id) AS at_stores, count(DISTINCT store_id) AS stores_365,
           mode() WITHIN GROUP (ORDER BY daypart) AS daypart,
           mode() WITHIN GROUP (ORDER BY channel) AS favourite_channel,
           mode() WITHIN GROUP (ORDER BY store_id) AS store_id
      FROM bought GROUP BY member_id
), favoured AS (
    SELECT b.member_id, count(*) FILTER (WHERE b.store_id = h.store_id) AS at_store,
           count(*) FILTER (WHERE b.daypart = h.daypart) AS at_daypart
      FROM bought b JOIN habits h ON h.member_id = b.member_id GROUP BY b.member_id
), sold AS (
    SELECT b.member_id, coalesce(l.category, '') AS category, coalesce(l.department, '') AS department,
           sum(l.amount) AS amount, sum(coalesce(l.quantity, 1)) AS quantity, sum(coalesce(l.discount, 0)) AS discount
      FROM bought b, jsonb_to_recordset(b.lines)
           AS l(category text, department text, amount bigint, quantity numeric, discount bigint)
     GROUP BY 1, 2, 3
), baskets AS (
    SELECT member_id, sum(amount) AS amount, sum(quantity) AS quantity, sum(discount) AS discount,
           count(DISTINCT category) FILTER (WHERE category <> '') AS categories_365
      FROM sold GROUP BY member_id
), categories AS (
    SELECT DISTINCT ON (member_id) member_id, category, amount
      FROM (SELECT member_id, category, sum(amount) AS amount FROM sold WHERE category <> '' GROUP BY 1, 2) one
     ORDER BY member_id, amount DESC, category
), departments AS (
    SELECT DISTINCT ON (member_id) member_id, department, amount
      FROM (SELECT member_id, department, sum(amount) AS amount FROM sold WHERE department <> '' GROUP BY 1, 2) one
     ORDER BY member_id, amount DESC, department
), moved AS (
    SELECT e.member_id,
           sum(e.amount) FILTER (WHERE e.contra = 'issued' AND e.occurred_at >= %(since_90)s::timestamptz) AS earned,
           -sum(e.amount) FILTER (WHERE e.contra = 'redeemed' AND e.occurred_at >= %(since_90)s::timestamptz) AS burnt,
           -sum(e.amount) FILTER (WHERE e.contra = 'expired') AS expired
      FROM asked JOIN entry e ON e.member_id = asked.member_id
     WHERE e.brand_id = %(brand)s::uuid AND e.unit = ANY(%(units)s::text[]) AND e.id >= %(oldest_365)s::uuid
       AND e.contra IN ('issued', 'redeemed', 'expired') AND e.occurred_at >= %(since_365)s::timestamptz
     GROUP BY e.member_id
), ending AS (
    SELECT l.member_id, sum(l.remaining) AS amount
      FROM asked JOIN lot l ON l.member_id = asked.member_id
     WHERE l.brand_id = %(brand)s::uuid AND l.unit = ANY(%(units)s::text[]) AND l.state = 'active'
       AND l.expires_at >= %(start)s::timestamptz AND l.expires_at < %(in_30)s::timestamptz
     GROUP BY l.member_id
), held AS (
    SELECT b.member_id, sum(b.available) AS amount
      FROM asked JOIN balance b ON b.member_id = asked.member_id
     WHERE b.brand_id = %(brand)s::uuid AND b.unit = ANY(%(units)s::text[]) GROUP BY b.member_id
), stores AS (
    SELECT * FROM unnest(%(store_ids)s::uuid[], %(store_codes)s::text[]) AS s(id, code)
), made AS (
SELECT asked.member_id, %(brand)s::uuid AS brand_id, %(now)s::timestamptz AS as_of, %(day)s::date AS day,
       coalesce(c.spend_30, 0)::bigint AS spend_30, coalesce(c.spend_90, 0)::bigint AS spend_90,
       coalesce(c.spend_180, 0)::bigint AS spend_180, coalesce(c.spend_365, 0)::bigint AS spend_365,
       coalesce(c.refunded_365, 0)::bigint AS refunded_365,
       round(c.bought_365 / nullif(h.orders, 0))::bigint AS order_value_365,
       round(k.amount / nullif(k.quantity, 0))::bigint AS unit_price_365,
       coalesce(v.earned, 0)::bigint AS points_earned_90, coalesce(v.burnt, 0)::bigint AS points_burnt_90,
       coalesce(v.expired, 0)::bigint AS points_expired_365, coalesce(ending.amount, 0)::bigint AS points_expiring_30,
       coalesce(held.amount, 0)::bigint AS points_available,
       {_COUNTED},
       coalesce(k.categories_365, 0)::int AS categories_365, coalesce(h.stores_365, 0)::int AS stores_365,
       asked.first_order_on, asked.last_order_on, c.last_visit_on, c.last_active_on,
       CASE WHEN k.quantity > 0 AND cardinality(%(cuts)s::bigint[]) = 4
            THEN width_bucket(round(k.amount / k.quantity)::bigint, %(cuts)s::bigint[]) + 1 END AS price_level,
       g.order_gap_avg, g.order_gap_median, round(k.quantity / nullif(h.orders, 0), 2) AS basket_size_365,
       round(categories.amount / nullif(k.amount, 0), 4) AS top_category_share,
       round(departments.amount / nullif(k.amount, 0), 4) AS top_department_share,
       round(f.at_store::numeric / nullif(h.at_stores, 0), 4) AS favourite_store_share,
       round(f.at_daypart::numeric / nullif(h.orders, 0), 4) AS daypart_share,
       round(h.weekend::numeric / nullif(h.orders, 0), 4) AS weekend_share,
       round((k.discount + h.coupons) / nullif(k.amount + k.discount + h.coupons, 0), 4) AS discount_share,
       round(h.with_coupon::numeric / nullif(h.orders, 0), 4) AS coupon_share,
       least(round(c.refunded_365 / nullif(c.bought_365, 0), 4), 9) AS refund_share,
       categories.category AS top_category, departments.department AS top_department, stores.code AS favourite_store,
       h.favourite_channel, h.daypart
  FROM asked
  LEFT JOIN counted c ON c.member_id = asked.member_id
  LEFT JOIN gaps g ON g.member_id = asked.member_id
  LEFT JOIN habits h ON h.member_id = asked.member_id
  LEFT JOIN favoured f ON f.member_id = asked.member_id
  LEFT JOIN baskets k ON k.member_id = asked.member_id
  LEFT JOIN categories ON categories.member_id = asked.member_id
  LEFT JOIN departments ON departments.member_id = asked.member_id
  LEFT JOIN moved v ON v.member_id = asked.member_id
  LEFT JOIN ending ON ending.member_id = asked.member_id
  LEFT JOIN held ON held.member_id = asked.member_id
  LEFT JOIN stores ON stores.id = h.store_id
)
"""
_ALL = ", ".join(("member_id", "brand_id", "as_of", "day", *FACT_COLUMNS))
_WRITE = f"""{_MADE}
INSERT INTO member_fact ({_ALL}) SELECT {_ALL} FROM made
ON CONFLICT (member_id, brand_id) DO UPDATE SET
    {", ".join(f"{c} = excluded.{c}" for c in ("as_of", "day", *FACT_COLUMNS))}
"""


def refresh(cursor: Any, *, ground: Ground, member_ids: Sequence[UUID], day: date, now: datetime) -> int:
    """Make the facts of these members anew, as of the business day `day`; gives how many rows were written."""
    if not member_ids:
        return 0
    # Whoever has the rows reckons from what is there after she got them: an older look never replaces a newer one.
    cursor.execute(
        """SELECT count(*) FROM (SELECT FROM member_fact WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
                                  ORDER BY member_id FOR UPDATE) AS taken""",
        [ground.brand_id, plain_array(member_ids)],
    )

    def starts(back: int) -> datetime:
        return start_of_day(day - timedelta(days=back - 1), ground.timezone)

    values = {
        "brand": ground.brand_id,
        "members": plain_array(member_ids),
        "zone": ground.timezone,
        "now": now,
        "day": day,
        "oldest": first_id_at(starts(LOOK_BACK_DAYS)),
        "since": starts(LOOK_BACK_DAYS),
        "until": start_of_day(day + timedelta(days=1), ground.timezone),
        "since_90": starts(90),
        "since_365": starts(365),
        "oldest_365": first_id_at(starts(365)),
        "start": start_of_day(day, ground.timezone),
        "in_30": start_of_day(day + timedelta(days=30), ground.timezone),
        "words": text_array(_WORDS),
        "not_hers": text_array(_NOT_HERS),
        "units": text_array(ground.units),
        "cuts": plain_array(ground.price_cuts),
        "store_ids": plain_array(ground.stores),
        "store_codes": text_array(ground.stores.values()),
    }
    if len(member_ids) > _FEW:
        cursor.execute(_WRITE, values)
        return int(cursor.rowcount)
    # planned once and kept: for a member or two the planning costs more than the work; for many it pays
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as planned:
        planned.execute(_WRITE, values)
        return int(planned.rowcount)
