"""Webhook endpoints and deliveries as pages and integrators see them. REST and console share them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.platform.webhooks.types import Delivery, Endpoint

_CLEAN = r"^[^\x00]*$"
Url = Annotated[str, StringConstraints(max_length=2000, pattern=_CLEAN)]
Topic = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
Topics = Annotated[list[Topic], Field(max_length=50)]
Note = Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class WebhookIn(_In):
    """Where to tell what: `topics` are `*`, groups (`coupon.*`) or events (`coupon.used`)."""

    url: Url
    topics: Topics
    description: Note = ""


class WebhookChangeIn(_In):
    """What is left out stays. `active: true` opens a paused or closed endpoint again."""

    url: Url | None = None
    topics: Topics | None = None
    description: Note | None = None
    active: bool | None = None


class WebhookOut(Schema):
    """An endpoint. `reason` of a closed one: `gone` (its server said so) or `failing` (five days of failures)."""

    id: UUID
    url: str
    description: str
    topics: list[str]
    state: Literal["active", "paused", "disabled"]
    reason: Literal["", "gone", "failing"]
    failing_since: datetime | None
    succeeded_at: datetime | None
    old_secret_until: datetime | None
    created_at: datetime


class WebhookSecretOut(Schema):
    """The secret by which receivers check signatures, `whsec_` and base64."""

    endpoint: WebhookOut
    secret: str


class AttemptOut(Schema):
    """One request. `problem` is empty where it was answered with 2xx."""

    at: datetime
    status: int | None
    milliseconds: int
    problem: Literal[
        "", "bad_status", "bad_url", "private_address", "unresolved", "refused", "timeout", "tls", "broken"
    ]
    answer: str


class DeliveryRowOut(Schema):
    """One event for one endpoint; `id` is the message's `webhook-id`."""

    id: UUID
    topic: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_run_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    status: int | None
    problem: str


class DeliveryOut(DeliveryRowOut):
    """With the body as it is sent, and the newest attempts first."""

    body: str
    log: list[AttemptOut]


class WebhookTopicOut(Schema):
    """A group of events, `<key>.*`."""

    key: str
    zh: str
    en: str


def endpoint_out(one: Endpoint) -> WebhookOut:
    return WebhookOut(
        id=one.id,
        url=one.url,
        description=one.description,
        topics=list(one.topics),
        state=one.state,
        reason=one.reason,  # type: ignore[arg-type]
        failing_since=one.failing_since,
        succeeded_at=one.succeeded_at,
        old_secret_until=one.old_secret_until,
        created_at=one.created_at,
    )


def row_out(one: Delivery) -> DeliveryRowOut:
    return DeliveryRowOut(
        id=one.id,
        topic=one.topic,
        state=one.state,
        attempts=one.attempts,
        next_run_at=one.next_run_at,
        created_at=one.created_at,
        ended_at=one.ended_at,
        status=one.status,
        problem=one.problem,
    )


def delivery_out(one: Delivery) -> DeliveryOut:
    return DeliveryOut(
        **row_out(one).dict(),
        body=one.body,
        log=[
            AttemptOut(
                at=attempt.at,
                status=attempt.status,
                milliseconds=attempt.milliseconds,
                problem=attempt.problem,  # type: ignore[arg-type]
                answer=attempt.answer,
            )
            for attempt in one.log
        ],
    )
