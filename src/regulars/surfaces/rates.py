"""How often a caller may ask: token buckets in the memory of each web process.

With n processes a caller may have up to n times the rate; a limit that must hold exactly (guessing passwords, one-time
codes) is kept in the database by its room. `RATE_PER_KEY` and `RATE_PER_ADDRESS` set requests per second, 0 for none.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock
from time import monotonic
from uuid import UUID

from django.conf import settings

from regulars.kit.errors import Refusal
from regulars.kit.text import Text

_REMEMBERED = 20_000
_PER_KEY = 5_000.0
_PER_ADDRESS = 200.0
_FAILURES_PER_ADDRESS = 10.0
_NOTICES_PER_ADDRESS = 50.0


class Buckets:
    """One bucket per caller: `rate` tokens a second up to `burst`; the longest unused are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str, *, rate: float, burst: float) -> float:
        """Take a token; gives 0, or how many seconds to wait for the next."""
        now = monotonic()
        with self._lock:
            tokens, stamp = self._held.get(caller, (burst, now))
            tokens = min(burst, tokens + (now - stamp) * rate)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
            self._held[caller] = (tokens - 1 if wait == 0 else tokens, now)
            self._held.move_to_end(caller)
            while len(self._held) > _REMEMBERED:
                self._held.popitem(last=False)
        return wait

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


_buckets = Buckets()


def charge_key(key_id: UUID) -> None:
    """A request with a good API key. Raises `too_many_requests` (429)."""
    rate = float(getattr(settings, "RATE_PER_KEY", _PER_KEY))
    _charge(f"key {key_id}", rate, 2 * rate)


def charge_address(ip: str) -> None:
    """A request without an API key: console, portal, sign-in. Raises `too_many_requests` (429)."""
    rate = float(getattr(settings, "RATE_PER_ADDRESS", _PER_ADDRESS))
    _charge(f"address {ip}", rate, 5 * rate)


def charge_failure(ip: str) -> None:
    """A request with a bad API key, which costs its address more. Raises `too_many_requests` (429)."""
    if getattr(settings, "RATE_PER_ADDRESS", _PER_ADDRESS):
        _charge(f"failures {ip}", _FAILURES_PER_ADDRESS, 30 * _FAILURES_PER_ADDRESS)


def charge_notice(ip: str) -> None:
    """A callback of a payment provider, which needs no key: a rate of its own. Raises `too_many_requests` (429)."""
    if getattr(settings, "RATE_PER_ADDRESS", _PER_ADDRESS):
        _charge(f"notices {ip}", _NOTICES_PER_ADDRESS, 20 * _NOTICES_PER_ADDRESS)


def forget() -> None:
    """Fill all buckets again."""
    _buckets.clear()


def _charge(caller: str, rate: float, burst: float) -> None:
    if rate <= 0:
        return
    wait = _buckets.take(caller, rate=rate, burst=burst)
    if wait > 0:
        raise Refusal(
            "too_many_requests",
            Text("请求过于频繁，请稍后再试", "Too many requests; slow down"),
            status=429,
            data={"retry_after_seconds": math.ceil(wait)},
        )
