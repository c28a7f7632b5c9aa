"""The pages' types are made from this document, so it must be the one that the API describes itself by."""

from __future__ import annotations

import json
import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "web" / "console" / "openapi.json"


def test_the_committed_document_is_the_present_one():
    """`make web` does not write it: `python -m tests.console.test_openapi` does."""
    assert json.loads(DOCUMENT.read_text()) == described()


def test_every_operation_says_what_it_does_and_what_it_needs():
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], (path, method)
            assert "x-permission" in operation or "/session" in path, (path, method)
            assert any(status.startswith("2") for status in operation["responses"]), (path, method)


def test_no_two_shapes_share_a_name():
    """The document keeps shapes by name: of two the later would stand for both."""
    from regulars.surfaces import console

    seen: dict[str, str] = {"FilterIn": ""}  # read from the query, which the document spells out each time
    own = Path(console.__file__).parent
    for path in sorted([*own.rglob("*.py"), *own.parent.glob("*_views.py")]):
        for name in re.findall(
            r"^class ([A-Z]\w*)\((?:Shape|Schema|\w+(?:In|Out|IO))\)", path.read_text(), re.MULTILINE
        ):
            assert name == "FilterIn" or name not in seen, f"{name} is in {seen[name]} and in {path.name}"
            seen[name] = path.name


def described() -> dict[str, object]:
    from regulars.surfaces.console.application import api

    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/console")))


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.project.settings")
    django.setup()
    DOCUMENT.write_text(json.dumps(described(), ensure_ascii=False, indent=1) + "\n")
