"""Due work of signing in."""

from __future__ import annotations

from regulars.platform.due import api as due
from regulars.platform.signin import api


def register() -> None:
    due.register("signin.prune", api.prune, every_seconds=3600)
