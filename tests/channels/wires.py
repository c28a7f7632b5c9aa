"""How tests of wire formats speak: what a provider answers, and messages handed to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.channels.conftest import Receiver

from regulars.messaging.channels.registry import PROVIDERS

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def answers(receiver: Receiver, path: str, body: Any, status: int = 200, **headers: str) -> None:
    receiver.answers[path] = (
        status,
        headers,
        json.dumps(body).encode() if not isinstance(body, bytes) else body,
    )


def deliver(provider: str, values: dict[str, str], *envelopes: Any, token: str = "T") -> list[Any]:
    return list(PROVIDERS[provider].connect(values, token, lambda: NOW).deliver_many(envelopes))
