"""What tasks tell all that acts after the commit: one was added, one came to an end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from regulars.engage.tasks.types import NewTask, Task
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox.types import Event


def added(brand: Brand, tasks: Sequence[tuple[NewTask, UUID]], now: datetime) -> list[Event]:
    """New tasks with their ids."""
    return [
        Event(
            new_id(),
            brand.organisation_id,
            brand.id,
            "task.added",
            {
                "task_id": str(task_id),
                "kind": one.kind,
                "source": one.source,
                "origin": one.origin,
                "due_on": one.due_on.isoformat(),
            },
            now,
            now,
            one.member_id,
        )
        for one, task_id in tasks
    ]


def ended(
    brand: Brand, task: Task, state: str, outcome: str, satisfaction: int | None, now: datetime
) -> Event:
    """A task was finished, skipped or not done in time."""
    payload = {
        "task_id": str(task.id),
        "kind": task.kind,
        "source": task.source,
        "origin": task.origin,
        "state": state,
        "outcome": outcome,
        "satisfaction": satisfaction,
    }
    topic = "task.expired" if state == "expired" else "task.finished"
    return Event(new_id(), brand.organisation_id, brand.id, topic, payload, now, now, task.member_id)
