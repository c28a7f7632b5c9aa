"""The demo's logins are shown only where its brand is: each database has its own note."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulars.project.database import demo_note


def test_each_database_has_its_own_note_and_none_tells_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_DATA", str(tmp_path))
    notes = []
    for url in (
        None,
        "postgresql://shop:one@db.example:5432/shop",
        "postgresql://shop:two@db.example:5432/shop",
        "postgresql://shop:one@db.example:5432/other",
    ):
        if url is None:
            monkeypatch.delenv("DATABASE_URL", raising=False)
        else:
            monkeypatch.setenv("DATABASE_URL", url)
        notes.append(demo_note())
    assert notes[0] == tmp_path / "demo.txt"
    assert notes[1] == notes[2]  # the password does not name it
    assert len(set(notes)) == 3
