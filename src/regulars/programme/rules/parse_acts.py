"""Effects that others carry out: messages, tasks for staff, events for webhooks, badges, missions, chances."""

from __future__ import annotations

import re

from regulars.kit.text import Text
from regulars.programme.rules.dump import NAMED
from regulars.programme.rules.reader import Node
from regulars.programme.rules.types import (
    GrantEffect,
)
from regulars.programme.rules.types.acts import MessageEffect, PlayEffect, TaskEffect, WebhookEffect

FIELDS: dict[str, tuple[str, ...]] = {
    "message": ("type", "template", "channels", "purpose", "cancel_on_refund"),
    "task": ("type", "kind", "title", "script", "days"),
    "webhook": ("type", "event"),
    "badge": ("type", "badge", "void_on_refund"),
    "mission": ("type", "mission", "void_on_refund"),
    "draw_chance": ("type", "draw", "count", "void_on_refund"),
}
CHANNELS = ("sms", "email", "inbox", "wechat", "wecom", "push", "webhook", "task")
_TASKS = ("call", "visit", "wecom", "service", "other")
_EVENT = re.compile(r"[a-z][a-z_]{0,39}")
_OURS = "taken_back"  # what endpoints are told when the order went back


def read_act(node: Node, kind: str) -> GrantEffect:
    """An effect of one of the kinds of `FIELDS`; what is wrong is noted in the node's errors."""
    if kind == "message":
        return MessageEffect(
            node.code("template") or "",
            _channels(node),
            node.choice("purpose", ("service", "marketing"), default="service"),
            node.flag("cancel_on_refund", True),
        )
    if kind == "task":
        return TaskEffect(
            node.choice("kind", _TASKS) or "other",
            node.text("title", most=100),
            node.text("script", Text("", ""), most=2000),
            node.integer("days", least=0, most=365, default=1),
        )
    if kind == "webhook":
        event = node.string("event", most=40) or ""
        if event and (not _EVENT.fullmatch(event) or event == _OURS):
            node.bad(
                "event",
                "bad_event",
                f"小写字母开头，只用小写字母与下划线，最长 40，不能是 {_OURS}",
                f"A lower-case letter, then lower-case letters and _; 40 at most; not {_OURS}",
            )
        return WebhookEffect(event)
    return PlayEffect(
        kind,  # type: ignore[arg-type]
        node.code(NAMED[kind]) or "",
        node.integer("count", least=1, most=100, default=1) if kind == "draw_chance" else 1,
        node.flag("void_on_refund", True),
    )


def _channels(node: Node) -> tuple[str, ...]:
    found: list[str] = []
    for path, value in node.items("channels", most=len(CHANNELS)):
        if value not in CHANNELS:
            shown = ", ".join(CHANNELS)
            node.errors.add(path, "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
        elif value in found:
            node.errors.add(path, "duplicate", "重复", "Given twice")
        else:
            found.append(value)
    return tuple(found)
