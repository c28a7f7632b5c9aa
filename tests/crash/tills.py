"""Tills that never give up: each posts orders, batches and burns, and tries again with the same keys until answered."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

PATIENCE_SECONDS = 180


@dataclass
class Told:
    """What the tills were told, and therefore hold for true. Each is written down after the answer, never before."""

    orders: dict[str, int] = field(default_factory=dict)  # number → points
    burns: dict[str, int] = field(default_factory=dict)
    activities: set[str] = field(default_factory=set)
    points: dict[str, int] = field(default_factory=dict)  # member → points
    failures: int = 0
    strange: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, number: str, member: str, points: int, activity: str) -> None:
        with self.lock:
            assert number not in self.orders
            self.orders[number] = points
            self.points[member] = self.points.get(member, 0) + points
            self.activities.add(activity)

    def burn(self, key: str, member: str, points: int, activity: str) -> None:
        with self.lock:
            self.burns[key] = points
            self.points[member] = self.points.get(member, 0) - points
            self.activities.add(activity)


@dataclass
class Till:
    name: str
    address: str
    token: str
    members: list[str]
    told: Told
    stop: threading.Event
    give_up: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        choice = random.Random(self.name)
        client = httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {self.token}"}, timeout=20
        )
        number = 0
        while not self.stop.is_set():
            number += 1
            what = choice.random()
            if what < 0.6:
                self._order(client, f"{self.name}-{number}", choice)
            elif what < 0.8:
                self._batch(client, f"{self.name}-{number}", choice)
            else:
                self._burn(client, f"{self.name}-{number}", choice)
        client.close()

    def _order(self, client: httpx.Client, number: str, choice: random.Random) -> None:
        body = order(number, choice.choice(self.members), choice.randrange(100, 20_000))
        answer = self.until_answered(client, "/activities", body, {})
        if answer is not None:
            self.told.order(number, body["member"]["id"], _points(body), answer.json()["activity_id"])

    def _batch(self, client: httpx.Client, number: str, choice: random.Random) -> None:
        orders = [
            order(f"{number}-{n}", choice.choice(self.members), choice.randrange(100, 20_000))
            for n in range(40)
        ]
        answer = self.until_answered(client, "/activities/batch", {"activities": orders}, {})
        if answer is None:
            return
        for one, item in zip(orders, answer.json()["items"], strict=True):
            if "receipt" not in item:
                self.told.strange.append(str(item))
                continue
            id_ = item["receipt"]["activity_id"]
            self.told.order(one["order"]["number"], one["member"]["id"], _points(one), id_)

    def _burn(self, client: httpx.Client, key: str, choice: random.Random) -> None:
        member, amount = choice.choice(self.members), choice.randrange(1, 40)
        body = {"unit": "points", "amount": amount}
        answer = self.until_answered(client, f"/members/{member}/burns", body, {"Idempotency-Key": key})
        if answer is not None and answer.status_code < 300:
            self.told.burn(key, member, amount, answer.json()["activity_id"])

    def until_answered(
        self, client: httpx.Client, path: str, body: Any, headers: dict[str, str]
    ) -> httpx.Response | None:
        """The answer, however often it must be asked for; 409 of a burn without cover is an answer too."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self.give_up.is_set():
            with contextlib.suppress(httpx.HTTPError):
                answer = client.post(f"/api/v1{path}", json=body, headers=headers)
                if answer.status_code < 300:
                    return answer
                if answer.status_code == 409 and answer.json().get("code") == "insufficient_balance":
                    return answer
                if answer.status_code not in (502, 503, 504):
                    self.told.strange.append(f"{answer.status_code} {answer.text[:300]}")
                    if answer.status_code < 500:
                        return None
            self.told.failures += 1
            time.sleep(0.05)
        if not self.give_up.is_set():
            self.told.strange.append(f"no answer for {PATIENCE_SECONDS} seconds: {path}")
        return None


def order(number: str, member: str, amount: int) -> dict[str, Any]:
    return {
        "type": "order",
        "member": {"id": member},
        "occurred_at": datetime.now(UTC).isoformat(),
        "source": "pos",
        "order": {"number": number, "lines": [{"sku": "A", "amount": amount}]},
    }


def _points(body: dict[str, Any]) -> int:
    """One point a yuan, floored."""
    amount: int = body["order"]["lines"][0]["amount"]
    return amount // 100
