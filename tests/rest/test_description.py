"""The API's description is a valid OpenAPI 3.1 document and says what callers need."""

from __future__ import annotations

import json
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
from tests.rest.shop import Shop

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
def document(shop: Shop) -> dict[str, Any]:
    answer = shop.call("GET", "/openapi.json")
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return here + [r for value in node.values() for r in references(value)]
        return [r for item in node for r in references(item)] if isinstance(node, list) else []

    for reference in set(references(document)):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_operation_says_its_permission_its_words_and_its_refusals(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            where = f"{method} {path}"
            assert operation["x-permission"], where
            assert operation["security"] == [{"ApiKeyAuth": []}], where
            assert operation["description"], where
            assert set(operation["tags"]) <= tags, where
            assert "application/problem+json" in operation["responses"]["default"]["content"], where
    scheme = document["components"]["securitySchemes"]["ApiKeyAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
