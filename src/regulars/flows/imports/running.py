"""Running one import from where it stands to its end: read the file, post by one or two writers, keep the lease."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from regulars.facts.members import api as members
from regulars.flows.imports import staging, writer
from regulars.flows.imports.orders import OrderReader
from regulars.flows.imports.people import PeopleFeed
from regulars.flows.imports.reading import open_table
from regulars.flows.imports.staging import StagedFeed
from regulars.flows.imports.types import Feed, Mapping
from regulars.flows.imports.writing import Clock, create_stores, scope_of, write
from regulars.kit.errors import Refusal
from regulars.kit.ids import digest
from regulars.kit.text import Text
from regulars.platform.files import api as files
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import Job, LeaseLost
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.programme.rules.types import TierScheme
from regulars.programme.versions import api as versions

WRITERS = 2
_INLINE_ITEMS = 2000
_BEAT_SECONDS = 1.0
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 120.0
_log = logging.getLogger(__name__)

Told = Callable[[], None]
FeedOf = Callable[[Job, "Runner"], Feed]


class WriterFailed(Exception):
    """A writer process ended without having finished."""


def holder() -> str:
    """This process, as others can ask whether it still lives."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_gone(name: str) -> bool:
    """Whether a holder certainly does not live any more: a process of this machine that is not there."""
    host, _, pid = name.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _analyse() -> None:
    """Tell the planner what has come in at once: by yesterday's figures whoever reads it next plans for a few rows."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE membership, activity, entry, lot, balance")


class Runner:
    """One run of a job by this process. `told` is called now and then, for whoever shows the progress."""

    def __init__(self, job: Job, *, clock: Clock, writers: int = WRITERS, told: Told = lambda: None) -> None:
        self.job = job
        self.clock = clock
        self.writers = writers
        self.told = told
        self._beaten = 0.0

    def run(self, feed_of: FeedOf | None = None) -> None:
        """To the end, or until the lease is lost. What went wrong is kept with the job, not raised."""
        try:
            feed = (feed_of or _feed_of)(self.job, self)
            self._post(feed)
            self.beat(items_total=self.refresh().counts.position)
            if not self.job.dry:
                _analyse()
            jobs.finish(job=self.job, state="checked" if self.job.dry else "done", now=self.clock())
            if not self.job.dry:
                shutil.rmtree(directory_of(self.job), ignore_errors=True)
        except LeaseLost:
            return
        except Refusal as refusal:
            self._fail(refusal.message)
        except WriterFailed as failed:
            self._fail(
                Text(f"写入进程意外结束（{failed}），可继续", f"a writer ended ({failed}); resume goes on")
            )
        except Exception as error:
            _log.exception("import %s failed", self.job.id)
            name = type(error).__name__
            self._fail(Text(f"意外错误 {name}：{error}", f"unexpected {name}: {error}"))

    def _fail(self, problem: Text) -> None:
        with contextlib.suppress(OperationalError, InterfaceError):
            jobs.finish(job=self.job, state="failed", now=self.clock(), problem=problem)

    def enter(self, stage: str, **columns: Any) -> None:
        """Begin a stage; the rate counts from here."""
        now = self.clock()
        done = jobs.get_job(job_id=self.job.id).counts.position if stage == "posting" else 0
        self.beat(stage=stage, stage_started_at=now, stage_from=done, **columns)

    def beat(self, **columns: Any) -> None:
        """Keep the lease; with columns at once, otherwise about once a second. A lost connection is waited for."""
        if not columns and time.monotonic() - self._beaten < _BEAT_SECONDS:
            return
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                jobs.beat(job=self.job, now=self.clock(), **columns)
                break
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block or time.monotonic() > deadline:
                    raise
                connection.close()
                time.sleep(0.3)
        self._beaten = time.monotonic()
        self.told()

    def refresh(self) -> Job:
        """The job as it stands; raises `LeaseLost` if it is somebody else's by now."""
        job = jobs.get_job(job_id=self.job.id)
        if job.lease != self.job.lease:
            raise LeaseLost
        self.job = job
        return job

    def read(self, rows: int, share: float) -> None:
        """So many rows have been read, which is this share of the file."""
        if time.monotonic() - self._beaten >= _BEAT_SECONDS:
            total = self.job.rows_total or (int(rows / share) if share > 0.02 else None)
            self.beat(rows_read=rows, rows_total=total)

    def _post(self, feed: Feed) -> None:
        shards = WRITERS if self.job.kind == "orders" else 1
        self.enter("posting", shards=shards)
        self.refresh()
        jobs.positions(job_id=self.job.id, shards=shards)
        small = (self.job.items_total or 0) <= _INLINE_ITEMS
        if shards == 1 or self.writers < 2 or small:
            for shard in range(shards):
                write(self.job, feed, shard=shard, clock=self.clock, told=self.beat)
            return
        self._with_processes(feed, shards)

    def _with_processes(self, feed: Feed, shards: int) -> None:
        context = multiprocessing.get_context("spawn")
        where = dict(settings.DATABASES["default"], NAME=connection.settings_dict["NAME"])
        processes = [
            context.Process(
                target=writer.run, args=(where, self.job, feed, shard, self.clock, os.getpid()), daemon=True
            )
            for shard in range(shards)
        ]
        for process in processes:
            process.start()
        try:
            while any(process.is_alive() for process in processes):
                time.sleep(_LOOK_SECONDS)
                self.beat()
                if any(process.exitcode for process in processes):
                    break
            for process in processes:
                if process.exitcode == writer.LOST:
                    raise LeaseLost
                if process.exitcode:
                    raise WriterFailed(process.exitcode)
        finally:
            for process in processes:
                if process.is_alive():
                    process.terminate()
                process.join()


def directory_of(job: Job) -> Path:
    """Where a job keeps what it has read."""
    return Path(settings.FILES_DIRECTORY) / "imports" / str(job.id)


def _first_scheme(brand: Brand, now: datetime) -> TierScheme | None:
    """Where tiers are matched; None for a brand that has published nothing, or no tiers."""
    try:
        live = versions.in_force(brand_id=brand.id, now=now).live
    except Refusal as refusal:
        if refusal.code != "no_programme":
            raise
        return None
    return live.schemes[0] if live.schemes else None


def _feed_of(job: Job, runner: Runner) -> Feed:
    brand = organisations.get_brand(brand_id=job.brand_id)
    assert job.file_id is not None
    path = files.path_of(organisation_id=job.organisation_id, file_id=job.file_id)
    mapping = Mapping.from_json(job.mapping)
    stores = organisations.stores_of(brand_id=brand.id)
    if job.kind == "members":
        runner.enter("reading")
        table = open_table(path, job.file_name, mapping.options)
        total = table.rows
        if total is None:
            total = sum(len(rows) for _, rows, _ in table.read([0]))
        runner.beat(rows_total=total, rows_read=total, items_total=total)
        named = {n.casefold(): s.id for s in stores.values() for n in (s.name.zh, s.name.en, s.code)}
        tags = members.list_tags(brand_id=brand.id)
        scheme = _first_scheme(brand, runner.clock())
        return PeopleFeed(
            path=path,
            name=job.file_name,
            mapping=mapping,
            timezone=brand.timezone,
            fields=tuple(members.list_fields(brand_id=brand.id)),
            stores=named,
            tags={n.casefold(): t.code for t in tags for n in (t.name.zh, t.name.en, t.code)},
            scheme=scheme.key if scheme else "",
            tiers={
                n.casefold(): t.code
                for t in (scheme.tiers if scheme else ())
                for n in (t.name.zh, t.name.en, t.code)
            },
        )
    by_name = {name: s.code for s in stores.values() for name in (s.name.zh, s.name.en)}
    codes = {name: code for name, code in by_name.items() if name not in stores}
    directory = directory_of(job)
    key = str(digest(str(job.file_id), repr(sorted(mapping.to_json().items())), str(WRITERS)))
    staged = staging.find(directory, key)
    if staged is None:
        runner.enter("reading", rows_read=0, rows_total=None)
        table = open_table(path, job.file_name, mapping.options)
        if table.rows is not None:
            runner.beat(rows_total=table.rows)
            runner.refresh()
        reader = OrderReader(
            mapping, currency=brand.currency, timezone=brand.timezone, store_codes=lambda given: given
        )
        staged = staging.stage(directory, table, reader, shards=WRITERS, key=key, told=runner.read)
    runner.beat(rows_read=staged.rows, rows_total=staged.rows, items_total=staged.items)
    if mapping.options.get("create_stores") == "yes" and not job.dry:
        given = {*staged.stores, mapping.constants.get("store", "")}
        create_stores(scope_of(job), {codes.get(name, name) for name in given}, runner.clock())
    return StagedFeed(directory, mapping, brand.currency, brand.timezone, codes)
