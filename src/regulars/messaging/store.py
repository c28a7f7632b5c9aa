"""Every query on the message log."""

from __future__ import annotations

from uuid import UUID

from regulars.kit import paging
from regulars.kit.errors import invalid_field
from regulars.kit.paging import Page
from regulars.messaging.models import Message
from regulars.messaging.types import ChannelKind, MessageView
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
    key = paging.decode(cursor, parts=1)
    if key:
        try:
            rows = rows.filter(id__lt=UUID(str(key[0])))
        except ValueError:
            raise invalid_field("cursor", "bad_cursor", "分页游标无效", "Not a cursor") from None
    limit = max(1, min(limit, paging.MAX_LIMIT))
    return paging.cut(list(rows[: limit + 1]), limit, lambda row: [row.id]).map(
        lambda row: _view(row, clear=clear)
    )


def _view(row: Message, *, clear: bool) -> MessageView:
    def open_(field: str) -> str:
        return privacy.decrypt(sealed=getattr(row, field), table=_TABLE, field=field, owner=row.id)

    return MessageView(
        id=row.id,
        channel=row.channel,  # type: ignore[arg-type]
        template=row.template,
        language=row.language,
        to=open_("recipient") if clear else row.recipient_masked,
        subject=open_("subject"),
        body=open_("body"),
        state=row.state,  # type: ignore[arg-type]
        error=row.error,
        created_at=row.created_at,
    )
