"""Messages that were asked for and what became of each; limits of sending, the holdout, closed addresses."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from regulars.audience.holdouts import api as holdouts
from regulars.kit import clock
from regulars.messaging import api as messaging
from regulars.messaging.types import HeldSource
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Cursor, Limit, member_id_of, needs
from regulars.surfaces.console.shapes.shared import DoneOut, PageOut, Shape
from regulars.surfaces.send_views import (
    AddressQuery,
    ChannelName,
    ChannelQuery,
    HeldSourceIn,
    HeldSourceOut,
    MessagePolicyIn,
    MessagePolicyOut,
    NoteQuery,
    ProgrammeHoldoutIn,
    ProgrammeHoldoutOut,
    ReasonQuery,
    SendDetailOut,
    SendOut,
    SendTallyOut,
    SourceQuery,
    StateQuery,
    SuppressionIn,
    SuppressionOut,
    TemplateQuery,
    detail_out,
    filter_of,
    held_out,
    holdout_out,
    policy_in,
    policy_out,
    sends_out,
    suppression_out,
    tally_out,
)
from regulars.surfaces.source_names import MessageSourceOut, names_of

router = Router(tags=["Messages"])
Days = Annotated[int, Query(ge=1, le=92)]
MemberCode = Annotated[str | None, Query(max_length=64)]


class SendSourceOut(Shape):
    """Who asked, and for how many in the time that was asked about."""

    source: str
    asked_by: MessageSourceOut
    count: int


class SendReasonOut(Shape):
    """A reason for which messages are not simply sent."""

    code: str
    name: str
    sentence: str


@router.get("/sends", response=PageOut[SendOut], **needs("messages.read"))
def list_sends(
    request: HttpRequest,
    channel: ChannelQuery = None,
    state: StateQuery = None,
    reason: ReasonQuery = None,
    source: SourceQuery = None,
    template: TemplateQuery = None,
    member: MemberCode = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The last asked for first; `member` is a member's code."""
    scope, said = scope_of(request), language(request)
    given = filter_of(
        channel=channel,
        state=state,
        reason=reason,
        source=source,
        template=template,
        member_id=member_id_of(scope, member) if member else None,
    )
    page = messaging.list_sends(scope=scope, given=given, cursor=cursor, limit=limit)
    return PageOut[SendOut](
        items=sends_out(scope, page.items, said, clock.now()), next_cursor=page.next_cursor
    )


@router.get("/sends/counts", response=list[SendTallyOut], **needs("messages.read"))
def count_sends(request: HttpRequest, days: Days = 30, source: SourceQuery = None) -> Any:
    """States, reasons and channels of the last days."""
    said = language(request)
    found = messaging.count_sends(scope=scope_of(request), days=days, source=source or "", now=clock.now())
    return [tally_out(one, said) for one in found]


@router.get("/sends/sources", response=list[SendSourceOut], **needs("messages.read"))
def list_sources(request: HttpRequest, days: Days = 30) -> Any:
    """Who asked for messages in the last days."""
    found = messaging.list_sources(scope=scope_of(request), days=days, now=clock.now())
    names = names_of(
        scope=scope_of(request),
        language=language(request),
        sources=(one for one, _ in found),
        now=clock.now(),
    )
    return [SendSourceOut(source=one, asked_by=names[one], count=count) for one, count in found]


@router.get("/sends/reasons", response=list[SendReasonOut], **needs("messages.read"))
def list_reasons(request: HttpRequest) -> Any:
    """Every reason, for the filter."""
    said = language(request)
    return [
        SendReasonOut(code=code, name=one.name.in_language(said), sentence=one.sentence.in_language(said))
        for code, one in messaging.list_reasons().items()
    ]


@router.get("/sends/holds", response=list[HeldSourceOut], **needs("messages.read"))
def list_holds(request: HttpRequest) -> Any:
    """Sources whose messages wait until they are released."""
    return _held(request, messaging.list_holds(scope=scope_of(request)))


@router.post("/sends/holds", response=list[HeldSourceOut], **needs("messages.settings"))
def hold_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Have all that a source asked for and will ask for wait; what a provider has is not recalled."""
    found = messaging.hold_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.post("/sends/holds/release", response=list[HeldSourceOut], **needs("messages.settings"))
def release_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Have it go on. 409 `not_held`."""
    found = messaging.release_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.post("/sends/holds/cancel", response=list[HeldSourceOut], **needs("messages.settings"))
def cancel_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Take back all that a source asked for up to now and that has not gone."""
    found = messaging.cancel_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.get("/sends/{send_id}", response=SendDetailOut, **needs("messages.read"))
def get_send(request: HttpRequest, send_id: UUID) -> Any:
    """One message with its words, each step of its decision and each attempt."""
    one = messaging.get_send(scope=scope_of(request), id_=send_id)
    return detail_out(scope_of(request), one, language(request), clock.now())


@router.get("/message-policy", response=MessagePolicyOut, **needs("messages.read"))
def get_policy(request: HttpRequest) -> Any:
    """Quiet hours and frequency caps."""
    return policy_out(messaging.get_policy(brand_id=scope_of(request).brand_id))


@router.put("/message-policy", response=MessagePolicyOut, **needs("messages.settings"))
def put_policy(request: HttpRequest, given: MessagePolicyIn) -> Any:
    """Set quiet hours and caps."""
    scope = scope_of(request)
    return policy_out(messaging.put_policy(scope=scope, value=policy_in(given), now=clock.now()))


@router.get("/message-holdout", response=ProgrammeHoldoutOut, **needs("messages.read"))
def get_holdout(request: HttpRequest) -> Any:
    """The share of members who get no marketing."""
    return holdout_out(holdouts.get_holdout(brand_id=scope_of(request).brand_id))


@router.put("/message-holdout", response=ProgrammeHoldoutOut, **needs("messages.settings"))
def set_holdout(request: HttpRequest, given: ProgrammeHoldoutIn) -> Any:
    """Change it, with the reason."""
    return holdout_out(
        holdouts.set_holdout(
            scope=scope_of(request),
            percent=given.percent,
            reason=given.reason,
            redraw=given.redraw,
            now=clock.now(),
        )
    )


@router.get("/suppressions", response=PageOut[SuppressionOut], **needs("messages.read"))
def list_suppressions(
    request: HttpRequest,
    channel: ChannelQuery = None,
    reason: ReasonQuery = None,
    address: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Closed addresses, newest first."""
    page = messaging.list_suppressions(
        scope=scope_of(request),
        channel=channel or "",
        reason=reason or "",
        address=address or "",
        cursor=cursor,
        limit=limit,
    )
    said = language(request)
    return PageOut[SuppressionOut](
        items=[suppression_out(one, said) for one in page.items], next_cursor=page.next_cursor
    )


@router.post("/suppressions", response={200: SuppressionOut}, **needs("messages.settings"))
def add_suppression(request: HttpRequest, given: SuppressionIn) -> Any:
    """Close an address of a channel."""
    found = messaging.add_suppression(
        scope=scope_of(request),
        channel=given.channel,
        address=given.address,
        note=given.note,
        now=clock.now(),
    )
    return suppression_out(found, language(request))


@router.delete("/suppressions/{channel}/{suppression_id}", response=DoneOut, **needs("messages.settings"))
def remove_suppression(
    request: HttpRequest, channel: ChannelName, suppression_id: UUID, note: NoteQuery
) -> Any:
    """Open an address again, with the reason."""
    messaging.remove_suppression(
        scope=scope_of(request), channel=channel, id_=suppression_id, note=note, now=clock.now()
    )
    return DoneOut(changed=1)


def _held(request: HttpRequest, found: list[HeldSource]) -> list[HeldSourceOut]:
    return held_out(scope_of(request), found, language(request), clock.now())
