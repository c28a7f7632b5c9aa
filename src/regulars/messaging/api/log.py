"""Door of messaging: send a message by a template, tell members something once, read what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.kit.text import Language, Text
from regulars.messaging import channels
from regulars.messaging.api.masking import mask_of
from regulars.messaging.models import Message
from regulars.messaging.sending import directly
from regulars.messaging.store import log as store
from regulars.messaging.templates import TEMPLATES
from regulars.messaging.types import (
    Channel,
    ChannelKind,
    Delivery,
    InboxMessage,
    MessageView,
    Notice,
    Route,
    Template,
)
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.privacy import api as privacy

_IDENTIFIER_OF: dict[ChannelKind, str] = {"sms": "phone", "email": "email", "inbox": "generic"}


def send(
    *,
    brand: Brand,
    channel: ChannelKind,
    to: str,
    template: str,
    values: Mapping[str, str | int | Text],
    language: Language,
    now: datetime,
) -> Delivery:
    """Render, deliver and keep one message at once; gives what became of it. `values` may leave out `brand`, its name.

    It goes by the brand's account of the channel where that is in use, by the sandbox where there is none; in the words
    of the brand's own template where `template` has one (`sign-in-code` for `one_time_code`). The caller may wait for
    twelve seconds, so not in a transaction. `to` is a phone number, an e-mail address, or for the inbox a member's id;
    raises `invalid_input` for what cannot be one. A delivery that fails is kept as failed and raises nothing.
    """
    message, delivery = _deliver(brand, channel, to, template, values, language, now)
    Message.objects.bulk_create([message])
    return delivery


def send_many(*, brand: Brand, notices: Sequence[Notice], now: datetime) -> int:
    """Put into members' inboxes what they have not been told yet; gives how many that were.

    Two callers at once tell nobody twice: the message and the mark that she was told are one transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        new = store.claim_notices(cursor, brand_id=brand.id, notices=notices, now=now)
        Message.objects.bulk_create(
            [
                _deliver(
                    brand,
                    "inbox",
                    str(notice.member_id),
                    notice.template,
                    notice.values,
                    notice.language,
                    now,
                )[0]
                for notice in new
            ]
        )
        return len(new)


def list_inbox(
    *, scope: Scope, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[InboxMessage]:
    """A member's own messages of the brand, newest first."""
    return store.inbox(
        recipient=_inbox_of(scope, member_id), brand_id=scope.brand_id, cursor=cursor, limit=limit
    )


def count_unread(*, scope: Scope, member_id: UUID) -> int:
    """How many messages of the brand a member has not seen."""
    return store.unread(recipient=_inbox_of(scope, member_id), brand_id=scope.brand_id).count()


def mark_read(*, scope: Scope, member_id: UUID, up_to: UUID, now: datetime) -> int:
    """The member has seen her messages up to this one; gives how many that makes newly read."""
    unread = store.unread(recipient=_inbox_of(scope, member_id), brand_id=scope.brand_id)
    return unread.filter(id__lte=up_to).update(read_at=now)


def list_messages(
    *,
    scope: Scope,
    channel: ChannelKind | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[MessageView]:
    """The brand's messages, newest first. Needs `messages.read`; addresses, and names in words to a member's inbox, are
    masked without `members.read_personal`."""
    scope.require("messages.read")
    page = store.list_of_brand(
        brand_id=scope.brand_id,
        channel=channel,
        clear=scope.allows("members.read_personal"),
        cursor=cursor,
        limit=limit,
    )
    mask = mask_of(scope=scope, member_ids=[one.member_id for one in page.items if one.member_id is not None])
    return page.map(
        lambda one: replace(one, subject=mask(one.member_id, one.subject), body=mask(one.member_id, one.body))
    )


def list_service_messages() -> list[Template]:
    """The product's own messages, by code; what operators write are templates."""
    return [TEMPLATES[code] for code in sorted(TEMPLATES)]


def register_channel(*, kind: ChannelKind, channel: Channel | None) -> None:
    """Have a provider deliver a kind of message; None goes back to the sandbox."""
    if channel is None:
        channels.unregister(kind)
    else:
        channels.register(kind, channel)


def register_route(*, kind: ChannelKind, route: Route | None) -> None:
    """Have this process send a kind of message by `route` in every brand: for channels that others bring, such as
    tasks for staff; None undoes it."""
    channels.register_route(kind, route)


def _inbox_of(scope: Scope, member_id: UUID) -> UUID:
    return privacy.blind_index_of(
        kind=_IDENTIFIER_OF["inbox"], value=str(member_id), organisation_id=scope.organisation_id
    )


def _deliver(
    brand: Brand,
    channel: ChannelKind,
    to: str,
    template: str,
    values: Mapping[str, str | int | Text],
    language: Language,
    now: datetime,
) -> tuple[Message, Delivery]:
    """Render and deliver; gives the row to keep."""
    kind = _IDENTIFIER_OF[channel]
    address = privacy.normalise(kind, to, field="to")
    sent = directly.deliver(
        brand=brand, channel=channel, to=address, template=template, values=values, language=language
    )
    state = "sent" if sent.delivery.state == "uncertain" else sent.delivery.state
    row = Message(
        recipient_hash=privacy.blind_index_of(
            kind=kind, value=address, organisation_id=brand.organisation_id
        ),
        id=sent.id,
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        channel=channel,
        template=template,
        language=language,
        recipient=store.seal(address, field="recipient", message_id=sent.id),
        recipient_masked=privacy.mask(kind, address),
        subject=store.seal(sent.subject, field="subject", message_id=sent.id),
        body=store.seal(sent.body, field="body", message_id=sent.id),
        state=state if state in ("sandboxed", "sent") else "failed",
        reference=sent.delivery.reference[:200],
        error=sent.delivery.error[:500],
        created_at=now,
    )
    return row, sent.delivery
