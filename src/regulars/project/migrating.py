"""Bringing an installation up to date: tables, and the static files gathered and compressed."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection

from regulars.kit.errors import Refusal
from regulars.project.plainly import PlainError

_MIGRATING = 7_305_511_001  # the key of an advisory lock; any number nobody else uses


def migrate(*, quiet: bool) -> None:
    """Apply all migrations, one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
    try:
        call_command("migrate", verbosity=0 if quiet else 1, interactive=False)
        _check_keys()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


def _check_keys() -> None:
    """Refuse to start with a field key that is not this database's: it could read nothing."""
    from regulars.platform.privacy import api as privacy

    try:
        privacy.check_keys()
    except Refusal as refusal:
        raise PlainError(zh=f"{refusal.message.zh}。", en=f"{refusal.message.en}.") from refusal


def gather_static_files() -> None:
    """Copy the static files to STATIC_ROOT, with a compressed copy of each beside it; unchanged ones are left."""
    call_command("collectstatic", verbosity=0, interactive=False)
