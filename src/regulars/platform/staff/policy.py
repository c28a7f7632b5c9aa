"""Who may do what where, and who may give that to whom. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from regulars.platform.staff.types import Access, Assignment, Place

# Eight wrong passwords for one account; more from one address, since an office may share it.
ACCOUNT_ATTEMPTS = 8
ADDRESS_ATTEMPTS = 40
LOCK = timedelta(minutes=15)
OWNER = "owner"


def covers(outer: Place, inner: Place) -> bool:
    """Whether what holds at `outer` holds at `inner` too."""
    if outer.brand_id is None:
        return True
    if outer.brand_id != inner.brand_id:
        return False
    if outer.store_id is not None:
        return inner.store_id == outer.store_id
    if outer.region_id is not None:
        return inner.region_id == outer.region_id
    return True


def access_in(
    assignments: Iterable[Assignment], brand_id: UUID, stores_in_region: Callable[[UUID], frozenset[UUID]]
) -> Access:
    """What assignments allow in one brand; empty for a brand they do not reach."""
    stores: dict[str, frozenset[UUID] | None] = {}
    for assignment in assignments:
        place = assignment.place
        if place.brand_id is not None and place.brand_id != brand_id:
            continue
        limit: frozenset[UUID] | None = None
        if place.store_id is not None:
            limit = frozenset({place.store_id})
        elif place.region_id is not None:
            limit = stores_in_region(place.region_id)
        for permission in assignment.role.permissions:
            if permission not in stores:
                stores[permission] = limit
                continue
            known = stores[permission]
            stores[permission] = None if known is None or limit is None else known | limit
    return Access(stores)


def lacking(giver: Sequence[Assignment], permissions: Iterable[str], place: Place) -> frozenset[str]:
    """Those of `permissions` that the giver does not hold herself at all of `place`."""
    held: set[str] = set()
    for assignment in giver:
        if covers(assignment.place, place):
            held |= assignment.role.permissions
    return frozenset(permissions) - held


def is_owner(assignments: Iterable[Assignment]) -> bool:
    """Whether someone owns the whole organisation."""
    return any(a.role.key == OWNER and a.role.is_builtin and a.place == Place() for a in assignments)


def address_block(ip: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
