"""Roles: sets of permissions with a name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.kit import clock
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, Role
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.shapes.settings import PermissionOut, RoleIn, RoleOut, RolesOut
from regulars.surfaces.console.shapes.shared import TextIO

router = Router(tags=["Roles"])


@router.get("/roles", response=RolesOut, **needs("staff.manage"))
def list_roles(request: HttpRequest) -> Any:
    """Every role with how many people hold it, and every permission there is."""
    scope, said = scope_of(request), language(request)
    holders: dict[str, int] = {}
    for person in staff.list_staff(organisation_id=scope.organisation_id):
        for key in {one.role.key for one in person.assignments}:
            holders[key] = holders.get(key, 0) + 1
    return RolesOut(
        roles=[
            _out(role, said, holders.get(role.key, 0))
            for role in staff.list_roles(organisation_id=scope.organisation_id)
        ],
        permissions=[
            PermissionOut(code=code, name=text.in_language(said)) for code, text in PERMISSIONS.items()
        ],
    )


@router.put("/roles/{key}", response=RoleOut, **needs("staff.manage"))
def put_role(request: HttpRequest, key: Code, given: RoleIn) -> Any:
    """Make a role, or change one's name and permissions. Built-in ones stay as they are."""
    scope = scope_of(request)
    kept = staff.put_role(
        organisation_id=scope.organisation_id,
        by=scope.actor,
        key=key,
        name=given.name.to_text(),
        permissions=frozenset(given.permissions),
        now=clock.now(),
    )
    return _out(kept, language(request), 0)


@router.delete("/roles/{key}", response={204: None}, **needs("staff.manage"))
def delete_role(request: HttpRequest, key: Code) -> Any:
    """Take a role away. 409 `role_in_use` while somebody holds it."""
    scope = scope_of(request)
    staff.delete_role(organisation_id=scope.organisation_id, by=scope.actor, key=key, now=clock.now())
    return Status(204, None)


def _out(role: Role, said: Any, holders: int) -> RoleOut:
    return RoleOut(
        key=role.key,
        name=role.name.in_language(said),
        names=TextIO.of(role.name),
        permissions=sorted(role.permissions),
        builtin=role.is_builtin,
        staff=holders,
    )
