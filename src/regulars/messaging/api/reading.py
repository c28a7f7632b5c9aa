"""Sends as staff read them: lists, one with its steps, counts of reasons."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Q

from regulars.facts.members import api as members
from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.ids import first_id_at
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.messaging.api.masking import mask_of
from regulars.messaging.models import Send
from regulars.messaging.policy.reasons import OUTCOMES, REASONS, STEPS, Reason
from regulars.messaging.sending.batch import open_words
from regulars.messaging.store import counting, holds
from regulars.messaging.types import SendDetail, SendFilter, SendStep, SendView, Tally
from regulars.platform.organisations.types import Scope

SEND = Text("消息", "Message")
EVERYTHING = SendFilter()
_MOST_DAYS = 92


def list_sends(
    *,
    scope: Scope,
    given: SendFilter = EVERYTHING,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[SendView]:
    """The brand's messages that were asked for, the one asked for last first. Needs `messages.read`."""
    scope.require("messages.read")
    rows = Send.objects.filter(brand_id=scope.brand_id).defer("words", "log", "input")
    held = _held(scope)
    for name in ("channel", "state", "source", "template"):
        if value := getattr(given, name):
            rows = rows.filter(**{name: value})
    waits = Q(state="queued", source__in=held)
    if given.reason == "held":
        rows = rows.filter(waits)
    elif given.reason:
        rows = rows.filter(~waits if held else Q(), reason=given.reason)
    if given.member_id is not None:
        rows = rows.filter(member_id=given.member_id)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    limit = max(1, min(limit, paging.MAX_LIMIT))
    page = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: [row.id])
    names = members.names_of(scope=scope, member_ids={row.member_id for row in page.items})
    return page.map(lambda row: _view(row, names, held))


def get_send(*, scope: Scope, id_: UUID) -> SendDetail:
    """One message with its words (her name in them masked without `members.read_personal`), each step of its decision
    and each attempt. Raises `not_found`."""
    scope.require("messages.read")
    row = Send.objects.filter(brand_id=scope.brand_id, id=id_).first()
    if row is None:
        raise not_found(SEND)
    names = members.names_of(scope=scope, member_ids=[row.member_id])
    subject, body = open_words(row.id, row.words) if row.words is not None else ("", "")
    mask = mask_of(scope=scope, member_ids=[row.member_id])
    return SendDetail(
        send=_view(row, names, _held(scope)),
        subject=mask(row.member_id, subject),
        body=mask(row.member_id, body),
        language=row.language,
        reference=row.reference,
        steps=tuple(
            SendStep(datetime.fromisoformat(at), channel, outcome, detail)
            for at, channel, outcome, detail in row.log
        ),
    )


def count_sends(*, scope: Scope, days: int, source: str = "", now: datetime) -> list[Tally]:
    """How many messages of the last days are in which state, for which reason, by which channel."""
    scope.require("messages.read")
    since = first_id_at(now - timedelta(days=max(1, min(days, _MOST_DAYS))))
    with connection.cursor() as cursor:
        return counting.tallies(cursor, brand_id=scope.brand_id, source=source, since=since)


def list_sources(*, scope: Scope, days: int, now: datetime) -> list[tuple[str, int]]:
    """Who asked for messages in the last days, with how many, most first."""
    scope.require("messages.read")
    since = first_id_at(now - timedelta(days=max(1, min(days, _MOST_DAYS))))
    with connection.cursor() as cursor:
        return counting.sources(cursor, brand_id=scope.brand_id, since=since)


def list_reasons() -> dict[str, Reason]:
    """Every reason for which a message is not simply sent, by code."""
    return REASONS


def list_outcomes() -> dict[str, Text]:
    """What else may stand in a message's history."""
    return OUTCOMES


def list_steps() -> dict[str, Text]:
    """The steps of the decision, in their order."""
    return STEPS


def _held(scope: Scope) -> frozenset[str]:
    with connection.cursor() as cursor:
        return frozenset(one.source for one in holds.held(cursor, brand_id=scope.brand_id))


def _view(row: Send, names: dict[UUID, tuple[str, str]], held: Collection[str]) -> SendView:
    code, name = names.get(row.member_id, ("", ""))
    waits = row.state == "queued" and row.source in held
    released = row.state == "queued" and row.reason == "held"  # and still parked
    return SendView(
        id=row.id,
        member_id=row.member_id,
        member=code,
        name=name,
        key=row.key,
        source=row.source,
        origin=row.origin,
        purpose=row.purpose,
        template=row.template,
        version=row.version,
        channels=tuple(row.channels),
        channel=row.channel,
        account=row.account,
        priority=row.priority,
        state=row.state,
        reason="held" if waits else "" if released else row.reason,
        error=row.error,
        to=row.to_masked,
        attempts=row.attempts,
        created_at=row.created_at,
        next_run_at=None if waits else row.next_run_at,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        expires_at=row.expires_at,
        clicked_at=row.clicked_at,
    )
