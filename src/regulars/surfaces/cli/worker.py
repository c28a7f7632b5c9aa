"""regulars worker"""

from __future__ import annotations

from typing import Annotated

import typer


def run(
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run the worker alone: expiry, tier judgement, holds, outbox. Several may run, on several machines."""
    from regulars.project.opening import open_project, prepare_django

    if supervised:
        prepare_django()
        _work()
        return
    with open_project(database_url=database_url or None):
        _work()


def _work() -> None:
    from regulars.project import worker

    worker.run()
