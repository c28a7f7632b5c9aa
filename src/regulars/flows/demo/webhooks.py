"""The demo's webhook: an endpoint that hears of the demo's own tills, redemptions, bookings and subscriptions, then is
paused.

Its address is under `example`, a name that is reserved and that nobody can have, so nothing ever arrives and nothing
here says that it did. A few deliveries are tried before the endpoint is paused, all where a worker runs beside it:
those attempts, and that they found no such name, are real. Everything waits, with its body, until somebody resumes it.
"""

from __future__ import annotations

from datetime import datetime

from regulars.flows import webhooks as telling
from regulars.platform.organisations.types import Scope
from regulars.platform.webhooks import api as webhooks
from regulars.platform.webhooks.types import Endpoint

URL = "https://crm.demo.example/regulars/events"
TOPICS = ("checkout.*", "redemption.*", "booking.*", "subscription.*")
_PATIENCE = 3.0  # seconds to find out that there is no such name
_NOTE = (
    "演示：example 是保留域名，没有人接收，因此已暂停；恢复即可看到重试。 / "
    "Demo: nobody answers at a reserved name, so it is paused; resume it to watch retries."
)


def begin(scope: Scope, now: datetime) -> None:
    """Listen, before anything happens that is to be told. Again changes nothing."""
    if _endpoint(scope, now) is None:
        webhooks.make_endpoint(scope=scope, url=URL, topics=TOPICS, description=_NOTE, now=now)
        telling.feed(now)  # from here on


def end(scope: Scope, now: datetime) -> None:
    """Queue what happened meanwhile, try a few, and pause."""
    mine = _endpoint(scope, now)
    if mine is not None and mine.state == "active":
        telling.feed(now)
        webhooks.try_now(now=now, seconds=_PATIENCE)
        webhooks.change_endpoint(scope=scope, endpoint_id=mine.id, active=False, now=now)


def _endpoint(scope: Scope, now: datetime) -> Endpoint | None:
    return next((one for one in webhooks.list_endpoints(scope=scope, now=now) if one.url == URL), None)
