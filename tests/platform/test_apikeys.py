"""API keys through their door."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.platform.tenants import NOW, Tenant

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.apikeys import api, models
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Actor, Scope

pytestmark = pytest.mark.django_db
PERMISSIONS = frozenset({"members.read", "activities.write", "apikeys.manage"})


@pytest.fixture
def scope(tenant: Tenant) -> Scope:
    return Scope(tenant.id, tenant.tea.id, Actor("staff", tenant.owner.id, tenant.owner.email), PERMISSIONS)


def make(scope: Scope, *permissions: str, **more: object):  # type: ignore[no-untyped-def]
    wanted = frozenset(permissions or ("members.read",))
    return api.create_key(scope=scope, name="till", permissions=wanted, now=NOW, **more)  # type: ignore[arg-type]


def test_the_secret_is_shown_once_and_kept_nowhere(scope: Scope) -> None:
    made = make(scope)
    assert made.token.startswith(f"rk_live_{made.key.prefix}_")
    row = models.ApiKey.objects.get()
    secret = made.token.rsplit("_", 1)[1]
    assert len(bytes(row.secret_hash)) == 32
    assert secret not in str({f.name: getattr(row, f.name) for f in row._meta.fields})
    assert secret not in str(audit.list_entries(organisation_id=scope.organisation_id).items)
    assert api.find_key(token=made.token, now=NOW) is not None


def test_what_is_no_key_is_none(scope: Scope) -> None:
    token = make(scope).token
    other = "A" if token[-2] != "A" else "B"
    for wrong in (
        "",
        "rk_live",
        token[:-1],
        token[:-2] + other + token[-1],
        token + "x",
        token.replace("live", "test"),
    ):
        assert api.find_key(token=wrong, now=NOW) is None


def test_a_revoked_key_stops_at_once_and_an_expired_one_on_time(scope: Scope) -> None:
    first, second = make(scope), make(scope, expires_at=NOW + timedelta(hours=1))
    assert api.find_key(token=first.token, now=NOW) and api.find_key(token=second.token, now=NOW)
    api.revoke_key(scope=scope, key_id=first.key.id, now=NOW)
    api.revoke_key(scope=scope, key_id=first.key.id, now=NOW)
    assert api.find_key(token=first.token, now=NOW) is None
    assert api.find_key(token=second.token, now=NOW + timedelta(hours=1)) is None
    assert [
        e.action
        for e in audit.list_entries(organisation_id=scope.organisation_id, action="apikey.revoke").items
    ] == ["apikey.revoke"]


def test_a_key_revoked_by_another_process_stops_within_five_seconds(scope: Scope, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    token = make(scope).token
    assert api.find_key(token=token, now=NOW)
    models.ApiKey.objects.update(revoked_at=NOW)
    start = api.monotonic()
    monkeypatch.setattr(api, "monotonic", lambda: start + 5.1)
    assert api.find_key(token=token, now=NOW) is None


def test_busy_keys_cost_no_queries_and_use_is_noted_once_a_minute(  # type: ignore[no-untyped-def]
    scope: Scope, django_assert_num_queries, monkeypatch
) -> None:
    token = make(scope).token
    api.find_key(token=token, now=NOW)
    with django_assert_num_queries(0):
        for _ in range(50):
            api.find_key(token=token, now=NOW)
    start = api.monotonic()
    monkeypatch.setattr(api, "monotonic", lambda: start + 6)
    with django_assert_num_queries(1):
        api.find_key(token=token, now=NOW + timedelta(seconds=59))
    monkeypatch.setattr(api, "monotonic", lambda: start + 12)
    later = NOW + timedelta(seconds=60)
    with django_assert_num_queries(2):
        api.find_key(token=token, now=later)
    assert models.ApiKey.objects.get().last_used_at == later


@pytest.mark.parametrize(
    ("permissions", "code"),
    [
        (frozenset({"ledger.burn"}), "beyond_your_own"),
        (frozenset({"apikeys.manage"}), "invalid_input"),
        (frozenset({"no.such"}), "invalid_input"),
        (frozenset(), "invalid_input"),
    ],
)
def test_a_key_gets_no_more_than_its_maker_has(scope: Scope, permissions: frozenset[str], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        api.create_key(scope=scope, name="till", permissions=permissions, now=NOW)
    assert refusal.value.code == code
    assert not api.list_keys(scope=scope)


def test_a_store_bound_maker_makes_no_brand_wide_key(scope: Scope, tenant: Tenant) -> None:
    with pytest.raises(Refusal) as refusal:
        make(replace(scope, store_ids=frozenset({tenant.s1.id})))
    assert refusal.value.code == "beyond_your_own"


def test_keys_of_another_brand_are_not_found(scope: Scope, tenant: Tenant) -> None:
    key = make(scope).key
    other = replace(scope, brand_id=tenant.coffee.id)
    assert not api.list_keys(scope=other)
    for key_id in (key.id, new_id()):
        with pytest.raises(Refusal) as refusal:
            api.revoke_key(scope=other, key_id=key_id, now=NOW)
        assert refusal.value.status == 404


def test_a_past_expiry_is_refused(scope: Scope) -> None:
    with pytest.raises(Refusal) as refusal:
        make(scope, expires_at=NOW)
    assert refusal.value.errors[0].field == "expires_at"


def test_a_test_key_says_so(scope: Scope) -> None:
    made = make(scope, is_test=True)
    found = api.find_key(token=made.token, now=NOW)
    assert made.token.startswith("rk_test_") and found is not None and found.is_test
