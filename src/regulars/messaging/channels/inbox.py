"""The members' inbox: a message is delivered as soon as its row is written, for the portal shows the row."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.messaging.types import Delivery, Envelope


class Inbox:
    """Whoever sends writes the row (`message`), in the same transaction."""

    is_local = True
    is_idempotent = True
    batch = 1000

    def deliver(self, envelope: Envelope) -> Delivery:
        """Always arrives."""
        return Delivery(state="sent")

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [Delivery(state="sent")] * len(envelopes)
