"""Insight › Lifecycle: stages, moves, thresholds with a preview, KOC scores, profiles."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router

from regulars.facts.members import api as members
from regulars.flows.insight import lifecycle as flow
from regulars.flows.insight import profile as profiles
from regulars.flows.insight import reports as report_flow
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.lifecycle.types import RULE_NAMES, RulesVersion
from regulars.insight.runs import api as runs
from regulars.kit import clock
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs
from regulars.surfaces.console.shapes.lifecycle import (
    KocPageOut,
    KocWeightsIO,
    LifecyclePreviewOut,
    LifecycleRulesIn,
    LifecycleRulesOut,
    PreviewMemberOut,
    PreviewMoveOut,
    RulesVersionOut,
    StageRulesIO,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.surfaces.insight_views import (
    InsightReportOut,
    KocOut,
    LifecycleOut,
    MemberProfileOut,
    StageChangeOut,
    StageMemberOut,
    Viewer,
)

router = Router(tags=["Lifecycle"])
StageName = Literal["prospect", "new", "growing", "mature", "slipping", "dormant", "lost", "won_back"]
Day = Annotated[date | None, Query()]


def viewer(request: HttpRequest) -> Viewer:
    scope = scope_of(request)
    return Viewer(scope, brand_of(scope), language(request), clock.now())


@router.get("/insight/lifecycle", response=LifecycleOut, **needs("insight.read"))
def get_lifecycle(request: HttpRequest) -> Any:
    """Where members stand, and how they moved from month to month."""
    return viewer(request).lifecycle()


@router.get("/insight/lifecycle/members", response=PageOut[StageMemberOut], **needs("insight.read"))
def list_stage_members(
    request: HttpRequest, stage: StageName, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Who is in a stage."""
    seen = viewer(request)
    seen.scope.require_store(None)
    found = lifecycle.list_standings(brand_id=seen.brand.id, stage=stage, cursor=cursor, limit=limit)
    page = seen.standings(found)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/insight/lifecycle/changes", response=PageOut[StageChangeOut], **needs("insight.read"))
def list_stage_changes(
    request: HttpRequest,
    from_stage: StageName | None = None,
    to_stage: StageName | None = None,
    since: Day = None,
    until: Day = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Moves on days from `since` to before `until`, the newest first."""
    seen = viewer(request)
    seen.scope.require_store(None)
    found = lifecycle.list_changes(
        brand_id=seen.brand.id, from_stage=from_stage, to_stage=to_stage, since=since, until=until, cursor=cursor,
        limit=limit,
    )  # fmt: skip
    page = seen.changes(found)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/insight/lifecycle/rules", response=LifecycleRulesOut, **needs("insight.read"))
def get_lifecycle_rules(request: HttpRequest) -> Any:
    """Thresholds in force and those before."""
    seen = viewer(request)
    versions = lifecycle.list_rules(brand_id=seen.brand.id) or [lifecycle.get_rules(brand_id=seen.brand.id)]
    run = runs.latest(brand_id=seen.brand.id, kind=report_flow.kind_of("intervals"))
    gaps = run.metrics if run else {}
    suggested = {}
    if gaps.get("p90"):
        slipping = max(2, int(gaps["p90"]))
        suggested = {"slipping_days": slipping, "dormant_days": 2 * slipping, "lost_days": 4 * slipping}
    return LifecycleRulesOut(
        versions=[_version(one) for one in versions],
        labels={name: seen.say(words) for name, words in RULE_NAMES.items()},
        suggested=suggested,
    )


@router.put("/insight/lifecycle/rules", response=LifecycleRulesOut, **needs("insight.run"))
def set_lifecycle_rules(request: HttpRequest, given: LifecycleRulesIn) -> Any:
    """Set thresholds and weights: a new version, in force from the next run."""
    with transaction.atomic():
        lifecycle.set_rules(
            scope=scope_of(request), rules=given.rules.dict(), weights=given.weights.dict(), now=clock.now()
        )
    return get_lifecycle_rules(request)


@router.post("/insight/lifecycle/preview", response=LifecyclePreviewOut, **needs("insight.run"))
def preview_lifecycle_rules(request: HttpRequest, given: StageRulesIO) -> Any:
    """Who would stand elsewhere by these thresholds."""
    seen = viewer(request)
    moves, sample = flow.preview(scope=seen.scope, brand=seen.brand, rules=given.dict(), now=seen.now)
    names = members.names_of(scope=seen.scope, member_ids=[one[0] for one in sample])
    return LifecyclePreviewOut(
        moves=[PreviewMoveOut(from_stage=a, to_stage=b, members=n) for a, b, n in sorted(moves)],
        moved=sum(n for a, b, n in moves if a != b),
        sample=[
            PreviewMemberOut(code=names[m][0], name=names[m][1], from_stage=a, to_stage=b)
            for m, a, b in sample
            if m in names
        ],
    )


@router.get("/insight/koc", response=KocPageOut, **needs("insight.read"))
def get_koc(request: HttpRequest) -> Any:
    """How scores spread (ten bands of ten points), by which weights, and how fresh they are."""
    seen = viewer(request)
    run = runs.latest(brand_id=seen.brand.id, kind=flow.KOC_KIND)
    weights = lifecycle.get_rules(brand_id=seen.brand.id).weights
    return KocPageOut(
        run=seen.run_state(flow.KOC_KIND),
        weights=KocWeightsIO(**weights.to_json()),
        bands=run.charts.get("bands", []) if run else [],
    )


@router.get("/insight/koc/members", response=PageOut[KocOut], **needs("insight.read"))
def list_koc(
    request: HttpRequest,
    least: Annotated[int, Query(ge=0, le=100)] = 0,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Members with a KOC score from `least`, the best first."""
    seen = viewer(request)
    seen.scope.require_store(None)
    found = lifecycle.list_koc(brand_id=seen.brand.id, least=least, cursor=cursor, limit=limit)
    page = seen.kocs(found)
    return PageOut(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/members/{code}/insight-profile", response=MemberProfileOut, **needs("insight.read"))
def get_insight_profile(request: HttpRequest, code: Code) -> Any:
    """A member in plain words; nothing where she switched profiling off."""
    seen = viewer(request)
    return seen.profile(member_id_of(seen.scope, code))


@router.get("/segments/{segment}/profile", response=InsightReportOut, **needs("insight.read"))
def get_segment_profile(request: HttpRequest, segment: Code) -> Any:
    """A segment beside everybody: shares with lift; values of fewer than ten members are not shown."""
    seen = viewer(request)
    report, as_of = profiles.compare_segment(brand=seen.brand, code=segment, now=seen.now)
    return seen.report(report_flow.Made(report, as_of, seen.now))


def _version(one: RulesVersion) -> RulesVersionOut:
    return RulesVersionOut(
        version=one.version, rules=StageRulesIO(**one.rules.to_json()), weights=KocWeightsIO(**one.weights.to_json()),
        at=one.at, by=one.by,
    )  # fmt: skip
