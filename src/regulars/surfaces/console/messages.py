"""Messages to members, readable here while no provider is connected."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Cursor, Limit, needs
from regulars.surfaces.console.shapes.settings import MessageOut
from regulars.surfaces.console.shapes.shared import PageOut

router = Router(tags=["Messages"])


@router.get("/messages", response=PageOut[MessageOut], **needs("messages.read"))
def list_messages(
    request: HttpRequest,
    channel: Literal["sms", "email", "inbox"] | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Newest first. Addresses are masked without `members.read_personal`."""
    said = language(request)
    names = {one.code: one.name.in_language(said) for one in messaging.list_service_messages()}
    scope = scope_of(request)
    page = messaging.list_messages(scope=scope, channel=channel, cursor=cursor, limit=limit)
    names |= {
        one.code: one.name.in_language(said)
        for one in messaging.list_templates(brand_id=scope.brand_id)
        if one.code not in names
    }
    hers = members.names_of(
        scope=scope, member_ids={one.member_id for one in page.items if one.member_id is not None}
    )
    nobody = ("", "")
    return PageOut[MessageOut](
        items=[
            MessageOut(
                id=str(one.id),
                member=hers.get(one.member_id, nobody)[0] if one.member_id else "",
                channel=one.channel,
                channel_name=CHANNELS[one.channel].in_language(said),
                template=one.template,
                template_name=names.get(one.template, one.template),
                language=one.language,
                to=hers.get(one.member_id, nobody)[1] or one.to if one.member_id else one.to,
                subject=one.subject,
                body=one.body,
                state=one.state,
                error=one.error,
                created_at=one.created_at,
            )
            for one in page.items
        ],
        next_cursor=page.next_cursor,
    )
