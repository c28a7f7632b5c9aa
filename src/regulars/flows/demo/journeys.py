"""The demo's journeys: the ready-made ones, running; three of them walked through the last three weeks, day by day.

Whom a date or a daily question brings in follows from facts that have not changed since; what members did is not
replayed, so nobody comes in by an order of the past.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from regulars.engage.journeys import api as journeys
from regulars.facts.activity import api as activities
from regulars.flows.intake import api as intake
from regulars.flows.journeys import api as flow
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Receipt, SendFilter, SendView
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

DAYS = 21
_WALKED = ("dormant-60", "tier-risk", "points-expiring")
_RUNNING = (
    "welcome",
    "second-purchase",
    "birthday",
    "viewed-not-bought",
    "refill",
)  # the churn ones stay drafts
_VIEW = "view"


def fill(scope: Scope, now: datetime) -> int:
    """Install, publish, walk; gives how many runs began. Again changes nothing that is there."""
    if _VIEW not in activities.declared_types(brand_id=scope.brand_id):
        activities.declare_type(
            brand_id=scope.brand_id,
            code=_VIEW,
            name=Text("浏览商品", "Views a product"),
            fields=[
                {"key": "sku", "type": "text", "label": {"zh": "货号", "en": "SKU"}},
                {"key": "product", "type": "text", "label": {"zh": "商品", "en": "Product"}},
            ],
            reserved=frozenset(intake.SYSTEM_TYPES),
        )
    journeys.install_ready_made(scope=scope, now=now - timedelta(days=DAYS + 1))
    begun = now - timedelta(days=DAYS)
    walked = [code for code in _WALKED if _publish(scope, code, begun)]
    for code in _RUNNING:
        _publish(scope, code, now)
    if walked:
        for day in range(1, DAYS + 1):
            moment = begun + timedelta(days=day)
            while journeys.sweep_due(now=moment):
                pass
            while journeys.step(carry_out=flow.carry_out, now=moment, brand_id=scope.brand_id).runs:
                pass
            messaging.send_due(now=moment)
        for code in walked:
            _hear_back(scope, code, now)
    found = journeys.list_journeys(brand_id=scope.brand_id)
    return sum(one.started for one in journeys.numbers_of(journeys=found).values())


def _hear_back(scope: Scope, code: str, now: datetime) -> None:
    """What channels told of the messages: most arrived, a few did not."""
    receipts = [
        Receipt(
            "failed" if random.Random(one.key).random() > 0.97 else "delivered",
            (one.sent_at or now) + timedelta(minutes=3),
            send_id=one.id,
            detail="demo",
        )
        for one in _sent(scope, code)
    ]
    brand = organisations.get_brand(brand_id=scope.brand_id)
    messaging.apply_receipts(brand=brand, receipts=receipts, now=now)


def _sent(scope: Scope, code: str) -> Iterator[SendView]:
    given, cursor = SendFilter(source=f"journey:{code}", state="sent"), None
    while True:
        page = messaging.list_sends(scope=scope, given=given, cursor=cursor, limit=200)
        yield from page.items
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def _publish(scope: Scope, code: str, now: datetime) -> bool:
    """Whether it was published now: one that is, or that the brand cannot run, stays as it is."""
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    if journey.version or journey.draft is None:
        return False
    try:
        flow.publish(scope=scope, code=code, now=now)
    except Refusal:
        return False
    return True
