"""Staff: who may enter the console, and where each role holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from regulars.kit import clock
from regulars.kit.errors import invalid_field
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import Assignment, NewAssignment, StaffMember
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs, uuid_of
from regulars.surfaces.console.shapes.settings import (
    GrantIO,
    GrantOut,
    NewPasswordIn,
    StaffChangeIn,
    StaffIn,
    StaffOut,
)
from regulars.value.reviews import api as reviews

router = Router(tags=["Staff"])
_PERSON = Text("员工", "Staff member")


@router.get("/staff", response=list[StaffOut], **needs("staff.manage"))
def list_staff(request: HttpRequest) -> Any:
    """Everybody of the organisation."""
    scope, places = scope_of(request), _Places(scope_of(request), language(request))
    return [_out(scope, places, one) for one in staff.list_staff(organisation_id=scope.organisation_id)]


@router.post("/staff", response={201: StaffOut}, **needs("staff.manage"))
def add_staff(request: HttpRequest, given: StaffIn) -> Any:
    """A new person. Nobody gives roles beyond her own."""
    scope, places = scope_of(request), _Places(scope_of(request), language(request))
    made = staff.create_staff(
        organisation_id=scope.organisation_id,
        by=scope.actor,
        email=given.email,
        name=given.name,
        password=given.password,
        assignments=places.assignments(given.grants),
        language=given.language,
        now=clock.now(),
    )
    return Status(201, _out(scope, places, made))


@router.patch("/staff/{staff_id}", response=StaffOut, **needs("staff.manage"))
def change_staff(request: HttpRequest, staff_id: Code, given: StaffChangeIn) -> Any:
    """Change what is sent; deactivating ends her sessions."""
    scope, places = scope_of(request), _Places(scope_of(request), language(request))
    changed = staff.update_staff(
        organisation_id=scope.organisation_id,
        by=scope.actor,
        staff_id=uuid_of(staff_id, _PERSON),
        name=given.name,
        language=given.language,
        is_active=given.active,
        assignments=None if given.grants is None else places.assignments(given.grants),
        now=clock.now(),
    )
    return _out(scope, places, changed)


@router.put("/staff/{staff_id}/password", response={204: None}, **needs("staff.manage"))
def reset_password(request: HttpRequest, staff_id: Code, given: NewPasswordIn) -> Any:
    """Give somebody a new password; her sessions end."""
    scope = scope_of(request)
    staff.reset_password(
        organisation_id=scope.organisation_id,
        by=scope.actor,
        staff_id=uuid_of(staff_id, _PERSON),
        password=given.password,
        now=clock.now(),
    )
    return Status(204, None)


class _Places:
    """Brands, regions and stores of the organisation between their codes and their ids."""

    def __init__(self, scope: Scope, said: Language) -> None:
        self._said: Language = said
        self._brands = {
            one.id: one for one in organisations.list_brands(organisation_id=scope.organisation_id)
        }

    def assignments(self, grants: list[GrantIO]) -> list[NewAssignment]:
        return [self._assignment(number, grant) for number, grant in enumerate(grants)]

    def _assignment(self, number: int, grant: GrantIO) -> NewAssignment:
        if not grant.brand:
            return NewAssignment(role=grant.role)
        brand = next((one for one in self._brands.values() if one.slug == grant.brand), None)
        if brand is None:
            raise invalid_field(
                f"grants[{number}].brand", "unknown_brand", "没有这个品牌", "There is no such brand"
            )
        region_id: UUID | None = None
        store_id: UUID | None = None
        if grant.region:
            region = next(
                (r for r in organisations.list_regions(brand_id=brand.id) if r.code == grant.region), None
            )
            if region is None:
                raise invalid_field(
                    f"grants[{number}].region", "unknown_region", "没有这个区域", "There is no such region"
                )
            region_id = region.id
        if grant.store:
            store = organisations.stores_of(brand_id=brand.id, codes=[grant.store]).get(grant.store)
            if store is None:
                raise invalid_field(
                    f"grants[{number}].store", "unknown_store", "没有这个门店", "There is no such store"
                )
            store_id = store.id
        return NewAssignment(
            role=grant.role,
            brand_id=brand.id,
            region_id=None if store_id else region_id,
            store_id=store_id,
        )

    def grant(self, assignment: Assignment) -> GrantOut:
        place = assignment.place
        brand = self._brands.get(place.brand_id) if place.brand_id else None
        region_code = store_code = ""
        names = [brand.name.in_language(self._said)] if brand else []
        if brand and place.store_id:
            store = next(
                (s for s in organisations.stores_of(brand_id=brand.id).values() if s.id == place.store_id),
                None,
            )
            if store:
                store_code = store.code
                names.append(store.name.in_language(self._said))
        elif brand and place.region_id:
            region = next(
                (r for r in organisations.list_regions(brand_id=brand.id) if r.id == place.region_id), None
            )
            if region:
                region_code = region.code
                names.append(region.name.in_language(self._said))
        return GrantOut(
            role=assignment.role.key,
            role_name=assignment.role.name.in_language(self._said),
            brand=brand.slug if brand else "",
            region=region_code,
            store=store_code,
            place_name=" · ".join(names),
        )


def _out(scope: Scope, places: _Places, person: StaffMember) -> StaffOut:
    return StaffOut(
        id=str(person.id),
        email=person.email,
        name=person.name,
        language=person.language,
        active=person.is_active,
        grants=[places.grant(one) for one in person.assignments],
        last_sign_in_at=person.last_sign_in_at,
        is_self=person.id == scope.actor.id,
        has_phone=reviews.phone_of_staff(organisation_id=scope.organisation_id, staff_id=person.id)
        is not None,
    )
