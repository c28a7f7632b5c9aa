"""What is learnt of messages after they went, and taking back those that have not gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.kit.ids import new_id
from regulars.messaging.policy.deciding import CONSENT_OF
from regulars.messaging.sending import handing, holding
from regulars.messaging.sending.wording import words_of
from regulars.messaging.store import holds, limits, receiving
from regulars.messaging.store.receiving import Found
from regulars.messaging.store.sends import Change, same
from regulars.messaging.types import Receipt
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

_WENT = ("sending", "sent", "uncertain")
_FALLBACK_WITHIN = timedelta(hours=24)
_PROVIDER = Actor("system", None, "provider")


def apply_receipts(*, brand: Brand, receipts: Sequence[Receipt], now: datetime) -> int:
    """Write down what a provider reports; gives how many receipts named a message of the brand.

    Delivered → `delivered`. Bounced → `failed`, and nothing goes to that address again; not delivered → `failed`; in
    both cases the message's next channel is tried if it was sent less than a day ago and is not out of date. A
    complaint closes the address. An opt-out takes back her consent to the channel. Twice is harmless, also where the
    message went by another channel meanwhile: of what names its channel, only that of the present one is heard.
    """
    if not receipts:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        found = receiving.find(cursor, brand_id=brand.id, receipts=receipts)
        words = words_of(brand=brand, codes={one.row.template for one in found.values()})
        known = 0
        for receipt in sorted(receipts, key=lambda one: one.at):
            one = found.get(receipt.send_id if receipt.send_id is not None else receipt.reference)
            if one is None:
                continue
            known += 1
            if receipt.channel and receipt.channel != one.row.channel:
                # told late or once more, of the channel by which it went before: what is said of that one is settled
                if receipt.kind == "opted_out":
                    opt_out(
                        brand=brand, member_id=one.row.member_id, channel=receipt.channel,
                        note=receipt.detail, now=now,
                    )  # fmt: skip
                continue
            order = tuple(one.row.channels) or words.channels_of(one.row.template)
            change = _apply(brand, one, receipt, order, now)
            if receipt.kind in ("bounced", "complained") and one.to_hash is not None:
                closed = (
                    one.to_hash,
                    brand.id,
                    one.row.channel,
                    one.to_masked,
                    receipt.kind,
                    receipt.detail[:200],
                )
                limits.suppress(cursor, rows=[closed], actor="provider", now=now)
            if change is not None:
                handing.write_ended(brand, [change], only=(*_WENT, "delivered"), now=now)
                state = one._replace(row=one.row._replace(state=change.state, reason=change.reason))
                found[one.row.id] = state
                if one.reference:
                    found[one.reference] = state
        return known


def withdraw(
    *,
    brand: Brand,
    keys: Sequence[tuple[UUID, str]] | None = None,
    source: str = "",
    now: datetime,
    limit: int = 5000,
) -> int:
    """Take back messages that have not gone: by member and key, or up to `limit` of a source; gives how many.

    They are skipped with the reason `withdrawn`; what has gone stays gone.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if keys is not None:
            rows = receiving.queued(cursor, brand_id=brand.id, keys=keys)
        else:
            rows = holds.waiting(cursor, brand_id=brand.id, source=source, asked_before=None, limit=limit)
        return holding.take_back(cursor, brand=brand, rows=rows, now=now)


def opt_out(*, brand: Brand, member_id: UUID, channel: str, note: str, now: datetime) -> None:
    """Take back a member's consent to marketing by a channel because its provider says that she opted out.

    Providers say so again and again; whose no is kept already is left alone.
    """
    consent = CONSENT_OF.get(channel)
    if consent is None:
        return
    held = consents.states(brand_id=brand.id, member_id=member_id)
    if any((one.purpose, one.channel, one.granted) == ("marketing", consent, False) for one in held):
        return
    given = ConsentIn(
        "marketing", consent, False, consents.MARKETING_VERSION,
        consents.marketing_text(brand=brand.name, channel=consent), note=note[:500],
    )  # fmt: skip
    scope = Scope(brand.organisation_id, brand.id, _PROVIDER, frozenset())
    with transaction.atomic():
        consents.record(
            scope=scope, member_id=member_id, consents=[given], source="provider", language="zh", now=now
        )
        payload = {"send": "", "source": "", "origin": "", "channel": channel, "reason": "provider"}
        event = Event(
            new_id(), brand.organisation_id, brand.id, "message.unsubscribed", payload, now, now, member_id
        )
        outbox.append([event])


def _apply(brand: Brand, one: Found, receipt: Receipt, order: Sequence[str], now: datetime) -> Change | None:
    row = one.row
    at = receipt.at.isoformat(timespec="milliseconds")
    log = [(at, row.channel, receipt.kind, receipt.detail[:200].replace("\x00", ""))]
    change = replace(same(row), log=log)
    if receipt.kind == "delivered" and row.state in _WENT:
        return replace(
            change, state="delivered", reason="", ended_at=receipt.at, sent_at=one.sent_at or receipt.at
        )
    if receipt.kind in ("failed", "bounced") and row.state in (*_WENT, "delivered"):
        change.reason = "bounced" if receipt.kind == "bounced" else "not_delivered"
        change.error, change.tried = receipt.detail, [*row.tried, row.channel]
        sent_at = one.sent_at or now
        in_time = now - sent_at < _FALLBACK_WITHIN and (row.expires_at is None or now < row.expires_at)
        if in_time and any(channel not in change.tried for channel in order):
            return replace(change, state="queued", next_run_at=now, attempts=0)
        return replace(change, state="failed", ended_at=receipt.at)
    if receipt.kind == "complained" and row.state in (*_WENT, "delivered"):
        return replace(change, state="delivered", reason="complained", ended_at=receipt.at)
    if receipt.kind == "opted_out":
        opt_out(brand=brand, member_id=row.member_id, channel=row.channel, note=receipt.detail, now=now)
    return None
