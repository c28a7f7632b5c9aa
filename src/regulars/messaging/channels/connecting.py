"""From a brand's account to the channel that sends: settings opened, tokens at hand, nothing asked of anybody here."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from regulars.kit import clock
from regulars.messaging.channels import registry
from regulars.messaging.channels.wire import Refused
from regulars.messaging.models import ChannelAccount
from regulars.messaging.store import accounts as store
from regulars.messaging.types import BulkChannel, Delivery, Envelope
from regulars.platform.due import api as due

_EARLY = timedelta(minutes=10)
_AGAIN = timedelta(minutes=1)
_LEASE_SECONDS = 60.0
# Tokens that a provider would not take, said by the threads that send and read by whoever connects next.
_stale: set[tuple[UUID, str]] = set()
_lock = threading.Lock()


@dataclass(slots=True)
class _Watched:
    """A channel with a token; a token that is refused is not used again."""

    inner: BulkChannel
    account_id: UUID
    token: str
    is_local: bool
    is_idempotent: bool
    batch: int

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        if not self.token:
            return [
                Delivery("retry", error="the access token is being fetched", retry_in_seconds=10.0)
            ] * len(envelopes)
        done = self.inner.deliver_many(envelopes)
        if any(one.reason == "stale_token" for one in done):
            with _lock:
                _stale.add((self.account_id, self.token))
        return done


def account_of(*, brand_id: UUID, channel: str) -> ChannelAccount | None:
    """The account that a channel's messages go by: the default one, or the only one."""
    rows = ChannelAccount.objects.filter(brand_id=brand_id, channel=channel)
    return rows.order_by("-is_default", "key").first()


def connect(row: ChannelAccount) -> BulkChannel:
    """The channel of an account. Raises ValueError for settings that do not work any more."""
    provider = registry.get(row.provider)
    if not provider.has_token:
        return provider.connect(store.values_of(row), "", clock.now)
    token = store.token_of(row)
    with _lock:
        refused = (row.id, token) in _stale
    if refused:
        token = ""
    if not token and row.token_due_at is not None and row.token_due_at > row.updated_at:
        ChannelAccount.objects.filter(id=row.id).update(token_due_at=row.updated_at)
    inner = provider.connect(store.values_of(row), token, clock.now)
    return _Watched(inner, row.id, token, inner.is_local, inner.is_idempotent, inner.batch)


def refresh_tokens(now: datetime) -> int:
    """Due work: ask for access tokens before they end, one worker an account; gives how many were fetched."""
    taken = due.claim(
        table="channel_account",
        key=("id",),
        now=now,
        limit=20,
        due="token_due_at",
        lease_seconds=_LEASE_SECONDS,
    )
    done = 0
    for (account_id,) in taken:
        row = ChannelAccount.objects.filter(id=account_id).first()
        if row is None:
            continue
        provider = registry.get(row.provider)
        try:
            access = provider.grant(store.values_of(row), clock.now)
        except (Refused, ValueError) as refused:
            _as_asked(row).update(token_due_at=now + _AGAIN, token_error=str(refused)[:300])
            continue
        done += keep_token(row, access.token, now, access.seconds)
    return done


def keep_token(row: ChannelAccount, token: str, now: datetime, seconds: int) -> bool:
    """Whether it is kept: not where the account was changed since `row` was read, for it may be another's now."""
    until = now + timedelta(seconds=max(60, seconds))
    kept = _as_asked(row).update(
        token=store.seal({"token": token}, owner=row.id, field="token"),
        token_until=until,
        token_due_at=max(now + _AGAIN, until - _EARLY),
        token_error="",
    )
    with _lock:
        _stale.difference_update({one for one in _stale if one[0] == row.id})
    return bool(kept)


def _as_asked(row: ChannelAccount) -> QuerySet[ChannelAccount]:
    """The account, as long as it is what it was when a provider was asked for it."""
    return ChannelAccount.objects.filter(id=row.id, updated_at=row.updated_at)
