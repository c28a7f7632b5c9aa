"""Door of lifecycle: a brand's rules, where members stand, how they moved, KOC scores with their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from regulars.insight.lifecycle import models, policy, store
from regulars.insight.lifecycle.koc import WINDOW_DAYS as KOC_DAYS
from regulars.insight.lifecycle.koc import koc_parts, koc_scores
from regulars.insight.lifecycle.policy import check_rules
from regulars.insight.lifecycle.stages import day_number, day_of, line_of_stages, moves_between, stages_at
from regulars.insight.lifecycle.types import (
    KocStanding,
    KocWeights,
    RulesVersion,
    StageChange,
    StageRules,
    Standing,
)
from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

__all__ = [
    "CHANGE", "KOC_DAYS", "check_rules", "count_by_stage", "day_number", "day_of", "forget", "get_koc", "get_rules",
    "get_standing", "has_stages", "koc_parts", "koc_scores", "line_of_stages", "list_changes", "list_koc", "list_rules",
    "list_standings", "moves_between", "preview", "record_stages", "set_rules", "stages_at", "write_koc",
]  # fmt: skip
CHANGE = store.CHANGE  # columns of a move
_DEFAULTS = RulesVersion(0, StageRules(), KocWeights())


def get_rules(*, brand_id: UUID) -> RulesVersion:
    """The rules in force: the highest version, or the defaults."""
    row = models.LifecycleRules.objects.filter(brand_id=brand_id).order_by("-version").first()
    return _DEFAULTS if row is None else _version_of(row)


def list_rules(*, brand_id: UUID) -> list[RulesVersion]:
    """Every version, newest first."""
    return [
        _version_of(r) for r in models.LifecycleRules.objects.filter(brand_id=brand_id).order_by("-version")
    ]


def set_rules(
    *, scope: Scope, rules: Mapping[str, Any], weights: Mapping[str, Any], now: datetime
) -> RulesVersion:
    """A new version of the rules, in force from the next run on. Refuses (422) every wrong field; what is as it
    was makes no version."""
    before = get_rules(brand_id=scope.brand_id)
    checked, weighed = policy.check_rules(rules), policy.check_weights(weights)
    if (checked, weighed) == (before.rules, before.weights):
        return before
    row = models.LifecycleRules(
        brand_id=scope.brand_id,
        version=before.version + 1,
        rules=checked.to_json(),
        weights=weighed.to_json(),
        at=now,
        by=scope.actor.label,
    )
    row.save(force_insert=True)
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="lifecycle.rules_set",
        subject_type="lifecycle_rules",
        subject_id=str(row.version),
        before={**before.rules.to_json(), **before.weights.to_json()},
        after={**row.rules, **row.weights},
        now=now,
    )
    return _version_of(row)


def record_stages(
    *,
    brand_id: UUID,
    standings: Sequence[tuple[UUID, str, date]],
    rules_version: int,
    history: Iterable[bytes] | None = None,
) -> tuple[int, int]:
    """Keep where everybody stands: (member, stage, first day of it). Gives how many moved and were forgotten.

    `history` is everybody's whole line of stages, as rows of `CHANGE` in COPY's text format; it is asked for once, when
    the brand has no stages yet.
    """
    if history is not None and not store.has_stages(brand_id):
        return store.begin(brand_id, standings, history), 0
    return store.record_stages(brand_id, standings, rules_version)


def has_stages(*, brand_id: UUID) -> bool:
    """Whether stages were ever reckoned for the brand."""
    return store.has_stages(brand_id)


def preview(
    *, brand_id: UUID, standings: Sequence[tuple[UUID, str, date]], sample: int = 20
) -> tuple[list[tuple[str, str, int]], list[tuple[UUID, str, str]]]:
    """What standings by other rules would change: (from, to, members) and a sample of (member, from, to)."""
    return store.count_moves_to(brand_id, standings, sample)


def count_by_stage(*, brand_id: UUID) -> dict[str, int]:
    return store.count_by_stage(brand_id)


def get_standing(*, brand_id: UUID, member_id: UUID) -> Standing | None:
    """Where she stands; None while profiling is off or before the first run."""
    row = models.MemberStage.objects.filter(member_id=member_id, brand_id=brand_id).first()
    return None if row is None else Standing(row.member_id, row.stage, row.since)


def list_standings(
    *, brand_id: UUID, stage: str, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Standing]:
    """Who is in a stage, in the order of ids."""
    rows = models.MemberStage.objects.filter(brand_id=brand_id, stage=stage).order_by("member_id")
    after = paging.decode_id(cursor)
    if after:
        rows = rows.filter(member_id__gt=after)
    found = [Standing(r.member_id, r.stage, r.since) for r in rows[: limit + 1]]
    return paging.cut(found, limit, lambda one: (one.member_id,))


def list_changes(
    *,
    brand_id: UUID,
    member_id: UUID | None = None,
    from_stage: str | None = None,
    to_stage: str | None = None,
    since: date | None = None,
    until: date | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[StageChange]:
    """Moves, the newest day first; of one member, between stages, of days [since, until)."""
    rows = models.StageChange.objects.filter(brand_id=brand_id).order_by("-moved_on", "-member_id", "-id")
    given = {
        "member_id": member_id, "from_stage": from_stage, "to_stage": to_stage, "moved_on__gte": since,
        "moved_on__lt": until,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    after = paging.decode_as(cursor, date.fromisoformat, UUID, UUID)
    if after:
        day, member, id_ = after
        same_day = Q(moved_on=day) & (Q(member_id__lt=member) | Q(member_id=member, id__lt=id_))
        rows = rows.filter(Q(moved_on__lt=day) | same_day)
    found = [
        StageChange(r.id, r.member_id, r.from_stage, r.to_stage, r.moved_on, r.rules_version)
        for r in rows[: limit + 1]
    ]
    return paging.cut(found, limit, lambda one: (one.on.isoformat(), one.member_id, one.id))


def forget(*, brand_id: UUID, member_ids: Sequence[UUID]) -> None:
    """Stage, history and KOC score of these members go: they switched profiling off."""
    store.forget(brand_id, member_ids)


def write_koc(*, brand_id: UUID, as_of: datetime, rows: Sequence[tuple[Any, ...]]) -> None:
    """Make the brand's KOC scores these: (member_id, score, frequency, influence, quality, inputs)."""
    store.write_koc(brand_id, as_of, rows)


def get_koc(*, brand_id: UUID, member_id: UUID) -> KocStanding | None:
    row = models.KocStanding.objects.filter(member_id=member_id, brand_id=brand_id).first()
    return None if row is None else _koc_of(row)


def list_koc(
    *, brand_id: UUID, least: int = 0, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[KocStanding]:
    """Scores from `least`, the best first."""
    rows = models.KocStanding.objects.filter(brand_id=brand_id, score__gte=least).order_by(
        "-score", "member_id"
    )
    after = paging.decode_as(cursor, int, UUID)
    if after:
        score, member = after
        rows = rows.filter(Q(score__lt=score) | Q(score=score, member_id__gt=member))
    return paging.cut([_koc_of(r) for r in rows[: limit + 1]], limit, lambda one: (one.score, one.member_id))


def _version_of(row: models.LifecycleRules) -> RulesVersion:
    return RulesVersion(
        row.version, policy.check_rules(row.rules), policy.check_weights(row.weights), row.at, row.by
    )


def _koc_of(row: models.KocStanding) -> KocStanding:
    return KocStanding(
        row.member_id, row.score, row.frequency, row.influence, row.quality, row.as_of, row.inputs
    )
