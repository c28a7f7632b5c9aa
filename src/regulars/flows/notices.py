"""Notices to members: value that expires soon, a tier that ends soon and is not kept yet.

They go to the inbox of the portal only. Value is announced 30, 7 and 1 business days before the last day on which it
can be used; a tier once within its last 30 days and once within its last 7. Members are read in batches in the order
of their keys; whom a worker has told, no other tells again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db import connection

from regulars.facts.activity import api as activities
from regulars.facts.members import states
from regulars.kit.errors import Refusal
from regulars.kit.money import show as show_money
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Notice
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.programme.rules.types import MONEY_KINDS, Programme, TierScheme
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import Ending

DAYS_BEFORE_EXPIRY = (1, 7, 30)
DAYS_BEFORE_TIER_END = (7, 30)
BATCH = 2000
MOST = 10_000
_TIER_BATCH = 200
_ONE_DAY = Text("1 天", "1 day")
_DAYS = Text("{days} 天", "{days} days")
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def send_due(now: datetime) -> int:
    """Tell members of every brand what they have not been told yet; returns the number of messages.

    Stops after `MOST`, so that a month's end does not keep other due work waiting; the next call goes on.
    """
    sent = 0
    for brand in organisations.list_brands():
        for notices in _batches(brand, now):
            sent += messaging.send_many(brand=brand, notices=notices, now=now)
            if sent >= MOST:
                return sent
    return sent


def _batches(brand: Brand, now: datetime) -> Iterator[list[Notice]]:
    """All that is to be told in a brand now, whether it has been told or not."""
    try:
        programme = versions.in_force(brand_id=brand.id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return
        raise
    for days in DAYS_BEFORE_EXPIRY:
        yield from _expiring(brand, programme, days, now)
    for scheme in programme.schemes:
        if scheme.tiers:
            yield from _ending(brand, programme, scheme, now)


def _expiring(brand: Brand, programme: Programme, days: int, now: datetime) -> Iterator[list[Notice]]:
    """What can be used for the last time on the business day that lies so many days ahead, in batches."""
    last = _today(brand, now) + timedelta(days=days)
    units = [unit.code for unit in programme.units.values() if unit.can_burn]
    after = None
    while units:
        rows = ledger.list_expiring_members(
            brand_id=brand.id,
            units=units,
            since=start_of_day(last, brand.timezone),
            until=start_of_day(last + timedelta(days=1), brand.timezone),
            after=after,
            limit=BATCH,
        )
        with connection.cursor() as cursor:
            languages = states.languages(cursor, brand_id=brand.id, member_ids={row[0] for row in rows})
        yield [
            Notice(
                member_id=member_id,
                kind="value_expiring",
                key=f"{unit}:{last}:{days}",
                template="value_expiring",
                language=languages[member_id],
                values={
                    "amount": _shown(programme, unit, amount),
                    "unit": programme.units[unit].name,
                    "day": _day(last),
                    "left": _ONE_DAY if days == 1 else _DAYS.format(days=days),
                },
            )
            for member_id, unit, amount in rows
            if member_id in languages
        ]
        if len(rows) < BATCH:
            return
        after = rows[-1][:2]


def _shown(programme: Programme, unit: str, amount: int) -> str:
    money = programme.units[unit].kind in MONEY_KINDS
    return show_money(amount, programme.currency) if money else f"{amount:,}"


def _ending(brand: Brand, programme: Programme, scheme: TierScheme, now: datetime) -> Iterator[list[Notice]]:
    """Members whose tier ends soon and is not kept yet, in batches."""
    scope = Scope(
        organisation_id=brand.organisation_id, brand_id=brand.id, actor=SYSTEM, permissions=frozenset()
    )
    names, page_after = _metric_names(brand, programme), None
    while True:
        page = tiers.list_endings(
            scope=scope,
            scheme=scheme,
            now=now,
            tz=brand.timezone,
            within_days=max(DAYS_BEFORE_TIER_END),
            currency=brand.currency,
            names=names,
            cursor=page_after,
            limit=_TIER_BATCH,
        )
        with connection.cursor() as cursor:
            languages = states.languages(
                cursor, brand_id=brand.id, member_ids=[ending.member_id for ending in page.items]
            )
        yield [
            _tier_notice(ending, languages[ending.member_id], _today(brand, now))
            for ending in page.items
            if ending.member_id in languages
        ]
        page_after = page.next_cursor
        if page_after is None:
            return


def _tier_notice(ending: Ending, language: Language, today: date) -> Notice:
    progress = ending.progress
    last = today + timedelta(days=ending.days_left)
    stage = next(days for days in DAYS_BEFORE_TIER_END if ending.days_left <= days)
    day = _day(last)
    return Notice(
        member_id=ending.member_id,
        kind="tier_ending",
        key=f"{progress.scheme}:{progress.tier}:{last}:{stage}",
        template="tier_ending",
        language=language,
        values={
            "tier": progress.name,
            "day": day,
            "sentence": progress.to_keep.sentence
            if progress.to_keep
            else Text("{tier}将于 {day}到期", "{tier} ends on {day}").format(tier=progress.name, day=day),
        },
    )


def _metric_names(brand: Brand, programme: Programme) -> Mapping[str, Text]:
    """People's words for the metrics that units and declared types bring."""
    names = {f"unit:{code}": unit.name for code, unit in programme.units.items()}
    for code, declared in activities.declared_types(brand_id=brand.id).items():
        names[f"activity:{code}"] = declared.name
    return names


def _today(brand: Brand, now: datetime) -> date:
    return now.astimezone(zone(brand.timezone)).date()


def _day(on: date) -> Text:
    return Text("{year} 年 {month} 月 {day} 日", "{day} {month} {year}").format(
        year=on.year, month=Text(str(on.month), _MONTHS_EN[on.month - 1]), day=on.day
    )
