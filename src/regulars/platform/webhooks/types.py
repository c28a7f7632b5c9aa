"""Endpoints and deliveries as the rest of the program sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

EndpointState = Literal["active", "paused", "disabled"]
DeliveryState = Literal["pending", "delivered", "failed"]
ENDPOINT = Text("Webhook 端点", "Webhook endpoint")
DELIVERY = Text("Webhook 投递", "Webhook delivery")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`topics` are patterns: `*`, `coupon.*` or `coupon.used`. `old_secret_until`: a rotation is under way."""

    id: UUID
    brand_id: UUID
    url: str
    description: str
    topics: tuple[str, ...]
    state: EndpointState
    reason: str
    failing_since: datetime | None
    succeeded_at: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """`problem` is empty where the receiver answered; what it answered is cut to a few hundred characters."""

    at: datetime
    status: int | None
    milliseconds: int
    problem: str
    answer: str


@dataclass(frozen=True, slots=True)
class Delivery:
    endpoint_id: UUID
    id: UUID
    topic: str
    body: str
    state: DeliveryState
    attempts: int
    next_run_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    status: int | None
    problem: str
    log: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way to the endpoints that want it. `data` holds plain JSON values."""

    id: UUID
    brand_id: UUID
    topic: str
    source: str
    subject: str
    occurred_at: datetime
    data: Mapping[str, Any]
