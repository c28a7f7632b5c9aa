"""The one place where a request becomes a scope: whose data it may touch, and as whom.

Every surface asks here; everything below takes its ids from the scope it was given and from nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from regulars.kit import clock
from regulars.kit.errors import Refusal, forbidden, invalid_field, not_found
from regulars.kit.text import Language, Text, language_of
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import ApiKey
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.signin import api as signin
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, Access, StaffMember
from regulars.surfaces import rates

BRAND_HEADER = "X-Regulars-Brand"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A member needs no permission to see and change what is hers: rooms know her by the actor of the scope.
_OWN: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MemberAccess:
    """A member in her own portal."""

    brand: Brand
    member_id: UUID
    scope: Scope


def language(request: HttpRequest) -> Language:
    """The language to answer in."""
    return language_of(request.headers.get("Accept-Language"))


def client_ip(request: HttpRequest) -> str:
    """The address the request came from. Behind n proxies of ours (`TRUSTED_PROXIES`) it is the n-th from the
    right of X-Forwarded-For; what stands further left anybody can write."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    proxies = int(getattr(settings, "TRUSTED_PROXIES", 0))
    if proxies < 1:
        return direct
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    return hops[-proxies] if len(hops) >= proxies else direct


def brand_of_slug(slug: str) -> Brand:
    """The brand of an address. Raises `not_found`."""
    brand = organisations.find_brand(slug_or_id=slug)
    if brand is None or brand.slug != slug:
        raise not_found(Text("品牌", "Brand"))
    return brand


def visitor_scope(brand: Brand) -> Scope:
    """Somebody at the portal's door, before anything is known of her: she may enrol herself, nothing else."""
    return Scope(
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        actor=Actor(kind="member", id=None, label="portal"),
        permissions=_OWN,
    )


def member_scope(brand: Brand, member_id: UUID) -> Scope:
    """A member acting for herself in one brand."""
    return Scope(
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        actor=Actor(kind="member", id=member_id, label="member"),
        permissions=_OWN,
    )


def member_cookie(brand: Brand) -> str:
    """The name of the cookie that holds a member's session: one per brand, so that two brands do not disturb
    each other in one browser."""
    return f"member_{brand.slug}"


def member_access(request: HttpRequest, brand: Brand, now: datetime) -> MemberAccess | None:
    """Who is signed in to this brand's portal, if anybody. A session of another brand is none."""
    token = request.COOKIES.get(member_cookie(brand))
    session = signin.get_session(token=token, brand_id=brand.id, now=now) if token else None
    if session is None:
        return None
    return MemberAccess(brand, session.member_id, member_scope(brand, session.member_id))


def signed_out() -> Refusal:
    """The answer to whoever has to sign in first."""
    return Refusal("signed_out", Text("请先登录", "Please sign in first"), status=401)


# -- staff ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StaffSession:
    """Someone signed in to the console, before she chose a brand."""

    id: UUID
    organisation_id: UUID
    email: str
    name: str
    language: Language

    @property
    def actor(self) -> Actor:
        return Actor(kind="staff", id=self.id, label=self.email)


def open_staff_session(request: HttpRequest, member: StaffMember) -> None:
    """Sign in who was authenticated: a fresh session, so that one planted before is worth nothing."""
    row = auth.get_user_model()._default_manager.get(pk=member.id)
    auth.login(request, row, backend="django.contrib.auth.backends.ModelBackend")


def close_staff_session(request: HttpRequest) -> None:
    """Sign out; harmless when nobody is signed in."""
    auth.logout(request)


def staff_session(request: HttpRequest) -> StaffSession:
    """Who is signed in to the console. Raises `signed_out` (401)."""
    user = cast(Any, request.user)
    if not user.is_authenticated:
        raise signed_out()
    return StaffSession(
        id=user.id,
        organisation_id=user.organisation_id,
        email=user.email,
        name=user.name,
        language="en" if user.language == "en" else "zh",
    )


def staff_brands(session: StaffSession) -> list[tuple[Brand, Access]]:
    """The brands she may choose between, with what she may do in each."""
    brands = organisations.list_brands(organisation_id=session.organisation_id)
    found = [(brand, staff.get_access(staff_id=session.id, brand_id=brand.id)) for brand in brands]
    return [(brand, access) for brand, access in found if access.stores]


def staff_scope(request: HttpRequest, permission: str) -> Scope:
    """The scope of signed-in staff in the brand of `X-Regulars-Brand` (slug or id; her only one if not given).

    Raises `signed_out` (401), `not_found` (404) for a brand that is not hers to see, `forbidden` (403) naming the
    permission. The scope holds the permissions she has in all stores she is limited to, nothing of other stores.
    """
    session = staff_session(request)
    brand, held = _staff_brand(request, session)
    permissions, store_ids = held.for_permission(permission)
    return Scope(
        organisation_id=session.organisation_id,
        brand_id=brand.id,
        actor=session.actor,
        permissions=permissions,
        store_ids=store_ids,
    )


def _staff_brand(request: HttpRequest, session: StaffSession) -> tuple[Brand, Access]:
    asked = request.headers.get(BRAND_HEADER, "")
    if not asked:
        brands = staff_brands(session)
        if len(brands) == 1:
            return brands[0]
        raise invalid_field(BRAND_HEADER, "required", "请选择品牌", "Choose a brand", status=400)
    brand = organisations.find_brand(slug_or_id=asked)
    if brand is not None and brand.organisation_id == session.organisation_id:
        held = staff.get_access(staff_id=session.id, brand_id=brand.id)
        if held.stores:
            return brand, held
    raise not_found(Text("品牌", "Brand"))


# -- API keys ------------------------------------------------------------------------------------------------------


def api_key_scope(request: HttpRequest, permission: str) -> Scope:
    """The scope of `Authorization: Bearer rk_…`, in the key's brand.

    Raises `bad_api_key` (401), `too_many_requests` (429), `not_found` (404) when `X-Regulars-Brand` names another
    brand than the key's, `forbidden` (403) naming the permission.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    key = apikeys.find_key(token=token.strip(), now=clock.now()) if kind.lower() == "bearer" else None
    if key is None:
        rates.charge_failure(client_ip(request))
        raise Refusal(
            "bad_api_key",
            Text("API 密钥无效、已过期或已撤销", "The API key is unknown, expired or revoked"),
            status=401,
        )
    rates.charge_key(key.id)
    _require_own_brand(request, key)
    if permission not in key.permissions:
        raise forbidden(permission)
    return Scope(
        organisation_id=key.organisation_id,
        brand_id=key.brand_id,
        actor=Actor(kind="api_key", id=key.id, label=f"{key.name} ({key.prefix})"),
        permissions=key.permissions,
        test_mode=key.is_test,
    )


def _require_own_brand(request: HttpRequest, key: ApiKey) -> None:
    asked = request.headers.get(BRAND_HEADER, "")
    if asked and asked != str(key.brand_id):
        brand = organisations.find_brand(slug_or_id=asked)
        if brand is None or brand.id != key.brand_id:
            raise not_found(Text("品牌", "Brand"))


# -- what an endpoint declares -------------------------------------------------------------------------------------


def same_site(request: HttpRequest) -> None:
    """Refuse a write that does not carry the token of our own pages (CSRF)."""
    if request.method not in _SAFE and check_csrf(request) is not None:
        raise Refusal(
            "csrf_failed",
            Text("页面已过期，请刷新后重试", "This page is out of date; reload it and try again"),
            status=403,
        )


class StaffAuth(APIKeyCookie):
    """`auth=StaffAuth("members.read")`: staff with this permission; `request.auth` is the `Scope`."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission: str | None = _known(permission)

    def __call__(self, request: HttpRequest) -> Scope:
        staff_session(request)
        same_site(request)
        return staff_scope(request, cast(str, self.permission))

    def authenticate(self, request: HttpRequest, key: str | None) -> Scope:
        return self(request)


class AnyStaff(APIKeyCookie):
    """`auth=AnyStaff()`: whoever is signed in to the console, for what needs no brand: who am I, my password.
    `request.auth` is the `StaffSession`."""

    param_name = settings.SESSION_COOKIE_NAME
    permission: str | None = None

    def __call__(self, request: HttpRequest) -> StaffSession:
        session = staff_session(request)
        same_site(request)
        return session

    def authenticate(self, request: HttpRequest, key: str | None) -> StaffSession:
        return self(request)


class ApiKeyAuth(HttpBearer):
    """`auth=ApiKeyAuth("activities.write")`: an API key with this permission; `request.auth` is the `Scope`."""

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission: str | None = _known(permission)

    def __call__(self, request: HttpRequest) -> Scope:
        return api_key_scope(request, cast(str, self.permission))

    def authenticate(self, request: HttpRequest, token: str) -> Scope:
        return self(request)


def scope_of(request: HttpRequest) -> Scope:
    """The scope that `StaffAuth` or `ApiKeyAuth` made of the request."""
    made = request.auth  # type: ignore[attr-defined]
    if not isinstance(made, Scope):
        raise RuntimeError("the endpoint declares no permission")
    return made


def session_of(request: HttpRequest) -> StaffSession:
    """Whom `AnyStaff` let in."""
    made = request.auth  # type: ignore[attr-defined]
    if not isinstance(made, StaffSession):
        raise RuntimeError("the endpoint is not for any staff")
    return made


@dataclass(frozen=True, slots=True)
class Declared:
    """One endpoint and what it asks of its callers. `guards` are the names of its auth classes."""

    path: str
    methods: tuple[str, ...]
    guards: tuple[str, ...]
    permission: str | None


def declared(api: NinjaAPI) -> list[Declared]:
    """Every endpoint of an API with the permission it declares: what a test walks."""
    found = []
    for router in api._get_bound_routers():  # as ninja's own OpenAPI writer does
        for path, view in router.path_operations.items():
            for operation in view.operations:
                guards: list[Any] = list(operation.auth_callbacks)
                wanted = {str(guard.permission) for guard in guards if getattr(guard, "permission", None)}
                found.append(
                    Declared(
                        path=re.sub(r"/+", "/", f"/{router.prefix}/{path}"),
                        methods=tuple(operation.methods),
                        guards=tuple(type(guard).__name__ for guard in guards),
                        permission=", ".join(sorted(wanted)) or None,
                    )
                )
    return found


def _known(permission: str) -> str:
    if permission not in PERMISSIONS:
        raise ValueError(f"no such permission: {permission}")
    return permission
