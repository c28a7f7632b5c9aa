"""What an operation declares about its caller, and what it reads of a request."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from ninja import Query
from pydantic import Field

from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.kit.errors import Refusal, invalid_field, not_found
from regulars.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.surfaces.access import StaffAuth

Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
PAGE = DEFAULT_LIMIT


def needs(permission: str, **openapi: Any) -> dict[str, Any]:
    """`@router.get("/…", **needs("members.read"))`: staff with this permission, said in the OpenAPI too."""
    return {"auth": StaffAuth(permission), "openapi_extra": {"x-permission": permission, **openapi}}


def brand_of(scope: Scope) -> Brand:
    return organisations.get_brand(brand_id=scope.brand_id)


def member_id_of(scope: Scope, code: str) -> UUID:
    """The member of a code in the scope's brand. Raises `member_not_found`."""
    (found,) = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(code=code)],
        any_status=True,
    )
    if isinstance(found, Refusal):
        raise found
    return found


def store_id_of(scope: Scope, code: str | None) -> UUID | None:
    """The store of a code. Raises `unknown_store` (422)."""
    if not code:
        return None
    store = organisations.stores_of(brand_id=scope.brand_id, codes=[code]).get(code)
    if store is None:
        raise invalid_field("store", "unknown_store", "没有这个门店", "There is no such store")
    return store.id


def uuid_of(text: str, what: Text) -> UUID:
    """An id of an address. Raises `not_found` for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found(what) from None
