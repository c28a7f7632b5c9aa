"""Gift cards: made in batches, sold, claimed into a wallet, given on, voided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows import lots
from regulars.flows.lots import Part
from regulars.flows.prepaid import buyers, ground
from regulars.flows.prepaid.packages import add_transfers
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.periods import add_months_at
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import cards, law_cn
from regulars.value.prepaid.policy.reading import is_key
from regulars.value.prepaid.policy.transfers import to_herself
from regulars.value.prepaid.store import cards as store
from regulars.value.prepaid.types import BATCH, CARD, BatchRow, CardRow

MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class MadeCard:
    """A card as it is handed out, once: after this nobody can read its number or PIN."""

    serial: int
    number: str
    pin: str


def create_batch(
    *,
    scope: Scope,
    code: str,
    name: Text,
    face: int,
    count: int,
    now: datetime,
    price: int | None = None,
    valid_months: int | None = None,
    registered: bool = False,
    design: str = "",
) -> BatchRow:
    """Raises `invalid_input`, `batch_exists` (409), and what the law says no to."""
    errors = ErrorList()
    if not is_key(code):
        errors.add("code", "bad_code", "只能用小写字母、数字、- 和 _", "a-z, 0-9, - and _ only")
    if not 0 < face <= 10**9:
        errors.add("face", "out_of_range", "应大于 0", "must be above 0")
    if price is not None and not 0 <= price <= 10**9:
        errors.add("price", "out_of_range", "不能小于 0", "must not be below 0")
    if not 0 < count <= cards.MAX_COUNT:
        errors.add("count", "out_of_range", f"1–{cards.MAX_COUNT}", f"1 to {cards.MAX_COUNT}")
    if valid_months is not None and not 0 < valid_months <= 240:
        errors.add("valid_months", "out_of_range", "1–240", "1 to 240")
    if not (name.zh.strip() or name.en.strip()) or max(len(name.zh), len(name.en)) > 100:
        errors.add("name", "bad_text", "1–100 字", "1 to 100 characters")
    if len(design) > 100:
        errors.add("design", "too_long", "最长 100 字", "at most 100 characters")
    errors.refuse()
    if prepaid.get_settings(brand_id=scope.brand_id).law == "cn":
        law_cn.check_batch(face=face, valid_months=valid_months, registered=registered)
    batch = BatchRow(
        new_id(), scope.brand_id, code, name, design, face, face if price is None else price, count, valid_months,
        registered, None, scope.actor.label, now,
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        if not store.add_batch(cursor, batch):
            raise conflict("batch_exists", f"批次 {code} 已存在", f"There is a batch {code} already")
        ground.record(scope, "gift_batch.create", code, now, {"face": face, "count": count})
    return batch


def hand_out(*, scope: Scope, code: str, now: datetime) -> tuple[BatchRow, list[MadeCard]]:
    """Make a batch's cards and say their numbers and PINs, this once. Raises `handed_out` (409) ever after."""
    with transaction.atomic(), connection.cursor() as cursor:
        batch = store.get_batch(cursor, brand_id=scope.brand_id, code=code, lock=True)
        if batch is None:
            raise not_found(BATCH)
        if batch.handed_out_at is not None:
            raise conflict(
                "handed_out",
                "该批次的卡号与密码已导出，不能再次导出",
                "The numbers of this batch were handed out already and can be read no more",
            )
        made: dict[str, MadeCard] = {}
        while len(made) < batch.count:
            number = cards.new_number()
            made.setdefault(number, MadeCard(len(made) + 1, number, cards.new_pin()))
        listed = list(made.values())
        store.add_cards(
            cursor,
            batch=batch,
            cards=[
                (
                    card.serial,
                    card.number[-4:],
                    number_hash(scope, card.number),
                    _pin_hash(card.number, card.pin),
                )
                for card in listed
            ],
        )
        store.set_handed_out(cursor, batch_id=batch.id, now=now)
        ground.record(scope, "gift_batch.hand_out", code, now, {"count": batch.count})
    return replace(batch, handed_out_at=now), listed


def sell_cards(
    *,
    scope: Scope,
    numbers: Sequence[str],
    method: str,
    key: str,
    now: datetime,
    reference: str = "",
    store_code: str | None = None,
    buyer_member: UUID | None = None,
) -> list[CardRow]:
    """Cards sold at a till become active, all or none. Raises `card_unknown`, `card_not_active` (409), `law_…`.

    `buyer_member` is whose recorded identity the law's large purchases are kept with.
    """
    ground.check_method(method)
    store_id = ground.store_of(scope, store_code)
    if not 0 < len(numbers) <= MOST_AT_ONCE:
        raise invalid_field("numbers", "wrong_count", f"1–{MOST_AT_ONCE} 张", f"1 to {MOST_AT_ONCE} cards")
    hashes = sorted({number_hash(scope, _number(number)) for number in numbers})
    with transaction.atomic(), connection.cursor() as cursor:
        first = activities.claim(
            brand_id=scope.brand_id, kind="gift_sale", key=key, member_id=ground.NOBODY, subject_id=new_id(),
            body=[method, reference, *map(str, hashes)],
        )  # fmt: skip
        found = [locked_card(cursor, scope, hash_) for hash_ in hashes]
        if first is not None:
            return found
        batches = store.batches_by_id(cursor, brand_id=scope.brand_id, ids={card.batch_id for card in found})
        _check_sale(scope, found, batches, method, buyer_member)
        timezone = ground.brand_of(scope).timezone
        sold = []
        for card in found:
            if card.state != "made":
                raise conflict(
                    "card_not_active", f"尾号 {card.ending} 的卡不可激活", f"The card …{card.ending} is {card.state}",
                    state=card.state, ending=card.ending,
                )  # fmt: skip
            months = batches[card.batch_id].valid_months
            sold.append(
                replace(
                    card, state="active", activated_at=now, activated_store_id=store_id, sold_by=scope.actor.label,
                    reference=reference, expires_at=add_months_at(now, months, timezone) if months else None,
                )
            )  # fmt: skip
            store.save_card(cursor, sold[-1])
        ground.record(
            scope, "gift_card.sell", f"{len(sold)} × …{sold[0].ending}", now,
            {"cards": len(sold), "paid": sum(batches[c.batch_id].price for c in sold), "method": method},
        )  # fmt: skip
        return sold


def claim_card(*, scope: Scope, member_id: UUID, number: str, pin: str, key: str, now: datetime) -> CardRow:
    """Bind a card to a member: its whole value is hers, as one lot. A wrong PIN is counted even though it is refused.

    Raises `card_unknown` (404) for an unknown number and for a wrong PIN alike, `card_locked`, `card_not_active` (409).
    """
    typed = cards.normalise_number(number)
    if typed is None:
        raise cards.no_such_card()
    answer = _claim(scope, member_id, typed, cards.normalise_pin(pin), key, now)
    if isinstance(answer, Refusal):
        raise answer
    return answer


def _claim(
    scope: Scope, member_id: UUID, number: str, pin: str, key: str, now: datetime
) -> CardRow | Refusal:
    """In one transaction, which also a wrong PIN commits."""
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        card = store.get_card(
            cursor, brand_id=scope.brand_id, number_hash=number_hash(scope, number), lock=True
        )
        if card is None:
            return cards.no_such_card()
        if card.locked_until is None or card.locked_until <= now:
            if card.pin_hash != _pin_hash(number, pin):
                misses, locked_until = cards.after_miss(card.misses, now)
                store.save_card(cursor, replace(card, misses=misses, locked_until=locked_until))
                return cards.no_such_card()
            if card.state == "claimed" and card.holder_id == member_id:
                body = [str(card.number_hash)]
                if activities.claim(
                    brand_id=scope.brand_id, kind="gift_claim", key=key, member_id=member_id,
                    subject_id=card.number_hash, body=body,
                ) is not None:  # fmt: skip
                    return card
        cards.check_claim(card, now)
        activities.claim(
            brand_id=scope.brand_id, kind="gift_claim", key=key, member_id=member_id, subject_id=card.number_hash,
            body=[str(card.number_hash)],
        )  # fmt: skip
        batch = store.batches_by_id(cursor, brand_id=scope.brand_id, ids=[card.batch_id])[card.batch_id]
        made = lots.credit(
            scope=scope, member_id=member_id,
            parts=[Part(settings.gift, card.face, card.expires_at, f"gift:{batch.code}", "claimed")],
            key=f"gift:{card.number_hash}", now=now, subject=f"gift:{card.ending}",
        )  # fmt: skip
        card = replace(
            card,
            state="claimed",
            misses=0,
            locked_until=None,
            holder_id=member_id,
            claimed_at=now,
            lot_id=made.lots[0],
        )
        store.save_card(cursor, card)
        ground.record(
            scope,
            "gift_card.claim",
            member_id,
            now,
            {"batch": batch.code, "ending": card.ending, "face": card.face},
        )
        return card


def give_card(
    *, scope: Scope, member_id: UUID, card_id: UUID, to: UUID, key: str, now: datetime, message: str = ""
) -> CardRow:
    """What is left of a claimed card goes to another member, with its end. Raises `card_empty` (409)."""
    if to == member_id:
        raise to_herself()
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id, to)
        card = locked_card(cursor, scope, card_id)
        first = activities.claim(
            brand_id=scope.brand_id, kind="gift_give", key=key, member_id=member_id, subject_id=card_id,
            body=[str(card_id), str(to)],
        )  # fmt: skip
        if first is not None:
            return card
        if card.holder_id != member_id or card.lot_id is None:
            raise not_found(CARD)
        found = ledger.get_lots(brand_id=scope.brand_id, member_id=member_id, ids=[card.lot_id])
        left = found[card.lot_id].remaining
        if not left:
            raise conflict("card_empty", "卡内已无余额", "Nothing is left on the card")
        subject = new_id()
        lots.burn_from(
            scope=scope, member_id=member_id, unit=settings.gift, amount=left, lots=[card.lot_id],
            contra="transferred", key=f"gift_give:{subject}", now=now,
        )  # fmt: skip
        made = lots.credit(
            scope=scope, member_id=to,
            parts=[Part(settings.gift, left, found[card.lot_id].expires_at, found[card.lot_id].rule, "transferred")],
            key=f"gift_give:{subject}", now=now,
        )  # fmt: skip
        card = replace(card, holder_id=to, lot_id=made.lots[0])
        store.save_card(cursor, card)
        add_transfers(cursor, scope, member_id, to, "gift_card", settings.gift, left, message, now)
        ground.record(
            scope, "gift_card.give", member_id, now, {"ending": card.ending, "to": str(to), "left": left}
        )
        return card


def void_card(*, scope: Scope, card_id: UUID, reason: str, now: datetime) -> CardRow:
    """A card that nobody has claimed is worth nothing any more. Raises `card_not_active` (409). Twice is once."""
    check_reason(reason)
    with transaction.atomic(), connection.cursor() as cursor:
        card = locked_card(cursor, scope, card_id)
        if card.state == "void":
            return card
        if card.state not in ("made", "active"):
            raise conflict(
                "card_not_active", "已绑定或已过期的卡不可作废", f"The card is {card.state}", state=card.state
            )
        card = replace(card, state="void", ended_at=now, ended_reason=reason)
        store.save_card(cursor, card)
        ground.record(scope, "gift_card.void", f"…{card.ending}", now, {"reason": reason, "face": card.face})
        return card


def void_batch(*, scope: Scope, code: str, reason: str, now: datetime) -> int:
    """Every unclaimed card of a batch becomes void; returns how many did."""
    check_reason(reason)
    with transaction.atomic(), connection.cursor() as cursor:
        batch = store.get_batch(cursor, brand_id=scope.brand_id, code=code, lock=True)
        if batch is None:
            raise not_found(BATCH)
        count = store.void_batch(cursor, brand_id=scope.brand_id, batch_id=batch.id, reason=reason, now=now)
        ground.record(scope, "gift_batch.void", code, now, {"reason": reason, "cards": count})
        return count


def find_card(*, scope: Scope, number: str) -> CardRow:
    """A card by its number, for staff at a till. Raises `card_unknown`."""
    with connection.cursor() as cursor:
        card = store.get_card(
            cursor, brand_id=scope.brand_id, number_hash=number_hash(scope, _number(number))
        )
    if card is None:
        raise cards.no_such_card()
    return card


def number_hash(scope: Scope, number: str) -> UUID:
    """The keyed hash under which a brand's card is found: the card's id towards people."""
    return privacy.blind_index(value=f"{scope.brand_id}:{number}", purpose="gift_card")


def _pin_hash(number: str, pin: str) -> UUID:
    return privacy.blind_index(value=f"{number}:{pin}", purpose="gift_card_pin")


def _number(typed: str) -> str:
    number = cards.normalise_number(typed)
    if number is None:
        raise cards.no_such_card()
    return number


def locked_card(cursor: Any, scope: Scope, hash_: UUID) -> CardRow:
    """A card by its id. Raises `card_unknown`."""
    card = store.get_card(cursor, brand_id=scope.brand_id, number_hash=hash_, lock=True)
    if card is None:
        raise cards.no_such_card()
    return card


def _check_sale(
    scope: Scope,
    sold: Sequence[CardRow],
    batches: dict[UUID, BatchRow],
    method: str,
    buyer_member: UUID | None,
) -> None:
    if prepaid.get_settings(brand_id=scope.brand_id).law != "cn":
        return
    for batch in batches.values():
        law_cn.check_batch(face=batch.face, valid_months=batch.valid_months, registered=batch.registered)
    buyer = buyers.get_buyer(scope=scope, member_id=buyer_member) if buyer_member else None
    paid = sum(batches[card.batch_id].price for card in sold)
    law_cn.check_bearer_sale(paid=paid, method=method, buyer=buyer)
    if buyer is None and any(batches[card.batch_id].registered for card in sold):
        raise law_cn.buyer_unknown()


def check_reason(reason: str) -> None:
    """Whoever ends a card says why."""
    if not 0 < len(reason.strip()) <= 500:
        raise invalid_field(
            "reason", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters"
        )
