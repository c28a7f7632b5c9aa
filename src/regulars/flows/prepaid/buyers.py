"""Who buys in her own name: recorded once, sealed, read where the law asks."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.flows.prepaid import ground
from regulars.kit.errors import ErrorList
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy
from regulars.value.prepaid.store import purchases as store
from regulars.value.prepaid.types import BuyerRecord

_TABLE, _FIELD = "prepaid_buyer", "sealed"
DOCUMENTS = ("identity_card", "passport", "residence_permit", "business_licence", "other")


def record_buyer(*, scope: Scope, member_id: UUID, buyer: BuyerRecord, now: datetime) -> None:
    """Keep who she is, in place of what was kept before. Raises `invalid_input`."""
    errors = ErrorList()
    if buyer.kind not in ("person", "unit"):
        errors.add("kind", "unknown_kind", "只能是 person 或 unit", "must be person or unit")
    if buyer.document not in DOCUMENTS:
        known = ", ".join(DOCUMENTS)
        errors.add("document", "unknown_document", f"只能是：{known}", f"must be one of: {known}")
    for name in ("name", "number", "contact"):
        if not 0 < len(getattr(buyer, name).strip()) <= 100:
            errors.add(name, "bad_text", "1–100 字", "1 to 100 characters")
    errors.refuse()
    said = {name: getattr(buyer, name) for name in ("name", "document", "number", "contact")}
    sealed = privacy.encrypt(
        text=json.dumps(said, ensure_ascii=False), table=_TABLE, field=_FIELD, owner=member_id
    )
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        store.put_buyer(
            cursor, brand_id=scope.brand_id, member_id=member_id, kind=buyer.kind, sealed=sealed,
            actor=scope.actor.label, now=now,
        )  # fmt: skip
        ground.record(
            scope, "prepaid.buyer", member_id, now, {"kind": buyer.kind, "document": buyer.document}
        )


def get_buyer(*, scope: Scope, member_id: UUID) -> BuyerRecord | None:
    """In clear: callers say who may see it."""
    with connection.cursor() as cursor:
        found = store.get_buyer(cursor, brand_id=scope.brand_id, member_id=member_id)
    if found is None:
        return None
    kind, sealed, at = found
    said = json.loads(privacy.decrypt(sealed=sealed, table=_TABLE, field=_FIELD, owner=member_id))
    return BuyerRecord("unit" if kind == "unit" else "person", recorded_at=at, **said)
