"""What the brand calls its product categories."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.facts.categories import api as categories
from regulars.kit import clock
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.category_shapes import CategoryNamesIn, CategoryOut
from regulars.surfaces.console.asking import PAGE, Cursor, Limit, needs
from regulars.surfaces.console.shapes.categories import CategoryPageOut, CategoryWordsOut
from regulars.surfaces.console.shapes.shared import DoneOut

router = Router(tags=["Categories"])
Search = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


@router.get("/categories", response=CategoryPageOut, **needs("members.read"))
def list_categories(
    request: HttpRequest,
    search: Search = "",
    named: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Codes that are named or were sold, those sold most first, with how many have a name and how many lack one."""
    scope = scope_of(request)
    page = categories.list_categories(scope=scope, search=search, named=named, cursor=cursor, limit=limit)
    counts = categories.count_categories(scope=scope)
    return CategoryPageOut(
        items=[CategoryOut.of(one) for one in page.items],
        next_cursor=page.next_cursor,
        named=counts.named,
        unnamed=counts.unnamed,
    )


@router.put("/categories", response=DoneOut, **needs("settings.write"))
def name_categories(request: HttpRequest, given: CategoryNamesIn) -> Any:
    """Name categories, rename them, or take their names away; all or none."""
    kept = categories.name_categories(
        scope=scope_of(request), categories=[one.to_name() for one in given.categories], now=clock.now()
    )
    return DoneOut(changed=len(kept))


@router.get("/categories/names", response=CategoryWordsOut, **needs("members.read"))
def get_category_names(request: HttpRequest) -> Any:
    """Every name by code, in the reader's language: what the pages say in the place of codes."""
    scope, said = scope_of(request), language(request)
    names = categories.names(brand_id=scope.brand_id)
    return CategoryWordsOut(names={code: name.in_language(said) for code, name in names.items()})
