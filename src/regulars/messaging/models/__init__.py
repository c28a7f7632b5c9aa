"""Tables of messaging: the log of what was sent one by one, and what is asked for and sent in bulk."""

from regulars.messaging.models.accounts import ChannelAccount
from regulars.messaging.models.holds import SendHold
from regulars.messaging.models.links import Click, Link, LinkSetting, LinkTally
from regulars.messaging.models.log import Message, Notice
from regulars.messaging.models.sends import (
    MessagePolicy,
    Send,
    SendCount,
    SendPace,
    Suppression,
)
from regulars.messaging.models.templates import MessageTemplate, MessageTemplateVersion

__all__ = [
    "ChannelAccount",
    "Click",
    "Link",
    "LinkSetting",
    "LinkTally",
    "Message",
    "MessagePolicy",
    "MessageTemplate",
    "MessageTemplateVersion",
    "Notice",
    "Send",
    "SendCount",
    "SendHold",
    "SendPace",
    "Suppression",
]
