"""Which channel serves which kind: a provider that was registered, else the inbox of ours or the sandbox."""

from __future__ import annotations

from uuid import UUID

from regulars.messaging.channels import connecting
from regulars.messaging.channels.inbox import Inbox
from regulars.messaging.channels.sandbox import Sandbox
from regulars.messaging.types import Channel, ChannelKind, Route

_SANDBOX = Sandbox()
_INBOX = Inbox()
_providers: dict[ChannelKind, Channel] = {}
_routes: dict[ChannelKind, Route] = {}


def register(kind: ChannelKind, channel: Channel) -> None:
    """Have `channel` deliver this kind from now on, in place of what comes with Regulars."""
    _providers[kind] = channel


def unregister(kind: ChannelKind) -> None:
    """Back to the inbox or the sandbox."""
    _providers.pop(kind, None)


def is_registered(kind: ChannelKind) -> bool:
    return kind in _providers


def channel_of(kind: ChannelKind) -> Channel:
    return _providers.get(kind, _INBOX if kind == "inbox" else _SANDBOX)


def register_route(kind: ChannelKind, route: Route | None) -> None:
    """Have this process send messages in bulk of a kind by `route`, in every brand; None undoes it."""
    if route is None:
        _routes.pop(kind, None)
    else:
        _routes[kind] = route


def route_of(*, brand_id: UUID, kind: ChannelKind) -> Route | None:
    """How a brand's messages of a kind go in bulk; None where they cannot (the account is switched off)."""
    if kind in _routes:
        return _routes[kind]
    if kind == "inbox":
        return Route("inbox", _INBOX)
    account = connecting.account_of(brand_id=brand_id, channel=kind)
    if account is None:
        return Route("sandbox", _SANDBOX)
    if account.state != "active":
        return None
    channel = _SANDBOX if account.sandbox else connecting.connect(account)
    return Route(account.key, channel, account.per_second, account.per_day)


def is_off(*, brand_id: UUID, kind: ChannelKind) -> bool:
    """Whether a brand's account of a kind is switched off, so that nothing goes by it."""
    if kind in _routes or kind == "inbox":
        return False
    account = connecting.account_of(brand_id=brand_id, channel=kind)
    return account is not None and account.state != "active"
