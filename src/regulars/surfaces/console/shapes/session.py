"""Signing in and who one is."""

from __future__ import annotations

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape


class SignInIn(Shape):
    email: str = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=256)


class PasswordIn(Shape):
    old: str = Field(max_length=256)
    new: str = Field(max_length=256)


class StaffSelfOut(Shape):
    id: str
    name: str
    email: str


class OrganisationOut(Shape):
    id: str
    name: str


class BrandChoiceOut(Shape):
    """A brand she works for and what she may do there. `stores`: at whose tills she may stand; null for all."""

    slug: str
    name: str
    currency: str
    timezone: str
    is_demo: bool
    roles: list[str]
    permissions: list[str]
    stores_limited: bool
    stores: list[str] | None = None


class SessionOut(Shape):
    """Who is signed in; `staff` is null for nobody. Asking sets the CSRF cookie."""

    staff: StaffSelfOut | None = None
    organisation: OrganisationOut | None = None
    brands: list[BrandChoiceOut] = []
    permission_names: dict[str, str] = {}
