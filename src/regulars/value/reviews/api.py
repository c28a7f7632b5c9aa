"""The door of reviews: what is suspicious, the queue of what was held, who of the staff is which member."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging
from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.paging import Page
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.value.reviews import policy, store
from regulars.value.reviews.policy import held_for_review
from regulars.value.reviews.types import CASE, Case, CaseState, Seen, Velocity, Watch

__all__ = [
    "count_open", "decide", "forget", "get_watch", "held_for_review", "judge", "link_staff", "list_cases", "lock",
    "open_cases", "phone_of_staff", "put_watch", "sweep", "watch_of",
]  # fmt: skip

_FRESH_SECONDS = 1.0
_known: dict[UUID, tuple[float, Watch]] = {}


def watch_of(*, brand_id: UUID) -> Watch:
    """The brand's rules as posting asks for them: at most a second old."""
    known = _known.get(brand_id)
    if known is not None and time.monotonic() - known[0] < _FRESH_SECONDS:
        return known[1]
    found = get_watch(brand_id=brand_id)
    _known[brand_id] = (time.monotonic(), found)
    return found


def get_watch(*, brand_id: UUID) -> Watch:
    with connection.cursor() as cursor:
        kept = store.watch(cursor, brand_id=brand_id)
    return policy.parse(kept) if kept else Watch()


def put_watch(*, scope: Scope, rules: Mapping[str, Any], now: datetime) -> Watch:
    """Change the brand's rules. Raises `invalid_input`."""
    wanted = policy.parse(rules)
    with transaction.atomic(), connection.cursor() as cursor:
        before = get_watch(brand_id=scope.brand_id)
        store.put_watch(cursor, brand_id=scope.brand_id, rules=wanted.to_json(), now=now)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="review_rules.change",
            subject_type="brand",
            subject_id=scope.brand_id,
            before=before.to_json(),
            after=wanted.to_json(),
            now=now,
        )
    _known.pop(scope.brand_id, None)
    return wanted


def judge(
    *, brand_id: UUID, watch: Watch, seen: Sequence[Seen], now: datetime
) -> dict[UUID, tuple[Velocity, str]]:
    """Count what is about to happen; what is beyond a limit, by its id, with the rule and whom it counted.

    In the caller's transaction: what is refused altogether counts nothing.
    """
    counters = policy.counters_of(watch, brand_id, seen, now)
    if not counters:
        return {}
    rows = [
        (counter, policy.subject_of(*items[0][:2]), len(items), items[0][2])
        for counter, items in counters.items()
    ]
    with connection.cursor() as cursor:
        totals = store.count(cursor, brand_id=brand_id, counters=rows)
    found: dict[UUID, tuple[Velocity, str]] = {}
    for counter, items in counters.items():
        first = totals[counter] - len(items)
        for place, (rule, one, _) in enumerate(sorted(items, key=lambda item: (item[1].at, item[1].id))):
            if first + place + 1 > rule.limit:
                found.setdefault(one.id, (rule, policy.subject_of(rule, one)))
    return found


def open_cases(*, brand_id: UUID, cases: Iterable[Case]) -> None:
    """Put cases into the queue, in the caller's transaction; again is harmless."""
    with connection.cursor() as cursor:
        store.add(cursor, brand_id=brand_id, cases=cases)


def lock(*, scope: Scope, case_id: UUID) -> Case:
    """An open case, held until the transaction ends. Raises `not_found`, `case_decided` (409)."""
    with connection.cursor() as cursor:
        found = store.lock(cursor, brand_id=scope.brand_id, case_id=case_id)
    if found is None:
        raise not_found(CASE)
    scope.require_store(found.store_id)
    if found.state != "open":
        raise conflict("case_decided", "该事项已处理", "The case is decided already", state=found.state)
    return found


def decide(*, scope: Scope, case: Case, state: CaseState, comment: str, now: datetime) -> Case:
    """Close a locked case. Raises `invalid_input` without a comment."""
    if not comment.strip() or len(comment) > 500:
        raise invalid_field(
            "comment", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters"
        )
    with connection.cursor() as cursor:
        store.decide(cursor, case=case, state=state, by=scope.actor.label, comment=comment, now=now)
        if state == "released":
            store.forget(cursor, brand_id=scope.brand_id, subject=case.subject)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action=f"review.{state}",
            subject_type="member",
            subject_id=case.member_id,
            before={"state": "open"},
            after={"case": str(case.id), "kind": case.kind, "rule": case.rule, "comment": comment},
            now=now,
        )
        found = store.lock(cursor, brand_id=scope.brand_id, case_id=case.id)
    assert found is not None
    return found


def list_cases(
    *, scope: Scope, state: CaseState = "open", cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Case]:
    """The queue, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = store.page(db, brand_id=scope.brand_id, state=state, before=after, limit=limit + 1)
    return paging.cut(rows, limit, lambda row: [row.id])


def count_open(*, brand_id: UUID) -> int:
    with connection.cursor() as cursor:
        return store.count_open(cursor, brand_id=brand_id)


def forget(*, brand_id: UUID, subject: str) -> None:
    """Begin to count a member, device or store anew."""
    with connection.cursor() as cursor:
        store.forget(cursor, brand_id=brand_id, subject=subject)


def phone_of_staff(*, organisation_id: UUID, staff_id: UUID) -> UUID | None:
    """The hash of a member of staff's own phone, where it is known."""
    with connection.cursor() as cursor:
        return store.phone_of(cursor, organisation_id=organisation_id, staff_id=staff_id)


def link_staff(*, scope: Scope, staff_id: UUID, phone_hash: UUID | None, now: datetime) -> None:
    """Say by her phone's hash which member a member of staff is; None: unknown again."""
    with transaction.atomic(), connection.cursor() as cursor:
        store.put_phone(
            cursor, organisation_id=scope.organisation_id, staff_id=staff_id, phone_hash=phone_hash
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="staff.phone",
            subject_type="staff",
            subject_id=staff_id,
            after={"known": phone_hash is not None},
            now=now,
        )


def sweep(now: datetime) -> int:
    """Due work: counters whose windows are over."""
    with connection.cursor() as cursor:
        return store.sweep(cursor, now=now, limit=5000)
