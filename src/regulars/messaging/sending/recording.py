"""What a delivery makes of a send, and who is told of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from regulars.kit.ids import new_id, new_ids
from regulars.messaging.models import Message
from regulars.messaging.policy.pacing import wait_before
from regulars.messaging.store import limits
from regulars.messaging.store import log as message_log
from regulars.messaging.store.sends import Change, Noted
from regulars.messaging.types import Delivery, Envelope
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.platform.privacy import api as privacy

ANNOUNCED = frozenset({"sent", "delivered", "failed", "skipped", "uncertain"})


def apply(change: Change, delivery: Delivery, *, channels: Sequence[str], now: datetime) -> None:
    """Turn a send into what its delivery says; after a failure for good the next of its channels is tried at once."""
    at = now.isoformat(timespec="milliseconds")
    change.reference, change.error, change.next_run_at = delivery.reference, delivery.error, None
    if delivery.state in ("sent", "sandboxed"):
        change.state, change.sent_at = "sent", now
        change.reason = "sandboxed" if delivery.state == "sandboxed" else ""
        _note(change, at, delivery.state, delivery.reference)
        return
    if delivery.state == "uncertain":
        change.state, change.reason, change.ended_at = "uncertain", "outcome_unknown", now
        _note(change, at, "outcome_unknown", delivery.error)
        return
    if delivery.state == "retry":
        wait = wait_before(change.attempts, jitter=random.random(), asked=delivery.retry_in_seconds)
        if wait is not None:
            change.state, change.reason, change.next_run_at = "queued", "retry", now + wait
            _note(change, at, "retry", delivery.error)
            return
        change.reason = "given_up"
    else:
        change.reason = "bad_address" if delivery.reason == "bad_address" else "refused"
    _note(change, at, change.reason, delivery.error)
    change.tried = [*change.tried, change.channel]
    if any(channel not in change.tried for channel in channels):
        change.state, change.next_run_at, change.attempts = "queued", now, 0
    else:
        change.state, change.ended_at = "failed", now


def _note(change: Change, at: str, outcome: str, detail: str) -> None:
    noted: Noted = (at, change.channel, outcome, detail[:200].replace("\x00", ""))
    change.log = [*change.log, noted]


def announce(*, brand: Brand, changes: Sequence[Change], now: datetime) -> None:
    """One event for each message that came to an end or to its provider."""
    told = [one for one in changes if one.state in ANNOUNCED]
    outbox.append(
        [
            Event(
                id_,
                brand.organisation_id,
                brand.id,
                f"message.{one.state}",
                payload(one),
                now,
                now,
                one.row.member_id,
            )
            for id_, one in zip(new_ids(len(told)), told, strict=True)
        ]
    )


def payload(one: Change) -> dict[str, Any]:
    row = one.row
    return {
        "send": str(row.id),
        "key": row.key,
        "source": row.source,
        "origin": row.origin,
        "purpose": row.purpose,
        "template": row.template,
        "channel": one.channel,
        "reason": one.reason,
    }


def close_addresses(cursor: Any, *, changes: Sequence[Change], now: datetime) -> None:
    """Nothing goes again to an address of which the provider says that it does not exist."""
    limits.suppress(
        cursor,
        rows=[
            (one.to_hash, one.row.brand_id, one.channel, one.to_masked or "", "bounced", one.error[:200])
            for one in changes
            if one.to_hash is not None and one.reason == "bad_address" and one.channel in one.tried
        ],
        actor="provider",
        now=now,
    )


def put_inbox(*, brand: Brand, messages: Sequence[Envelope], now: datetime) -> None:
    """The rows that members read in the portal."""
    rows = []
    for envelope in messages:
        id_ = new_id()
        rows.append(
            Message(
                recipient_hash=privacy.blind_index_of(
                    kind="generic", value=envelope.to, organisation_id=brand.organisation_id
                ),
                id=id_,
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                channel="inbox",
                template=envelope.template,
                language=envelope.language,
                recipient=message_log.seal(envelope.to, field="recipient", message_id=id_),
                recipient_masked=privacy.mask("generic", envelope.to),
                subject=message_log.seal(envelope.subject, field="subject", message_id=id_),
                body=message_log.seal(envelope.body, field="body", message_id=id_),
                state="sent",
                created_at=now,
            )
        )
    Message.objects.bulk_create(rows, batch_size=500)
