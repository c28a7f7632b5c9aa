"""The evidence pack of one member: what she bought, used and got back, with the entries that prove it, as data.

Entries are chained: each hash covers the entry and the hash before it (SHA-256 over canonical JSON), so that a pack
that was changed later does not hold together. `pack_hash` covers everything else of the pack.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.facts.members import api as members
from regulars.flows.prepaid import buyers, ground
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import EntryRow
from regulars.value.prepaid import api as prepaid

FORMAT = "regulars-evidence-1"
_MOST = 100_000
_PAGE = 200


def evidence_pack(*, scope: Scope, member_id: UUID, now: datetime, with_buyer: bool) -> dict[str, Any]:
    """Everything of a member's prepaid value, oldest first. `with_buyer` shows who she is by her document."""
    brand = ground.brand_of(scope)
    settings = prepaid.get_settings(brand_id=brand.id)
    units = (settings.principal, settings.bonus, settings.sessions, settings.gift)
    card = members.get_card(scope=scope, member_id=member_id)
    stores = {store.id: code for code, store in organisations.stores_of(brand_id=brand.id).items()}
    buyer = buyers.get_buyer(scope=scope, member_id=member_id)
    batches = {}
    held = prepaid.list_held_cards(brand_id=brand.id, member_id=member_id)
    if held:
        batches = prepaid.batches_of(brand_id=brand.id, ids={one.batch_id for one in held})
    packages = _all(prepaid.list_packages, brand.id, member_id)
    balances = ledger.get_balances(brand_id=brand.id, member_ids=[member_id]).get(member_id, {})
    pack: dict[str, Any] = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "made_by": scope.actor.label,
        "brand": {"name": brand.name.to_json(), "slug": brand.slug, "currency": brand.currency},
        "member": {"id": str(member_id), "code": card.code},
        "buyer": _buyer(buyer) if buyer is not None and with_buyer else {"recorded": buyer is not None},
        "law": settings.law,
        "contract": {
            "version": settings.contract_version,
            "text": settings.contract.to_json(),
            "sha256": _hash(settings.contract.to_json()),
        },
        "top_ups": [_plain(row, stores) for row in _all(prepaid.list_top_ups, brand.id, member_id)],
        "packages": [
            _plain(row, stores)
            | {
                "uses": [
                    _plain(use, stores)
                    for use in prepaid.list_uses(member_id=member_id, package_id=row.id)[::-1]
                ]
            }
            for row in packages
        ],
        "gift_cards": [
            {
                "batch": batches[one.batch_id].code,
                "ending": one.ending,
                "face": one.face,
                "claimed_at": one.claimed_at.isoformat() if one.claimed_at else None,
                "expires_at": one.expires_at.isoformat() if one.expires_at else None,
            }
            for one in held
        ],
        "repayments": [_plain(row, stores) for row in _all(prepaid.list_repayments, brand.id, member_id)],
        "transfers": [_plain(row, stores) for row in _all(prepaid.list_transfers, brand.id, member_id)],
        "balances": {unit: balances[unit].to_json() for unit in units if unit in balances},
        "entries": _chained(entry for unit in units for entry in _entries(brand.id, member_id, unit)),
    }
    pack["pack_hash"] = _hash(pack)
    return pack


def holds_together(pack: dict[str, Any]) -> bool:
    """Whether a pack is as it was made: every link of the chain, and the whole."""
    before = ""
    for entry in pack["entries"]:
        said = {k: v for k, v in entry.items() if k != "hash"}
        if entry["hash"] != _hash([before, said]):
            return False
        before = entry["hash"]
    return bool(pack["pack_hash"] == _hash({k: v for k, v in pack.items() if k != "pack_hash"}))


def _buyer(buyer: Any) -> dict[str, Any]:
    said = {name: getattr(buyer, name) for name in ("kind", "name", "document", "number", "contact")}
    at = buyer.recorded_at
    return {"recorded": True, "recorded_at": at.isoformat() if at else None} | said


def _all(list_: Any, brand_id: UUID, member_id: UUID) -> list[Any]:
    """Every page of a list, turned oldest first."""
    found: list[Any] = []
    cursor = None
    while len(found) < _MOST:
        page = list_(brand_id=brand_id, member_id=member_id, cursor=cursor, limit=_PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[::-1]


def _entries(brand_id: UUID, member_id: UUID, unit: str) -> list[EntryRow]:
    found: list[EntryRow] = []
    cursor = None
    while len(found) < _MOST:
        page = ledger.list_entries(
            brand_id=brand_id, member_id=member_id, unit=unit, cursor=cursor, limit=_PAGE
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[::-1]


def _chained(entries: Iterable[EntryRow]) -> list[dict[str, Any]]:
    before = ""
    found = []
    for entry in sorted(entries, key=lambda e: e.id):
        said = _plain(entry, {})
        before = _hash([before, said])
        found.append(said | {"hash": before})
    return found


def _plain(row: Any, stores: dict[UUID, str]) -> dict[str, Any]:
    """A row's fields as plain JSON; ids of stores as their codes."""
    found: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if field.name in ("member_id", "brand_id"):
            continue
        if field.name == "store_id":
            found["store"] = stores.get(value) if value else None
        elif isinstance(value, UUID):
            found[field.name] = str(value)
        elif isinstance(value, datetime):
            found[field.name] = value.isoformat()
        else:
            found[field.name] = value
    return found


def _hash(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
