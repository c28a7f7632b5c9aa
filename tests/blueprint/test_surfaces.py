"""The same over HTTP by API key, and at the terminal with its exit codes."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from tests.intake.world import START, World, points, programme, rule, world
from tests.rest.shop import ALL, Caller

from regulars.kit import clock
from regulars.platform.apikeys import api as apikeys
from regulars.platform.organisations.types import SYSTEM
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import NewAssignment
from regulars.surfaces.cli import main

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: START)
    return world(programme([rule("base", points())]))


@pytest.fixture
def call(w: World) -> Caller:
    made = apikeys.create_key(scope=w.scope, name="code", permissions=ALL, now=START)
    return Caller(made.token)


def test_over_http(w: World, call: Caller) -> None:
    answer = call("GET", "/programme/blueprint")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/yaml; charset=utf-8"
    text = answer.content.decode()
    yaml = {"Content_Type": "application/yaml"}
    assert call.post("/programme/blueprint/plan", text, **yaml)["differences"] == []
    changed = text.replace("amount: 1\n", "amount: 2\n", 1)
    found = call.post("/programme/blueprint/plan", changed, **yaml)
    assert [(d["sign"], d["path"], d["leaves"]) for d in found["differences"]] == [
        ("~", "programme.rules[base]", [{"path": "effects[0].amount", "before": 1, "after": 2}])
    ]
    assert "1 to change" in found["text"]
    done = call.post("/programme/blueprint/apply", changed, **yaml)
    assert (done["number"], done["state"]) == (2, "in_review")
    assert call.get("/programme")["version"] == 1
    assert "amount: 2" in call("GET", "/programme/blueprint?version=2").content.decode()
    broken = call.refused("POST", "/programme/blueprint/plan", text.replace("rules:", "rule:"), **yaml)
    assert broken["code"] == "invalid_input"
    assert broken["errors"][0]["field"] == "programme.rule"
    assert broken["errors"][0]["message"].endswith("Unknown field; did you mean rules?")
    assert broken["data"]["places"][0]["line"] > 10
    assert call.refused("POST", "/programme/blueprint/plan", "x" * 1_100_000, **yaml)["code"] == "too_large"


def run(*arguments: str) -> int:
    try:
        main.main(["programme", *arguments, "--brand", "test"])
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def test_at_the_terminal(
    w: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr("regulars.project.opening.open_project", lambda **_: nullcontext())
    people: dict[str, Any] = {"organisation_id": w.scope.organisation_id, "by": SYSTEM, "now": START}
    for name, role in (("ann", "owner"), ("bob", "owner"), ("cid", "clerk")):
        staff.create_staff(
            **people,
            email=f"{name}@example.org",
            name=name,
            password="a long pass phrase 1",
            assignments=[NewAssignment(role)],
        )
    file = tmp_path / "programme.yaml"
    assert run("export", str(file)) == 0
    assert run("plan", str(file)) == 0
    assert "Nothing differs." in capsys.readouterr().out
    file.write_text(file.read_text().replace("amount: 1\n", "amount: 2\n", 1))
    assert run("plan", str(file)) == 2
    told = capsys.readouterr().out
    assert "~ programme.rules[base]" in told
    assert "~ effects[0].amount: 1 → 2" in told
    assert run("apply", str(file), "--publish") == 1  # nobody in particular may not publish
    assert run("apply", str(file), "--as", "cid@example.org") == 1  # a clerk may not write it
    assert run("apply", str(file), "--as", "ann@example.org") == 3
    assert run("apply", str(file), "--as", "ann@example.org", "--publish") == 1
    assert "somebody else must review it" in capsys.readouterr().err
    assert run("apply", str(file), "--as", "bob@example.org", "--publish") == 0
    assert "Version 2 is published." in capsys.readouterr().out
    assert run("plan", str(file)) == 0
    file.write_text("regulars: 1\nprogramme: [1\n")
    assert run("plan", str(file)) == 1
    assert "line 3, column 1: Not YAML" in capsys.readouterr().err
    assert run("plan", str(tmp_path / "none.yaml")) == 1
