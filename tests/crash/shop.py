"""Run as a program on the data directory of a running installation: open a shop, or say what its books hold.

`python -m tests.crash.shop open 20` prints a key and the ids of 20 members; `python -m tests.crash.shop state` prints
the books. What it prints is JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any


def open_shop(members: int) -> dict[str, Any]:
    from tests.stories.world import PROGRAMME

    from regulars.facts.members.types import Enrolment, IdentityIn
    from regulars.flows import enrol
    from regulars.kit import clock
    from regulars.kit.ids import new_id
    from regulars.kit.text import Text
    from regulars.platform.apikeys import api as apikeys
    from regulars.platform.apikeys.types import NOT_FOR_KEYS
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import Actor, Scope
    from regulars.platform.staff.types import PERMISSIONS
    from regulars.programme.versions import api as versions

    now = clock.now()
    opened = now - timedelta(days=1)
    organisation = organisations.create_organisation(name=Text("茶", "Tea"), now=opened)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug="tea", name=Text("茶", "Tea"), now=opened
    )
    scope = Scope(organisation.id, brand.id, Actor("staff", new_id(), "Owner"), frozenset(PERMISSIONS))
    versions.install(scope=scope, definition=PROGRAMME, effective_from=opened, now=opened)
    rows = [
        Enrolment(identities=(IdentityIn("phone", f"138{n:08d}"),), joined_at=opened) for n in range(members)
    ]
    answers = enrol.enrol(scope=scope, rows=rows, now=now)
    made = apikeys.create_key(
        scope=scope, name="till", permissions=frozenset(PERMISSIONS) - NOT_FOR_KEYS, now=now
    )
    return {"token": made.token, "members": [str(a.enrolled.member_id) for a in answers]}


def state() -> dict[str, Any]:
    """Differences of the books, each order's posted copies, each burn key's, points by member."""
    from django.db import connection

    from regulars.value.ledger import api as ledger

    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, count(*) FROM activity WHERE type = 'order' GROUP BY 1")
        orders = dict(cursor.fetchall())
        cursor.execute("SELECT id::text FROM activity")
        activities = [id_ for (id_,) in cursor.fetchall()]
        cursor.execute("SELECT member_id::text, available - debt FROM balance WHERE unit = 'points'")
        points = dict(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM outbox WHERE topic = 'activity.posted'")
        (announced,) = cursor.fetchone()
    return {
        "differences": [difference.to_json() for difference in ledger.reconcile_books()],
        "orders": orders,
        "activities": activities,
        "points": points,
        "announced": announced,
    }


def main() -> None:
    import django

    django.setup()
    found = open_shop(int(sys.argv[2])) if sys.argv[1] == "open" else state()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
