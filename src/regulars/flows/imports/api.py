"""Door of imports: take a file in, say what it holds, check it, run it, follow it, give back what was refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction

from regulars.facts.members import api as members
from regulars.flows.imports import running
from regulars.flows.imports.errors import write_error_file
from regulars.flows.imports.reading import BadFile, open_table
from regulars.flows.imports.running import Runner, directory_of
from regulars.flows.imports.targets import MEMBER_KEYS, OPTIONS, suggest, targets_of
from regulars.flows.imports.types import ImportView, Mapping, Option, Preview, Target, Wrong
from regulars.flows.imports.values import text_of
from regulars.flows.imports.views import view_of
from regulars.flows.imports.writing import Clock
from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field
from regulars.kit.paging import Page
from regulars.kit.text import Language, Text
from regulars.platform.audit import api as audit
from regulars.platform.files import api as files
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import KINDS, LIVE, RESUMABLE, STARTABLE, Job
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

PERMISSION = "imports.run"
SAMPLE_ROWS = 10
KIND_NAMES = {"orders": Text("订单", "Orders"), "members": Text("会员", "Members")}


def list_targets(*, brand_id: UUID) -> dict[str, tuple[list[Target], Sequence[Option]]]:
    """What columns of a file may be, and the settings of an import, by kind."""
    fields = members.list_fields(brand_id=brand_id)
    return {kind: (targets_of(kind, fields), OPTIONS[kind]) for kind in KINDS}


def create_import(*, scope: Scope, kind: str, file_id: UUID, now: datetime) -> ImportView:
    """An import of an uploaded file, with the mapping that its headers suggest; nothing is read in yet.

    Raises `invalid_input` for an unknown kind, `not_found`, and what is wrong with the file as a whole.
    """
    scope.require(PERMISSION)
    if kind not in KINDS:
        raise invalid_field("kind", "bad_choice", "须为 orders 或 members", "must be orders or members")
    file = files.get_file(organisation_id=scope.organisation_id, file_id=file_id, brand_id=scope.brand_id)
    with transaction.atomic():
        job = jobs.create_job(
            scope=scope, kind=kind, now=now, file_id=file.id, file_name=file.name, file_size=file.size
        )
        suggested = preview(scope=scope, import_id=job.id).suggested
        jobs.change_job(job_id=job.id, mapping=suggested.to_json())
        _audit(scope, job, "create", {"kind": kind, "file": file.name, "size": file.size}, now)
    return get_import(scope=scope, import_id=job.id, now=now)


def preview(
    *, scope: Scope, import_id: UUID, options: dict[str, str] | None = None, rows: int = SAMPLE_ROWS
) -> Preview:
    """Headers, the first rows and the suggested mapping, read by the given options (the import's own without).

    The rows are personal data of the file's; they are read anew each time and kept nowhere.
    """
    scope.require(PERMISSION)
    job = _job(scope, import_id)
    options = Mapping.from_json(job.mapping).options if options is None else options
    path = _path(job)
    table = open_table(path, job.file_name, options)
    sample: list[list[str]] = []
    for _, cells, _ in table.read(range(len(table.headers))):
        for row in cells:
            if row is not None and len(sample) < rows and any(text_of(cell) for cell in row):
                sample.append([text_of(cell)[:200] for cell in row])
        if len(sample) >= rows:
            break
    fields = members.list_fields(brand_id=scope.brand_id)
    suggested = suggest(job.kind, table.headers, fields)
    suggested.options.update({o.key: o.default for o in OPTIONS[job.kind]} | options)
    return Preview(
        headers=table.headers,
        sample=sample,
        rows=table.rows,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheets=list(table.sheets),
        suggested=suggested,
    )


def start(
    *, scope: Scope, import_id: UUID, mapping: Mapping, dry: bool, now: datetime, by_caller: bool = False
) -> ImportView:
    """Queue a check (`dry`) or the import itself; a worker takes it up, or the caller with `run_here`.

    Raises `invalid_input` naming what is wrong with the mapping, `wrong_state` (409).
    """
    scope.require(PERMISSION)
    if mapping.options.get("create_stores") == "yes":
        scope.require("stores.write")
    with transaction.atomic():
        job = _job(scope, import_id, lock=True)
        if job.state not in STARTABLE or job.origin != "file":
            raise _wrong_state(job)
        _check_mapping(scope, job, mapping)
        if job.started_at is not None and job.dry:
            jobs.begin_anew(job_id=job.id)  # what a check counted is not what the import does
        elif dry or mapping.to_json() != job.mapping:
            jobs.begin_anew(job_id=job.id)
        jobs.change_job(
            job_id=job.id, mapping=mapping.to_json(), dry=dry, state="queued", next_run_at=None if by_caller else now,
            lease=None, problem_zh="", problem_en="", started_at=None, ended_at=None,
            actor_kind=scope.actor.kind, actor_id=scope.actor.id, actor_label=scope.actor.label,
            store_ids=None if scope.store_ids is None else sorted(scope.store_ids),
        )  # fmt: skip
        _audit(scope, job, "check" if dry else "start", mapping.to_json(), now)
    return get_import(scope=scope, import_id=import_id, now=now)


def resume(*, scope: Scope, import_id: UUID, now: datetime, by_caller: bool = False) -> ImportView:
    """Go on where a paused, failed or cancelled import stopped."""
    scope.require(PERMISSION)
    with transaction.atomic():
        job = _job(scope, import_id, lock=True)
        if job.state not in RESUMABLE or job.origin != "file":
            raise _wrong_state(job)
        jobs.change_job(
            job_id=job.id, state="queued", next_run_at=None if by_caller else now, lease=None, ended_at=None,
            problem_zh="", problem_en="",
        )  # fmt: skip
        _audit(scope, job, "resume", {}, now)
    return get_import(scope=scope, import_id=import_id, now=now)


def pause(*, scope: Scope, import_id: UUID, now: datetime) -> ImportView:
    """Stop after the present batch; `resume` goes on."""
    return _stop(scope, import_id, "paused", "pause", now)


def cancel(*, scope: Scope, import_id: UUID, now: datetime) -> ImportView:
    """Stop after the present batch. What was posted stays."""
    return _stop(scope, import_id, "cancelled", "cancel", now)


def get_import(*, scope: Scope, import_id: UUID, now: datetime) -> ImportView:
    """Where it stands. Raises `not_found`."""
    scope.require(PERMISSION)
    return view_of(_job(scope, import_id), now)


def list_imports(
    *,
    scope: Scope,
    now: datetime,
    states: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ImportView]:
    """The brand's imports, newest first."""
    scope.require(PERMISSION)
    page = jobs.list_jobs(brand_id=scope.brand_id, states=states, cursor=cursor, limit=limit)
    return page.map(lambda job: view_of(job, now))


def list_errors(*, scope: Scope, import_id: UUID, limit: int = 50) -> list[Wrong]:
    """The first things wrong in the file's order; `field` is the file's column where there is one."""
    scope.require(PERMISSION)
    job = _job(scope, import_id)
    columns = Mapping.from_json(job.mapping).columns
    return [
        Wrong(row.row, columns.get(e["field"], e["field"]), e["code"], Text(e["zh"], e["en"]))
        for row in jobs.list_errors(job_id=job.id, limit=limit)
        for e in row.errors
    ][:limit]


def error_file(*, scope: Scope, import_id: UUID, language: Language) -> tuple[str, Iterator[bytes]]:
    """Name and bytes of a CSV of the refused rows as they came, with what is wrong in the caller's language."""
    scope.require(PERMISSION)
    job = _job(scope, import_id)
    mapping = Mapping.from_json(job.mapping)
    table = open_table(_path(job), job.file_name, mapping.options)
    name = f"{job.file_name.rsplit('.', 1)[0]}-errors.csv"
    return name, write_error_file(table, mapping, jobs.each_error(job_id=job.id), language)


def run_here(
    *, import_id: UUID, clock: Clock, writers: int = running.WRITERS, told: running.Told = lambda: None
) -> bool:
    """Run a queued import in this process, or one whose runner is gone; false when somebody works on it."""
    job = jobs.get_job(job_id=import_id)
    gone = job.holder if job.holder and running.is_gone(job.holder) else None
    taken = jobs.take(job_id=import_id, now=clock(), holder=running.holder(), from_holder=gone)
    if taken is None:
        return False
    Runner(taken, clock=clock, writers=writers, told=told).run()
    return True


def _stop(scope: Scope, import_id: UUID, state: str, verb: str, now: datetime) -> ImportView:
    scope.require(PERMISSION)
    with transaction.atomic():
        job = _job(scope, import_id, lock=True)
        if job.state not in LIVE and not (state == "cancelled" and job.state == "paused"):
            raise _wrong_state(job)
        jobs.change_job(job_id=job.id, state=state, next_run_at=None, lease=None, ended_at=now, beat_at=now)
        _audit(scope, job, verb, {"done": job.counts.position}, now)
    return get_import(scope=scope, import_id=import_id, now=now)


def _job(scope: Scope, import_id: UUID, *, lock: bool = False) -> Job:
    return jobs.get_job(job_id=import_id, brand_id=scope.brand_id, lock=lock)


def _path(job: Job) -> Path:
    if job.file_id is None:
        raise BadFile("no_file", "这个导入没有文件", "This import has no file")
    return files.path_of(organisation_id=job.organisation_id, file_id=job.file_id)


def _check_mapping(scope: Scope, job: Job, mapping: Mapping) -> None:
    """Refuse a mapping that could not work, everything wrong with it at once."""
    errors = ErrorList()
    targets = {t.key: t for t in targets_of(job.kind, members.list_fields(brand_id=scope.brand_id))}
    table = open_table(_path(job), job.file_name, mapping.options)
    for part in (mapping.columns, mapping.constants):
        for key in part:
            if key not in targets:
                errors.add(
                    f"mapping.{key[:60]}", "unknown_target", "没有这个目标字段", "there is no such target"
                )
    for key, header in mapping.columns.items():
        if header not in table.headers:
            errors.add(
                f"mapping.{key[:60]}",
                "no_column",
                f"文件中没有列“{header}”",
                f"the file has no column '{header}'",
            )
    for target in targets.values():
        if target.required and target.key not in mapping.columns:
            errors.add(
                f"mapping.{target.key}",
                "required",
                f"请选择“{target.label.zh}”对应的列",
                f"choose the column of “{target.label.en}”",
            )
    if not any(key in mapping.columns for key in MEMBER_KEYS):
        errors.add(
            "mapping.phone",
            "required",
            "请至少选择一列会员标识，如手机号",
            "choose at least one column that identifies the member, such as the phone number",
        )
    known = {option.key: option for option in OPTIONS[job.kind]}
    for key, value in mapping.options.items():
        choices = [choice.value for choice in known[key].choices] if key in known else []
        if key not in known or (choices and value not in choices):
            errors.add(f"options.{key[:60]}", "bad_option", "选项无效", "not a valid option")
    zone = mapping.options.get("timezone")
    if zone and zone not in available_timezones():
        errors.add("options.timezone", "bad_timezone", "未知时区", "unknown time zone")
    store = mapping.constants.get("store")
    if store and mapping.options.get("create_stores") != "yes":
        stores = organisations.stores_of(brand_id=scope.brand_id, codes=[store])
        if store not in stores:
            errors.add("constants.store", "unknown_store", f"没有门店 {store}", f"there is no store {store}")
    errors.refuse()


def _wrong_state(job: Job) -> Refusal:
    return conflict(
        "wrong_state",
        "导入任务当前状态不允许此操作",
        "The import's state does not allow this",
        state=job.state,
    )


def _audit(scope: Scope, job: Job, verb: str, after: dict[str, object], now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=f"import.{verb}",
        subject_type="import",
        subject_id=job.id,
        after=after,
        now=now,
    )


__all__ = [
    "KIND_NAMES", "cancel", "create_import", "directory_of", "error_file", "get_import", "list_errors",
    "list_imports", "list_targets", "pause", "preview", "resume", "run_here", "start",
]  # fmt: skip
