"""A member's coupons, and verifying coupons at a store by code or by her pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.facts.members import api as members
from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces import member_pass
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import (
    PAGE,
    Code,
    Cursor,
    Limit,
    member_id_of,
    needs,
    store_id_of,
    uuid_of,
)
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.coupons import (
    CouponOut,
    CouponVerifyIn,
    FoundOut,
    LookupIn,
    UndoIn,
    VoidIn,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import COUPON, STATES, Held

router = Router(tags=["Coupons"])


@router.get("/members/{code}/coupons", response=PageOut[CouponOut], **needs("coupons.read"))
def list_coupons(
    request: HttpRequest,
    code: Code,
    state: Annotated[str, Query(max_length=20)] = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Her coupons, newest first; of one state if asked."""
    scope = scope_of(request)
    page = coupons.list_coupons(
        brand_id=scope.brand_id,
        member_id=member_id_of(scope, code),
        states=[state] if state in STATES else [],
        cursor=cursor,
        limit=limit,
    )
    return PageOut(items=_out(request, page.items), next_cursor=page.next_cursor)


@router.post("/members/{code}/coupons/{coupon_id}/void", response=CouponOut, **needs("coupons.issue"))
def void(request: HttpRequest, code: Code, coupon_id: Code, given: VoidIn) -> Any:
    """Make a coupon worthless that was not used."""
    scope = scope_of(request)
    acted = flow.void(
        scope=scope,
        member_id=member_id_of(scope, code),
        coupon_id=uuid_of(coupon_id, COUPON),
        comment=given.comment,
        key=given.key,
        now=clock.now(),
    )
    return _out(request, [acted.held])[0]


@router.post("/members/{code}/coupons/{coupon_id}/undo", response=CouponOut, **needs("coupons.use"))
def undo(request: HttpRequest, code: Code, coupon_id: Code, given: UndoIn) -> Any:
    """Take a verification back within its time; later it takes the permission coupons.undo_late."""
    scope = scope_of(request)
    acted = flow.undo(
        scope=scope,
        member_id=member_id_of(scope, code),
        coupon_id=uuid_of(coupon_id, COUPON),
        comment=given.comment,
        key=given.key,
        now=clock.now(),
    )
    return _out(request, [acted.held])[0]


@router.post("/coupons/lookup", response=FoundOut, **needs("coupons.use"))
def look_up(request: HttpRequest, given: LookupIn) -> Any:
    """What a scanned or typed text is: a coupon's code, or a member (her pass, her code) with what she could use."""
    scope, now = scope_of(request), clock.now()
    if member_pass.is_one(given.text):
        return _member(request, member_pass.read(brand_id=scope.brand_id, token=given.text, now=now))
    try:
        row = coupons.find_code(brand_id=scope.brand_id, code=given.text)
    except Refusal:
        return _member(request, _member_of(scope, given.text))
    made = coupons.get_definition(brand_id=scope.brand_id, key=row.definition)
    found: list[CouponOut] = []
    if row.holder_id and row.coupon_id:
        held = coupons.get_coupon(brand_id=scope.brand_id, member_id=row.holder_id, coupon_id=row.coupon_id)
        found = _out(request, [held])
    member, name = _name(scope, row.holder_id)
    return FoundOut(
        kind="code",
        member=member,
        member_name=name,
        code_state=row.state,
        definition=made.key,
        definition_name=made.name.in_language(language(request)),
        coupons=found,
    )


@router.post("/coupons/verifications", response={201: CouponOut}, **needs("coupons.use"))
def verify(request: HttpRequest, given: CouponVerifyIn) -> Any:
    """Use a coupon at the store without a cart 核销. 409 says why not."""
    scope = scope_of(request)
    acted = flow.verify(
        scope=scope,
        store_id=store_id_of(scope, given.store),
        key=given.key,
        now=clock.now(),
        code=given.code,
        member_id=member_id_of(scope, given.member) if given.member else None,
        coupon_id=uuid_of(given.coupon_id, COUPON) if given.coupon_id else None,
        amount=given.amount,
        order=given.order,
    )
    return Status(201, _out(request, [acted.held])[0])


def _member(request: HttpRequest, member_id: UUID) -> FoundOut:
    scope = scope_of(request)
    held = coupons.wallet(brand_id=scope.brand_id, member_id=member_id, now=clock.now())
    member, name = _name(scope, member_id)
    return FoundOut(
        kind="member",
        member=member,
        member_name=name,
        code_state="",
        definition="",
        definition_name="",
        coupons=_out(request, held),
    )


def _member_of(scope: Scope, text: str) -> UUID:
    try:
        return member_id_of(scope, text.strip()[:64])
    except Refusal:
        raise not_found(Text("券码或会员", "Code or member")) from None


def _name(scope: Scope, member_id: UUID | None) -> tuple[str, str]:
    if member_id is None:
        return "", ""
    return members.names_of(scope=scope, member_ids=[member_id]).get(member_id, ("", ""))


def _out(request: HttpRequest, held: list[Held] | Any) -> list[CouponOut]:
    scope, said, now = scope_of(request), language(request), clock.now()
    naming = Naming(scope, said, now)
    sentences = flow.sentences(
        scope=scope, made=list({h.definition.key: h.definition for h in held}.values()), now=now
    )
    why = flow.reasons(scope=scope, held=held, now=now)
    return [
        _one(naming, one, naming.say(sentences[one.definition.key]), why.get(one.coupon.id)) for one in held
    ]


def _one(naming: Naming, held: Held, sentence: str, why: tuple[str, Text] | None) -> CouponOut:
    coupon, scope = held.coupon, naming.scope
    in_time = coupon.used_at is not None and naming.now <= coupon.used_at + timedelta(
        minutes=held.definition.undo_minutes
    )
    own_store = scope.store_ids is None or coupon.store_id in scope.store_ids
    return CouponOut(
        id=str(coupon.id),
        definition=coupon.definition,
        name=naming.say(held.definition.name),
        sentence=sentence,
        state=coupon.state,
        state_name=naming.label(STATES[coupon.state]),
        why_not=naming.say(why[1]) if why else "",
        why_not_code=why[0] if why else "",
        source=coupon.source,
        code=coupons.shown(coupon.code) if coupon.code else "",
        claimed_at=coupon.claimed_at,
        starts_at=coupon.starts_at,
        expires_at=coupon.expires_at,
        used_at=coupon.used_at,
        store=naming.store(coupon.store_id),
        order=coupon.order or "",
        amount=coupon.amount,
        by=coupon.actor or "",
        locked_until=coupon.locked_until,
        ended_at=coupon.ended_at,
        may_verify=why is None and scope.allows("coupons.use"),
        may_undo=coupon.state == "used"
        and coupon.channel == "store"
        and own_store
        and scope.allows("coupons.use")
        and (in_time or scope.allows("coupons.undo_late")),
        may_void=coupon.state in ("claimed", "locked") and scope.allows("coupons.issue"),
    )
