"""Values travel to the database as parameters; SQL is composed of constants and of names from our own code."""

from __future__ import annotations

import ast
import re

from tests.laws.source import modules

SQL = re.compile(
    r"\b(select|insert into|update|delete from|copy|create table|drop table|alter table)\b", re.IGNORECASE
)
# Functions that put an argument into SQL: the argument, and why it cannot be a caller's text.
NAMES_OF_OURS = {
    "kit.partitions.convert": {"table"},  # called by migrations and by due work with names written there
    "kit.partitions.keep": {"table"},
    **{
        f"kit.slots.{one}": {"table"}  # the room's own table of slots
        for one in ("take", "count", "read", "_lock", "_make", "_spread")
    },
    "kit.sql.copy_rows": {"table", "columns"},
    "kit.sql.copy_text": {"table", "columns"},
    "kit.wire.copy": {"table", "columns"},
    "platform.outbox.store.unseen_in": {"partition"},  # read from the catalogue
    "platform.outbox.store.drop": {"partition"},
    "platform.due.api.claim": {"table", "due", "where"},  # written out by the room whose table it is
    "value.ledger.records._adjustment": {"lock"},
    "engage.journeys.store.running._end": {"picked"},  # three queries written out beside it
    "insight.warehouse.sources._copy_of": {"source"},  # a query written out there
    # names of the warehouse's own files, quoted; DuckDB reads what FROM names, not a parameter
    "insight.warehouse.shaping.merge": {"paths"},
    "insight.warehouse.shaping._read": {"given"},
    "insight.warehouse.shaping._know": {"known"},
}


def composed_of_arguments(tree: ast.AST) -> list[tuple[str, int, str]]:
    """(function, line, argument) wherever an argument's own value is written into SQL text."""
    found = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        arguments = {a.arg for a in [*function.args.args, *function.args.kwonlyargs]}
        for node in ast.walk(function):
            if not isinstance(node, ast.JoinedStr):
                continue
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            if not SQL.search(text):
                continue
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    # a choice between constants (`"…" if open_only else ""`) only asks the argument
                    names = _written(part.value)
                    found += [(function.name, node.lineno, name) for name in sorted(names & arguments)]
    return found


def _written(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return _written(node.body) | _written(node.orelse)
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return _written(node.value)
    if isinstance(node, ast.Call):
        return set().union(*(_written(a) for a in node.args), set())
    if isinstance(node, ast.JoinedStr):
        return set().union(
            *(_written(p.value) for p in node.values if isinstance(p, ast.FormattedValue)), set()
        )
    return set()


def test_no_caller_s_text_in_sql() -> None:
    found = [
        f"{module.name}:{line} {function}({name})"
        for module in modules()
        for function, line, name in composed_of_arguments(module.tree)
        if name not in NAMES_OF_OURS.get(f"{module.name}.{function}", ())
    ]
    assert found == []


def test_the_law_can_fail() -> None:
    text = "f\"SELECT 1 FROM t WHERE n = '{name}' {'LIMIT 1' if few else ''}\""
    source = f"def f(cursor, name, few):\n    cursor.execute({text})"
    assert composed_of_arguments(ast.parse(source)) == [("f", 2, "name")]
