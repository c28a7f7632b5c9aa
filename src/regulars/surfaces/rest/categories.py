"""What the brand calls its product categories."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.facts.categories import api as categories
from regulars.kit import clock
from regulars.surfaces.category_shapes import CategoryNamesIn, CategoryOut
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut

router = Router(tags=["Programme"])
Search = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00]*$", description="part of a code or of a name")
]


@router.get("/categories", response=PageOut[CategoryOut], **needs("members.read"))
def list_categories(
    request: HttpRequest,
    search: Search = "",
    named: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Codes that are named or were sold, those sold most first; `named=false`: only those without a name."""
    page = categories.list_categories(
        scope=scope_of(request), search=search, named=named, cursor=cursor, limit=limit
    )
    return page.map(CategoryOut.of)


@router.put("/categories", response=ListOut[CategoryOut], **needs("settings.write"))
def name_categories(request: HttpRequest, given: CategoryNamesIn) -> Any:
    """Name categories, rename them, or take their names away; all or none. Those not given stay as they are."""
    kept = categories.name_categories(
        scope=scope_of(request), categories=[one.to_name() for one in given.categories], now=clock.now()
    )
    return {"items": [CategoryOut.of(one) for one in kept]}
