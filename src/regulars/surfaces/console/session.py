"""Signing in and out, who one is, one's own password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Router, Status

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS
from regulars.surfaces import access
from regulars.surfaces.access import AnyStaff, StaffSession, session_of
from regulars.surfaces.console.shapes.session import (
    BrandChoiceOut,
    OrganisationOut,
    PasswordIn,
    SessionOut,
    SignInIn,
    StaffSelfOut,
)

router = Router(tags=["Session"])


@router.get("/session", response=SessionOut, auth=None)
def get_session(request: HttpRequest) -> Any:
    """Who is signed in; nobody is an answer too. Sets the CSRF cookie."""
    get_token(request)
    try:
        session = access.staff_session(request)
    except Refusal:
        return SessionOut()
    return _out(request, session)


@router.post("/session", response=SessionOut, auth=None)
def sign_in(request: HttpRequest, given: SignInIn) -> Any:
    """Sign in with e-mail address and password."""
    access.same_site(request)
    now = clock.now()
    member = staff.authenticate(
        email=given.email, password=given.password, ip=access.client_ip(request), now=now
    )
    access.open_staff_session(request, member)
    audit.record(
        organisation_id=member.organisation_id,
        actor=Actor(kind="staff", id=member.id, label=member.email),
        action="session.sign_in",
        subject_type="staff",
        subject_id=member.id,
        now=now,
    )
    get_token(request)
    return _out(request, access.staff_session(request))


@router.delete("/session", response={204: None}, auth=AnyStaff())
def sign_out(request: HttpRequest) -> Any:
    """Sign out of this browser."""
    access.close_staff_session(request)
    return Status(204, None)


@router.put("/session/password", response={204: None}, auth=AnyStaff())
def change_password(request: HttpRequest, given: PasswordIn) -> Any:
    """One's own password. Every other session of hers ends; this one goes on."""
    session = session_of(request)
    staff.change_password(
        staff_id=session.id,
        old=given.old,
        new=given.new,
        ip=access.client_ip(request),
        now=clock.now(),
    )
    access.open_staff_session(
        request, staff.get_staff(organisation_id=session.organisation_id, staff_id=session.id)
    )
    return Status(204, None)


def _out(request: HttpRequest, session: StaffSession) -> SessionOut:
    said = access.language(request)
    person = staff.get_staff(organisation_id=session.organisation_id, staff_id=session.id)
    organisation = next(
        (o for o in organisations.list_organisations() if o.id == session.organisation_id), None
    )
    return SessionOut(
        staff=StaffSelfOut(id=str(session.id), name=session.name, email=session.email),
        organisation=OrganisationOut(id=str(organisation.id), name=organisation.name.in_language(said))
        if organisation
        else None,
        brands=[
            BrandChoiceOut(
                slug=brand.slug,
                name=brand.name.in_language(said),
                currency=brand.currency,
                timezone=brand.timezone,
                is_demo=brand.is_demo,
                roles=sorted(
                    {
                        one.role.name.in_language(said)
                        for one in person.assignments
                        if one.place.brand_id in (None, brand.id)
                    }
                ),
                permissions=sorted(held.permissions),
                stores_limited=any(stores is not None for stores in held.stores.values()),
                stores=_stores(brand.id, held.stores.get("checkout.quote")),
            )
            for brand, held in access.staff_brands(session)
        ],
        permission_names={code: text.in_language(said) for code, text in PERMISSIONS.items()},
    )


def _stores(brand_id: UUID, limited_to: frozenset[UUID] | None) -> list[str] | None:
    """The codes of the stores at whose tills she may stand; None for all."""
    if limited_to is None:
        return None
    return sorted(
        code for code, store in organisations.stores_of(brand_id=brand_id).items() if store.id in limited_to
    )
