"""The channel of an installation without a provider: nothing leaves it, staff read what it holds."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.messaging.types import Delivery, Envelope


class Sandbox:
    is_local = True
    is_idempotent = True
    batch = 1000

    def deliver(self, envelope: Envelope) -> Delivery:
        """Keeps the message where it is: its row in the message log is all there is of it."""
        return Delivery(state="sandboxed")

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        return [Delivery(state="sandboxed")] * len(envelopes)
