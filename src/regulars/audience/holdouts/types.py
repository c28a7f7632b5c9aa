"""Who is left out on purpose, so that what messages bring can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Holdout:
    """The part of a brand's members that gets no marketing at all, since an instant and until it is changed.

    `salt` decides who they are; `percent` 0 is nobody. `reason` is why it was last changed, and by whom.
    """

    percent: int
    salt: str
    since: datetime | None
    reason: str = ""
    actor: str = ""
