"""The providers there are: those that come with Regulars, and those that installed packages announce."""

from __future__ import annotations

import logging
from functools import lru_cache
from importlib.metadata import entry_points

from regulars.kit.errors import invalid_field
from regulars.platform.payments.providers.alipay import Alipay
from regulars.platform.payments.providers.simulator import Simulator
from regulars.platform.payments.providers.wechat import WeChatPayV3
from regulars.platform.payments.types import Provider

GROUP = "regulars.payments"
_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def providers() -> dict[str, Provider]:
    """By code. An entry point names a provider, or a class or function that makes one; one that cannot be loaded is
    left out and logged, and none takes a built-in's place."""
    built_in: tuple[Provider, ...] = (Simulator(), WeChatPayV3(), Alipay())
    found: dict[str, Provider] = {provider.code: provider for provider in built_in}
    for point in entry_points(group=GROUP):
        try:
            loaded = point.load()
            provider: Provider = loaded() if callable(loaded) else loaded
            code = provider.code
        except Exception:
            _log.exception("payment provider %s cannot be loaded", point.name)
            continue
        if code in found:
            _log.error("payment provider %s: the name %s is taken", point.name, code)
            continue
        found[code] = provider
    return found


def get(code: str, *, field: str = "provider") -> Provider:
    """Raises `invalid_input` for a provider that is not installed."""
    found = providers().get(code)
    if found is None:
        known = ", ".join(sorted(providers()))
        raise invalid_field(field, "unknown_provider", f"只能是：{known}", f"must be one of: {known}")
    return found
