"""Reading a definition with all that is wrong with it, and publishing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import Definition, Journey
from regulars.flows.journeys.checking import check_names
from regulars.kit.errors import ErrorList, FieldError
from regulars.platform.organisations.types import Scope


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition that was read: what is wrong with it, and what it is, where it can be read at all."""

    errors: tuple[FieldError, ...]
    definition: Definition | None


def check(*, brand_id: UUID, code: str, data: Any, now: datetime) -> Checked:
    """Every error of a definition: its form, and what it names."""
    errors = ErrorList()
    definition = journeys.read_definition(brand_id=brand_id, data=data, errors=errors, now=now)
    if definition is not None:
        check_names(definition, brand_id=brand_id, code=code, data=data, errors=errors, now=now)
    return Checked(tuple(errors.errors), definition)


def publish(*, scope: Scope, code: str, note: str = "", now: datetime) -> Journey:
    """Publish the draft. Raises `invalid_input` with every error, of names too, and what `journeys.publish` raises."""
    scope.require("journeys.publish")
    journey = journeys.get_journey(brand_id=scope.brand_id, code=code)
    if journey.draft is not None:
        found = check(brand_id=scope.brand_id, code=code, data=journey.draft, now=now)
        errors = ErrorList(list(found.errors))
        errors.refuse()
    return journeys.publish(scope=scope, code=code, note=note, now=now)
