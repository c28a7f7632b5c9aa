"""Keeping facts and segments true behind what members do: the outbox says of whom something changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import Segment
from regulars.flows import recommending
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event

CONSUMER = "member_facts"
BATCH = 500


def mark(now: datetime) -> int:
    """Mark the members of the next events as changed; gives how many events there were."""

    def handle(events: Sequence[Event]) -> None:
        made_of = {
            one: {code for segment in segments.list_segments(brand_id=one) for code in segment.uses}
            for one in {event.brand_id for event in events if event.topic.startswith("segment.")}
        }
        member_facts.mark_dirty(
            pairs=[
                (event.brand_id, event.member_id)
                for event in events
                if event.member_id != NOBODY
                # coming to a segment changes a member only where another segment is made of it
                and (
                    event.brand_id not in made_of
                    or not event.topic.startswith("segment.")
                    or event.payload.get("segment") in made_of[event.brand_id]
                )
            ],
            now=now,
        )

    outbox.subscribe(name=CONSUMER, from_start=False)  # what was before, the rebuild of the next night counts
    return outbox.consume(name=CONSUMER, handle=handle, now=now, batch=BATCH)


def refresh(now: datetime) -> int:
    """Make the facts of changed members anew and have live segments follow; gives how many members."""
    total = 0
    for brand in organisations.list_brands():
        changed = member_facts.refresh_dirty(brand_id=brand.id, now=now, limit=BATCH, patient=True)
        if changed:
            segments.follow(brand_id=brand.id, member_ids=changed, now=now)
        total += len(changed)
    return total


def install_ready_made(*, scope: Scope, now: datetime) -> list[Segment]:
    """The ready-made segments that are not there yet; none of fans of what the shop says it does not sell."""
    shop = recommending.get_shop(brand_id=scope.brand_id)
    return segments.install_ready_made(scope=scope, now=now, without=shop.not_sold_categories)


def refresh_segments(now: datetime) -> int:
    """The segment whose refresh waits longest."""
    return segments.refresh_due(now=now)


def register() -> None:
    """Tell the worker."""
    due.register("audience.mark", mark, every_seconds=1, hears=CONSUMER, wakes=["audience.refresh"])
    # who came to a live segment by her facts sets out on a journey in the same turn
    due.register("audience.refresh", refresh, every_seconds=1, wakes=["journeys.listen"])
    due.register("audience.segments", refresh_segments, every_seconds=5)
