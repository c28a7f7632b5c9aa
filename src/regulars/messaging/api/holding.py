"""Stopping and going on with what a source asked for, and taking it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import conflict, invalid_field
from regulars.messaging.models import Send
from regulars.messaging.store import counting, holds
from regulars.messaging.types import HeldSource
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope


def hold(*, brand_id: UUID, source: str, now: datetime, by: str = "") -> bool:
    """Have all that a source asked for and will ask for wait, in the caller's transaction; whether it did not before.

    From the commit on nothing of it is taken up, however much waits; what a worker or a provider has in hand then is
    not recalled. What goes out of date meanwhile is skipped as `expired`. `by` is shown to staff.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        return holds.hold(cursor, brand_id=brand_id, source=source, by=by[:200], now=now)


def release(*, brand_id: UUID, source: str, now: datetime) -> bool:
    """Have what a source asked for go on, in the caller's transaction; whether it was held. The worker takes it up
    after the commit, within the limits of that time."""
    with transaction.atomic(), connection.cursor() as cursor:
        return holds.release(cursor, brand_id=brand_id, source=source, now=now)


def cancel(*, brand_id: UUID, source: str, now: datetime) -> None:
    """Take back all that a source asked for up to now and that has not gone, in the caller's transaction.

    From the commit on nothing of it is taken up; the worker skips it as `withdrawn`, so many at a time, and tells of
    each. A hold of the source ends. What it asks for afterwards goes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        holds.cancel(cursor, brand_id=brand_id, source=source, now=now)


def list_holds(*, scope: Scope) -> list[HeldSource]:
    """The brand's sources that are held, the last first. Needs `messages.read` or `messages.settings`."""
    if not scope.allows("messages.settings"):
        scope.require("messages.read")
    with connection.cursor() as cursor:
        found = holds.held(cursor, brand_id=scope.brand_id)
        waiting = counting.waiting(cursor, brand_id=scope.brand_id, sources=[one.source for one in found])
    return [
        HeldSource(one.source, one.held_at, one.held_by, waiting.get(one.source, 0))
        for one in found
        if one.held_at is not None
    ]


def hold_source(*, scope: Scope, source: str, now: datetime) -> list[HeldSource]:
    """`hold`, as staff do it; gives what is held. Needs `messages.settings`; audited. Raises `invalid_input` for a
    source that asked for nothing."""
    with transaction.atomic():
        _known(scope, source)
        if hold(brand_id=scope.brand_id, source=source, by=scope.actor.label, now=now):
            _audit(scope, "messages.hold", source, now)
    return list_holds(scope=scope)


def release_source(*, scope: Scope, source: str, now: datetime) -> list[HeldSource]:
    """`release`, as staff do it. Needs `messages.settings`; audited. Raises `not_held` (409)."""
    with transaction.atomic():
        _known(scope, source)
        if not release(brand_id=scope.brand_id, source=source, now=now):
            raise conflict("not_held", "该来源没有被暂停", "This source is not held")
        _audit(scope, "messages.release", source, now)
    return list_holds(scope=scope)


def cancel_source(*, scope: Scope, source: str, now: datetime) -> list[HeldSource]:
    """`cancel`, as staff do it. Needs `messages.settings`; audited with how many waited. Raises `invalid_input`."""
    with transaction.atomic():
        _known(scope, source)
        with connection.cursor() as cursor:
            waiting = counting.waiting(cursor, brand_id=scope.brand_id, sources=[source]).get(source, 0)
        cancel(brand_id=scope.brand_id, source=source, now=now)
        _audit(scope, "messages.cancel", source, now, waiting=waiting)
    return list_holds(scope=scope)


def _known(scope: Scope, source: str) -> None:
    scope.require("messages.settings")
    if not source or not Send.objects.filter(brand_id=scope.brand_id, source=source).exists():
        raise invalid_field(
            "source", "unknown_source", "没有消息来自该来源", "No message was asked for by this source"
        )


def _audit(scope: Scope, action: str, source: str, now: datetime, **more: int) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="message_source",
        subject_id=source,
        after=more,
        now=now,
    )
