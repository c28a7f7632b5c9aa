"""The command `regulars`: its overview, its refusals, and the first member of staff."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from regulars.surfaces.cli.main import COMMANDS, main


def _run(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        main(list(words))
        code = 0
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def test_the_overview_names_every_command_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from regulars.surfaces.cli.main import main; main(['--help'])\n"
        "print(sorted({'django', 'typer', 'psycopg', 'numpy'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said = done.stdout
    assert done.stderr.strip() == "[]"
    for name in ("serve", "migrate", "worker", "createstaff", "manage"):
        assert f"  {name} " in said


def test_an_unknown_command_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _run("fly", capsys=capsys) == (2, "", "There is no command 'fly'; regulars --help lists them.\n")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert _run("fly", capsys=capsys)[2] == "没有命令“fly”;运行 regulars --help 查看全部命令。\n"


@pytest.mark.parametrize("name", ["serve", "migrate", "worker", "createstaff"])
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = _run(name, "--help", capsys=capsys)
    assert code == 0
    assert f"regulars {name}" in said
    assert name in COMMANDS


def test_the_first_member_of_staff_brings_her_organisation_and_signs_in(
    transactional_db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.kit import clock
    from regulars.platform.organisations import api as organisations
    from regulars.platform.staff import api as staff

    who = ("createstaff", "--email", "Boss@example.com")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a-long-password\n"))
    assert _run(*who, capsys=capsys) == (1, "", "Say which organisation she belongs to: --organisation.\n")
    assert organisations.list_organisations() == []

    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    code, _, err = _run(*who, "--organisation", "星河", capsys=capsys)
    assert (code, err.count("\n")) == (1, 1)
    assert "At least 10 characters" in err
    assert organisations.list_organisations() == []

    monkeypatch.setattr(sys, "stdin", io.StringIO("a-long-password\n"))
    assert _run(*who, "--organisation", "星河", "--brand", "xinghe", capsys=capsys)[0] == 0
    assert [brand.slug for brand in organisations.list_brands()] == ["xinghe"]
    signed_in = staff.authenticate(
        email="boss@example.com", password="a-long-password", ip="127.0.0.1", now=clock.now()
    )
    assert [one.role.key for one in signed_in.assignments] == ["owner"]

    code, _, err = _run(*who, "--generate-password", capsys=capsys)
    assert (code, err) == (1, "This e-mail address is already in use.\n")
