"""A brand's limits of sending and its suppression list, as staff keep them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field, not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.messaging.models import MessagePolicy, Suppression
from regulars.messaging.policy import limits as policy
from regulars.messaging.store import limits as store
from regulars.messaging.types import ADDRESS_OF, PolicyView, SuppressionView
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy

SUPPRESSION = Text("抑制记录", "Suppression")
_MOST_NOTE = 300


def get_policy(*, brand_id: UUID) -> PolicyView:
    """What holds for a brand; that which comes with Regulars until somebody changes it."""
    row = MessagePolicy.objects.filter(brand_id=brand_id).first()
    if row is None:
        return PolicyView(policy.to_json(policy.DEFAULT), None, "")
    return PolicyView(row.value, row.updated_at, row.updated_by)


def put_policy(*, scope: Scope, value: object, now: datetime) -> PolicyView:
    """Set quiet hours and caps from their JSON. Needs `messages.settings`; audited. Raises `invalid_input`.

    It holds for every message that is decided on from now on, those that wait among them.
    """
    scope.require("messages.settings")
    kept = policy.to_json(policy.parse(value))
    with transaction.atomic():
        before = get_policy(brand_id=scope.brand_id)
        MessagePolicy.objects.update_or_create(
            brand_id=scope.brand_id,
            defaults={"value": kept, "updated_at": now, "updated_by": scope.actor.label},
        )
        _audit(scope, "message_policy.set", scope.brand_id, before.value, kept, now)
    return get_policy(brand_id=scope.brand_id)


def list_suppressions(
    *, scope: Scope, channel: str = "", reason: str = "", address: str = "", cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[SuppressionView]:  # fmt: skip
    """Closed addresses, newest first, masked; a whole `address` finds its own. Needs `messages.read`."""
    scope.require("messages.read")
    rows = Suppression.objects.filter(brand_id=scope.brand_id)
    if channel:
        rows = rows.filter(channel=channel)
    if reason:
        rows = rows.filter(reason=reason)
    if address.strip():
        rows = rows.filter(address_hash__in=_hashes(scope, address))
    after = paging.decode_as(cursor, paging.instant, UUID)
    if after is not None:
        rows = rows.filter(created_at__lte=after[0]).exclude(created_at=after[0], address_hash__gte=after[1])
    limit = max(1, min(limit, paging.MAX_LIMIT))
    found = list(rows.order_by("-created_at", "-address_hash")[: limit + 1])
    page = paging.cut(found, limit, lambda row: [row.created_at.isoformat(), row.address_hash])
    return page.map(_view)


def add_suppression(*, scope: Scope, channel: str, address: str, note: str, now: datetime) -> SuppressionView:
    """Close an address of a channel. Needs `messages.settings`; audited. Raises `invalid_input`, `suppressed` (409)."""
    scope.require("messages.settings")
    errors = ErrorList()
    if channel not in ADDRESS_OF:
        errors.add(
            "channel",
            "unknown_channel",
            f"须为 {'、'.join(ADDRESS_OF)} 之一",
            f"Give one of {', '.join(ADDRESS_OF)}",
        )
    if not note.strip():
        errors.add("note", "required", "请写明原因", "Say why")
    elif len(note) > _MOST_NOTE:
        errors.add("note", "too_long", f"最多 {_MOST_NOTE} 个字符", f"At most {_MOST_NOTE} characters")
    if not address.strip():
        errors.add("address", "required", "请填写地址", "Give an address")
    errors.refuse()
    kind = ADDRESS_OF[channel]
    clear = privacy.normalise(kind, address, field="address")
    hashed = privacy.blind_index(
        value=clear, purpose=f"identity:{kind}", organisation_id=scope.organisation_id
    )
    masked = privacy.mask(kind if kind in ("phone", "email") else "generic", clear)
    with transaction.atomic(), connection.cursor() as cursor:
        row = (hashed, scope.brand_id, channel, masked, "by_hand", note.strip())
        if not store.suppress(cursor, rows=[row], actor=scope.actor.label, now=now):
            raise conflict("suppressed", "该地址已在抑制名单中", "This address is suppressed already")
        _audit(
            scope, "suppression.add", hashed, {}, {"channel": channel, "masked": masked, "note": note}, now
        )
    return _view(Suppression.objects.get(address_hash=hashed, brand_id=scope.brand_id, channel=channel))


def remove_suppression(*, scope: Scope, channel: str, id_: UUID, note: str, now: datetime) -> None:
    """Open an address again. Needs `messages.settings`; audited. Raises `not_found`, `invalid_input`."""
    scope.require("messages.settings")
    if not note.strip() or len(note) > _MOST_NOTE:
        raise invalid_field(
            "note", "required", f"请写明原因（最多 {_MOST_NOTE} 字）", f"Say why in {_MOST_NOTE} characters"
        )
    with transaction.atomic():
        rows = Suppression.objects.filter(address_hash=id_, brand_id=scope.brand_id, channel=channel)
        row = rows.select_for_update().first()
        if row is None:
            raise not_found(SUPPRESSION)
        before = {"channel": channel, "masked": row.masked, "reason": row.reason}
        rows.delete()
        _audit(scope, "suppression.remove", id_, before, {"note": note.strip()}, now)


def _hashes(scope: Scope, address: str) -> list[UUID]:
    """Under which keys an address as typed may be kept: it may be one of several kinds."""
    found = []
    for kind in sorted(set(ADDRESS_OF.values())):
        try:
            clear = privacy.normalise(kind, address, field="address")
        except Refusal:  # no address of this kind
            continue
        found.append(
            privacy.blind_index(
                value=clear, purpose=f"identity:{kind}", organisation_id=scope.organisation_id
            )
        )
    return found


def _view(row: Suppression) -> SuppressionView:
    return SuppressionView(
        row.address_hash, row.channel, row.masked, row.reason, row.note, row.actor, row.created_at
    )


def _audit(
    scope: Scope,
    action: str,
    subject: UUID,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type=action.partition(".")[0],
        subject_id=subject,
        before=before,
        after=after,
        now=now,
    )
