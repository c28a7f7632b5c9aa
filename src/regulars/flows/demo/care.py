"""The demo's care: plans with approved templates, birthdays and visits of the last weeks, reminders of real purchases.

Birthdays are made up, the shopping after them is real: so the win-back of the birthday plan is measured on what
members really bought, and it says that a made-up greeting made no difference. Service and refill reminders come from
what members really bought.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from regulars.engage.care import api as care
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import TaskFilter
from regulars.flows.care import api as flow
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
_MOST_STEPS = 400
_PLANS: dict[str, dict[str, Any]] = {
    "small-appliances": {
        "kind": "service",
        "name": {"zh": "小家电保养提醒", "en": "Service of small appliances"},
        "settings": {
            "categories": ["PORTABLE ELECTRIC APPLIANCES", "PERSONAL CARE APPLIANCES"],
            "every_months": 6,
        },
        "message": {"template": "care-service", "purpose": "service"},
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
        "settings": {"categories": ["COFFEE"], "by": "category", "days_before": 3},
        "message": {"template": "care-refill", "purpose": "marketing"},
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


def fill(scope: Scope, now: datetime) -> None:
    """Again adds nothing."""
    last = "coffee-refill"
    if any(one.key == last and one.state == "active" for one in care.list_plans(brand_id=scope.brand_id)):
        return
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    for code in flow.install_templates(scope=scope, now=now):
        waiting = messaging.submit_template(scope=scope, code=code, now=now)
        assert waiting.latest is not None
        messaging.decide_template(scope=scope, code=code, number=waiting.latest.number, approve=True, now=now)
    flow.let_members_choose(scope=scope, now=now)
    founded = OwnFestival("founders-day", Text("店庆日", "Founders' day"), "solar", 9, 18)
    calendar.put_festival(scope=scope, festival=founded, now=now)
    flow.install_ready_made(scope=scope, now=now, more=_PLANS)
    _birthdays(scope, today, now)
    _visits(scope, today, now)
    for key in ("welcome", "anniversary", "festivals", "milestones", "dormant-60", *_PLANS):
        flow.set_state(scope=scope, key=key, state="active", now=now)
    for _ in range(_MOST_STEPS):
        if not flow.run_due(now):
            break
    while flow.measure(now + timedelta(days=1)):
        pass
    while flow.weigh(now):
        pass


def _birthdays(scope: Scope, today: date, now: datetime) -> None:
    """Greetings of the last weeks, each on its day, with points and a tenth left alone."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    first = today - timedelta(days=GREETED_FOR)
    change = {**flow.READY_MADE["birthday"], "key": "birthday", "holdout_percent": 10, "win_back_days": 14}
    flow.put_plan(scope=scope, value=change, now=now)
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
            flow.carry_out(plan=plan, brand=brand, dues=mine, day=day, now=at)
            messaging.send_due(now=at + timedelta(minutes=1))


def _visits(scope: Scope, today: date, now: datetime) -> None:
    """Two weeks of return calls with what came of them; the last days' still wait."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    clerk = next(
        (
            one
            for one in staff.list_staff(organisation_id=scope.organisation_id)
            if tasks.may_work(brand_id=scope.brand_id, staff_id=one.id, store_id=None)
            and one.email.startswith("clerk")
        ),
        None,
    )
    value = {**flow.READY_MADE["visits"], "key": "visits", "contact_cost": 200, "win_back_days": 14}
    flow.put_plan(scope=scope, value=value, now=now)
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
        owed = care.owed_visits(plan=plan, day=day, limit=chore.per_day)
        flow.carry_out(plan=plan, brand=brand, dues=owed, day=day, now=at)
        if clerk is None or number > VISITED_FOR - 4:
            continue
        mine = Scope(
            scope.organisation_id,
            scope.brand_id,
            Actor("staff", clerk.id, clerk.name),
            scope.permissions,
        )
        for task in tasks.list_tasks(scope=mine, given=TaskFilter(due_to=day), limit=200).items:
            outcome, rating, note = _OUTCOMES[done % len(_OUTCOMES)]
            tasks.finish(
                scope=mine,
                task_id=task.id,
                outcome=outcome,
                satisfaction=rating,
                note=note,
                now=at + timedelta(hours=3),
            )
            done += 1
