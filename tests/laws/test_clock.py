"""`now` is an argument: only surfaces, commands, entry points of tasks and the project read the clock."""

from __future__ import annotations

import ast

from tests.laws.source import Module, dotted, modules

READS = {
    "clock.now",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "datetime.datetime.now",
    "datetime.date.today",
    "timezone.now",
    "time.time",
    "time.time_ns",
}
# SQL says now() too; columns default to it where a row is only a record of its own making.
MAY_READ = ("surfaces.", "project.", "project")
EXCEPTIONS = {
    "kit.clock": "the one place",
    "kit.ids": "a fresh id carries the instant it is made at",
    "flows.imports.process": "entry point of the processes that an import starts",
    "flows.insight.process": "entry point of the process of a nightly run",
}


def readings(tree: ast.AST, name: str) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in READS:
            found.append(f"{name}:{node.lineno} {dotted(node.func)}()")
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and name.split(".")[0] not in ("kit", "project")
        ):
            found += [
                f"{name}:{node.lineno} from time import {a.name}" for a in node.names if a.name == "time"
            ]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _sql_now(node.value):
            found.append(f"{name}:{node.lineno} now() in SQL")
    return found


def _sql_now(text: str) -> bool:
    low = text.lower()
    statement = any(word in low for word in ("select ", "insert ", "update ", "delete "))
    return statement and any(
        word in low for word in (" now()", "(now()", "current_timestamp", "clock_timestamp(")
    )


def may_read(module: Module) -> bool:
    return (
        module.name.startswith(MAY_READ) or module.name in EXCEPTIONS or module.name.split(".")[-1] == "tasks"
    )


def test_only_the_upper_floors_read_the_clock() -> None:
    found = [said for m in modules() if not may_read(m) for said in readings(m.tree, m.name)]
    assert found == []


def test_every_reading_goes_through_the_one_place() -> None:
    """Surfaces ask `kit.clock`, so that a test which freezes that freezes all."""
    found = [
        said
        for m in modules()
        if m.name.startswith("surfaces.")
        for said in readings(m.tree, m.name)
        if " clock.now()" not in said
    ]
    assert found == []


def test_the_law_can_fail() -> None:
    wrong = ast.parse("from django.utils import timezone\nx = timezone.now()\ny = 'SELECT 1 WHERE t < now()'")
    assert len(readings(wrong, "value.ledger.policy")) == 2
