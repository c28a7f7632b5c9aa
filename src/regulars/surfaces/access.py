"""The one place where a request becomes a scope: whose data it may touch, and as whom.

Every surface asks here; everything below takes its ids from the scope it was given and from nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Language, Text, language_of
from regulars.platform.apikeys import api as apikeys
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.signin import api as signin

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


def key_scope(token: str, now: datetime) -> Scope | None:
    """What the holder of an API key may do; None for a key that is none, is revoked or has expired."""
    key = apikeys.find_key(token=token, now=now)
    if key is None:
        return None
    return Scope(
        organisation_id=key.organisation_id,
        brand_id=key.brand_id,
        actor=Actor(kind="api_key", id=key.id, label=key.name),
        permissions=key.permissions,
        test_mode=key.is_test,
    )


def signed_out() -> Refusal:
    """The answer to whoever has to sign in first."""
    return Refusal("signed_out", Text("请先登录", "Please sign in first"), status=401)
