"""A member's own switch: off is off at once, and the log knows it was she."""

from __future__ import annotations

from tests.portal.world import PHONE, Browser

from regulars.audience.member_facts import api as facts
from regulars.kit import clock
from regulars.platform.organisations import api as organisations


def test_she_switches_profiling_off_and_on(brand, signed_in):
    brand.enrol(PHONE)
    browser = signed_in()
    found = organisations.find_brand(slug_or_id=brand.slug)
    assert found is not None
    (her,) = member_ids(found.id)
    facts.write_scores(brand_id=found.id, as_of=clock.now(), columns={"koc": [90]}, member_ids=[her])
    assert browser.get("profiling") == {"on": True}
    assert browser.call("PUT", "profiling", {"on": False}).json() == {"on": False}
    assert browser.get("profiling") == {"on": False}
    assert facts.read(brand_id=found.id, member_id=her).scores is None  # type: ignore[union-attr]
    assert audited(found.organisation_id) == [("member", {"profiling": False})]
    assert browser.call("PUT", "profiling", {"on": "perhaps"}).status_code == 422
    assert browser.call("PUT", "profiling", {"on": True}).json() == {"on": True}


def test_a_stranger_is_asked_to_sign_in(brand):
    stranger = Browser(brand.slug).open()
    assert stranger.call("GET", "profiling").status_code == 401
    assert stranger.call("PUT", "profiling", {"on": False}).status_code == 401


def member_ids(brand_id):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id FROM membership WHERE brand_id = %s", [brand_id])
        return [row[0] for row in cursor.fetchall()]


def audited(organisation_id):
    from regulars.platform.audit.models import AuditRow

    rows = AuditRow.objects.filter(organisation_id=organisation_id, action="member.profiling")
    return [(row.actor_kind, row.after) for row in rows]
