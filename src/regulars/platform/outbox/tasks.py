"""Due work of this room."""

from __future__ import annotations

from regulars.platform.due import api as due
from regulars.platform.outbox import api


def register() -> None:
    due.register("outbox.partitions", api.keep_partitions, every_seconds=6 * 3600)
    due.register("outbox.prune", api.prune, every_seconds=24 * 3600)
