"""Each API describes itself validly, and what it can refuse for is written down."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

import pytest
from django.test import Client
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from tests.laws.source import ROOT

APIS = {"rest": "/api/v1", "console": "/api/console", "portal": "/api/portal"}
present = [name for name in APIS if importlib.util.find_spec(f"regulars.surfaces.{name}.urls")]


def document(name: str) -> dict[str, Any]:
    module = importlib.import_module(f"regulars.surfaces.{name}.application")
    found: dict[str, Any] = json.loads(json.dumps(module.api.get_openapi_schema()))
    return found


@pytest.mark.parametrize("name", present)
def test_descriptions_are_valid(name: str) -> None:
    described = document(name)
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(described)] == []
    assert described["paths"]


@pytest.mark.parametrize("name", present)
def test_every_operation_can_be_told_apart(name: str) -> None:
    operations = [
        operation["operationId"] for path in document(name)["paths"].values() for operation in path.values()
    ]
    assert len(operations) == len(set(operations))


@pytest.mark.parametrize("name", present)
def test_references_lead_somewhere(name: str) -> None:
    described = document(name)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(described))):
        node: Any = described
        for part in reference.split("/"):
            node = node[part]


@pytest.mark.django_db
@pytest.mark.parametrize("name", present)
def test_an_unknown_address_is_a_problem_document(name: str) -> None:
    answer = Client().get(f"{APIS[name]}/no-such-thing")
    assert answer.status_code in (401, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"]


def test_the_three_apis_are_here() -> None:
    assert present == list(APIS)
    assert (ROOT / "web" / "portal" / "openapi.json").is_file()
