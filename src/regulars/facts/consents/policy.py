"""What may be agreed to, and the text that is shown for it. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta

from regulars.facts.consents.types import CHANNELS, PURPOSES, ConsentIn
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text

MARKETING_VERSION = "1"
_MARKETING = Text(
    "我同意{brand}通过{channel}向我发送优惠与活动消息；我可随时在会员端或消息中的退订方式取消，取消后不影响会员权益。",
    "I agree that {brand} sends me offers and news by {channel}. I can take this back at any time in the portal or by "
    "the way out that each message names; my membership stays as it is.",
)
_AHEAD = timedelta(minutes=5)


def marketing_text(*, brand: Text, channel: str) -> Text:
    return _MARKETING.format(brand=brand, channel=CHANNELS[channel])


def hash_of(text: Text) -> str:
    """SHA-256 of both languages, in hex: what an act proves she was shown."""
    return hashlib.sha256(json.dumps([text.zh, text.en], ensure_ascii=False).encode()).hexdigest()


def check(given: ConsentIn, n: int, now: datetime, errors: ErrorList) -> None:
    at = f"consents[{n}]"
    if given.purpose not in PURPOSES:
        errors.add(f"{at}.purpose", "unknown_purpose", "须为 terms 或 marketing", "Give terms or marketing")
    elif given.purpose == "marketing" and given.channel not in CHANNELS:
        errors.add(
            f"{at}.channel",
            "unknown_channel",
            f"须为 {'、'.join(CHANNELS)} 之一",
            f"Give one of {', '.join(CHANNELS)}",
        )
    elif given.purpose == "terms" and given.channel:
        errors.add(f"{at}.channel", "no_channel", "会员协议不分渠道", "Terms have no channel")
    if given.purpose == "terms" and not given.granted:
        errors.add(
            f"{at}.granted",
            "leave_instead",
            "撤回会员协议即退会，请办理退会",
            "Taking back the terms is leaving: end the membership instead",
        )
    if not given.version or len(given.version) > 64:
        errors.add(f"{at}.version", "bad_version", "须为 1–64 个字符", "1 to 64 characters")
    if len(given.note) > 500:
        errors.add(f"{at}.note", "too_long", "最多 500 个字符", "At most 500 characters")
    if given.occurred_at is not None and given.occurred_at > now + _AHEAD:
        errors.add(f"{at}.occurred_at", "in_the_future", "不能晚于现在", "It cannot lie in the future")
