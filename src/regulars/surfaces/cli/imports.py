"""regulars import"""

from __future__ import annotations

import getpass
import hashlib
import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from regulars.project.plainly import PlainError, say


def run(
    kind: Annotated[str, typer.Argument(help="orders or members")],
    file: Annotated[Path, typer.Argument(help="A CSV, Excel (.xlsx) or Parquet file with a header row")],
    brand: Annotated[str, typer.Option(help="The brand's slug")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help="target=column, e.g. --map number=订单号; without: by the headers"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="target=value for the whole file, e.g. --set store=S1 --set source=pos"),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", help="name=value, e.g. money=minor, create_stores=yes, timezone=Asia/Tokyo"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing")] = False,
    errors: Annotated[Path | None, typer.Option(help="Where to write the refused rows (CSV)")] = None,
    writers: Annotated[int, typer.Option(help="Processes that post", min=1, max=2)] = 2,
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """Import orders or members. Stopped half-way it goes on when started again with the same file and mapping."""
    from regulars.project.opening import open_project

    if not file.is_file():
        raise PlainError(zh=f"没有文件 {file}。", en=f"There is no file {file}.", exit_code=2)
    with open_project(database_url=database_url or None):
        from regulars.kit.errors import Refusal

        try:
            _import(kind, file, brand, map_ or [], set_ or [], option or [], dry_run, errors, writers)
        except Refusal as refusal:
            raise plain(refusal) from None


def plain(refusal: Any) -> PlainError:
    """A refusal as sentences for the terminal."""
    zh, en = [refusal.message.zh], [refusal.message.en]
    for error in refusal.errors:
        zh.append(f"  {error.field}: {error.message.zh}")
        en.append(f"  {error.field}: {error.message.en}")
    return PlainError(zh="\n".join(zh), en="\n".join(en))


def _import(
    kind: str,
    file: Path,
    brand_slug: str,
    maps: list[str],
    constants: list[str],
    options: list[str],
    dry: bool,
    errors: Path | None,
    writers: int,
) -> None:
    from regulars.flows.imports import api as imports
    from regulars.flows.imports.types import Mapping
    from regulars.kit import clock
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import Actor, Scope
    from regulars.platform.staff.types import PERMISSIONS

    brand = organisations.find_brand(slug_or_id=brand_slug)
    if brand is None:
        raise PlainError(zh=f"没有品牌 {brand_slug}。", en=f"There is no brand {brand_slug}.")
    actor = Actor("system", None, f"cli:{getpass.getuser()}")
    scope = Scope(brand.organisation_id, brand.id, actor, frozenset(PERMISSIONS))
    import_id = _create(scope, kind, file)
    wanted = _pairs(options)
    found = imports.preview(scope=scope, import_id=import_id, options=wanted)
    mapping = Mapping(
        _pairs(maps) or found.suggested.columns, _pairs(constants), {**found.suggested.options, **wanted}
    )
    view = imports.get_import(scope=scope, import_id=import_id, now=clock.now())
    same = view.mapping.to_json() == mapping.to_json() and view.dry == dry
    if view.state not in ("queued", "running") or not same:
        if view.may_resume and same:
            imports.resume(scope=scope, import_id=import_id, now=clock.now(), by_caller=True)
            print(say(zh="接着上次继续。", en="Going on where it stopped."))
        else:
            imports.start(
                scope=scope, import_id=import_id, mapping=mapping, dry=dry, now=clock.now(), by_caller=True
            )
    for target, column in mapping.columns.items():
        print(f"  {target:<16} ← {column}")
    _work(scope, import_id, writers)
    _report(scope, import_id, errors)


def _create(scope: Any, kind: str, file: Path) -> UUID:
    """The unfinished import of this very file, or a new one."""
    from regulars.flows.imports import api as imports
    from regulars.kit import clock
    from regulars.platform.files import api as files
    from regulars.platform.imports import api as jobs

    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").digest()
    states = ("ready", "checked", "queued", "running", "paused", "failed", "cancelled")
    for job in jobs.list_jobs(brand_id=scope.brand_id, states=states, origin="file", limit=50).items:
        if job.kind != kind or job.file_id is None or job.file_name != file.name:
            continue
        kept = files.get_file(organisation_id=scope.organisation_id, file_id=job.file_id)
        if kept.sha256 == digest:
            return job.id
    with file.open("rb") as source:
        kept = files.save(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            kind="upload",
            name=file.name,
            source=source,
            now=clock.now(),
        )
    return imports.create_import(scope=scope, kind=kind, file_id=kept.id, now=clock.now()).id


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign:
            raise PlainError(
                zh=f"“{one}”应写成 名称=值。", en=f"'{one}' should be written name=value.", exit_code=2
            )
        pairs[key.strip()] = value.strip()
    return pairs


def _work(scope: Any, import_id: UUID, writers: int) -> None:
    from regulars.flows.imports import api as imports
    from regulars.kit import clock
    from regulars.surfaces.cli.progress import ImportBar

    with ImportBar(lambda: imports.get_import(scope=scope, import_id=import_id, now=clock.now())) as bar:
        while not imports.run_here(import_id=import_id, clock=clock.now, writers=writers, told=bar.show):
            # its runner is gone or at work elsewhere: look on until it is done or the lease ends
            view = bar.show()
            if view.state not in ("queued", "running"):
                return
            time.sleep(1)
        bar.show()


def _report(scope: Any, import_id: UUID, errors: Path | None) -> None:
    from regulars.flows.imports import api as imports
    from regulars.kit import clock
    from regulars.project.plainly import speaks_chinese

    view = imports.get_import(scope=scope, import_id=import_id, now=clock.now())
    if view.state == "failed":
        raise PlainError(zh=view.problem.zh, en=view.problem.en)
    print(
        say(
            zh=f"{'检查' if view.dry else '导入'}完成：共 {view.done}，成功 {view.applied}，重复 {view.duplicate}，"
            f"待订单 {view.waiting}，失败 {view.failed}。",
            en=f"{'Checked' if view.dry else 'Imported'}: {view.done} in all, {view.applied} applied, "
            f"{view.duplicate} known already, {view.waiting} waiting, {view.failed} refused.",
        )
    )
    language: Any = "zh" if speaks_chinese() else "en"
    for wrong in imports.list_errors(scope=scope, import_id=import_id, limit=10):
        print(
            f"  {wrong.row}: {wrong.field + ': ' if wrong.field else ''}{wrong.message.in_language(language)}"
        )
    if errors is not None and view.has_error_file:
        _, pieces = imports.error_file(scope=scope, import_id=import_id, language=language)
        errors.write_bytes(b"".join(pieces))
        print(say(zh=f"失败的行已写入 {errors}。", en=f"The refused rows are in {errors}."))
    if view.failed:
        raise typer.Exit(3)
