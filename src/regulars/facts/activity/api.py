"""Door of activities: declared types, and reading what members did."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.activity import store, totals
from regulars.facts.activity.declared import FIELD_KINDS, DeclaredType, parse_fields
from regulars.facts.activity.models import ActivityType
from regulars.facts.activity.records import ActivityRow
from regulars.facts.activity.totals import DayTotals, StoreTotals
from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, conflict, not_found
from regulars.kit.ids import digest
from regulars.kit.paging import Page
from regulars.kit.text import Text

__all__ = [
    "archive_type",
    "claim",
    "count_active",
    "declare_type",
    "declared_types",
    "get_activity",
    "is_key_used",
    "keep_partitions",
    "key_conflict",
    "list_activities",
    "list_types",
    "totals_by_day",
    "totals_by_store",
]

_CODE = re.compile("[a-z][a-z0-9_]{0,39}")  # what conditions can name
_FRESH_SECONDS = 1.0
_cache: dict[UUID, tuple[float, Mapping[str, DeclaredType]]] = {}
_ACTIVITY = Text("行为记录", "Activity")


def declared_types(*, brand_id: UUID) -> Mapping[str, DeclaredType]:
    """The brand's declared types in use, by code; at most a second old."""
    known = _cache.get(brand_id)
    if known is not None and time.monotonic() - known[0] < _FRESH_SECONDS:
        return known[1]
    types = {t.code: t for t in list_types(brand_id=brand_id)}
    _cache[brand_id] = (time.monotonic(), types)
    return types


def list_types(*, brand_id: UUID) -> list[DeclaredType]:
    """The brand's declared types in use, by code."""
    rows = ActivityType.objects.filter(brand_id=brand_id, archived_at__isnull=True).order_by("code")
    return [DeclaredType(r.code, Text(r.name_zh, r.name_en), parse_fields(r.fields)) for r in rows]


def declare_type(
    *, brand_id: UUID, code: str, name: Text, fields: Sequence[Mapping[str, Any]], reserved: frozenset[str]
) -> DeclaredType:
    """Declare a type, or change one: fields may be added and relabelled, not retyped once declared.

    `fields` are `{key, type, label, required, choices, minimum, maximum}`. Raises `invalid_input`, `type_changed`.
    """
    errors = ErrorList()
    if code in reserved:
        errors.add("code", "reserved", "系统类型不能重新声明", "is a system type")
    if not _CODE.fullmatch(code):
        errors.add(
            "code",
            "bad_code",
            "小写字母开头，只用小写字母、数字、下划线，最长 40",
            "a lower-case letter, then lower-case letters, digits and _; 40 at most",
        )
    seen: set[str] = set()
    for place, given in enumerate(fields):
        key, kind = str(given.get("key", "")), given.get("type")
        if not _CODE.fullmatch(key) or key in seen:
            errors.add(
                f"fields[{place}].key",
                "bad_key",
                "字段名须唯一，小写字母开头，只用小写字母、数字、下划线",
                "must be unique: a lower-case letter, then lower-case letters, digits, _",
            )
        seen.add(key)
        if kind not in FIELD_KINDS:
            kinds = ", ".join(FIELD_KINDS)
            errors.add(
                f"fields[{place}].type", "bad_type", f"类型只能是：{kinds}", f"must be one of: {kinds}"
            )
        if kind == "enum" and not given.get("choices"):
            errors.add(f"fields[{place}].choices", "required", "枚举须给出选项", "an enum needs its choices")
    errors.refuse()
    old = ActivityType.objects.filter(brand_id=brand_id, code=code).first()
    if old is not None:
        before = {f["key"]: f["type"] for f in old.fields}
        for given in fields:
            if before.get(str(given["key"]), given["type"]) != given["type"]:
                raise conflict(
                    "type_changed",
                    f"字段 {given['key']} 已有数据，不能改类型",
                    f"The field {given['key']} is in use; its type cannot change",
                )
    ActivityType.objects.update_or_create(
        brand_id=brand_id,
        code=code,
        defaults={"name_zh": name.zh, "name_en": name.en, "fields": list(fields), "archived_at": None},
    )
    _cache.pop(brand_id, None)
    return DeclaredType(code, name, parse_fields(fields))


def archive_type(*, brand_id: UUID, code: str, now: datetime) -> None:
    """Take no more activities of the type; what came stays. Raises `not_found`."""
    if not ActivityType.objects.filter(brand_id=brand_id, code=code, archived_at__isnull=True).update(
        archived_at=now
    ):
        raise not_found(Text("行为类型", "Activity type"))
    _cache.pop(brand_id, None)


def claim(
    *, brand_id: UUID, kind: str, key: str, member_id: UUID, subject_id: UUID, body: Sequence[str]
) -> UUID | None:
    """Claim an idempotency key for something that is not an activity; None if it is new, else whose it is.

    Raises `idempotency_conflict` (409) when it was used with another body. In the caller's transaction.
    """
    mine = store.KeyClaim(store.key_hash(brand_id, kind, key), member_id, subject_id, digest(*body))
    with connection.cursor() as cursor:
        earlier = store.claim_keys(cursor, brand_id=brand_id, claims=[mine]).get(mine.key_hash)
    if earlier is None:
        return None
    if earlier.body_hash != mine.body_hash or earlier.member_id != member_id:
        raise key_conflict(earlier.activity_id)
    return earlier.activity_id


def is_key_used(*, brand_id: UUID, key: str) -> bool:
    """Whether an activity was posted under this idempotency key."""
    with connection.cursor() as cursor:
        return bool(store.find_keys(cursor, keys=[store.key_hash(brand_id, "key", key)]))


def member_of_key(*, key: UUID) -> UUID | None:
    """Whose activity holds a directory key, e.g. an order's."""
    with connection.cursor() as cursor:
        claim = store.find_keys(cursor, keys=[key]).get(key)
    return claim.member_id if claim else None


def key_conflict(activity_id: UUID) -> Refusal:
    """The 409 of a key that was used with another body."""
    return conflict(
        "idempotency_conflict",
        "同一个键（或单号）已用于内容不同的请求",
        "This key (or order number) was used with another body",
        activity_id=str(activity_id),
    )


def get_activity(*, brand_id: UUID, member_id: UUID, activity_id: UUID) -> ActivityRow:
    """One activity of a member with its newest effects. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.load(cursor, ids=[(member_id, activity_id)]).get(activity_id)
    if found is None or found.brand_id != brand_id:
        raise not_found(_ACTIVITY)
    return found


def list_activities(
    *,
    brand_id: UUID,
    member_id: UUID,
    types: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ActivityRow]:
    """What a member did, newest first."""
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.page_of_member(
            db, brand_id=brand_id, member_id=member_id, types=types, after=after, limit=limit + 1
        )
    return paging.cut(rows, limit, lambda r: (r.occurred_at.isoformat(), r.id))


def next_occurred(
    *, brand_id: UUID, kind: str, since: datetime, after: UUID | None, until: datetime, limit: int
) -> list[tuple[UUID, UUID, datetime]]:
    """(member, id, instant) of what happened next in a brand, in the order of instant and id: behind `since` (and of
    that instant behind `after`), before `until`; of a type, or with an empty `kind` of all. For whoever walks through a
    window of time in portions."""
    with connection.cursor() as cursor:
        return store.next_occurred(
            cursor, brand_id=brand_id, kind=kind, since=since, after=after, until=until, limit=limit
        )


def totals_by_day(*, brand_id: UUID, since: datetime, until: datetime, timezone: str) -> list[DayTotals]:
    """Orders, net amount and active members of each business day with anything in it, in [since, until)."""
    with connection.cursor() as cursor:
        return totals.by_day(cursor, brand_id=brand_id, since=since, until=until, timezone=timezone)


def totals_by_store(*, brand_id: UUID, since: datetime, until: datetime, limit: int) -> list[StoreTotals]:
    """The stores that sold most in [since, until), net of refunds."""
    with connection.cursor() as cursor:
        return totals.by_store(cursor, brand_id=brand_id, since=since, until=until, limit=limit)


def count_active(*, brand_id: UUID, since: datetime, until: datetime) -> int:
    """Members who did anything in [since, until)."""
    with connection.cursor() as cursor:
        return totals.active(cursor, brand_id=brand_id, since=since, until=until)


def keep_partitions(*, now: datetime) -> int:
    """Due work: the coming months' partitions."""
    with connection.cursor() as cursor:
        return store.keep_partitions(cursor, now)
