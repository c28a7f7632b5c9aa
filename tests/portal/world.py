"""A brand with the retail programme, and a browser at its portal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.test import Client

from regulars.facts.activity.types import (
    ActivityIn,
    BurnIn,
    LineIn,
    MemberRef,
    OrderIn,
    RefundIn,
    RefundLineIn,
)
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.intake import api as intake
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions

BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
PHONE = "13800138000"


class Frozen:
    """The clock of the surfaces, standing still at an instant until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def tick(self, delta: timedelta) -> None:
        self.instant += delta


@contextmanager
def freeze(instant: datetime) -> Iterator[Frozen]:
    frozen = Frozen(instant.astimezone(UTC))
    with patch("regulars.kit.clock.now", lambda: frozen.instant):
        yield frozen


@dataclass
class Brand:
    """What staff and tills do in a brand, in short words."""

    slug: str
    scope: Scope

    def enrol(self, phone: str = PHONE, at: datetime = BEGAN, **given: Any) -> UUID:
        row = Enrolment(identities=(IdentityIn("phone", phone),), joined_at=at, **given)
        [answer] = enrol.enrol(scope=self.scope, rows=[row], now=at)
        assert not isinstance(answer, Refusal), answer
        return answer.enrolled.member_id

    def post(self, activity: ActivityIn, now: datetime | None = None) -> UUID:
        [answer] = intake.post(scope=self.scope, activities=[activity], now=now or activity.occurred_at)
        assert not isinstance(answer, Refusal), answer.to_problem("en")
        return answer.activity_id

    def order(self, member: UUID, number: str, *amounts: int, at: datetime, **given: Any) -> UUID:
        names = ("Coffee beans", "Green tea", "Rye bread")
        lines = tuple(LineIn(sku=f"sku{i}", name=names[i % 3], amount=a) for i, a in enumerate(amounts))
        order = OrderIn(number=number, lines=lines)
        return self.post(ActivityIn("order", MemberRef(id=member), at, store="S1", order=order, **given))

    def refund(self, member: UUID, number: str, of: str, at: datetime, *lines: int) -> UUID:
        parts = tuple(RefundLineIn(line=n) for n in lines) or None
        refund = RefundIn(number=number, order=of, lines=parts)
        return self.post(ActivityIn("refund", MemberRef(id=member), at, refund=refund))

    def burn(self, member: UUID, key: str, amount: int, at: datetime) -> UUID:
        burn = BurnIn(unit="points", amount=amount, reason="coffee")
        return self.post(ActivityIn("burn", MemberRef(id=member), at, key=key, store="S1", burn=burn))

    def last_code(self) -> str:
        """The newest code in the sandbox, as staff read it."""
        [message, *_] = messaging.list_messages(scope=self.scope, limit=1).items
        found = re.search(r"\b\d{6}\b", message.body)
        assert found
        return found[0]


class Browser:
    """A browser at one brand's portal: keeps cookies, sends the CSRF header from its cookie."""

    def __init__(self, slug: str, language: str = "en") -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.slug = slug
        self.language = language

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        token = self.client.cookies.get("csrftoken")
        given = {"Accept-Language": self.language, "X-CSRFToken": token.value if token else ""} | headers
        return self.client.generic(
            method,
            f"/api/portal/{self.slug}/{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=given,
        )

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()

    def open(self) -> Browser:
        self.get("front")
        return self

    def ask_code(self, address: str = PHONE, kind: str = "phone") -> Any:
        return self.call("POST", "codes", {"kind": kind, "address": address})

    def give_code(self, code: str, address: str = PHONE, kind: str = "phone") -> Any:
        return self.call("POST", "session", {"kind": kind, "address": address, "code": code})

    def join(self, address: str = PHONE, kind: str = "phone", **given: Any) -> Any:
        form = {"kind": kind, "address": address, "values": {"name": "Ana"}, "consent_version": "1"} | given
        return self.call("POST", "enrolment", form)


def make_brand(
    slug: str, organisation_id: UUID | None = None, *, words: dict[str, Any] | None = None, **given: Any
) -> Brand:
    """`words` are the brand's own words beside those of the pack."""
    if organisation_id is None:
        organisation_id = organisations.create_organisation(name=Text("晨光", "Morning"), now=BEGAN).id
    brand = organisations.create_brand(
        organisation_id=organisation_id, slug=slug, name=Text("晨光百货", "Morning Store"), now=BEGAN, **given
    )
    organisations.put_stores(
        brand_id=brand.id, stores=[NewStore("S1", Text("南京西路店", "West Nanjing Road"))], now=BEGAN
    )
    scope = Scope(organisation_id, brand.id, Actor("staff", None, "owner"), frozenset(PERMISSIONS))
    pack = packs.get_pack("retail")
    pack = {**pack, "words": {**pack["words"], **(words or {})}}
    versions.install(scope=scope, definition=pack, now=BEGAN, effective_from=BEGAN)
    return Brand(slug, scope)
