"""Effects of rules that tell or ask somebody: messages, tasks for staff, webhook events, badges, missions, chances.

Each is done once for its key, in the transaction of the activity. What a refund or a late activity undid is taken back
where that can be: a message that has not gone, a badge, chances that were not used, a mission that is not done. A task
stays with staff, an event was told; the endpoints are told of the undoing as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.types.draws import ChanceGrant
from regulars.engage.missions.types.missions import Start
from regulars.engage.missions.types.play import BadgeGrant
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import NewTask
from regulars.facts.members import states
from regulars.flows.outside import Outside
from regulars.kit.errors import ErrorList
from regulars.kit.ids import new_ids
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

Item = tuple[Outside, Mapping[str, Any]]
# By activity: what was refused, as notes.
Refused = dict[UUID, list[dict[str, Any]]]
# Who is told of something long past is puzzled: an activity that comes later than this tells nobody.
FRESH = timedelta(days=3)
TAKEN_BACK = "rule.taken_back"


def give_messages(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    """Ask for the messages; of acts of long ago, and by templates that cannot be sent, not, with a note."""
    brand = organisations.get_brand(brand_id=brand_id)
    wrong = {code: _template_error(brand_id, code) for code in {effect["template"] for _, effect in items}}
    asks = []
    for one, effect in items:
        reason = "too_late" if _is_old(effect, now) else wrong[effect["template"]]
        if reason:
            _refuse(refused, one, effect, effect["template"], reason)
            continue
        asks.append(
            Ask(
                member_id=one.member_id,
                key=effect["key"],
                source=f"rule:{effect['rule']}",
                purpose=effect["purpose"],
                template=effect["template"],
                channels=tuple(effect["channels"]),
                expires_at=now + FRESH,
                origin=str(one.source),
            )
        )
    messaging.ask(brand=brand, asks=asks, now=now)


def take_back_messages(brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
    """What has not gone is not sent."""
    messaging.withdraw(
        brand=organisations.get_brand(brand_id=brand_id),
        keys=[(one.member_id, effect["key"]) for one, effect in items],
        now=now,
    )


def give_tasks(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    brand = organisations.get_brand(brand_id=brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    wanted = []
    for one, effect in items:
        due = date.fromisoformat(effect["due"])
        if due < today - FRESH:
            _refuse(refused, one, effect, Text.from_json(effect["title"]).zh, "too_late")
            continue
        wanted.append(
            NewTask(
                member_id=one.member_id,
                key=effect["key"],
                kind=effect["task"],
                title=Text.from_json(effect["title"]),
                script=Text.from_json(effect["script"]),
                store_id=one.store_id,
                assignee=None,
                due_on=max(due, today),
                source=f"rule:{effect['rule']}",
                origin=str(one.source),
            )
        )
    tasks.add_many(brand=brand, tasks=wanted, now=now)


def tell(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    """Endpoints that listen to `rule.<event>` are told."""
    _tell(brand_id, [(one, effect, f"rule.{effect['event']}") for one, effect in items], now)


def tell_undone(brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
    """What was told cannot be unsaid: endpoints are told `rule.taken_back` with the event that is undone."""
    _tell(brand_id, [(one, effect, TAKEN_BACK) for one, effect in items], now)


def _tell(brand_id: UUID, told: Sequence[tuple[Outside, Mapping[str, Any], str]], now: datetime) -> None:
    brand = organisations.get_brand(brand_id=brand_id)
    outbox.append(
        [
            Event(
                id_,
                brand.organisation_id,
                brand_id,
                topic,
                {
                    "rule": effect["rule"],
                    "event": effect["event"],
                    "activity_id": str(one.source),
                    "key": effect["key"],
                },
                now,
                now,
                one.member_id,
            )
            for (one, effect, topic), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )


def give_badges(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    known = play.find_badges(brand_id=brand_id, keys={effect["code"] for _, effect in items})
    grants = []
    for one, effect in items:
        if effect["code"] not in known:
            _refuse(refused, one, effect, effect["code"], "badge_unknown")
        else:
            grants.append(BadgeGrant(one.member_id, effect["code"], effect["key"], f"rule:{effect['rule']}"))
    play.grant_badges(brand_id=brand_id, grants=grants, now=now)


def take_back_badges(brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
    play.revoke_badges(
        brand_id=brand_id, grants=[(one.member_id, effect["key"]) for one, effect in items], now=now
    )


def give_chances(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    known = draws.find_draws(brand_id=brand_id, keys={effect["code"] for _, effect in items})
    grants = []
    for one, effect in items:
        if effect["code"] not in known:
            _refuse(refused, one, effect, effect["code"], "draw_over")
        else:
            grants.append(
                ChanceGrant(
                    one.member_id, effect["code"], effect["key"], effect["count"], f"rule:{effect['rule']}"
                )
            )
    draws.grant_chances(brand_id=brand_id, grants=grants, now=now)


def take_back_chances(brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
    draws.end_chances(brand_id=brand_id, grants=[(one.member_id, effect["key"]) for one, effect in items])


def start_missions(brand_id: UUID, items: Sequence[Item], now: datetime, refused: Refused) -> None:
    brand: Brand = organisations.get_brand(brand_id=brand_id)
    with connection.cursor() as cursor:
        rows = states.lock(cursor, brand_id=brand_id, member_ids={one.member_id for one, _ in items})
    said = missions.start_missions(
        brand_id=brand_id,
        starts=[Start(one.member_id, effect["code"], effect["key"]) for one, effect in items],
        joined={id_: row.joined_at for id_, row in rows.items()},
        timezone=brand.timezone,
        now=now,
    )
    for one, effect in items:
        reason = said.get((one.member_id, effect["key"]), "")
        if reason:
            _refuse(refused, one, effect, effect["code"], reason)


def withdraw_missions(brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
    missions.withdraw(brand_id=brand_id, starts=[(one.member_id, effect["key"]) for one, effect in items])


def _template_error(brand_id: UUID, code: str) -> str:
    errors = ErrorList()
    messaging.check_template(brand_id=brand_id, code=code, field="template", errors=errors)
    return errors.errors[0].code if errors else ""


def _is_old(effect: Mapping[str, Any], now: datetime) -> bool:
    return now - datetime.fromisoformat(effect["at"]) > FRESH


def _refuse(refused: Refused, one: Outside, effect: Mapping[str, Any], what: str, reason: str) -> None:
    refused.setdefault(one.source, []).append(
        {
            "code": "act_not_done",
            "rule": effect["rule"],
            "kind": effect["kind"],
            "what": what,
            "reason": reason,
        }
    )
