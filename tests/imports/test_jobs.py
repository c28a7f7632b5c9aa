"""Imports as jobs: who may run them, pause and resume, what a worker takes up, and being killed half-way."""

from __future__ import annotations

import csv
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from tests.imports.given import HEADERS, NOW, csv_of, member, run, shop, upload
from tests.intake.world import World

from regulars.flows.imports import api as imports
from regulars.flows.imports import due, running
from regulars.flows.imports.types import Mapping
from regulars.kit.errors import Refusal
from regulars.platform.audit import models as audit_models
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import LeaseLost
from regulars.value.ledger import api as ledger

ANNA = "13800000001"
ROW = ("A1", ANNA, "2026-03-05", "S1", "milk", "1", "12.50")


@pytest.mark.django_db
def test_permission_and_brand_are_asked_and_every_step_is_audited() -> None:
    store = shop()
    member(store, ANNA)
    view = upload(store, csv_of([ROW]))
    nobody = dataclasses.replace(store.scope, permissions=frozenset({"members.read"}))
    for call in (imports.get_import, imports.cancel, imports.resume):
        with pytest.raises(Refusal) as refused:
            call(scope=nobody, import_id=view.id, now=NOW)
        assert refused.value.code == "forbidden"
    other = dataclasses.replace(store.scope, brand_id=view.id)
    with pytest.raises(Refusal) as refused:
        imports.get_import(scope=other, import_id=view.id, now=NOW)
    assert refused.value.code == "not_found"
    run(store, view, dry=True)
    run(store, view)
    actions = audit_models.AuditRow.objects.filter(subject_type="import").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["import.create", "import.check", "import.start"]


@pytest.mark.django_db
def test_creating_stores_needs_its_own_permission() -> None:
    store = shop()
    view = upload(store, csv_of([ROW]))
    clerk = dataclasses.replace(store.scope, permissions=frozenset({"imports.run"}))
    mapping = Mapping(view.mapping.columns, {}, {"create_stores": "yes"})
    with pytest.raises(Refusal) as refused:
        imports.start(scope=clerk, import_id=view.id, mapping=mapping, dry=False, now=NOW)
    assert refused.value.data == {"permission": "stores.write"}


@pytest.mark.django_db
def test_pause_resume_cancel() -> None:
    store = shop()
    anna = member(store, ANNA)
    view = upload(store, csv_of([ROW]))
    imports.start(scope=store.scope, import_id=view.id, mapping=view.mapping, dry=False, now=NOW)
    assert imports.pause(scope=store.scope, import_id=view.id, now=NOW).state == "paused"
    assert jobs.claim_next(now=NOW, holder="x") is None
    assert imports.resume(scope=store.scope, import_id=view.id, now=NOW).state == "queued"
    assert imports.cancel(scope=store.scope, import_id=view.id, now=NOW).state == "cancelled"
    assert not imports.run_here(import_id=view.id, clock=lambda: NOW)
    assert store.balance(anna) == (0, 0, 0, 0)
    done = run(store, view)
    assert (done.state, done.applied) == ("done", 1)
    for call in (imports.pause, imports.cancel, imports.resume):
        with pytest.raises(Refusal) as refused:
            call(scope=store.scope, import_id=view.id, now=NOW)
        assert refused.value.code == "wrong_state"


@pytest.mark.django_db
def test_one_runner_at_a_time_and_a_dead_one_is_replaced() -> None:
    store = shop()
    member(store, ANNA)
    view = upload(store, csv_of([ROW]))
    imports.start(scope=store.scope, import_id=view.id, mapping=view.mapping, dry=False, now=NOW)
    first = jobs.claim_next(now=NOW, holder="elsewhere:1")
    assert first is not None and first.id == view.id
    assert jobs.claim_next(now=NOW + timedelta(seconds=29), holder="x") is None
    assert jobs.take(job_id=view.id, now=NOW + timedelta(seconds=29), holder="x") is None
    second = jobs.claim_next(now=NOW + timedelta(seconds=31), holder="elsewhere:2")
    assert second is not None
    with pytest.raises(LeaseLost):
        jobs.beat(job=first, now=NOW + timedelta(seconds=31))
    running.Runner(first, clock=lambda: NOW).run()  # sees that it is not its any more, and leaves it
    assert jobs.get_job(job_id=view.id).state == "running"
    third = jobs.take(job_id=view.id, now=NOW + timedelta(seconds=32), holder="x", from_holder="elsewhere:2")
    assert third is not None
    running.Runner(third, clock=lambda: NOW, writers=1).run()
    assert jobs.get_job(job_id=view.id).state == "done"


@pytest.mark.django_db
def test_a_file_that_is_gone_fails_in_a_sentence() -> None:
    store = shop()
    view = upload(store, csv_of([ROW]))
    imports.start(
        scope=store.scope, import_id=view.id, mapping=view.mapping, dry=False, now=NOW, by_caller=True
    )
    for path in Path(django_settings.FILES_DIRECTORY).rglob("*.csv"):
        path.unlink()
    imports.run_here(import_id=view.id, clock=lambda: NOW)
    failed = imports.get_import(scope=store.scope, import_id=view.id, now=NOW)
    assert (failed.state, failed.problem.en, failed.may_resume) == ("failed", "File not found", True)


def _big_file(path: Path, orders: int, members: list[str]) -> None:
    """Orders of one to three lines in no order of time; a few refused ones among them."""
    rng = random.Random(7)
    start = datetime(2025, 6, 1, tzinfo=UTC)
    rows = []
    for n in range(orders):
        at = start + timedelta(minutes=rng.randrange(500_000))
        phone = rng.choice(members) if n % 97 else "13900000000"
        store = rng.choice(("S1", "S2"))
        for line in range(rng.randrange(1, 4)):
            amount = f"{rng.randrange(100, 9000) / 100:.2f}"
            rows.append((f"N{n}", phone, at.isoformat(), store, f"sku{line}", 1, amount))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEADERS, *rows])


def _ledger() -> dict[str, list[Any]]:
    """Everything that value consists of, without ids and without when it was written down."""
    with connection.cursor() as cursor:
        found = {}
        for name, sql in {
            "balances": "SELECT p.masked, b.unit, available, pending, held, debt FROM balance b "
            "JOIN identity p USING (member_id) WHERE p.type = 'phone'",
            "lots": "SELECT p.masked, l.unit, l.amount, l.remaining, l.state, l.expires_at FROM lot l "
            "JOIN identity p USING (member_id) WHERE p.type = 'phone'",
            "entries": "SELECT kind, account, contra, unit, amount, balance_after, occurred_at FROM entry",
            "tiers": "SELECT previous, tier, reason, occurred_at FROM tier_change",
            "memberships": "SELECT tier, orders, spend, last_order_at, progress FROM membership",
        }.items():
            cursor.execute(sql)
            found[name] = sorted(cursor.fetchall(), key=repr)
    return found


def _command(path: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "regulars.surfaces.cli.main", "import", "orders", str(path), "--brand", "test", *more
    ]  # fmt: skip


@pytest.mark.race
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_half_way_and_started_again_is_one_clean_run(
    tmp_path: Path, postgres: Any, settings: Any
) -> None:
    """SIGKILL of the real command and, with it, of its writers; three times; then to the end."""
    from tests.conftest import empty_tables

    phones = [f"1380000{n:04d}" for n in range(40)]
    path = tmp_path / "orders.csv"
    _big_file(path, 9_700, phones)
    environment = {
        **os.environ,
        "DATABASE_URL": postgres.url(database=connection.settings_dict["NAME"]),
        "PYTHONPATH": "src",
    }

    def fill() -> World:
        store = shop()
        for phone in phones:
            member(store, phone)
        return store

    fill()
    clean = subprocess.run(_command(path), env=environment, capture_output=True, text=True)
    assert clean.returncode == 3, clean.stdout + clean.stderr  # some are refused
    # every 97th of 9 700 orders is by nobody: 100
    assert "9700 in all, 9600 applied, 0 known already, 0 waiting, 100 refused" in clean.stdout
    wanted = _ledger()
    assert ledger.reconcile_books() == []

    connection.close()
    empty_tables()
    fill()
    kills = 0
    for _ in range(3):
        process = subprocess.Popen(
            _command(path), env=environment, start_new_session=True, stdout=subprocess.PIPE
        )
        since = _position()
        deadline = time.monotonic() + 120
        while process.poll() is None and _position() < since + 1000 and time.monotonic() < deadline:
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)  # only the command: its writers must not outlive it
            kills += 1
        process.wait()
    assert kills == 3
    half = _position()
    assert 3000 <= half < 9_700
    done = subprocess.run(_command(path), env=environment, capture_output=True, text=True)
    assert "9700 in all, 9600 applied, 0 known already, 0 waiting, 100 refused" in done.stdout, done.stderr
    assert _ledger() == wanted
    assert ledger.reconcile_books() == []


def _position() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(sum(position), 0) FROM import_shard")
        return int(cursor.fetchone()[0])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_takes_up_what_is_queued(tmp_path: Path, postgres: Any, monkeypatch: Any) -> None:
    store = shop()
    anna = member(store, ANNA)
    view = upload(store, csv_of([ROW]))
    imports.start(
        scope=store.scope, import_id=view.id, mapping=view.mapping, dry=False, now=datetime.now(UTC)
    )
    monkeypatch.setenv("DATABASE_URL", postgres.url(database=connection.settings_dict["NAME"]))
    monkeypatch.setenv("PYTHONPATH", "src")
    # the process of its own has the files directory of the data directory
    data = tmp_path / "data"
    data.mkdir()
    (data / "keys").symlink_to(Path(os.environ["REGULARS_DATA"]) / "keys")
    (data / "files").symlink_to(django_settings.FILES_DIRECTORY)
    monkeypatch.setenv("REGULARS_DATA", str(data))
    assert due.run_next(datetime.now(UTC)) == 1
    assert due.run_next(datetime.now(UTC)) == 0
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = imports.get_import(scope=store.scope, import_id=view.id, now=datetime.now(UTC))
        if found.state not in ("queued", "running"):
            break
        time.sleep(0.1)
    assert (found.state, found.applied) == ("done", 1), found.problem
    assert store.balance(anna) == (12, 0, 0, 0)
