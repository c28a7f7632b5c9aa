"""What counts as suspicious in a brand, and what was held for somebody to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

Of = Literal["activities", "burns", "verifications"]
Per = Literal["member", "device", "store"]
CaseState = Literal["open", "released", "confirmed"]

OF: dict[str, Text] = {
    "activities": Text("行为", "activities"),
    "burns": Text("积分消耗", "burns"),
    "verifications": Text("权益核销", "uses of benefits"),
}
PER: dict[str, Text] = {
    "member": Text("同一会员", "of one member"),
    "device": Text("同一设备", "of one device"),
    "store": Text("同一门店", "at one store"),
}
SELF_DEALING = "self_dealing"


@dataclass(frozen=True, slots=True)
class Velocity:
    """More than `limit` of something per member, device or store within `minutes` is suspicious.

    Windows stand one beside the other (each `minutes` long), so up to twice the limit may pass around a border.
    """

    key: str
    of: Of
    per: Per
    limit: int
    minutes: int
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Watch:
    """A brand's rules. `self_dealing`: what staff do for the member that they themselves are."""

    velocity: tuple[Velocity, ...] = ()
    self_dealing: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "self_dealing": self.self_dealing,
            "velocity": [
                {
                    "key": one.key,
                    "of": one.of,
                    "per": one.per,
                    "limit": one.limit,
                    "minutes": one.minutes,
                    "enabled": one.enabled,
                }
                for one in self.velocity
            ],
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """Something about to happen, as rules see it. `device` and `store_id` may be missing: no rule of theirs then."""

    id: UUID
    of: Of
    member_id: UUID
    at: datetime
    device: str = ""
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Something held for review. `activity_id` is None for what was refused; `detail` says what it was about."""

    id: UUID
    member_id: UUID
    kind: Literal["earn", "burn", "verification", "staff"]
    rule: str
    activity_id: UUID | None
    subject: str
    detail: Mapping[str, Any]
    actor: str
    store_id: UUID | None
    state: CaseState
    opened_at: datetime
    decided_by: str
    decided_at: datetime | None
    comment: str


CASE = Text("复核事项", "Case")
