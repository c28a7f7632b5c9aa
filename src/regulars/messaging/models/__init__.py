"""Tables of messaging: the log of what was sent one by one, and what is asked for and sent in bulk."""

from regulars.messaging.models.log import Message, Notice
from regulars.messaging.models.sends import (
    MessagePolicy,
    Send,
    SendCount,
    SendPace,
    Suppression,
)

__all__ = ["Message", "MessagePolicy", "Notice", "Send", "SendCount", "SendPace", "Suppression"]
