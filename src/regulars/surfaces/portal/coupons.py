"""The coupon pages: hers by state, the claim centre, codes, giving away and accepting."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router
from ninja.responses import Status
from pydantic import Field

from regulars.flows import standing
from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.platform.organisations import api as organisations
from regulars.surfaces import access, rates
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal.coupon_shapes import (
    ClaimableOut,
    ClaimGiven,
    GiftGiven,
    GiftOut,
    GiftSeenOut,
    MyCouponOut,
    MyCouponsOut,
    ShownOut,
    Tab,
)
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import STATES, Definition, Held

mine = Router(auth=SignedIn(), tags=["coupons"])
_TABS: dict[str, tuple[str, ...]] = {
    "usable": ("claimed", "locked"),
    "used": ("used",),
    "over": ("expired", "void", "gifted", "returned"),
}
_PAGE = 20
Cursor = Annotated[str | None, Field(max_length=400)]
Token = Annotated[str, Field(max_length=40)]


@mine.get("/coupons", response=MyCouponsOut)
def list_coupons(request: HttpRequest, slug: Path[str], tab: Tab = "usable", cursor: Cursor = None) -> Any:
    """Her coupons of one tab: what she can use (now or later), what she used, what is over."""
    member, now = member_of(request), clock.now()
    page = coupons.list_coupons(
        brand_id=member.brand.id,
        member_id=member.member_id,
        states=_TABS[tab],
        cursor=cursor,
        limit=_PAGE,
    )
    counts = coupons.count_states(brand_id=member.brand.id, member_id=member.member_id, now=now)
    return MyCouponsOut(
        counts={name: sum(counts.get(state, 0) for state in states) for name, states in _TABS.items()},
        items=_out(member, page.items, access.language(request), now),
        next_cursor=page.next_cursor,
    )


@mine.get("/coupons/claimable", response=list[ClaimableOut])
def list_claimable(request: HttpRequest, slug: Path[str]) -> Any:
    """The claim centre: what is being given out, and whether she can have one."""
    member, now, said = member_of(request), clock.now(), access.language(request)
    brand = member.brand
    offered = [
        made
        for made in coupons.list_definitions(brand_id=brand.id)
        if made.state == "active" and "portal" in made.channels
    ]
    her = standing.of_member(scope=member.scope, member_id=member.member_id, now=now)
    had = coupons.had_by_member(
        brand_id=brand.id, member_id=member.member_id, keys=[made.key for made in offered]
    )
    figures = coupons.tallies(brand_id=brand.id, made=offered, now=now)
    sentences = flow.member_sentences(scope=member.scope, made=offered, now=now)
    shown = []
    for made in offered:
        figure, taken = figures[made.key], had.get(made.key, 0)
        why = coupons.why_not_claimable(made, "portal", now=now, tz=brand.timezone, tiers=her.tiers)
        if why == "coupon_claim_over":
            continue
        if why is None and figure.left == 0:
            why = "coupon_sold_out"
        if why is None and figure.left_today == 0:
            why = "coupon_sold_out_today"
        if why is None and made.limits.per_member is not None and taken >= made.limits.per_member:
            why = "coupon_member_limit"
        total = made.limits.total
        shown.append(
            ClaimableOut(
                key=made.key,
                name=made.name.in_language(said),
                sentence=sentences[made.key].in_language(said),
                description=made.description.in_language(said),
                percent_left=None if not total or figure.left is None else -(-figure.left * 100 // total),
                mine=taken,
                can_claim=why is None,
                why_not=coupons.reason(why, made).in_language(said) if why else "",
                why_not_code=why or "",
            )
        )
    return shown


@mine.post("/coupons/claims", response={201: MyCouponOut})
def claim(request: HttpRequest, slug: Path[str], given: ClaimGiven) -> Any:
    """Take a coupon in the claim centre, or bring a code."""
    member, now = member_of(request), clock.now()
    if bool(given.definition) == bool(given.code.strip()):
        raise invalid_field("code", "required", "请输入兑换码", "Enter a code")
    if given.definition:
        acted = flow.claim(
            scope=member.scope,
            member_id=member.member_id,
            definition=given.definition,
            key=_key(member, given.key),
            now=now,
        )
    else:
        try:
            acted = flow.claim_code(
                scope=member.scope,
                member_id=member.member_id,
                code=given.code,
                key=_key(member, given.key),
                now=now,
            )
        except Refusal as refusal:
            if refusal.status == 404:  # whoever tries codes by chance is slowed down
                rates.charge_failure(access.client_ip(request))
            raise
    return Status(201, _out(member, [acted.held], access.language(request), now)[0])


@mine.get("/coupons/{uuid:coupon_id}", response=MyCouponOut)
def get_coupon(request: HttpRequest, slug: Path[str], coupon_id: Path[UUID]) -> Any:
    """One of hers."""
    member = member_of(request)
    held = coupons.get_coupon(brand_id=member.brand.id, member_id=member.member_id, coupon_id=coupon_id)
    return _out(member, [held], access.language(request), clock.now())[0]


@mine.post("/coupons/{uuid:coupon_id}/code", response=ShownOut)
def show_code(request: HttpRequest, slug: Path[str], coupon_id: Path[UUID]) -> Any:
    """The code that a store scans or types; made when it is first asked for."""
    member, now = member_of(request), clock.now()
    held = coupons.show_code(
        brand_id=member.brand.id, member_id=member.member_id, coupon_id=coupon_id, now=now
    )
    shown = _out(member, [held], access.language(request), now)[0]
    return ShownOut(code=shown.code, qr=held.coupon.code or "", coupon=shown)


@mine.post("/coupons/{uuid:coupon_id}/gift", response={201: MyCouponOut})
def offer_gift(request: HttpRequest, slug: Path[str], coupon_id: Path[UUID], given: GiftGiven) -> Any:
    """Give a coupon away 转赠: whoever brings the token first has it; until then it is held for her."""
    member, now = member_of(request), clock.now()
    _, held = flow.offer_gift(
        scope=member.scope,
        member_id=member.member_id,
        coupon_id=coupon_id,
        message=given.message.strip(),
        key=_key(member, given.key),
        now=now,
    )
    return Status(201, _out(member, [held], access.language(request), now)[0])


@mine.delete("/coupons/{uuid:coupon_id}/gift", response=MyCouponOut)
def cancel_gift(request: HttpRequest, slug: Path[str], coupon_id: Path[UUID]) -> Any:
    """Keep it after all. 409 when somebody was faster."""
    member, now = member_of(request), clock.now()
    held = flow.cancel_gift(scope=member.scope, member_id=member.member_id, coupon_id=coupon_id, now=now)
    return _out(member, [held], access.language(request), now)[0]


@mine.get("/gifts/{token}", response=GiftSeenOut)
def see_gift(request: HttpRequest, slug: Path[str], token: Path[Token]) -> Any:
    """What somebody wants to give her."""
    member, said, now = member_of(request), access.language(request), clock.now()
    gift = coupons.find_gift(brand_id=member.brand.id, token=token)
    made = coupons.get_definition(brand_id=member.brand.id, key=gift.definition)
    state = "expired" if gift.state == "offered" and gift.expires_at <= now else gift.state
    return GiftSeenOut(
        name=made.name.in_language(said),
        sentence=flow.member_sentences(scope=member.scope, made=[made], now=now, held=True)[
            made.key
        ].in_language(said),
        message=gift.message,
        state=state,
        is_mine=gift.giver_id == member.member_id,
        expires_at=gift.expires_at,
    )


@mine.post("/gifts/{token}/accept", response=MyCouponOut)
def accept_gift(request: HttpRequest, slug: Path[str], token: Path[Token]) -> Any:
    """Take the gift; again is the same."""
    member, now = member_of(request), clock.now()
    held = flow.accept_gift(scope=member.scope, member_id=member.member_id, token=token, now=now)
    return _out(member, [held], access.language(request), now)[0]


def _key(member: MemberAccess, key: str) -> str:
    """Members choose keys by themselves: two of them may choose the same."""
    return f"{member.member_id.hex}:{key}"


def _out(member: MemberAccess, held: Any, said: Language, now: datetime) -> list[MyCouponOut]:
    brand_id, brand_zone = member.brand.id, zone(member.brand.timezone)
    made: dict[str, Definition] = {one.definition.key: one.definition for one in held}
    sentences = flow.member_sentences(scope=member.scope, made=list(made.values()), now=now, held=True)
    reasons = flow.reasons(scope=member.scope, held=held, now=now)
    stores = {store.id: store for store in organisations.stores_of(brand_id=brand_id).values()}
    hashes = {one.coupon.id: coupons.gift_hash_of(one.coupon) for one in held}
    gifts = coupons.list_gifts(brand_id=brand_id, hashes=[h for h in hashes.values() if h])

    def one_out(one: Held) -> MyCouponOut:
        coupon, definition = one.coupon, one.definition
        why = reasons.get(coupon.id)
        store = stores.get(coupon.store_id) if coupon.store_id else None
        hash_ = hashes[coupon.id]
        gift = gifts.get(hash_) if hash_ else None
        open_ = gift is not None and gift.state == "offered" and coupon.state == "locked"
        return MyCouponOut(
            id=coupon.id,
            name=definition.name.in_language(said),
            sentence=sentences[definition.key].in_language(said),
            description=definition.description.in_language(said),
            state=coupon.state,
            state_name=STATES[coupon.state].in_language(said),
            why_not=why[1].in_language(said) if why else "",
            starts_at=coupon.starts_at,
            expires_at=coupon.expires_at,
            last_day=_last_day(coupon.expires_at, brand_zone),
            used_at=coupon.used_at,
            store=store.name.in_language(said) if store else "",
            code=coupons.shown(coupon.code) if coupon.code else "",
            transferable=definition.transferable and coupon.state == "claimed",
            gift=GiftOut(token=coupons.shown(gift.token), expires_at=gift.expires_at, message=gift.message)
            if gift is not None and open_
            else None,
        )

    return [one_out(one) for one in held]


def _last_day(ends: datetime | None, tz: tzinfo) -> date | None:
    return None if ends is None else (ends - timedelta(microseconds=1)).astimezone(tz).date()
