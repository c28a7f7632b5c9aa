"""The one place that reads the wall clock. Only surfaces and task entry points call it; `now` is an argument below."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)
