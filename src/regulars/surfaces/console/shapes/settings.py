"""Stores, brand, fields, activity types, staff, roles, keys, audit, messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape, TextIO


class RegionIO(Shape):
    code: str = Field(max_length=64)
    name: TextIO
    shown: str = ""


class StoreIn(Shape):
    name: TextIO
    region: str = Field("", max_length=64)
    city: str = Field("", max_length=64)
    is_open: bool = True
    tags: list[str] = Field([], max_length=20)


class StoreOut(Shape):
    code: str
    name: str
    names: TextIO
    region: str
    region_name: str
    city: str
    is_open: bool
    tags: list[str]
    enrol_url: str


class BrandIn(Shape):
    name: TextIO
    timezone: str = Field(max_length=64)
    theme: dict[str, str] = {}
    words: dict[str, str] = {}
    consent: TextIO
    consent_version: str = Field(min_length=1, max_length=20)


class BrandOut(Shape):
    slug: str
    name: TextIO
    currency: str
    timezone: str
    theme: dict[str, str]
    words: dict[str, str]
    consent: TextIO
    consent_version: str
    is_demo: bool
    portal_url: str
    logo_url: str | None


class FieldChoiceIO(Shape):
    value: str = Field(min_length=1, max_length=64)
    label: TextIO


class FieldRulesIO(Shape):
    min: str | None = None
    max: str | None = None
    max_length: int | None = Field(default=None, ge=1, le=2000)
    pattern: str | None = Field(default=None, max_length=200)
    required_in_portal: bool = False


class FieldIn(Shape):
    type: str
    label: TextIO
    choices: list[FieldChoiceIO] = Field([], max_length=100)
    rules: FieldRulesIO = FieldRulesIO()
    in_portal: bool = True
    position: int = Field(0, ge=0, le=1000)
    archived: bool = False


class FieldOut(FieldIn):
    key: str
    shown: str


class TypeFieldIO(Shape):
    """One declared field of an activity type."""

    key: str = Field(min_length=1, max_length=40)
    type: str
    label: TextIO
    required: bool = False
    choices: list[str] = Field([], max_length=100)


class ActivityTypeIn(Shape):
    name: TextIO
    fields: list[TypeFieldIO] = Field(default=[], max_length=50)
    archived: bool = False


class ActivityTypeOut(ActivityTypeIn):
    code: str
    shown: str
    system: bool = False


class GrantIO(Shape):
    """A role, and where it holds: everywhere (all empty), in a brand (slug), one of its regions or stores (codes)."""

    role: str = Field(max_length=64)
    brand: str = Field("", max_length=64)
    region: str = Field("", max_length=64)
    store: str = Field("", max_length=64)


class GrantOut(GrantIO):
    role_name: str
    place_name: str


class StaffIn(Shape):
    email: str = Field(min_length=3, max_length=254)
    name: str = Field(min_length=1, max_length=60)
    password: str = Field(min_length=1, max_length=256)
    language: Literal["zh", "en"] = "zh"
    grants: list[GrantIO] = Field([], max_length=50)


class StaffChangeIn(Shape):
    """Only the keys that are sent change."""

    name: str | None = Field(None, min_length=1, max_length=60)
    language: Literal["zh", "en"] | None = None
    active: bool | None = None
    grants: list[GrantIO] | None = Field(None, max_length=50)


class NewPasswordIn(Shape):
    password: str = Field(min_length=1, max_length=256)


class StaffOut(Shape):
    """`has_phone`: her own phone is known (as a hash), so what she does for her own membership is held."""

    id: str
    email: str
    name: str
    language: str
    active: bool
    grants: list[GrantOut]
    last_sign_in_at: datetime | None
    is_self: bool
    has_phone: bool


class RoleIn(Shape):
    name: TextIO
    permissions: list[str] = Field(max_length=100)


class RoleOut(Shape):
    key: str
    name: str
    names: TextIO
    permissions: list[str]
    builtin: bool
    staff: int


class PermissionOut(Shape):
    code: str
    name: str


class RolesOut(Shape):
    roles: list[RoleOut]
    permissions: list[PermissionOut]


class ApiKeyIn(Shape):
    name: str = Field(min_length=1, max_length=100)
    permissions: list[str] = Field(min_length=1, max_length=100)
    test_mode: bool = False
    expires_at: datetime | None = None


class ApiKeyOut(Shape):
    id: str
    name: str
    prefix: str
    permissions: list[str]
    test_mode: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewApiKeyOut(Shape):
    """`secret` is shown this once and kept only as a hash."""

    key: ApiKeyOut
    secret: str


class AuditOut(Shape):
    id: str
    at: datetime
    actor_kind: str
    actor: str
    action: str
    action_name: str
    subject_type: str
    subject_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    ip: str | None
    request_id: str


class MessageOut(Shape):
    """A message that left, or that the sandbox kept. `state`: sandboxed, sent or failed. `member` is the code of whose
    inbox it is in, `to` her name then."""

    id: str
    member: str
    channel: str
    channel_name: str
    template: str
    template_name: str
    language: str
    to: str
    subject: str
    body: str
    state: str
    error: str
    created_at: datetime
