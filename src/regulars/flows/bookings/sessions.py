"""Sessions of packages that a booking uses: at check-in, or as the price of not coming."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.flows.prepaid import api as prepaid_flow
from regulars.platform.organisations.types import Scope, Store
from regulars.value.bookings.types import Booking, Service
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import PackageRow


def use(
    scope: Scope,
    booking: Booking,
    service: Service,
    count: int,
    store: Store,
    now: datetime,
    *,
    no_show: bool = False,
) -> UUID | None:
    """Use sessions of her package for a booking; gives the activity that took them.

    Of several packages of the service's key, the one that ends first. None where the service uses no package, or she
    has none with enough left: then she pays at the store. Raises what the package refuses (409).
    """
    if not service.terms.package or not count:
        return None
    package = _package(scope, booking.member_id, service, store, count)
    if package is None:
        return None
    used = prepaid_flow.use_package(
        scope=scope,
        member_id=booking.member_id,
        package_id=package.id,
        key=f"booking:{booking.id}",
        now=now,
        sessions=count,
        service=service.terms.key,
        store_code=store.code,
        subject=f"booking:{booking.id}",
        kind="no_show" if no_show else "use",
    )
    return used.activity_id


def _package(scope: Scope, member_id: UUID, service: Service, store: Store, count: int) -> PackageRow | None:
    page = prepaid.list_packages(brand_id=scope.brand_id, member_id=member_id, limit=100)
    mine = [one for one in page.items if one.state == "active" and _is_good(one, service, store)]
    lots = ledger.get_lots(brand_id=scope.brand_id, member_id=member_id, ids=[one.lot_id for one in mine])
    good = [one for one in mine if one.lot_id in lots and lots[one.lot_id].remaining >= count]
    return min(good, key=lambda one: (one.expires_at is None, one.expires_at, one.bought_at), default=None)


def _is_good(package: PackageRow, service: Service, store: Store) -> bool:
    terms = prepaid_flow.terms_of(package)
    return (
        package.key == service.terms.package
        and (not terms.stores or store.code in terms.stores)
        and (not terms.services or service.terms.key in terms.services)
    )
