"""The rewards mall: catalogue, redeeming for members, what becomes of the orders, the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.flows.mall import api as mall
from regulars.flows.mall.api import Offer, Payer, Redeemed
from regulars.kit import clock
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Language
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.payments.types import Payment
from regulars.surfaces.access import language
from regulars.surfaces.bodies import Day
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.mall_shapes import (
    CancelIn,
    CodeIn,
    CodesIn,
    CodesOut,
    DefinitionIn,
    OfferOut,
    OrderState,
    PayerIn,
    RedeemIn,
    RedemptionOut,
    ReportOut,
    RewardOut,
    ShipIn,
    State,
    StateIn,
    StockIn,
    VerifyIn,
)
from regulars.surfaces.rest.plan_shapes import payment_out
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import ADVICES, Address, Redemption, Reward, Turnover

router = Router(tags=["Rewards"])
_ANSWERS = {201: RedemptionOut, 200: RedemptionOut}


@router.get("/rewards", response=ListOut[RewardOut], **needs("rewards.read"))
def list_rewards(
    request: HttpRequest,
    state: State | None = None,
    category: Annotated[Word | None, Query(description="only this category")] = None,
) -> Any:
    """The catalogue in its order."""
    found = rewards.list_rewards(
        scope=scope_of(request), now=clock.now(), states=(state,) if state else None, category=category
    )
    return {"items": [_reward(reward) for reward in found]}


@router.get("/rewards/report", response=ReportOut, **needs("rewards.read"))
def get_report(request: HttpRequest, since: Day | None = None, until: Day | None = None) -> Any:
    """What is redeemed and what lies still, of business days [since, until]; the last 28 if not given."""
    scope, now = scope_of(request), clock.now()
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    last = until or now.astimezone(zone(timezone)).date()
    first = since or last - timedelta(days=27)
    found = rewards.report(
        scope=scope,
        since=start_of_day(first, timezone),
        until=start_of_day(last + timedelta(days=1), timezone),
        now=now,
    )
    return {"since": first, "until": last, "items": [_turnover(row, language(request)) for row in found]}


@router.get("/rewards/{reward}", response=RewardOut, **needs("rewards.read"))
def get_reward(request: HttpRequest, reward: Word) -> Any:
    """One reward."""
    return _reward(rewards.get_reward(scope=scope_of(request), key=reward, now=clock.now()))


@router.put("/rewards/{reward}", response=RewardOut, **needs("rewards.write"))
def put_reward(request: HttpRequest, reward: Word, given: DefinitionIn) -> Any:
    """Add a reward, or change the one of this key. A new one is a draft unless its definition has a `state`."""
    definition = {**given.definition, "key": reward}
    return _reward(rewards.apply_definition(scope=scope_of(request), definition=definition, now=clock.now()))


@router.post("/rewards/{reward}/state", response=RewardOut, **needs("rewards.write"))
def set_state(request: HttpRequest, reward: Word, given: StateIn) -> Any:
    """Put it on offer, pause it, end it."""
    return _reward(rewards.set_state(scope=scope_of(request), key=reward, state=given.state, now=clock.now()))


@router.put("/rewards/{reward}/stock", response=RewardOut, **needs("rewards.write"))
def set_stock(request: HttpRequest, reward: Word, given: StockIn) -> Any:
    """Say how many there ever were. 409 `stock_below_taken` for fewer than are taken."""
    return _reward(
        rewards.set_stock(scope=scope_of(request), key=reward, stock_total=given.stock, now=clock.now())
    )


@router.post("/rewards/{reward}/codes", response=CodesOut, **needs("rewards.write"))
def import_codes(request: HttpRequest, reward: Word, given: CodesIn) -> Any:
    """Add virtual codes; those that are there already are not added again."""
    made = rewards.import_codes(scope=scope_of(request), key=reward, codes=given.codes, now=clock.now())
    return finding.plain(made)


@router.get("/members/{member}/offers", response=ListOut[OfferOut], **needs("rewards.read"))
def list_offers(request: HttpRequest, member: finding.MemberPath, category: Word | None = None) -> Any:
    """The mall as a member sees it: what she can have, and why not."""
    scope = scope_of(request)
    found = mall.offers_for(
        scope=scope, member_id=finding.member_id(scope, member), now=clock.now(), category=category
    )
    return {"items": [_offer(offer, language(request)) for offer in found]}


@router.post("/members/{member}/redemptions", response=_ANSWERS, **needs("rewards.redeem"))
def redeem(request: HttpRequest, member: finding.MemberPath, given: RedeemIn, idempotency_key: Key) -> Any:
    """Redeem a reward. With a cash part the order awaits its payment for 15 minutes, points held."""
    scope = scope_of(request)
    done = mall.redeem(
        scope=scope,
        member_id=finding.member_id(scope, member),
        reward=given.reward,
        quantity=given.quantity,
        store=given.store,
        address=Address(**given.address.dict()) if given.address else None,
        note=given.note,
        key=idempotency_key,
        now=clock.now(),
        payer=_payer(given.pay),
    )
    return _answer(scope, done)


@router.post(
    "/members/{member}/redemptions/{redemption_id}/payment", response=_ANSWERS, **needs("rewards.redeem")
)
def start_payment(
    request: HttpRequest,
    member: finding.MemberPath,
    redemption_id: UUID,
    given: PayerIn,
    idempotency_key: Key,
) -> Any:
    """The payment of an order that awaits it; another one where the first failed. 409 when its time is over."""
    scope = scope_of(request)
    done = mall.start_payment(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        now=clock.now(),
        payer=_payer(given),
    )
    return _answer(scope, done)


@router.get("/members/{member}/redemptions", response=PageOut[RedemptionOut], **needs("rewards.read"))
def list_of_member(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """A member's orders, newest first."""
    scope = scope_of(request)
    page = rewards.list_orders(
        scope=scope, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    codes = finding.store_codes(scope)
    return page.map(lambda order: _order(order, codes))


@router.get("/redemptions", response=PageOut[RedemptionOut], **needs("rewards.read"))
def list_orders(
    request: HttpRequest, state: OrderState | None = None, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """The brand's orders, newest first."""
    scope = scope_of(request)
    page = rewards.list_orders(scope=scope, states=(state,) if state else None, cursor=cursor, limit=limit)
    codes = finding.store_codes(scope)
    return page.map(lambda order: _order(order, codes))


@router.post("/redemptions/find", response=RedemptionOut, **needs("rewards.redeem"))
def find_order(request: HttpRequest, given: CodeIn) -> Any:
    """The order of a pick-up code."""
    scope = scope_of(request)
    member_id, order_id = rewards.order_of_code(scope=scope, code=given.code)
    order = rewards.get_order(scope=scope, member_id=member_id, redemption_id=order_id)
    return _order(order, finding.store_codes(scope))


@router.get("/members/{member}/redemptions/{redemption_id}", response=RedemptionOut, **needs("rewards.read"))
def get_order(request: HttpRequest, member: finding.MemberPath, redemption_id: UUID) -> Any:
    """One order."""
    scope = scope_of(request)
    order = rewards.get_order(
        scope=scope, member_id=finding.member_id(scope, member), redemption_id=redemption_id
    )
    return _order(order, finding.store_codes(scope), payment=mall.payment_of(order))


@router.post(
    "/members/{member}/redemptions/{redemption_id}/ship", response=_ANSWERS, **needs("rewards.fulfil")
)
def ship(
    request: HttpRequest,
    member: finding.MemberPath,
    redemption_id: UUID,
    given: ShipIn,
    idempotency_key: Key,
) -> Any:
    """Sent off: carrier and number. She is told."""
    scope = scope_of(request)
    done = mall.ship(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        carrier=given.carrier,
        tracking=given.tracking,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post(
    "/members/{member}/redemptions/{redemption_id}/verify", response=_ANSWERS, **needs("rewards.redeem")
)
def verify(
    request: HttpRequest,
    member: finding.MemberPath,
    redemption_id: UUID,
    given: VerifyIn,
    idempotency_key: Key,
) -> Any:
    """Handed out at a store. 409 `already_verified`."""
    scope = scope_of(request)
    done = mall.verify(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        store=given.store,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post(
    "/members/{member}/redemptions/{redemption_id}/undo", response=_ANSWERS, **needs("rewards.redeem")
)
def undo(request: HttpRequest, member: finding.MemberPath, redemption_id: UUID, idempotency_key: Key) -> Any:
    """It was not handed out after all. 409 `undo_too_late`."""
    scope = scope_of(request)
    done = mall.undo_verification(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post(
    "/members/{member}/redemptions/{redemption_id}/complete", response=_ANSWERS, **needs("rewards.fulfil")
)
def complete(
    request: HttpRequest, member: finding.MemberPath, redemption_id: UUID, idempotency_key: Key
) -> Any:
    """It has arrived."""
    scope = scope_of(request)
    done = mall.complete(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


@router.post(
    "/members/{member}/redemptions/{redemption_id}/cancel", response=_ANSWERS, **needs("rewards.fulfil")
)
def cancel(
    request: HttpRequest,
    member: finding.MemberPath,
    redemption_id: UUID,
    given: CancelIn,
    idempotency_key: Key,
) -> Any:
    """Take an order back: points to their lots with their expiry, stock, codes. 409 once sent, handed out or shown."""
    scope = scope_of(request)
    done = mall.cancel(
        scope=scope,
        member_id=finding.member_id(scope, member),
        redemption_id=redemption_id,
        reason=given.reason,
        key=idempotency_key,
        now=clock.now(),
    )
    return _answer(scope, done)


def _reward(reward: Reward) -> dict[str, Any]:
    terms = reward.terms
    return {
        "key": terms.key,
        "state": reward.state,
        "kind": terms.kind,
        "name": terms.name.to_json(),
        "description": terms.description.to_json(),
        "category": terms.category,
        "unit": terms.unit,
        "points": terms.price,
        "cash": terms.cash,
        "fulfilment": terms.fulfilment,
        "stores": list(terms.stores),
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "stock": reward.stock,
        "left": reward.left,
        "released_left": reward.released_left
        if reward.released_left is not None or terms.release is None
        else terms.release.count,
        "has_picture": reward.picture_id is not None,
        "definition": dict(reward.definition),
        "created_at": reward.created_at,
        "updated_at": reward.updated_at,
    }


def _offer(offer: Offer, said: Language) -> dict[str, Any]:
    return {
        "reward": _reward(offer.reward),
        "can": not offer.why_not,
        "why_not": [
            {"code": why.code, "message": why.text.in_language(said), "data": dict(why.data)}
            for why in offer.why_not
        ],
        "available": offer.available,
        "taken": offer.taken,
    }


def _payer(given: PayerIn | None) -> Payer:
    if given is None:
        return Payer()
    return Payer(channel=given.channel, return_url=given.return_url, payer=given.payer, ip=given.payer_ip)


def _order(
    order: Redemption, codes: Any, repeated: bool = False, payment: Payment | None = None
) -> dict[str, Any]:
    shown = finding.plain(order)
    shown["payment"] = payment_out(payment) if payment else None
    shown |= {"reward": order.reward_key, "name": order.name.to_json(), "repeated": repeated}
    return shown | {"store": codes.get(order.store_id)}


def _answer(scope: Scope, done: Redeemed) -> Any:
    shown = _order(done.order, finding.store_codes(scope), done.repeated, done.payment)
    return Status(200 if done.repeated else 201, shown)


def _turnover(row: Turnover, said: Language) -> dict[str, Any]:
    shown = finding.plain(row)
    terms = row.reward.terms
    return shown | {
        "key": terms.key,
        "name": terms.name.to_json(),
        "state": row.reward.state,
        "stock": row.reward.stock,
        "left": row.reward.left,
        "last_28_days": row.recent,
        "sell_through_per_cent": row.sell_through,
        "advice_text": ADVICES[row.advice].in_language(said),
    }
