"""The tier editor: whom a draft moves and what that costs, how long upgrades take, thresholds for a distribution."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.flows import tier_preview
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.programme.rules.types import TierScheme
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.tiers import (
    ClimbOut,
    MoveOut,
    PreviewIn,
    ProposalOut,
    ProposalsOut,
    ProposeIn,
    ReachedOut,
    SampleOut,
    StandardOut,
    TierPreviewOut,
    UnitCostOut,
)
from regulars.value.tiers import api as tiers

router = Router(tags=["Programme"])
_PORTION = Text("分段", "Portion")


@router.post("/programme/tiers/preview", response=TierPreviewOut, **needs("programme.read"))
def preview(request: HttpRequest, given: PreviewIn) -> Any:
    """Who moves and what it costs, a portion of members at a time."""
    scope, now, said = scope_of(request), clock.now(), language(request)
    found = tier_preview.preview(
        scope=scope,
        definition=given.definition,
        scheme=given.scheme,
        now=now,
        after=uuid_of(given.after, _PORTION) if given.after else None,
    )
    naming = Naming(scope, said, now)
    ids = {id_ for move in found.moves for id_ in move.samples}
    names = members.names_of(scope=scope, member_ids=list(ids)) if scope.allows("members.read") else {}
    titles = _titles(given.definition, given.scheme, naming)
    return TierPreviewOut(
        moves=[
            MoveOut(
                current=move.current,
                current_name=titles.get(move.current, move.current),
                result=move.result,
                result_name=titles.get(move.result, move.result),
                direction=move.direction,
                members=move.members,
                of_edit=move.of_edit,
                spend=move.spend,
                discount=move.discount,
                units=[
                    UnitCostOut(unit=unit, unit_name=naming.unit(unit), amount=amount)
                    for unit, amount in move.units.items()
                ],
                samples=[
                    SampleOut(code=names[id_][0], name=names[id_][1]) for id_ in move.samples if id_ in names
                ],
            )
            for move in found.moves
        ],
        seen=found.seen,
        members=found.members,
        next_after=str(found.next_after) if found.next_after else None,
        unrecorded=[naming.metric(one) for one in found.unrecorded],
        method=naming.say(tier_preview.METHOD),
    )


@router.get("/programme/tiers/{scheme}/standard", response=StandardOut, **needs("programme.read"))
def get_standard(request: HttpRequest, scheme: Code) -> Any:
    """How long upgrades take: from joining to each tier, from tier to tier."""
    scope, said = scope_of(request), language(request)
    found, reached, climbs = tier_preview.standard(scope=scope, scheme=scheme, now=clock.now())
    names = {tier.code: tier.name.in_language(said) for tier in found.tiers}
    return StandardOut(
        reached=[
            ReachedOut(
                tier=one.tier,
                name=names[one.tier],
                members=one.members,
                median_days=one.median_days,
                fast_days=one.fast_days,
                slow_days=one.slow_days,
            )
            for one in reached
        ],
        climbs=[
            ClimbOut(
                previous=one.previous,
                previous_name=names[one.previous],
                tier=one.tier,
                name=names[one.tier],
                moves=one.moves,
                median_days=one.median_days,
                fast_days=one.fast_days,
                slow_days=one.slow_days,
            )
            for one in climbs
        ],
        metrics=sorted(tiers.metrics_used(found)),
    )


@router.post("/programme/tiers/{scheme}/proposal", response=ProposalsOut, **needs("programme.read"))
def propose(request: HttpRequest, scheme: Code, given: ProposeIn) -> Any:
    """Readable thresholds that give each tier about the wanted share of the members."""
    scope, now, said = scope_of(request), clock.now(), language(request)
    found: TierScheme = tier_preview.standard(scope=scope, scheme=scheme, now=now)[0]
    names = {tier.code: tier.name.in_language(said) for tier in found.tiers}
    proposals = tier_preview.propose(
        scope=scope, scheme=scheme, metric=given.metric, shares=given.shares, now=now
    )
    return ProposalsOut(
        metric=given.metric,
        proposals=[
            ProposalOut(
                tier=one.tier,
                name=names[one.tier],
                wanted_percent=one.wanted_percent,
                exact=one.exact,
                at_least=one.at_least,
                reached_by=one.reached_by,
                percent=one.percent,
            )
            for one in proposals
        ],
    )


def _titles(definition: Any, scheme: str, naming: Naming) -> dict[str, str]:
    """Tier codes in words: the draft's, and the live scheme's for those that it lost."""
    titles: dict[str, str] = {}
    for one in naming.programme.schemes if naming.programme else ():
        if one.key == scheme:
            titles |= {tier.code: naming.say(tier.name) for tier in one.tiers}
    for one in definition.get("schemes", ()):
        if one.get("key") == scheme:
            titles |= {t["code"]: naming.say(Text.from_json(t.get("name", t["code"]))) for t in one["tiers"]}
    return titles
