"""Due work of messaging."""

from __future__ import annotations

from regulars.messaging.api.links import prune_links
from regulars.messaging.api.reports import WECOM_SECONDS, ask_wecom, refresh_tokens
from regulars.messaging.sending import handing
from regulars.platform.due import api as due


def register() -> None:
    due.register("messages.send", handing.deliver, every_seconds=1)
    due.register("messages.tokens", refresh_tokens, every_seconds=10)
    due.register("messages.wecom", ask_wecom, every_seconds=WECOM_SECONDS)
    due.register("messages.prune_links", prune_links, every_seconds=3600)
