"""Which of the demo's members agreed to marketing, by channel: made up, and noted so in the ledger."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

_NOTE = "演示数据 / made up for the demo"
_SHARES = {"sms": 0.62, "wechat": 0.48, "email": 0.21, "push": 0.17, "phone": 0.06}
_TAKEN_BACK = 0.07


def fill(scope: Scope, ids: dict[int, UUID], joined: dict[int, datetime], now: datetime) -> None:
    """Terms as each joined, channels by share, and some taken back since."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    texts = {channel: consents.marketing_text(brand=brand.name, channel=channel) for channel in _SHARES}
    rows = []
    for number, member_id in sorted(ids.items()):
        rng = random.Random(number * 31 + 7)
        at = joined[number]
        rows.append(
            (member_id, ConsentIn("terms", "", True, brand.consent_version, brand.consent, at, _NOTE))
        )
        for channel, share in _SHARES.items():
            if rng.random() >= share:
                continue
            text = texts[channel]
            version = consents.MARKETING_VERSION
            rows.append((member_id, ConsentIn("marketing", channel, True, version, text, at, _NOTE)))
            if rng.random() < _TAKEN_BACK:
                later = min(now, at + timedelta(days=rng.randint(20, 300)))
                rows.append((member_id, ConsentIn("marketing", channel, False, version, text, later, _NOTE)))
    consents.record_many(scope=scope, rows=rows, source="import", language="zh", now=now)
