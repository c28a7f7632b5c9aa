"""Door of messaging: ask for messages, send one, tell members something once, read what was sent."""

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
    "count_unread",
    "list_inbox",
    "list_messages",
    "list_templates",
    "mark_read",
    "register_channel",
    "send",
    "send_many",
]
