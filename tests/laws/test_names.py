"""File names say what is inside, files stay readable, and what one word means it means everywhere."""

from __future__ import annotations

import ast
import re

import pytest
from tests.laws.source import PACKAGE, ROOT, modules

BANNED = {
    "utils",
    "util",
    "helpers",
    "helper",
    "services",
    "service",
    "managers",
    "manager",
    "common",
    "misc",
    "stuff",
}
LONGEST = 450  # lines; about 400 is meant, past which a file becomes a package
LONGER = {
    "flows.intake.fold": 600
}  # one class: what each type of activity does to one member, read from top to bottom


def banned_parts(name: str) -> list[str]:
    return [part for part in name.split(".") if part.lower() in BANNED]


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [m.name for m in modules() if banned_parts(m.name)] == []
    assert banned_parts("value.ledger.utils") == ["utils"]


def test_files_stay_readable() -> None:
    lines = {m.name: len(m.path.read_text().splitlines()) for m in modules()}
    assert {name: n for name, n in lines.items() if n > LONGER.get(name, LONGEST)} == {}


def test_every_module_says_what_it_is() -> None:
    """A docstring in each file that holds code, but for Django's app files."""
    silent = [
        m.name
        for m in modules()
        if m.path.name not in ("__init__.py", "apps.py") and m.tree.body and not ast.get_docstring(m.tree)
    ]
    assert silent == []


# What the work was made with or where is no part of the product.
@pytest.mark.parametrize(
    "word", [r"(?<![\w.])/(?:root|home)/\w", r"\bissue \d", r"TODO(?! [A-Z]\d)", r"FIXME", r"XXX"]
)
def test_nothing_speaks_of_its_making(word: str) -> None:
    pattern = re.compile(word)
    where = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in (PACKAGE, ROOT / "docs", ROOT / "bench")
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".py", ".md", ".toml") and path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert where == []
