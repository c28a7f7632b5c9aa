"""The product's source as the laws read it: modules, the rooms they belong to, what they import, their trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "regulars"
# Floors whose next level is rooms; the others are one room each.
FLOORS_OF_ROOMS = frozenset(
    {
        "surfaces",
        "flows",
        "engage",
        "alliance",
        "lab",
        "audience",
        "insight",
        "value",
        "programme",
        "facts",
        "platform",
    }
)


@dataclass(frozen=True)
class Module:
    """`name` without the leading `regulars.`."""

    name: str
    path: Path

    @property
    def tree(self) -> ast.Module:
        return _tree(self.path)

    @property
    def room(self) -> str:
        return room_of(self.name)


@dataclass(frozen=True)
class Import:
    """`importer` imports the module `imported` (both without `regulars.`), at `line`."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def modules() -> tuple[Module, ...]:
    """Every module but the migrations."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if "migrations" in parts:
            continue
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(Module(name, path))
    return tuple(found)


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] in FLOORS_OF_ROOMS else 1])


def is_module(name: str) -> bool:
    path = PACKAGE.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports_of(module: Module) -> Iterator[Import]:
    """What a module imports of the product, wherever in the file it says so."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "regulars":
            base = ".".join(node.module.split(".")[1:])
            for alias in node.names:
                full = f"{base}.{alias.name}" if base else alias.name
                yield Import(module.name, full if is_module(full) else base, node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                first, _, rest = alias.name.partition(".")
                if first == "regulars":
                    yield Import(module.name, rest, node.lineno)


def foreign_imports_of(module: Module) -> Iterator[tuple[str, int]]:
    """The dotted names that a module imports from elsewhere: `django.http.HttpRequest`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno


def dotted(node: ast.expr) -> str:
    """`clock.now` of an attribute chain of names, else nothing."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
