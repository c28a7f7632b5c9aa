"""regulars warehouse"""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from regulars.project.plainly import PlainError, say


def run(
    action: Annotated[str, typer.Argument(help="export: bring it up to date; status: what it holds")],
    brand: Annotated[str, typer.Option(help="Only this brand (its slug); without: every brand")] = "",
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """The Parquet files that analytics reads. An export that was killed goes on when started again."""
    from regulars.project.opening import open_project
    from regulars.surfaces.cli.insight import brands

    if action not in ("export", "status"):
        raise PlainError(
            zh="用法:regulars warehouse export|status",
            en="It is: regulars warehouse export|status",
            exit_code=2,
        )
    with open_project(database_url=database_url or None):
        for one in brands(brand):
            if action == "export":
                _export(one)
            _status(one)


def _export(brand: Any) -> None:
    from regulars.insight.warehouse import api as warehouse
    from regulars.kit import clock

    began = time.monotonic()
    done = warehouse.export(brand_id=brand.id, now=clock.now())
    seconds = time.monotonic() - began
    print(
        say(
            zh=f"{brand.slug}:新增 {done.total:,} 行,合并 {done.merged} 个小文件,用时 {seconds:.1f} 秒。",
            en=f"{brand.slug}: {done.total:,} rows added, {done.merged} small files merged, {seconds:.1f} s.",
        )
    )


def _status(brand: Any) -> None:
    from regulars.insight.warehouse import api as warehouse

    status = warehouse.get_status(brand_id=brand.id)
    if status.complete_at is None:
        print(say(zh=f"{brand.slug}:尚未导出。", en=f"{brand.slug}: never exported."))
        return
    print(
        say(zh=f"{brand.slug}:截至", en=f"{brand.slug}: as of"), f"{status.complete_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    for table in status.tables:
        months = f"{table.first:%Y-%m} – {table.last:%Y-%m}" if table.first and table.last else ""
        print(
            f"  {table.table:<11} {table.rows:>13,} {table.files:>5} {table.bytes / 2**20:>9.1f} MB  {months}"
        )
