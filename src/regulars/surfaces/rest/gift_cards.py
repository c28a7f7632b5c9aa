"""Gift cards: batches, their cards handed out once, sold, bound, given on, voided."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router, Status

from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.prepaid_shapes import (
    ClaimIn,
    GiftBatchIn,
    GiftBatchOut,
    GiftCardOut,
    MadeGiftCardOut,
    NumberIn,
    ReasonIn,
    SaleIn,
    ToIn,
    VoidIn,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut
from regulars.surfaces.rest.value import Key
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import CardRow

router = Router(tags=["Gift cards"])
BatchPath = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$")]


@router.get("/gift-card-batches", response=PageOut[GiftBatchOut], **needs("prepaid.write"))
def list_batches(request: HttpRequest, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Newest first, with how many cards are in which state."""
    scope = scope_of(request)
    page = prepaid.list_batches(brand_id=scope.brand_id, cursor=cursor, limit=limit)
    counts = prepaid.count_cards(brand_id=scope.brand_id, batch_ids=[row.id for row in page.items])
    return page.map(lambda row: GiftBatchOut.of(row, counts.get(row.id, {})))


@router.post("/gift-card-batches", response={201: GiftBatchOut}, **needs("prepaid.write"))
def create_batch(request: HttpRequest, given: GiftBatchIn) -> Any:
    """A batch; its cards are made when they are handed out. 409 `batch_exists`, `law_…`."""
    batch = flows.create_batch(
        scope=scope_of(request),
        code=given.code,
        name=Text(given.name.zh, given.name.en),
        face=given.face,
        price=given.price,
        count=given.count,
        valid_months=given.valid_months,
        registered=given.registered,
        design=given.design,
        now=clock.now(),
    )
    return Status(201, GiftBatchOut.of(batch, {}))


@router.post(
    "/gift-card-batches/{batch}/cards", response={201: ListOut[MadeGiftCardOut]}, **needs("prepaid.write")
)
def hand_out(request: HttpRequest, batch: BatchPath) -> Any:
    """Make the cards and say their numbers and PINs, this once. 409 `handed_out` ever after."""
    _, made = flows.hand_out(scope=scope_of(request), code=batch, now=clock.now())
    return Status(201, {"items": [finding.plain(card) for card in made]})


@router.get("/gift-card-batches/{batch}/cards", response=PageOut[GiftCardOut], **needs("prepaid.write"))
def list_cards(request: HttpRequest, batch: BatchPath, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """The cards of a batch by serial, without their numbers."""
    scope = scope_of(request)
    found = prepaid.get_batch(brand_id=scope.brand_id, code=batch)
    page = prepaid.list_cards(brand_id=scope.brand_id, batch_id=found.id, cursor=cursor, limit=limit)
    return page.map(lambda row: GiftCardOut.of(row, found.code))


@router.post("/gift-card-batches/{batch}/void", response={200: dict[str, int]}, **needs("prepaid.refund"))
def void_batch(request: HttpRequest, batch: BatchPath, given: ReasonIn) -> Any:
    """Every card of the batch that nobody has bound becomes void."""
    count = flows.void_batch(scope=scope_of(request), code=batch, reason=given.reason, now=clock.now())
    return {"cards": count}


@router.post("/gift-cards/sales", response={201: ListOut[GiftCardOut]}, **needs("prepaid.sell"))
def sell_cards(request: HttpRequest, given: SaleIn, idempotency_key: Key) -> Any:
    """Cards sold at a till become active, all or none. 404 `card_unknown`, 409 `card_not_active`."""
    scope = scope_of(request)
    sold = flows.sell_cards(
        scope=scope,
        numbers=given.numbers,
        method=given.method,
        reference=given.reference,
        store_code=given.store,
        buyer_member=finding.member_id(scope, given.buyer) if given.buyer else None,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, {"items": _cards(scope, sold)})


@router.post("/gift-cards/lookups", response=GiftCardOut, **needs("prepaid.sell"))
def look_up(request: HttpRequest, given: NumberIn) -> Any:
    """A card by its number. 404 `card_unknown`."""
    scope = scope_of(request)
    return _cards(scope, [flows.find_card(scope=scope, number=given.number)])[0]


@router.post("/gift-cards/void", response=GiftCardOut, **needs("prepaid.refund"))
def void_card(request: HttpRequest, given: VoidIn) -> Any:
    """A card that nobody has bound is worth nothing any more. 409 `card_not_active`."""
    scope = scope_of(request)
    found = flows.find_card(scope=scope, number=given.number)
    card = flows.void_card(scope=scope, card_id=found.number_hash, reason=given.reason, now=clock.now())
    return _cards(scope, [card])[0]


@router.get("/members/{member}/gift-cards", response=ListOut[GiftCardOut], **needs("ledger.read"))
def list_held(request: HttpRequest, member: finding.MemberPath) -> Any:
    """The cards she holds with what is left on each, newest first (200 at most)."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    held = prepaid.list_held_cards(brand_id=scope.brand_id, member_id=member_id)
    return {"items": _cards(scope, held, member_id)}


@router.post("/members/{member}/gift-cards", response={201: GiftCardOut}, **needs("prepaid.use"))
def claim_card(request: HttpRequest, member: finding.MemberPath, given: ClaimIn, idempotency_key: Key) -> Any:
    """Bind a card: its whole value is hers. 404 `card_unknown`, 409 `card_locked`, `card_not_active`."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    card = flows.claim_card(
        scope=scope,
        member_id=member_id,
        number=given.number,
        pin=given.pin,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, _cards(scope, [card], member_id)[0])


@router.post("/members/{member}/gift-cards/{card_id}/give", response=GiftCardOut, **needs("prepaid.use"))
def give_card(
    request: HttpRequest, member: finding.MemberPath, card_id: UUID, given: ToIn, idempotency_key: Key
) -> Any:
    """What is left of a card goes to another member. 409 `card_empty`."""
    scope = scope_of(request)
    to = finding.member_id(scope, given.to)
    card = flows.give_card(
        scope=scope,
        member_id=finding.member_id(scope, member),
        card_id=card_id,
        to=to,
        message=given.message,
        key=idempotency_key,
        now=clock.now(),
    )
    return _cards(scope, [card], to)[0]


def _cards(scope: Scope, rows: list[CardRow], holder: UUID | None = None) -> list[GiftCardOut]:
    batches = prepaid.batches_of(brand_id=scope.brand_id, ids={row.batch_id for row in rows})
    ids = [row.lot_id for row in rows if row.lot_id is not None]
    lots = ledger.get_lots(brand_id=scope.brand_id, member_id=holder, ids=ids) if holder and ids else {}
    return [
        GiftCardOut.of(
            row,
            batches[row.batch_id].code,
            lots[row.lot_id].remaining if row.lot_id in lots else None,
        )
        for row in rows
    ]
