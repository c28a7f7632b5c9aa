"""Links of members: made once for each content, visited, and what they brought."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.api.settings import get_settings
from regulars.engage.referrals.store import links as store
from regulars.engage.referrals.types import SHARE_KINDS, OrderFacts, ShareLink, ShareRow
from regulars.kit.errors import ErrorList
from regulars.kit.ids import new_code, new_id
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

_CONTENT = re.compile(r"[a-z0-9][a-z0-9_\-]{0,63}")
_CODE = re.compile(r"[2-9A-HJ-NP-Z]{8}")
_BETWEEN = re.compile(r"[\s\-\u200b\ufeff]+")
_LENGTH = 8
_TRIES = 5


def read_code(given: str) -> str:
    """A code as it is kept, or empty for what cannot be one. Case, spaces, dashes and wide letters (as a Chinese
    keyboard writes them) make no difference."""
    code = _BETWEEN.sub("", unicodedata.normalize("NFKC", given)).upper()
    return code if _CODE.fullmatch(code) else ""


def get_link(*, brand: Brand, member_id: UUID, kind: str, content: str, now: datetime) -> ShareLink:
    """A member's link for a content, made when it is first asked for. Raises `invalid_input`."""
    errors = ErrorList()
    if kind not in SHARE_KINDS:
        shown = ", ".join(SHARE_KINDS)
        errors.add("kind", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
    elif kind == "join" and content:
        errors.add("content", "not_allowed", "邀请链接没有内容代码", "An invitation has no content")
    elif kind != "join" and not _CONTENT.fullmatch(content):
        errors.add(
            "content",
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 64",
            "Use a-z, 0-9, - and _, at most 64 characters",
        )
    errors.refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        for _ in range(_TRIES):
            found = store.link_of(cursor, brand_id=brand.id, member_id=member_id, kind=kind, content=content)
            if found is not None:
                return found
            id_, code = new_id(), new_code(_LENGTH)
            if store.add_link(
                cursor,
                brand_id=brand.id,
                id_=id_,
                member_id=member_id,
                kind=kind,
                content=content,
                code=code,
                now=now,
            ):
                outbox.append(
                    [_event(brand, "share.made", member_id, {"kind": kind, "content": content}, now)]
                )
    raise AssertionError("a code of 32^8 was taken five times")


def find_links(*, brand_id: UUID, codes: Iterable[str]) -> dict[str, ShareLink]:
    """Links by code, of codes that exist."""
    wanted = {code for code in map(read_code, codes) if code}
    with connection.cursor() as cursor:
        return store.find_links(cursor, brand_id=brand_id, codes=wanted)


def note_visit(
    *, brand: Brand, link: ShareLink, visitor: UUID, member_id: UUID | None, now: datetime
) -> bool:
    """A person opened a link: whether it counts (once a visitor and business day, not its own member's)."""
    if member_id == link.member_id:
        return False
    day = now.astimezone(zone(brand.timezone)).date()
    with transaction.atomic(), connection.cursor() as cursor:
        fresh = store.add_visit(cursor, brand_id=brand.id, link=link, visitor=visitor, day=day, now=now)
        if member_id is not None:
            store.put_touches(cursor, brand_id=brand.id, touches=[(member_id, link.member_id, link.id, now)])
        if fresh:
            outbox.append(
                [
                    _event(
                        brand,
                        "share.visited",
                        link.member_id,
                        {"kind": link.kind, "content": link.content},
                        now,
                    )
                ]
            )
    return fresh


def last_code(*, brand_id: UUID, visitor: UUID, now: datetime) -> str:
    """The code of the link that a visitor opened last within the window; empty without one."""
    since = now - timedelta(days=get_settings(brand_id=brand_id).share_days)
    with connection.cursor() as cursor:
        last = store.last_visit(cursor, brand_id=brand_id, visitor=visitor, since=since)
        return "" if last is None else store.code_of(cursor, member_id=last[0], share_id=last[1])


def note_signed_in(*, brand: Brand, member_id: UUID, visitor: UUID, now: datetime) -> None:
    """Somebody who opened a link is known now: the link is her last touch."""
    since = now - timedelta(days=get_settings(brand_id=brand.id).share_days)
    with connection.cursor() as cursor:
        last = store.last_visit(cursor, brand_id=brand.id, visitor=visitor, since=since)
        if last is not None and last[0] != member_id:
            store.put_touches(cursor, brand_id=brand.id, touches=[(member_id, *last)])


def credit_joins(*, brand: Brand, joins: Sequence[tuple[UUID, UUID, UUID, datetime]], now: datetime) -> None:
    """New members who came by links: (member, sharer, share, joined at). In the caller's transaction."""
    if not joins:
        return
    with connection.cursor() as cursor:
        store.put_touches(cursor, brand_id=brand.id, touches=joins)
        new = store.add_credits(
            cursor,
            brand_id=brand.id,
            kind="join",
            rows=[(member, member, sharer, share, 0, 0, at) for member, sharer, share, at in joins],
        )
    outbox.append(
        [
            _event(brand, "share.joined", sharer, {"member_id": str(member), "share_id": str(share)}, now)
            for member, _, sharer, share, _ in new
        ]
    )


def credit_orders(
    *, brand: Brand, orders: Sequence[OrderFacts], now: datetime
) -> dict[UUID, tuple[UUID, UUID]]:
    """Credit orders to the last link of somebody else that the buyer touched within the window before.

    Gives (sharer, share) by order, of the orders that came by a link, those credited before too.
    """
    span = timedelta(days=get_settings(brand_id=brand.id).share_days)
    with connection.cursor() as cursor:
        touches = store.touches_of(cursor, brand_id=brand.id, member_ids={one.member_id for one in orders})
        found: dict[UUID, tuple[UUID, UUID]] = {}
        rows = []
        for one in orders:
            touch = touches.get(one.member_id)
            if touch is None or not touch[2] <= one.ordered_at <= touch[2] + span:
                continue
            found[one.order_id] = (touch[0], touch[1])
            rows.append(
                (one.member_id, one.order_id, touch[0], touch[1], one.amount, one.net, one.ordered_at)
            )
        new = store.add_credits(cursor, brand_id=brand.id, kind="order", rows=rows)
    outbox.append(
        [
            _event(
                brand,
                "share.ordered",
                sharer,
                {"member_id": str(member), "activity_id": str(order), "share_id": str(share), "net": net},
                now,
            )
            for member, order, sharer, share, net in new
        ]
    )
    return found


def follow_refunds(*, brand_id: UUID, orders: Sequence[OrderFacts]) -> None:
    """What credited orders are worth after refunds."""
    if orders:
        with connection.cursor() as cursor:
            store.set_nets(cursor, brand_id=brand_id, nets=[(o.member_id, o.order_id, o.net) for o in orders])


def report(
    *,
    brand: Brand,
    since: datetime,
    until: datetime,
    by: str = "member",
    member_id: UUID | None = None,
    limit: int = 200,
) -> list[ShareRow]:
    """What links brought in [since, until), by `member` (and content) or by `content`; the best first."""
    first, last = days_of(brand=brand, since=since, until=until)
    with connection.cursor() as cursor:
        return store.report(
            cursor, brand_id=brand.id, since=since, until=until, first_day=first, last_day=last, by=by,
            member_id=member_id, limit=limit,
        )  # fmt: skip


def days_of(*, brand: Brand, since: datetime, until: datetime) -> tuple[date, date]:
    """The first and the last business day of a span."""
    tz = zone(brand.timezone)
    return since.astimezone(tz).date(), (until - timedelta(microseconds=1)).astimezone(tz).date()


def _event(brand: Brand, topic: str, member_id: UUID, payload: dict[str, object], now: datetime) -> Event:
    return Event(new_id(), brand.organisation_id, brand.id, topic, payload, now, now, member_id)
