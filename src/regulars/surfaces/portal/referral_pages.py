"""Inviting friends, sharing, and a promoter's commission, as the member sees them; visits by links."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import Field

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import REASONS, STATEMENT_STATES, STATES
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.referrals import api as flow
from regulars.flows.referrals.types import Came
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand
from regulars.surfaces import access, rates
from regulars.surfaces.portal import cookies
from regulars.surfaces.portal.guard import AnyVisitor, SignedIn, brand_of, member_of
from regulars.surfaces.portal.shapes import Given, PageOut
from regulars.surfaces.referral_views import path_of

visitors = Router(auth=AnyVisitor(), tags=["invitations"])
mine = Router(auth=SignedIn(), tags=["invitations"])
_PAGE = 20
# Programmes that fetch a page because somebody sent its address; people are counted, these are not.
_BOT = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|embedly|curl/|wget/|python-|okhttp|headlesschrome-lighthouse",
    re.I,
)
Code = Annotated[str, Field(min_length=1, max_length=64)]
Device = Annotated[str, Field(max_length=64)]
Content = Annotated[str, Field(max_length=64)]


class VisitGiven(Given):
    """Somebody opened a link with this code."""

    code: Code


class VisitOut(Schema):
    """`counted` is false for a second visit on the same day, one's own link and programmes."""

    counted: bool
    kind: Literal["join", "reward", "coupon", "page"]
    content: str
    by: str
    title: str
    text: str


class ShareGiven(Given):
    kind: Literal["join", "reward", "coupon", "page"]
    content: Content = ""


class ShareOut(Schema):
    """`path` is the link below the site's address."""

    code: str
    path: str


class InviteOut(Schema):
    """The programme as she may join in; `code` is empty while it is off."""

    enabled: bool
    code: str
    path: str
    title: str
    text: str
    for_her: list[str]
    for_friend: list[str]
    least_amount: int
    window_days: int
    friends: int
    waiting: int
    qualified: int
    promoter: bool


class FriendOut(Schema):
    """A friend as she is shown to her recruiter: her name masked, and why she does not count."""

    name: str
    state: Literal["joined", "waiting", "qualified", "refused", "returned", "lapsed"]
    state_text: str
    reason: str
    joined_at: datetime
    counts_at: datetime | None


class EarningsOut(Schema):
    """Her commission in minor units. `open` can be below 0 after refunds; that is carried over, never collected."""

    level: str
    state: Literal["active", "paused", "ended"]
    frozen: int
    open: int
    confirmed: int
    paid: int
    freeze_days: int
    tax_note: str


class EarnedOut(Schema):
    ordered_at: datetime
    via: Literal["share", "friend"]
    base: int
    amount: int
    frozen: bool
    thaws_at: datetime


class SettledOut(Schema):
    month: str
    state: Literal["draft", "confirmed", "paid"]
    state_text: str
    opening: int
    earned: int
    clawed: int
    adjusted: int
    payout: int
    carried: int
    paid_at: datetime | None


@visitors.post("/visits", response=VisitOut)
def note_visit(request: HttpRequest, slug: Path[str], given: VisitGiven, response: HttpResponse) -> Any:
    """A person opened somebody's link. Raises `not_found` for a code that is nobody's."""
    brand, now = brand_of(request), clock.now()
    rates.charge_address(access.client_ip(request))
    code = referrals.read_code(given.code)
    link = referrals.find_links(brand_id=brand.id, codes=[code]).get(code) if code else None
    if link is None:
        raise not_found(Text("链接", "Link"))
    member = access.member_access(request, brand, now)
    visitor = cookies.visitor(request, brand)
    if visitor is None:
        visitor = uuid4()
        cookies.keep_visitor(response, brand, visitor)
    counted = not _BOT.search(request.headers.get("User-Agent", "") or "bot") and referrals.note_visit(
        brand=brand, link=link, visitor=visitor, member_id=member.member_id if member else None, now=now
    )
    if member is not None and link.kind == "join":
        flow.tried(brand=brand, member_id=member.member_id, code=code, now=now)
    settings = referrals.get_settings(brand_id=brand.id)
    language = access.language(request)
    return VisitOut(
        counted=counted,
        kind=link.kind,
        content=link.content,
        by=_masked(brand, [link.member_id]).get(link.member_id, ""),
        title=settings.title.in_language(language) if settings.enabled else "",
        text=settings.invitation.in_language(language) if settings.enabled else "",
    )


@mine.get("/invitation", response=InviteOut)
def get_invitation(request: HttpRequest, slug: Path[str], device: Device = "") -> Any:
    """Her code and link, what both sides get, and how far she is."""
    member, language, now = member_of(request), access.language(request), clock.now()
    brand = member.brand
    settings = referrals.get_settings(brand_id=brand.id)
    promoter = referrals.promoters_of(brand_id=brand.id, member_ids=[member.member_id])
    counts = referrals.friend_counts(brand_id=brand.id, recruiter_id=member.member_id)
    link = None
    if settings.enabled:
        link = referrals.get_link(brand=brand, member_id=member.member_id, kind="join", content="", now=now)
        flow.seen(brand=brand, member_id=member.member_id, devices=_devices(request, brand, device), now=now)

    def said(rewards: Any) -> list[str]:
        return [rewarding.describe(one, language, brand_id=brand.id) for one in rewarding.rewards_of(rewards)]

    return InviteOut(
        enabled=settings.enabled,
        code=link.code if link else "",
        path=path_of(brand, link) if link else "",
        title=settings.title.in_language(language),
        text=settings.invitation.in_language(language),
        for_her=said(settings.recruiter_rewards),
        for_friend=said(settings.friend_rewards),
        least_amount=settings.least_amount,
        window_days=settings.window_days,
        friends=sum(counts.values()),
        waiting=counts.get("joined", 0) + counts.get("waiting", 0),
        qualified=counts.get("qualified", 0),
        promoter=bool(promoter),
    )


@mine.get("/friends", response=PageOut[FriendOut])
def list_friends(request: HttpRequest, slug: Path[str], cursor: str | None = None) -> Any:
    """Whom she brought, newest first."""
    member, language = member_of(request), access.language(request)
    page = referrals.list_referrals(
        brand_id=member.brand.id, recruiter_id=member.member_id, cursor=cursor, limit=_PAGE
    )
    names = _masked(member.brand, [row.member_id for row in page.items])
    return PageOut[FriendOut](
        items=[
            FriendOut(
                name=names.get(row.member_id, ""),
                state=row.state,
                state_text=STATES[row.state].in_language(language),
                reason=REASONS[row.reason].in_language(language) if row.reason in REASONS else "",
                joined_at=row.joined_at,
                counts_at=row.window_ends_at if row.state == "waiting" else None,
            )
            for row in page.items
        ],
        next_cursor=page.next_cursor,
    )


@mine.post("/shares", response=ShareOut)
def share(request: HttpRequest, slug: Path[str], given: ShareGiven) -> Any:
    """Her own link for a content."""
    member = member_of(request)
    link = referrals.get_link(
        brand=member.brand,
        member_id=member.member_id,
        kind=given.kind,
        content=given.content,
        now=clock.now(),
    )
    return ShareOut(code=link.code, path=path_of(member.brand, link))


@mine.get("/commission", response=EarningsOut)
def get_commission(request: HttpRequest, slug: Path[str]) -> Any:
    """What she earns as a promoter. Raises `not_found` for who is none."""
    member = member_of(request)
    found = referrals.promoters_of(brand_id=member.brand.id, member_ids=[member.member_id]).get(
        member.member_id
    )
    if found is None:
        raise not_found(Text("推广身份", "Promoter's account"))
    terms = referrals.get_settings(brand_id=member.brand.id).commission
    level = terms.level(found.level)
    return EarningsOut(
        level=level.name.in_language(access.language(request)) if level else found.level,
        state=found.state,
        frozen=found.frozen,
        open=found.open,
        confirmed=found.confirmed,
        paid=found.paid,
        freeze_days=terms.freeze_days,
        tax_note=found.tax_note,
    )


@mine.get("/commission/orders", response=PageOut[EarnedOut])
def list_earned(request: HttpRequest, slug: Path[str], cursor: str | None = None) -> Any:
    """Orders she earned by; nothing of who bought."""
    member = member_of(request)
    page = referrals.list_commissions(
        brand_id=member.brand.id, member_id=member.member_id, cursor=cursor, limit=_PAGE
    )
    return PageOut[EarnedOut](
        items=[
            EarnedOut(
                ordered_at=row.ordered_at,
                via=row.via,
                base=row.base,
                amount=row.amount,
                frozen=row.state == "frozen",
                thaws_at=row.thaws_at,
            )
            for row in page.items
        ],
        next_cursor=page.next_cursor,
    )


@mine.get("/commission/statements", response=list[SettledOut])
def list_settled(request: HttpRequest, slug: Path[str]) -> Any:
    """Her confirmed and paid statements, newest first."""
    member, language = member_of(request), access.language(request)
    return [
        SettledOut(
            month=row.month,
            state=row.state,
            state_text=STATEMENT_STATES[row.state].in_language(language),
            opening=row.opening,
            earned=row.earned,
            clawed=row.clawed,
            adjusted=row.adjusted,
            payout=row.payout,
            carried=row.carried,
            paid_at=row.paid_at,
        )
        for row in referrals.list_statements(
            brand_id=member.brand.id, member_id=member.member_id, limit=60
        ).items
        if row.state != "draft"
    ]


def came(request: HttpRequest, brand: Brand, *, device: str) -> Came:
    """How somebody came to the form."""
    return Came(devices=tuple(_devices(request, brand, device)))


def recruiter_of(request: HttpRequest, brand: Brand, *, said: str, now: datetime) -> str:
    """The code she brings; without one that of the link she opened last."""
    visitor = cookies.visitor(request, brand)
    if said or visitor is None:
        return said
    return referrals.last_code(brand_id=brand.id, visitor=visitor, now=now)


def signed_in(
    request: HttpRequest, brand: Brand, member_id: UUID, *, code: str, device: str, now: datetime
) -> None:
    """A member came in: from which device, by whose link, and what of it counts."""
    visitor = cookies.visitor(request, brand)
    if visitor is not None:
        referrals.note_signed_in(brand=brand, member_id=member_id, visitor=visitor, now=now)
    if referrals.get_settings(brand_id=brand.id).enabled:
        flow.seen(brand=brand, member_id=member_id, devices=_devices(request, brand, device), now=now)
        if code:
            flow.tried(brand=brand, member_id=member_id, code=code, now=now)


def _devices(request: HttpRequest, brand: Brand, device: str) -> list[UUID]:
    visitor = cookies.visitor(request, brand)
    texts = [device.strip(), str(visitor) if visitor else ""]
    return [flow.device_of(brand=brand, text=text) for text in texts if text]


def _masked(brand: Brand, member_ids: list[UUID]) -> dict[UUID, str]:
    """Names as others may see them."""
    named = members.names_of(scope=access.visitor_scope(brand), member_ids=member_ids)
    return {id_: name for id_, (_, name) in named.items()}
