"""The mall's pages: what she can have, redeeming it, her orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import Path, Router

from regulars.flows.mall import api as flow
from regulars.flows.mall.api import Offer, Payer
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.money import show as show_money
from regulars.kit.text import Language, Text
from regulars.platform.files import api as files
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Store
from regulars.platform.payments.types import PAYMENT_STATES, Payment
from regulars.programme.rules import api as rules
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import standing
from regulars.surfaces.portal.guard import AnyVisitor, SignedIn, brand_of, member_of
from regulars.surfaces.portal.mall_shapes import (
    ActGiven,
    AddressGiven,
    CategoryOut,
    CodesOut,
    MallOut,
    Name,
    PayGiven,
    PaymentOut,
    RedeemGiven,
    RedemptionOut,
    RewardCardOut,
    RewardOut,
    StoreOut,
    WhyNotOut,
)
from regulars.surfaces.portal.shapes import PageOut
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import (
    FULFILMENTS,
    KINDS,
    PERIODS,
    REDEMPTION_STATES,
    Address,
    Redemption,
    Reward,
    RewardTerms,
)

visitors = Router(auth=AnyVisitor(), tags=["mall"])
mine = Router(auth=SignedIn(), tags=["mall"])
_PAGE = 20


@visitors.get("/rewards/{key}/picture", include_in_schema=False)
def get_picture(request: HttpRequest, slug: Path[str], key: Path[Name]) -> Any:
    """A reward's picture; its address changes with the file."""
    brand = brand_of(request)
    reward = rewards.get_reward(scope=access.visitor_scope(brand), key=key, now=clock.now())
    if reward.picture_id is None or reward.state == "draft":
        raise not_found(Text("图片", "Picture"))
    found = files.get_file(
        organisation_id=brand.organisation_id, file_id=reward.picture_id, brand_id=brand.id
    )
    path = files.path_of(organisation_id=brand.organisation_id, file_id=found.id)
    answer = FileResponse(path.open("rb"), content_type=found.media_type)
    answer["Cache-Control"] = "public, max-age=604800, immutable"
    return answer


@mine.get("/mall", response=MallOut)
def get_mall(request: HttpRequest, slug: Path[str]) -> Any:
    """Every reward on offer, with what she can have and why not."""
    member, language, now = member_of(request), access.language(request), clock.now()
    found = flow.offers_for(scope=member.scope, member_id=member.member_id, now=now)
    return MallOut(
        balances={offer.reward.terms.unit: offer.available for offer in found if offer.reward.terms.price},
        categories=_categories([offer.reward.terms for offer in found], language),
        rewards=[RewardCardOut(**_card(member.brand, offer, language)) for offer in found],
    )


@mine.get("/mall/{key}", response=RewardOut)
def get_reward(request: HttpRequest, slug: Path[str], key: Path[Name]) -> Any:
    """One reward with everything that its page shows."""
    member, language, now = member_of(request), access.language(request), clock.now()
    offer = flow.offer_of(scope=member.scope, member_id=member.member_id, key=key, now=now)
    if offer.reward.state == "draft":
        raise not_found(Text("商品", "Reward"))
    return _detail(member.brand, offer, language, now)


@mine.post("/mall/{key}/redemptions", response=RedemptionOut)
def redeem(request: HttpRequest, slug: Path[str], key: Path[Name], given: RedeemGiven) -> Any:
    """Redeem it. 409 with the reason when she cannot have it; the same key again is the same order."""
    member, now = member_of(request), clock.now()
    done = flow.redeem(
        scope=member.scope,
        member_id=member.member_id,
        reward=key,
        quantity=given.quantity,
        store=given.store,
        address=Address(**given.address.dict()) if given.address else None,
        note=given.note,
        key=given.key,
        now=now,
        payer=_payer(request, given.pay),
    )
    return _order(member, done.order, access.language(request), now, done.payment)


@mine.post("/redemptions/{redemption_id}/payment", response=RedemptionOut)
def start_payment(request: HttpRequest, slug: Path[str], redemption_id: UUID, given: PayGiven) -> Any:
    """The payment of an order that awaits it; another one where the first failed. 409 when its time is over."""
    member, now = member_of(request), clock.now()
    done = flow.start_payment(
        scope=member.scope,
        member_id=member.member_id,
        redemption_id=redemption_id,
        now=now,
        payer=_payer(request, given),
    )
    return _order(member, done.order, access.language(request), now, done.payment)


@mine.get("/redemptions", response=PageOut[RedemptionOut])
def list_redemptions(request: HttpRequest, slug: Path[str], cursor: str | None = None) -> Any:
    """Her orders, newest first."""
    member, language, now = member_of(request), access.language(request), clock.now()
    page = rewards.list_orders(
        scope=member.scope, member_id=member.member_id, cursor=(cursor or "")[:400] or None, limit=_PAGE
    )
    return PageOut[RedemptionOut](
        items=_orders(member, list(page.items), language, now), next_cursor=page.next_cursor
    )


@mine.get("/redemptions/{redemption_id}", response=RedemptionOut)
def get_redemption(request: HttpRequest, slug: Path[str], redemption_id: UUID) -> Any:
    """One order of hers, with its address."""
    member, now = member_of(request), clock.now()
    order = rewards.get_order(scope=member.scope, member_id=member.member_id, redemption_id=redemption_id)
    return _order(member, order, access.language(request), now, flow.payment_of(order))


@mine.post("/redemptions/{redemption_id}/cancel", response=RedemptionOut)
def cancel(request: HttpRequest, slug: Path[str], redemption_id: UUID, given: ActGiven) -> Any:
    """Take it back: points return with their expiry. 409 once sent, handed out or shown."""
    member, now = member_of(request), clock.now()
    done = flow.cancel(
        scope=member.scope,
        member_id=member.member_id,
        redemption_id=redemption_id,
        key=given.key,
        reason=given.reason,
        now=now,
    )
    return _order(member, done.order, access.language(request), now)


@mine.post("/redemptions/{redemption_id}/received", response=RedemptionOut)
def received(request: HttpRequest, slug: Path[str], redemption_id: UUID, given: ActGiven) -> Any:
    """It has arrived."""
    member, now = member_of(request), clock.now()
    done = flow.complete(
        scope=member.scope, member_id=member.member_id, redemption_id=redemption_id, key=given.key, now=now
    )
    return _order(member, done.order, access.language(request), now)


@mine.post("/redemptions/{redemption_id}/codes", response=CodesOut)
def show_codes(request: HttpRequest, slug: Path[str], redemption_id: UUID) -> Any:
    """Her virtual codes. Once she has seen them the order cannot be cancelled."""
    member = member_of(request)
    codes = flow.show_codes(
        scope=member.scope, member_id=member.member_id, redemption_id=redemption_id, now=clock.now()
    )
    return CodesOut(codes=codes)


def price_text(brand: Brand, points: int, cash: int, unit: Text) -> Text:
    """What it costs, as a sentence: 500 积分 + ¥9.90."""
    parts = []
    if points:
        parts.append(Text(f"{points:,} {unit.zh}", f"{points:,} {unit.en}"))
    if cash:
        money = show_money(cash, brand.currency)
        parts.append(Text(money, money))
    if not parts:
        return Text("免费", "Free")
    return Text(" + ".join(p.zh for p in parts), " + ".join(p.en for p in parts))


def _categories(found: list[RewardTerms], language: Language) -> list[CategoryOut]:
    """In the order of the rewards; the first name that one of them gives."""
    names: dict[str, str] = {}
    for terms in found:
        if terms.category and names.get(terms.category, terms.category) == terms.category:
            names[terms.category] = terms.category_text.in_language(language)
    return [CategoryOut(key=key, name=name) for key, name in names.items()]


def _picture(brand: Brand, reward: Reward | None) -> str | None:
    if reward is None or reward.picture_id is None:
        return None
    return f"/api/portal/{brand.slug}/rewards/{reward.terms.key}/picture?v={reward.picture_id.hex[-12:]}"


def _card(brand: Brand, offer: Offer, language: Language) -> dict[str, Any]:
    reward, terms = offer.reward, offer.reward.terms
    return {
        "key": terms.key,
        "name": terms.name.in_language(language),
        "kind": terms.kind,
        "kind_name": KINDS[terms.kind].in_language(language),
        "category": terms.category,
        "picture_url": _picture(brand, reward),
        "unit": terms.unit,
        "unit_name": offer.unit.in_language(language),
        "points": terms.price,
        "cash": terms.cash,
        "price": price_text(brand, terms.price, terms.cash, offer.unit).in_language(language),
        "market_value": terms.market_value,
        "left": reward.left,
        "can": not offer.why_not,
        "why_not": [
            WhyNotOut(code=why.code, sentence=why.text.in_language(language), data=dict(why.data))
            for why in offer.why_not
        ],
    }


def _detail(brand: Brand, offer: Offer, language: Language, now: datetime) -> RewardOut:
    terms = offer.reward.terms
    programme = standing.live(brand, now)
    condition = rules.describe_standing(programme, terms.condition) if programme else Text("", "")
    limit = Text("", "")
    if terms.limit:
        limit = Text("{period}限兑 {count} 件", "At most {count} {period}").format(
            period=PERIODS[terms.limit.period], count=terms.limit.count
        )
    release = Text("", "")
    if terms.release:
        release = Text("每天 {at} 放出 {count} 件", "{count} a day, from {at}").format(
            at=f"{terms.release.at:%H:%M}", count=terms.release.count
        )
    stores = organisations.stores_of(brand_id=brand.id)
    return RewardOut(
        **_card(brand, offer, language),
        description=terms.description.in_language(language),
        fulfilment=terms.fulfilment,
        fulfilment_name=FULFILMENTS[terms.fulfilment].in_language(language),
        stores=[store_out(stores[code], language) for code in terms.stores if code in stores],
        most_per_order=terms.most_per_order,
        limit=limit.in_language(language),
        taken=offer.taken,
        available=offer.available,
        condition=condition.in_language(language),
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        release=release.in_language(language),
        claim_days=terms.claim_days,
        unclaimed=terms.unclaimed,
    )


def store_out(store: Store, language: Language) -> StoreOut:
    return StoreOut(code=store.code, name=store.name.in_language(language))


def _payer(request: HttpRequest, given: PayGiven | None) -> Payer:
    ip = access.client_ip(request)
    if given is None:
        return Payer(ip=ip)
    return Payer(channel=given.channel, return_url=given.return_url, payer=given.payer, ip=ip)


def _order(
    member: MemberAccess,
    order: Redemption,
    language: Language,
    now: datetime,
    payment: Payment | None = None,
) -> RedemptionOut:
    (shown,) = _orders(member, [order], language, now)
    if payment is not None:
        shown.payment = PaymentOut(
            id=payment.id,
            state=payment.state,
            state_name=PAYMENT_STATES[payment.state].in_language(language),
            amount=payment.amount,
            currency=payment.currency,
            action=payment.action.kind,
            action_url=payment.action.url,
            action_values=dict(payment.action.values),
            expires_at=payment.expires_at,
        )
    address = (
        rewards.address_of(scope=member.scope, member_id=member.member_id, redemption_id=order.id)
        if order.has_address
        else None
    )
    if address is not None:
        shown.address = AddressGiven(
            name=address.name,
            phone=address.phone,
            region=address.region,
            street=address.street,
            postcode=address.postcode,
        )
    return shown


def _orders(
    member: MemberAccess, orders: list[Redemption], language: Language, now: datetime
) -> list[RedemptionOut]:
    brand = member.brand
    known = rewards.get_rewards(scope=member.scope, ids=[o.reward_id for o in orders], now=now)
    stores = {s.id: s for s in organisations.stores_of(brand_id=brand.id).values()}
    programme = standing.live(brand, now)
    found = []
    for order in orders:
        store = stores.get(order.store_id) if order.store_id else None
        open_ = order.state in ("awaiting_payment", "placed", "paid")
        codes = order.kind == "virtual_code" and order.state in ("placed", "paid", "completed")
        found.append(
            RedemptionOut(
                id=order.id,
                reward=order.reward_key,
                name=order.name.in_language(language),
                picture_url=_picture(brand, known.get(order.reward_id)),
                kind=order.kind,
                fulfilment=order.fulfilment,
                state=order.state,
                state_name=REDEMPTION_STATES[order.state].in_language(language),
                quantity=order.quantity,
                unit_name=standing.unit_out(programme, order.unit, language).name,
                points=order.points,
                cash=order.cash,
                code=order.code if order.fulfilment == "store" else "",
                store=store_out(store, language) if store else None,
                carrier=order.carrier,
                tracking=order.tracking,
                placed_at=order.placed_at,
                pay_by=order.pay_by if order.state == "awaiting_payment" else None,
                claim_by=order.claim_by,
                shipped_at=order.shipped_at,
                verified_at=order.verified_at,
                ended_at=order.ended_at,
                address=None,
                can_cancel=open_,
                can_show_codes=codes,
                can_receive=order.state == "shipped",
                can_pay=order.state == "awaiting_payment",
            )
        )
    return found
