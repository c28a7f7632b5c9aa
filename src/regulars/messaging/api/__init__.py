"""Door of messaging: ask for messages, send one, tell members something once, read what was sent."""

from regulars.messaging.api.asking import ask, sends_of, states_of
from regulars.messaging.api.log import (
    count_unread,
    list_inbox,
    list_messages,
    list_templates,
    mark_read,
    register_channel,
    send,
    send_many,
)

__all__ = [
    "ask",
    "count_unread",
    "list_inbox",
    "list_messages",
    "list_templates",
    "mark_read",
    "register_channel",
    "send",
    "send_many",
    "sends_of",
    "states_of",
]
