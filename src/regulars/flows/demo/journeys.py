"""The demo's journeys: all ready-made ones, running, with members in them as they would have come.

Welcome and the way to the second purchase run for half a year, the others that ask no score for four weeks. Who came in
when follows from what members really did and from the dates that are known of them; it is heard and walked by the clock
of then (`walking`). Messages stay in the sandbox: what channels told of them and who opened their links is made up by
rule (of a hundred 97 arrive, and 30 of those with a link are opened). Refill and churn ask scores: they begin on the
morning before the demo was made, when the night's scores are there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction

from regulars.audience.segments import api as segments
from regulars.engage.journeys import api as journeys
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import TaskFilter
from regulars.facts.activity import api as activities
from regulars.flows.demo import acts, care, persons, sends
from regulars.flows.demo.history import Household
from regulars.flows.demo.walking import Moment, Walk
from regulars.flows.intake import api as intake
from regulars.flows.journeys import api as flow
from regulars.kit.errors import Refusal
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Receipt, SendFilter, SendView
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

DAYS, NEWCOMERS_DAYS = acts.VIEW_DAYS, 182
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_ARRIVED, _CLICKED = 0.97, 0.3
_CHANNELS = ["sms", "inbox"]  # by text message first: it has a link that can be opened
_DORMANT = "dormant-60"
_DORMANT_DAYS = 60
_OF_NEWCOMERS = ("welcome", "second-purchase")
_OF_ALL = ("birthday", _DORMANT, "viewed-not-bought", "tier-risk", "points-expiring")
_OF_SCORES = ("refill", "churn-light", "churn-heavy")
_OPENS = time(10)
# of the day: dates are asked at ten, points that expire at half past; then come those who looked at something
_ROUNDS = ((_OPENS, True), (time(10, 30), True), *((clock, False) for clock in acts.VIEW_TIMES))
_ASKED = timedelta(hours=2, minutes=1)  # after the morning at nine: a minute after eleven
_PORTION = 2000
_QUIET = (time(21), time(8))  # text messages of the night wait for the morning
# what came of calls to those who joined and had not bought within a week: made up
_ANSWERS = (
    ("reached", 5, "很高兴接到电话，周末来看看。"),
    ("no_answer", None, ""),
    ("reached", 4, "问了停车和营业时间。"),
    ("will_come", 4, "想先了解会员价。"),
)

# gives by member the day of each of her orders, in order
Seen = Callable[[], Mapping[UUID, Sequence[date]]]


def declare(scope: Scope) -> None:
    """The activity type of looks at products. Again changes nothing."""
    if acts.VIEW not in activities.declared_types(brand_id=scope.brand_id):
        activities.declare_type(
            brand_id=scope.brand_id,
            code=acts.VIEW,
            name=Text("浏览商品", "Views a product"),
            fields=[
                {"key": "sku", "type": "text", "label": {"zh": "货号", "en": "SKU"}},
                {"key": "product", "type": "text", "label": {"zh": "商品", "en": "Product"}},
            ],
            reserved=frozenset(intake.SYSTEM_TYPES),
        )


def fill(scope: Scope, ids: Mapping[int, UUID], homes: Sequence[Household], seen: Seen, now: datetime) -> int:
    """Install, publish, walk; gives how many runs began. Again changes nothing that is there."""
    declare(scope)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    early, late = (_morning(brand, today - timedelta(days=days)) for days in (NEWCOMERS_DAYS, DAYS))
    journeys.install_ready_made(scope=scope, now=early - _DAY)
    while flow.listen(now):  # the year was told when nothing was published: nobody comes in by it today
        pass
    with transaction.atomic():  # a worker beside it would ask and send by the clock of now
        fresh = [code for code in _OF_NEWCOMERS if _publish(scope, code, early)]
        fresh += [code for code in _OF_ALL if _publish(scope, code, late)]
        if fresh:
            lately = [home for home in homes if early < home.first_at < now]
            moments = _of_newcomers(brand, ids, lately, early, now)
            _of_days(brand, moments, today, now)
            _of_dormant(moments, seen(), today, now)
            moments.setdefault(now, Moment()).send = True
            newcomers = frozenset(ids[home.number] for home in lately)
            # who is welcomed has not bought: with her first order she has reached the goal, and leaves
            brought = {"welcome": {"facts": {"history.orders": 0}}}
            Walk(brand, early, late, newcomers, brought).through(moments)
            for code in fresh:
                _hear_back(scope, brand, code, now)
    found = journeys.list_journeys(brand_id=scope.brand_id)
    return sum(one.started for one in journeys.numbers_of(journeys=found).values())


def go_on(scope: Scope, now: datetime) -> None:
    """Those that ask scores, since the last morning. Again changes nothing that is there."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    day = now.astimezone(zone(brand.timezone)).date()
    if _morning(brand, day) + _ASKED >= now:
        day -= _DAY
    begun = (
        _morning(brand, day) + _ASKED
    )  # when the day's questions are over: the next are asked by the clock of now
    with transaction.atomic():
        come = {code: _by_scores(scope, code, day, now) for code in _OF_SCORES}
        fresh = [code for code in _OF_SCORES if _publish(scope, code, begun)]
        if fresh:
            moments = {begun: Moment(come={code: come[code] for code in fresh}), now: Moment(send=True)}
            Walk(brand, begun, begun, frozenset()).through(moments)
            for code in fresh:
                _hear_back(scope, brand, code, now)
    _call(scope, brand, now)


def _by_scores(scope: Scope, code: str, day: date, now: datetime) -> list[UUID]:
    """Whom the trigger brings in on a day, but for those who bought on it or since: their scores were others then."""
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    if journey.version or journey.draft is None:
        return []
    trigger = next(node for node in journey.draft["nodes"] if node["kind"] == "trigger")
    if trigger["on"] == "date":
        wanted = day - timedelta(days=trigger["offset_days"])
        asked = {"field": trigger["field"], "op": "eq", "value": wanted.isoformat()}
    else:
        asked = trigger["where"]
    before = {"field": "fact.last_order_on", "op": "before", "value": day.isoformat()}
    found: list[UUID] = []
    after: UUID | None = None
    while True:
        some, after = segments.next_holding(
            brand_id=scope.brand_id,
            definition={"all": [asked, before]},
            now=now,
            as_of=now,
            after=after,
            limit=_PORTION,
        )
        found += some
        if after is None:
            return found


def _call(scope: Scope, brand: Brand, now: datetime) -> None:
    """The clerk called on the day when it was due; what is due since yesterday still waits."""
    clerk = care.clerk_of(scope)
    if clerk is None:
        return
    until = now.astimezone(zone(brand.timezone)).date() - 2 * _DAY
    given = TaskFilter(due_to=until, source="journey:welcome")
    found = tasks.list_tasks(scope=clerk, given=given, limit=200).items
    for number, task in enumerate(sorted(found, key=lambda one: (one.due_on, one.created_at))):
        outcome, rating, note = _ANSWERS[number % len(_ANSWERS)]
        at = start_of_day(task.due_on, brand.timezone) + timedelta(hours=15)
        tasks.finish(scope=clerk, task_id=task.id, outcome=outcome, satisfaction=rating, note=note, now=at)


def _morning(brand: Brand, day: date) -> datetime:
    return start_of_day(day, brand.timezone) + timedelta(hours=9)


def _of_newcomers(
    brand: Brand, ids: Mapping[int, UUID], homes: Sequence[Household], since: datetime, now: datetime
) -> dict[datetime, Moment]:
    """When they joined and first bought, and when the waits are over that both begin."""
    moments: dict[datetime, Moment] = {}
    tz = zone(brand.timezone)

    def opens(at: datetime, clock: time) -> datetime:
        local = at.astimezone(tz)
        day = local.date() if local.time() < clock else local.date() + _DAY
        return start_of_day(day, brand.timezone) + timedelta(hours=clock.hour)

    for home in homes:
        joined = persons.joined_at(home)
        if joined > since:
            moments.setdefault(joined, Moment()).come.setdefault("welcome", []).append(ids[home.number])
            greeted = joined + 10 * _MINUTE
            local = greeted.astimezone(tz).time()
            for at in (greeted, greeted + 7 * _DAY):
                moments.setdefault(at, Moment())
            if local >= _QUIET[0] or local < _QUIET[1]:
                moments.setdefault(opens(greeted, _QUIET[1]), Moment()).send = True
        reminded = opens(home.first_at + 10 * _DAY, _OPENS)
        for at in (home.first_at, home.first_at + 10 * _DAY, reminded, reminded + 10 * _DAY):
            moments.setdefault(at, Moment())
    return {at: moment for at, moment in moments.items() if at <= now}


def _of_days(brand: Brand, moments: dict[datetime, Moment], today: date, now: datetime) -> None:
    for number in range(DAYS + 1):
        begins = start_of_day(today - timedelta(days=DAYS - number), brand.timezone)
        for clock, ask in _ROUNDS:
            at = begins + timedelta(hours=clock.hour, minutes=clock.minute + 1)
            if at <= now:
                moment = moments.setdefault(at, Moment())
                moment.ask |= ask
                moment.send = True


def _of_dormant(
    moments: dict[datetime, Moment], seen: Mapping[UUID, Sequence[date]], today: date, now: datetime
) -> None:
    """Whose last order was sixty days old on a day, whatever came later; by what is known today it would be those alone
    who have stayed away."""
    asked = {
        at.astimezone(zone(acts.TIMEZONE)).date(): at
        for at in sorted(moments, reverse=True)
        if moments[at].ask
    }
    for member_id, days in sorted(seen.items()):
        for number, day in enumerate(days):
            on = day + timedelta(days=_DORMANT_DAYS)
            stayed = number + 1 == len(days) or days[number + 1] > on
            if stayed and on in asked:
                moments[asked[on]].come.setdefault(_DORMANT, []).append(member_id)


def _hear_back(scope: Scope, brand: Brand, code: str, now: datetime) -> None:
    """What channels told of the messages, most of which arrived, and who opened their links."""
    receipts = []
    opened: list[tuple[SendView, datetime, random.Random]] = []
    for one in _sent(scope, code):
        _, _, node, visit, *_ = one.key.split(":")
        chance = random.Random(f"{one.member}:{code}:{node}:{visit}")
        arrived = (
            chance.random() <= _ARRIVED or one.channel == "inbox"
        )  # nothing is between her and her inbox
        at = (one.sent_at or now) + 3 * _MINUTE
        if at > now:
            continue
        receipts.append(Receipt("delivered" if arrived else "failed", at, send_id=one.id, detail="demo"))
        if arrived and one.channel == "sms" and chance.random() <= _CLICKED:
            opened.append((one, at, chance))
    messaging.apply_receipts(brand=brand, receipts=receipts, now=now)
    for one, at, chance in opened:
        sends.follow(scope, one.id, at, chance, until=now)


def _sent(scope: Scope, code: str) -> Iterator[SendView]:
    given, cursor = SendFilter(source=f"journey:{code}", state="sent"), None
    while True:
        page = messaging.list_sends(scope=scope, given=given, cursor=cursor, limit=200)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _publish(scope: Scope, code: str, now: datetime) -> bool:
    """Whether it was published now: one that is, or that the brand cannot run, stays as it is."""
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    if journey.version or journey.draft is None:
        return False
    nodes = [
        {**node, "channels": _CHANNELS} if node["kind"] == "message" else node
        for node in journey.draft["nodes"]
    ]
    journeys.change(scope=scope, code=code, definition={**journey.draft, "nodes": nodes}, now=now)
    try:
        flow.publish(scope=scope, code=code, now=now)
    except Refusal:
        return False
    return True
