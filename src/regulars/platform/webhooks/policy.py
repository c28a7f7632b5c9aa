"""How events are named, written, signed and retried. Pure.

Signatures, headers and the schedule follow Standard Webhooks 1.0; the names in the body follow CloudEvents 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.platform.webhooks.types import Outgoing

GROUPS: dict[str, Text] = {
    "activity": Text("行为与订单", "Activities and orders"),
    "badge": Text("徽章", "Badges"),
    "booking": Text("预约", "Bookings"),
    "budget": Text("预算预警", "Budget alerts"),
    "campaign": Text("营销活动", "Campaigns"),
    "checkout": Text("收银结算", "Checkouts"),
    "commission": Text("推广佣金", "Commission"),
    "coupon": Text("优惠券", "Coupons"),
    "draw": Text("抽奖", "Draws"),
    "journey": Text("旅程的 Webhook 节点", "Webhook steps of journeys"),
    "member": Text("会员", "Members"),
    "message": Text("消息发送与回执", "Messages sent and answered"),
    "mission": Text("任务", "Missions"),
    "payment": Text("支付", "Payments"),
    "redemption": Text("积分兑换", "Redemptions"),
    "referral": Text("推荐", "Referrals"),
    "rule": Text("规则触发", "Rules that fired"),
    "share": Text("分享", "Shares"),
    "segment": Text("人群进出", "Segments entered and left"),
    "subscription": Text("付费会员", "Paid membership"),
    "tier": Text("等级变动", "Tier changes"),
    "voice": Text("会员之声预警", "Voice of members"),
    "task": Text("员工待办", "Staff tasks"),
}
TEST_TOPIC = "webhook.test"
MOST_TOPICS = 50
SECRET_PREFIX = "whsec_"  # noqa: S105 — what every secret begins with
SECRET_BYTES = 32
ROTATION = timedelta(hours=24)
# From one attempt to the next; after the last the delivery has failed. Ten attempts over some three days.
WAITS = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
DISABLE_AFTER = timedelta(days=5)
_TOPIC = re.compile(r"[a-z_]+\.(?:\*|[a-z_]+)")


def check_topics(topics: Sequence[str], errors: ErrorList) -> None:
    if not 1 <= len(topics) <= MOST_TOPICS:
        errors.add(
            "topics", "required", f"请选择 1–{MOST_TOPICS} 项事件", f"Choose 1 to {MOST_TOPICS} events"
        )
    for n, topic in enumerate(topics):
        group = topic.partition(".")[0]
        if topic != "*" and not (_TOPIC.fullmatch(topic) and group in GROUPS):
            errors.add(
                f"topics[{n}]",
                "unknown_topic",
                f"须为 *、分组（如 coupon.*）或事件（如 coupon.used）；分组有：{'、'.join(GROUPS)}",
                f"Give *, a group (coupon.*) or an event (coupon.used); groups are {', '.join(GROUPS)}",
            )


def wants(topics: Sequence[str], topic: str) -> bool:
    """Whether patterns take an event. A test is taken by all."""
    group = topic.partition(".")[0]
    return topic == TEST_TOPIC or "*" in topics or topic in topics or f"{group}.*" in topics


def body_of(event: Outgoing) -> str:
    """The message: a CloudEvent in JSON, whose `timestamp` is there for readers of Standard Webhooks."""
    at = event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    content: dict[str, object] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.topic,
        "time": at,
        "timestamp": at,
        "datacontenttype": "application/json",
        "data": dict(event.data),
    }
    if event.subject:
        content["subject"] = event.subject
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def sign(*, id_: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers. During a rotation there is a signature by each secret."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((id_.encode(), seconds.encode(), body))
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(digest).decode()}")
    return {"webhook-id": id_, "webhook-timestamp": seconds, "webhook-signature": " ".join(signatures)}


def write_secret(random: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(random).decode()


def next_wait(attempts: int, *, jitter: float, asked: timedelta | None = None) -> timedelta | None:
    """How long to wait after so many attempts; None when there are none left.

    `jitter` in [0, 1) adds up to a fifth. What the receiver asked for (Retry-After) holds where longer, up to a day.
    """
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1] * (1 + jitter / 5)
    return max(wait, min(asked, WAITS[-1])) if asked is not None else wait


def is_success(status: int) -> bool:
    return 200 <= status < 300


def is_gone(status: int) -> bool:
    """The receiver says there is nobody here any more: the endpoint is closed."""
    return status == 410
