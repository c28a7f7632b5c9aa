"""A shop that sells plans, with a provider that calls back over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
import requests
from tests.stories.world import PROGRAMME, Story, name, open_story

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations
from regulars.platform.payments import api as payments
from regulars.platform.payments.tasks import call_back
from regulars.value.plans import api as plans

PLAN = {
    "key": "prime",
    "state": "active",
    "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000, "quarter": 8000, "year": 30000},
    "trial_days": 7,
    "benefits": [
        {"key": "free-coffee", "name": name("free coffee"), "kind": "product", "quota": 1, "period": "week"}
    ],
    "retry_days": [1, 3],
    "pause": {"max_days": 20, "times": 2},
    "transferable": True,
    "refund": {"rule": "unused_days", "full_within_days": 0, "minus_savings": False},
}

BIG = {
    **PLAN,
    "key": "black",
    "name": {"zh": "黑金会员", "en": "Black"},
    "prices": {"month": 9000, "year": 90000},
}


class Till:
    """What a shop with plans does, and the worker's turns."""

    def __init__(self, story: Story, base: str) -> None:
        self.story, self.base, self.scope = story, base, story.scope
        self.brand = organisations.get_brand(brand_id=story.scope.brand_id)

    def account(self, **settings: str) -> None:
        payments.put_account(
            scope=self.scope,
            key="sim",
            provider="simulator",
            name=Text("模拟", "Simulated"),
            values=settings,
            now=clock.now(),
        )

    def post(self, path: str, body: Any = None) -> Any:
        return self.story.call.post(path, body, Idempotency_Key=self.story.key())

    def refused(self, path: str, body: Any = None) -> str:
        answer = self.story.call.refused("POST", path, body or {}, Idempotency_Key=self.story.key())
        return str(answer["code"])

    def work(self) -> None:
        """Everything that is due now, until nothing is left, as the worker would."""
        for _ in range(10):
            now = clock.now()
            if not (plan_flow.renew_due(now) + paying.settle_due(now) + call_back(now)):
                return

    def buy(self, member: str, plan: str = "prime", period: str = "month", **more: Any) -> Any:
        return self.post(f"/members/{member}/subscriptions", {"plan": plan, "period": period, **more})

    def press(self, url: str, outcome: str = "paid") -> str:
        """The payer on the provider's page: over HTTP, with its form."""
        browser = requests.Session()
        page = browser.get(url, timeout=60)
        assert page.status_code == 200, page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, page.text
        form = {"csrfmiddlewaretoken": token[1], "outcome": outcome}
        done = browser.post(url, data=form, timeout=60)
        assert done.status_code == 200, done.text
        return done.text

    def held(self, member: str) -> Any:
        items = self.story.call.get(f"/members/{member}/subscriptions")["items"]
        return items[0] if items else None

    def payment(self, outcome: Any) -> Any:
        return self.story.call.get(f"/payments/{outcome['payment']['id']}")

    def notices(self, outcome: Any) -> list[str]:
        member = UUID(outcome["payment"]["member_id"])
        found = payments.get_payment(
            scope=self.scope, member_id=member, payment_id=UUID(outcome["payment"]["id"])
        )
        return [one.result for one in payments.list_notices(scope=self.scope, payment=found)]

    def tags(self, member: str) -> list[str]:
        found: list[str] = self.story.call.get(f"/members/{member}")["tags"]
        return found

    def inbox(self, member: str) -> list[str]:
        page = messaging.list_inbox(scope=self.scope, member_id=UUID(member))
        return [message.template for message in page.items]


@pytest.fixture
def till(live_server: Any, settings: Any, set_clock: Callable[[datetime], None]) -> Till:
    settings.PUBLIC_URL = live_server.url
    story = open_story(set_clock, PROGRAMME, "2025-01-31 12:00")
    till = Till(story, live_server.url)
    for definition in (PLAN, BIG):
        plans.apply_definition(scope=story.scope, definition=definition, now=clock.now())
    return till
