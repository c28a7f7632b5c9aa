"""Door of short links: follow one, count clicks, the way out of marketing, the sites that links may lead to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import CHANNELS, ConsentIn
from regulars.kit.errors import ErrorList, not_found
from regulars.kit.ids import new_id
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.messaging.contents import filling
from regulars.messaging.models import LinkSetting, Send
from regulars.messaging.policy import checking, clicking
from regulars.messaging.store import links as store
from regulars.messaging.wording import LINK, LinkDay, LinkSites, LinkTally, WayOut
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.platform.privacy import api as privacy

MOST_DOMAINS = 50
_BY_DAY = 92
_CODE = re.compile(r"^[A-Za-z0-9_-]{22}$")
_HOST = re.compile(r"^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")
_KEPT = timedelta(days=400)


def follow(*, code: str, method: str, headers: Mapping[str, str], address: str, now: datetime) -> str:
    """Where a short link leads, an address of ours or of the brand's own sites; a member's click is counted, once a
    minute and agent, a machine's look is not. Raises `not_found` for codes that are none.

    `headers` have lower-case names; `address` is the visitor's, kept only as a keyed hash.
    """
    link = _found(code, "page")
    brand = organisations.get_brand(brand_id=link["brand_id"])
    is_bot = clicking.is_bot(headers, method)
    if method == "GET":
        agent = privacy.blind_index(value=f"{address}\x1f{headers.get('user-agent', '')}", purpose="click")
        with transaction.atomic():
            counts = store.note_click(
                link, agent=agent, minute=clicking.minute_of(now), is_bot=is_bot,
                day=now.astimezone(zone(brand.timezone)).date(), now=now,
            )  # fmt: skip
            if counts and link["send_id"] is not None:
                _clicked(brand, link, now)
    if not checking.allowed_target(link["target"], hosts=filling.own_hosts(brand.id)):
        return f"/h/{brand.slug}/"  # a site that is no longer one of the brand's
    return str(link["target"])


def get_way_out(*, code: str) -> WayOut:
    """What the page of an unsubscribe link shows. Raises `not_found`."""
    return _way_out(_found(code, "way_out"))


def leave(*, code: str, language: Language, now: datetime) -> WayOut:
    """Take back her consent to marketing by the channel the message came by. Again changes nothing. Raises
    `not_found`."""
    link = _found(code, "way_out")
    before = _way_out(link)
    if before.left:
        return before
    _consent(link, before, granted=False, language=language, now=now)
    return get_way_out(code=code)


def come_back(*, code: str, language: Language, now: datetime) -> WayOut:
    """Undo `leave`: only what was taken back by such a link is given again here. Raises `not_found`."""
    link = _found(code, "way_out")
    before = _way_out(link)
    if before.left and before.can_come_back:
        _consent(link, before, granted=True, language=language, now=now)
    return get_way_out(code=code)


def list_links(
    *,
    scope: Scope,
    since: date,
    until: date | None = None,
    source: str = "",
    template: str = "",
    limit: int = 200,
) -> list[LinkTally]:
    """Links made and clicked since a day, by who asked, template and name, the most clicked first; with `until` each
    has its trend up to that day, by day up to 92, else by week."""
    scope.require("messages.read")
    rows = store.tallies(
        brand_id=scope.brand_id, since=since, source=source, template=template, limit=max(1, min(limit, 500))
    )
    if until is None:
        return [LinkTally(*row) for row in rows]
    days = (until - since).days + 1
    step = 1 if days <= _BY_DAY else 7
    # the last piece is whole, the first may be short
    begins = until - timedelta(days=math.ceil(days / step) * step - 1)
    clicks = store.trends(brand_id=scope.brand_id, since=since, until=until, begins=begins, step=step)
    found = []
    for row in rows:
        hers = clicks.get(row[:3], {})
        trend = tuple(hers.get(n, 0) for n in range(math.ceil(days / step)))
        found.append(replace(LinkTally(*row), trend=trend))
    return found


def list_link_days(*, scope: Scope, source: str, template: str, name: str, since: date) -> list[LinkDay]:
    """One link's days."""
    scope.require("messages.read")
    rows = store.by_day(brand_id=scope.brand_id, source=source, template=template, name=name, since=since)
    return [LinkDay(*row) for row in rows]


def clicks_of(*, send_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Clicks by send, of those that were clicked."""
    return store.clicked_sends(send_ids=send_ids)


def get_link_sites(*, brand_id: UUID) -> LinkSites:
    """Ours, and those the brand registered."""
    own = filling.own_hosts(brand_id)
    domains = store.domains_of(brand_id)
    return LinkSites(ours=tuple(sorted(own - set(domains))), domains=domains)


def put_link_sites(*, scope: Scope, domains: Sequence[str], now: datetime) -> LinkSites:
    """Set the sites that links may lead to besides the portal. Needs `messages.settings`; audited."""
    scope.require("messages.settings")
    cleaned = list(dict.fromkeys(one.strip().lower().rstrip(".") for one in domains))
    errors = ErrorList()
    if len(cleaned) > MOST_DOMAINS:
        errors.add("domains", "too_many", f"最多 {MOST_DOMAINS} 个", f"At most {MOST_DOMAINS}")
    for n, one in enumerate(cleaned):
        if not _HOST.match(one):
            errors.add(
                f"domains[{n}]",
                "bad_domain",
                "须为完整域名，例如 shop.example.com",
                "A whole name, such as shop.example.com",
            )
    errors.refuse()
    with transaction.atomic():
        row = LinkSetting.objects.select_for_update().filter(brand_id=scope.brand_id).first()
        before = list(row.domains) if row else []
        LinkSetting.objects.update_or_create(
            brand_id=scope.brand_id,
            defaults={"domains": cleaned, "updated_at": now, "updated_by": scope.actor.label},
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="message_links.set",
            subject_type="message_links",
            subject_id=scope.brand_id,
            before={"domains": before},
            after={"domains": cleaned},
            now=now,
        )
    return get_link_sites(brand_id=scope.brand_id)


def prune_links(now: datetime) -> int:
    """Due work: links older than thirteen months are forgotten; their sums stay."""
    return store.prune(before=now - _KEPT, limit=5000)


def _found(code: str, kind: str) -> dict[str, Any]:
    link = store.find(code) if _CODE.match(code) else None
    if link is None or link["kind"] != kind:
        raise not_found(LINK)
    return link


def _way_out(link: Mapping[str, Any]) -> WayOut:
    brand = organisations.get_brand(brand_id=link["brand_id"])
    channel = link["channel"] if link["channel"] in CHANNELS else "email"
    held = [
        one
        for one in consents.states(brand_id=brand.id, member_id=link["member_id"])
        if one.purpose == "marketing" and one.channel == channel
    ]
    left = not (held and held[0].granted)
    # a link that was passed on must not undo what she said on her page, at the till or when she joined
    by = (
        consents.source_of(
            brand_id=brand.id, member_id=link["member_id"], purpose="marketing", channel=channel
        )
        if left and held
        else ""
    )
    return WayOut(
        brand=brand,
        channel=channel,
        language="en" if link["language"] == "en" else "zh",
        left=left,
        can_come_back=not left or by == "unsubscribe",
    )


def _consent(
    link: Mapping[str, Any], way_out: WayOut, *, granted: bool, language: Language, now: datetime
) -> None:
    brand, member_id = way_out.brand, link["member_id"]
    actor = Actor("member", member_id, "unsubscribe")
    scope = Scope(brand.organisation_id, brand.id, actor, frozenset())
    text = consents.marketing_text(brand=brand.name, channel=way_out.channel)
    note = "" if granted is False else "undone by the same link"
    given = ConsentIn("marketing", way_out.channel, granted, consents.MARKETING_VERSION, text, note=note)
    with transaction.atomic():
        consents.record(
            scope=scope,
            member_id=member_id,
            consents=[given],
            source="unsubscribe",
            language=language,
            now=now,
        )
        if not granted:
            _say(brand, "message.unsubscribed", link, {"channel": way_out.channel}, now)


def _clicked(brand: Brand, link: Mapping[str, Any], now: datetime) -> None:
    """The first click of a message is told; later ones are only counted."""
    sends = Send.objects.filter(member_id=link["member_id"], id=link["send_id"], clicked_at__isnull=True)
    origin = sends.values_list("origin", flat=True).first()
    if sends.update(clicked_at=now):
        _say(brand, "message.clicked", link, {"origin": origin or "", "link": link["name"]}, now)


def _say(brand: Brand, topic: str, link: Mapping[str, Any], more: Mapping[str, str], now: datetime) -> None:
    payload = {
        "send": str(link["send_id"] or ""), "source": link["source"], "channel": link["channel"],
        "template": link["template"], **more,
    }  # fmt: skip
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                topic=topic,
                payload=payload,
                occurred_at=now,
                recorded_at=now,
                member_id=link["member_id"],
            )
        ]
    )
