"""What the brand has told a member, newest first, and what of it she has seen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.messaging import api as messaging
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal.shapes import InboxMessageOut, PageOut, UnreadOut

_LIMIT = 20


def page(*, member: MemberAccess, cursor: str | None) -> PageOut[InboxMessageOut]:
    """One page of her messages."""
    found = messaging.list_inbox(scope=member.scope, member_id=member.member_id, cursor=cursor, limit=_LIMIT)
    return PageOut[InboxMessageOut](
        items=[
            InboxMessageOut(
                id=message.id,
                kind=message.template,
                at=message.created_at,
                subject=message.subject,
                body=message.body,
                read=message.read_at is not None,
            )
            for message in found.items
        ],
        next_cursor=found.next_cursor,
    )


def unread(*, member: MemberAccess) -> UnreadOut:
    return UnreadOut(unread=messaging.count_unread(scope=member.scope, member_id=member.member_id))


def mark_read(*, member: MemberAccess, up_to: UUID, now: datetime) -> UnreadOut:
    """Gives what is unread still: what came after `up_to`."""
    messaging.mark_read(scope=member.scope, member_id=member.member_id, up_to=up_to, now=now)
    return unread(member=member)
