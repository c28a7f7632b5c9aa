"""The simulated provider's own side: its pay page and its callbacks. Nothing here is needed by real providers."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.kit.errors import not_found
from regulars.platform.payments import accounts
from regulars.platform.payments.models import SimulatedPayment
from regulars.platform.payments.providers import simulator
from regulars.platform.payments.providers.simulator import Post
from regulars.platform.payments.types import PAYMENT


@dataclass(frozen=True, slots=True)
class SimulatedPage:
    """What the pay page shows."""

    number: str
    amount: int
    currency: str
    description: str
    state: str
    return_url: str


def simulated_page(*, account_id: UUID, number: str, token: str) -> SimulatedPage:
    """Raises `not_found`, for a wrong token too."""
    _gateway(account_id, number, token)
    row = SimulatedPayment.objects.filter(number=number, account_id=account_id).first()
    if row is None:
        raise not_found(PAYMENT)
    return _page(row)


def simulated_press(
    *, account_id: UUID, number: str, token: str, outcome: str, now: datetime
) -> SimulatedPage:
    """The payer presses “paid” or “failed”; pressing again changes nothing. Raises `not_found`."""
    row = _gateway(account_id, number, token).press(number, outcome=outcome, now=now)
    if row is None:
        raise not_found(PAYMENT)
    return _page(row)


def run_simulator(*, now: datetime, account_id: UUID | None = None, post: Post | None = None) -> int:
    """Make the callbacks that are due (of an account); gives how many. `post` takes them instead of their address."""
    return simulator.call_back(now, gateways=accounts.simulators, post=post, account_id=account_id)


def _gateway(account_id: UUID, number: str, token: str) -> simulator.SimulatorGateway:
    gateway = accounts.simulator_of(account_id=account_id)
    if gateway is None or not hmac.compare_digest(gateway.token(number).encode(), token.encode()):
        raise not_found(PAYMENT)
    return gateway


def _page(row: SimulatedPayment) -> SimulatedPage:
    return SimulatedPage(row.number, row.amount, row.currency, row.description, row.state, row.return_url)
