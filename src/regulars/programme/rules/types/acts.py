"""Effects that tell or ask somebody: messages, tasks for staff, events for webhooks, badges, missions, chances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from regulars.kit.text import Text

_NO_WORDS = Text("", "")


@dataclass(frozen=True, slots=True)
class MessageEffect:
    """Have a message sent by one of the operators' templates; `channels` in the order tried, none: the template's.

    `cancel_on_refund`: when all of the order goes back before it was sent, it is not sent. What was sent stays sent.
    """

    template: str
    channels: tuple[str, ...] = ()
    purpose: Literal["service", "marketing"] = "service"
    cancel_on_refund: bool = True


@dataclass(frozen=True, slots=True)
class TaskEffect:
    """Something for store staff to do, `days` days after the act. What was asked of staff is not taken back."""

    kind: Literal["call", "visit", "wecom", "service", "other"]
    title: Text
    script: Text = _NO_WORDS
    days: int = 1


@dataclass(frozen=True, slots=True)
class WebhookEffect:
    """Tell endpoints that listen to `rule.<event>`; when all of the order goes back they are told `rule.taken_back`."""

    event: str


@dataclass(frozen=True, slots=True)
class PlayEffect:
    """A badge, the start of a mission, or `count` chances in a draw. `void_on_refund` as for coupons: chances that
    were used and missions that are done stay."""

    kind: Literal["badge", "mission", "draw_chance"]
    code: str
    count: int = 1
    void_on_refund: bool = True
