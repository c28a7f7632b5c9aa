"""regulars serve"""

from __future__ import annotations

import os
from typing import Annotated

import typer


def run(
    database_url: Annotated[
        str, typer.Option(help="A PostgreSQL of your own: postgresql://user:password@host:5432/name")
    ] = "",
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on", min=1, max=65535)] = 8000,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill the demo brand first, if it is not there")
    ] = False,
    members: Annotated[int, typer.Option(help="With --demo: only so many members (0: all)", min=0)] = 0,
    web: Annotated[bool, typer.Option(help="Run the web server")] = True,
    worker: Annotated[bool, typer.Option(help="Run the worker")] = True,
) -> None:
    """Start everything and keep it up: embedded database (unless one is named), migrations, web and worker."""
    from regulars.project.supervisor import Supervisor

    if database_url:
        os.environ["DATABASE_URL"] = database_url
    Supervisor(
        host=host,
        port=port,
        demo=demo,
        demo_options=["--members", str(members)] if members else [],
        web=web,
        worker=worker,
    ).run()
