"""The channel of an installation without a provider: nothing leaves it, staff read what it holds."""

from __future__ import annotations

from regulars.messaging.types import Delivery, Envelope


class Sandbox:
    def deliver(self, envelope: Envelope) -> Delivery:
        """Keeps the message where it is: its row in the message log is all there is of it."""
        return Delivery(state="sandboxed")
