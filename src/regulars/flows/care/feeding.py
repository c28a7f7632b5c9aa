"""What care hears and has the worker do: orders and refunds, due passes, measuring, and staff tasks by message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.engage.care import api as care
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import NewTask
from regulars.flows.care.looking import weigh
from regulars.flows.care.passes import run_due
from regulars.kit.ids import made_at, new_id
from regulars.kit.periods import zone
from regulars.messaging import api as messaging
from regulars.messaging.types import Delivery, Envelope, Route
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

CONSUMER = "care"
BATCH = 500


def follow(now: datetime) -> int:
    """Look again at the things of members who bought or brought back something; gives how many events there were."""

    def handle(events: Sequence[Event]) -> None:
        touched: dict[UUID, set[UUID]] = {}
        for event in events:
            if event.payload.get("type") in ("order", "refund"):
                touched.setdefault(event.brand_id, set()).add(event.member_id)
        for brand_id, member_ids in touched.items():
            brand = organisations.get_brand(brand_id=brand_id)
            care.look_again(brand=brand, member_ids=sorted(member_ids), now=now)

    outbox.subscribe(name=CONSUMER, from_start=False)  # what was before, a plan looks at when it starts
    return outbox.consume(name=CONSUMER, handle=handle, now=now, batch=BATCH, topics=["activity.posted"])


def measure(now: datetime) -> int:
    """What members bought since care was taken of them, a batch."""
    return care.measure_due(now=now)


class StaffTasks:
    """The channel `task`: a message becomes something staff of the member's store do, once for each message."""

    is_local = True
    is_idempotent = True
    batch = 500

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        by_brand: dict[UUID, list[Envelope]] = {}
        for one in envelopes:
            by_brand.setdefault(one.brand_id, []).append(one)
        now = made_at(new_id())
        for brand_id, mine in by_brand.items():
            brand = organisations.get_brand(brand_id=brand_id)
            today = now.astimezone(zone(brand.timezone)).date()
            homes = care.homes_of(
                brand_id=brand_id, member_ids=[one.member_id for one in mine if one.member_id]
            )
            tasks.add_many(
                brand=brand,
                tasks=[
                    NewTask(
                        member_id=one.member_id,
                        key=f"message:{one.id}",
                        kind="call",
                        title=(one.subject or one.body.partition("\n")[0])[:200],
                        script=one.body[:4000],
                        store_id=homes.get(one.member_id),
                        assignee=None,
                        due_on=today,
                        source=one.source or "message",
                        origin=str(one.id),
                    )
                    for one in mine
                    if one.member_id is not None
                ],
                now=now,
            )
        return [
            Delivery("sent") if one.member_id else Delivery("failed", error="no member", reason="no_address")
            for one in envelopes
        ]


def register() -> None:
    """Tell the worker, and messaging that tasks are given to staff here."""
    messaging.register_route(kind="task", route=Route("staff", StaffTasks()))
    due.register("care.follow", follow, every_seconds=1)
    due.register("care.run", run_due, every_seconds=1)
    due.register("care.measure", measure, every_seconds=60)
    due.register("care.weigh", weigh, every_seconds=600)
    due.register("tasks.expire", lambda now: tasks.expire_due(now=now), every_seconds=300)
