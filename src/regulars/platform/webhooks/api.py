"""Door of webhooks: a brand's endpoints, events told to them, the log of deliveries and its replay."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.egress import api as egress
from regulars.platform.organisations.types import Scope
from regulars.platform.webhooks import policy, store, tasks
from regulars.platform.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.platform.webhooks.types import DELIVERY, ENDPOINT, Delivery, DeliveryState, Endpoint, Outgoing

GROUPS = policy.GROUPS
sign = policy.sign
MOST_ENDPOINTS = 20
LONGEST_REPLAY = timedelta(days=31)


def list_endpoints(*, scope: Scope, now: datetime) -> list[Endpoint]:
    """The brand's, oldest first; there are at most twenty. Needs `webhooks.manage`."""
    scope.require("webhooks.manage")
    rows = WebhookEndpoint.objects.filter(brand_id=scope.brand_id).order_by("id")[:MOST_ENDPOINTS]
    return [store.endpoint_of(row, now) for row in rows]


def make_endpoint(
    *, scope: Scope, url: str, topics: Sequence[str], description: str, now: datetime
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which can be read again by `secret_of`."""
    scope.require("webhooks.manage")
    _check(url, topics, description)
    if WebhookEndpoint.objects.filter(brand_id=scope.brand_id).count() >= MOST_ENDPOINTS:
        raise Refusal(
            "too_many_endpoints",
            Text(f"每个品牌最多 {MOST_ENDPOINTS} 个端点", f"A brand has at most {MOST_ENDPOINTS} endpoints"),
            status=409,
        )
    id_, secret = new_id(), policy.write_secret(os.urandom(policy.SECRET_BYTES))
    with transaction.atomic():
        row = WebhookEndpoint(
            id=id_,
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            url=url,
            description=description.strip(),
            topics=list(dict.fromkeys(topics)),
            secrets=store.seal(id_, [{"secret": secret, "until": None}]),
            created_at=now,
            updated_at=now,
        )
        row.save(force_insert=True)
        _record(scope, row, "webhook.create", None, _shown(row), now)
    return store.endpoint_of(row, now), secret


def change_endpoint(
    *,
    scope: Scope,
    endpoint_id: UUID,
    now: datetime,
    url: str | None = None,
    topics: Sequence[str] | None = None,
    description: str | None = None,
    active: bool | None = None,
) -> Endpoint:
    """Change what is given. Made active again, or with another address, an endpoint starts with a clean slate."""
    with transaction.atomic():
        row = _locked(scope, endpoint_id)
        before = _shown(row)
        if url is not None and url != row.url:
            row.url, row.failing_since = url, None
        row.topics = row.topics if topics is None else list(dict.fromkeys(topics))
        row.description = row.description if description is None else description.strip()
        _check(row.url, row.topics, row.description)
        if active is not None and active != (row.state == "active"):
            row.state, row.reason = ("active", "") if active else ("paused", "")
            row.failing_since = None
        row.updated_at = now
        row.save()
        if before != _shown(row):
            _record(scope, row, "webhook.change", before, _shown(row), now)
    return store.endpoint_of(row, now)


def remove_endpoint(*, scope: Scope, endpoint_id: UUID, now: datetime) -> None:
    """Remove it with its log; what was on its way is not sent."""
    with transaction.atomic():
        row = _locked(scope, endpoint_id)
        _record(scope, row, "webhook.remove", _shown(row), None, now)
        WebhookDelivery.objects.filter(endpoint_id=row.id).delete()
        row.delete()


def secret_of(*, scope: Scope, endpoint_id: UUID, now: datetime) -> str:
    """The present secret. Reading it is written down."""
    with transaction.atomic():
        row = _locked(scope, endpoint_id)
        _record(scope, row, "webhook.read_secret", None, None, now)
        return store.good_secrets(row, now)[0]


def rotate_secret(*, scope: Scope, endpoint_id: UUID, now: datetime) -> tuple[Endpoint, str]:
    """A new secret; the old one signs beside it for a day. Raises `rotation_under_way` (409) before that is over."""
    with transaction.atomic():
        row = _locked(scope, endpoint_id)
        good = store.good_secrets(row, now)
        if len(good) > 1:
            raise Refusal(
                "rotation_under_way",
                Text(
                    "上一次更换尚未结束：旧密钥仍有效",
                    "The last rotation is still under way: the old secret signs too",
                ),
                status=409,
            )
        secret = policy.write_secret(os.urandom(policy.SECRET_BYTES))
        until = (now + policy.ROTATION).isoformat()
        row.secrets = store.seal(
            row.id, [{"secret": secret, "until": None}, {"secret": good[0], "until": until}]
        )
        row.updated_at = now
        row.save(update_fields=["secrets", "updated_at"])
        _record(scope, row, "webhook.rotate_secret", None, {"old_until": until}, now)
    return store.endpoint_of(row, now), secret


def send_test(*, scope: Scope, endpoint_id: UUID, source: str, now: datetime) -> Delivery:
    """Queue a test event for one endpoint, whatever it listens to. Raises `endpoint_not_active` (409)."""
    row = _locked_active(scope, endpoint_id)
    event = Outgoing(
        new_id(), scope.brand_id, policy.TEST_TOPIC, source, "", now, {"message": "Regulars 常客 · test"}
    )
    delivery = _delivery(row.id, event, now)
    delivery.save(force_insert=True)
    return store.delivery_of(delivery)


def wants(*, topics: Sequence[str], topic: str) -> bool:
    """Whether patterns (`*`, `coupon.*`, `coupon.used`) take an event."""
    return policy.wants(topics, topic)


def queue(*, events: Sequence[Outgoing], now: datetime) -> int:
    """Queue events for the active endpoints that want them, in the caller's transaction; gives how many deliveries."""
    brands = {event.brand_id for event in events}
    endpoints = list(
        WebhookEndpoint.objects.filter(brand_id__in=brands, state="active").values_list(
            "id", "brand_id", "topics"
        )
    )
    rows = [
        _delivery(id_, event, now)
        for event in events
        for id_, brand_id, topics in endpoints
        if brand_id == event.brand_id and policy.wants(topics, event.topic)
    ]
    store.insert_deliveries(rows)
    return len(rows)


def try_now(*, now: datetime, seconds: float) -> int:
    """Make a first few of the deliveries that are due here and now, waiting so long at most, as the worker makes all of
    them; gives how many have an outcome."""
    return tasks.try_once(now, seconds=seconds)


def topics_wanted(*, brand_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Brand → the patterns its active endpoints listen to, so that nothing is prepared that nobody wants."""
    wanted: dict[UUID, list[str]] = {}
    rows = WebhookEndpoint.objects.filter(brand_id__in=brand_ids, state="active")
    for brand_id, topics in rows.values_list("brand_id", "topics"):
        wanted.setdefault(brand_id, []).extend(topics)
    return wanted


def list_deliveries(
    *,
    scope: Scope,
    endpoint_id: UUID,
    state: DeliveryState | None = None,
    topic: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Delivery]:
    """An endpoint's deliveries, newest event first."""
    row = _found(scope, endpoint_id)
    rows = WebhookDelivery.objects.filter(endpoint_id=row.id)
    if state:
        rows = rows.filter(state=state)
    if topic:
        rows = rows.filter(topic=topic)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    page = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda one: [one.id])
    return page.map(store.delivery_of)


def get_delivery(*, scope: Scope, endpoint_id: UUID, delivery_id: UUID) -> Delivery:
    row = WebhookDelivery.objects.filter(endpoint_id=_found(scope, endpoint_id).id, id=delivery_id).first()
    if row is None:
        raise not_found(DELIVERY)
    return store.delivery_of(row)


def replay(
    *,
    scope: Scope,
    endpoint_id: UUID,
    now: datetime,
    delivery_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    only_failed: bool = True,
) -> int:
    """Send again one delivery, or those of a span of at most 31 days; gives how many. They keep their message ids."""
    if delivery_id is None and since is None:
        raise invalid_field("since", "required", "请给出起始时间", "Say from when on")
    end = until or now
    if delivery_id is None and since is not None and not timedelta(0) < end - since <= LONGEST_REPLAY:
        raise invalid_field(
            "since",
            "bad_span",
            "起始须早于结束，且不超过 31 天",
            "It must come before the end, by 31 days at most",
        )
    if delivery_id is not None:
        get_delivery(scope=scope, endpoint_id=endpoint_id, delivery_id=delivery_id)
    with transaction.atomic():
        row = _locked_active(scope, endpoint_id)
        count = store.replay(
            endpoint_id=row.id,
            now=now,
            since=since or now,
            until=end,
            only_failed=only_failed and delivery_id is None,
            ids=[delivery_id] if delivery_id else [],
        )
        _record(
            scope,
            row,
            "webhook.replay",
            None,
            {
                "delivery": str(delivery_id) if delivery_id else None,
                "since": since.isoformat() if since else None,
                "until": end.isoformat(),
                "count": count,
            },
            now,
        )
    return count


def _delivery(endpoint_id: UUID, event: Outgoing, now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        endpoint_id=endpoint_id,
        id=event.id,
        brand_id=event.brand_id,
        topic=event.topic,
        body=policy.body_of(event),
        next_run_at=now,
        created_at=now,
    )


def _check(url: str, topics: Sequence[str], description: str) -> None:
    errors = ErrorList()
    egress.check_url(url=url, field="url", errors=errors)
    policy.check_topics(topics, errors)
    if len(description) > 200:
        errors.add("description", "too_long", "最多 200 个字符", "At most 200 characters")
    errors.refuse()


def _found(scope: Scope, endpoint_id: UUID) -> WebhookEndpoint:
    scope.require("webhooks.manage")
    row = WebhookEndpoint.objects.filter(brand_id=scope.brand_id, id=endpoint_id).first()
    if row is None:
        raise not_found(ENDPOINT)
    return row


def _locked(scope: Scope, endpoint_id: UUID) -> WebhookEndpoint:
    _found(scope, endpoint_id)
    return WebhookEndpoint.objects.select_for_update().get(id=endpoint_id)


def _locked_active(scope: Scope, endpoint_id: UUID) -> WebhookEndpoint:
    row = _found(scope, endpoint_id)
    if row.state != "active":
        raise Refusal(
            "endpoint_not_active",
            Text("端点已停用，请先启用", "The endpoint is not active; resume it first"),
            status=409,
        )
    return row


def _shown(row: WebhookEndpoint) -> dict[str, Any]:
    return {"url": row.url, "topics": list(row.topics), "description": row.description, "state": row.state}


def _record(
    scope: Scope,
    row: WebhookEndpoint,
    action: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="webhook_endpoint",
        subject_id=row.id,
        before=before,
        after=after,
        now=now,
    )
