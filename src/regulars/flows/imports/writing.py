"""Posting what was read, batch by batch; what a batch did and how far it came are committed together.

So wherever a run is killed, the next one goes on after the last batch that stands, and the ledger is what one clean
run gives. A dry run posts each batch for real and rolls it back: its answers are those of the real run.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from msgspec.structs import replace

from regulars.facts.activity.types import ActivityIn, Receipt
from regulars.facts.members.types import Enrolment
from regulars.flows import enrol, posting, value
from regulars.flows.imports.types import Feed, Item, Wrong
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import Counts, Job, RowErrors
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.staff.types import PERMISSIONS

BATCH = 1000
Clock = Callable[[], datetime]
_PATIENCE_SECONDS = 120.0
_STORE_CODE = re.compile(r"[\w.\-/#]{1,64}")
_LINE = re.compile(r"order\.lines\[(\d+)\]\.(\w+)")
_FIELDS = {
    "order.number": "number",
    "order.currency": "currency",
    "member.identity.value": "",
    "member.code": "code",
    "birthday": "birthday",
    "name": "full_name",
}
_KNOWN = frozenset({"already_member", "duplicate_in_batch"})


def scope_of(job: Job) -> Scope:
    """Who started the import, at work in its brand. What she may do was checked when she started it."""
    actor = Actor(job.actor_kind, job.actor_id, job.actor_label)  # type: ignore[arg-type]
    return Scope(job.organisation_id, job.brand_id, actor, frozenset(PERMISSIONS), job.store_ids)


def write(job: Job, feed: Feed, *, shard: int, clock: Clock, told: Callable[[], None] = lambda: None) -> None:
    """Post one writer's items from its checkpoint to the end. Raises `LeaseLost` when the job is no longer ours."""
    position = jobs.positions(job_id=job.id, shards=job.shards)[shard].position
    source = feed.items(shard=shard, shards=job.shards, skip=position)
    for batch in _batches(source):
        _patiently(job, shard, batch, clock)
        told()


def _batches(source: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(source, BATCH)):
        yield batch


def _patiently(job: Job, shard: int, batch: list[Item], clock: Clock) -> None:
    """Write a batch; a database that goes away for a while, or a deadlock, only delays it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    pause = 0.1
    while True:
        try:
            _write(job, shard, batch, clock())
            return
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 2.0)


def _write(job: Job, shard: int, batch: list[Item], now: datetime) -> None:
    with transaction.atomic():
        jobs.require_lease(job=job)
        counts, errors = _post(job, batch, now)
        if job.dry:
            transaction.set_rollback(True)
        else:
            _keep(job, shard, counts, errors)
    if job.dry:
        with transaction.atomic():
            jobs.require_lease(job=job)
            _keep(job, shard, counts, errors)


def _keep(job: Job, shard: int, counts: Counts, errors: list[RowErrors]) -> None:
    jobs.advance(job_id=job.id, shard=shard, by=counts)
    jobs.add_errors(job_id=job.id, errors=errors)


def _post(job: Job, batch: list[Item], now: datetime) -> tuple[Counts, list[RowErrors]]:
    scope = scope_of(job)
    good = [item for item in batch if item.given is not None]
    answers: Sequence[object]
    if job.kind == "orders":
        activities = [i.given for i in good if isinstance(i.given, ActivityIn)]
        if job.dry and job.mapping.get("options", {}).get("create_stores") == "yes":
            activities = _without_new_stores(scope, activities)
        answers = posting.post(scope=scope, activities=activities, now=now, brief=True)
    else:
        people = [i.given for i in good if isinstance(i.given, Enrolment)]
        answers = enrol.enrol(scope=scope, rows=people, now=now)
    applied = duplicate = waiting = failed = 0
    errors: list[RowErrors] = []
    for item, answer in zip(good, answers, strict=True):
        if item.tier is not None:
            refused = _match_tier(scope, job, item, answer, now)
            if refused is not None:
                failed += 1
                errors += by_row(item.rows, [Wrong(item.rows[0], "tier", refused.code, refused.message)])
                continue
            if isinstance(answer, Refusal) and answer.code == "already_member":
                applied += 1
                continue
        if isinstance(answer, Refusal):
            if answer.code in _KNOWN:
                duplicate += 1
            else:
                failed += 1
                errors += by_row(item.rows, _wrong(item, answer))
        elif isinstance(answer, Receipt):
            duplicate += answer.duplicate
            waiting += answer.status == "waiting" and not answer.duplicate
            applied += answer.status == "applied" and not answer.duplicate
        else:
            applied += 1
    for item in batch:
        if item.given is None:
            failed += 1
            errors += by_row(item.rows, item.wrong)
    return Counts(len(batch), applied, duplicate, waiting, failed), errors


def _match_tier(scope: Scope, job: Job, item: Item, answer: object, now: datetime) -> Refusal | None:
    """Put who is a member now into the tier that she has elsewhere; why not, if not."""
    assert item.tier is not None and isinstance(item.given, Enrolment)
    if isinstance(answer, Refusal):
        if answer.code != "already_member":
            return None  # told as it is
        member_id = UUID(str(answer.data["member_id"]))
    else:
        assert isinstance(answer, enrol.Enrolee)
        member_id = answer.enrolled.member_id
    scheme, tier, until = item.tier
    try:
        value.place_tier(
            scope=scope,
            member_id=member_id,
            scheme=scheme,
            tier=tier,
            reason="match",
            comment=f"import {job.file_name}"[:500],
            locked=False,
            until=until,
            key=f"import:{job.id}:{item.rows[0]}",
            now=now,
        )
    except Refusal as refusal:
        return refusal
    return None


def _without_new_stores(scope: Scope, activities: list[ActivityIn]) -> list[ActivityIn]:
    """For a check: as if the stores that the import would make were there already."""
    new = set(_missing(scope, {a.store or "" for a in activities}))
    return [replace(a, store=None) if a.store in new else a for a in activities]


def _missing(scope: Scope, codes: set[str]) -> list[str]:
    """Those of the codes that can be a store's and are none's yet."""
    wanted = {code for code in codes if _STORE_CODE.fullmatch(code)}
    return sorted(wanted - organisations.stores_of(brand_id=scope.brand_id, codes=wanted).keys())


def create_stores(scope: Scope, codes: set[str], now: datetime) -> None:
    """Make the stores that the brand does not have yet; a code that cannot be one is left to be refused."""
    missing = _missing(scope, codes)
    if missing:
        organisations.put_stores(
            brand_id=scope.brand_id,
            stores=[NewStore(code, Text(code, code)) for code in missing],
            now=now,
            actor=scope.actor,
        )


def _wrong(item: Item, refusal: Refusal) -> list[Wrong]:
    """What a refusal says, at the row of the line that it speaks of."""
    first = item.rows[0] if item.rows else 0
    if not refusal.errors:
        return [Wrong(first, "", refusal.code, refusal.message)]
    wrong = []
    for error in refusal.errors:
        line = _LINE.fullmatch(error.field)
        row, field = first, _FIELDS.get(error.field, error.field)
        if line is not None and int(line[1]) < len(item.rows):
            row, field = item.rows[int(line[1])], line[2]
        field = field.replace("attributes.", "attribute.")
        if field.startswith(("identities", "member")):
            field = ""
        wrong.append(Wrong(row, field, error.code, error.message))
    return wrong


def by_row(rows: Sequence[int], wrong: Sequence[Wrong]) -> list[RowErrors]:
    """Errors row by row; rows that are refused only for another row of their order say so."""
    found: dict[int, list[dict[str, str]]] = {}
    for one in wrong:
        found.setdefault(one.row, []).append(one.to_json())
    other = min(found, default=0)
    for row in rows:
        if row not in found:
            text = Text(
                f"同一订单的第 {other} 行有误，整单未导入",
                f"row {other} of the same order is wrong; the whole order was left out",
            )
            found[row] = [Wrong(row, "", "order_left_out", text).to_json()]
    return [RowErrors(row, tuple(errors)) for row, errors in sorted(found.items())]
