"""A brand with two members, and a provider of text messages that keeps what it got."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.messaging.world import Post, World


@pytest.fixture
def its() -> World:
    from tests.messaging.world import open_world

    return open_world()


@pytest.fixture
def post() -> Iterator[Post]:
    """A provider of text messages."""
    from tests.messaging.world import Post

    from regulars.messaging import channels
    from regulars.messaging.types import Route

    channel = Post()
    channels.register_route("sms", Route("sms-main", channel))
    yield channel
    channels.register_route("sms", None)
    channels.register_route("email", None)
