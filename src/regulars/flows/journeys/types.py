"""What the editor of journeys offers, and what became of the messages of nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars.engage.journeys.types import MessageSum
from regulars.kit.text import Text

Choices = Sequence[tuple[str, Text]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Choices by list (`kinds`, `segments` …), and tier schemes with their tiers."""

    lists: Mapping[str, Choices]
    schemes: Sequence[tuple[str, Text, Choices]]


@dataclass(slots=True)
class MessageFigures:
    """What became of the messages of one node. `sent` went to their channel, `delivered` are those of which it said
    so; `waiting` have not been decided on or are under way; `uncertain`: a worker died while a provider had them.
    `skipped` and `failed` are by reason, `waiting_for` those that wait for something, `channels` those that
    were sent by channel."""

    node: str
    asked: int = 0
    waiting: int = 0
    sent: int = 0
    delivered: int = 0
    uncertain: int = 0
    clicked: int = 0
    waiting_for: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)

    def add(self, one: MessageSum) -> None:
        self.asked += one.messages
        self.clicked += one.clicked
        match one.state:
            case "sent" | "delivered":
                self.sent += one.messages
                self.channels[one.channel] = self.channels.get(one.channel, 0) + one.messages
                if one.state == "delivered":
                    self.delivered += one.messages
            case "skipped":
                self.skipped[one.reason] = self.skipped.get(one.reason, 0) + one.messages
            case "failed":
                self.failed[one.reason] = self.failed.get(one.reason, 0) + one.messages
            case "uncertain":
                self.uncertain += one.messages
            case _:
                self.waiting += one.messages
                if one.reason:
                    self.waiting_for[one.reason] = self.waiting_for.get(one.reason, 0) + one.messages
