"""A brand with half a year of orders, exported and reckoned once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

NOW = datetime(2026, 5, 13, 4, tzinfo=UTC)  # noon in Shanghai
MEMBERS = 320
DAYS = 200


@pytest.fixture
def shop(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from tests.rest.shop import open_shop

    from regulars.kit import clock
    from regulars.surfaces import rates

    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    rates.forget()
    yield open_shop()


def fill(shop: Any, members: int = MEMBERS, days: int = DAYS) -> list[Any]:
    """Members who buy milk at a rhythm of their own; every third stops, one after the other."""
    from tests.intake.world import order

    from regulars.facts.activity.types import LineIn
    from regulars.facts.members.types import Enrolment, IdentityIn
    from regulars.flows import enrol
    from regulars.flows.intake import api as intake

    rng = np.random.default_rng(2)
    start = NOW - timedelta(days=days)
    rows = [
        Enrolment(identities=(IdentityIn("phone", f"1380000{n:04d}"),), name=f"会员{n}", joined_at=start)
        for n in range(members)
    ]
    ids = [one.enrolled.member_id for one in enrol.enrol(scope=shop.scope, rows=rows, now=NOW)]  # type: ignore[union-attr]
    activities = []
    for number, member in enumerate(ids):
        gap = rng.gamma(4, 4) + 3
        end = 5 + (days - 15) * number / members if number % 3 == 0 else days - 0.5
        at = rng.uniform(0, 4)
        while at < end:
            amount = int(rng.gamma(3, 2000)) + 100
            lines = (
                LineIn(sku="milk", amount=amount, category="乳品"),
                LineIn(sku="tea", amount=300, category="茶" if rng.random() < 0.3 else "乳品"),
            )
            activities.append(
                order(
                    member,
                    f"{number}-{len(activities)}",
                    at=start + timedelta(days=at),
                    lines=lines,
                    store="S1",
                )
            )
            at += rng.exponential(gap)
    activities.sort(key=lambda one: one.occurred_at)
    for first in range(0, len(activities), 1000):
        intake.post(scope=shop.scope, activities=activities[first : first + 1000], now=NOW)
    return ids


def reckon(shop: Any, steps: tuple[str, ...] = ("export", "lifetime", "churn")) -> list[Any]:
    from regulars.flows.insight import nightly
    from regulars.platform.organisations import api as organisations

    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    return nightly.run_steps(brand=brand, clock=lambda: NOW, only=steps)
