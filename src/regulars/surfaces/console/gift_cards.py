"""Gift cards in the console: batches, their cards handed out once as a file, sales at the till, binding, voiding."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Status

from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import sheets
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.prepaid_tab import card_outs, tab
from regulars.surfaces.console.shapes.prepaid import (
    BatchIn,
    CardOut,
    ClaimIn,
    GiftCardBatchOut,
    GiftCardRefundIn,
    GiftCardVoidIn,
    NumberIn,
    PrepaidOut,
    ReasonIn,
    SaleIn,
    ToIn,
)
from regulars.surfaces.console.shapes.shared import DoneOut, PageOut
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import CARD, BatchRow

router = Router(tags=["Gift cards"])
_HEADER = (Text("序号", "Serial"), Text("卡号", "Number"), Text("密码", "PIN"), Text("面值", "Face value"))


def _naming(request: HttpRequest) -> Naming:
    return Naming(scope_of(request), language(request), clock.now())


@router.get("/gift-card-batches", response=PageOut[GiftCardBatchOut], **needs("prepaid.write"))
def list_batches(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Newest first, with how many cards are in which state."""
    naming = _naming(request)
    page = prepaid.list_batches(brand_id=naming.scope.brand_id, cursor=cursor, limit=limit)
    counts = prepaid.count_cards(brand_id=naming.scope.brand_id, batch_ids=[row.id for row in page.items])
    return PageOut[GiftCardBatchOut](
        items=[_batch(naming, row, counts.get(row.id, {})) for row in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("/gift-card-batches", response={201: GiftCardBatchOut}, **needs("prepaid.write"))
def create_batch(request: HttpRequest, given: BatchIn) -> Any:
    """A batch; its cards are made when they are handed out."""
    row = flows.create_batch(
        scope=scope_of(request),
        code=given.code,
        name=given.name.to_text(),
        face=given.face,
        price=given.price,
        count=given.count,
        valid_months=given.valid_months,
        registered=given.registered,
        design=given.design,
        now=clock.now(),
    )
    return Status(201, _batch(_naming(request), row, {}))


@router.post("/gift-card-batches/{batch}/cards", response={200: None}, **needs("prepaid.write"))
def hand_out(request: HttpRequest, batch: Code) -> HttpResponseBase:
    """Numbers and PINs as CSV, this once: they are kept nowhere. 409 `handed_out` ever after."""
    naming = _naming(request)
    row, made = flows.hand_out(scope=naming.scope, code=batch, now=clock.now())
    return sheets.sheet(
        name=f"gift-cards-{row.code}",
        header=[naming.say(text) for text in _HEADER],
        rows=[[card.serial, flows.shown(card.number), card.pin, row.face] for card in made],
        format_="csv",
        timezone=brand_of(naming.scope).timezone,
    )


@router.get("/gift-card-batches/{batch}/cards", response=PageOut[CardOut], **needs("prepaid.write"))
def list_cards(
    request: HttpRequest,
    batch: Code,
    state: Annotated[str | None, Query(max_length=20)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The cards of a batch by serial, without their numbers."""
    naming = _naming(request)
    found = prepaid.get_batch(brand_id=naming.scope.brand_id, code=batch)
    page = prepaid.list_cards(
        brand_id=naming.scope.brand_id, batch_id=found.id, state=state, cursor=cursor, limit=limit
    )
    return PageOut[CardOut](items=card_outs(naming, list(page.items)), next_cursor=page.next_cursor)


@router.post("/gift-card-batches/{batch}/void", response=DoneOut, **needs("prepaid.refund"))
def void_batch(request: HttpRequest, batch: Code, given: ReasonIn) -> Any:
    """Every card of the batch that nobody has bound becomes void."""
    return DoneOut(
        changed=flows.void_batch(scope=scope_of(request), code=batch, reason=given.reason, now=clock.now())
    )


@router.post("/gift-cards/sales", response={201: list[CardOut]}, **needs("prepaid.sell"))
def sell_cards(request: HttpRequest, given: SaleIn) -> Any:
    """Cards sold at a till become active, all or none."""
    naming = _naming(request)
    sold = flows.sell_cards(
        scope=naming.scope,
        numbers=given.numbers,
        method=given.method,
        reference=given.reference,
        store_code=given.store or None,
        buyer_member=member_id_of(naming.scope, given.buyer) if given.buyer else None,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, card_outs(naming, sold))


@router.post("/gift-cards/lookups", response=CardOut, **needs("prepaid.sell"))
def look_up(request: HttpRequest, given: NumberIn) -> Any:
    """A card by its number."""
    naming = _naming(request)
    return card_outs(naming, [flows.find_card(scope=naming.scope, number=given.number)])[0]


@router.post("/gift-cards/void", response=CardOut, **needs("prepaid.refund"))
def void_card(request: HttpRequest, given: GiftCardVoidIn) -> Any:
    """A card that nobody has bound is worth nothing any more."""
    naming = _naming(request)
    found = flows.find_card(scope=naming.scope, number=given.number)
    card = flows.void_card(
        scope=naming.scope, card_id=found.number_hash, reason=given.reason, now=clock.now()
    )
    return card_outs(naming, [card])[0]


@router.post("/gift-cards/refunds", response={201: CardOut}, **needs("prepaid.refund"))
def refund_card(request: HttpRequest, given: GiftCardRefundIn) -> Any:
    """Give back money for a sold card that nobody has bound; it becomes void.

    409 `card_not_active`, `card_not_refundable`, `law_whole_refund`.
    """
    naming = _naming(request)
    found = flows.find_card(scope=naming.scope, number=given.number)
    card, _ = flows.refund_card(
        scope=naming.scope,
        card_id=found.number_hash,
        amount=given.amount,
        method=given.method,
        reason=given.reason,
        reference=given.reference,
        store_code=given.store or None,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, card_outs(naming, [card])[0])


@router.post("/members/{code}/gift-cards", response={201: PrepaidOut}, **needs("prepaid.use"))
def claim_card(request: HttpRequest, code: Code, given: ClaimIn) -> Any:
    """Bind a card to a member."""
    naming = _naming(request)
    member_id = member_id_of(naming.scope, code)
    flows.claim_card(
        scope=naming.scope,
        member_id=member_id,
        number=given.number,
        pin=given.pin,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _tab(naming, member_id))


@router.post("/members/{code}/gift-cards/{card_id}/give", response=PrepaidOut, **needs("prepaid.use"))
def give_card(request: HttpRequest, code: Code, card_id: Code, given: ToIn) -> Any:
    """What is left of a card goes to another member."""
    naming = _naming(request)
    member_id = member_id_of(naming.scope, code)
    flows.give_card(
        scope=naming.scope,
        member_id=member_id,
        card_id=uuid_of(card_id, CARD),
        to=member_id_of(naming.scope, given.to),
        message=given.message,
        key=given.key,
        now=clock.now(),
    )
    return _tab(naming, member_id)


def _tab(naming: Naming, member_id: UUID) -> PrepaidOut:
    return tab(naming, member_id, clock.now())


def _batch(naming: Naming, row: BatchRow, states: dict[str, int]) -> GiftCardBatchOut:
    return GiftCardBatchOut(
        id=str(row.id),
        code=row.code,
        name=naming.say(row.name),
        design=row.design,
        face=row.face,
        price=row.price,
        count=row.count,
        valid_months=row.valid_months,
        registered=row.registered,
        handed_out_at=row.handed_out_at,
        states=states,
        created_by=row.created_by,
        created_at=row.created_at,
    )
