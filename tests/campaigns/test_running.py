"""Campaigns from the draft to the last outcome, through their door."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.campaigns.given import (
    NOW,
    code_of,
    definition_of,
    fields_of,
    message,
    open_shop,
    variant,
)

from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.messaging import api as messaging

pytestmark = pytest.mark.django_db


def test_everybody_gets_the_points_once_and_the_run_is_whole() -> None:
    shop = open_shop()
    ids = shop.members(7)
    shop.launched()
    shop.work(size=3)
    run = shop.run()
    assert run.state == "finished" and run.is_whole
    assert run.counts == {"a": {"sent": 7}}
    assert [shop.its.balance(one)[0] for one in ids] == [5] * 7
    shop.work()
    assert [shop.its.balance(one)[0] for one in ids] == [5] * 7
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "finished"
    shop.its.clean()
