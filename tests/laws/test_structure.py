"""Who may import whom: floors, rooms, doors, purity, HTTP. pyproject.toml holds what import-linter can say."""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase

import pytest
from importlinter.cli import lint_imports
from tests.laws.source import ROOT, Import, Module, foreign_imports_of, imports_of, modules, room_of

# Modules that other rooms may import besides `api` and `types`: who may, and why it cannot be the door.
ALSO_DOORS = [
    (
        "facts.members.states",
        ("flows.*", "value.tiers.api", "surfaces.*"),
        "the membership row is the lock of all that is a member's: flows lock, read and write it in bulk",
    ),
    (
        "facts.activity.store",
        ("flows.*",),
        "keys, activities and order states are claimed and written in bulk inside the flow's transaction",
    ),
    (
        "facts.activity.records",
        ("flows.*", "surfaces.*"),
        "the stored form of an activity and its receipt: plain types, a file of their own beside the wire's",
    ),
    (
        "facts.activity.totals",
        ("flows.*", "surfaces.*"),
        "sums by day and store as plain types",
    ),
    (
        "facts.activity.declared",
        ("flows.intake.prepare", "flows.blueprint.*", "surfaces.*"),
        "declared types as plain types, and the pure check of their fields",
    ),
    (
        "value.ledger.store",
        ("flows.*",),
        "wallets are loaded and saved in bulk inside the flow's transaction; nobody else writes value",
    ),
    (
        "value.ledger.wallet",
        ("flows.*",),
        "the pure half of the ledger, which the fold drives",
    ),
    (
        "value.ledger.records",
        ("flows.*", "surfaces.rest.value", "surfaces.console.*"),
        "holds and adjustments are written inside the flow that moves their value",
    ),
    (
        "value.prepaid.policy",
        ("flows.prepaid.*",),
        "the pure half of prepaid value, which its flows drive",
    ),
    (
        "value.prepaid.store",
        ("flows.prepaid.*",),
        "what was bought is written inside the flow that moves its value",
    ),
    (
        "value.tiers.policy",
        ("flows.intake.*",),
        "the pure half of tiers, which the fold drives",
    ),
    (
        "conditions.catalogue",
        ("facts.members.policy.attributes",),
        "what a custom field becomes in the language",
    ),
    (
        "conditions.sql.api",
        ("audience.*", "surfaces.*"),
        "the language's interpreter in SQL, apart because the language itself is pure",
    ),
    (
        "platform.signin.policy",
        ("surfaces.portal.*",),
        "lifetimes that cookies share with sessions",
    ),
    (
        "value.rewards.policy",
        ("flows.mall.*",),
        "the pure half of the mall, which its flow drives",
    ),
    (
        "value.bookings.policy",
        ("flows.bookings.*",),
        "the pure half of bookings, which their flow drives",
    ),
    (
        "engage.missions.api.*",
        ("flows.*", "surfaces.*"),
        "missions, play and draws are three doors of one room, each small enough to be read",
    ),
    (
        "engage.missions.policy",
        ("flows.missions.*", "surfaces.*"),
        "the pure half of missions and draws, which their flow drives and pages explain by",
    ),
    (
        "flows.intake.*",
        ("flows.*",),
        "flows that move value, try a draft or import fold and write as the intake does",
    ),
    (
        "flows.imports.*",
        ("flows.demo.api", "flows.coupon_codes", "flows.insight.*"),
        "the demo is an import that runs in its own process, with its own progress, as the nightly run does; "
        "codes are read as files are",
    ),
    (
        "flows.insight.*",
        ("surfaces.*",),
        "each nightly step is the door of its own pages; they share the run and nothing else",
    ),
    (
        "project.*",
        ("surfaces.cli.*",),
        "the commands start the supervisor, the worker and the migrations",
    ),
]  # fmt: skip


def shared_by_a_floor(module: str) -> bool:
    """A flow or a part of surfaces that is one file is its own door."""
    parts = module.split(".")
    return parts[0] in ("flows", "surfaces") and len(parts) == 2


def is_door(module: str) -> bool:
    room = room_of(module)
    if module.split(".")[0] == "kit" or shared_by_a_floor(module):
        return True
    inside = module[len(room) + 1 :].split(".")
    return inside[0] in ("api", "types") and (len(inside) == 1 or inside[0] == "types")


def admitted_by(imported: str, importer: str) -> int | None:
    for place, (module, importers, _) in enumerate(ALSO_DOORS):
        if (fnmatchcase(imported, module) or fnmatchcase(imported, f"{module}.*")) and any(
            fnmatchcase(importer, pattern) for pattern in importers
        ):
            return place
    return None


def past_the_door(one: Import) -> bool:
    if one.imported in ("", room_of(one.imported)) and not shared_by_a_floor(one.imported):
        return one.imported not in ("", "kit")
    return not is_door(one.imported) and admitted_by(one.imported, one.importer) is None


def between_rooms() -> list[Import]:
    return [
        one
        for module in modules()
        for one in imports_of(module)
        if module.room != room_of(one.imported) and one.imported != ""
    ]


def test_import_contracts_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = lint_imports(no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_one_door_per_room() -> None:
    assert [str(one) for one in between_rooms() if past_the_door(one)] == []


def test_no_exception_outlives_its_use() -> None:
    used = {admitted_by(one.imported, one.importer) for one in between_rooms()}
    # these stand ready for floors that come later, or for the fold once it takes tiers' pure half
    ready = {"conditions.sql.api", "value.tiers.policy"}
    assert [m for n, (m, _, _) in enumerate(ALSO_DOORS) if n not in used and m not in ready] == []


@pytest.mark.parametrize(
    ("importer", "imported", "refused"),
    [
        ("surfaces.rest.value", "value.ledger.store", True),
        ("surfaces.rest.value", "value.ledger.models", True),
        ("surfaces.rest.value", "value.ledger.api", False),
        ("value.benefits.api", "facts.members", True),
        ("facts.members.api.reading", "platform.audit.store", True),
        ("flows.enrol", "facts.members.api.enrolling", True),
        ("flows.intake.post", "value.ledger.store", False),
        ("surfaces.rest.value", "flows.value", False),
        ("surfaces.rest.activities", "flows.intake.fold", True),
    ],
)
def test_the_law_of_doors_can_fail(importer: str, imported: str, refused: bool) -> None:
    assert past_the_door(Import(importer, imported, 1)) is refused


HTTP = (
    "ninja",
    "django.http",
    "django.urls",
    "django.views",
    "django.shortcuts",
    "django.test",
    "django.middleware",
)


def speaks_http(module: Module) -> list[str]:
    if module.name.split(".")[0] in ("surfaces", "project"):
        return []
    return [
        f"{module.name}:{line} imports {name}"
        for name, line in foreign_imports_of(module)
        if any(name == part or name.startswith(f"{part}.") for part in HTTP)
    ]


def test_only_surfaces_speak_http() -> None:
    assert [said for module in modules() for said in speaks_http(module)] == []


def test_doors_take_keywords() -> None:
    """Functions of a door take at most two things by place; pure languages and task entry points aside."""
    wrong = []
    for module in modules():
        inside = module.name[len(module.room) + 1 :]
        if inside != "api" and not inside.startswith("api."):
            continue
        if module.name.split(".")[0] in ("conditions", "programme"):
            continue
        wrong += [
            f"{module.name}.{node.name}"
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef)
            and not node.name.startswith("_")
            and len(node.args.posonlyargs + node.args.args) > 2
        ]
    assert wrong == []
