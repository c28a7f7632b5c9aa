"""Her wish not to be profiled: one switch, which holds at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import ConfigDict

from regulars.facts.members import api as members
from regulars.flows import profiling
from regulars.kit import clock
from regulars.surfaces.portal.guard import SignedIn, member_of

mine = Router(auth=SignedIn(), tags=["consents"])


class MyProfilingIO(Schema):
    """Whether the brand may learn from what she does: scores, recommendations, groups made of them."""

    model_config = ConfigDict(extra="forbid")
    on: bool


@mine.get("/profiling", response=MyProfilingIO)
def get_profiling(request: HttpRequest, slug: Path[str]) -> Any:
    """Whether she is profiled; everybody is who has not said no."""
    member = member_of(request)
    return MyProfilingIO(on=members.profiling_is_on(brand_id=member.brand.id, member_id=member.member_id))


@mine.put("/profiling", response=MyProfilingIO)
def change_profiling(request: HttpRequest, slug: Path[str], given: MyProfilingIO) -> Any:
    """Switch it off, and scores and recommendations are forgotten at once; or on again."""
    member = member_of(request)
    profiling.switch(scope=member.scope, member_id=member.member_id, on=given.on, now=clock.now())
    return given
