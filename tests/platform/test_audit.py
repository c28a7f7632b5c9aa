"""The audit log: what is kept, who may read which, and that nothing is ever changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.audit import api, policy
from regulars.platform.audit.types import Circumstances
from regulars.platform.organisations.types import SYSTEM, Actor

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
ORGANISATION, BRAND = new_id(), new_id()


def record(action: str = "store.update", **more: object) -> None:
    given = {
        "organisation_id": ORGANISATION,
        "actor": SYSTEM,
        "subject_type": "store",
        "subject_id": "S1",
        "now": NOW,
    }
    api.record(action=action, **(given | more))  # type: ignore[arg-type]


def test_only_what_changed_is_kept() -> None:
    before, after = policy.plan_change(
        "store", {"name": "A", "open": True}, {"name": "B", "open": True, "city": "X"}
    )
    assert (before, after) == ({"name": "A"}, {"name": "B", "city": "X"})


def test_personal_fields_and_secrets_show_as_changed_without_their_values() -> None:
    before, after = policy.plan_change(
        "member",
        {"name": "张三", "phone": "+8613812340000", "tags": ["a"], "notes": {"email": "a@b.c"}},
        {
            "name": "李四",
            "phone": None,
            "tags": ["a", "b"],
            "password_hash": "x",
            "new_token": "y",
            "hotpot": "z",
        },
    )
    assert before == {"name": "***", "phone": "***", "tags": ["a"], "notes": {"email": "***"}}
    assert after == {
        "name": "***", "phone": None, "tags": ["a", "b"], "password_hash": "***", "new_token": "***", "hotpot": "z",
    }  # fmt: skip


@pytest.mark.django_db
def test_entries_carry_the_circumstances_of_the_request() -> None:
    with api.under(Circumstances(ip="192.0.2.7", request_id="req-12345678")):
        record(actor=Actor("staff", new_id(), "a@b.example"))
    record()
    job, request = api.list_entries(organisation_id=ORGANISATION).items
    assert (request.ip, request.request_id, request.actor_label) == (
        "192.0.2.7",
        "req-12345678",
        "a@b.example",
    )
    assert (job.ip, job.request_id, job.actor_kind) == (None, "", "system")


@pytest.mark.django_db
def test_paging_and_filters() -> None:
    actor = Actor("staff", new_id(), "a")
    for number in range(5):
        record(subject_id=f"S{number}", brand_id=BRAND, now=NOW + timedelta(days=number))
    record("role.create", subject_type="role", actor=actor)
    record(organisation_id=new_id())
    first = api.list_entries(organisation_id=ORGANISATION, limit=4)
    rest = api.list_entries(organisation_id=ORGANISATION, limit=4, cursor=first.next_cursor)
    assert [e.subject_id for e in [*first.items, *rest.items]] == ["S1", "S4", "S3", "S2", "S1", "S0"]
    assert rest.next_cursor is None

    def found(**filters: object) -> list[str]:
        return [e.subject_id for e in api.list_entries(organisation_id=ORGANISATION, **filters).items]  # type: ignore[arg-type]

    assert found(action="role.create") == found(action="role.") == found(actor_id=actor.id) == ["S1"]
    assert found(subject_type="store", subject_id="S3") == ["S3"]
    assert found(since=NOW + timedelta(days=3), until=NOW + timedelta(days=4)) == ["S3"]
    # A brand's log has the organisation's entries too, not another brand's.
    assert len(found(brand_id=BRAND)) == 6 and found(brand_id=new_id()) == ["S1"]


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "W10"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Refusal) as refusal:
        api.list_entries(organisation_id=ORGANISATION, cursor=cursor)
    assert refusal.value.errors[0].field == "cursor"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'store.forge'", "DELETE FROM audit_entry"]
)
def test_nobody_changes_what_was_written(statement: str) -> None:
    """Not even the role that owns the table, unless she first grants herself the right."""
    record()
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(statement)
    assert api.list_entries(organisation_id=ORGANISATION).items[0].action == "store.update"


@pytest.mark.django_db
def test_an_entry_shares_the_fate_of_its_transaction() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record()
        raise RuntimeError
    assert not api.list_entries(organisation_id=ORGANISATION).items
