"""Sessions of packages that a booking uses: at check-in, or as the price of not coming."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from regulars.platform.organisations.types import Scope, Store
from regulars.value.bookings.types import Booking, Service

# (scope, member, package key, sessions, idempotency key, store code, now) → the activity that used them, or None.
Use = Callable[[Scope, UUID, str, int, str, str, datetime], UUID | None]
_use: list[Use] = []


def register(use: Use | None) -> None:
    """Have packages used by the flow that owns them; None for nobody."""
    _use[:] = [use] if use else []


def use(
    scope: Scope, booking: Booking, service: Service, count: int, store: Store, now: datetime
) -> UUID | None:
    """Use sessions of her package for a booking; nothing where the service asks for none or nobody sells packages."""
    if not service.terms.package or not count or not _use:
        return None
    return _use[0](
        scope, booking.member_id, service.terms.package, count, f"booking:{booking.id}", store.code, now
    )
