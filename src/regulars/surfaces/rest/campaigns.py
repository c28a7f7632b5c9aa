"""Campaigns: one offer to an audience, how far it is, and what it brought against those held out.

Approval is left to people: the console has it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.campaign_shapes import (
    CampaignChangeIn,
    CampaignCode,
    CampaignCopyIn,
    CampaignCostsIO,
    CampaignCountIn,
    CampaignCountOut,
    CampaignDetailOut,
    CampaignHoldoutOut,
    CampaignHoldoutPeriodIn,
    CampaignIn,
    CampaignMemberOut,
    CampaignOut,
    CampaignResultOut,
    CampaignRunOut,
    CampaignTryIn,
    CampaignTryOut,
    MemberCampaignOut,
)
from regulars.surfaces.campaign_views import CampaignViewer
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut

router = Router(tags=["Campaigns"])
READ, WRITE, APPROVE = needs("campaigns.read"), needs("campaigns.write"), needs("campaigns.approve")
Word = Annotated[str, Query(max_length=60)]
MemberState = Literal["", "pending", "asked", "sent", "failed", "skipped", "held"]


def viewer(request: HttpRequest) -> CampaignViewer:
    return CampaignViewer(scope_of(request), language(request), clock.now())


@router.get("/campaigns", response=ListOut[CampaignOut], **READ)
def list_campaigns(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's campaigns, newest first."""
    return {"items": viewer(request).listed(archived=archived)}


@router.post("/campaigns", response={201: CampaignDetailOut}, **WRITE)
def create_campaign(request: HttpRequest, given: CampaignIn) -> Any:
    """Make a draft."""
    seen = viewer(request)
    flow.create(
        scope=seen.scope,
        code=given.code,
        name=given.name.dict(),
        note=given.note,
        definition=given.definition,
        now=seen.now,
    )
    return Status(201, seen.one(given.code))


@router.post("/campaigns/count", response=CampaignCountOut, **READ)
def count_campaign_audience(request: HttpRequest, given: CampaignCountIn) -> Any:
    """How many an audience is now, and how it splits. Nothing is saved. 422 `too_slow` after 5 seconds."""
    return viewer(request).count(given.definition)


@router.get("/campaigns/costs", response=CampaignCostsIO, **READ)
def get_campaign_costs(request: HttpRequest) -> Any:
    """What messages cost, as stated."""
    return viewer(request).costs()


@router.put("/campaigns/costs", response=CampaignCostsIO, **WRITE)
def set_campaign_costs(request: HttpRequest, given: CampaignCostsIO) -> Any:
    """State what messages cost; results count it from their next computation on."""
    seen = viewer(request)
    flow.set_costs(scope=seen.scope, value=given.dict(), now=seen.now)
    return seen.costs()


@router.get("/campaigns/holdout", response=CampaignHoldoutOut, **READ)
def get_holdout_results(request: HttpRequest) -> Any:
    """Those whom the programme holds out of marketing against all others, as last reckoned."""
    return viewer(request).holdout()


@router.put("/campaigns/holdout", response=CampaignHoldoutOut, **WRITE)
def choose_holdout_period(request: HttpRequest, given: CampaignHoldoutPeriodIn) -> Any:
    """Have a worker reckon it over these days."""
    return viewer(request).choose_holdout_period(given.first, given.last)


@router.post("/campaigns/results", response={202: None}, **WRITE)
def compute_results(request: HttpRequest) -> Any:
    """Have a worker reckon the results of all campaigns now rather than tonight."""
    viewer(request).compute()
    return Status(202, None)


@router.get("/campaigns/{campaign}", response=CampaignDetailOut, **READ)
def get_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """One campaign with its definition."""
    return viewer(request).one(campaign)


@router.patch("/campaigns/{campaign}", response=CampaignDetailOut, **WRITE)
def change_campaign(request: HttpRequest, campaign: CampaignCode, given: CampaignChangeIn) -> Any:
    """Change one that was not launched; it is a draft again. 409 `campaign_launched`."""
    seen = viewer(request)
    flow.update(
        scope=seen.scope,
        code=campaign,
        name=given.name.dict() if given.name else None,
        note=given.note,
        definition=given.definition,
        now=seen.now,
    )
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/copy", response={201: CampaignDetailOut}, **WRITE)
def copy_campaign(request: HttpRequest, campaign: CampaignCode, given: CampaignCopyIn) -> Any:
    """A draft like it, with a holdout of its own."""
    seen = viewer(request)
    flow.copy(scope=seen.scope, code=campaign, new_code=given.code, now=seen.now)
    return Status(201, seen.one(given.code))


@router.post("/campaigns/{campaign}/submit", response=CampaignDetailOut, **WRITE)
def submit_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Ask for approval."""
    seen = viewer(request)
    flow.submit(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/launch", response=CampaignDetailOut, **APPROVE)
def launch_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Begin now, or at its instants."""
    seen = viewer(request)
    flow.launch(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/pause", response=CampaignDetailOut, **WRITE)
def pause_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Stop for now."""
    seen = viewer(request)
    flow.pause(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/resume", response=CampaignDetailOut, **WRITE)
def resume_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Go on."""
    seen = viewer(request)
    flow.resume(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/cancel", response=CampaignDetailOut, **WRITE)
def cancel_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Stop for good; what was given stays given."""
    seen = viewer(request)
    flow.cancel(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/archive", response=CampaignDetailOut, **WRITE)
def archive_campaign(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Put it away."""
    seen = viewer(request)
    campaigns.archive(scope=seen.scope, code=campaign, now=seen.now)
    return seen.one(campaign)


@router.post("/campaigns/{campaign}/preview", response=CampaignTryOut, **READ)
def preview_campaign(request: HttpRequest, campaign: CampaignCode, given: CampaignTryIn) -> Any:
    """What it is for one member: does she match, what would she get, why not."""
    seen = viewer(request)
    return seen.tried(campaign, finding.member_id(seen.scope, given.member))


@router.get("/campaigns/{campaign}/runs", response=ListOut[CampaignRunOut], **READ)
def list_campaign_runs(request: HttpRequest, campaign: CampaignCode) -> Any:
    """Its runs, newest first."""
    return {"items": viewer(request).runs(campaign)}


@router.get("/campaigns/{campaign}/runs/{run}", response=CampaignRunOut, **READ)
def get_campaign_run(request: HttpRequest, campaign: CampaignCode, run: int) -> Any:
    """How far one run is."""
    seen = viewer(request)
    return seen.run(seen.run_of(campaign, run))


@router.get("/campaigns/{campaign}/runs/{run}/members", response=PageOut[CampaignMemberOut], **READ)
def list_campaign_members(
    request: HttpRequest,
    campaign: CampaignCode,
    run: int,
    state: MemberState = "",
    reason: Word = "",
    arm: Word = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Who is in a run, in which arm, and what became of her."""
    seen = viewer(request)
    page = seen.members(
        seen.run_of(campaign, run), state=state, reason=reason, arm=arm, cursor=cursor, limit=limit
    )
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/campaigns/{campaign}/runs/{run}/result", response=CampaignResultOut, **READ)
def get_campaign_result(request: HttpRequest, campaign: CampaignCode, run: int) -> Any:
    """What a run brought against those held out."""
    return viewer(request).result(campaign, run)


@router.get("/members/{member}/campaigns", response=ListOut[MemberCampaignOut], **needs("campaigns.read"))
def list_campaigns_of_member(request: HttpRequest, member: finding.MemberPath) -> Any:
    """The campaigns she got or was held out of, newest first."""
    seen = viewer(request)
    return {"items": seen.of_member(finding.member_id(seen.scope, member))}
