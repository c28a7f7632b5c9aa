"""The demo's messages of the last weeks: asked for as a campaign would, decided by the limits of sending, kept in the
sandbox. Some wait for the morning, some are stopped by a cap, by the holdout, for want of consent or an address."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.kit.periods import zone
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask, Receipt, SendFilter
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

_EACH = 120
_CLICKED = 0.3
_LINK = re.compile(r"/s/([A-Za-z0-9_-]{22})")
_PHONE = {
    "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
    "accept-language": "zh",
}
_POLICY = {
    "quiet": {
        "sms": {"closes": "21:00", "opens": "08:00", "then": "defer", "service_too": True},
        "push": {"closes": "22:00", "opens": "08:00", "then": "abort"},
    },
    "caps": [
        {"channel": "", "period": "week", "limit": 2},
        {"channel": "sms", "period": "month", "limit": 4},
    ],
}
# days ago, hour of the brand's day, source, template, purpose, channels, priority
_WAVES = (
    (20, 11, "campaign:weekend", "festival", "marketing", ("sms", "email", "inbox"), 50),
    (16, 22, "campaign:late-night", "dormant-60", "marketing", ("sms", "inbox"), 40),
    (9, 10, "campaign:fresh-week", "festival", "marketing", ("wechat", "sms"), 60),
    (8, 15, "campaign:fresh-week-2", "dormant-60", "marketing", ("sms", "email"), 30),
    (7, 18, "campaign:evening", "dormant-60", "marketing", ("sms",), 20),
    (2, 9, "care:thanks", "thank-you", "service", ("inbox",), 70),
)


def fill(scope: Scope, ids: Mapping[int, UUID], now: datetime) -> None:
    """Again adds nothing."""
    if messaging.list_sends(scope=scope, given=SendFilter(source=_WAVES[0][2]), limit=1).items:
        return
    brand = organisations.get_brand(brand_id=scope.brand_id)
    messaging.put_policy(scope=scope, value=_POLICY, now=now - timedelta(days=30))
    known = {one.code: one for one in messaging.list_templates(brand_id=brand.id) if one.version is not None}
    members = sorted(ids.values())
    today = now.astimezone(zone(brand.timezone)).replace(minute=0, second=0, microsecond=0)
    for wave, (days, hour, source, template, purpose, channels, priority) in enumerate(_WAVES):
        if template not in known:
            template = next(code for code, one in sorted(known.items()) if one.purpose == purpose)
        at = (today - timedelta(days=days)).replace(hour=hour)
        those = random.Random(7 if 2 <= wave <= 4 else wave).sample(members, min(_EACH, len(members)))
        asks = [
            Ask(
                member_id=member,
                key=f"demo:{source}",
                source=source,
                purpose=purpose,  # type: ignore[arg-type]
                template=template,
                channels=channels,
                priority=priority,
                values={"coupon": {"name": "满 100 减 20", "code": "DEMO20"}},
                expires_at=at + timedelta(days=2),
            )
            for member in those
        ]
        with transaction.atomic():  # a worker beside it would send by the clock of now
            messaging.ask(brand=brand, asks=asks, now=at)
            messaging.send_due(now=at)
            messaging.send_due(now=at + timedelta(hours=12))
    _click(scope, today)
    _bounce(scope, brand.id, now)


def _click(scope: Scope, today: datetime) -> None:
    """Some followed the link within two days, a few of them again."""
    chance = random.Random(11)
    for days, hour, source, *_ in _WAVES:
        sent = messaging.list_sends(scope=scope, given=SendFilter(source=source, state="sent"), limit=200)
        at = (today - timedelta(days=days)).replace(hour=hour)
        for one in sent.items:
            if one.channel in ("sms", "email") and chance.random() <= _CLICKED:
                follow(scope, one.id, at, chance)


def follow(
    scope: Scope, send_id: UUID, since: datetime, chance: random.Random, until: datetime | None = None
) -> None:
    """Somebody opens the link of a message some hours after it came, maybe more than once; by `until` at the latest."""
    found = _LINK.search(messaging.get_send(scope=scope, id_=send_id).body)
    if found is None:
        return
    for n in range(chance.choice((1, 1, 1, 2, 3))):
        at = since + timedelta(minutes=int(chance.expovariate(1 / 360)) + 7 * n)
        if until is None or at <= until:
            messaging.follow(code=found[1], method="GET", headers=_PHONE, address=f"demo-{send_id}", now=at)


def _bounce(scope: Scope, brand_id: UUID, now: datetime) -> None:
    """A few came back, and one member complained."""
    brand = organisations.get_brand(brand_id=brand_id)
    page = messaging.list_sends(scope=scope, given=SendFilter(channel="sms", state="sent"), limit=100)
    unopened = [one for one in page.items if one.clicked_at is None]
    kinds = ("bounced", "bounced", "complained", "delivered", "delivered", "delivered")
    receipts = [
        Receipt(kind, now - timedelta(days=2), send_id=one.id, detail="demo")
        for kind, one in zip(kinds, unopened, strict=False)
    ]
    messaging.apply_receipts(brand=brand, receipts=receipts, now=now)
