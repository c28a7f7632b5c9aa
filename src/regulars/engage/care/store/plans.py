"""Plans: read, written, and how far their passes are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import time
from typing import Any
from uuid import UUID

from regulars.engage.care.models import CarePlan
from regulars.engage.care.types import Chore, Definition, Plan, Said
from regulars.kit.text import Text


def view(row: CarePlan) -> Plan:
    return Plan(
        id=row.id,
        brand_id=row.brand_id,
        definition=definition_of(row.definition),
        state=row.state,  # type: ignore[arg-type]
        salt=row.salt,
        activated_at=row.activated_at,
        updated_at=row.updated_at,
        next_run_at=row.next_run_at,
        pass_day=row.pass_day,
        pass_after=row.pass_after,
        looked_until=row.looked_until,
        look_to=row.look_to,
        rebuilding=row.rebuilding,
        rebuilt_after=row.rebuilt_after,
        typical=row.typical,
        problem=row.problem,
        results=row.results,
        results_at=row.results_at,
    )


def find(*, brand_id: UUID, key: str, lock: bool = False) -> CarePlan | None:
    rows = CarePlan.objects.filter(brand_id=brand_id, key=key)
    return (rows.select_for_update() if lock else rows).first()


def list_of(*, brand_id: UUID, active: bool = False) -> list[Plan]:
    rows = CarePlan.objects.filter(brand_id=brand_id).order_by("created_at", "key")
    return [view(row) for row in (rows.filter(state="active") if active else rows)]


def names(*, brand_id: UUID, keys: Collection[str]) -> dict[str, Text]:
    rows = CarePlan.objects.filter(brand_id=brand_id, key__in=keys).values_list("key", "definition__name")
    return {key: Text.from_json(name) for key, name in rows}


def change(*, brand_id: UUID, key: str, **values: Any) -> None:
    CarePlan.objects.filter(brand_id=brand_id, key=key).update(**values)


def definition_of(data: Mapping[str, Any]) -> Definition:
    """From the canonical JSON that a definition was kept as."""
    said, chore = data["message"], data["task"]
    return Definition(
        key=data["key"],
        name=Text.from_json(data["name"]),
        kind=data["kind"],
        settings=data["settings"],
        audience=data["audience"],
        message=Said(said["template"], said["purpose"], tuple(said["channels"])) if said else None,
        rewards=tuple(data["rewards"]),
        budget=data["budget"],
        task=Chore(
            kind=chore["kind"],
            title=Text.from_json(chore["title"]),
            script=Text.from_json(chore["script"]),
            assign=chore["assign"],
            due_in_days=chore["due_in_days"],
            per_day=chore["per_day"],
            spread_days=chore["spread_days"],
        )
        if chore
        else None,
        holdout_percent=data["holdout_percent"],
        win_back_days=data["win_back_days"],
        at=time.fromisoformat(data["at"]),
        contact_cost=data["contact_cost"],
    )
