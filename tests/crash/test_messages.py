"""kill -9 of the worker while messages go by a real mail server and a provider over HTTP that fails, delays and
repeats: each member got one, or has the reason why not; nobody got two."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from tests.crash.providers import HttpProvider, MailServer
from tests.messaging.world import World, open_world

from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
MEMBERS, KILLS, SPEED = 1000, 6, 60


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer()
    controller = server.start()
    yield server
    controller.stop()


@pytest.fixture
def provider() -> Iterator[HttpProvider]:
    found = HttpProvider()
    server = found.start()
    yield found
    server.shutdown()


def connect(its: World, mail: MailServer, provider: HttpProvider) -> None:
    now = clock.now()
    messaging.put_account(
        scope=its.scope, key="mail", provider="smtp", name=Text("邮件", "Mail"), is_default=True, sandbox=False,
        values={"host": "127.0.0.1", "port": str(mail.port), "security": "none", "from": "shop@example.org"},
        per_second=10_000, now=now,
    )  # fmt: skip
    messaging.put_account(
        scope=its.scope, key="hook", provider="webhook", name=Text("接口", "Hook"), is_default=True, sandbox=False,
        values={"url": f"http://127.0.0.1:{provider.port}/", "secret": "whsec_" + "c2VjcmV0" * 4},
        per_second=10_000, now=now,
    )  # fmt: skip


def start(begun: float, url: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "regulars.project.settings",
        "REGULARS_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash.postman", str(begun), str(SPEED)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM send WHERE next_run_at IS NOT NULL")
        return int(cursor.fetchone()[0])


@dataclass
class Told:
    """How many blows fell, and how many messages ended in which state for which reason."""

    kills: int
    states: dict[tuple[str, str, str], int]


def test_each_gets_one_or_has_its_reason(
    mail: MailServer, provider: HttpProvider, monkeypatch: pytest.MonkeyPatch, postgres: Any
) -> None:
    monkeypatch.setattr(settings, "ALLOWED_NETWORKS", "127.0.0.0/8")
    url = postgres.url(database=connection.settings_dict["NAME"])
    told = run(mail, provider, members=MEMBERS, kills=KILLS, url=url, patience=120)
    assert told.kills >= 3, "it was over before it could be killed"


def run(
    mail: MailServer, provider: HttpProvider, *, members: int, kills: int, url: str, patience: float
) -> Told:
    """Ask for a mail and a call for each member, kill the worker so many times, judge what came of it."""
    its = open_world(members)
    connect(its, mail, provider)
    values = {"tier": "金卡", "day": "3 月 31 日", "sentence": "金卡即将到期"}
    begun = time.time()
    asks = [
        Ask(member, channel, "campaign:crash", "service", "tier_ending", (channel,), values)
        for member in its.members
        for channel in ("email", "webhook")
    ]
    assert messaging.ask(brand=its.brand, asks=asks, now=clock.now()) == 2 * members
    choice, killed = random.Random(11), 0
    worker = start(begun, url)
    try:
        for _ in range(kills):
            assert worker.stdout is not None and worker.stdout.readline().strip() == "ready"
            time.sleep(choice.uniform(0.05, 0.6))
            if not left():
                break
            worker.kill()
            worker.wait()
            killed += 1
            worker = start(begun, url)
        deadline = time.monotonic() + patience
        while left() and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        worker.kill()
        worker.wait()
    assert left() == 0
    return Told(killed, judge(its, mail, provider))


def judge(its: World, mail: MailServer, provider: HttpProvider) -> dict[tuple[str, str, str], int]:
    """What the members got against what is written down of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id::text, channel, state, reason, id::text FROM send WHERE brand_id = %s",
            [its.brand.id],
        )
        rows = cursor.fetchall()
    assert len(rows) == 2 * len(its.members)
    assert max(mail.got.values()) == 1 and max(provider.got.values()) == 1
    assert all(len(ids) == 1 for ids in mail.ids.values())
    by_id = {next(iter(ids)).strip("<>").partition("@")[0] for ids in mail.ids.values()}
    lost = []
    for member, channel, state, reason, id_ in rows:
        got = id_ in by_id if channel == "email" else provider.got[member] == 1
        match state:
            case "sent":
                good = got
            case "uncertain":
                good = channel == "email" and reason == "outcome_unknown"
            case "failed":
                good = not got and reason in ("given_up", "refused")
            case _:
                good = False
        if not good:
            lost.append((member, channel, state, reason, got))
    assert lost == []
    doubted = sum(state == "uncertain" for _, _, state, _, _ in rows)
    # every blow leaves at most the batches that were under way in doubt, and most messages were never in doubt
    assert doubted < len(its.members) / 2
    # what was handed over again for want of an answer was sent once all the same
    assert max(provider.handed.values()) > 1
    return Counter((channel, state, reason) for _, channel, state, reason, _ in rows)
