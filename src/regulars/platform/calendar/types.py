"""A brand's calendar as other rooms see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from regulars.kit.text import Text

Reckoning = Literal["solar", "lunar"]
FESTIVAL = Text("节日", "Festival")
OWN_DAY = Text("自定义工作日", "Own work day")


@dataclass(frozen=True, slots=True)
class OwnDay:
    day: date
    works: bool
    name: Text


@dataclass(frozen=True, slots=True)
class OwnFestival:
    """Kept every year on a solar or lunar month and day; in one `year` only, if given."""

    code: str
    name: Text
    reckoning: Reckoning
    month: int
    day: int
    year: int | None = None

    def to_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "name": self.name.to_json(),
            "reckoning": self.reckoning,
            "month": self.month,
            "day": self.day,
            "year": self.year,
        }


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A festival and its date in a year. `own`: the brand made it."""

    code: str
    name: Text
    day: date
    own: bool


@dataclass(frozen=True, slots=True)
class Year:
    """A year as it is shown: festivals in their order; holidays (with their names); weekend days that are worked; the
    brand's own days. `known`: whether public holidays of the year have been announced here; where not, Monday to
    Friday are worked. `lunar_known`: whether lunar festivals have dates."""

    year: int
    known: bool
    lunar_known: bool
    festivals: tuple[NamedDay, ...]
    holidays: Mapping[date, Text]
    moved: Mapping[date, Text]
    own: tuple[OwnDay, ...]
