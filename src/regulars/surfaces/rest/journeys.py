"""Journeys: paths that members walk step by step; starting them, and how they go."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.engage.journeys import api as journeys
from regulars.flows.journeys import api as flow
from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.journey_shapes import (
    JourneyChangeIn,
    JourneyCheckIn,
    JourneyCheckOut,
    JourneyCode,
    JourneyCountsOut,
    JourneyDetailOut,
    JourneyDryRunIn,
    JourneyDryRunOut,
    JourneyEndedOut,
    JourneyIn,
    JourneyMessagesOut,
    JourneyMovedOut,
    JourneyMoveIn,
    JourneyOut,
    JourneyPublishIn,
    JourneyRemovalIn,
    JourneyRunOut,
    JourneyStartedOut,
    JourneyStartIn,
    JourneyStateIn,
    JourneyVersionOut,
    MemberJourneyOut,
    NodeId,
)
from regulars.surfaces.journey_views import JourneyViewer
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut

router = Router(tags=["Journeys"])
READ, WRITE, PUBLISH = needs("journeys.read"), needs("journeys.write"), needs("journeys.publish")
RunState = Literal["", "active", "ended"]
Version = Annotated[int | None, Query(ge=1, le=1_000_000)]


def viewer(request: HttpRequest) -> JourneyViewer:
    return JourneyViewer(scope_of(request), language(request), clock.now())


@router.get("/journeys", response=ListOut[JourneyOut], **READ)
def list_journeys(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's journeys, newest first."""
    return {"items": viewer(request).listed(archived=archived)}


@router.post("/journeys", response={201: JourneyDetailOut}, **WRITE)
def create_journey(request: HttpRequest, given: JourneyIn) -> Any:
    """Make a journey, as a draft. 409 `code_taken`."""
    return Status(201, viewer(request).create(given))


@router.post("/journeys/check", response=JourneyCheckOut, **READ)
def check_journey(request: HttpRequest, given: JourneyCheckIn) -> Any:
    """What is wrong with a definition, and its steps in words; nothing is saved or refused."""
    return viewer(request).check(given.code, given.definition)


@router.post("/journeys/ready-made", response=ListOut[JourneyOut], **WRITE)
def install_ready_made(request: HttpRequest) -> Any:
    """Make the ready-made journeys that are not there yet, as drafts."""
    seen = viewer(request)
    return {"items": seen.shown(journeys.install_ready_made(scope=seen.scope, now=seen.now))}


@router.get("/journeys/{journey}", response=JourneyDetailOut, **READ)
def get_journey(request: HttpRequest, journey: JourneyCode) -> Any:
    """One journey with its draft and what is live."""
    return viewer(request).one(journey)


@router.patch("/journeys/{journey}", response=JourneyDetailOut, **WRITE)
def change_journey(request: HttpRequest, journey: JourneyCode, given: JourneyChangeIn) -> Any:
    """Change a journey; a definition becomes the draft, errors and all."""
    return viewer(request).change(journey, given)


@router.delete("/journeys/{journey}/draft", response=JourneyDetailOut, **WRITE)
def discard_draft(request: HttpRequest, journey: JourneyCode) -> Any:
    """Back to what is published. 409 `nothing_published`."""
    return viewer(request).discard(journey)


@router.post("/journeys/{journey}/publish", response=JourneyDetailOut, **PUBLISH)
def publish_journey(request: HttpRequest, journey: JourneyCode, given: JourneyPublishIn) -> Any:
    """Make the draft the next version; the first starts the journey. 422 with every error of the definition."""
    return viewer(request).publish(journey, given.note)


@router.post("/journeys/{journey}/state", response=JourneyDetailOut, **PUBLISH)
def set_journey_state(request: HttpRequest, journey: JourneyCode, given: JourneyStateIn) -> Any:
    """Pause, go on, stop (all runs end), archive. 409 `bad_state`."""
    return viewer(request).set_state(journey, given.state)


@router.post("/journeys/{journey}/move", response=JourneyMovedOut, **PUBLISH)
def move_members(request: HttpRequest, journey: JourneyCode, given: JourneyMoveIn) -> Any:
    """Members in flight on other versions come to the published one, by the id of their node."""
    return viewer(request).move(journey, given)


@router.get("/journeys/{journey}/versions", response=ListOut[JourneyVersionOut], **READ)
def list_journey_versions(request: HttpRequest, journey: JourneyCode) -> Any:
    """What was published, newest first."""
    return {"items": viewer(request).versions(journey)}


@router.get("/journeys/{journey}/counts", response=JourneyCountsOut, **READ)
def get_counts(request: HttpRequest, journey: JourneyCode, version: Version = None) -> Any:
    """How many came to each node, are there, left it by which way; of the published version or another."""
    return viewer(request).counts(journey, version)


@router.get("/journeys/{journey}/messages", response=JourneyMessagesOut, **READ)
def get_messages(request: HttpRequest, journey: JourneyCode, version: Version = None) -> Any:
    """What became of the messages that each node asked for; of the published version or another."""
    return viewer(request).messages(journey, version)


@router.get("/journeys/{journey}/runs", response=PageOut[JourneyRunOut], **READ)
def list_runs(
    request: HttpRequest,
    journey: JourneyCode,
    state: RunState = "",
    node: NodeId = "",
    reason: NodeId = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Members' ways through it, newest first."""
    page = viewer(request).runs(journey, state=state, node=node, reason=reason, cursor=cursor, limit=limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.post("/journeys/{journey}/starts", response=JourneyStartedOut, **WRITE)
def start_journey(request: HttpRequest, journey: JourneyCode, given: JourneyStartIn) -> Any:
    """Let a member in by hand. 409 `not_running`, `not_callable`."""
    seen = viewer(request)
    return seen.start(journey, finding.member_id(seen.scope, given.member), given.key, given.data)


@router.post("/journeys/{journey}/removals", response=JourneyEndedOut, **WRITE)
def remove_member(request: HttpRequest, journey: JourneyCode, given: JourneyRemovalIn) -> Any:
    """Take a member out: her runs of it end."""
    seen = viewer(request)
    ended = flow.remove(
        scope=seen.scope, code=journey, member_id=finding.member_id(seen.scope, given.member), now=seen.now
    )
    return JourneyEndedOut(ended=ended)


@router.post("/journeys/{journey}/dry-run", response=JourneyDryRunOut, **READ)
def dry_run(request: HttpRequest, journey: JourneyCode, given: JourneyDryRunIn) -> Any:
    """What would happen to a member in the next days; nothing is written."""
    seen = viewer(request)
    return seen.dry_run(journey, finding.member_id(seen.scope, given.member), given)


@router.get("/members/{member}/journeys", response=ListOut[MemberJourneyOut], **READ)
def list_member_journeys(request: HttpRequest, member: finding.MemberPath) -> Any:
    """A member's journeys and what they did, newest first."""
    seen = viewer(request)
    return {"items": seen.of_member(finding.member_id(seen.scope, member))}
