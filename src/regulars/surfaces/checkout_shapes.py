"""The checkout on the wire, as the public API and the till's page see it. Read and written by msgspec: a hot path."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct

from regulars.facts.activity.types import Code, IdentityRef, Label, MemberRef
from regulars.flows.checkout.api import QuoteChanged
from regulars.flows.checkout.types import CartIn, Committed, Quote, Returned, ReturnLineIn, WishIn
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.programme.pricing.types import Applied, Priced, PricedLine, Refused, ReturnedLine
from regulars.surfaces import member_pass
from regulars.surfaces.bodies import decode, refuse_nul
from regulars.value.checkouts.types import STATES, CheckoutRow

Token = Annotated[str, Meta(min_length=1, max_length=200_000)]
Number = Annotated[str, Meta(min_length=1, max_length=56)]


class MemberAsked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A member by exactly one of `id`, `code`, `identity` or `pass`, the text of her QR code."""

    id: UUID | None = None
    code: Code | None = None
    identity: IdentityRef | None = None
    pass_: Annotated[str, Meta(max_length=100)] | None = msgspec.field(default=None, name="pass")


class QuoteAsked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A cart to be priced, for a member or for a guest."""

    cart: CartIn
    member: MemberAsked | None = None
    wish: WishIn = WishIn()


class CommitAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Turn the quote of `token` into the order `number`, unique per source of the cart."""

    token: Token
    number: Number


class ReturnAsked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Goods come back: these lines, or everything left. `number` is the return's own, unique per source."""

    number: Number
    lines: Annotated[tuple[ReturnLineIn, ...], Meta(min_length=1, max_length=500)] | None = None
    reason: Label = ""


class UndoAsked(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cancel or reopen a checkout."""

    reason: Label = ""


ASKED: tuple[type[Struct], ...] = (QuoteAsked, CommitAsked, ReturnAsked, UndoAsked)
_quote = msgspec.json.Decoder(QuoteAsked)
_commit = msgspec.json.Decoder(CommitAsked)
_return = msgspec.json.Decoder(ReturnAsked)
_undo = msgspec.json.Decoder(UndoAsked)
_encode = msgspec.json.Encoder(decimal_format="string").encode


def quote_asked(body: bytes) -> QuoteAsked:
    """Bodies are parsed strictly; what is wrong is said by its path."""
    refuse_nul(body)
    return decode(_quote, body)


def commit_asked(body: bytes) -> CommitAsked:
    refuse_nul(body)
    return decode(_commit, body)


def return_asked(body: bytes) -> ReturnAsked:
    refuse_nul(body)
    return decode(_return, body)


def undo_asked(body: bytes) -> UndoAsked:
    refuse_nul(body)
    return decode(_undo, body or b"{}")


def member_of(scope: Scope, asked: MemberAsked | None, now: datetime) -> MemberRef | None:
    """The member that was asked for; her pass is read here."""
    if asked is None:
        return None
    given = [asked.id, asked.code, asked.identity, asked.pass_]
    if sum(part is not None for part in given) != 1:
        raise invalid_field(
            "member",
            "one_of",
            "id、code、identity、pass 须且只能填一个",
            "give exactly one of id, code, identity, pass",
        )
    if asked.pass_ is not None:
        return MemberRef(id=member_pass.read(brand_id=scope.brand_id, token=asked.pass_, now=now))
    return MemberRef(id=asked.id, code=asked.code, identity=asked.identity)


def with_quote(changed: QuoteChanged) -> Refusal:
    """The 409 with the fresh quote in it."""
    fresh = msgspec.to_builtins(show_quote(changed.quote))
    return Refusal(changed.code, changed.message, status=409, data={"quote": fresh})


def asks(shape: type[Struct], example: Any = None) -> dict[str, Any]:
    """The description of an operation's body."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def answers(name: str, *statuses: int) -> dict[str, Any]:
    """The description of an operation's answers."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    said = {200: "Done before: the first answer", 201: "Done"} if 201 in statuses else {200: "The answer"}
    return {"responses": {status: {"description": said[status], "content": content} for status in statuses}}


def answer(shown: Struct, status: int) -> HttpResponse:
    made = HttpResponse(_encode(shown), status=status, content_type="application/json")
    made["Cache-Control"] = "no-store"
    return made


class TextShown(Struct, frozen=True):
    """A text in both languages."""

    zh: str
    en: str


class Part(Struct, frozen=True):
    """What one offer took off a line."""

    ref: str
    amount: int


class LineShown(Struct, frozen=True):
    """list = Σ discounts + points_money + principal + bonus + gift + payable. `points` are the units behind
    `points_money`; `earns_on` is what its earning reckons with.
    """

    line: str
    sku: str
    quantity: Decimal
    list: int
    net: int
    discounts: tuple[Part, ...]
    points: int
    points_money: int
    principal: int
    bonus: int
    gift: int
    payable: int
    earns_on: int


class AppliedShown(Struct, frozen=True, omit_defaults=True):
    """An offer that is used: a tier or member price, a promotion, a benefit, a coupon."""

    ref: str
    key: str
    name: TextShown
    source: Literal["price", "promotion", "coupon", "benefit"]
    kind: str
    amount: int
    lines: tuple[str, ...]
    coupon: UUID | None = None
    cashback: int = 0
    unit: str = ""


class RefusedShown(Struct, frozen=True, omit_defaults=True):
    """An offer or a wish that is not used, and why."""

    ref: str
    name: TextShown
    code: str
    text: TextShown
    data: dict[str, Any] = {}


class PriceShown(Struct, frozen=True):
    """The price of a cart. `price` is what it costs after offers, `payable` what is left to pay in money."""

    currency: str
    list: int
    discount: int
    price: int
    payable: int
    points: int
    points_unit: str
    points_money: int
    stored: dict[str, int]
    cashback: dict[str, int]
    lines: tuple[LineShown, ...]
    shipping: LineShown
    applied: tuple[AppliedShown, ...]
    refused: tuple[RefusedShown, ...]
    found: Literal["optimal", "heuristic", "chosen"]


class QuoteShown(Struct, frozen=True):
    """`token` commits the quote until `expires_at`; null for a guest. `earns`: what the order would earn, by unit."""

    member_id: UUID | None
    token: str | None
    quoted_at: datetime
    expires_at: datetime
    price: PriceShown
    earns: dict[str, int]
    balances: dict[str, int]
    units: dict[str, TextShown]


class CheckoutShown(Struct, frozen=True, omit_defaults=True):
    """A committed checkout. `price` and `cart` are left out of lists."""

    id: UUID
    member_id: UUID
    source: str
    number: str
    revision: int
    state: str
    state_name: TextShown
    store: str | None
    channel: str
    actor: str
    currency: str
    list: int
    payable: int
    order_id: UUID
    committed_at: datetime
    closed_at: datetime | None = None
    earned: dict[str, int] = {}
    price: PriceShown | None = None
    cart: CartIn | None = None
    returned: dict[str, str] = {}  # quantity gone back, by line
    repeated: bool = False


class CheckoutPage(Struct, frozen=True):
    items: tuple[CheckoutShown, ...]
    next_cursor: str | None = None


class MemberNamed(Struct, frozen=True):
    """A member as the till shows her; the name is masked for who may not read it."""

    code: str
    name: str


class RecentShown(Struct, frozen=True):
    """What a store sold lately, and who the members are, by id."""

    items: tuple[CheckoutShown, ...]
    members: dict[str, MemberNamed]


class ReturnShown(Struct, frozen=True):
    """What was given back: money (`payable`), points, stored value by unit, coupons, uses of benefits, budgets."""

    id: UUID
    kind: Literal["return", "cancel", "reopen"]
    checkout: CheckoutShown
    payable: int
    points: int
    points_unit: str
    points_money: int
    stored: dict[str, int]
    coupons: tuple[UUID, ...]
    quotas: dict[str, int]
    earned: dict[str, int]
    whole: bool
    lines: tuple[LineShown, ...]
    repeated: bool = False


def show_price(priced: Priced) -> PriceShown:
    return PriceShown(
        currency=priced.currency,
        list=priced.list,
        discount=priced.discount,
        price=priced.price,
        payable=priced.payable,
        points=priced.points,
        points_unit=priced.points_unit,
        points_money=priced.points_money,
        stored=dict(priced.stored),
        cashback=dict(priced.cashback),
        lines=tuple(map(_line, priced.lines)),
        shipping=_line(priced.shipping),
        applied=tuple(map(_applied, priced.applied)),
        refused=tuple(map(_refused, priced.refused)),
        found=priced.found,
    )


def show_quote(quote: Quote) -> QuoteShown:
    return QuoteShown(
        member_id=quote.member_id,
        token=quote.token,
        quoted_at=quote.quoted_at,
        expires_at=quote.expires_at,
        price=show_price(quote.priced),
        earns=dict(quote.earns),
        balances=dict(quote.balances),
        units={code: _text(name) for code, name in quote.names.items()},
    )


def show_row(row: CheckoutRow, store: str | None, **more: Any) -> CheckoutShown:
    return CheckoutShown(
        id=row.id,
        member_id=row.member_id,
        source=row.source,
        number=row.number,
        revision=row.revision,
        state=row.state,
        state_name=_text(STATES[row.state]),
        store=store,
        channel=row.channel,
        actor=row.actor,
        currency=row.currency,
        list=row.listed,
        payable=row.payable,
        order_id=row.order_id,
        committed_at=row.committed_at,
        closed_at=row.closed_at,
        **more,
    )


def show_committed(done: Committed, store: str | None) -> CheckoutShown:
    return show_row(
        done.row, store, earned=dict(done.earned), price=show_price(done.priced), repeated=done.repeated
    )


def show_whole(row: CheckoutRow, store: str | None) -> CheckoutShown:
    """One checkout with all that is kept of it."""
    return show_row(
        row,
        store,
        price=show_price(msgspec.json.decode(row.priced, type=Priced)),
        cart=msgspec.json.decode(row.cart, type=CartIn),
        returned={line: str(gone) for line, gone in msgspec.json.decode(row.returned).items()},
    )


def show_returned(back: Returned, store: str | None) -> ReturnShown:
    plan = back.plan
    kind: Any = back.kind
    return ReturnShown(
        id=back.id,
        kind=kind,
        checkout=show_row(back.row, store),
        payable=plan.payable,
        points=plan.points,
        points_unit=plan.points_unit,
        points_money=plan.points_money,
        stored=dict(plan.stored),
        coupons=plan.coupons,
        quotas=dict(plan.quotas),
        earned=dict(back.earned),
        whole=plan.whole,
        lines=tuple(map(_line, plan.lines)),
        repeated=back.repeated,
    )


def _line(line: PricedLine | ReturnedLine) -> LineShown:
    return LineShown(
        line=line.line,
        sku=line.sku,
        quantity=line.quantity,
        list=line.list,
        net=line.list - sum(amount for _, amount in line.discounts),
        discounts=tuple(Part(ref, amount) for ref, amount in line.discounts),
        points=line.points,
        points_money=line.points_money,
        principal=line.principal,
        bonus=line.bonus,
        gift=line.gift,
        payable=line.payable,
        earns_on=line.earns_on,
    )


def _applied(offer: Applied) -> AppliedShown:
    return AppliedShown(
        ref=offer.ref,
        key=offer.key,
        name=_text(offer.name),
        source=offer.source,
        kind=offer.kind,
        amount=offer.amount,
        lines=offer.lines,
        coupon=offer.coupon,
        cashback=offer.cashback,
        unit=offer.unit,
    )


def _refused(offer: Refused) -> RefusedShown:
    return RefusedShown(
        ref=offer.ref,
        name=_text(offer.name),
        code=offer.code,
        text=_text(offer.text),
        data=dict(offer.data),
    )


def _text(text: Text) -> TextShown:
    return TextShown(text.zh, text.en)


SHOWN: tuple[type[Struct], ...] = (QuoteShown, CheckoutShown, CheckoutPage, RecentShown, ReturnShown)
