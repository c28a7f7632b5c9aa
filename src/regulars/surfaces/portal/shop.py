"""Buying stored value and packages online: what is on sale to her, and the purchase she began."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router, Schema
from ninja.responses import Status
from pydantic import Field

from regulars.flows import payments as paying
from regulars.flows.prepaid import api as flow
from regulars.flows.prepaid.api import Payer, Purchase
from regulars.kit import clock
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.platform.payments import api as payments
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.plan_views import PaymentView, payment_view
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.surfaces.portal.prepaid import on_sale
from regulars.surfaces.portal.prepaid_shapes import LadderOut, RequestKey
from regulars.surfaces.portal.shapes import Given
from regulars.value.bookings import api as bookings
from regulars.value.prepaid import api as prepaid

mine = Router(auth=SignedIn(), tags=["shop"])
Key = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class PackageOfferOut(Schema):
    """A package on sale. `days` it is good for (null: for ever), from its first use where `from_first_use`."""

    key: str
    name: str
    sessions: int
    price: int
    days: int | None
    from_first_use: bool
    services: list[str]
    refundable: bool
    transferable: bool


class PurchaseOut(Schema):
    """What she began to buy: `open` waits for its payment, `done` is hers, `void` was let go."""

    id: UUID
    kind: Literal["package", "ladder"]
    name: str
    amount: int
    state: Literal["open", "done", "void"]
    at: datetime
    payment: PaymentView | None


class ShopOut(Schema):
    """What she can buy here and now; `latest` is what she began to buy last. `can_pay`: money is taken online."""

    currency: str
    can_pay: bool
    ladders: list[LadderOut]
    packages: list[PackageOfferOut]
    latest: PurchaseOut | None
    today: date


class AheadGiven(Given):
    """`amount` is the price that was shown. The same `key` again is the same purchase."""

    kind: Literal["package", "ladder"]
    what: Key
    amount: Annotated[int, Field(ge=1, le=10**11)]
    channel: Literal["jsapi", "native", "h5", "page"] | None = None
    payer: Annotated[str, Field(max_length=200)] = ""
    key: RequestKey


@mine.get("/shop", response=ShopOut)
def get_shop(request: HttpRequest, slug: Path[str]) -> Any:
    """Ladders and packages that are sold online, and the purchase she began last."""
    member, said, now = member_of(request), access.language(request), clock.now()
    brand = member.brand
    names = {
        one.terms.key: one.terms.name.in_language(said) for one in bookings.list_services(scope=member.scope)
    }
    packages = [
        prepaid.get_package_terms(brand_id=brand.id, key=row.key)
        for row in prepaid.list_definitions(brand_id=brand.id, kind="package")
        if row.state == "active"
    ]
    latest = flow.latest_purchase(scope=member.scope, member_id=member.member_id)
    return ShopOut(
        currency=brand.currency,
        can_pay=any(one.state == "active" for one in payments.list_accounts(scope=member.scope)),
        ladders=[one for one in on_sale(member, said, now) if one.online],
        packages=[
            PackageOfferOut(
                key=one.key,
                name=one.name.in_language(said),
                sessions=one.sessions,
                price=one.price,
                days=one.days,
                from_first_use=one.counts_from == "first_use",
                services=sorted(names[key] for key in one.services if key in names),
                refundable=one.refund != "none",
                transferable=one.transferable,
            )
            for one in packages
            if one.price
        ],
        latest=_shown(member, latest, said) if latest else None,
        today=now.astimezone(zone(brand.timezone)).date(),
    )


@mine.post("/shop", response={201: PurchaseOut})
def buy(request: HttpRequest, slug: Path[str], given: AheadGiven) -> Any:
    """Begin to buy: `payment.action` says where to pay; it is hers when it is paid. 409 with what refuses it."""
    member = member_of(request)
    begun = flow.begin_purchase(
        scope=member.scope,
        member_id=member.member_id,
        kind=given.kind,
        what=given.what,
        amount=given.amount,
        key=given.key,
        now=clock.now(),
        payer=Payer(
            channel=given.channel,
            return_url=f"/h/{member.brand.slug}/wallet/shop",
            payer=given.payer,
            ip=access.client_ip(request),
        ),
    )
    return Status(201, _shown(member, begun, access.language(request)))


@mine.post("/shop/check", response=ShopOut)
def check(request: HttpRequest, slug: Path[str]) -> Any:
    """Ask the provider about the purchase that waits, for a page that does."""
    member = member_of(request)
    latest = flow.latest_purchase(scope=member.scope, member_id=member.member_id)
    if (
        latest
        and latest.order.state == "open"
        and latest.payment
        and latest.payment.state in ("created", "pending")
    ):
        paying.check(payment=latest.payment, now=clock.now())
    return get_shop(request, slug)


def _shown(member: MemberAccess, one: Purchase, said: Language) -> PurchaseOut:
    order, brand_id = one.order, member.brand.id
    if order.kind == "package":
        name = prepaid.get_package_terms(brand_id=brand_id, key=order.key).name
    else:
        name = prepaid.get_ladder(brand_id=brand_id, key=order.key).name
    providers = {provider.code: provider.name for provider in payments.list_providers()}
    return PurchaseOut(
        id=order.id,
        kind=order.kind,
        name=name.in_language(said),
        amount=order.amount,
        state=order.state,
        at=order.ended_at or order.created_at,
        payment=payment_view(one.payment, providers, said, []) if one.payment else None,
    )
