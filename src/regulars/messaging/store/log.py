"""Every query on the message log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.kit.sql import plain_array, text_array
from regulars.messaging.models import Message
from regulars.messaging.types import ChannelKind, InboxMessage, MessageView, Notice
from regulars.platform.privacy import api as privacy

_TABLE = "message"


def seal(text: str, *, field: str, message_id: UUID) -> bytes:
    return privacy.encrypt(text=text, table=_TABLE, field=field, owner=message_id)


def list_of_brand(
    *, brand_id: UUID, channel: ChannelKind | None, clear: bool, cursor: str | None, limit: int
) -> Page[MessageView]:
    rows = Message.objects.filter(brand_id=brand_id).order_by("-id")
    if channel is not None:
        rows = rows.filter(channel=channel)
    return _page(rows, cursor, limit).map(lambda row: _view(row, clear=clear))


def inbox(*, recipient: UUID, brand_id: UUID, cursor: str | None, limit: int) -> Page[InboxMessage]:
    """Newest first."""
    rows = Message.objects.filter(recipient_hash=recipient, brand_id=brand_id, channel="inbox").order_by(
        "-id"
    )
    return _page(rows, cursor, limit).map(
        lambda row: InboxMessage(
            id=row.id,
            template=row.template,
            subject=_open(row, "subject"),
            body=_open(row, "body"),
            created_at=row.created_at,
            read_at=row.read_at,
        )
    )


def unread(*, recipient: UUID, brand_id: UUID) -> QuerySet[Message]:
    return Message.objects.filter(
        recipient_hash=recipient, brand_id=brand_id, channel="inbox", read_at__isnull=True
    )


def claim_notices(cursor: Any, *, brand_id: UUID, notices: Sequence[Notice], now: datetime) -> list[Notice]:
    """Those that nobody has given before; from now on they are given. Rows are taken in the order of their keys, so
    that two workers wait for each other and never in a circle."""
    if not notices:
        return []
    cursor.execute(
        """INSERT INTO notice (member_id, brand_id, kind, key, created_at)
           SELECT v.member_id, %s, v.kind, v.key, %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS v(member_id, kind, key)
            ORDER BY v.member_id, v.kind, v.key
           ON CONFLICT DO NOTHING RETURNING member_id, kind, key""",
        [
            brand_id,
            now,
            plain_array(notice.member_id for notice in notices),
            text_array(notice.kind for notice in notices),
            text_array(notice.key for notice in notices),
        ],
    )
    new = set(cursor.fetchall())
    return [notice for notice in notices if (notice.member_id, notice.kind, notice.key) in new]


def _page(rows: QuerySet[Message], cursor: str | None, limit: int) -> Page[Message]:
    """A page of rows ordered from the newest."""
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    limit = max(1, min(limit, paging.MAX_LIMIT))
    return paging.cut(list(rows[: limit + 1]), limit, lambda row: [row.id])


def _open(row: Message, field: str) -> str:
    return privacy.decrypt(sealed=getattr(row, field), table=_TABLE, field=field, owner=row.id)


def _view(row: Message, *, clear: bool) -> MessageView:
    return MessageView(
        id=row.id,
        channel=row.channel,  # type: ignore[arg-type]
        template=row.template,
        language=row.language,
        to=_open(row, "recipient") if clear else row.recipient_masked,
        subject=_open(row, "subject"),
        body=_open(row, "body"),
        state=row.state,  # type: ignore[arg-type]
        error=row.error,
        created_at=row.created_at,
        member_id=UUID(_open(row, "recipient")) if row.channel == "inbox" else None,
    )
