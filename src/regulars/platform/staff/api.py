"""Door of staff: signing in, who may do what, and managing people and roles. Writes are audited here.

Whoever changes staff is the `by` actor: nobody gives, takes or touches permissions she does not hold herself at that
place; the system actor may do all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import IntegrityError, transaction

from regulars.kit.errors import ErrorList, Refusal, conflict, forbidden, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Language, Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor
from regulars.platform.privacy import api as privacy
from regulars.platform.staff import models, passwords, policy, store, throttle
from regulars.platform.staff.types import (
    PERMISSIONS,
    Access,
    Assignment,
    NewAssignment,
    Place,
    Role,
    StaffMember,
)

_KEY = re.compile(r"^[a-z][a-z0-9_]{1,39}$")
_ROLE = Text("角色", "Role")


class By(Protocol):
    """Whoever manages staff: an `Actor` of kind staff or system."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID | None: ...
    @property
    def label(self) -> str: ...


def authenticate(*, email: str, password: str, ip: str, now: datetime) -> StaffMember:
    """Who signs in. Raises `wrong_credentials` (401, the same for unknown accounts, at the same cost) and
    `too_many_attempts` (429) after 8 failures within 15 minutes. Call it outside a transaction."""
    account = email.strip().lower()
    throttle.count_attempt(account=account, ip=ip, now=now)
    row = models.Staff.objects.filter(email=account).first()
    if not passwords.fits(row, password) or row is None:
        raise Refusal(
            "wrong_credentials", Text("邮箱或密码不正确", "Wrong e-mail address or password"), status=401
        )
    throttle.forgive(account=account, ip=ip)
    return store.load(row)


def get_access(*, staff_id: UUID, brand_id: UUID) -> Access:
    """What she may do in a brand, regions expanded to stores. Empty if she has nothing there or is not active."""
    if not models.Staff.objects.filter(id=staff_id, is_active=True).exists():
        return Access({})

    def stores_in(region_id: UUID) -> frozenset[UUID]:
        stores = organisations.stores_of(brand_id=brand_id)
        return frozenset(s.id for s in stores.values() if s.region_id == region_id)

    return policy.access_in(store.assignments_of([staff_id]).get(staff_id, []), brand_id, stores_in)


def permissions_for(
    *, staff_id: UUID, brand_id: UUID, permission: str
) -> tuple[frozenset[str], frozenset[UUID] | None]:
    """For an endpoint that needs `permission`: (permissions held, stores limited to or None). Raises `forbidden`."""
    return get_access(staff_id=staff_id, brand_id=brand_id).for_permission(permission)


def get_staff(*, organisation_id: UUID, staff_id: UUID) -> StaffMember:
    """Raises `not_found`."""
    return store.load(store.get_row(organisation_id, staff_id))


def list_staff(*, organisation_id: UUID) -> list[StaffMember]:
    rows = list(models.Staff.objects.filter(organisation_id=organisation_id).order_by("id"))
    assignments = store.assignments_of([row.id for row in rows])
    return [store.member_of(row, assignments.get(row.id, [])) for row in rows]


def create_staff(
    *,
    organisation_id: UUID,
    by: By,
    email: str,
    name: str,
    password: str,
    assignments: Sequence[NewAssignment],
    now: datetime,
    language: Language = "zh",
) -> StaffMember:
    """A new person. Raises `invalid_input`, `email_taken` (409), `beyond_your_own` (403)."""
    errors = ErrorList()
    account = _email(errors, email)
    _check_name(errors, name)
    passwords.check_new(errors, password, email=account, name=name)
    errors.refuse()
    with transaction.atomic():
        store.seed_roles(organisation_id)
        wanted = _resolve(organisation_id, assignments)
        _may_touch(organisation_id, by, wanted)
        row = models.Staff(
            id=new_id(),
            organisation_id=organisation_id,
            email=account,
            name=name.strip(),
            language=language,
            password=passwords.hashed(password),
            created_at=now,
        )
        store.insert(row)
        store.replace_assignments(row.id, wanted)
        made = store.member_of(row, wanted)
        _audit(made.organisation_id, by, "staff.create", made.id, {}, _json(made), now)
    return made


def update_staff(
    *,
    organisation_id: UUID,
    by: By,
    staff_id: UUID,
    now: datetime,
    name: str | None = None,
    language: Language | None = None,
    is_active: bool | None = None,
    assignments: Sequence[NewAssignment] | None = None,
) -> StaffMember:
    """Change what is given. Deactivating ends her sessions. Raises `last_owner` (409) when nobody would be left who
    owns the organisation, and `beyond_your_own` (403)."""
    errors = ErrorList()
    if name is not None:
        _check_name(errors, name)
    errors.refuse()
    with transaction.atomic():
        store.lock_owners(organisation_id)
        row = store.get_row(organisation_id, staff_id, lock=True)
        before = store.load(row)
        wanted = before.assignments if assignments is None else _resolve(organisation_id, assignments)
        own_matters_only = by.id == staff_id and is_active is None and assignments is None
        if not own_matters_only:
            _may_touch(organisation_id, by, [*before.assignments, *wanted])
        stays_active = before.is_active if is_active is None else is_active
        was_owner = before.is_active and policy.is_owner(before.assignments)
        if was_owner and not (stays_active and policy.is_owner(wanted)):
            _keep_an_owner(organisation_id, staff_id)
        if before.is_active and not stays_active:
            row.session_nonce = new_id()
        row.name = before.name if name is None else name.strip()
        row.language = language or before.language
        row.is_active = stays_active
        row.save(update_fields=["name", "language", "is_active", "session_nonce"])
        if assignments is not None:
            store.replace_assignments(row.id, wanted)
        after = store.member_of(row, wanted)
        _audit(organisation_id, by, "staff.update", staff_id, _json(before), _json(after), now)
    return after


def change_password(*, staff_id: UUID, old: str, new: str, ip: str, now: datetime) -> None:
    """Her own. All her sessions end. Wrong old passwords count like failed sign-ins. Outside a transaction."""
    row = models.Staff.objects.filter(id=staff_id).first()
    account = row.email if row else str(staff_id)
    throttle.count_attempt(account=account, ip=ip, now=now)
    if not passwords.fits(row, old) or row is None:
        raise invalid_field("old", "wrong_password", "原密码不正确", "The old password is wrong")
    throttle.forgive(account=account, ip=ip)
    _set_password(row, Actor("staff", row.id, row.email), new, "new", now)


def reset_password(*, organisation_id: UUID, by: By, staff_id: UUID, password: str, now: datetime) -> None:
    """Someone else's, by who may touch her. All her sessions end."""
    row = store.get_row(organisation_id, staff_id)
    _may_touch(organisation_id, by, store.load(row).assignments)
    _set_password(row, by, password, "password", now)


def list_roles(*, organisation_id: UUID) -> list[Role]:
    """Built-in ones first."""
    store.seed_roles(organisation_id)
    return list(store.roles(organisation_id).values())


def put_role(
    *, organisation_id: UUID, by: By, key: str, name: Text, permissions: frozenset[str], now: datetime
) -> Role:
    """Make a role, or change one's name and permissions. Built-in roles stay as they are."""
    errors = ErrorList()
    if not _KEY.match(key):
        errors.add(
            "key", "bad_key", "角色标识为 2–40 位小写字母、数字或下划线", "Lower-case letters, digits or _"
        )
    if not name.zh.strip() or not name.en.strip() or len(name.zh) > 60 or len(name.en) > 60:
        errors.add(
            "name", "required", "请填写名称（最多 60 个字符）", "A name of at most 60 characters is needed"
        )
    for permission in sorted(permissions - PERMISSIONS.keys()):
        errors.add(
            "permissions", "unknown_permission", f"未知权限 {permission}", f"Unknown permission {permission}"
        )
    errors.refuse()
    with transaction.atomic():
        store.seed_roles(organisation_id)
        row = models.Role.objects.select_for_update().filter(organisation_id=organisation_id, key=key).first()
        if row and row.is_builtin:
            raise conflict("builtin_role", "内置角色不可修改", "Built-in roles cannot be changed")
        before = store.role_of(row) if row else None
        touched = permissions | (before.permissions if before else frozenset())
        _may_give(organisation_id, by, touched, Place())
        if row is None:
            row = models.Role(id=new_id(), organisation_id=organisation_id, key=key)
        row.name_zh, row.name_en, row.permissions = name.zh, name.en, sorted(permissions)
        row.save()
        old = {"name": before.name.to_json(), "permissions": sorted(before.permissions)} if before else {}
        new = {"name": name.to_json(), "permissions": sorted(permissions)}
        _audit(organisation_id, by, "role.update" if before else "role.create", key, old, new, now)
        return store.role_of(row)


def delete_role(*, organisation_id: UUID, by: By, key: str, now: datetime) -> None:
    """Raises `role_in_use` (409) while somebody holds it."""
    role = store.roles(organisation_id).get(key)
    if role is None:
        raise not_found(_ROLE)
    if role.is_builtin:
        raise conflict("builtin_role", "内置角色不可删除", "Built-in roles cannot be deleted")
    _may_give(organisation_id, by, role.permissions, Place())
    try:
        with transaction.atomic():
            models.Role.objects.filter(id=role.id).delete()
            _audit(
                organisation_id, by, "role.delete", key, {"permissions": sorted(role.permissions)}, {}, now
            )
    except IntegrityError as error:  # ProtectedError is one
        raise conflict("role_in_use", "仍有员工使用该角色", "Somebody still holds this role") from error


def _set_password(row: models.Staff, by: By, password: str, field: str, now: datetime) -> None:
    errors = ErrorList()
    passwords.check_new(errors, password, email=row.email, name=row.name, field=field)
    errors.refuse()
    with transaction.atomic():
        row.password = passwords.hashed(password)
        row.session_nonce = new_id()
        row.save(update_fields=["password", "session_nonce"])
        _audit(row.organisation_id, by, "staff.password", row.id, {}, {}, now)


def _resolve(organisation_id: UUID, wanted: Sequence[NewAssignment]) -> list[Assignment]:
    roles = store.roles(organisation_id)
    resolved = []
    for number, one in enumerate(wanted):
        field = f"assignments[{number}]"
        if one.role not in roles:
            raise invalid_field(f"{field}.role", "unknown_role", "角色不存在", "There is no such role")
        resolved.append(Assignment(roles[one.role], store.place_of(organisation_id, one, field)))
    return resolved


def _may_touch(organisation_id: UUID, by: By, assignments: Sequence[Assignment]) -> None:
    for assignment in assignments:
        _may_give(organisation_id, by, assignment.role.permissions, assignment.place)
    if not assignments:
        _may_give(organisation_id, by, frozenset(), Place())


def _may_give(organisation_id: UUID, by: By, permissions: frozenset[str], place: Place) -> None:
    """Refuse unless `by` manages staff at the place and holds all of these permissions there herself."""
    if by.kind == "system":
        return
    if by.kind != "staff" or by.id is None:
        raise forbidden("staff.manage")
    row = models.Staff.objects.filter(organisation_id=organisation_id, id=by.id, is_active=True).first()
    held = store.load(row).assignments if row else ()
    if policy.lacking(held, {"staff.manage"}, place):
        raise forbidden("staff.manage")
    missing = policy.lacking(held, permissions, place)
    if missing:
        raise Refusal(
            "beyond_your_own",
            Text(
                "不能授予或管理您自己没有的权限",
                "You cannot give or manage permissions you do not have yourself",
            ),
            status=403,
            data={"permissions": sorted(missing)},
        )


def _keep_an_owner(organisation_id: UUID, staff_id: UUID) -> None:
    if not store.other_owner_exists(organisation_id, staff_id):
        raise conflict("last_owner", "至少要保留一位管理员", "At least one owner must remain")


def _email(errors: ErrorList, email: str) -> str:
    try:
        return privacy.normalise("email", email)
    except Refusal as refusal:
        errors.errors.extend(refusal.errors)
        return ""


def _check_name(errors: ErrorList, name: str) -> None:
    if not name.strip() or len(name) > 60:
        errors.add(
            "name", "required", "请填写姓名（最多 60 个字符）", "A name of at most 60 characters is needed"
        )


def _json(member: StaffMember) -> dict[str, Any]:
    return {
        "name": member.name,
        "language": member.language,
        "is_active": member.is_active,
        "assignments": [
            {
                "role": a.role.key,
                "brand_id": a.place.brand_id,
                "region_id": a.place.region_id,
                "store_id": a.place.store_id,
            }
            for a in member.assignments
        ],
    }


def _audit(
    organisation_id: UUID,
    by: By,
    action: str,
    subject_id: UUID | str,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=organisation_id,
        actor=by,
        action=action,
        subject_type=action.partition(".")[0],
        subject_id=subject_id,
        before=before,
        after=after,
        now=now,
    )
