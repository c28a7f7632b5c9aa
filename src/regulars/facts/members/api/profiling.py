"""A member's wish not to be profiled by a brand: kept here, respected by whoever scores, recommends or groups.

`flows.profiling.switch` is what surfaces call: it takes her out of everything in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.members.api.reading import MEMBER
from regulars.facts.members.store import editing
from regulars.kit.errors import not_found
from regulars.kit.sql import plain_array
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope


def set_profiling(*, scope: Scope, member_id: UUID, on: bool, now: datetime) -> bool:
    """Switch profiling of a member on or off in the scope's brand; says whether that changed anything. Audited.

    Raises `not_found`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not editing.lock(cursor, brand_id=scope.brand_id, member_id=member_id):
            raise not_found(MEMBER)
        if on:
            cursor.execute(
                "DELETE FROM profiling_opt_out WHERE member_id = %s AND brand_id = %s",
                [member_id, scope.brand_id],
            )
        else:
            cursor.execute(
                """INSERT INTO profiling_opt_out (member_id, brand_id, at, actor) VALUES (%s, %s, %s, %s)
                   ON CONFLICT DO NOTHING""",
                [member_id, scope.brand_id, now, scope.actor.label],
            )
        if not cursor.rowcount:
            return False
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="member.profiling",
            subject_type="member",
            subject_id=member_id,
            before={"profiling": not on},
            after={"profiling": on},
            now=now,
        )
    return True


def profiling_is_on(*, brand_id: UUID, member_id: UUID) -> bool:
    """Whether a member may be profiled by the brand; everybody may who has not said no."""
    return not profiling_off(brand_id=brand_id, member_ids=[member_id])


def profiling_off(*, brand_id: UUID, member_ids: Iterable[UUID] | None = None) -> set[UUID]:
    """Those of these members (of all of the brand's) who switched profiling off."""
    with connection.cursor() as cursor:
        if member_ids is None:
            cursor.execute("SELECT member_id FROM profiling_opt_out WHERE brand_id = %s", [brand_id])
        else:
            cursor.execute(
                "SELECT member_id FROM profiling_opt_out WHERE brand_id = %s AND member_id = ANY(%s::uuid[])",
                [brand_id, plain_array(member_ids)],
            )
        return {row[0] for row in cursor.fetchall()}
