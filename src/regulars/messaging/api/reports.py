"""Door of what providers report to an address of ours, and of what staff did about WeCom's tasks."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from regulars.facts.members import api as members
from regulars.facts.members.types import ById, IdentityIn
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Text
from regulars.messaging.api.receipts import apply_receipts, opt_out
from regulars.messaging.channels import connecting, reports, wecom
from regulars.messaging.channels.reports import BadReport, Report, Said
from regulars.messaging.channels.wire import Refused
from regulars.messaging.models import ChannelAccount, Send
from regulars.messaging.store import accounts as store
from regulars.messaging.types import Receipt
from regulars.messaging.wording import CHANNEL_ACCOUNT
from regulars.platform.organisations import api as organisations

_log = logging.getLogger(__name__)
_BAD = Text("无法读取的回执", "Not a report that can be read")
_ASKED_FOR = timedelta(days=7)
_MOST_TASKS = 50
WECOM_SECONDS = 600  # from one turn of asking to the next


def take_report(
    *,
    account_id: UUID,
    key: str,
    method: str,
    query: Mapping[str, str],
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
) -> Said:
    """What a provider says of messages sent by an account. Raises `not_found` for a wrong address, `bad_report` (400)
    for what is not the provider's. Twice is harmless."""
    row = ChannelAccount.objects.filter(id=account_id).first()
    if row is None or not hmac.compare_digest(store.receipt_key_of(row).encode(), key.encode()):
        raise not_found(CHANNEL_ACCOUNT)
    try:
        said = reports.read(row.provider, Report(method, query, body, headers), store.values_of(row), now)
    except BadReport as error:
        raise Refusal("bad_report", _BAD, status=400) from error
    brand = organisations.get_brand(brand_id=row.brand_id)
    receipts = [replace(one, channel=one.channel or row.channel) for one in said.receipts]
    apply_receipts(brand=brand, receipts=receipts, now=now)
    for type_, value in said.stopped:
        ref = ById(identity=IdentityIn(type_, value))
        [found] = members.resolve(organisation_id=brand.organisation_id, brand_id=brand.id, refs=[ref])
        if isinstance(found, UUID):
            opt_out(brand=brand, member_id=found, channel=row.channel, note="answered the message", now=now)
    if said.receipts or said.stopped:
        ChannelAccount.objects.filter(id=row.id).update(receipts=F("receipts") + 1, receipt_at=now)
    return said


def ask_wecom(now: datetime) -> int:
    """Due work: what staff did about the tasks of the last week that wait for them; gives how many receipts came.

    Of many tasks so many a turn are asked about, one after another. What cannot be asked of one account or task keeps
    no other waiting.
    """
    done = 0
    for row in ChannelAccount.objects.filter(provider="wecom", state="active", sandbox=False):
        try:
            done += _ask_wecom(row, now)
        except Exception:
            _log.exception("the answers to account %s of brand %s could not be read", row.key, row.brand_id)
    return done


def _ask_wecom(row: ChannelAccount, now: datetime) -> int:
    brand = organisations.get_brand(brand_id=row.brand_id)
    waiting = Send.objects.filter(
        brand_id=row.brand_id,
        channel="wecom",
        account=row.key,
        state="sent",
        sent_at__gte=now - _ASKED_FOR,
    ).exclude(reference="")
    tasks = sorted({one.rpartition(":")[0] for one in waiting.values_list("reference", flat=True)})
    done = 0
    for task in _in_turn(tasks, now):
        try:
            found = wecom.results(values=store.values_of(row), token=store.token_of(row), task=task)
        except Refused as refused:
            if refused.code in wecom.OF_THE_ACCOUNT:
                ChannelAccount.objects.filter(id=row.id).update(token_error=str(refused)[:300])
                break
            _log.warning("task %s of account %s: %s", task, row.key, refused)
            continue
        receipts = [
            Receipt(
                one.state,
                min(one.at or now, now),
                channel="wecom",
                reference=one.reference,
                detail=one.detail,
            )
            for one in found
        ]
        done += apply_receipts(brand=brand, receipts=receipts, now=now)
    return done


def _in_turn(tasks: Sequence[str], now: datetime) -> list[str]:
    """At most so many of the tasks, others each turn."""
    if len(tasks) <= _MOST_TASKS:
        return list(tasks)
    first = int(now.timestamp()) // WECOM_SECONDS * _MOST_TASKS % len(tasks)
    return [*tasks[first:], *tasks[:first]][:_MOST_TASKS]


def refresh_tokens(now: datetime) -> int:
    """Due work: access tokens are fetched before they end."""
    return connecting.refresh_tokens(now)
