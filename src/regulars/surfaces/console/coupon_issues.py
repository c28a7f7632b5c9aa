"""Issuing coupons to members: by filter or by list, counted first, followed while it goes on."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.coupons import CountByOut, CountOut, IssueIn, IssueOut, SegmentIn
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import IssueJob

router = Router(tags=["Coupons"])
_ISSUE = Text("发放任务", "Bulk issue")
_AT_ONCE = 2000
_STATES: dict[str, Text] = {
    "queued": Text("排队中", "queued"),
    "running": Text("发放中", "running"),
    "done": Text("已完成", "done"),
    "failed": Text("失败", "failed"),
    "cancelled": Text("已取消", "cancelled"),
}
_NOT_ACTIVE = Text("会员资格未生效", "the membership is not active")


@router.post("/coupon-definitions/{key}/issues/preview", response=CountOut, **needs("coupons.issue"))
def preview(request: HttpRequest, key: Code, given: SegmentIn) -> Any:
    """How many members would get one."""
    scope = scope_of(request)
    segment, unknown = _segment(scope, given)
    if segment.get("members") == []:
        return CountOut(members=0, unknown=unknown)
    return CountOut(members=flow.count_segment(scope=scope, segment=segment), unknown=unknown)


@router.post("/coupon-definitions/{key}/issues", response={201: IssueOut}, **needs("coupons.issue"))
def issue(request: HttpRequest, key: Code, given: IssueIn) -> Any:
    """Issue a coupon to everybody of a segment. Few are done at once, many in the background.

    The same `key` again is the same issue. 409 `coupon_not_open`; 422 names members that are none.
    """
    scope, now = scope_of(request), clock.now()
    segment, unknown = _segment(scope, given.segment)
    if unknown:
        raise invalid_field(
            "segment.members",
            "member_not_found",
            f"没有会员 {unknown[0]}",
            f"There is no member {unknown[0]}",
        )
    job, new = flow.start_issue(scope=scope, definition=key, segment=segment, key=given.key, now=now)
    if new and job.total <= _AT_ONCE:
        while flow.run_portion(now=now, issue_id=job.id):
            pass
        job = coupons.get_issue(brand_id=scope.brand_id, issue_id=job.id)
    return Status(201, _out(Naming(scope, language(request), now), [job])[0])


@router.get("/coupon-issues", response=list[IssueOut], **needs("coupons.read"))
def list_issues(request: HttpRequest, definition: Annotated[str | None, Query(max_length=64)] = None) -> Any:
    """The latest bulk issues (50 at most), newest first."""
    scope = scope_of(request)
    jobs = coupons.list_issues(brand_id=scope.brand_id, definition=definition)
    return _out(Naming(scope, language(request), clock.now()), jobs)


@router.get("/coupon-issues/{issue_id}", response=IssueOut, **needs("coupons.read"))
def get_issue(request: HttpRequest, issue_id: Code) -> Any:
    """How far one is."""
    scope = scope_of(request)
    job = coupons.get_issue(brand_id=scope.brand_id, issue_id=uuid_of(issue_id, _ISSUE))
    return _out(Naming(scope, language(request), clock.now()), [job])[0]


@router.post("/coupon-issues/{issue_id}/cancel", response=IssueOut, **needs("coupons.issue"))
def cancel_issue(request: HttpRequest, issue_id: Code) -> Any:
    """Stop one after the portion under way; what was issued stays."""
    scope, now = scope_of(request), clock.now()
    job = coupons.cancel_issue(brand_id=scope.brand_id, issue_id=uuid_of(issue_id, _ISSUE), now=now)
    return _out(Naming(scope, language(request), now), [job])[0]


def _segment(scope: Scope, given: SegmentIn) -> tuple[dict[str, Any], list[str]]:
    """The segment as the flow reads it, and codes of members that are none."""
    if given.members is not None:
        found = members.resolve(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            refs=[ById(code=code.strip()[:64]) for code in given.members],
            any_status=True,
        )
        ids = [str(one) for one in found if isinstance(one, UUID)]
        unknown = [c for c, one in zip(given.members, found, strict=True) if isinstance(one, Refusal)]
        return {"members": list(dict.fromkeys(ids))}, unknown
    values = given.dict(exclude={"members"})
    return {
        name: value if isinstance(value, str) else value.isoformat()
        for name, value in values.items()
        if value
    }, []


def _out(naming: Naming, jobs: list[IssueJob]) -> list[IssueOut]:
    made = {
        one.key: one
        for one in coupons.list_definitions(
            brand_id=naming.scope.brand_id, keys={job.definition for job in jobs}
        )
    }

    def words(code: str, job: IssueJob) -> str:
        if code == "membership_not_active":
            return naming.say(_NOT_ACTIVE)
        return naming.say(coupons.reason(code, made.get(job.definition)))

    return [
        IssueOut(
            id=str(job.id),
            definition=job.definition,
            definition_name=naming.say(made[job.definition].name) if job.definition in made else "",
            state=job.state,
            state_name=naming.label(_STATES[job.state]),
            total=job.total,
            seen=job.seen,
            issued=job.issued,
            repeated=job.repeated,
            refused=[
                CountByOut(code=code, name=words(code, job), count=count)
                for code, count in sorted(job.refused.items())
            ],
            problem=job.problem,
            by=job.actor_label,
            created_at=job.created_at,
            ended_at=job.ended_at,
            may_cancel=job.state in ("queued", "running"),
        )
        for job in jobs
    ]
