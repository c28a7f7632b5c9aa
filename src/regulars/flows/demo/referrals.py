"""Friends, links and promoters of the demo: who came by whom is made up among its members, what they bought is not."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from regulars.engage.referrals import api as room
from regulars.engage.referrals.types import Coming
from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment
from regulars.flows.demo import persons
from regulars.flows.demo.history import Household
from regulars.flows.missions import api as mission_flow
from regulars.flows.referrals import api as flow
from regulars.kit.ids import new_id
from regulars.kit.paging import MAX_LIMIT
from regulars.kit.periods import add_months, zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.outbox.types import Event

SHARE_OF_FRIENDS = 0.07
MANY_FRIENDS = 4
PROMOTERS = 3
WEEK = timedelta(days=7)
MOST_FRIENDS = 12
_SETTINGS = {
    "enabled": True,
    "rewards": {
        "recruiter": [{"kind": "points", "unit": "points", "amount": 200}],
        "friend": [{"kind": "points", "unit": "points", "amount": 100}],
    },
    "least_amount": 3000,
    "window_days": 7,
    "order_within_days": 45,
    "caps": {"ever": 50},
    "title": {"zh": "带朋友来，一起得积分", "en": "Bring a friend, both of you gain"},
    "invitation": {
        "zh": "我在这里买菜好几年了，新鲜又省心，邀请你也来当会员。",
        "en": "I have shopped here for years: fresh and easy. Come and join me.",
    },
    "share_days": 7,
    "commission": {
        "enabled": True,
        "freeze_days": 15,
        "friend_days": 365,
        "levels": [
            {"code": "silver", "name": {"zh": "银牌推广员", "en": "Silver promoter"}, "percent": "2"},
            {
                "code": "gold",
                "name": {"zh": "金牌推广员", "en": "Gold promoter"},
                "percent": "3",
                "categories": {"COFFEE": "5"},
            },
        ],
    },
}


def open_programme(scope: Scope, now: datetime) -> None:
    """The referral programme, in force before the first member joins."""
    if room.get_settings(brand_id=scope.brand_id).version == 0:
        flow.put_settings(scope=scope, definition=_SETTINGS, now=now)


def recruiters_of(homes: Sequence[Household]) -> dict[int, int]:
    """Household → who brought it, somebody who joined before; the same each time."""
    rng = random.Random(2017)
    joined = {home.number: persons.joined_at(home) for home in homes}
    in_order = sorted(homes, key=lambda home: (joined[home.number], home.number))
    hosts = [home.number for home in in_order if rng.random() < 0.03]
    friends: dict[int, int] = {}
    found: dict[int, int] = {}
    for home in in_order:
        if rng.random() >= SHARE_OF_FRIENDS:
            continue
        earlier = [
            n for n in hosts
            if joined[n] < joined[home.number] - timedelta(hours=1) and friends.get(n, 0) < MOST_FRIENDS
        ]  # fmt: skip
        if not earlier:
            continue
        host = rng.choice(earlier[: max(3, len(earlier) // 3)])
        found[home.number] = host
        friends[host] = friends.get(host, 0) + 1
        if rng.random() < 0.3:
            hosts.append(home.number)
    return found


def layers(rows: Mapping[int, Enrolment], recruiters: Mapping[int, int]) -> list[list[Enrolment]]:
    """Enrolments in turns: whoever brings somebody is there before her."""
    depth: dict[int, int] = {}
    for number in rows:
        at, steps = number, 0
        while at in recruiters:
            at, steps = recruiters[at], steps + 1
        depth[number] = steps
    found: list[list[Enrolment]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for number, row in rows.items():
        if number in recruiters:
            row = replace(row, recruiter=persons.code_of(recruiters[number]))
        found[depth[number]].append(row)
    return [layer for layer in found if layer]


def fill(scope: Scope, ids: Mapping[int, UUID], homes: Sequence[Household], now: datetime) -> None:
    """Links and visits, promoters with a year of commission and two statements, and who qualified."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    recruiters = recruiters_of(homes)
    if not recruiters or room.list_promoters(brand_id=brand.id, limit=1).items:
        return
    joined = {home.number: persons.joined_at(home) for home in homes}
    open_programme(scope, min(joined.values()) - timedelta(days=1))
    friends: dict[int, list[int]] = {}
    for friend, host in sorted(recruiters.items(), key=lambda pair: (joined[pair[0]], pair[0])):
        friends.setdefault(host, []).append(friend)
    best = sorted(friends, key=lambda number: (-len(friends[number]), number))
    for place, number in enumerate(best[:PROMOTERS]):
        room.put_promoter(
            scope=scope,
            member_id=ids[number],
            level="gold" if place == 0 else "silver",
            state="active",
            tax_note="演示：个人劳务，代扣代缴" if place == 0 else "",
            now=joined[number],
        )
    comings = _comings(brand, ids, friends, joined)
    with transaction.atomic():
        _visits(brand, [ids[number] for number in best[:40]], {ids[n]: len(friends[n]) for n in best}, now)
    _replay(brand, scope, comings, now)
    _rank(brand)
    _settle(brand, scope, now)


def _comings(
    brand: Brand,
    ids: Mapping[int, UUID],
    friends: Mapping[int, Sequence[int]],
    joined: Mapping[int, datetime],
) -> list[Coming]:
    """Each friend by her recruiter's link; of many friends of one, two came on the same phone."""
    phones = members.person_keys(member_ids=[ids[one] for mine in friends.values() for one in mine])
    found = []
    for host, mine in friends.items():
        link = room.get_link(
            brand=brand, member_id=ids[host], kind="join", content="", now=joined[mine[0]] - timedelta(days=1)
        )
        for place, friend in enumerate(mine):
            shared = len(mine) >= MANY_FRIENDS and place in (1, 2)
            device = f"shared-{host}" if shared else f"own-{friend}"
            found.append(
                Coming(
                    member_id=ids[friend],
                    recruiter_id=ids[host],
                    share_id=link.id,
                    joined_at=joined[friend],
                    devices=(uuid5(UUID(int=17), device),),
                    phones=tuple(phones.get(ids[friend], ())),
                )
            )
    return sorted(found, key=lambda one: (one.joined_at, one.member_id))


def _rank(brand: Brand) -> None:
    """Who brought friends lately is on the board of those who do."""
    found, cursor = [], None
    while True:
        page = room.list_referrals(brand_id=brand.id, state="qualified", cursor=cursor, limit=MAX_LIMIT)
        found += [
            mission_flow.Friend(row.recruiter_id, row.member_id, row.qualified_at, True)
            for row in page.items
            if row.qualified_at is not None
        ]
        cursor = page.next_cursor
        if cursor is None:
            break
    mission_flow.count_friends(brand, found)


def _visits(brand: Brand, hosts: Sequence[UUID], friends: Mapping[UUID, int], now: datetime) -> None:
    """People who opened invitations and what some shared, over the year."""
    rng = random.Random(7)
    for place, member_id in enumerate(hosts):
        begun = now - timedelta(days=rng.randrange(30, 300))
        shared = [("join", "", 3 * friends[member_id] + rng.randrange(4))]
        if place % 4 == 0:
            shared.append(("page", "benefits", rng.randrange(2, 9)))
        for kind, content, visits in shared:
            link = room.get_link(brand=brand, member_id=member_id, kind=kind, content=content, now=begun)
            for _ in range(visits):
                at = begun + timedelta(seconds=rng.randrange(1, int((now - begun).total_seconds())))
                room.note_visit(brand=brand, link=link, visitor=new_id(), member_id=None, now=at)


def _replay(brand: Brand, scope: Scope, comings: Sequence[Coming], now: datetime) -> None:
    """Friends as they came, what they bought and returned, week by week, as the worker would have followed them.

    A week is one transaction: a worker that runs beside it finds nothing half-done.
    """
    events = _orders_of(brand, [one.member_id for one in comings])
    waiting = list(comings)
    at = waiting[0].joined_at
    while at < now:
        at = min(at + WEEK, now)
        came = [one for one in waiting if one.joined_at <= at]
        waiting = waiting[len(came) :]
        bought = [event for event in events if event.occurred_at <= at]
        events = events[len(bought) :]
        with transaction.atomic():
            room.note_joined(brand=brand, comings=came, recruiter_phones={}, inactive=set(), now=at)
            room.credit_joins(
                brand=brand,
                joins=[
                    (one.member_id, one.recruiter_id, one.share_id, one.joined_at)
                    for one in came
                    if one.share_id is not None
                ],
                now=at,
            )
            if bought:
                flow.follow_brand(brand, bought, at)
            while flow.settle(at):
                pass
            while room.thaw_due(now=at):
                pass


def _orders_of(brand: Brand, friends: Sequence[UUID]) -> list[Event]:
    """Orders and refunds of friends, as the outbox told them."""
    events: list[Event] = []
    for member_id in friends:
        cursor = None
        while True:
            page = activities.list_activities(
                brand_id=brand.id, member_id=member_id, types=["order", "refund"], cursor=cursor, limit=MAX_LIMIT
            )  # fmt: skip
            events += [
                Event(
                    new_id(),
                    brand.organisation_id,
                    brand.id,
                    "activity.posted",
                    {
                        "activity_id": str(row.id),
                        "type": row.type,
                        "status": row.status,
                        "amount": row.amount,
                    },
                    row.occurred_at,
                    row.recorded_at,
                    member_id,
                )
                for row in page.items
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
    return sorted(events, key=lambda event: (event.occurred_at, event.id))


def _settle(brand: Brand, scope: Scope, now: datetime) -> None:
    """The statement before last is paid, the last one waits for the second person."""
    first = now.astimezone(zone(brand.timezone)).date().replace(day=1)
    second = replace(scope, actor=Actor("staff", None, "示范审核"))
    for months, finish in ((2, True), (1, False)):
        month = add_months(first, -months).isoformat()[:7]
        for row in room.draft_statements(scope=scope, brand=brand, month=month, now=now).items:
            if finish and row.state == "draft":
                room.confirm_statement(
                    scope=second, brand=brand, member_id=row.member_id, month=month, now=now
                )
                room.mark_paid(
                    scope=second,
                    brand=brand,
                    member_id=row.member_id,
                    month=month,
                    reference=f"DEMO-{month}",
                    now=now,
                )
