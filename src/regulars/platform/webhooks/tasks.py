"""Due work of webhooks: deliveries, closing endpoints that never answer, forgetting old deliveries.

Requests run on threads of their own and touch no database; this process' loop hands them out and writes down what came
of those that ended, so a slow receiver holds nobody up. A delivery is leased while it runs: if the process dies it is
made again, with the same message id, by which receivers know what they have had.
"""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.kit import clock
from regulars.platform.due import api as due
from regulars.platform.egress import api as egress
from regulars.platform.egress.api import Answer, Failed
from regulars.platform.webhooks import policy, store
from regulars.platform.webhooks.models import WebhookEndpoint
from regulars.platform.webhooks.store import Claimed, Outcome
from regulars.platform.webhooks.types import Attempt

THREADS = 16
PER_ENDPOINT = 4
TIMEOUT_SECONDS = 15.0
_LEASE = timedelta(seconds=60)
_KEPT = timedelta(days=31)
_EXCERPT = 300
_pool: ThreadPoolExecutor | None = None
_running: dict[Future[Outcome], UUID] = {}


def deliver(now: datetime) -> int:
    """Write down what ended, hand out what is due; gives how many of both."""
    return _collect(now) + _hand_out(now)


def deliver_all(now: datetime) -> int:
    """`deliver` until nothing is due or running; for tests and the command line."""
    total = 0
    while True:
        count = deliver(now)
        total += count
        if _running:
            wait(_running, timeout=TIMEOUT_SECONDS + 5)
        elif not count:
            return total


def try_once(now: datetime, *, seconds: float) -> int:
    """Hand out what is due, wait so long for it at most, write down what ended; gives how many did. For a process that
    cannot wait for the worker."""
    _hand_out(now)
    wait(_running, timeout=seconds)
    return _collect(now)


def _collect(now: datetime) -> int:
    ended = [future for future in _running if future.done()]
    outcomes = [future.result() for future in ended]
    for future in ended:
        del _running[future]
    if outcomes:
        with transaction.atomic():
            urls = store.urls_of(one.endpoint_id for one in outcomes)
            here = [one for one in outcomes if urls.get(one.endpoint_id) == one.url]
            # what was said by an address that is the endpoint's no longer is no word about the one it has
            elsewhere = [_again(one, now) for one in outcomes if urls.get(one.endpoint_id) != one.url]
            store.put_outcomes([*here, *elsewhere])
            if here:
                store.note_health(here, now=now)
    return len(outcomes)


def _again(one: Outcome, now: datetime) -> Outcome:
    """What the former address did not take goes to the present one."""
    if one.state == "delivered":
        return one
    return replace(one, state="pending", next_run_at=now, is_gone=False)


def _hand_out(now: datetime) -> int:
    global _pool
    free = THREADS - len(_running)
    if free <= 0:
        return 0
    running = Counter(_running.values())
    taken = store.claim(now=now, until=now + _LEASE, limit=free, each=PER_ENDPOINT, running=running)
    if not taken:
        return 0
    endpoints = {row.id: row for row in WebhookEndpoint.objects.filter(id__in={row[0] for row in taken})}
    _pool = _pool or ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")
    for endpoint_id, id_, body, attempts in taken:
        row = endpoints.get(endpoint_id)
        if row is None:
            continue  # removed this moment
        one = Claimed(endpoint_id, id_, row.url, store.good_secrets(row, now), body, attempts)
        _running[_pool.submit(_try, one)] = endpoint_id
    return len(taken)


def _try(one: Claimed) -> Outcome:
    """One attempt, on a thread."""
    at = clock.now()
    body = one.body.encode()
    headers = {
        "Content-Type": "application/json",
        **policy.sign(id_=str(one.id), at=at, body=body, secrets=one.secrets),
    }
    try:
        answer = egress.request(
            method="POST",
            url=one.url,
            headers=headers,
            body=body,
            timeout=TIMEOUT_SECONDS,
            limit=_EXCERPT * 4,
        )
    except Failed as failure:
        return _outcome(one, Attempt(at, None, failure.milliseconds, failure.code, failure.detail), None)
    except Exception as error:  # a thread must not die without an outcome
        return _outcome(one, Attempt(at, None, 0, "broken", type(error).__name__), None)
    text = answer.body.decode("utf-8", "replace").replace("\x00", "")[:_EXCERPT]
    problem = "" if policy.is_success(answer.status) else "bad_status"
    return _outcome(one, Attempt(at, answer.status, answer.milliseconds, problem, text), answer)


def _outcome(one: Claimed, attempt: Attempt, answer: Answer | None) -> Outcome:
    status = attempt.status
    if status is not None and policy.is_success(status):
        return Outcome(one.endpoint_id, one.id, one.url, attempt, "delivered", None, False)
    if status is not None and policy.is_gone(status):
        return Outcome(one.endpoint_id, one.id, one.url, attempt, "failed", None, True)
    wait_ = policy.next_wait(one.attempts + 1, jitter=random.random(), asked=_asked(answer))
    if wait_ is None:
        return Outcome(one.endpoint_id, one.id, one.url, attempt, "failed", None, False)
    return Outcome(one.endpoint_id, one.id, one.url, attempt, "pending", attempt.at + wait_, False)


def _asked(answer: Answer | None) -> timedelta | None:
    """What Retry-After says in seconds; its other form, a date, is passed over."""
    value = (
        {name.lower(): text for name, text in answer.headers.items()}.get("retry-after", "") if answer else ""
    )
    return timedelta(seconds=int(value)) if value.isdecimal() and len(value) < 7 else None


def close_failing(now: datetime) -> int:
    """Close endpoints that have answered nothing well for five days."""
    return len(store.disable_failing(before=now - policy.DISABLE_AFTER, now=now))


def prune(now: datetime) -> int:
    return store.prune(before=now.astimezone(UTC) - _KEPT, limit=5000)


def register() -> None:
    due.register("webhooks.deliver", deliver, every_seconds=1)
    due.register("webhooks.close_failing", close_failing, every_seconds=600)
    due.register("webhooks.prune", prune, every_seconds=600)
