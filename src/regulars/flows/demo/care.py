"""The demo's care: plans with approved templates, birthdays, visits and win-back of the last weeks, reminders of real
purchases.

Birthdays are made up, the shopping after them is real: so the win-back of the birthday plan is measured on what
members really bought, and it says that a made-up greeting made no difference. The same goes for those who stayed away
for weeks: that they did is real, the coupon and the call are made up. Service and refill reminders come from what
members really bought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.care import api as care
from regulars.engage.care.types import Due, Plan
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import TaskFilter
from regulars.flows.care import api as flow
from regulars.flows.coupons import api as coupons
from regulars.flows.demo import occasions
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.calendar import api as calendar
from regulars.platform.calendar.types import OwnFestival
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.platform.staff import api as staff

GREETED_FOR = 90  # days of birthdays that are made up for
VISITED_FOR = 14
AWAY_SINCE, AWAY_UNTIL = 126, 35  # days ago between which those who stayed away were looked after
# days without a purchase that count as likely to leave, and as very likely
_AWAY = {"churn-light": (28, 42), "churn-heavy": (42, 84)}
_LEAST_ORDERS = 5
_MOST_STEPS = 400
_SERVICE = "small-appliances"
_PLANS: dict[str, dict[str, Any]] = {
    _SERVICE: {
        "kind": "service",
        "name": {"zh": "小家电保养提醒", "en": "Service of small appliances"},
        "settings": {
            "categories": ["PORTABLE ELECTRIC APPLIANCES", "PERSONAL CARE APPLIANCES"],
            "every_months": 6,
        },
        "message": {"template": "service-due", "purpose": "service"},
        "task": {
            "kind": "service",
            "title": {"zh": "保养提醒：{{ item }}", "en": "Time for a check: {{ item }}"},
            "script": {
                "zh": "您在 {{ bought_on }} 购买的 {{ item }} 到了该检查的时候，需要帮您约个时间吗？",
                "en": "The {{ item }} you bought on {{ bought_on }} is due for a check. Shall we book a time?",
            },
        },
    },
    "coffee-refill": {
        "kind": "refill",
        "name": {"zh": "咖啡补货提醒", "en": "Coffee running low"},
        "settings": {
            "categories": ["COFFEE"],
            "by": "category",
            "days_before": 3,
            "stated": [{"code": "COFFEE", "days": 28}],
        },
        "message": {"template": "refill", "purpose": "marketing"},
        "holdout_percent": 10,
        "win_back_days": 14,
    },
}
_OUTCOMES = (
    ("reached", 5, "一切都好，谢谢关心。"),
    ("will_come", 4, "周末会来店。"),
    ("no_answer", None, ""),
    ("reached", 4, "希望早上多一些面包。"),
    ("bought", 5, "电话后当天下单。"),
    ("not_interested", 3, ""),
    ("reached", 5, "觉得店员很热情。"),
    ("call_later", None, "在开会，改天再打。"),
)


# gives by member the day of each of her orders, in order
Seen = Callable[[], Mapping[UUID, Sequence[date]]]


def fill(scope: Scope, now: datetime, seen: Seen = dict) -> None:
    """Again adds nothing. `seen` is asked for once, when it is needed."""
    last = "coffee-refill"
    if any(one.key == last and one.state == "active" for one in care.list_plans(brand_id=scope.brand_id)):
        return
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    more = {one["message"]["template"] for one in _PLANS.values()}
    for code in (
        *flow.install_templates(scope=scope, now=now),
        *flow.install_templates(scope=scope, now=now, only=more),
    ):
        waiting = messaging.submit_template(scope=scope, code=code, now=now)
        assert waiting.latest is not None
        messaging.decide_template(scope=scope, code=code, number=waiting.latest.number, approve=True, now=now)
    flow.let_members_choose(scope=scope, now=now)
    founded = OwnFestival("founders-day", Text("店庆日", "Founders' day"), "solar", 9, 18)
    calendar.put_festival(scope=scope, festival=founded, now=now)
    _coupons(scope, now)
    flow.install_ready_made(scope=scope, now=now, more=_PLANS)
    festivals = [*calendar.list_festivals(brand_id=scope.brand_id)]
    _change(
        scope,
        "festivals",
        now,
        settings={"festivals": festivals},
        audience=occasions.GREETED,
        holdout_percent=10,
    )
    _birthdays(scope, today, now)
    _visits(scope, today, now)
    bought = seen()
    _win_back(scope, bought, today, now)
    occasions.carry_out(
        scope, bought, today, now, welcome="welcome", festivals="festivals", letters="milestones",
        quiet="dormant-60",
    )  # fmt: skip
    _service(scope, today, now)
    for key in ("welcome", "anniversary", "festivals", "milestones", "dormant-60", *_PLANS):
        flow.set_state(scope=scope, key=key, state="active", now=now)
    for _ in range(_MOST_STEPS):
        if not flow.run_due(now):
            break
    while flow.measure(now + timedelta(days=1)):
        pass
    while flow.weigh(now):
        pass


def _service(scope: Scope, today: date, now: datetime) -> None:
    """Begun weeks ago, at midnight: the plan looks at what was bought, then reminds day by day of what was due."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    begun = start_of_day(today - timedelta(days=occasions.SERVICED_FOR), brand.timezone)
    with transaction.atomic():
        flow.set_state(scope=scope, key=_SERVICE, state="active", now=begun)
        for _ in range(_MOST_STEPS):
            if not flow.run_due(begun + timedelta(minutes=1)):
                break
        occasions.service(scope, _SERVICE, today, now)


def _birthdays(scope: Scope, today: date, now: datetime) -> None:
    """Greetings of the last weeks, each on its day, with a coupon and a tenth left alone."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    first = today - timedelta(days=GREETED_FOR)
    _change(scope, "birthday", now, holdout_percent=10, win_back_days=14)
    flow.set_state(
        scope=scope,
        key="birthday",
        state="active",
        now=start_of_day(first, brand.timezone) + timedelta(hours=9),
    )
    plan = care.get_plan(brand_id=scope.brand_id, key="birthday")
    last = today - timedelta(days=1)
    found, after = [], None
    while True:
        dues, after = care.find(plan=plan, brand=brand, first=first, last=last, now=now, after=after)
        found += dues
        if after is None:
            break
    for number in range(GREETED_FOR):
        day = first + timedelta(days=number)
        at = start_of_day(day, brand.timezone) + timedelta(hours=9, minutes=30)
        mine = [one for one in found if one.on == day]
        if mine:
            with transaction.atomic():  # a worker beside it would send by the clock of now
                flow.carry_out(plan=plan, brand=brand, dues=mine, day=day, now=at)
                messaging.send_due(now=at + timedelta(minutes=1))


def _visits(scope: Scope, today: date, now: datetime) -> None:
    """Two weeks of return calls with what came of them; the last days' still wait."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    clerk = clerk_of(scope)
    _change(scope, "visits", now, contact_cost=200, win_back_days=14)
    first = today - timedelta(days=VISITED_FOR)
    start = start_of_day(first, brand.timezone) + timedelta(hours=9)
    flow.set_state(scope=scope, key="visits", state="active", now=start)
    plan = care.get_plan(brand_id=scope.brand_id, key="visits")
    chore = plan.definition.task
    assert chore is not None
    done = 0
    for number in range(0, VISITED_FOR, 2):
        day = first + timedelta(days=number)
        at = start_of_day(day, brand.timezone) + timedelta(hours=10)
        owed = care.owed_visits(plan=plan, brand=brand, day=day, limit=chore.per_day)
        flow.carry_out(plan=plan, brand=brand, dues=owed, day=day, now=at)
        if clerk is not None and number <= VISITED_FOR - 4:
            done = _finish(clerk, plan, day, at + timedelta(hours=3), done)


def _win_back(scope: Scope, seen: Mapping[UUID, Sequence[date]], today: date, now: datetime) -> None:
    """Those who stayed away, week by week as it was then: a small coupon, or a call and a pack; a quarter left alone.

    Then both plans go on by the scores of the night.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    clerk = clerk_of(scope)
    first = today - timedelta(days=AWAY_SINCE)
    start = start_of_day(first, brand.timezone) + timedelta(hours=9)
    for key in _AWAY:
        _change(scope, key, now, holdout_percent=25, contact_cost=100 if key == "churn-heavy" else 5)
        flow.set_state(scope=scope, key=key, state="active", now=start)
    homes = care.homes_of(brand_id=brand.id, member_ids=sorted(seen))
    had: dict[UUID, date] = {}
    done = 0
    for number in range(0, AWAY_SINCE - AWAY_UNTIL, 7):
        day = first + timedelta(days=number)
        at = start_of_day(day, brand.timezone) + timedelta(hours=10)
        for key, (least, most) in _AWAY.items():
            plan = care.get_plan(brand_id=brand.id, key=key)
            cooldown = timedelta(days=plan.definition.settings["cooldown_days"])
            dues = []
            for member_id in sorted(seen):
                before = [one for one in seen[member_id] if one < day]
                if len(before) < _LEAST_ORDERS or not least <= (day - before[-1]).days < most:
                    continue
                if member_id in had and day - had[member_id] < cooldown:
                    continue
                had[member_id] = day
                values = {"last_order_on": before[-1].isoformat(), "orders": len(before)}
                dues.append(Due(member_id, day.isoformat(), day, values, homes.get(member_id)))
            with transaction.atomic():  # a worker beside it would send by the clock of now
                flow.carry_out(plan=plan, brand=brand, dues=dues, day=day, now=at)
                messaging.send_due(now=at + timedelta(minutes=1))
            if clerk is not None and plan.definition.task is not None:
                done = _finish(clerk, plan, day + timedelta(days=14), at + timedelta(hours=3), done)


def clerk_of(scope: Scope) -> Scope | None:
    """The demo's clerk at work."""
    for one in staff.list_staff(organisation_id=scope.organisation_id):
        may = tasks.may_work(brand_id=scope.brand_id, staff_id=one.id, store_id=None)
        if may and one.email.startswith("clerk"):
            actor = Actor("staff", one.id, one.name)
            return Scope(scope.organisation_id, scope.brand_id, actor, scope.permissions)
    return None


def _finish(clerk: Scope, plan: Plan, until: date, at: datetime, done: int) -> int:
    """A plan's tasks that are due up to a day get what came of them; gives how many got one by now."""
    while True:
        given = TaskFilter(due_to=until, source=plan.source)
        found = tasks.list_tasks(scope=clerk, given=given, limit=200).items
        for task in found:
            outcome, rating, note = _OUTCOMES[done % len(_OUTCOMES)]
            tasks.finish(
                scope=clerk, task_id=task.id, outcome=outcome, satisfaction=rating, note=note, now=at
            )
            done += 1
        if not found:
            return done


def _change(scope: Scope, key: str, now: datetime, **changes: Any) -> None:
    """A ready-made plan with some of it as the demo has it."""
    made = {one.key: one.definition for one in flow.ready_made(brand_id=scope.brand_id, now=now)}
    flow.put_plan(scope=scope, value={**made[key], **changes}, now=now)


def _coupons(scope: Scope, now: datetime) -> None:
    """What those who stayed away are given: a small coupon and a larger one."""
    for key, zh, en, amount, least in (
        ("come-back-5", "好久不见 5 元券", "Five off: long time no see", 500, 3000),
        ("come-back-20", "老朋友 20 元券", "Twenty off for an old friend", 2000, 8000),
    ):
        definition = {
            "key": key,
            "name": {"zh": zh, "en": en},
            "state": "active",
            "validity": {"kind": "after_claim", "days": 30},
            "offer": {"kind": "amount", "amount": amount, "at_least": least},
            "claim": {"channels": ["issue"]},
            "worth": amount,
        }
        coupons.put_definition(scope=scope, definition=definition, now=now)
