"""All that is prepaid of one member, in words: what her page shows, and what every act on it answers with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from regulars.facts.members import api as members
from regulars.flows.prepaid import api as flows
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.programme.rules.types import MONEY_KINDS
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.prepaid import (
    CardOut,
    CardRefundOut,
    PackageOut,
    PrepaidOut,
    RepaymentOut,
    StampCardOut,
    TopUpOut,
    TransferOut,
    UnitOut,
    UseOut,
)
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import (
    KIND_NAMES,
    STATE_NAMES,
    TOP_UP,
    BatchRow,
    CardRow,
    GiftRefundRow,
    PackageRow,
)

_MOST = 50
_USED_UP = Text("已用完", "used up")
_KINDS = frozenset({"stored_principal", "stored_bonus", "sessions", "gift", "collectible", "stamps"})


def tab(naming: Naming, member_id: UUID, now: datetime) -> PrepaidOut:
    """Everything of a member, newest first."""
    brand_id = naming.scope.brand_id
    settings = prepaid.get_settings(brand_id=brand_id)
    balances = ledger.get_balances(brand_id=brand_id, member_ids=[member_id]).get(member_id, {})
    stores = {store.id: store.code for store in organisations.stores_of(brand_id=brand_id).values()}
    ladders = {row.key: row for row in prepaid.list_definitions(brand_id=brand_id, kind="ladder")}
    packages = prepaid.list_packages(brand_id=brand_id, member_id=member_id, limit=_MOST).items
    lots = ledger.get_lots(brand_id=brand_id, member_id=member_id, ids=[row.lot_id for row in packages])
    units = naming.programme.units if naming.programme else {}
    transfers = prepaid.list_transfers(brand_id=brand_id, member_id=member_id, limit=_MOST).items
    others = _codes(naming, {row.other_id for row in transfers})
    return PrepaidOut(
        currency=naming.brand.currency,
        law=settings.law,
        buyer=flows.get_buyer(scope=naming.scope, member_id=member_id) is not None,
        units=[
            UnitOut(
                unit=code,
                name=naming.unit(code),
                kind=unit.kind,
                money=unit.kind in MONEY_KINDS,
                available=balances[code].available if code in balances else 0,
                held=balances[code].held if code in balances else 0,
            )
            for code, unit in units.items()
            if unit.kind in _KINDS
        ],
        top_ups=[
            TopUpOut(
                id=str(row.id),
                ladder=row.ladder,
                ladder_name=_name(naming, ladders[row.ladder].definition)
                if row.ladder in ladders
                else row.ladder,
                principal=row.principal,
                bonus=row.bonus,
                refunded=row.refunded,
                bonus_taken=row.bonus_taken,
                refundable=flows.most_refundable(row),
                method=row.method,
                reference=row.reference,
                store=stores.get(row.store_id) if row.store_id else None,
                actor=row.actor,
                created_at=row.created_at,
            )
            for row in prepaid.list_top_ups(brand_id=brand_id, member_id=member_id, limit=_MOST).items
        ],
        packages=[_package(naming, row, lots[row.lot_id].remaining, now) for row in packages],
        uses=_uses(naming, packages, stores, now),
        cards=card_outs(naming, prepaid.list_held_cards(brand_id=brand_id, member_id=member_id), member_id),
        repayments=[
            RepaymentOut(
                id=str(row.id),
                what=row.what,
                what_name=naming.say(TOP_UP if row.what == "top_up" else KIND_NAMES["package"]),
                money=row.money,
                units=row.units,
                bonus=row.bonus,
                by_right=row.by_right,
                reason=row.reason,
                actor=row.actor,
                created_at=row.created_at,
            )
            for row in prepaid.list_repayments(brand_id=brand_id, member_id=member_id, limit=_MOST).items
        ],
        transfers=[
            TransferOut(
                id=str(row.id),
                direction=row.direction,
                other=others.get(row.other_id, ""),
                what=row.what,
                unit=row.unit,
                unit_name=naming.unit(row.unit),
                amount=row.amount,
                message=row.message,
                created_at=row.created_at,
            )
            for row in transfers
        ],
        stamp_cards=_stamp_cards(naming, {unit: a.available for unit, a in balances.items()}),
    )


def card_outs(naming: Naming, rows: list[CardRow], holder: UUID | None = None) -> list[CardOut]:
    """Cards with their batches; with what is left where all are one holder's."""
    brand_id = naming.scope.brand_id
    batches: Mapping[UUID, BatchRow] = (
        prepaid.batches_of(brand_id=brand_id, ids={row.batch_id for row in rows}) if rows else {}
    )
    ids = [row.lot_id for row in rows if row.lot_id is not None]
    lots = ledger.get_lots(brand_id=brand_id, member_id=holder, ids=ids) if holder and ids else {}
    codes = _codes(naming, {row.holder_id for row in rows if row.holder_id})
    back = prepaid.card_refunds_of(
        brand_id=brand_id, hashes=[r.number_hash for r in rows if r.state == "void"]
    )
    return [
        CardOut(
            id=str(row.number_hash),
            batch=batches[row.batch_id].code,
            batch_name=naming.say(batches[row.batch_id].name),
            ending=row.ending,
            face=row.face,
            price=batches[row.batch_id].price,
            left=lots[row.lot_id].remaining if row.lot_id in lots else None,
            state=row.state,
            state_name=naming.say(STATE_NAMES[row.state]),
            holder=codes.get(row.holder_id) if row.holder_id else None,
            activated_at=row.activated_at,
            expires_at=row.expires_at,
            claimed_at=row.claimed_at,
            ended_at=row.ended_at,
            ended_reason=row.ended_reason,
            refund=_refund(back.get(row.number_hash)),
        )
        for row in rows
    ]


def _refund(row: GiftRefundRow | None) -> CardRefundOut | None:
    if row is None:
        return None
    return CardRefundOut(
        money=row.money,
        method=row.method,
        reference=row.reference,
        by_right=row.by_right,
        actor=row.actor,
        at=row.created_at,
    )


def _package(naming: Naming, row: PackageRow, left: int, now: datetime) -> PackageOut:
    terms = row.terms["definition"]
    shown: str = row.state
    word = STATE_NAMES[row.state]
    if shown == "active" and row.expires_at is not None and row.expires_at <= now:
        shown, word = "expired", STATE_NAMES["expired"]
    elif shown == "active" and not left:
        shown, word = "used_up", _USED_UP
    return PackageOut(
        id=str(row.id),
        key=row.key,
        name=_name(naming, terms),
        state=shown,
        state_name=naming.say(word),
        usable=shown == "active",
        sessions=row.sessions,
        left=left,
        price=row.price,
        refunded=row.refunded,
        bought_at=row.bought_at,
        started_at=row.started_at,
        expires_at=row.expires_at,
        frozen_until=row.frozen_until,
        freeze_days_left=max(0, terms.get("freeze_days", 0) - row.frozen_days),
        services=sorted(terms.get("services", [])),
        stores=sorted(terms.get("stores", [])),
        transferable=bool(terms.get("transferable", False)),
    )


def _uses(
    naming: Naming, packages: Sequence[PackageRow], stores: Mapping[UUID, str], now: datetime
) -> list[UseOut]:
    found = []
    late = naming.scope.allows("prepaid.refund")
    for row in packages:
        for use in prepaid.list_uses(member_id=row.member_id, package_id=row.id)[:_MOST]:
            open_ = use.undone_at is None and row.state in ("active", "frozen")
            found.append(
                UseOut(
                    id=str(use.id),
                    package_id=str(row.id),
                    package_name=_name(naming, row.terms["definition"]),
                    kind=use.kind,
                    sessions=use.sessions,
                    service=use.service,
                    store=stores.get(use.store_id) if use.store_id else None,
                    actor=use.actor,
                    used_at=use.used_at,
                    undo_until=use.undo_until,
                    undone_at=use.undone_at,
                    can_undo=open_ and (late or now <= use.undo_until),
                )
            )
    return sorted(found, key=lambda use: use.used_at, reverse=True)[:_MOST]


def _stamp_cards(naming: Naming, balances: Mapping[str, int]) -> list[StampCardOut]:
    found = []
    for row in prepaid.list_definitions(brand_id=naming.scope.brand_id, kind="stamp_card"):
        if row.state == "active":
            unit = str(row.definition.get("unit", "stamps"))
            stamps, has = int(row.definition["stamps"]), balances.get(unit, 0)
            found.append(
                StampCardOut(
                    key=row.key,
                    name=_name(naming, row.definition),
                    unit_name=naming.unit(unit),
                    stamps=stamps,
                    has=has,
                    full=has >= stamps,
                )
            )
    return found


def _name(naming: Naming, definition: Mapping[str, object]) -> str:
    return naming.say(Text.from_json(definition.get("name", "")))  # type: ignore[arg-type]


def _codes(naming: Naming, ids: set[UUID]) -> dict[UUID, str]:
    found = members.names_of(scope=naming.scope, member_ids=ids) if ids else {}
    return {member_id: code for member_id, (code, _) in found.items()}
