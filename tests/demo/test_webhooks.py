"""The demo's webhook hears what really happened in the demo, and nothing says that anything arrived."""

from __future__ import annotations

import json

import pytest
from tests.demo.baskets import fill, rows

from regulars.flows.demo import api as demo
from regulars.flows.demo import webhooks as mine
from regulars.platform.webhooks import api as webhooks

pytestmark = pytest.mark.django_db


def test_an_endpoint_that_is_paused_with_what_happened(filled: demo.Filled) -> None:
    scope = demo._scope(filled.brand)
    (endpoint,) = webhooks.list_endpoints(scope=scope, now=filled.view.created_at)
    assert (endpoint.url, endpoint.state, endpoint.succeeded_at) == (mine.URL, "paused", None)
    found = []
    cursor = None
    while True:
        page = webhooks.list_deliveries(scope=scope, endpoint_id=endpoint.id, cursor=cursor, limit=100)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    # nothing arrived: a first few were tried in vain, and all of it waits
    assert found and {(one.state, one.status, one.ended_at) for one in found} == {("pending", None, None)}
    tried = [one for one in found if one.attempts]
    assert len(tried) < len(found) / 2 and all(one.problem and one.attempts == 1 for one in tried)
    bodies = [json.loads(one.body) for one in found]
    told = {body["id"] for body in bodies}
    happened = dict(
        rows(
            "SELECT id::text, topic FROM outbox WHERE brand_id = %s "
            "   AND split_part(topic, '.', 1) IN ('checkout', 'redemption', 'booking', 'subscription')",
            filled.brand.id,
        )
    )
    assert told == set(happened) and {body["type"] for body in bodies} == set(happened.values())
    sold = rows("SELECT count(*) FROM checkout WHERE brand_id = %s", filled.brand.id)[0][0]
    assert sum(body["type"] == "checkout.committed" for body in bodies) == sold > 10
    fill()
    assert len(webhooks.list_endpoints(scope=scope, now=filled.view.created_at)) == 1
