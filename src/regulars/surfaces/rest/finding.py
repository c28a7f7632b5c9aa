"""From what callers write in addresses and bodies to the ids of their own brand: members and stores."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from ninja import Path

from regulars.facts.members import api as members
from regulars.facts.members.types import ById, IdentityIn
from regulars.kit.errors import Refusal, invalid_field
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

MemberPath = Annotated[
    str,
    Path(
        max_length=300,
        description="Member id, member code, or an identity as `type:value`, e.g. `phone:+8613800138000`",
    ),
]


def member_id(scope: Scope, text: str) -> UUID:
    """The member of the scope's brand. Raises `member_not_found` for everybody else's."""
    return resolve(scope, reference(text))


def resolve(scope: Scope, ref: Any, *, field: str = "member") -> UUID:
    """The member a reference means."""
    (found,) = members.resolve(
        organisation_id=scope.organisation_id, brand_id=scope.brand_id, refs=[ref], any_status=True
    )
    if isinstance(found, Refusal):
        raise found
    return found


def reference(text: str) -> ById:
    try:
        return ById(id=UUID(text))
    except ValueError:
        pass
    type_, colon, value = text.partition(":")
    if not colon:
        return ById(code=text)
    if type_ == "external":
        source, _, value = value.partition(":")
        type_ = f"external:{source}"
    return ById(identity=IdentityIn(type_, value))


def store_id(scope: Scope, code: str | None) -> UUID | None:
    """The store of a code. Raises `unknown_store` (422)."""
    if code is None:
        return None
    found = store_ids(scope, {code})[code]
    if isinstance(found, Refusal):
        raise found
    return found


def store_ids(scope: Scope, codes: Iterable[str]) -> dict[str, UUID | Refusal]:
    """Each code's store, or the refusal for it."""
    wanted = set(codes)
    known = organisations.stores_of(brand_id=scope.brand_id, codes=wanted)
    return {
        code: known[code].id
        if code in known
        else invalid_field("store", "unknown_store", f"没有门店 {code}", f"There is no store {code}")
        for code in wanted
    }


def store_codes(scope: Scope) -> Mapping[UUID | None, str]:
    return {store.id: code for code, store in organisations.stores_of(brand_id=scope.brand_id).items()}


def plain(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass or a struct by name, one level deep."""
    if isinstance(thing, msgspec.Struct):
        return msgspec.structs.asdict(thing)
    return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
