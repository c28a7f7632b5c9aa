"""The whole programme as one YAML file: read it, see what a file would change, put a file forward."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from regulars.flows.blueprint import api as blueprint
from regulars.flows.blueprint.types import Plan
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.surfaces.access import language
from regulars.surfaces.rest.keys import needs, scope_of

router = Router(tags=["Programme"])
_YAML = "application/yaml"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {_YAML: {"schema": {"type": "string", "description": "docs/programme-as-code.md"}}},
    }
}
_ANSWER = {"responses": {200: {"description": "OK", "content": {_YAML: {"schema": {"type": "object"}}}}}}


class LeafOut(Schema):
    path: str
    before: Any
    after: Any


class DifferenceOut(Schema):
    """`sign`: + added, ~ changed, - taken away."""

    sign: Literal["+", "~", "-"]
    path: str
    sentence: str
    leaves: list[LeafOut]


class PlanOut(Schema):
    """`untouched`: what each section holds beside what the file names. `text`: all of it as people read it."""

    differences: list[DifferenceOut]
    untouched: dict[str, int]
    published: int | None
    text: str


class AppliedOut(Schema):
    """`state` of the programme's version `number`; publishing is left to staff."""

    plan: PlanOut
    number: int | None
    state: Literal["unchanged", "in_review", "published"]


@router.get("/programme/blueprint", **needs("programme.read", _ANSWER))
def get_blueprint(request: HttpRequest, version: Annotated[int | None, Query(ge=1)] = None) -> HttpResponse:
    """The programme in force, or a version by its number, with everything beside it, as YAML."""
    text = blueprint.export(scope=scope_of(request), now=clock.now(), version=version)
    return HttpResponse(text, content_type=f"{_YAML}; charset=utf-8")


@router.post("/programme/blueprint/plan", response=PlanOut, **needs("programme.write", _BODY))
def plan_blueprint(request: HttpRequest) -> Any:
    """What a file would change; nothing is changed. 422 with line, column and path for a wrong file."""
    found = blueprint.plan(scope=scope_of(request), text=_text(request), now=clock.now())
    return plan_out(found, language(request))


@router.post("/programme/blueprint/apply", response=AppliedOut, **needs("programme.write", _BODY))
def apply_blueprint(request: HttpRequest) -> Any:
    """Change the sections at once and hand the programme to review. The same file again changes nothing."""
    done = blueprint.apply(scope=scope_of(request), text=_text(request), now=clock.now())
    return {"plan": plan_out(done.plan, language(request)), "number": done.number, "state": done.state}


def plan_out(plan: Plan, said: Language) -> PlanOut:
    return PlanOut(
        differences=[
            DifferenceOut(
                sign=one.sign,
                path=one.path,
                sentence=one.sentence.in_language(said),
                leaves=[LeafOut(path=path, before=before, after=after) for path, before, after in one.leaves],
            )
            for one in plan.differences
        ],
        untouched=dict(plan.untouched),
        published=plan.published,
        text=blueprint.told(plan, said),
    )


def _text(request: HttpRequest) -> bytes:
    if int(request.headers.get("Content-Length") or 0) > blueprint.MAX_BYTES:
        raise Refusal(
            "too_large",
            Text(
                f"文件最大 {blueprint.MAX_BYTES // 1000} KB",
                f"The file may have at most {blueprint.MAX_BYTES // 1000} KB",
            ),
            status=413,
        )
    return request.body
