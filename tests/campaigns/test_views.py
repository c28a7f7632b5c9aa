"""What the page of a campaign says."""

from __future__ import annotations

import pytest
from tests.campaigns.given import NOW, open_shop, variant

from regulars.surfaces.campaign_views import CampaignViewer

pytestmark = pytest.mark.django_db


def test_what_each_variant_gives_in_words() -> None:
    shop = open_shop()
    shop.coupon("tea", name={"zh": "茶券", "en": "Tea for one"})
    shop.create(
        variants=[
            variant(
                "a",
                rewards=[
                    {"kind": "coupon", "definition": "tea", "count": 2},
                    {"kind": "points", "unit": "points", "amount": 1500},
                ],
            ),
            variant("b", rewards=[{"kind": "points", "unit": "points", "amount": 5}]),
        ]
    )
    assert CampaignViewer(shop.scope, "en", NOW).one("spring").rewards == [
        ["Tea for one × 2", "1,500 points"],
        ["5 points"],
    ]
    assert CampaignViewer(shop.scope, "zh", NOW).one("spring").rewards[0][0] == "茶券 × 2"
