"""Codes: made by the hundred thousand, imported as others spelt them, kept back, brought by members, verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.value.coupons.policy import coding, usable
from regulars.value.coupons.store import codes, definitions, holding
from regulars.value.coupons.types import DEFINITION, Batch, CodeRow, Coupon, Held

MOST = 1_000_000
_BATCH = Text("券码批次", "Batch of codes")


def make_codes(
    *,
    scope: Scope,
    definition: str,
    count: int,
    now: datetime,
    note: str = "",
    reserved_for: str = "",
    batch_id: UUID | None = None,
) -> Batch:
    """Make codes that nobody guesses, 1 to 1 000 000, each worth one coupon to whoever brings it first.

    With `reserved_for` they are kept back until `release_batch`. Raises `not_found`, `invalid_input`.
    """
    if not 1 <= count <= MOST:
        raise invalid_field("count", "out_of_range", f"应为 1 到 {MOST}", f"Must be 1 to {MOST}")
    batch = _batch(scope, definition, "made", count, note, reserved_for, now, batch_id)
    with transaction.atomic(), connection.cursor() as cursor:
        _known(scope.brand_id, definition)
        codes.add_batch(cursor, brand_id=scope.brand_id, batch=batch)
        codes.add(
            cursor,
            brand_id=scope.brand_id,
            definition=definition,
            batch_id=batch.id,
            codes=coding.make(count),
            state="reserved" if reserved_for else "free",
        )
        _record(scope, "coupon_codes.made", batch, now)
    return batch


def open_batch(
    *, scope: Scope, definition: str, now: datetime, note: str = "", reserved_for: str = ""
) -> Batch:
    """An empty batch for codes that come from elsewhere; `add_codes` fills it."""
    batch = _batch(scope, definition, "imported", 0, note, reserved_for, now)
    with transaction.atomic(), connection.cursor() as cursor:
        _known(scope.brand_id, definition)
        codes.add_batch(cursor, brand_id=scope.brand_id, batch=batch)
        _record(scope, "coupon_codes.imported", batch, now)
    return batch


def add_codes(*, scope: Scope, batch: Batch, spelt: Sequence[str]) -> list[str]:
    """Add codes to an imported batch, exactly as they are spelt; returns those that the brand knew already."""
    with transaction.atomic(), connection.cursor() as cursor:
        new = codes.add_new(
            cursor,
            brand_id=scope.brand_id,
            definition=batch.definition,
            batch_id=batch.id,
            codes=spelt,
            state="reserved" if batch.reserved_for else "free",
        )
        return [code for code in spelt if code not in new]


def close_batch(*, batch: Batch, count: int) -> None:
    """Note how many codes an imported batch has in the end."""
    with connection.cursor() as cursor:
        codes.set_batch(cursor, batch_id=batch.id, count=count)


def release_batch(*, scope: Scope, batch_id: UUID, now: datetime) -> int:
    """Let reserved codes go into use; returns how many."""
    return _move(scope, batch_id, ("reserved",), "free", "coupon_codes.released", now)


def void_batch(*, scope: Scope, batch_id: UUID, now: datetime) -> int:
    """Make the codes of a batch worthless that nobody has brought yet; returns how many."""
    return _move(scope, batch_id, ("free", "reserved"), "void", "coupon_codes.voided", now)


def get_batch(*, brand_id: UUID, batch_id: UUID) -> Batch:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = codes.find_batch(cursor, brand_id=brand_id, batch_id=batch_id)
    if found is None:
        raise not_found(_BATCH)
    return found


def count_free_codes(*, brand_id: UUID, definition: str) -> int:
    """How many codes of a definition nobody has brought yet."""
    with connection.cursor() as cursor:
        return codes.count_free(cursor, brand_id=brand_id, definition=definition)


def list_batches(
    *, brand_id: UUID, definition: str, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Batch]:
    """A definition's batches, newest first, with what became of their codes."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = codes.list_batches(
            db,
            brand_id=brand_id,
            definition=definition,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda b: [b.created_at.isoformat(), b.id])


def each_code(*, brand_id: UUID, batch_id: UUID) -> Iterator[CodeRow]:
    """The codes of a batch as they are shown, for a download."""
    with connection.cursor() as cursor:
        yield from codes.each_of_batch(cursor, brand_id=brand_id, batch_id=batch_id)


def find_code(*, brand_id: UUID, code: str) -> CodeRow:
    """What a code is, typed in whatever way. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = codes.find(cursor, brand_id=brand_id, hashes=coding.hashes(brand_id, code))
    if found is None or not code.strip():
        raise usable.no_such_code()
    return found


def lock_code(*, brand_id: UUID, code: str) -> tuple[UUID, CodeRow]:
    """The same, held until the transaction ends: of many who bring one code, one comes first."""
    with connection.cursor() as cursor:
        found = codes.lock(cursor, brand_id=brand_id, hashes=coding.hashes(brand_id, code))
    if found is None or not code.strip():
        raise usable.no_such_code()
    return found


def bind_code(*, code_hash: UUID, coupon: Coupon, now: datetime) -> None:
    """A free code became this coupon; in the transaction that locked it."""
    with connection.cursor() as cursor:
        codes.bind(cursor, rows=[(code_hash, coupon.member_id, coupon.id)], now=now)


def show_code(*, brand_id: UUID, member_id: UUID, coupon_id: UUID, now: datetime) -> Held:
    """The coupon with a code that a store can read or type; one is made when it is first asked for.

    Raises `not_found`, and why the coupon cannot be used if it is over.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        rows = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id])
        coupon = rows.get(coupon_id)
        if coupon is None:
            raise usable.no_such_coupon()
        made = definitions.read(cursor, brand_id=brand_id, keys=[coupon.definition])[coupon.definition]
        if coupon.code is None:
            why = usable.why_not(coupon, made, now)
            if why not in (None, "coupon_not_started"):
                raise usable.refusal(str(why), made)
            (code,) = coding.make(1)
            codes.add_bound(
                cursor,
                brand_id=brand_id,
                definition=coupon.definition,
                code=code,
                holder_id=member_id,
                coupon_id=coupon_id,
                now=now,
            )
            holding.set_code(cursor, member_id=member_id, coupon_id=coupon_id, code=code)
            coupon = holding.lock(cursor, brand_id=brand_id, member_id=member_id, ids=[coupon_id])[coupon_id]
        return Held(coupon, made)


def shown(code: str) -> str:
    """A code as people read it."""
    return coding.shown(code)


def spellings(typed: str) -> tuple[str, ...]:
    """The codes that something typed or scanned may mean: exactly that, or a code of ours written in some way."""
    return tuple(dict.fromkeys(code for code in (typed.strip(), coding.plain(typed)) if code))


def _known(brand_id: UUID, definition: str) -> None:
    with connection.cursor() as cursor:
        if definition not in definitions.read(cursor, brand_id=brand_id, keys=[definition]):
            raise not_found(DEFINITION)


def _batch(
    scope: Scope,
    definition: str,
    origin: str,
    count: int,
    note: str,
    reserved_for: str,
    now: datetime,
    id_: UUID | None = None,
) -> Batch:
    return Batch(id_ or new_id(), definition, origin, count, note, reserved_for, scope.actor.label, now)


def _move(scope: Scope, batch_id: UUID, old: tuple[str, ...], new: str, action: str, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        batch = codes.find_batch(cursor, brand_id=scope.brand_id, batch_id=batch_id)
        if batch is None:
            raise not_found(_BATCH)
        moved = codes.set_batch_state(cursor, brand_id=scope.brand_id, batch_id=batch_id, old=old, new=new)
        if not moved:
            raise conflict("no_codes", "没有符合条件的券码", "There are no such codes", batch=str(batch_id))
        if new == "free":
            codes.set_batch(cursor, batch_id=batch_id, reserved_for="")
        _record(scope, action, batch, now, moved)
        return moved


def _record(scope: Scope, action: str, batch: Batch, now: datetime, count: int | None = None) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="coupon_codes",
        subject_id=batch.id,
        after={
            "definition": batch.definition,
            "count": batch.count if count is None else count,
            "note": batch.note,
            "reserved_for": batch.reserved_for,
        },
        now=now,
    )
