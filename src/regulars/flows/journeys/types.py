"""What the editor of journeys offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.kit.text import Text

Choices = Sequence[tuple[str, Text]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Choices by list (`kinds`, `segments` …), and tier schemes with their tiers."""

    lists: Mapping[str, Choices]
    schemes: Sequence[tuple[str, Text, Choices]]
