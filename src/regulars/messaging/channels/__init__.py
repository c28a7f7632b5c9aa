"""Which channel serves which kind: a provider that was registered, else the inbox of ours or the sandbox."""

from __future__ import annotations

from regulars.messaging.channels.inbox import Inbox
from regulars.messaging.channels.sandbox import Sandbox
from regulars.messaging.types import Channel, ChannelKind

_SANDBOX = Sandbox()
_INBOX = Inbox()
_providers: dict[ChannelKind, Channel] = {}


def register(kind: ChannelKind, channel: Channel) -> None:
    """Have `channel` deliver this kind from now on, in place of what comes with Regulars."""
    _providers[kind] = channel


def unregister(kind: ChannelKind) -> None:
    """Back to the inbox or the sandbox."""
    _providers.pop(kind, None)


def channel_of(kind: ChannelKind) -> Channel:
    return _providers.get(kind, _INBOX if kind == "inbox" else _SANDBOX)
