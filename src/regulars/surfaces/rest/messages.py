"""Messages to members: ask for them, see what became of each; limits of sending, the holdout, closed addresses."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Status
from pydantic import StringConstraints

from regulars.audience.holdouts import api as holdouts
from regulars.facts.members import api as members
from regulars.kit import clock
from regulars.kit.errors import ErrorList, Refusal
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask, HeldSource, SendDetail
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import (
    PAGE,
    Cursor,
    In,
    Instant,
    Limit,
    Line,
    ListOut,
    MemberRefIn,
    PageOut,
    Word,
)
from regulars.surfaces.rest.value import Key
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

router = Router(tags=["Messages"])
MOST = 1000
MemberQuery = Annotated[str | None, Query(max_length=300)]


class MessageIn(In):
    """A message for one member by an approved template. `channels` in the order in which they are tried; without any,
    those of the template. Of two that compete under a cap the higher `priority` goes."""

    member: MemberRefIn
    template: Word
    purpose: Literal["marketing", "service"]
    channels: Annotated[list[ChannelName], Field(max_length=8)] = []
    values: dict[str, Any] = {}
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    not_before: Instant | None = None
    expires_at: Instant | None = None
    origin: Line = ""


class MessagesIn(In):
    """Up to a thousand messages. `source` says who asks, for reports."""

    messages: Annotated[list[MessageIn], Field(min_length=1, max_length=MOST)]
    source: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.:-]{0,64}$")] = ""


class AskedMessageOut(In):
    """A message that waits for its time; what becomes of it: GET /messages/{message_id}."""

    id: UUID
    state: str


class AskedMessagesOut(In):
    """`new` of them nobody had asked for under this Idempotency-Key."""

    new: int
    items: list[AskedMessageOut]


@router.post("/messages", response={202: AskedMessagesOut}, **needs("messages.send"))
def ask_messages(request: HttpRequest, given: MessagesIn, idempotency_key: Key) -> Any:
    """Have messages sent, within the limits that members and the brand have set. Asked again with the same
    Idempotency-Key the same messages are meant, in the same order, and nobody gets one twice."""
    scope = scope_of(request)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    errors = ErrorList()
    found = members.resolve(
        organisation_id=scope.organisation_id, brand_id=brand.id, refs=[one.member for one in given.messages]
    )
    first: dict[tuple[str, str], int] = {}
    for n, one in enumerate(given.messages):
        first.setdefault((one.template, one.purpose), n)
    for (template, purpose), n in first.items():
        messaging.check_template(
            brand_id=brand.id, code=template, field=f"messages[{n}].template", errors=errors, purpose=purpose
        )
    for n, who in enumerate(found):
        if isinstance(who, Refusal):
            errors.add(f"messages[{n}].member", who.code, who.message.zh, who.message.en)
    errors.refuse()
    keys = [(who, f"rest:{idempotency_key}:{n}") for n, who in enumerate(found) if isinstance(who, UUID)]
    asks = [
        Ask(
            member_id=who,
            key=key,
            source=f"api:{given.source or 'messages'}",
            purpose=one.purpose,
            template=one.template,
            channels=tuple(one.channels),
            values=one.values,
            priority=one.priority,
            not_before=one.not_before,
            expires_at=one.expires_at,
            origin=one.origin,
        )
        for (who, key), one in zip(keys, given.messages, strict=True)
    ]
    new = messaging.ask(brand=brand, asks=asks, now=clock.now())
    states = messaging.states_of(brand_id=brand.id, keys=keys)
    items = [AskedMessageOut(id=states[key].id, state=states[key].state) for key in keys]
    return Status(202, AskedMessagesOut(new=new, items=items))


@router.get("/messages", response=PageOut[SendOut], **needs("messages.read"))
def list_messages(
    request: HttpRequest,
    channel: ChannelQuery = None,
    state: StateQuery = None,
    reason: ReasonQuery = None,
    source: SourceQuery = None,
    template: TemplateQuery = None,
    member: MemberQuery = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Messages that were asked for, the last first."""
    scope, said = scope_of(request), language(request)
    given = filter_of(
        channel=channel,
        state=state,
        reason=reason,
        source=source,
        template=template,
        member_id=finding.member_id(scope, member) if member else None,
    )
    page = messaging.list_sends(scope=scope, given=given, cursor=cursor, limit=limit)
    return PageOut[SendOut](
        items=sends_out(scope, page.items, said, clock.now()), next_cursor=page.next_cursor
    )


@router.get("/messages/counts", response=ListOut[SendTallyOut], **needs("messages.read"))
def count_messages(
    request: HttpRequest, days: Annotated[int, Query(ge=1, le=92)] = 7, source: SourceQuery = None
) -> Any:
    """How many messages of the last days are in which state, for which reason, by which channel."""
    found = messaging.count_sends(scope=scope_of(request), days=days, source=source or "", now=clock.now())
    said = language(request)
    return {"items": [tally_out(one, said) for one in found]}


@router.get("/messages/holds", response=ListOut[HeldSourceOut], **needs("messages.read"))
def list_holds(request: HttpRequest) -> Any:
    """Sources whose messages wait until they are released."""
    return _held(request, messaging.list_holds(scope=scope_of(request)))


@router.post("/messages/holds", response=ListOut[HeldSourceOut], **needs("messages.settings"))
def hold_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Have all that a source asked for and will ask for wait; what a provider has is not recalled."""
    found = messaging.hold_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.post("/messages/holds/release", response=ListOut[HeldSourceOut], **needs("messages.settings"))
def release_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Have it go on. 409 `not_held`."""
    found = messaging.release_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.post("/messages/holds/cancel", response=ListOut[HeldSourceOut], **needs("messages.settings"))
def cancel_source(request: HttpRequest, given: HeldSourceIn) -> Any:
    """Take back all that a source asked for up to now and that has not gone."""
    found = messaging.cancel_source(scope=scope_of(request), source=given.source, now=clock.now())
    return _held(request, found)


@router.get("/messages/policy", response=MessagePolicyOut, **needs("messages.read"))
def get_policy(request: HttpRequest) -> Any:
    """Quiet hours and frequency caps."""
    return policy_out(messaging.get_policy(brand_id=scope_of(request).brand_id))


@router.put("/messages/policy", response=MessagePolicyOut, **needs("messages.settings"))
def put_policy(request: HttpRequest, given: MessagePolicyIn) -> Any:
    """Set quiet hours and caps; messages that wait are decided by them too."""
    scope = scope_of(request)
    return policy_out(messaging.put_policy(scope=scope, value=policy_in(given), now=clock.now()))


@router.get("/messages/holdout", response=ProgrammeHoldoutOut, **needs("messages.read"))
def get_holdout(request: HttpRequest) -> Any:
    """The share of members who get no marketing, so that its effect can be measured."""
    return holdout_out(holdouts.get_holdout(brand_id=scope_of(request).brand_id))


@router.put("/messages/holdout", response=ProgrammeHoldoutOut, **needs("messages.settings"))
def set_holdout(request: HttpRequest, given: ProgrammeHoldoutIn) -> Any:
    """Change it, with the reason."""
    found = holdouts.set_holdout(
        scope=scope_of(request),
        percent=given.percent,
        reason=given.reason,
        redraw=given.redraw,
        now=clock.now(),
    )
    return holdout_out(found)


@router.get("/messages/suppressions", response=PageOut[SuppressionOut], **needs("messages.read"))
def list_suppressions(
    request: HttpRequest,
    channel: ChannelQuery = None,
    reason: ReasonQuery = None,
    address: AddressQuery = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Addresses to which nothing goes, masked, newest first."""
    page = messaging.list_suppressions(
        scope=scope_of(request),
        channel=channel or "",
        reason=reason or "",
        address=address or "",
        cursor=cursor,
        limit=limit,
    )
    said = language(request)
    return page.map(lambda one: suppression_out(one, said))


@router.post("/messages/suppressions", response={201: SuppressionOut}, **needs("messages.settings"))
def add_suppression(request: HttpRequest, given: SuppressionIn) -> Any:
    """Close an address of a channel. 409 `suppressed`: it is closed already."""
    found = messaging.add_suppression(
        scope=scope_of(request),
        channel=given.channel,
        address=given.address,
        note=given.note,
        now=clock.now(),
    )
    return Status(201, suppression_out(found, language(request)))


@router.delete(
    "/messages/suppressions/{channel}/{suppression_id}", response={204: None}, **needs("messages.settings")
)
def remove_suppression(
    request: HttpRequest, channel: ChannelName, suppression_id: UUID, note: NoteQuery
) -> Any:
    """Open an address again."""
    messaging.remove_suppression(
        scope=scope_of(request), channel=channel, id_=suppression_id, note=note, now=clock.now()
    )
    return Status(204, None)


@router.get("/messages/{message_id}", response=SendDetailOut, **needs("messages.read"))
def get_message(request: HttpRequest, message_id: UUID) -> Any:
    """One message: its words, each step of the decision, each attempt."""
    return _detail(request, messaging.get_send(scope=scope_of(request), id_=message_id))


@router.post("/messages/{message_id}/withdraw", response=SendDetailOut, **needs("messages.send"))
def withdraw_message(request: HttpRequest, message_id: UUID) -> Any:
    """Take it back if it has not gone; what has gone stays as it is."""
    scope = scope_of(request)
    return _detail(request, withdrawn(scope, message_id))


def withdrawn(scope: Scope, message_id: UUID) -> Any:
    reader = scope if scope.allows("messages.read") else _reading(scope)
    found = messaging.get_send(scope=reader, id_=message_id).send
    brand = organisations.get_brand(brand_id=scope.brand_id)
    messaging.withdraw(brand=brand, keys=[(found.member_id, found.key)], now=clock.now())
    return messaging.get_send(scope=reader, id_=message_id)


def _held(request: HttpRequest, found: list[HeldSource]) -> Any:
    return {"items": held_out(scope_of(request), found, language(request), clock.now())}


def _detail(request: HttpRequest, one: SendDetail) -> SendDetailOut:
    return detail_out(scope_of(request), one, language(request), clock.now())


def _reading(scope: Scope) -> Scope:
    """A key that may send may see what became of what it names."""
    return Scope(scope.organisation_id, scope.brand_id, scope.actor, frozenset({"messages.read"}))
