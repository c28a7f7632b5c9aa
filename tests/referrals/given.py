"""A programme, friends and orders, and the worker's turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.rest.shop import Shop, order

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import ReferralRow
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.enrol import Enrolee
from regulars.flows.referrals import api as flow
from regulars.flows.referrals.following import follow_brand
from regulars.flows.referrals.types import Came
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.outbox.models import OutboxRow
from regulars.platform.outbox.types import Event
from regulars.value.ledger import api as ledger

_numbers = itertools.count(1)

SETTINGS: dict[str, Any] = {
    "enabled": True,
    "rewards": {
        "recruiter": [{"kind": "points", "unit": "points", "amount": 200}],
        "friend": [{"kind": "points", "unit": "points", "amount": 100}],
    },
    "least_amount": 5000,
    "window_days": 7,
}


def brand(shop: Shop) -> Any:
    return organisations.get_brand(brand_id=shop.scope.brand_id)


def programme(shop: Shop, **more: Any) -> None:
    flow.put_settings(scope=shop.scope, definition=SETTINGS | more, now=clock.now())


def member(shop: Shop, phone: str = "") -> UUID:
    """Somebody who came by herself."""
    return UUID(shop.enrol(phone or next_phone()))


def next_phone() -> str:
    return f"139{next(_numbers):08d}"


def code_of(shop: Shop, member_id: UUID) -> str:
    link = referrals.get_link(
        brand=brand(shop), member_id=member_id, kind="join", content="", now=clock.now()
    )
    return link.code


def joins(shop: Shop, recruiter: UUID, phone: str = "", devices: Sequence[str] = ()) -> UUID:
    """A friend joins by the recruiter's code, on these devices."""
    hashes = tuple(flow.device_of(brand=brand(shop), text=text) for text in devices)
    [answer] = enrol.enrol(
        scope=shop.scope,
        rows=[
            Enrolment(
                identities=(IdentityIn("phone", phone or next_phone()),), recruiter=code_of(shop, recruiter)
            )
        ],
        now=clock.now(),
        came=[Came(hashes)],
    )
    assert isinstance(answer, Enrolee), answer
    return answer.enrolled.member_id


def seen_on(shop: Shop, member_id: Any, device: str) -> None:
    """A member opens her invitation on a device."""
    flow.seen(
        brand=brand(shop),
        member_id=member_id,
        devices=[flow.device_of(brand=brand(shop), text=device)],
        now=clock.now(),
    )


def buys(shop: Shop, member_id: UUID, number: str, amount: int = 10_000) -> UUID:
    return UUID(shop.call.post("/activities", order(member_id, number, amount, clock.now()))["activity_id"])


def refunds(shop: Shop, member_id: UUID, number: str, of: str, lines: Any = None) -> None:
    refund: dict[str, Any] = {"number": number, "order": of}
    if lines:
        refund["lines"] = lines
    shop.call.post(
        "/activities",
        {
            "type": "refund",
            "member": {"id": str(member_id)},
            "occurred_at": clock.now().isoformat(),
            "source": "pos",
            "refund": refund,
        },
    )


_seen: set[UUID] = set()


def tick(shop: Shop) -> None:
    """What the worker does: orders and refunds are followed, what is due is settled.

    Within a test's one transaction the outbox shows nothing as committed, so its rows are handed over as read.
    """
    rows = [row for row in OutboxRow.objects.filter(topic="activity.posted") if row.id not in _seen]
    _seen.update(row.id for row in rows)
    events = [
        Event(
            row.id, row.organisation_id, row.brand_id, row.topic, row.payload, row.occurred_at, row.recorded_at,
            row.member_id,
        )
        for row in rows
        if row.brand_id == shop.scope.brand_id and row.payload["type"] in ("order", "refund")
    ]  # fmt: skip
    follow_brand(brand(shop), events, clock.now())
    while flow.settle(clock.now()):
        pass
    while flow.thaw(clock.now()):
        pass


def row_of(shop: Shop, friend: UUID) -> ReferralRow:
    return referrals.referrals_of(brand_id=shop.scope.brand_id, member_ids=[friend])[friend]


def points(shop: Shop, member_id: UUID) -> int:
    """Available less debt."""
    accounts = ledger.get_balances(brand_id=shop.scope.brand_id, member_ids=[member_id]).get(member_id, {})
    account = accounts.get("points")
    return account.available - account.debt if account else 0


def books_balance() -> None:
    assert ledger.reconcile_books() == []
    assert referrals.commission_differences() == []
