"""The audit log says in both languages what was done to what: no entry is shown as its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.laws.source import Module, modules

from regulars.surfaces.console.audit_words import ACTIONS, THINGS, WHOLE

_CODE = re.compile(r"[a-z_]+\.[a-z_]+")
# What some modules write an entry by, beside `audit.record` and functions of their own that call it.
_WRITERS = {"note", "note_audit", "record"}
# Where an entry's last word is a state or act that is said at run time.
SAID = {
    "activity_type": ("archive", "update", "create"),
    "adjustment": ("asked", "posted", "rejected", "approved"),
    "board": ("active", "ended"),
    "care_plan": ("active", "paused", "ended"),
    "commission": ("confirmed", "paid"),
    "draw": ("active", "paused", "ended"),
    "import": ("create", "check", "start", "resume", "pause", "cancel"),
    "mission": ("active", "paused", "ended"),
    "segment": ("active", "paused", "archived"),
    "subscription": ("trial", "change", "renewal_on", "renewal_off", "pause", "resume", "transfer", "refund"),
    "task": ("done", "skipped"),
}


def test_every_audited_act_has_words() -> None:
    found = {code for module in modules() for code in _written(module)}
    assert {"webhook.rotate_secret", "campaign.launched", "draw.rotated", "care_plan.created"} <= found
    found |= {f"{thing}.{verb}" for thing, verbs in SAID.items() for verb in verbs}
    assert sorted(code for code in found if not _has_words(code)) == []


def test_words_differ_by_language() -> None:
    for words in (ACTIONS, THINGS, WHOLE):
        same = [code for code, text in words.items() if text.zh == text.en and code != "rfm"]
        assert same == []


def _has_words(code: str) -> bool:
    thing, _, verb = code.partition(".")
    return code in WHOLE or (thing in THINGS and verb in ACTIONS)


def _written(module: Module) -> Iterator[str]:
    """The codes that a module hands to what writes the log."""
    if module.name.startswith("flows.demo"):
        return
    writers = _WRITERS | {
        one.name
        for one in ast.walk(module.tree)
        if isinstance(one, ast.FunctionDef) and any(map(_records, ast.walk(one)))
    }
    for one in ast.walk(module.tree):
        if not isinstance(one, ast.Call):
            continue
        name = one.func.attr if isinstance(one.func, ast.Attribute) else getattr(one.func, "id", "")
        if name in writers:
            given = [*one.args, *(word.value for word in one.keywords)]
            for part in (inner for value in given for inner in ast.walk(value)):
                if (
                    isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and _CODE.fullmatch(part.value)
                ):
                    yield part.value


def _records(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("record", "record_many")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "audit"
    )
