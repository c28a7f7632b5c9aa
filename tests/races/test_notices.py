"""Several workers that tell members the same: each is told once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tests.races.world import Rush, codes

from regulars.flows import notices
from regulars.kit.periods import add_months, start_of_day
from regulars.messaging import api as messaging

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def test_many_workers_tell_each_member_once(
    rush: Rush, at_once: AtOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "BATCH", 7)
    members = [rush.member(100) for _ in range(40)]
    # earned when the shop opened; points end with the 24th month after, whose last day is 7 days ahead then
    opened = rush.opened.astimezone(start_of_day(date(2025, 1, 1), "Asia/Shanghai").tzinfo).date()
    gone = add_months(opened.replace(day=1), 25)
    now = start_of_day(gone - timedelta(days=8), "Asia/Shanghai")
    outcomes = at_once([lambda: notices.send_due(now)] * 8)
    codes(outcomes)
    assert sum(outcomes) == 40
    assert notices.send_due(now) == 0
    for member in members:
        [message] = messaging.list_inbox(scope=rush.scope, member_id=member).items
        assert message.template == "value_expiring" and "100" in message.body
