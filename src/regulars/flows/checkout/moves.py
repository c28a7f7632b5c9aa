"""What a checkout moved, kept with it so that it can be given back exactly. Pure."""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct, field

NOT_YET = UUID(int=0)


class Moves(Struct):
    """`number` is the posted order's; `burns`: the burn's activity and amount by unit; `uses` by benefit.

    `savings`: by the offer's ref, the benefit of a plan that gave it.
    """

    number: str
    order: UUID = NOT_YET
    burns: dict[str, tuple[UUID, int]] = field(default_factory=dict)
    uses: dict[str, list[UUID]] = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)
    savings: dict[str, str] = field(default_factory=dict)


def own_key(checkout_id: UUID, revision: int, what: str) -> str:
    """The idempotency key of one thing that a checkout does."""
    return f"checkout:{checkout_id.hex}:{revision}:{what}"[:128]


def budget_subject(checkout_id: UUID, revision: int) -> str:
    """Under which name a checkout takes from budgets."""
    return f"checkout:{checkout_id.hex}:{revision}"
