"""Requests become scopes in one place; what goes wrong is a problem document. Over HTTP, on a small API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DataError, OperationalError
from django.http import HttpRequest
from django.test import Client
from django.urls import path
from ninja import NinjaAPI, Schema
from pydantic import Field
from tests.platform.tenants import NOW, PASSWORD, Tenant

from regulars.platform.apikeys import api as apikeys
from regulars.platform.organisations.types import SYSTEM, Actor, Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, NewAssignment
from regulars.surfaces import access, rates
from regulars.surfaces.access import AnyStaff, ApiKeyAuth, StaffAuth, scope_of, session_of
from regulars.surfaces.problems import MAX_BODY_BYTES, answer_with_problems

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
api = NinjaAPI(urls_namespace="test-access", docs_url=None, openapi_url=None)
answer_with_problems(api)


class Line(Schema):
    amount: int = Field(ge=0)


class Given(Schema):
    name: str = Field(max_length=5)
    lines: list[Line] = []


def told(scope: Scope) -> dict[str, Any]:
    return {
        "brand": str(scope.brand_id),
        "actor": scope.actor.kind,
        "stores": None if scope.store_ids is None else sorted(map(str, scope.store_ids)),
        "permissions": sorted(scope.permissions),
        "test": scope.test_mode,
    }


@api.get("/read", auth=StaffAuth("members.read"))
def read(request: HttpRequest) -> Any:
    return told(scope_of(request))


@api.post("/burn", auth=StaffAuth("ledger.burn"))
def burn(request: HttpRequest) -> Any:
    return told(scope_of(request))


@api.get("/me", auth=AnyStaff())
def me(request: HttpRequest) -> Any:
    return session_of(request).email


@api.get("/keyed", auth=ApiKeyAuth("members.read"))
def keyed(request: HttpRequest) -> Any:
    return told(scope_of(request))


@api.post("/keyed", auth=ApiKeyAuth("activities.write"))
def keyed_write(request: HttpRequest, given: Given) -> Any:
    return given.model_dump()


@api.get("/fails", auth=ApiKeyAuth("members.read"))
def fails(request: HttpRequest, how: str, number: int = 0) -> Any:
    raise {"bug": RuntimeError("secret detail"), "data": DataError("out"), "down": OperationalError("gone")}[
        how
    ]


urlpatterns = [path("api/test/", api.urls)]


@pytest.fixture
def client() -> Client:
    made = Client(enforce_csrf_checks=True, raise_request_exception=False)
    made.cookies["csrftoken"] = "x" * 32
    return made


def sign_in(client: Client, email: str) -> None:
    member = staff.authenticate(email=email, password=PASSWORD, ip="", now=NOW)
    request = HttpRequest()
    request.session = client.session
    access.open_staff_session(request, member)
    request.session.save()
    client.cookies["regulars"] = request.session.session_key


def get(client: Client, where: str, brand: object = None, **headers: str) -> Any:
    if brand is not None:
        headers["X-Regulars-Brand"] = str(brand)
    return client.get(f"/api/test/{where}", headers=headers)  # type: ignore[arg-type]


def key(tenant: Tenant, *permissions: str, **more: Any) -> dict[str, str]:
    scope = Scope(tenant.id, tenant.tea.id, SYSTEM, frozenset(PERMISSIONS))
    made = apikeys.create_key(scope=scope, name="k", permissions=frozenset(permissions), now=NOW, **more)
    return {"Authorization": f"Bearer {made.token}"}


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body["code"]) == (status, code), body
    assert response["Content-Type"] == "application/problem+json"
    assert body["type"] == f"urn:regulars:problem:{code}" and body["status"] == status and body["title"]
    assert body["instance"].endswith(response["X-Request-Id"])
    return body


# -- staff


def test_nobody_is_signed_out(client: Client, tenant: Tenant) -> None:
    for where in ("read", "me"):
        problem(get(client, where, tenant.tea.slug), 401, "signed_out")


def test_staff_choose_a_brand_by_slug_or_id(client: Client, tenant: Tenant) -> None:
    sign_in(client, "owner@acme.example")
    for brand in (tenant.tea.slug, tenant.tea.id):
        body = get(client, "read", brand).json()
        assert body["brand"] == str(tenant.tea.id) and body["stores"] is None
    problem(get(client, "read"), 400, "invalid_input")
    assert get(client, "me").json() == "owner@acme.example"


def test_the_only_brand_needs_no_choosing(client: Client, tenant: Tenant) -> None:
    tenant.hire("a@acme.example", NewAssignment("auditor", tenant.tea.id))
    sign_in(client, "a@acme.example")
    assert get(client, "read").json()["brand"] == str(tenant.tea.id)


def test_a_foreign_brand_is_not_found_and_neither_is_one_where_she_has_nothing(
    client: Client, tenant: Tenant, foreign: Tenant
) -> None:
    tenant.hire("a@acme.example", NewAssignment("auditor", tenant.tea.id))
    sign_in(client, "a@acme.example")
    answers = [
        problem(get(client, "read", brand), 404, "not_found")
        for brand in (foreign.tea.slug, foreign.tea.id, tenant.coffee.slug, "no-such-brand", "'; --")
    ]
    assert len({a["title"] for a in answers}) == 1


def test_a_missing_permission_is_named(client: Client, tenant: Tenant) -> None:
    tenant.hire("a@acme.example", NewAssignment("auditor", tenant.tea.id))
    sign_in(client, "a@acme.example")
    response = client.post("/api/test/burn", headers={"X-CSRFToken": "x" * 32, "Accept-Language": "en"})  # type: ignore[arg-type]
    body = problem(response, 403, "forbidden")
    assert body["data"] == {"permission": "ledger.burn"} and "ledger.burn" in body["title"]


def test_the_scope_is_as_narrow_as_the_permission(client: Client, tenant: Tenant) -> None:
    tenant.hire(
        "b@acme.example",
        NewAssignment("clerk", tenant.tea.id, region_id=tenant.east.id),
        NewAssignment("auditor", tenant.tea.id),
    )
    sign_in(client, "b@acme.example")
    wide = get(client, "read").json()
    assert wide["stores"] is None and "ledger.burn" not in wide["permissions"]
    narrow = client.post("/api/test/burn", headers={"X-CSRFToken": "x" * 32}).json()  # type: ignore[arg-type]
    assert narrow["stores"] == sorted([str(tenant.s1.id), str(tenant.s2.id)])


def test_a_write_needs_our_own_page(client: Client, tenant: Tenant) -> None:
    sign_in(client, "owner@acme.example")
    problem(client.post("/api/test/burn", headers={"X-Regulars-Brand": tenant.tea.slug}), 403, "csrf_failed")  # type: ignore[arg-type]


def test_a_session_ends_with_the_password_and_with_the_job(client: Client, tenant: Tenant) -> None:
    clerk = tenant.hire("c@acme.example", NewAssignment("auditor", tenant.tea.id))
    sign_in(client, "c@acme.example")
    assert get(client, "read").status_code == 200
    staff.reset_password(
        organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, password="a wholly new secret", now=NOW
    )
    problem(get(client, "read"), 401, "signed_out")
    second = Client()
    staff.reset_password(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, password=PASSWORD, now=NOW)
    sign_in(second, "c@acme.example")
    staff.update_staff(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, is_active=False, now=NOW)
    problem(get(second, "read"), 401, "signed_out")


def test_a_role_taken_away_works_at_once(client: Client, tenant: Tenant) -> None:
    clerk = tenant.hire("c@acme.example", NewAssignment("auditor", tenant.tea.id))
    sign_in(client, "c@acme.example")
    staff.update_staff(organisation_id=tenant.id, by=SYSTEM, staff_id=clerk.id, assignments=[], now=NOW)
    problem(get(client, "read", tenant.tea.slug), 404, "not_found")


def test_an_api_key_is_no_session_and_a_session_is_no_key(client: Client, tenant: Tenant) -> None:
    problem(get(client, "read", tenant.tea.slug, **key(tenant, "members.read")), 401, "signed_out")
    sign_in(client, "owner@acme.example")
    problem(get(client, "keyed", tenant.tea.slug), 401, "bad_api_key")


# -- API keys


def test_a_key_acts_for_its_brand(client: Client, tenant: Tenant) -> None:
    body = get(client, "keyed", **key(tenant, "members.read", is_test=True)).json()
    assert body == {
        "brand": str(tenant.tea.id), "actor": "api_key", "stores": None, "permissions": ["members.read"], "test": True,
    }  # fmt: skip


def test_a_key_cannot_ask_for_another_brand(client: Client, tenant: Tenant, foreign: Tenant) -> None:
    mine = key(tenant, "members.read")
    for own in (tenant.tea.id, tenant.tea.slug):
        assert get(client, "keyed", own, **mine).status_code == 200
    for other in (tenant.coffee.slug, foreign.tea.id, "none-such"):
        problem(get(client, "keyed", other, **mine), 404, "not_found")


def test_a_key_without_the_permission_is_told_which(client: Client, tenant: Tenant) -> None:
    body = problem(get(client, "keyed", **key(tenant, "activities.write")), 403, "forbidden")
    assert body["data"] == {"permission": "members.read"}


@pytest.mark.parametrize("sent", [None, "", "Bearer", "Bearer rk_live_x", "Basic abc", "Bearer \u00e9"])
def test_bad_keys_are_refused_and_told_how_to_come(client: Client, tenant: Tenant, sent: str | None) -> None:
    response = get(client, "keyed", **({} if sent is None else {"Authorization": sent}))
    problem(response, 401, "bad_api_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_guessing_keys_is_slowed_down(client: Client, tenant: Tenant) -> None:
    codes = [get(client, "keyed", Authorization="Bearer rk_live_guess").status_code for _ in range(320)]
    assert codes[:300] == [401] * 300 and 429 in codes
    response = get(client, "keyed", Authorization="Bearer rk_live_guess")
    if response.status_code == 429:
        assert int(response["Retry-After"]) >= 1
    # A good key from the same address is not held up.
    assert get(client, "keyed", **key(tenant, "members.read")).status_code == 200


def test_a_key_has_its_rate(client: Client, tenant: Tenant, settings) -> None:  # type: ignore[no-untyped-def]
    settings.RATE_PER_KEY = 2
    busy, calm = key(tenant, "members.read"), key(tenant, "members.read")
    codes = [get(client, "keyed", **busy).status_code for _ in range(6)]
    assert codes[:4] == [200] * 4 and codes[5] == 429
    assert get(client, "keyed", **calm).status_code == 200


def test_buckets_fill_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(rates, "monotonic", lambda: clock[0])
    buckets = rates.Buckets()
    taken = [buckets.take("a", rate=2, burst=3) for _ in range(4)]
    assert taken == [0, 0, 0, 0.5]
    clock[0] += 0.5
    assert [buckets.take("a", rate=2, burst=3), buckets.take("a", rate=2, burst=3)] == [0, 0.5]


# -- problems


def post(
    client: Client, tenant: Tenant, body: bytes | str, kind: str = "application/json", **headers: str
) -> Any:
    headers |= key(tenant, "activities.write")
    return client.post("/api/test/keyed", body, content_type=kind, headers=headers)  # type: ignore[arg-type]


def test_every_fault_has_its_path_in_the_callers_language(client: Client, tenant: Tenant) -> None:
    body = json.dumps({"name": "too long", "lines": [{"amount": 1}, {"amount": -1}, {"amount": "x"}, {}]})
    english = problem(post(client, tenant, body, **{"Accept-Language": "en-GB"}), 422, "invalid_input")
    assert [(e["field"], e["message"]) for e in english["errors"]] == [
        ("name", "At most 5 characters"),
        ("lines[1].amount", "Must be at least 0"),
        ("lines[2].amount", "Must be a whole number"),
        ("lines[3].amount", "Required"),
    ]
    chinese = problem(post(client, tenant, body), 422, "invalid_input")
    assert chinese["errors"][1]["message"] == "不能小于 0"


def test_a_query_parameter_has_its_name(client: Client, tenant: Tenant) -> None:
    body = problem(get(client, "fails?number=x", **key(tenant, "members.read")), 422, "invalid_input")
    assert {e["field"] for e in body["errors"]} == {"how", "number"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "bad_json"),
        (b'{"name": NaN}', "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b'{"name": "\\ud800"}', "bad_json"),
        (b'{"name": "a\\u0000"}', "bad_character"),
        (b"[" * 100_000, "bad_json"),
    ],
)
def test_bodies_that_are_no_json(client: Client, tenant: Tenant, body: bytes, code: str) -> None:
    problem(post(client, tenant, body), 400, code)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"null", b"1", b""])
def test_json_of_another_shape(client: Client, tenant: Tenant, body: bytes) -> None:
    problem(post(client, tenant, body), 422, "invalid_input")


def test_an_escaped_backslash_is_no_nul(client: Client, tenant: Tenant) -> None:
    assert post(client, tenant, rb'{"name": "\\u0000"}').status_code == 422  # too long, but read
    assert post(client, tenant, rb'{"name": "\\u0"}').status_code == 200


def test_ten_megabytes_are_read_and_more_is_refused_unread(client: Client, tenant: Tenant) -> None:
    most = b'{"name": "a", "x": "' + b"a" * (MAX_BODY_BYTES - 22) + b'"}'
    assert len(most) == MAX_BODY_BYTES
    assert post(client, tenant, most).status_code == 200
    assert problem(post(client, tenant, most + b" "), 413, "too_large")["data"] == {
        "max_bytes": MAX_BODY_BYTES
    }


def test_other_kinds_of_body_are_refused(client: Client, tenant: Tenant) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/xml"):
        problem(post(client, tenant, b'{"name": "a"}', kind), 415, "unsupported_media_type")
    assert post(client, tenant, b'{"name": "a"}', "application/json; charset=utf-8").status_code == 200


def test_unknown_paths_and_methods(client: Client, tenant: Tenant) -> None:
    problem(client.get("/api/test/nowhere"), 404, "not_found")
    problem(client.get("/api/none"), 404, "not_found")
    response = client.delete("/api/test/keyed")
    problem(response, 405, "method_not_allowed")
    assert "POST" in response["Allow"]
    problem(client.get("/api/test/fails?how=%00"), 400, "bad_character")


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [("bug", 500, "internal"), ("data", 422, "out_of_range"), ("down", 503, "unavailable")],
)
def test_failures_say_no_more_than_their_number(
    client: Client, tenant: Tenant, how: str, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = get(
        client, f"fails?how={how}", **key(tenant, "members.read"), **{"X-Request-Id": "my-own-id-1"}
    )
    body = problem(response, status, code)
    assert "secret" not in response.content.decode() and "Traceback" not in response.content.decode()
    assert body["instance"] == "urn:regulars:request:my-own-id-1"


def test_a_strange_request_id_is_not_taken_over(client: Client, tenant: Tenant) -> None:
    response = get(client, "read", **{"X-Request-Id": "a\tb <script>"})
    assert "script" not in response["X-Request-Id"]


# -- declarations


def test_every_endpoint_tells_its_permission() -> None:
    found = {(d.path, *d.methods): (d.guards, d.permission) for d in access.declared(api)}
    assert found["/read", "GET"] == (("StaffAuth",), "members.read")
    assert found["/keyed", "POST"] == (("ApiKeyAuth",), "activities.write")
    assert found["/me", "GET"] == (("AnyStaff",), None)


def test_an_unknown_permission_is_noticed_when_declared() -> None:
    with pytest.raises(ValueError):
        StaffAuth("members.everything")


def test_behind_a_proxy_the_address_is_the_one_it_saw(settings, rf) -> None:  # type: ignore[no-untyped-def]
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.9"})
    assert access.client_ip(request) == "10.0.0.1"
    settings.TRUSTED_PROXIES = 1
    assert access.client_ip(request) == "192.0.2.9"


def test_actors_are_named_in_the_audit_log_without_secrets(tenant: Tenant, client: Client) -> None:
    header = key(tenant, "members.read")
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = header["Authorization"]
    actor: Actor = access.api_key_scope(request, "members.read").actor
    assert actor.label.startswith("k (") and header["Authorization"][-43:] not in actor.label
