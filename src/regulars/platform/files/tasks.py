"""Due work of this room."""

from __future__ import annotations

from regulars.platform.due import api as due
from regulars.platform.files import api


def register() -> None:
    due.register("files.expire", api.delete_expired, every_seconds=3600)
    due.register("files.sweep", api.sweep_orphans, every_seconds=24 * 3600)
