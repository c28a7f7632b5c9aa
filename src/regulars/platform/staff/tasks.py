"""Due work of this room."""

from __future__ import annotations

from regulars.platform.due import api as due
from regulars.platform.staff import throttle


def register() -> None:
    due.register("staff.forget_attempts", throttle.forget_old, every_seconds=3600)
