"""Where the fields of a condition live in SQL: `m` is the membership, `fact` and `score` the rows kept beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.sql import SQL, Composable, Literal

from regulars.conditions.api import SEGMENTS, FieldCatalogue
from regulars.conditions.sql.api import Binding, json_expression
from regulars.kit.ids import first_id_at
from regulars.kit.periods import start_of_day

_PLAIN: dict[str, LiteralString] = {
    "member.language": "m.language",
    "membership.joined_at": "m.joined_at",
    "membership.tags": "m.tags",
    "membership.channel": "nullif(m.channel, '')",
    "membership.store": "(SELECT st.code FROM store st WHERE st.id = m.store_id)",
    "history.orders": "m.orders",
    "history.spend": "m.spend",
    "history.refunds": "m.refunds",
    "history.visits": "m.visits",
    "history.first_order_at": "m.first_order_at",
    "history.last_order_at": "m.last_order_at",
}
_ATTRIBUTES = "membership.attributes."
_BALANCE = "balance."


@dataclass(frozen=True, slots=True)
class Place:
    """A brand as conditions are asked in it: the instant, the catalogue, the lowest tier of each scheme.

    `first_scheme` is the one whose tier the membership's row keeps.
    """

    brand_id: UUID
    now: datetime
    catalogue: FieldCatalogue
    lowest_tiers: Mapping[str, str]
    first_scheme: str | None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.catalogue.zone).date()


def binding_of(place: Place) -> Binding:
    """Every field that SQL can answer; personal ones are sealed and missing here."""
    fields: dict[str, Composable] = {key: SQL(text) for key, text in _PLAIN.items()}
    today, zone = Literal(place.today), Literal(place.catalogue.timezone)
    fields["history.days_since_last_order"] = SQL(
        "({}::date - (m.last_order_at AT TIME ZONE {})::date)"
    ).format(today, zone)
    fields["membership.tier_due_on"] = SQL("((m.due_at AT TIME ZONE {})::date)").format(zone)
    fields["fact.days_since_visit"] = SQL("({}::date - fact.last_visit_on)").format(today)
    fields["fact.days_since_active"] = SQL("({}::date - fact.last_active_on)").format(today)
    fields["fact.order_overdue"] = SQL(
        "round(({}::date - fact.last_order_on)::numeric / nullif(fact.order_gap_median, 0), 2)"
    ).format(today)
    fields["history.checkin_streak"] = _streak(place.today, "checkin")
    for scheme, lowest in place.lowest_tiers.items():
        tier = SQL("coalesce(m.progress->'tiers'->{}->>'t', {})").format(Literal(scheme), Literal(lowest))
        fields[f"membership.tier.{scheme}"] = tier
    if place.first_scheme is not None:
        first = Literal(place.lowest_tiers[place.first_scheme])
        fields["membership.tier"] = SQL("coalesce(nullif(m.tier, ''), {})").format(first)
    else:
        fields["membership.tier"] = SQL("nullif(m.tier, '')")
    for field in place.catalogue:
        if field.key.startswith(_ATTRIBUTES):
            fields[field.key] = json_expression(
                document=SQL("m.attributes"), key=field.key.removeprefix(_ATTRIBUTES), type=field.type
            )
        elif field.key.startswith(_BALANCE):
            fields[field.key] = SQL(
                """coalesce((SELECT b.available FROM balance b WHERE b.member_id = m.member_id
                              AND b.brand_id = m.brand_id AND b.unit = {}), 0)"""
            ).format(Literal(field.key.removeprefix(_BALANCE)))
    fields[SEGMENTS] = SQL(
        """ARRAY(SELECT sg.code FROM segment_member sm JOIN segment sg ON sg.id = sm.segment_id
                  WHERE sm.member_id = m.member_id AND sg.brand_id = m.brand_id ORDER BY 1)"""
    )
    return Binding(
        now=place.now,
        fields=fields,
        window=lambda activity, days, aggregate, of: _window(place, activity, days, aggregate),
        streak=lambda activity: _streak(place.today, activity),
        holds={SEGMENTS: _in_segment},
    )


def _in_segment(codes: Composable | None) -> Composable:
    named = SQL(" AND sg.code = ANY({})").format(codes) if codes is not None else SQL("")
    return SQL(
        """EXISTS (SELECT FROM segment_member sm JOIN segment sg ON sg.id = sm.segment_id
                    WHERE sm.member_id = m.member_id AND sg.brand_id = m.brand_id{})"""
    ).format(named)


_AGGREGATES = {
    "count": SQL("count(*)"),
    "sum": SQL("coalesce(sum(a.amount), 0)"),
    "avg": SQL("avg(a.amount)"),
    "max": SQL("max(a.amount)"),
    "min": SQL("min(a.amount)"),
}


def _window(place: Place, activity: str, days: int, aggregate: str) -> Composable:
    start = start_of_day(place.today - timedelta(days=days - 1), place.catalogue.timezone)
    return SQL(
        """(SELECT {of} FROM activity a WHERE a.member_id = m.member_id AND a.brand_id = m.brand_id
             AND a.type = {kind} AND a.id >= {oldest} AND a.occurred_at >= {start} AND a.occurred_at <= {now})"""
    ).format(
        of=_AGGREGATES[aggregate],
        kind=Literal(activity),
        oldest=Literal(first_id_at(start)),
        start=Literal(start),
        now=Literal(place.now),
    )


def _streak(today: date, activity: str) -> Composable:
    """Days in a row; a run that ended yesterday still stands until today is over."""
    return SQL(
        """coalesce((SELECT CASE WHEN (run->>0)::date >= {yesterday}::date THEN (run->>1)::int ELSE 0 END
                       FROM (SELECT m.progress->'streaks'->{kind} AS run) one), 0)"""
    ).format(kind=Literal(activity), yesterday=Literal(today - timedelta(days=1)))
