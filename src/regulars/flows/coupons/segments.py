"""Bulk issues: a coupon to everybody of a segment, portion by portion, each portion one transaction.

A portion is read, issued and counted together with the job's place in the segment, so that a worker that dies loses
nothing and issues nothing twice: ids follow from the job and the member.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.audience.segments import api as audience
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberFilter
from regulars.flows.coupons.acts import persons_of
from regulars.kit.errors import Refusal, invalid_field
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import IssueJob

PORTION = 20_000
MOST_LISTED = 10_000
_FILTER = (
    "segment",
    "tier",
    "tag",
    "store",
    "channel",
    "joined_from",
    "joined_before",
    "last_order_from",
    "last_order_before",
)
_INSTANTS = ("joined_from", "joined_before", "last_order_from", "last_order_before")


def count_segment(*, scope: Scope, segment: Mapping[str, Any]) -> int:
    """How many active members a segment has now. Raises `invalid_input` for what is no segment."""
    listed, given = _read(scope, segment)
    if listed is not None:
        return len(listed)
    code = segment.get("segment")
    if code and scope.store_ids is None:
        return audience.get_segment(brand_id=scope.brand_id, code=str(code)).members
    return members.count_matching(scope=scope, given=given)


def start_issue(
    *, scope: Scope, definition: str, segment: Mapping[str, Any], key: str, now: datetime
) -> tuple[IssueJob, bool]:
    """Queue a bulk issue; the worker takes it up. Returns it, and whether it is new (the key decides).

    `segment`: `{"members": [ids]}` (at most 10 000) or a filter of tier, tag, store (its code), channel, joined_from,
    joined_before, last_order_from, last_order_before, segment (its code); `{}` is everybody. Raises `coupon_not_open`
    and `invalid_input`.
    """
    made = coupons.get_definition(brand_id=scope.brand_id, key=definition)
    tz = organisations.get_brand(brand_id=scope.brand_id).timezone
    why = coupons.why_not_claimable(made, "issue", now=now, tz=tz, tiers={})
    if why is not None:
        raise coupons.refusal(why, made)
    total = count_segment(scope=scope, segment=segment)
    kept = dict(segment)
    if scope.store_ids is not None:
        kept["stores_of_actor"] = sorted(str(id_) for id_ in scope.store_ids)
    with transaction.atomic():
        job, new = coupons.add_issue(
            scope=scope, definition=definition, key=key, segment=kept, total=total, now=now
        )
        if new:
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="coupon.bulk_issued",
                subject_type="coupon_definition",
                subject_id=definition,
                after={"definition": definition, "segment": kept, "total": total, "issue": str(job.id)},
                now=now,
            )
    return job, new


def run_due(now: datetime) -> int:
    """Due work: one portion of the oldest bulk issue that nobody is at; returns how many members were seen."""
    return run_portion(now=now)


def run_portion(*, now: datetime, issue_id: UUID | None = None, size: int = PORTION) -> int:
    """The next portion of a bulk issue (any, or this one), in one transaction; 0 when there is nothing to do."""
    with transaction.atomic():
        job = coupons.take_issue(issue_id=issue_id)
        if job is None:
            return 0
        try:
            with transaction.atomic():
                moved = _portion(job, size, now)
        except Refusal as refusal:  # the definition was ended or a store is gone: said, not tried again
            said = f"{refusal.code}: {refusal.message.en}"
            moved = coupons.with_figures(job, state="failed", problem=said, ended_at=now)
        coupons.move_issue(job=moved)
        return max(1, moved.seen - job.seen)


def _portion(job: IssueJob, size: int, now: datetime) -> IssueJob:
    scope = _scope_of(job)
    made = coupons.get_definition(brand_id=job.brand_id, key=job.definition)
    listed, given = _read(scope, {k: v for k, v in job.segment.items() if k != "stores_of_actor"})
    if listed is not None:
        wanted = [id_ for id_ in sorted(listed) if job.after is None or id_ > job.after][:size]
        ids = _active(scope, wanted)
    else:
        wanted = ids = members.list_ids(scope=scope, given=given, after=job.after, limit=size)
    refused = dict(job.refused)
    issued = repeated = 0
    if ids:
        results = coupons.issue_portion(
            brand_id=job.brand_id,
            definition=job.definition,
            member_ids=ids,
            now=now,
            source=f"issue:{job.id}",
            key=f"issue:{job.id}",
            persons=persons_of(made, ids),
        )
        issued, repeated = results.pop("issued", 0), results.pop("repeated", 0)
        for code, count in results.items():
            refused[code] = refused.get(code, 0) + count
    gone = len(wanted) - len(ids)
    if gone:
        refused["membership_not_active"] = refused.get("membership_not_active", 0) + gone
    over = len(wanted) < size or "coupon_not_open" in refused
    return dataclasses.replace(
        job,
        state="done" if over else "running",
        seen=job.seen + len(wanted),
        issued=job.issued + issued,
        repeated=job.repeated + repeated,
        refused=refused,
        after=wanted[-1] if wanted else job.after,
        ended_at=now if over else None,
    )


def _scope_of(job: IssueJob) -> Scope:
    """Whoever asked for it, within the stores she had."""
    brand = organisations.get_brand(brand_id=job.brand_id)
    stores = job.segment.get("stores_of_actor")
    kind: Any = job.actor_kind
    return Scope(
        brand.organisation_id,
        brand.id,
        Actor(kind, job.actor_id, job.actor_label),
        frozenset(),
        None if stores is None else frozenset(UUID(one) for one in stores),
    )


def _active(scope: Scope, ids: Sequence[UUID]) -> list[UUID]:
    """Those of listed members who are active in the brand, in the order of their ids."""
    found = members.list_ids(scope=scope, given=MemberFilter(), after=None, limit=len(ids), among=ids)
    return found


def _read(scope: Scope, segment: Mapping[str, Any]) -> tuple[list[UUID] | None, MemberFilter]:
    for name in segment:
        if name not in (*_FILTER, "members"):
            raise invalid_field(f"segment.{name}"[:80], "unknown_field", "未知字段", "Unknown field")
    if "members" in segment:
        return _listed(segment), MemberFilter()
    values = {name: segment[name] for name in _FILTER if segment.get(name) not in (None, "")}
    for name, value in values.items():
        if not isinstance(value, str) or len(value) > 100 or "\x00" in value:
            raise invalid_field(f"segment.{name}", "bad_text", "应为文本", "Must be text")
    store = values.pop("store", None)
    instants = {name: _instant(name, values.pop(name)) for name in _INSTANTS if name in values}
    store_id = None
    if store is not None:
        found = organisations.stores_of(brand_id=scope.brand_id, codes=[store]).get(store)
        if found is None:
            raise invalid_field("segment.store", "unknown_store", "没有这个门店", "There is no such store")
        store_id = found.id
    code = values.pop("segment", None)
    segment_id = None
    if code is not None:
        try:
            segment_id = audience.find_id(brand_id=scope.brand_id, code=code)
        except Refusal:
            raise invalid_field(
                "segment.segment", "unknown_segment", "没有这个人群", "There is no such segment"
            ) from None
    filters: dict[str, Any] = {**values, **instants, "store_id": store_id, "segment_id": segment_id}
    return None, MemberFilter(**filters)


def _listed(segment: Mapping[str, Any]) -> list[UUID]:
    given = segment["members"]
    if len(segment) > 1 or not isinstance(given, list) or not 1 <= len(given) <= MOST_LISTED:
        raise invalid_field(
            "segment.members", "out_of_range", f"1 到 {MOST_LISTED} 名会员", f"1 to {MOST_LISTED} members"
        )
    try:
        return list(dict.fromkeys(UUID(str(one)) for one in given))
    except ValueError:
        raise invalid_field("segment.members", "bad_id", "应为会员 id", "Must be members' ids") from None


def _instant(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise invalid_field(
            f"segment.{name}", "bad_instant", "应为带时区的时间", "Must be an instant with its offset"
        )
    return found
