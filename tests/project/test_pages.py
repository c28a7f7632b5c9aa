"""Entry pages, the API's documentation, static files and the headers of every answer."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

PAGES = ("/", "/healthz", "/api/docs", "/console/", "/console/members/42", "/nowhere")


class _Scripts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.inline = 0
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on")]
        if tag == "script" and given.get("type") != "application/json":
            if given.get("src"):
                self.sources.append(given["src"] or "")
            else:
                self.inline += 1
        if tag == "link" and given.get("rel") == "stylesheet":
            self.sources.append(given.get("href") or "")


@pytest.fixture
def built(tmp_path: Path, settings) -> Path:
    """A built console, to be served as if it were ours."""
    page = tmp_path / "static" / "console" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!doctype html><title>built</title>")
    settings.PACKAGE = tmp_path
    return page


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_foreign_and_inline_scripts(client: Client, path: str) -> None:
    answer = client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_bare_address_leads_staff_to_the_console(client: Client) -> None:
    for path in ("/", "/console"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, "/console/")


def test_any_address_of_the_console_gets_its_page_and_nobody_stores_it(client: Client, built: Path) -> None:
    for path in ("/console/", "/console/members/42?tab=orders"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert b"built" in answer.content
    assert client.post("/console/").status_code == 405


def test_a_console_that_was_not_built_is_said_so(client: Client, tmp_path: Path, settings) -> None:
    settings.PACKAGE = tmp_path
    assert client.get("/console/").status_code == 503


def test_the_documentation_page_loads_only_our_own_files(client: Client) -> None:
    answer = client.get("/api/docs")
    found = _Scripts()
    found.feed(answer.content.decode())
    assert found.inline == 0
    assert found.handlers == []
    assert len(found.sources) == 3
    for source in found.sources:
        assert source.startswith("/static/")
        file = client.get(source)
        assert file.status_code == 200, source
    assert re.search(r'data-description="/api/v1/openapi.json"', answer.content.decode())


def test_hashed_assets_are_kept_for_ever_and_others_are_not() -> None:
    from django.conf import settings

    kept = re.compile(settings.WHITENOISE_IMMUTABLE_FILE_TEST)
    assert kept.search("/static/console/assets/index-B1a2c3.js")
    assert kept.search("/static/portal/assets/Card-x9.css")
    assert not kept.search("/static/console/index.html")
    assert not kept.search("/static/docs/docs.js")


@pytest.mark.django_db
def test_health_says_when_the_database_does_not_answer(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError, connection

    def fail() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", fail)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable", "database": False})
