"""regulars migrate"""

from __future__ import annotations

import os
from typing import Annotated

import typer


def run(
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when all is well")] = False,
) -> None:
    """Bring the database's tables up to date. Two at once are safe: the second waits and finds nothing to do."""
    from regulars.project.migrating import gather_static_files, migrate
    from regulars.project.opening import open_project

    with open_project(database_url=database_url or None, migrated=False):
        migrate(quiet=quiet)
        if os.environ.get("REGULARS_STATIC_ROOT"):
            gather_static_files()
