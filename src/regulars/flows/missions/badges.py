"""Badges that a condition gives: a few members' with what they do, everybody's when it is new and once a day."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.conditions.api import SEGMENTS, Progress
from regulars.engage.missions.api import badges as kept
from regulars.engage.missions.api import play
from regulars.engage.missions.types.play import Badge
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_ids
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event

CONSUMER = "badges"
BATCH = 500
SECONDS = 120.0
PORTION = 5000
_LEASE_SECONDS = 600.0
_DIRTY_FIRST = 20
# what this flow itself announces, and what is no sign that a member's standing became another
_OURS = ("badge.", "mission.", "draw.", "message.")
_log = logging.getLogger(__name__)


def needs_words(when: Mapping[str, Any]) -> bool:
    """Whether a condition names what is the shop's own business: a member is told in its words what it takes."""
    return any(
        field in (SEGMENTS, "membership.tags") or field.startswith("score.") for field in _fields(when)
    )


def _fields(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        if isinstance(data.get("field"), str):
            yield data["field"]
        for value in data.values():
            yield from _fields(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from _fields(value)


def words_of(*, brand: Brand, badges: Sequence[Badge], now: datetime, own: bool = True) -> dict[str, Text]:
    """What badges take that a condition gives, by key: in the shop's own words where it wrote some, else in the
    condition's. Without `own` always the condition's.
    """
    found = {one.key: one.how for one in badges if own and one.when and (one.how.zh or one.how.en)}
    asked = [one for one in badges if one.when and one.key not in found]
    if asked:
        said = segments.describe(
            brand_id=brand.id, definitions=[dict(one.when or {}) for one in asked], now=now
        )
        found |= {one.key: words for one, words in zip(asked, said, strict=True)}
    return found


def progress_of(
    *, brand: Brand, badges: Sequence[Badge], member_id: UUID, now: datetime
) -> dict[str, tuple[Progress, ...]]:
    """How far a member is with each badge that is given by numbers she can reach, by key."""
    asked = {one.key: dict(one.when) for one in badges if one.when}
    if not asked:
        return {}
    return segments.progress_of(brand_id=brand.id, definitions=asked, member_id=member_id, now=now)


def changed(brand_id: UUID, before: Badge | None, after: Badge, now: datetime) -> None:
    """A badge was made or changed: everybody is asked soon where its condition is another, nobody where it has none."""
    if after.when is None or after.state != "active":
        kept.ask_everybody(brand_id=brand_id, badge=after.key, now=None, anew=True)
    elif before is None or (before.when, before.taken_away) != (after.when, after.taken_away):
        kept.ask_everybody(
            brand_id=brand_id, badge=after.key, now=now, anew=before is None or before.when != after.when
        )


def follow_events(now: datetime) -> int:
    """Ask those again of whom the next events are; gives how many events there were.

    A consumer of its own: it may have to wait while everybody is asked, and holds no member meanwhile.
    """

    def handle(events: Sequence[Event]) -> None:
        by_brand: dict[UUID, set[UUID]] = {}
        for event in events:
            if event.member_id != NOBODY and not event.topic.startswith(_OURS):
                by_brand.setdefault(event.brand_id, set()).add(event.member_id)
        for brand_id in sorted(by_brand):
            follow(organisations.get_brand(brand_id=brand_id), sorted(by_brand[brand_id]), now)

    outbox.subscribe(name=CONSUMER, from_start=False)  # what was before, asking everybody finds
    return outbox.consume(name=CONSUMER, handle=handle, now=now, batch=BATCH)


def follow(brand: Brand, member_ids: Sequence[UUID], now: datetime) -> int:
    """Ask these members' conditions again, in the caller's transaction; gives how many badges came or went."""
    found = {
        one.key: one for one in play.list_badges(brand_id=brand.id) if one.when is not None and member_ids
    }
    if not found:
        return 0
    moved = 0
    with transaction.atomic():
        if any(field.startswith("fact.") for one in found.values() for field in _fields(one.when)):
            member_facts.refresh(brand_id=brand.id, member_ids=member_ids, now=now)
        for key in sorted(kept.hold(brand_id=brand.id, keys=sorted(found))):
            try:
                came, gone = _settle(brand, found[key], member_ids, now)
            except Refusal:
                continue  # what it names is gone; asking everybody says so on its page
            _tell(brand, key, came, gone, now)
            moved += len(came) + len(gone)
    return moved


def ask_due(now: datetime) -> int:
    """Due work: ask everybody for the badge that waits longest; gives 1, or 0 where none does."""
    rows = due.claim(table="badge", key=("brand_id", "key"), now=now, limit=1, lease_seconds=_LEASE_SECONDS)
    for brand_id, key in rows:
        try:
            ask_everybody(organisations.get_brand(brand_id=brand_id), key, now)
        except Refusal as refusal:  # kept with the badge, and shown there
            said = refusal.errors[0].message if refusal.errors else refusal.message
            kept.note_problem(brand_id=brand_id, badge=key, problem=said.kept(), now=now)
        except Exception as error:
            _log.exception("badge %s of %s could not be followed", key, brand_id)
            kept.note_problem(brand_id=brand_id, badge=key, problem=f"{error}", now=now)
    return len(rows)


def ask_everybody(brand: Brand, key: str, now: datetime) -> tuple[int, int]:
    """Bring who has a badge to what its condition says of everybody; gives how many came and went.

    Everybody is asked at once without holding anything, and those for whom it differs are asked again, some at a time
    with the badge held: what a member does meanwhile waits no longer than for some. Where the badge is changed
    meanwhile, it stops: everybody is to be asked anew.

    Raises `too_slow`, `invalid_input`, `not_found`.
    """
    badge = play.get_badge(brand_id=brand.id, key=key)
    if badge.when is None or badge.state != "active":
        kept.ask_everybody(brand_id=brand.id, badge=key, now=None, anew=True)
        return 0, 0
    if any(field.startswith(("fact.", "score.")) for field in _fields(badge.when)):
        for _ in range(_DIRTY_FIRST):
            if not member_facts.refresh_dirty(brand_id=brand.id, now=now):
                break
    first = kept.following(brand_id=brand.id)[key].followed_at is None
    with transaction.atomic():
        segments.put_wanted(brand_id=brand.id, definition=badge.when, now=now, seconds=SECONDS)
        differing = kept.differing(brand_id=brand.id, badge=key, takes=badge.taken_away)
    given = taken = 0
    for at in range(0, len(differing), PORTION):
        with transaction.atomic():
            if not _is_still(brand, badge):
                return given, taken
            came, gone = _settle(brand, badge, differing[at : at + PORTION], now)
            _tell(brand, key, came, gone, now, one_by_one=not first)
        given, taken = given + len(came), taken + len(gone)
    with transaction.atomic():
        if not _is_still(brand, badge):
            return given, taken
        if first and given:
            _say(brand, [("badge.filled", NOBODY, {"badge": key, "given": given})], now)
        kept.note_followed(brand_id=brand.id, badge=key, now=now)
        if given or taken:
            audit.record(
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                actor=SYSTEM,
                action="badge.followed",
                subject_type="badge",
                subject_id=key,
                before=None,
                after={"given": given, "taken": taken},
                now=now,
            )
    return given, taken


def _is_still(brand: Brand, badge: Badge) -> bool:
    """Hold the badge alone; whether it is given by what it was given by when everybody was asked."""
    if not kept.hold(brand_id=brand.id, keys=[badge.key], alone=True):
        return False
    held = play.get_badge(brand_id=brand.id, key=badge.key)
    return (held.when, held.taken_away) == (badge.when, badge.taken_away)


def _settle(
    brand: Brand, badge: Badge, member_ids: Sequence[UUID], now: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Ask some members of a held badge, now."""
    holding = segments.holds_for(brand_id=brand.id, definition=badge.when, member_ids=member_ids, now=now)
    return kept.settle(
        brand_id=brand.id,
        badge=badge.key,
        takes=badge.taken_away,
        asked=member_ids,
        holding=holding,
        now=now,
    )


def _tell(
    brand: Brand,
    key: str,
    came: Sequence[UUID],
    gone: Sequence[UUID],
    now: datetime,
    *,
    one_by_one: bool = True,
) -> None:
    """Say who lost it and who got it; not who got it when it is new: that is said once for all."""
    said: dict[str, Any] = {"badge": key}
    told = [("badge.taken", one, said) for one in gone]
    if one_by_one:
        told += [("badge.given", one, said) for one in came]
    _say(brand, told, now)


def _say(brand: Brand, told: Sequence[tuple[str, UUID, dict[str, Any]]], now: datetime) -> None:
    outbox.append(
        [
            Event(id_, brand.organisation_id, brand.id, topic, payload, now, now, one)
            for (topic, one, payload), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )
