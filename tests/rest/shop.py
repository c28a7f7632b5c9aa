"""What the tests of the public API act on, and a small client that speaks for a key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.test import Client

from regulars.kit import clock
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import NOT_FOR_KEYS
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions

ALL = frozenset(PERMISSIONS) - NOT_FOR_KEYS


@dataclass
class Caller:
    """Calls the API with a key; answers are decoded."""

    token: str | None
    language: str = "en"
    client: Client = field(default_factory=Client)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        given: dict[str, str] = {"Accept-Language": self.language}
        if self.token is not None:
            given["Authorization"] = f"Bearer {self.token}"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        more: dict[str, Any] = {}
        if body is not None:
            data = body if isinstance(body, (str, bytes)) else json.dumps(body)
            more = {"data": data, "content_type": given.pop("Content-Type", "application/json")}
        response = self.client.generic(method, f"/api/v1{path}", more.pop("data", b""), headers=given, **more)
        return Answer(response.status_code, response.content, response.headers)

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers).ok()

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body if body is not None else {}, **headers).ok()

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
        answer = self(method, path, body, **headers)
        assert answer.status >= 400, answer
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(answer.content)
        assert problem["status"] == answer.status
        return problem


@dataclass
class Answer:
    status: int
    content: bytes
    headers: Any

    def ok(self) -> Any:
        assert self.status < 300, (self.status, self.content.decode())
        return json.loads(self.content) if self.content else None


@dataclass(frozen=True)
class Shop:
    """`call` may do everything in the brand; `foreign` everything in a brand of another organisation."""

    scope: Scope
    call: Caller
    foreign: Caller
    now: datetime

    def key(self, permissions: Iterable[str]) -> Caller:
        made = apikeys.create_key(
            scope=self.scope, name="test", permissions=frozenset(permissions), now=self.now
        )
        return Caller(made.token)

    def enrol(self, phone: str = "13800138000", **more: Any) -> str:
        given = {"identities": [{"type": "phone", "value": phone}], **more}
        member: str = self.call.post("/members", given)["member_id"]
        return member


def open_shop() -> Shop:
    now = clock.now()
    made = [new_brand(slug, now) for slug in ("tea", "gym")]
    for scope, _ in made:
        versions.install(
            scope=scope,
            definition=packs.get_pack("retail"),
            effective_from=now - timedelta(days=800),
            now=now,
        )
    (scope, call), (_, foreign) = made
    return Shop(scope, call, foreign, now)


def new_brand(slug: str, now: datetime) -> tuple[Scope, Caller]:
    """A brand of an organisation of its own, one store, nothing published; a key that may do everything."""
    organisation = organisations.create_organisation(name=Text(slug, slug), now=now)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug=slug, name=Text(slug, slug), now=now
    )
    organisations.put_stores(brand_id=brand.id, stores=[NewStore("S1", Text("一店", "First"))], now=now)
    scope = Scope(organisation.id, brand.id, Actor("staff", new_id(), "Owner"), frozenset(PERMISSIONS))
    made = apikeys.create_key(scope=scope, name=f"{slug} key", permissions=ALL, now=now)
    return scope, Caller(made.token)


def order(member_id: str | UUID, number: str, amount: int, at: datetime, **more: Any) -> dict[str, Any]:
    """An order of one line."""
    return {
        "type": "order",
        "member": {"id": str(member_id)},
        "occurred_at": at.isoformat(),
        "source": "pos",
        "order": {"number": number, "lines": [{"sku": "A", "amount": amount, "category": "tea"}]},
        **more,
    }
