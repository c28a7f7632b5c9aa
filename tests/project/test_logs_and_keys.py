"""Secrets are made once, kept private, and never logged."""

from __future__ import annotations

import base64
import logging
import stat
import threading
from pathlib import Path

import pytest

from regulars.project.keys import key_32, text_secret
from regulars.project.logs import ScrubbingFormatter
from regulars.project.plainly import PlainError, say


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("Authorization: Bearer rk_live_abc", "Authorization: …"),
        ("password='hunter2' user=x", "password='…' user=x"),
        ("postgresql://u:hush@db:5432/x failed", "postgresql://u:…@db:5432/x failed"),
        ("phone +8613912345678 not found", "phone 139****5678 not found"),
        ("order 202611210001 has amount 13912", "order 202611210001 has amount 13912"),
        ("mail to wang.fang@example.com", "mail to …@example.com"),
    ],
)
def test_a_log_line_holds_no_secret_and_no_person(said: str, logged: str) -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, said, None, None)
    assert ScrubbingFormatter("%(message)s").format(record) == logged


def test_a_traceback_is_scrubbed_too() -> None:
    try:
        raise ValueError("token=abc123")
    except ValueError as error:
        record = logging.LogRecord(
            "x", 40, __file__, 1, "failed", None, (ValueError, error, error.__traceback__)
        )
    assert "abc123" not in ScrubbingFormatter("%(message)s").format(record)


def test_a_secret_is_made_once_for_all_who_ask_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    answers: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(text_secret("s", variable="REGULARS_NO_SUCH", directory=tmp_path))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert len(answers[0]) >= 40
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["s"]
    assert stat.S_IMODE((tmp_path / "keys" / "s").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_a_key_from_the_environment_must_have_32_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_FIELD_KEY", base64.b64encode(b"k" * 32).decode())
    assert key_32("f", variable="REGULARS_FIELD_KEY", directory=tmp_path) == b"k" * 32
    for wrong in ("short", base64.b64encode(b"k" * 31).decode(), "*" * 44):
        monkeypatch.setenv("REGULARS_FIELD_KEY", wrong)
        with pytest.raises(PlainError, match=r"REGULARS_FIELD_KEY"):
            key_32("f", variable="REGULARS_FIELD_KEY", directory=tmp_path)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "中"),
        ({"LANG": "en_US.UTF-8"}, "e"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "e"),
        ({}, "e"),
    ],
)
def test_the_terminals_language_is_spoken(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert say(zh="中", en="e") == expected
