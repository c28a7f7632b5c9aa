"""Packages of sessions: bought, used, undone, frozen, handed on, given back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows import lots, value
from regulars.flows.lots import Part
from regulars.flows.prepaid import buyers, ground
from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Scope
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import law_cn, packages, topups
from regulars.value.prepaid.policy.reading import read_package
from regulars.value.prepaid.policy.transfers import to_herself
from regulars.value.prepaid.store import purchases
from regulars.value.prepaid.types import (
    PACKAGE,
    USE,
    PackageRow,
    PackageTerms,
    RepaymentRow,
    TransferRow,
    UseRow,
)


def buy_package(
    *,
    scope: Scope,
    member_id: UUID,
    package: str,
    method: str,
    key: str,
    now: datetime,
    reference: str = "",
    store_code: str | None = None,
) -> PackageRow:
    """A member paid for a package: its sessions are hers, as one lot.

    Raises `not_found`, `not_for_sale`, `limit_reached`, `law_…`.
    """
    ground.check_method(method)
    brand = ground.brand_of(scope)
    store_id = ground.store_of(scope, store_code)
    settings = prepaid.get_settings(brand_id=brand.id)
    definition = prepaid.get_definition(brand_id=brand.id, kind="package", key=package)
    terms = read_package(package, definition.definition, definition.state)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=brand.id, kind="package", key=key, member_id=member_id, subject_id=id_,
            body=[package, method, reference],
        )  # fmt: skip
        if first is not None:
            return prepaid.get_package(brand_id=brand.id, member_id=member_id, package_id=first)
        if terms.state != "active":
            raise topups.not_for_sale("state")
        if terms.per_member is not None:
            had = purchases.count_packages(cursor, brand_id=brand.id, member_id=member_id, key=package)
            if had >= terms.per_member:
                raise topups.limit_reached("per_member", terms.per_member)
        if settings.law == "cn":
            law_cn.check_package(terms)
            buyer = buyers.get_buyer(scope=scope, member_id=member_id)
            law_cn.check_registered(balance_after=terms.price, paid=terms.price, method=method, buyer=buyer)
        ends = packages.first_end(terms, now, brand.timezone)
        made = lots.credit(
            scope=scope, member_id=member_id,
            parts=[Part(settings.sessions, terms.sessions, ends, f"package:{package}", "paid")],
            key=f"package:{id_}", now=now, store=store_code, subject=f"package:{id_}",
        )  # fmt: skip
        row = PackageRow(
            member_id=member_id, id=id_, brand_id=brand.id, key=package, state="active", sessions=terms.sessions,
            price=terms.price, lot_id=made.lots[0], bought_at=now,
            started_at=now if terms.counts_from == "purchase" else None, expires_at=ends, frozen_at=None,
            frozen_until=None, frozen_days=0, refunded=0, came_from=None, method=method, reference=reference,
            store_id=store_id, actor=scope.actor.label,
            terms={"definition": dict(definition.definition), "contract": settings.contract_version,
                   "revision": definition.revision}, created_at=now,
        )  # fmt: skip
        purchases.add(cursor, brand_id=brand.id, row=row)
        ground.record(
            scope,
            "package.create",
            member_id,
            now,
            {"package": package, "price": terms.price, "method": method},
        )
        return row


def use_package(
    *,
    scope: Scope,
    member_id: UUID,
    package_id: UUID,
    key: str,
    now: datetime,
    sessions: int = 1,
    service: str = "",
    store_code: str | None = None,
    subject: str = "",
    kind: Literal["use", "no_show"] = "use",
) -> UseRow:
    """Use sessions at a store (核销), or take them for a booking she did not come to (`no_show`).

    Raises `package_not_active`, `wrong_store`, `wrong_service`, `insufficient_balance` (409).
    """
    if sessions < 1:
        raise invalid_field("sessions", "not_positive", "必须大于 0", "must be above 0")
    brand = ground.brand_of(scope)
    store_id = ground.store_of(scope, store_code)
    settings = prepaid.get_settings(brand_id=brand.id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=brand.id, kind="package_use", key=key, member_id=member_id, subject_id=id_,
            body=[str(package_id), str(sessions), service, store_code or "", kind],
        )  # fmt: skip
        if first is not None:
            return _use(cursor, scope, member_id, first)
        row = _package(cursor, scope, member_id, package_id)
        terms = terms_of(row)
        packages.check_usable(row, terms, store=store_code, service=service)
        receipt, _ = lots.burn_from(
            scope=scope, member_id=member_id, unit=settings.sessions, amount=sessions, lots=[row.lot_id],
            key=f"package_use:{id_}", now=now, store=store_code, reason=service,
        )  # fmt: skip
        begins = row.started_at is None
        if begins:
            ends = packages.end_once_begun(terms, now, brand.timezone)
            if _left(row):
                _end_lot(scope, row, ends, f"begin:{id_}", now)
            row = replace(row, started_at=now, expires_at=ends)
            purchases.save_package(cursor, row)
        use = UseRow(
            member_id, id_, package_id, kind, sessions, service, subject, store_id, scope.actor.label,
            receipt.activity_id, begins, now, now + timedelta(minutes=terms.undo_minutes), None,
        )  # fmt: skip
        purchases.add(cursor, brand_id=brand.id, row=use)
        ground.record(
            scope, f"package.{kind}", member_id, now,
            {"package": str(package_id), "sessions": sessions, "service": service, "store": store_code},
        )  # fmt: skip
        return use


def undo_use(
    *, scope: Scope, member_id: UUID, use_id: UUID, key: str, now: datetime, any_time: bool = False
) -> UseRow:
    """Take a use back within its window (`any_time`: also after it): the sessions return to their package.

    Undoing twice is undoing once. Raises `undo_window_over`, `package_not_active` (409).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        use = _use(cursor, scope, member_id, use_id)
        scope.require_store(use.store_id)
        if use.undone_at is not None:
            return use
        row = _package(cursor, scope, member_id, use.package_id)
        if row.state not in ("active", "frozen"):
            raise packages.not_active(row.state)
        if now > use.undo_until and not any_time:
            raise conflict("undo_window_over", "已超过撤销时限", "It is too late to take it back")
        value.return_burn(
            scope=replace(scope, store_ids=None),
            member_id=member_id,
            burn_id=use.activity_id,
            key=f"package_undo:{use.id}",
            now=now,
        )
        purchases.set_undone(cursor, use=use, now=now)
        others = purchases.uses_of(cursor, member_id=member_id, package_id=row.id)
        if use.first and all(o.undone_at is not None for o in others) and row.state == "active":
            terms = terms_of(row)
            ends = packages.first_end(terms, row.bought_at, ground.brand_of(scope).timezone)
            if ends is None or ends > now:
                _end_lot(scope, row, ends, f"unbegin:{use.id}", now)
                purchases.save_package(cursor, replace(row, started_at=None, expires_at=ends))
        ground.record(
            scope, "package.undo", member_id, now, {"package": str(row.id), "sessions": use.sessions}
        )
        return replace(use, undone_at=now)


def freeze_package(
    *, scope: Scope, member_id: UUID, package_id: UUID, days: int, key: str, now: datetime
) -> PackageRow:
    """Nobody uses it for `days` days, and it ends so much later. Raises `freeze_limit`, `package_not_active`."""
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        row = _package(cursor, scope, member_id, package_id)
        first = activities.claim(
            brand_id=scope.brand_id, kind="package_freeze", key=key, member_id=member_id, subject_id=row.id,
            body=[str(package_id), str(days)],
        )  # fmt: skip
        if first is not None:
            return row
        packages.check_freeze(row, terms_of(row), days)
        until = now + timedelta(days=days)
        ends = row.expires_at + timedelta(days=days) if row.expires_at else None
        if ends is not None and _left(row):
            _end_lot(scope, row, ends, f"freeze:{key}", now)
        row = replace(
            row,
            state="frozen",
            frozen_at=now,
            frozen_until=until,
            frozen_days=row.frozen_days + days,
            expires_at=ends,
        )
        purchases.save_package(cursor, row)
        ground.record(scope, "package.freeze", member_id, now, {"package": str(package_id), "days": days})
        return row


def unfreeze_package(
    *, scope: Scope, member_id: UUID, package_id: UUID, now: datetime, key: str
) -> PackageRow:
    """The freeze ends now; days that were not begun come off the package's end again. Ending twice is ending once."""
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        row = _package(cursor, scope, member_id, package_id)
        if row.state != "frozen":
            return row
        assert row.frozen_at is not None and row.frozen_until is not None
        asked = round((row.frozen_until - row.frozen_at) / timedelta(days=1))
        unused = asked - packages.days_frozen(row.frozen_at, row.frozen_until, now)
        ends = row.expires_at - timedelta(days=unused) if row.expires_at else None
        if ends is not None and unused and _left(row):
            _end_lot(scope, row, ends, f"thaw:{row.id}:{row.frozen_at.isoformat()}", now)
        row = replace(
            row,
            state="active",
            frozen_at=None,
            frozen_until=None,
            frozen_days=row.frozen_days - unused,
            expires_at=ends,
        )
        purchases.save_package(cursor, row)
        ground.record(
            scope, "package.unfreeze", member_id, now, {"package": str(package_id), "unused": unused}
        )
        return row


def transfer_package(
    *, scope: Scope, member_id: UUID, package_id: UUID, to: UUID, key: str, now: datetime, message: str = ""
) -> PackageRow:
    """Hand what is left of a package on to another member, with its end. Answers the receiver's package.

    Raises `not_transferable`, `package_not_active` (409).
    """
    if to == member_id:
        raise to_herself()
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id, to)
        id_ = new_id()
        first = activities.claim(
            brand_id=scope.brand_id, kind="package_transfer", key=key, member_id=member_id, subject_id=id_,
            body=[str(package_id), str(to)],
        )  # fmt: skip
        if first is not None:
            return prepaid.get_package(brand_id=scope.brand_id, member_id=to, package_id=first)
        row = _package(cursor, scope, member_id, package_id)
        if row.state != "active":
            raise packages.not_active(row.state)
        left = _left(row)
        if not terms_of(row).transferable or not left:
            raise conflict("not_transferable", "该次卡不可转让", "This package cannot be handed on")
        lots.burn_from(
            scope=scope, member_id=member_id, unit=settings.sessions, amount=left, lots=[row.lot_id],
            contra="transferred", key=f"package_transfer:{id_}", now=now,
        )  # fmt: skip
        made = lots.credit(
            scope=scope, member_id=to,
            parts=[Part(settings.sessions, left, row.expires_at, f"package:{row.key}", "transferred")],
            key=f"package_transfer:{id_}", now=now,
        )  # fmt: skip
        hers = replace(
            row, member_id=to, id=id_, lot_id=made.lots[0], sessions=left, came_from=row.id, refunded=0,
            price=packages.worth(row.price - row.refunded, row.sessions, left), created_at=now, actor=scope.actor.label,
        )  # fmt: skip
        purchases.add(cursor, brand_id=scope.brand_id, row=hers)
        purchases.save_package(cursor, replace(row, state="transferred"))
        add_transfers(cursor, scope, member_id, to, "package", settings.sessions, left, message, now)
        ground.record(scope, "package.transfer", member_id, now, {"package": str(package_id), "to": str(to)})
        return hers


def refund_package(
    *,
    scope: Scope,
    member_id: UUID,
    package_id: UUID,
    key: str,
    now: datetime,
    reason: str = "",
    reference: str = "",
) -> RepaymentRow:
    """Give back the money for what is unused, by the package's terms; an unused one within the law's 7 days whole.

    Raises `not_refundable`, `package_not_active` (409).
    """
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=scope.brand_id, kind="package_refund", key=key, member_id=member_id, subject_id=id_,
            body=[str(package_id)],
        )  # fmt: skip
        if first is not None:
            earlier = purchases.get(
                cursor, RepaymentRow, brand_id=scope.brand_id, member_id=member_id, id_=first
            )
            assert earlier is not None
            return earlier
        row = _package(cursor, scope, member_id, package_id)
        if row.state not in ("active", "frozen"):
            raise packages.not_active(row.state)
        left = _left(row)
        by_right = settings.law == "cn" and law_cn.may_return_all(
            bought_at=row.bought_at, now=now, unused=left == row.sessions and row.came_from is None
        )
        money = (
            row.price
            if by_right
            else packages.plan_refund(terms_of(row), price=row.price, sessions=row.sessions, left=left)
        )
        lots.burn_from(
            scope=scope, member_id=member_id, unit=settings.sessions, amount=left, lots=[row.lot_id], contra="paid",
            key=f"package_refund:{id_}", now=now, reason=reason,
        )  # fmt: skip
        purchases.save_package(cursor, replace(row, state="refunded", refunded=money))
        repaid = RepaymentRow(
            member_id,
            id_,
            "package",
            row.id,
            money,
            left,
            0,
            by_right,
            reason,
            reference,
            scope.actor.label,
            now,
        )
        purchases.add(cursor, brand_id=scope.brand_id, row=repaid)
        ground.record(
            scope,
            "package.refund",
            member_id,
            now,
            {"package": str(package_id), "money": money, "left": left},
        )
        return repaid


def terms_of(row: PackageRow) -> PackageTerms:
    """The terms under which it was bought."""
    return read_package(row.key, row.terms["definition"])


def add_transfers(
    cursor: Any,
    scope: Scope,
    giver: UUID,
    receiver: UUID,
    what: str,
    unit: str,
    amount: int,
    message: str,
    now: datetime,
    id_: UUID | None = None,
) -> TransferRow:
    """One row at each of the two; answers the giver's."""
    out = TransferRow(
        giver, id_ or new_id(), "out", receiver, what, unit, amount, message, scope.actor.label, now
    )
    into = TransferRow(receiver, new_id(), "in", giver, what, unit, amount, message, scope.actor.label, now)
    for row in (out, into):
        purchases.add(cursor, brand_id=scope.brand_id, row=row)
    return out


def _package(cursor: Any, scope: Scope, member_id: UUID, package_id: UUID) -> PackageRow:
    row = purchases.get(
        cursor, PackageRow, brand_id=scope.brand_id, member_id=member_id, id_=package_id, lock=True
    )
    if row is None:
        raise not_found(PACKAGE)
    return row


def _use(cursor: Any, scope: Scope, member_id: UUID, use_id: UUID) -> UseRow:
    row = purchases.get(cursor, UseRow, brand_id=scope.brand_id, member_id=member_id, id_=use_id, lock=True)
    if row is None:
        raise not_found(USE)
    return row


def _left(row: PackageRow) -> int:
    found = ledger.get_lots(brand_id=row.brand_id, member_id=row.member_id, ids=[row.lot_id])
    return found[row.lot_id].remaining


def _end_lot(scope: Scope, row: PackageRow, ends: datetime | None, key: str, now: datetime) -> None:
    lots.end_lot_at(scope=scope, member_id=row.member_id, lot=row.lot_id, expires_at=ends, key=key, now=now)
