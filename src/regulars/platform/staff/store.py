"""Every query of staff, roles and assignments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.staff import models, types
from regulars.platform.staff.types import BUILTIN_ROLES, PERMISSIONS


def role_of(row: models.Role) -> types.Role:
    """Built-in roles take their permissions from this release, so that a new one reaches owners at once."""
    permissions = (
        BUILTIN_ROLES[row.key][1]
        if row.is_builtin and row.key in BUILTIN_ROLES
        else frozenset(p for p in row.permissions if p in PERMISSIONS)
    )
    return types.Role(row.id, row.key, Text(row.name_zh, row.name_en), permissions, row.is_builtin)


def assignments_of(staff_ids: Iterable[UUID]) -> dict[UUID, list[types.Assignment]]:
    """Assignments by staff; one query."""
    rows = (
        models.Assignment.objects.filter(staff_id__in=list(staff_ids))
        .select_related("role", "store")
        .order_by("id")
    )
    found: dict[UUID, list[types.Assignment]] = {}
    for row in rows:
        region = row.store.region_id if row.store else row.region_id
        place = types.Place(row.brand_id, region, row.store_id)
        found.setdefault(row.staff_id, []).append(types.Assignment(role_of(row.role), place))
    return found


def member_of(row: models.Staff, assignments: Sequence[types.Assignment]) -> types.StaffMember:
    return types.StaffMember(
        id=row.id,
        organisation_id=row.organisation_id,
        email=row.email,
        name=row.name,
        language="en" if row.language == "en" else "zh",
        is_active=row.is_active,
        last_sign_in_at=row.last_login,
        assignments=tuple(assignments),
    )


def load(row: models.Staff) -> types.StaffMember:
    return member_of(row, assignments_of([row.id]).get(row.id, []))


def get_row(organisation_id: UUID, staff_id: UUID, *, lock: bool = False) -> models.Staff:
    rows = models.Staff.objects.filter(organisation_id=organisation_id, id=staff_id)
    row = (rows.select_for_update() if lock else rows).first()
    if row is None:
        raise not_found(Text("员工", "Staff"))
    return row


def insert(row: models.Staff) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "staff_email_unique" not in str(error):
            raise
        raise conflict("email_taken", "该邮箱已被使用", "This e-mail address is already in use") from error


def roles(organisation_id: UUID) -> dict[str, types.Role]:
    rows = models.Role.objects.filter(organisation_id=organisation_id).order_by("-is_builtin", "id")
    return {row.key: role_of(row) for row in rows}


def place_of(organisation_id: UUID, wanted: types.NewAssignment, field: str) -> types.Place:
    """The place asked for, checked to lie within the organisation."""
    if wanted.brand_id is None:
        if wanted.region_id or wanted.store_id:
            raise invalid_field(f"{field}.brand_id", "required", "请选择品牌", "Choose the brand")
        return types.Place()
    brand = organisations.find_brand(slug_or_id=str(wanted.brand_id))
    if brand is None or brand.organisation_id != organisation_id:
        raise invalid_field(f"{field}.brand_id", "unknown_brand", "品牌不存在", "There is no such brand")
    if wanted.store_id:
        if wanted.region_id:
            raise invalid_field(
                f"{field}.region_id", "one_place", "区域与门店只能选一个", "A region or a store"
            )
        by_id = {s.id: s for s in organisations.list_stores(brand_id=brand.id)}
        if wanted.store_id not in by_id:
            raise invalid_field(f"{field}.store_id", "unknown_store", "门店不存在", "There is no such store")
        return types.Place(brand.id, by_id[wanted.store_id].region_id, wanted.store_id)
    if wanted.region_id and wanted.region_id not in {
        r.id for r in organisations.list_regions(brand_id=brand.id)
    }:
        raise invalid_field(f"{field}.region_id", "unknown_region", "区域不存在", "There is no such region")
    return types.Place(brand.id, wanted.region_id)


def replace_assignments(staff_id: UUID, assignments: Sequence[types.Assignment]) -> None:
    models.Assignment.objects.filter(staff_id=staff_id).delete()
    models.Assignment.objects.bulk_create(
        [
            models.Assignment(
                id=new_id(),
                staff_id=staff_id,
                role_id=a.role.id,
                brand_id=a.place.brand_id,
                region_id=None if a.place.store_id else a.place.region_id,
                store_id=a.place.store_id,
            )
            for a in dict.fromkeys(assignments)
        ]
    )


def lock_owners(organisation_id: UUID) -> None:
    """Changes that could take the last owner away go one after the other."""
    list(models.Role.objects.select_for_update().filter(organisation_id=organisation_id, key="owner"))


def other_owner_exists(organisation_id: UUID, staff_id: UUID) -> bool:
    return (
        models.Assignment.objects.filter(
            role__organisation_id=organisation_id,
            role__key="owner",
            role__is_builtin=True,
            brand=None,
            staff__is_active=True,
        )
        .exclude(staff_id=staff_id)
        .exists()
    )


def seed_roles(organisation_id: UUID) -> None:
    models.Role.objects.bulk_create(
        [
            models.Role(
                id=new_id(),
                organisation_id=organisation_id,
                key=key,
                name_zh=name.zh,
                name_en=name.en,
                permissions=sorted(permissions),
                is_builtin=True,
            )
            for key, (name, permissions) in BUILTIN_ROLES.items()
        ],
        ignore_conflicts=True,
    )
