"""Due work of messaging."""

from __future__ import annotations

from regulars.messaging.sending import handing
from regulars.platform.due import api as due


def register() -> None:
    due.register("messages.send", handing.deliver, every_seconds=1)
