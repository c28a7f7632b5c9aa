"""The front end's types are made from this document, so it must be the one that is served."""

from __future__ import annotations

import json
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "web" / "portal" / "openapi.json"


def test_the_committed_document_is_the_present_one():
    from regulars.surfaces.portal.application import api

    assert json.loads(DOCUMENT.read_text()) == json.loads(json.dumps(api.get_openapi_schema()))


def test_every_write_says_what_it_takes_and_every_answer_its_shape():
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (path, method)
            good = [status for status in operation["responses"] if status.startswith("2")]
            assert good, (path, method)
