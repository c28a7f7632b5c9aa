"""From the outbox to webhooks: what happened is queued for the endpoints that want it, with the member's code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.facts.members import api as members
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event
from regulars.platform.webhooks import api as webhooks
from regulars.platform.webhooks.types import Outgoing

CONSUMER = "webhooks"
_BATCHES = 20


def feed(now: datetime) -> int:
    """Queue deliveries of what was written since; gives how many events were read."""
    outbox.subscribe(name=CONSUMER, from_start=False)  # what was before the first endpoint is not told
    read = 0
    for _ in range(_BATCHES):
        count = outbox.consume(name=CONSUMER, handle=lambda events: _queue(events, now), now=now, batch=2000)
        read += count
        if not count:
            break
    return read


def source_of(brand: Brand) -> str:
    """The CloudEvents source: the brand, as everybody outside knows it."""
    return f"/brands/{brand.slug}"


def _queue(events: Sequence[Event], now: datetime) -> None:
    wanted = webhooks.topics_wanted(brand_ids=list({event.brand_id for event in events}))
    chosen = [
        event for event in events if webhooks.wants(topics=wanted.get(event.brand_id, ()), topic=event.topic)
    ]
    if not chosen:
        return
    by_brand: dict[UUID, list[Event]] = {}
    for event in chosen:
        by_brand.setdefault(event.brand_id, []).append(event)
    for brand_id, mine in by_brand.items():
        codes = members.codes_of(
            brand_id=brand_id, member_ids={event.member_id for event in mine if event.member_id != NOBODY}
        )
        source = source_of(organisations.get_brand(brand_id=brand_id))
        webhooks.queue(events=[_outgoing(event, source, codes) for event in mine], now=now)


def _outgoing(event: Event, source: str, codes: dict[UUID, str]) -> Outgoing:
    code = codes.get(event.member_id, "")
    about = {"member_id": str(event.member_id), "member_code": code} if event.member_id != NOBODY else {}
    return Outgoing(
        id=event.id,
        brand_id=event.brand_id,
        topic=event.topic,
        source=source,
        subject=code,
        occurred_at=event.occurred_at,
        data={**about, **event.payload},
    )
