"""regulars manage"""

from __future__ import annotations

import typer

SETTINGS = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}


def run(context: typer.Context) -> None:
    """Run one of Django's own management commands (shell, makemigrations, dbshell, …)."""
    from django.core.management import execute_from_command_line

    from regulars.project.opening import open_project

    with open_project(migrated=False):
        execute_from_command_line(["regulars manage", *context.args])
