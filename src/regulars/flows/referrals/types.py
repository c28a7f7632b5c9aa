"""How somebody came to the form she joins by."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Came:
    """She filled the form in herself. `devices` are hashes of what her browser is known by."""

    devices: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Sender:
    """A member whose code somebody brought: the code of an invitation (then with its link) or her member code."""

    member_id: UUID
    code: str
    share_id: UUID | None = None
