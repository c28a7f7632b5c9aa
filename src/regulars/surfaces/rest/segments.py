"""Segments: groups of members by any condition; what is known of a member; her wish not to be profiled."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.audience.segments import api as segments
from regulars.flows import audience
from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut
from regulars.surfaces.segment_shapes import (
    FactFieldsOut,
    LookAlikeIn,
    MemberFactsOut,
    OverlapIn,
    OverlapOut,
    ProfilingIO,
    RefreshedOut,
    SegmentChangeIn,
    SegmentCode,
    SegmentCountOut,
    SegmentDraftIn,
    SegmentMemberOut,
    SegmentMoveOut,
    SegmentOut,
    SegmentPreviewIn,
    SegmentPreviewOut,
    SegmentStateIn,
    SegmentVersionOut,
    SplitIn,
    SplitPartOut,
)
from regulars.surfaces.segment_views import SegmentViewer

router = Router(tags=["Segments"])
READ, WRITE = needs("segments.read"), needs("segments.write")


def viewer(request: HttpRequest) -> SegmentViewer:
    return SegmentViewer(scope_of(request), language(request), clock.now())


@router.get("/segments", response=ListOut[SegmentOut], **READ)
def list_segments(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's segments, newest first."""
    return {"items": viewer(request).listed(archived=archived)}


@router.post("/segments", response={201: SegmentOut}, **WRITE)
def create_segment(request: HttpRequest, given: SegmentDraftIn) -> Any:
    """Make a segment. One with a condition is filled within seconds."""
    return Status(201, viewer(request).create(given))


@router.post("/segments/preview", response=SegmentPreviewOut, **READ)
def preview_segment(request: HttpRequest, given: SegmentPreviewIn) -> Any:
    """How many members a condition finds now, and some of them; nothing is saved. 422 `too_slow` after 5 seconds."""
    return viewer(request).preview(given.definition)


@router.post("/segments/overlap", response=OverlapOut, **READ)
def overlap_segments(request: HttpRequest, given: OverlapIn) -> Any:
    """How many members 2 to 12 segments share, pair by pair."""
    return viewer(request).overlap(given.segments)


@router.post("/segments/ready-made", response=ListOut[SegmentOut], **WRITE)
def install_ready_made(request: HttpRequest) -> Any:
    """Make the ready-made segments that are not there yet, with thresholds from the brand's own members."""
    seen = viewer(request)
    return {"items": seen.shown(audience.install_ready_made(scope=seen.scope, now=seen.now))}


@router.get("/segments/fields", response=FactFieldsOut, **READ)
def list_fields(request: HttpRequest) -> Any:
    """Every field that segments may ask, with meaning and freshness."""
    return viewer(request).fields()


@router.get("/segments/{segment}", response=SegmentOut, **READ)
def get_segment(request: HttpRequest, segment: SegmentCode) -> Any:
    """One segment."""
    return viewer(request).one(segment)


@router.patch("/segments/{segment}", response=SegmentOut, **WRITE)
def change_segment(request: HttpRequest, segment: SegmentCode, given: SegmentChangeIn) -> Any:
    """Change a segment; what is left out stays."""
    return viewer(request).change(segment, given)


@router.post("/segments/{segment}/state", response=SegmentOut, **WRITE)
def set_state(request: HttpRequest, segment: SegmentCode, given: SegmentStateIn) -> Any:
    """Pause it, go on, archive it. An archived segment is empty. 409 `in_use` while others are made of it."""
    seen = viewer(request)
    segments.set_state(scope=seen.scope, code=segment, state=given.state, now=seen.now)
    return seen.one(segment)


@router.post("/segments/{segment}/refresh", response=RefreshedOut, **WRITE)
def refresh_segment(request: HttpRequest, segment: SegmentCode) -> Any:
    """Bring it to what its condition says now. 409 `refresh_running` while that is being done.

    A list that was not made, for it was stopped or could not be, is begun again in the background: all figures are 0.
    """
    return viewer(request).refresh(segment)


@router.post("/segments/{segment}/cancel", response=SegmentOut, **WRITE)
def cancel_refresh(request: HttpRequest, segment: SegmentCode) -> Any:
    """Stop its refresh; its members stay as they were. A list that is being made stays empty."""
    return viewer(request).cancel(segment)


@router.get("/segments/{segment}/members", response=PageOut[SegmentMemberOut], **READ)
def list_members(
    request: HttpRequest, segment: SegmentCode, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Who is in it, since when."""
    page = viewer(request).members(segment, cursor, limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/segments/{segment}/moves", response=PageOut[SegmentMoveOut], **READ)
def list_moves(request: HttpRequest, segment: SegmentCode, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Who came and went, newest first; those of its first filling are not listed."""
    page = viewer(request).moves(segment, cursor, limit)
    return {"items": list(page.items), "next_cursor": page.next_cursor}


@router.get("/segments/{segment}/counts", response=ListOut[SegmentCountOut], **READ)
def list_counts(request: HttpRequest, segment: SegmentCode) -> Any:
    """Its members by day, the oldest first."""
    return {"items": viewer(request).counts(segment)}


@router.get("/segments/{segment}/versions", response=ListOut[SegmentVersionOut], **READ)
def list_versions(request: HttpRequest, segment: SegmentCode) -> Any:
    """What defined it, newest first."""
    return {"items": viewer(request).versions(segment)}


@router.post("/segments/{segment}/split", response=ListOut[SplitPartOut], **WRITE)
def split_segment(request: HttpRequest, segment: SegmentCode, given: SplitIn) -> Any:
    """Split it into stable parts, for tests; with `save` each part becomes a static segment."""
    return {"items": viewer(request).split(segment, given)}


@router.post("/segments/{segment}/look-alike", response={201: SegmentOut}, **WRITE)
def make_look_alike(request: HttpRequest, segment: SegmentCode, given: LookAlikeIn) -> Any:
    """A static segment of the members most like those of this one, by their facts. 409 `seed_too_small`.

    Where more than 50 000 members bought within a year it is `being_made` in the background, and says there what is
    wrong.
    """
    return Status(201, viewer(request).look_alike(segment, given))


@router.get("/members/{member}/facts", response=MemberFactsOut, **READ)
def get_facts(request: HttpRequest, member: finding.MemberPath) -> Any:
    """What is known of a member: facts, scores, the segments she is in."""
    seen = viewer(request)
    return seen.of_member(finding.member_id(seen.scope, member))


@router.put("/members/{member}/profiling", response=ProfilingIO, **needs("members.write"))
def set_profiling(request: HttpRequest, member: finding.MemberPath, given: ProfilingIO) -> Any:
    """Switch profiling of a member on or off; off takes effect at once."""
    seen = viewer(request)
    return seen.profile(finding.member_id(seen.scope, member), given)
