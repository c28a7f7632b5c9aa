"""Redemption orders at the desk and at the till: lists, export, redeeming for a member, ship, verify, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from regulars.facts.members import api as members
from regulars.flows.mall import api as mall
from regulars.flows.mall.api import Redeemed
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.kit.periods import start_of_day
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.bodies import Day
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.rewards import reward_out
from regulars.surfaces.console.shapes.mall import (
    ActIn,
    AddressIn,
    FindIn,
    OfferOut,
    RedeemIn,
    RedemptionOut,
    RedemptionVerifyIn,
    ShipIn,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.surfaces.console.sheets import Format, portions, sheet
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import REDEMPTION, REDEMPTION_STATES, Address, Redemption

router = Router(tags=["Redemptions"])
_OPEN = ("awaiting_payment", "placed", "paid")
_COLUMNS = (
    Text("订单", "Order"), Text("会员", "Member"), Text("商品", "Reward"), Text("名称", "Name"),
    Text("件数", "Pieces"), Text("消耗", "Points"), Text("现金（分）", "Cash (minor units)"), Text("状态", "State"),
    Text("兑换时间", "Placed"), Text("承运商", "Carrier"), Text("运单号", "Tracking"), Text("门店", "Store"),
    Text("核销人", "Handed out by"), Text("收件人", "Addressee"), Text("电话", "Phone"), Text("地区", "Region"),
    Text("地址", "Street"),
)  # fmt: skip


class FilterIn(Schema):
    """`since` and `until` are business days, both included."""

    state: Annotated[str | None, Field(max_length=20)] = None
    fulfilment: Annotated[str | None, Field(max_length=10)] = None
    reward: Annotated[str | None, Field(max_length=64)] = None
    since: Day | None = None
    until: Day | None = None


@router.get("/redemptions", response=PageOut[RedemptionOut], **needs("rewards.read"))
def list_redemptions(
    request: HttpRequest, given: Query[FilterIn], cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """The brand's orders, newest first."""
    scope, naming = _asked(request)
    page = _page(scope, naming, given, cursor, limit)
    return PageOut[RedemptionOut](items=redemptions_out(naming, page.items), next_cursor=page.next_cursor)


@router.get("/redemptions/counts", response=dict[str, int], **needs("rewards.read"))
def count_redemptions(request: HttpRequest) -> Any:
    """How many orders there are in each state."""
    scope, _ = _asked(request)
    return dict.fromkeys(REDEMPTION_STATES, 0) | rewards.count_by_state(scope=scope)


@router.get("/redemptions/export", include_in_schema=False, **needs("rewards.fulfil"))
def export_redemptions(
    request: HttpRequest, given: Query[FilterIn], format: Format = "csv"
) -> HttpResponseBase:
    """Orders as a file with the same filters; addresses only for staff who may read personal data."""
    scope, naming = _asked(request)

    def rows() -> Iterator[list[Any]]:
        for portion in portions(lambda cursor, limit: _page(scope, naming, given, cursor, limit)):
            for row in redemptions_out(naming, portion, addresses=True):
                to = row.address
                yield [
                    row.id, row.member_code, row.reward, row.name, row.quantity, row.points, row.cash, row.state_name,
                    row.placed_at, row.carrier, row.tracking, row.store.name if row.store else "", row.verified_by,
                    to.name if to else "", to.phone if to else "", to.region if to else "", to.street if to else "",
                ]  # fmt: skip

    return sheet(
        name=f"redemptions-{naming.brand.slug}-{naming.now:%Y%m%d}",
        header=[naming.say(text) for text in _COLUMNS],
        rows=rows(),
        format_=format,
        timezone=naming.brand.timezone,
    )


@router.post("/redemptions/find", response=RedemptionOut, **needs("rewards.redeem"))
def find_redemption(request: HttpRequest, given: FindIn) -> Any:
    """The order of a pick-up code."""
    scope, naming = _asked(request)
    member_id, order_id = rewards.order_of_code(scope=scope, code=given.code)
    order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=order_id)
    return redemptions_out(naming, [order], addresses=True)[0]


@router.get("/members/{code}/offers", response=list[OfferOut], **needs("rewards.read"))
def list_offers(request: HttpRequest, code: Code) -> Any:
    """The mall as a member sees it."""
    scope, naming = _asked(request)
    found = mall.offers_for(scope=scope, member_id=member_id_of(scope, code), now=naming.now)
    return [
        OfferOut(
            reward=reward_out(naming, offer.reward),
            can=not offer.why_not,
            why_not=[naming.say(why.text) for why in offer.why_not],
            why_codes=[why.code for why in offer.why_not],
            available=offer.available,
            taken=offer.taken,
        )
        for offer in found
    ]


@router.get("/members/{code}/redemptions", response=PageOut[RedemptionOut], **needs("rewards.read"))
def list_of_member(request: HttpRequest, code: Code, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """A member's orders, newest first."""
    scope, naming = _asked(request)
    page = rewards.list_orders(scope=scope, member_id=member_id_of(scope, code), cursor=cursor, limit=limit)
    return PageOut[RedemptionOut](items=redemptions_out(naming, page.items), next_cursor=page.next_cursor)


@router.post("/members/{code}/redemptions", response=RedemptionOut, **needs("rewards.redeem"))
def redeem(request: HttpRequest, code: Code, given: RedeemIn) -> Any:
    """Redeem a reward for a member. 409 with the reason when she cannot have it."""
    scope, naming = _asked(request)
    done = mall.redeem(
        scope=scope,
        member_id=member_id_of(scope, code),
        reward=given.reward,
        quantity=given.quantity,
        store=given.store or None,
        address=Address(**given.address.dict()) if given.address else None,
        note=given.note,
        key=given.key,
        now=naming.now,
    )
    return redemptions_out(naming, [done.order])[0]


@router.get("/members/{code}/redemptions/{redemption_id}", response=RedemptionOut, **needs("rewards.read"))
def get_redemption(request: HttpRequest, code: Code, redemption_id: Code) -> Any:
    """One order; its address for staff who may read personal data."""
    scope, naming = _asked(request)
    order = rewards.get_order(
        scope=scope,
        member_id=member_id_of(scope, code),
        redemption_id=uuid_of(redemption_id, REDEMPTION),
    )
    return redemptions_out(naming, [order], addresses=True)[0]


@router.post(
    "/members/{code}/redemptions/{redemption_id}/ship", response=RedemptionOut, **needs("rewards.fulfil")
)
def ship(request: HttpRequest, code: Code, redemption_id: Code, given: ShipIn) -> Any:
    """Sent off; again corrects carrier and number. She is told."""
    return _act(
        request, code, redemption_id, mall.ship, key=given.key, carrier=given.carrier, tracking=given.tracking
    )


@router.post(
    "/members/{code}/redemptions/{redemption_id}/verify", response=RedemptionOut, **needs("rewards.redeem")
)
def verify(request: HttpRequest, code: Code, redemption_id: Code, given: RedemptionVerifyIn) -> Any:
    """Handed out at a store. 409 `already_verified`."""
    return _act(request, code, redemption_id, mall.verify, key=given.key, store=given.store)


@router.post(
    "/members/{code}/redemptions/{redemption_id}/undo", response=RedemptionOut, **needs("rewards.redeem")
)
def undo(request: HttpRequest, code: Code, redemption_id: Code, given: ActIn) -> Any:
    """It was not handed out after all. 409 `undo_too_late`."""
    return _act(request, code, redemption_id, mall.undo_verification, key=given.key)


@router.post(
    "/members/{code}/redemptions/{redemption_id}/complete", response=RedemptionOut, **needs("rewards.fulfil")
)
def complete(request: HttpRequest, code: Code, redemption_id: Code, given: ActIn) -> Any:
    """It has arrived."""
    return _act(request, code, redemption_id, mall.complete, key=given.key)


@router.post(
    "/members/{code}/redemptions/{redemption_id}/cancel", response=RedemptionOut, **needs("rewards.fulfil")
)
def cancel(request: HttpRequest, code: Code, redemption_id: Code, given: ActIn) -> Any:
    """Take it back: points to their lots with their expiry, stock, codes. She is told."""
    return _act(request, code, redemption_id, mall.cancel, key=given.key, reason=given.reason)


def _act(
    request: HttpRequest, code: str, redemption_id: str, act: Callable[..., Redeemed], **given: Any
) -> RedemptionOut:
    scope, naming = _asked(request)
    done = act(
        scope=scope,
        member_id=member_id_of(scope, code),
        redemption_id=uuid_of(redemption_id, REDEMPTION),
        now=naming.now,
        **given,
    )
    return redemptions_out(naming, [done.order])[0]


def _asked(request: HttpRequest) -> tuple[Scope, Naming]:
    scope = scope_of(request)
    return scope, Naming(scope, language(request), clock.now())


def _page(scope: Scope, naming: Naming, given: FilterIn, cursor: str | None, limit: int) -> Page[Redemption]:
    timezone = naming.brand.timezone
    reward_id = None
    if given.reward:
        reward_id = rewards.get_reward(scope=scope, key=given.reward, now=naming.now).id
    if given.state and given.state not in REDEMPTION_STATES:
        raise not_found(REDEMPTION)

    def start(day: date | None, days: int = 0) -> datetime | None:
        return start_of_day(day + timedelta(days=days), timezone) if day else None

    return rewards.list_orders(
        scope=scope,
        reward_id=reward_id,
        states=(given.state,) if given.state else None,
        fulfilment=given.fulfilment or None,
        since=start(given.since),
        until=start(given.until, 1),
        cursor=cursor,
        limit=limit,
    )


def redemptions_out(
    naming: Naming, orders: Sequence[Redemption], *, addresses: bool = False
) -> list[RedemptionOut]:
    """Orders with the words for their codes; with addresses for those who may read personal data."""
    people = members.names_of(scope=naming.scope, member_ids={o.member_id for o in orders})
    personal = addresses and naming.scope.allows("members.read_personal")
    found = []
    for order in orders:
        code, name = people.get(order.member_id, ("", ""))
        address = None
        if personal and order.has_address:
            kept = rewards.address_of(scope=naming.scope, member_id=order.member_id, redemption_id=order.id)
            address = (
                AddressIn(
                    name=kept.name,
                    phone=kept.phone,
                    region=kept.region,
                    street=kept.street,
                    postcode=kept.postcode,
                )
                if kept
                else None
            )
        found.append(
            RedemptionOut(
                id=str(order.id),
                member_code=code,
                member_name=name,
                reward=order.reward_key,
                name=naming.say(order.name),
                kind=order.kind,
                fulfilment=order.fulfilment,
                state=order.state,
                state_name=naming.say(REDEMPTION_STATES[order.state]),
                quantity=order.quantity,
                unit_name=naming.unit(order.unit),
                points=order.points,
                cash=order.cash,
                code=order.code,
                store=naming.store(order.store_id),
                address=address,
                has_address=order.has_address,
                carrier=order.carrier,
                tracking=order.tracking,
                note=order.note,
                reason=order.reason,
                actor=order.actor,
                placed_at=order.placed_at,
                pay_by=order.pay_by,
                claim_by=order.claim_by,
                paid_at=order.paid_at,
                shipped_at=order.shipped_at,
                verified_at=order.verified_at,
                verified_by=order.verified_by,
                ended_at=order.ended_at,
                can=_can(order, naming.now),
            )
        )
    return found


def _can(order: Redemption, now: datetime) -> list[str]:
    found = []
    if order.fulfilment == "ship" and order.state in ("placed", "paid", "shipped"):
        found.append("ship")
    if order.fulfilment == "store" and order.state in ("placed", "paid"):
        found.append("verify")
    if order.verified_at and now < order.verified_at + timedelta(minutes=order.undo_minutes):
        found.append("undo")
    if order.state == "shipped":
        found.append("complete")
    if order.state in _OPEN:
        found.append("cancel")
    return found
