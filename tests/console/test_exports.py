"""Lists as files: whole however long they are, or refused in words; never cut."""

from __future__ import annotations

import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from tests.console.world import enrol_members

from regulars.kit import paging
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Text
from regulars.surfaces.console import sheets

NAME = {"zh": "名单", "en": "List"}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of two rows, and sheets of Excel that hold three."""
    monkeypatch.setattr(sheets, "MAX_PORTION", 2)
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)


def file_of(who: Any, path: str, language: str = "en") -> Any:
    return who.client.get(
        f"/api/console{path}", headers={"X-Regulars-Brand": who.brand, "Accept-Language": language}
    )


def lines(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()


def test_a_csv_is_whole_and_excel_says_where_it_ends(shop: Any, desk: Any, small: None) -> None:
    enrol_members(shop, 5)
    owner = desk("owner")
    codes = sorted(shop.code_of(one) for one in shop.members)
    draft = {"code": "all", "name": NAME, "kind": "static", "members": codes}
    owner.post("/segments", draft, expect=201)
    for path in ("/segments/all/export", "/members/export"):
        got = lines(file_of(owner, f"{path}?format=csv"))
        assert sorted(line.split(",")[0] for line in got[1:]) == codes  # each once
        for language, words in (("en", "take CSV instead"), ("zh-CN", "请改为导出 CSV")):
            refused = file_of(owner, f"{path}?format=xlsx", language)
            assert refused.status_code == 422
            (error,) = refused.json()["errors"]
            assert (error["field"], error["code"]) == ("format", "too_many_rows")
            assert words in error["message"]
    # the log keeps who took a file, not who was refused one
    for action in ("segment.export", "member.export"):
        taken = owner.get(f"/audit?action={action}")["items"]
        assert [one["after"]["format"] for one in taken] == ["csv"]
    owner.patch("/segments/all", {"members": codes[:3]})
    assert file_of(owner, "/segments/all/export?format=xlsx").status_code == 200
    # lists whose length nobody knows before
    log = owner.get("/audit")["items"]
    assert len(lines(file_of(owner, "/audit/export?format=csv"))) == 1 + len(log)
    assert file_of(owner, "/audit/export?format=xlsx").json()["errors"][0]["code"] == "too_many_rows"
    assert file_of(owner, "/audit/export?format=xlsx&action=segment.export").status_code == 200


def test_what_is_wrong_with_a_list_is_said_before_its_file_begins(shop: Any, desk: Any) -> None:
    owner = desk("owner")
    for path in ("/members/export?segment=no", "/redemptions/export?reward=no", "/segments/no/export"):
        answer = file_of(owner, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_a_sheet_that_is_refused_leaves_nothing_behind(
    small: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made: dict[str, Any] = {"name": "x", "header": ["n"], "format_": "xlsx", "timezone": "UTC"}
    with pytest.raises(Refusal) as refused:
        sheets.sheet(rows=([n] for n in range(4)), **made)
    assert refused.value.errors[0].field == "format"
    with pytest.raises(Refusal):
        sheets.sheet(rows=iter(()), count=4, **made)  # known before: no row is read

    def wrong() -> Any:
        yield from ()
        raise not_found(Text("单", "Thing"))

    for format_ in ("csv", "xlsx"):
        with pytest.raises(Refusal):
            sheets.sheet(rows=wrong(), **{**made, "format_": format_})
    assert list(tmp_path.iterdir()) == []


def test_cells_of_a_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2024, 5, 1, 16, 30, tzinfo=UTC)
    answer = sheets.sheet(
        name="x", header=["a"], rows=[["=1+1", at, None, True, "长" * 40_000]], format_="xlsx",
        timezone="Asia/Shanghai",
    )  # fmt: skip
    with ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:  # type: ignore[attr-defined]
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "'=1+1" in page and "2024-05-02 00:30:00" in page
    # a cell of Excel holds 32 767 signs; of a longer text that much is there, and a sign that it goes on
    assert page.count("长") == 32_766 and "长…" in page


def test_a_file_that_breaks_off_says_so_in_its_last_line(small: None) -> None:
    def rows() -> Any:
        yield [1, "a"]
        yield [2, "b"]
        raise ConnectionError("the database went away")

    answer = sheets.sheet(name="x", header=["n", "what"], rows=rows(), format_="csv", timezone="UTC")
    got = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert (
        got[-1].startswith("!REGULARS-INCOMPLETE")
        and "请重新导出" in got[-1]
        and "export it again" in got[-1]
    )
    with pytest.raises(ConnectionError):  # of Excel nothing is sent before all is there
        sheets.sheet(name="x", header=["n", "what"], rows=rows(), format_="xlsx", timezone="UTC")


def test_portions_end_with_the_last_page() -> None:
    pages: dict[str | None, paging.Page[int]] = {
        None: paging.Page([1, 2], "b"),
        "b": paging.Page([3, 4], "c"),
        "c": paging.Page([]),
    }
    asked: list[int] = []

    def ask(cursor: str | None, limit: int) -> paging.Page[int]:
        asked.append(limit)
        return pages[cursor]

    assert [list(one) for one in sheets.portions(ask)] == [[1, 2], [3, 4], []]
    assert asked == [paging.MAX_PORTION] * 3
