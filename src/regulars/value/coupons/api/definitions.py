"""Definitions: what coupons there are, what was had of each, and changing them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.coupons.policy import definition as reading
from regulars.value.coupons.policy import usable
from regulars.value.coupons.store import codes, counting, definitions
from regulars.value.coupons.types import DEFINITION, DEFINITION_STATES, Definition, Tally


def list_definitions(*, brand_id: UUID, keys: Iterable[str] | None = None) -> list[Definition]:
    """The brand's definitions by key, or those of these keys."""
    with connection.cursor() as cursor:
        return list(definitions.read(cursor, brand_id=brand_id, keys=keys).values())


def get_definition(*, brand_id: UUID, key: str) -> Definition:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = definitions.read(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(DEFINITION)
    return found


def tallies(*, brand_id: UUID, made: Sequence[Definition], now: datetime) -> dict[str, Tally]:
    """Figures of these definitions, by key."""
    day = usable.day_of(now, organisations.get_brand(brand_id=brand_id).timezone)
    issued = {one.key: counting.issued(brand_id, one.key) for one in made}
    used = {one.key: counting.used(brand_id, one.key) for one in made}
    today = {
        one.key: counting.issued_on(brand_id, one.key, day) for one in made if one.limits.per_day is not None
    }
    with connection.cursor() as cursor:
        found = counting.read(cursor, [*issued.values(), *used.values(), *today.values()])
    figures = {}
    for one in made:
        total, spent = found.get(issued[one.key]), found.get(used[one.key])
        taken = total.taken if total else 0
        day_left = None
        if one.limits.per_day is not None:
            count = found.get(today[one.key])
            day_left = max(0, count.remaining if count else one.limits.per_day)
        figures[one.key] = Tally(
            issued=taken,
            used=spent.taken if spent else 0,
            left=None if one.limits.total is None else max(0, one.limits.total - taken),
            left_today=day_left,
        )
    return figures


def put_definition(
    *, scope: Scope, made: Definition, now: datetime, create: bool | None = None, revision: int | None = None
) -> Definition:
    """Make a definition or change one. What was issued keeps its dates; a new limit in total or per
    member counts what was had before, one per day or per person what is had from then on.

    `create`: True refuses an existing key (`key_taken`, 409), False an unknown one (`not_found`). With `revision`
    somebody else's change in between is not overwritten (`changed_meanwhile`, 409). The offer must have been read by
    `programme.pricing` before: here it is kept as it is.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = definitions.lock(cursor, brand_id=scope.brand_id, key=made.key)
        if before is None and create is False:
            raise not_found(DEFINITION)
        if before is not None and create:
            raise conflict(
                "key_taken", f"编码 {made.key} 已存在", f"The key {made.key} is taken", key=made.key
            )
        if before is not None and revision is not None and before.revision != revision:
            raise conflict(
                "changed_meanwhile",
                "内容已被他人修改，请刷新后再改",
                "Somebody changed it meanwhile; reload it first",
                revision=before.revision,
            )
        old, new = (reading.dump(before) if before else None), reading.dump(made)
        if before is not None and old == new:
            return before
        definitions.put(cursor, brand_id=scope.brand_id, made=made, now=now)
        taken = codes.set_words(cursor, brand_id=scope.brand_id, definition=made.key, words=made.words)
        if taken:
            raise invalid_field(
                "words", "code_taken", f"口令 {taken[0]} 已被使用", f"The word {taken[0]} is taken"
            )
        if before is not None and before.limits != made.limits:
            _resize(cursor, scope.brand_id, made, now)
            if before.limits.per_member is None and made.limits.per_member is not None:
                counting.count_members_anew(cursor, brand_id=scope.brand_id, definition=made.key)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="coupon_definition.changed" if before else "coupon_definition.created",
            subject_type="coupon_definition",
            subject_id=made.key,
            before=old,
            after=new,
            now=now,
        )
    return get_definition(brand_id=scope.brand_id, key=made.key)


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Definition:
    """Start, pause or end a definition. Paused: neither issued nor used; ended: not issued, what is out stays good."""
    if state not in DEFINITION_STATES:
        shown = ", ".join(DEFINITION_STATES)
        raise invalid_field("state", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
    made = get_definition(brand_id=scope.brand_id, key=key)
    return put_definition(scope=scope, made=dataclasses.replace(made, state=state), now=now, create=False)  # type: ignore[arg-type]


def read_definition(data: Mapping[str, Any]) -> Definition:
    """A definition from its JSON, the offer as it is. Raises `invalid_input` naming every wrong field."""
    return reading.parse(data)


def definition_json(made: Definition) -> dict[str, Any]:
    """The canonical JSON of a definition."""
    return reading.dump(made)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every definition's canonical JSON, by key."""
    return [reading.dump(made) for made in list_definitions(brand_id=brand_id)]


def apply_definition(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> Definition:
    """Create or change a definition from its JSON. Raises `invalid_input` naming the fields."""
    return put_definition(scope=scope, made=reading.parse(definition), now=now)


def _resize(cursor: Any, brand_id: UUID, made: Definition, now: datetime) -> None:
    tz = organisations.get_brand(brand_id=brand_id).timezone
    counting.resize(cursor, counter=counting.issued(brand_id, made.key), limit=made.limits.total)
    today = counting.issued_on(brand_id, made.key, usable.day_of(now, tz))
    if made.limits.per_day is not None:
        counting.resize(cursor, counter=today, limit=made.limits.per_day)
