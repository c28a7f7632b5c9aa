"""A shop of the console's tests and clients that are signed in to it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from tests.console.world import Shop

_numbers = itertools.count(1)


class Desk:
    """Somebody at the console: a browser with her session, the CSRF token and the brand."""

    def __init__(self, client: Client, brand: str, language: str = "en") -> None:
        self.client = client
        self.brand = brand
        self.language = language

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        """The JSON of the answer; the status must be the expected one."""
        sent = {"Accept-Language": self.language, "X-Regulars-Brand": self.brand, **headers}
        token = self.client.cookies.get("csrftoken")
        if token is not None:
            sent.setdefault("X-CSRFToken", token.value)
        answer = self.client.generic(
            method,
            f"/api/console{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=sent,
        )
        assert answer.status_code == expect, (answer.status_code, answer.content[:600])
        return json.loads(answer.content) if answer.content else None

    def get(self, path: str, **options: Any) -> Any:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.ask("POST", path, {} if body is None else body, **options)

    def put(self, path: str, body: Any, **options: Any) -> Any:
        return self.ask("PUT", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Any:
        return self.ask("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.ask("DELETE", path, **options)


@pytest.fixture
def shop(db: None) -> Shop:
    from tests.console.world import furnish, open_shop

    made = open_shop(f"shop{next(_numbers)}")
    furnish(made)
    return made


@pytest.fixture
def open_desk() -> Callable[..., Desk]:
    """Sign somebody in by her e-mail address, as the page does."""
    from django.test import Client
    from tests.console.world import PASSWORD

    def open_(email: str, brand: str, language: str = "en") -> Desk:
        desk = Desk(Client(enforce_csrf_checks=True), brand, language)
        desk.get("/session")
        desk.post("/session", {"email": email, "password": PASSWORD})
        return desk

    return open_


@pytest.fixture
def desk(shop: Shop, open_desk: Callable[..., Desk]) -> Callable[[str], Desk]:
    """Somebody of the shop by her role."""
    return lambda role: open_desk(shop.emails[role], shop.brand.slug)
