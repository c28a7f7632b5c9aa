"""Webhooks: endpoints, their secrets, the log of deliveries, tests and replays."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.flows.webhooks import source_of
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.webhooks import api as webhooks
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, In, Instant, Limit, ListOut, PageOut
from regulars.surfaces.webhook_views import (
    DeliveryOut,
    DeliveryRowOut,
    Topic,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
    WebhookSecretOut,
    WebhookTopicOut,
    delivery_out,
    endpoint_out,
    row_out,
)

router = Router(tags=["Webhooks"])
StateFilter = Annotated[Literal["pending", "delivered", "failed"] | None, Query()]
TopicFilter = Annotated[Topic | None, Query()]


class ReplayIn(In):
    """The span of events by when they were recorded, at most 31 days; without `until` up to now."""

    since: Instant
    until: Instant | None = None
    only_failed: bool = True


class ReplayedOut(In):
    """How many deliveries will be made again."""

    changed: int


@router.get("/webhooks", response=ListOut[WebhookOut], **needs("webhooks.manage"))
def list_webhooks(request: HttpRequest) -> Any:
    """The brand's endpoints, oldest first; at most twenty."""
    found = webhooks.list_endpoints(scope=scope_of(request), now=clock.now())
    return {"items": [endpoint_out(one) for one in found]}


@router.get("/webhooks/topics", response=ListOut[WebhookTopicOut], **needs("webhooks.manage"))
def list_topics(request: HttpRequest) -> Any:
    """The groups of events that can be listened to."""
    return {
        "items": [WebhookTopicOut(key=key, zh=name.zh, en=name.en) for key, name in webhooks.GROUPS.items()]
    }


@router.post("/webhooks", response={201: WebhookSecretOut}, **needs("webhooks.manage"))
def make_webhook(request: HttpRequest, given: WebhookIn) -> Any:
    """Tell events to an address from now on; the answer holds the secret that signs them."""
    endpoint, secret = webhooks.make_endpoint(
        scope=scope_of(request),
        url=given.url,
        topics=given.topics,
        description=given.description,
        now=clock.now(),
    )
    return Status(201, WebhookSecretOut(endpoint=endpoint_out(endpoint), secret=secret))


@router.patch("/webhooks/{webhook_id}", response=WebhookOut, **needs("webhooks.manage"))
def change_webhook(request: HttpRequest, webhook_id: UUID, given: WebhookChangeIn) -> Any:
    """Change address, events or note; pause it or open it again."""
    return endpoint_out(
        webhooks.change_endpoint(
            scope=scope_of(request),
            endpoint_id=webhook_id,
            now=clock.now(),
            url=given.url,
            topics=given.topics,
            description=given.description,
            active=given.active,
        )
    )


@router.delete("/webhooks/{webhook_id}", response={204: None}, **needs("webhooks.manage"))
def remove_webhook(request: HttpRequest, webhook_id: UUID) -> Any:
    """Remove an endpoint with its log; what is on its way is not sent."""
    webhooks.remove_endpoint(scope=scope_of(request), endpoint_id=webhook_id, now=clock.now())
    return Status(204, None)


@router.post("/webhooks/{webhook_id}/secret", response=WebhookSecretOut, **needs("webhooks.manage"))
def rotate_secret(request: HttpRequest, webhook_id: UUID) -> Any:
    """A new secret; for a day the old one signs beside it."""
    endpoint, secret = webhooks.rotate_secret(
        scope=scope_of(request), endpoint_id=webhook_id, now=clock.now()
    )
    return WebhookSecretOut(endpoint=endpoint_out(endpoint), secret=secret)


@router.post("/webhooks/{webhook_id}/test", response={201: DeliveryOut}, **needs("webhooks.manage"))
def send_test(request: HttpRequest, webhook_id: UUID) -> Any:
    """Queue the event `webhook.test` for this endpoint."""
    scope = scope_of(request)
    source = source_of(organisations.get_brand(brand_id=scope.brand_id))
    made = webhooks.send_test(scope=scope, endpoint_id=webhook_id, source=source, now=clock.now())
    return Status(201, delivery_out(made))


@router.post("/webhooks/{webhook_id}/replay", response=ReplayedOut, **needs("webhooks.manage"))
def replay(request: HttpRequest, webhook_id: UUID, given: ReplayIn) -> Any:
    """Send a span's failed deliveries again, or all of them; they keep their message ids."""
    count = webhooks.replay(
        scope=scope_of(request),
        endpoint_id=webhook_id,
        now=clock.now(),
        since=given.since,
        until=given.until,
        only_failed=given.only_failed,
    )
    return ReplayedOut(changed=count)


@router.get("/webhooks/{webhook_id}/deliveries", response=PageOut[DeliveryRowOut], **needs("webhooks.manage"))
def list_deliveries(
    request: HttpRequest,
    webhook_id: UUID,
    state: StateFilter = None,
    topic: TopicFilter = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """What was told, is being told or could not be; newest event first. Kept for 31 days."""
    page = webhooks.list_deliveries(
        scope=scope_of(request),
        endpoint_id=webhook_id,
        state=state,
        topic=topic,
        cursor=cursor,
        limit=limit,
    )
    return {"items": [row_out(one) for one in page.items], "next_cursor": page.next_cursor}


@router.get(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}", response=DeliveryOut, **needs("webhooks.manage")
)
def get_delivery(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> Any:
    """One delivery: the body as sent, and what each attempt came to."""
    return delivery_out(
        webhooks.get_delivery(scope=scope_of(request), endpoint_id=webhook_id, delivery_id=delivery_id)
    )


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", response=ReplayedOut, **needs("webhooks.manage")
)
def replay_one(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> Any:
    """Send one delivery again."""
    count = webhooks.replay(
        scope=scope_of(request), endpoint_id=webhook_id, delivery_id=delivery_id, now=clock.now()
    )
    return ReplayedOut(changed=count)
