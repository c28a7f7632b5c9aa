"""Making and changing segments. A definition is a version that never changes; a new one is refreshed at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.segments import places, telling
from regulars.audience.segments.policy.leaning import (
    fields_compared,
    find_cycle,
    leans_on_scores,
    segments_used,
)
from regulars.audience.segments.policy.readymade import note_of
from regulars.audience.segments.store import keeping, refreshing
from regulars.audience.segments.store.binding import Place
from regulars.audience.segments.types import KINDS, Segment, SegmentDraft, SegmentState, SegmentVersion
from regulars.conditions.api import wire
from regulars.conditions.types import Condition
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberFilter
from regulars.kit.errors import ErrorList, conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

SEGMENT = Text("人群", "Segment")
_CODE = re.compile(r"[a-z0-9][a-z0-9_\-]{0,62}")
MOST = 500
MOST_LISTED = 1_000_000
LEAST_MINUTES, MOST_MINUTES, NIGHTLY = 15, 10_080, 1440


def list_segments(*, brand_id: UUID, archived: bool = False) -> list[Segment]:
    """The brand's segments, newest first."""
    with connection.cursor() as cursor:
        return keeping.listed(cursor, brand_id=brand_id, archived=archived)


def get_segment(*, brand_id: UUID, code: str) -> Segment:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = keeping.find(cursor, brand_id=brand_id, code=code)
    if found is None:
        raise not_found(SEGMENT)
    return found


def list_versions(*, segment_id: UUID) -> list[SegmentVersion]:
    """What defined the segment, newest first."""
    with connection.cursor() as cursor:
        return keeping.versions_of(cursor, segment_id=segment_id)


def create(*, scope: Scope, draft: SegmentDraft, now: datetime) -> Segment:
    """Make a segment. A static one has its members at once, unless it is made `later`; that one, as those that follow a
    condition, is filled by what is due now.

    Raises `invalid_input` with every field's error, `code_taken` (409).
    """
    place = places.place_of(brand_id=scope.brand_id, now=now)
    check(scope, draft)
    condition = places.read_condition(place, draft.definition) if draft.kind != "static" else None
    with transaction.atomic(), connection.cursor() as cursor:
        every = _schedule(draft)
        made_id = new_id()
        values: dict[str, Any] = {
            "id": made_id,
            "brand_id": scope.brand_id,
            "code": draft.code,
            "name_zh": draft.name.zh.strip(),
            "name_en": draft.name.en.strip(),
            "note": draft.note.strip(),
            "kind": draft.kind,
            "tag": draft.tag,
            "version": 1,
            "profiles": draft.profiles,
            "every_minutes": every,
            "next_refresh_at": now if condition is not None or draft.later else None,
            "created_at": now,
            "created_by": scope.actor.label,
            "updated_at": now,
        }
        if len(keeping.listed(cursor, brand_id=scope.brand_id, archived=False)) >= MOST:
            raise conflict("too_many_segments", "人群数量已达上限", "There are too many segments")
        if not keeping.insert(cursor, values=values):
            raise conflict("code_taken", "编码已被使用", "The code is taken")
        _add_version(cursor, scope, place, made_id, draft.code, 1, condition, draft.source, now)
        made = keeping.find(cursor, brand_id=scope.brand_id, code=draft.code)
        assert made is not None
        if condition is None and not draft.later:
            fill(cursor, scope=scope, segment=made, given=draft.members, now=now)
            made = keeping.find(cursor, brand_id=scope.brand_id, code=draft.code)
            assert made is not None
        _audit(scope, "segment.create", made, {}, _said(made), now)
    telling.forget(scope.brand_id)
    return made


def update(
    *,
    scope: Scope,
    code: str,
    changes: Mapping[str, Any],
    now: datetime,
) -> Segment:
    """Change `name` (Text), `note`, `every_minutes`, `tag`, `kind` (refreshed or live), `definition`; a new definition
    is a new version and due at once. For a static one `members` replaces the list.

    Raises `not_found`, `invalid_input`.
    """
    place = places.place_of(brand_id=scope.brand_id, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        before = _locked(cursor, scope, code, retags=lambda one: changes.get("tag", one.tag) != one.tag)
        kind = changes.get("kind", before.kind)
        if (kind == "static") != (before.kind == "static"):
            raise invalid_field(
                "kind",
                "kind_fixed",
                "静态人群与条件人群不能互换，请新建",
                "A list does not become a condition, nor the other way round; make a new one",
            )
        draft = SegmentDraft(
            code=code,
            name=changes.get("name", before.name),
            kind=kind,
            definition=changes.get("definition", before.definition),
            note=_note(changes, before),
            every_minutes=changes.get("every_minutes", before.every_minutes),
            tag=changes.get("tag", before.tag),
        )
        check(scope, draft)
        values: dict[str, Any] = {
            "name_zh": draft.name.zh.strip(),
            "name_en": draft.name.en.strip(),
            "note": draft.note.strip(),
            "kind": kind,
            "every_minutes": _schedule(draft),
            "tag": draft.tag,
            "updated_at": now,
        }
        number = before.version
        if kind != "static":
            condition = places.read_condition(place, draft.definition)
            if wire(condition=condition) != before.definition or kind != before.kind:
                number += 1
                values |= {"version": number, "next_refresh_at": now}
                _add_version(cursor, scope, place, before.id, code, number, condition, {}, now)
        elif "members" in changes:
            number += 1
            values |= {
                "version": number,
                "next_refresh_at": None,
            }  # a list that was being made is this one now
            _add_version(cursor, scope, place, before.id, code, number, None, changes.get("source", {}), now)
        if draft.tag != before.tag and before.tag:
            _untag(cursor, before)
        keeping.change(cursor, segment_id=before.id, values=values)
        after = keeping.find(cursor, brand_id=scope.brand_id, code=code)
        assert after is not None
        if kind == "static" and "members" in changes:
            fill(cursor, scope=scope, segment=after, given=changes["members"], now=now)
        if draft.tag and draft.tag != before.tag:
            telling.tag_all(cursor, after, now)
        after = keeping.find(cursor, brand_id=scope.brand_id, code=code)
        assert after is not None
        _audit(scope, "segment.update", after, _said(before), _said(after), now)
    telling.forget(scope.brand_id)
    return after


def set_state(*, scope: Scope, code: str, state: SegmentState, now: datetime) -> Segment:
    """Pause (members stay as they are), go on, or archive: an archived segment is empty and takes its tag back.

    Raises `not_found`, `in_use` (409) for archiving one that others are made of.
    """
    scope.require_store(None)
    with transaction.atomic(), connection.cursor() as cursor:
        before = _locked(cursor, scope, code, retags=lambda one: state == "archived" and bool(one.tag))
        if state == before.state:
            return before
        if state == "archived":
            users = [
                one.code
                for one in keeping.listed(cursor, brand_id=scope.brand_id, archived=False)
                if code in one.uses
            ]
            if users:
                raise conflict(
                    "in_use",
                    f"被其他人群引用：{'、'.join(users[:5])}",
                    f"Other segments are made of it: {', '.join(users[:5])}",
                    segments=users,
                )
            if before.tag:
                _untag(cursor, before)
            gone = refreshing.empty(cursor, segment_id=before.id)
            refreshing.note_count(
                cursor, segment=before, entered=0, gone=len(gone), now=now, took_ms=None, whole=True
            )
        keeping.change(
            cursor,
            segment_id=before.id,
            values={
                "state": state,
                "updated_at": now,
                "next_refresh_at": now
                if state == "active" and (before.follows or before.being_made)
                else None,
            },
        )
        after = keeping.find(cursor, brand_id=scope.brand_id, code=code)
        assert after is not None
        _audit(scope, f"segment.{state}", after, {"state": before.state}, {"state": state}, now)
    telling.forget(scope.brand_id)
    return after


def check(scope: Scope, draft: SegmentDraft) -> None:
    """Refuses a draft, naming every wrong field."""
    errors = ErrorList()
    if scope.store_ids is not None:
        scope.require_store(None)
    if not _CODE.fullmatch(draft.code):
        errors.add(
            "code",
            "bad_code",
            "编码：小写字母、数字、- 和 _，最长 63",
            "Lower-case letters, digits, - and _, at most 63",
        )
    for language, name in (("zh", draft.name.zh), ("en", draft.name.en)):
        if not name.strip() or len(name) > 80 or "\x00" in name:
            errors.add(f"name.{language}", "bad_name", "名称 1–80 字", "1 to 80 characters")
    if len(draft.note) > 500 or "\x00" in draft.note:
        errors.add("note", "too_long", "最多 500 字", "At most 500 characters")
    if draft.kind not in KINDS:
        errors.add("kind", "unknown_kind", "类型只有静态、定时更新、实时", "static, refreshed or live")
    every = draft.every_minutes
    if every is not None and draft.kind == "refreshed" and not LEAST_MINUTES <= every <= MOST_MINUTES:
        errors.add("every_minutes", "out_of_range", "15 分钟到 7 天", "From 15 minutes to 7 days")
    if draft.tag:
        if draft.tag not in {tag.code for tag in members.list_tags(brand_id=scope.brand_id)}:
            errors.add("tag", "unknown_tag", "没有这个标签", "There is no such tag")
        elif any(
            one.tag == draft.tag and one.code != draft.code for one in list_segments(brand_id=scope.brand_id)
        ):
            errors.add("tag", "tag_taken", "已有人群维护这个标签", "Another segment keeps this tag")
    if draft.kind == "static" and len(draft.members) > MOST_LISTED:
        errors.add("members", "too_many", "最多 100 万名", "At most 1 000 000")
    errors.refuse()


def _note(changes: Mapping[str, Any], before: Segment) -> str:
    """The note as it shall be; who saves a form as it was does not take the other language away."""
    given = str(changes.get("note", before.note))
    shown = note_of(before.note)
    return before.note if given.strip() in (shown.zh, shown.en) else given


def _schedule(draft: SegmentDraft) -> int | None:
    """Live ones are asked anew every night too: what is true of somebody changes with the days alone."""
    if draft.kind == "static":
        return None
    return (draft.every_minutes or NIGHTLY) if draft.kind == "refreshed" else NIGHTLY


def _add_version(
    cursor: Any,
    scope: Scope,
    place: Place,
    segment_id: UUID,
    code: str,
    number: int,
    condition: Condition | None,
    source: Mapping[str, Any],
    now: datetime,
) -> None:
    uses = sorted(segments_used(condition)) if condition is not None else []
    own_scores = condition is not None and any(key.startswith("score.") for key in fields_compared(condition))
    if uses:
        # nobody else changes what is made of what while this is checked
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"segments:{scope.brand_id}"]
        )
        others = {one.code: one for one in keeping.listed(cursor, brand_id=scope.brand_id, archived=False)}
        for other in uses:
            if other not in others:
                raise invalid_field(
                    "definition", "unknown_segment", f"没有人群 {other}", f"There is no segment {other}"
                )
        made_of = {one.code: one.uses for one in others.values()} | {code: tuple(uses)}
        cycle = find_cycle(made_of, code)
        if cycle:
            raise invalid_field(
                "definition",
                "cycle",
                f"人群互相引用：{' → '.join(cycle)}",
                f"Segments would be made of each other: {' → '.join(cycle)}",
            )
        own = {one.code: one.profiles for one in others.values()} | {code: own_scores}
        own_scores = leans_on_scores(code, own, made_of)
    if condition is not None:
        keeping.change(cursor, segment_id=segment_id, values={"profiles": own_scores})
    if own_scores:
        _pass_on(cursor, scope, code, now)
    keeping.add_version(
        cursor,
        segment_id=segment_id,
        brand_id=scope.brand_id,
        number=number,
        definition=None if condition is None else wire(condition=condition),
        source=source,
        uses=uses,
        now=now,
        by=scope.actor.label,
    )


def _pass_on(cursor: Any, scope: Scope, code: str, now: datetime) -> None:
    """It stands on scores: so do those made of it, and who switched profiling off leaves them with their refresh."""
    others = keeping.listed(cursor, brand_id=scope.brand_id, archived=False)
    own = {one.code: one.profiles for one in others} | {code: True}
    made_of = {one.code: one.uses for one in others if one.code != code}
    for one in others:
        if one.follows and not one.profiles and one.code != code and leans_on_scores(one.code, own, made_of):
            due = {"next_refresh_at": now} if one.state == "active" else {}
            keeping.change(cursor, segment_id=one.id, values={"profiles": True, **due})


def fill(cursor: Any, *, scope: Scope, segment: Segment, given: Sequence[UUID], now: datetime) -> int:
    """The list's active members, and nobody else; gives how many there are."""
    if segment.profiles:
        keeping.lock_profiled(cursor, brand_id=segment.brand_id)
    wanted = list(dict.fromkeys(given))
    active: list[UUID] = []
    for start in range(0, len(wanted), 20_000):
        part = wanted[start : start + 20_000]
        active += members.list_ids(scope=scope, given=MemberFilter(), after=None, limit=len(part), among=part)
    if segment.profiles:
        off = members.profiling_off(brand_id=scope.brand_id)
        active = [one for one in active if one not in off]
    before = refreshing.empty(cursor, segment_id=segment.id)
    refreshing.add(cursor, segment_id=segment.id, member_ids=active, now=now)
    stays = set(active)
    lost = [one for one, tagged in before if tagged and one not in stays]
    if segment.tag:
        refreshing.take_tags(cursor, brand_id=segment.brand_id, tag=segment.tag, member_ids=lost)
        telling.tag_all(cursor, segment, now)
    was = {one for one, _ in before}
    return refreshing.note_count(
        cursor,
        segment=segment,
        entered=len(stays - was),
        gone=len(was - stays),
        now=now,
        took_ms=None,
        whole=True,
    )


def _untag(cursor: Any, segment: Segment) -> None:
    cursor.execute(
        "UPDATE segment_member SET tagged = false WHERE segment_id = %s AND tagged RETURNING member_id",
        [segment.id],
    )
    refreshing.take_tags(
        cursor,
        brand_id=segment.brand_id,
        tag=segment.tag,
        member_ids=sorted(row[0] for row in cursor.fetchall()),
    )


def _locked(cursor: Any, scope: Scope, code: str, *, retags: Callable[[Segment], bool]) -> Segment:
    """The segment, to be edited: by nobody else, and not while a refresh puts its members in their places.

    Of a live one its members first, where it `retags` them: who posts for them has them before its row.
    """
    found = keeping.find(cursor, brand_id=scope.brand_id, code=code)
    if found is None:
        raise not_found(SEGMENT)
    keeping.lock(cursor, segment_id=found.id)
    if found.profiles:  # before its row, as who takes a member out does
        keeping.lock_profiled(cursor, brand_id=scope.brand_id)
    if found.kind == "live" and retags(found):
        refreshing.lock_inside(cursor, segment=found)
    found = keeping.find(cursor, brand_id=scope.brand_id, code=code, lock=True)
    assert found is not None
    return found


def _said(segment: Segment) -> dict[str, Any]:
    return {
        "name_zh": segment.name.zh,
        "name_en": segment.name.en,
        "note": segment.note,
        "kind": segment.kind,
        "state": segment.state,
        "tag": segment.tag,
        "version": segment.version,
        "every_minutes": segment.every_minutes,
        "definition": segment.definition,
        "members": segment.members,
    }


def _audit(
    scope: Scope,
    action: str,
    segment: Segment,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="segment",
        subject_id=segment.code,
        before=before,
        after=after,
        now=now,
    )
