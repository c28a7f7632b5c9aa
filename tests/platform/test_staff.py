"""Staff through their door: signing in, places, and who may give what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.platform.tenants import NOW, PASSWORD, Tenant

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import SYSTEM, Actor
from regulars.platform.staff import api, models
from regulars.platform.staff.types import PERMISSIONS, NewAssignment, StaffMember

pytestmark = pytest.mark.django_db


def actor(member: StaffMember) -> Actor:
    return Actor("staff", member.id, member.email)


def sign_in(email: str, password: str = PASSWORD, *, ip: str = "192.0.2.1", at=NOW) -> StaffMember:  # type: ignore[no-untyped-def]
    return api.authenticate(email=email, password=password, ip=ip, now=at)


def refused(code: str, act, **arguments) -> Refusal:  # type: ignore[no-untyped-def]
    with pytest.raises(Refusal) as raised:
        act(**arguments)
    assert raised.value.code == code, raised.value
    return raised.value


def test_the_owner_signs_in_with_any_case_of_her_address(tenant: Tenant) -> None:
    assert sign_in(" Owner@ACME.example ").id == tenant.owner.id


def test_wrong_password_unknown_account_and_former_staff_get_the_same_answer(tenant: Tenant) -> None:
    clerk = tenant.hire("clerk@acme.example", NewAssignment("clerk", tenant.tea.id, store_id=tenant.s1.id))
    api.update_staff(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, is_active=False, now=NOW)
    answers = {
        str(refused("wrong_credentials", sign_in, email=email, password=password))
        for email, password in [
            ("owner@acme.example", "wrong"),
            ("nobody@acme.example", PASSWORD),
            ("clerk@acme.example", PASSWORD),
        ]
    }
    assert len(answers) == 1


@pytest.mark.parametrize("email", ["owner@acme.example", "nobody@acme.example"])
def test_the_ninth_try_is_locked_for_fifteen_minutes_even_with_the_right_password(
    tenant: Tenant, email: str
) -> None:
    for _ in range(8):
        refused("wrong_credentials", sign_in, email=email, password="wrong")
    locked = refused("too_many_attempts", sign_in, email=email)
    assert locked.status == 429 and locked.data["retry_after_seconds"] == 901
    refused("too_many_attempts", sign_in, email=email, at=NOW + timedelta(minutes=14, seconds=59))
    # Another address does not help.
    refused("too_many_attempts", sign_in, email=email, ip="198.51.100.7")


def test_after_the_lock_the_right_password_works_and_clears_the_count(tenant: Tenant) -> None:
    for _ in range(8):
        refused("wrong_credentials", sign_in, email="owner@acme.example", password="wrong")
    refused("too_many_attempts", sign_in, email="owner@acme.example")
    later = NOW + timedelta(minutes=15, seconds=1)
    assert sign_in("owner@acme.example", at=later).id == tenant.owner.id
    for _ in range(8):
        refused("wrong_credentials", sign_in, email="owner@acme.example", password="wrong", at=later)


def test_one_address_cannot_try_many_accounts(tenant: Tenant) -> None:
    for number in range(40):
        refused(
            "wrong_credentials", sign_in, email=f"guess{number}@acme.example", password="x", ip="2001:db8::1"
        )
    # The same subscriber's next IPv6 address is the same address.
    refused("too_many_attempts", sign_in, email="owner@acme.example", ip="2001:db8::2")
    assert sign_in("owner@acme.example", ip="2001:db8:0:1::1").id == tenant.owner.id


def test_right_passwords_do_not_use_an_address_up(tenant: Tenant) -> None:
    for _ in range(60):
        sign_in("owner@acme.example")


def test_a_region_means_its_stores(tenant: Tenant) -> None:
    manager = tenant.hire("m@acme.example", NewAssignment("clerk", tenant.tea.id, region_id=tenant.east.id))
    _, stores = api.permissions_for(staff_id=manager.id, brand_id=tenant.tea.id, permission="ledger.burn")
    assert stores == {tenant.s1.id, tenant.s2.id}
    assert not api.get_access(staff_id=manager.id, brand_id=tenant.coffee.id).stores


def test_a_wide_role_does_not_widen_a_narrow_one(tenant: Tenant) -> None:
    """Clerk of one store, auditor of the whole brand: she reads everywhere and burns at her store only."""
    both = tenant.hire(
        "b@acme.example",
        NewAssignment("clerk", tenant.tea.id, store_id=tenant.s1.id),
        NewAssignment("auditor", tenant.tea.id),
    )
    held, stores = api.permissions_for(staff_id=both.id, brand_id=tenant.tea.id, permission="members.read")
    assert stores is None and "ledger.burn" not in held and "audit.read" in held
    held, stores = api.permissions_for(staff_id=both.id, brand_id=tenant.tea.id, permission="ledger.burn")
    assert stores == {tenant.s1.id} and "audit.read" in held
    refused(
        "forbidden",
        api.permissions_for,
        staff_id=both.id,
        brand_id=tenant.tea.id,
        permission="programme.publish",
    )


def test_an_owner_without_brand_owns_every_brand(tenant: Tenant) -> None:
    for brand in (tenant.tea, tenant.coffee):
        assert api.get_access(staff_id=tenant.owner.id, brand_id=brand.id).permissions == PERMISSIONS.keys()


def test_places_of_another_organisation_are_refused(tenant: Tenant, foreign: Tenant) -> None:
    for wanted in (
        NewAssignment("clerk", foreign.tea.id),
        NewAssignment("clerk", tenant.tea.id, store_id=foreign.s1.id),
        NewAssignment("clerk", tenant.tea.id, region_id=foreign.east.id),
        NewAssignment("clerk", store_id=tenant.s1.id),
        NewAssignment("no_such_role", tenant.tea.id),
    ):
        refused(
            "invalid_input",
            api.create_staff,
            organisation_id=tenant.id,
            by=SYSTEM,
            email="x@acme.example",
            name="X",
            password=PASSWORD,
            assignments=[wanted],
            now=NOW,
        )
    assert len(api.list_staff(organisation_id=tenant.id)) == 1


def lead_of_tea(tenant: Tenant) -> StaffMember:
    """Manages staff and members of one brand, nothing more."""
    api.put_role(
        organisation_id=tenant.id,
        by=SYSTEM,
        key="lead",
        name=Text("主管", "Lead"),
        permissions=frozenset({"staff.manage", "members.read", "members.write"}),
        now=NOW,
    )
    api.put_role(
        organisation_id=tenant.id,
        by=SYSTEM,
        key="reader",
        name=Text("查看", "Reader"),
        permissions=frozenset({"members.read"}),
        now=NOW,
    )
    return tenant.hire("lead@acme.example", NewAssignment("lead", tenant.tea.id))


def test_nobody_gives_more_than_she_has(tenant: Tenant) -> None:
    lead = lead_of_tea(tenant)

    def hire(assignment: NewAssignment) -> StaffMember:
        return api.create_staff(
            organisation_id=tenant.id,
            by=actor(lead),
            email="new@acme.example",
            name="New",
            password=PASSWORD,
            assignments=[assignment],
            now=NOW,
        )

    beyond = refused("beyond_your_own", hire, assignment=NewAssignment("clerk", tenant.tea.id))
    assert beyond.data["permissions"] == [
        "activities.read", "benefits.use", "bookings.read", "bookings.use", "checkout.commit",
        "checkout.quote", "checkout.read", "checkout.return", "coupons.read", "coupons.use", "ledger.burn",
        "ledger.read", "payments.read", "prepaid.sell", "prepaid.use", "rewards.read", "rewards.redeem",
        "subscriptions.read", "subscriptions.write", "tasks.read", "tasks.work",
    ]  # fmt: skip
    refused("forbidden", hire, assignment=NewAssignment("reader", tenant.coffee.id))
    refused("forbidden", hire, assignment=NewAssignment("reader"))
    assert hire(NewAssignment("reader", tenant.tea.id, store_id=tenant.s1.id)).email == "new@acme.example"


def test_nobody_touches_who_has_more(tenant: Tenant) -> None:
    lead = lead_of_tea(tenant)
    target = {"organisation_id": tenant.id, "by": actor(lead), "staff_id": tenant.owner.id, "now": NOW}
    refused("forbidden", api.update_staff, is_active=False, **target)
    refused("forbidden", api.reset_password, password="another long password", **target)
    refused("forbidden", api.update_staff, assignments=[], **target)
    assert sign_in("owner@acme.example")


def test_nobody_raises_herself(tenant: Tenant) -> None:
    lead = lead_of_tea(tenant)
    refused(
        "forbidden",
        api.update_staff,
        organisation_id=tenant.id,
        by=actor(lead),
        staff_id=lead.id,
        assignments=[NewAssignment("owner")],
        now=NOW,
    )
    # A role held in one brand may not be changed by who has less over all brands.
    refused(
        "forbidden",
        api.put_role,
        organisation_id=tenant.id,
        by=actor(lead),
        key="lead",
        name=Text("主管", "Lead"),
        permissions=frozenset(PERMISSIONS),
        now=NOW,
    )


def test_an_api_key_manages_nobody(tenant: Tenant) -> None:
    refused(
        "forbidden",
        api.update_staff,
        organisation_id=tenant.id,
        by=Actor("api_key", tenant.owner.id, "key"),
        staff_id=tenant.owner.id,
        is_active=False,
        now=NOW,
    )


def test_the_last_owner_stays(tenant: Tenant) -> None:
    target = {"organisation_id": tenant.id, "by": SYSTEM, "staff_id": tenant.owner.id, "now": NOW}
    refused("last_owner", api.update_staff, is_active=False, **target)
    refused("last_owner", api.update_staff, assignments=[NewAssignment("owner", tenant.tea.id)], **target)
    second = tenant.hire("second@acme.example", NewAssignment("owner"))
    api.update_staff(is_active=False, **target)
    refused("last_owner", api.update_staff, **{**target, "staff_id": second.id, "is_active": False})


def test_deactivation_and_a_new_password_end_sessions(tenant: Tenant) -> None:
    def session_hash(staff_id) -> str:  # type: ignore[no-untyped-def]
        return models.Staff.objects.get(id=staff_id).get_session_auth_hash()

    clerk = tenant.hire("clerk@acme.example", NewAssignment("clerk", tenant.tea.id))
    first = session_hash(clerk.id)
    api.change_password(staff_id=clerk.id, old=PASSWORD, new="a wholly new secret", ip="", now=NOW)
    second = session_hash(clerk.id)
    api.update_staff(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, is_active=False, now=NOW)
    api.update_staff(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, is_active=True, now=NOW)
    assert len({first, second, session_hash(clerk.id)}) == 3


def test_a_bad_new_password_says_why_and_changes_nothing(tenant: Tenant) -> None:
    for bad, why in [
        ("short", "password_too_short"),
        ("1234567890123", "password_entirely_numeric"),
        ("password123", "password_too_common"),
        ("owner@acme.example", "password_too_similar"),
        ("x" * 201, "too_long"),
    ]:
        refusal = refused(
            "invalid_input",
            api.change_password,
            staff_id=tenant.owner.id,
            old=PASSWORD,
            new=bad,
            ip="",
            now=NOW,
        )
        assert why in {e.code for e in refusal.errors}
    assert sign_in("owner@acme.example")


def test_guessing_the_old_password_locks_too(tenant: Tenant) -> None:
    guess = {"staff_id": tenant.owner.id, "old": "wrong", "new": "a wholly new secret", "ip": "", "now": NOW}
    for _ in range(8):
        refused("invalid_input", api.change_password, **guess)
    refused("too_many_attempts", api.change_password, **guess)


def test_roles_in_use_and_built_in_roles_stay(tenant: Tenant) -> None:
    lead_of_tea(tenant)
    refused("role_in_use", api.delete_role, organisation_id=tenant.id, by=SYSTEM, key="lead", now=NOW)
    refused("builtin_role", api.delete_role, organisation_id=tenant.id, by=SYSTEM, key="owner", now=NOW)
    api.delete_role(organisation_id=tenant.id, by=SYSTEM, key="reader", now=NOW)
    assert "reader" not in {r.key for r in api.list_roles(organisation_id=tenant.id)}


def test_an_address_is_used_once_in_the_installation(tenant: Tenant, foreign: Tenant) -> None:
    with pytest.raises(Refusal) as raised:
        foreign.hire("OWNER@acme.example", NewAssignment("clerk", foreign.tea.id))
    assert raised.value.status == 409


def test_the_audit_log_tells_what_changed_and_no_password(tenant: Tenant) -> None:
    clerk = tenant.hire("clerk@acme.example", NewAssignment("clerk", tenant.tea.id))
    api.update_staff(
        organisation_id=tenant.id, by=actor(tenant.owner), staff_id=clerk.id, name="Clara", now=NOW
    )
    api.reset_password(
        organisation_id=tenant.id,
        by=actor(tenant.owner),
        staff_id=clerk.id,
        password="a wholly new secret",
        now=NOW,
    )
    entries = audit.list_entries(organisation_id=tenant.id, subject_type="staff", subject_id=clerk.id).items
    assert [e.action for e in entries] == ["staff.password", "staff.update", "staff.create"]
    assert (entries[1].before, entries[1].after) == ({"name": "clerk"}, {"name": "Clara"})
    assert entries[1].actor_label == "owner@acme.example"
    assert "secret" not in str(entries)
