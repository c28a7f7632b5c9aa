"""Tags of the brand, and putting them on members."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.facts.members.types import ById, Tag
from regulars.kit import clock
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.shapes.members import TagChangeIn, TagIn, TagOut
from regulars.surfaces.console.shapes.shared import DoneOut

router = Router(tags=["Tags"])


@router.get("/tags", response=list[TagOut], **needs("members.read"))
def list_tags(request: HttpRequest) -> Any:
    """The brand's tags and how many members carry each; last, those members carry that nobody declared."""
    scope, said = scope_of(request), language(request)
    counts = members.count_by_tag(brand_id=scope.brand_id)
    declared = [
        TagOut(
            code=tag.code,
            name=tag.name.in_language(said),
            names=tag.name.to_json(),
            colour=tag.colour,
            members=counts.pop(tag.code, 0),
        )
        for tag in members.list_tags(brand_id=scope.brand_id)
    ]
    return declared + [
        TagOut(code=code, name=code, names={}, colour="", members=count, declared=False)
        for code, count in sorted(counts.items())
    ]


@router.post("/tags/members", response=DoneOut, **needs("members.write"))
def tag_members(request: HttpRequest, given: TagChangeIn) -> Any:
    """Put tags on members and take others off, all at once."""
    scope = scope_of(request)
    found = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(code=code) for code in given.members],
        any_status=True,
    )
    unknown = [code for code, one in zip(given.members, found, strict=True) if isinstance(one, Refusal)]
    if unknown:
        raise invalid_field(
            "members", "member_not_found", f"没有会员 {unknown[0]}", f"There is no member {unknown[0]}"
        )
    ids = [one for one in found if not isinstance(one, Refusal)]
    changed = members.tag_members(
        scope=scope, member_ids=ids, add=given.add, remove=given.remove, now=clock.now()
    )
    return DoneOut(changed=changed)


@router.put("/tags/{code}", response=TagOut, **needs("members.write"))
def put_tag(request: HttpRequest, code: Code, given: TagIn) -> Any:
    """Declare a tag, or change its names and colour."""
    scope, said = scope_of(request), language(request)
    tag = members.put_tag(
        scope=scope, tag=Tag(code, Text.from_json(given.name), given.colour), now=clock.now()
    )
    counts = members.count_by_tag(brand_id=scope.brand_id)
    return TagOut(
        code=tag.code,
        name=tag.name.in_language(said),
        names=tag.name.to_json(),
        colour=tag.colour,
        members=counts.get(tag.code, 0),
    )


@router.delete("/tags/{code}", response=DoneOut, **needs("members.write"))
def delete_tag(request: HttpRequest, code: Code) -> Any:
    """Take a tag out of use; members who carry it keep it until it is taken off them."""
    members.delete_tag(scope=scope_of(request), code=code, now=clock.now())
    return DoneOut(changed=1)
