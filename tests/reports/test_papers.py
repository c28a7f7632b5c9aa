"""Reports on paper: the signs they use travel with them."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime

import pytest
from python_calamine import CalamineWorkbook

from regulars.flows.insight import papers
from regulars.insight.reports import api as reports
from regulars.insight.reports.types import Column, Period, Report, Table
from regulars.kit import typeface
from regulars.kit.text import Language, Text


def report(store: str) -> Report:
    table = Table(
        "buying_months",
        Text("按月销售", "Sales by month"),
        (Column("month", Text("月份", "Month"), "month"), Column("money", Text("金额", "Money"), "money"),
         Column("store", Text("门店", "Store"), "text")),
        ((date(2026, 9, 1), 120_000, store), (date(2026, 10, 1), 90_000, "<b>& 静安店</b>")),
        Text("九月 ¥1,200.00 · 十月更少", "September"),
        Text("注：含税", "Note"),
    )  # fmt: skip
    return Report("monthly", Period(date(2026, 9, 1), date(2026, 10, 31)), tables=(table,))


def made(store: str, brand: str = "常客示范超市") -> bytes:
    return papers.pdf(
        report(store),
        brand=Text(brand, brand),
        currency="CNY",
        as_of=datetime(2026, 11, 1, tzinfo=UTC),
        timezone="Asia/Shanghai",
        language="zh",
    )


def fonts(pdf: bytes) -> set[str]:
    """The fonts the pages are set in, without the six letters that mark a part of one."""
    found = re.findall(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([\w-]+)", pdf)
    return {one.decode() for one in found}


def test_chinese_is_set_in_a_font_the_paper_brings() -> None:
    pdf = made("上海静安店")
    assert b"/FontFile2" in pdf
    assert {one for one in fonts(pdf) if not one.startswith("Helvetica")} == {"NotoSansSC-Regular"}
    assert len(pdf) < 200_000  # of the font only what is used


def moved() -> Report:
    """Two categories of a made report, one of which the brand has named since."""
    table = Table(
        "moves",
        Text("占比变化最大的品类", "Categories that moved most"),
        (
            Column("category", Text("品类", "Category"), "text"),
            Column("c0", Text("0401", "0401"), "share", "0401"),
            Column("category_code", Text("品类编码", "Category code"), "text"),
        ),
        ((Text("0401", "0401"), 0.5, "0401"), (Text("0402", "0402"), 0.25, "0402")),
        Text("{category}上升", "{category} gained"),
        told="0401",
    )
    made_then = Report("drift", Period(date(2026, 9, 1), date(2026, 10, 31)), tables=(table,))
    return reports.named(made_then, {"0401": Text("茶", "Tea")})


@pytest.mark.parametrize(
    ("language", "head", "first", "said"),
    [
        ("zh", ["品类", "茶 (0401)", "品类编码"], ["茶", 0.5, "0401"], "茶上升"),
        ("en", ["Category", "Tea (0401)", "Category code"], ["Tea", 0.5, "0401"], "Tea gained"),
    ],
)
def test_a_workbook_has_categories_names_and_their_codes(
    language: Language, head: list[str], first: list[str | float], said: str
) -> None:
    book = papers.workbook(
        moved(), brand=Text("茶", "Tea"), currency="CNY", as_of=datetime(2026, 11, 1, tzinfo=UTC),
        timezone="Asia/Shanghai", language=language,
    )  # fmt: skip
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[2][0] == said
    assert rows[4:7] == [head, first, ["0402", 0.25, "0402"]]


@pytest.mark.parametrize(("language", "named"), [("zh", "茶"), ("en", "Tea")])
def test_paper_says_names_alone(language: Language, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    mark = typeface.marked
    monkeypatch.setattr(typeface, "marked", lambda text: (written.append(text), mark(text))[1])
    papers.pdf(
        moved(), brand=Text("常客", "Regulars"), currency="CNY", as_of=datetime(2026, 11, 1, tzinfo=UTC),
        timezone="Asia/Shanghai", language=language,
    )  # fmt: skip
    assert named in written and "0402" in written
    assert [one for one in written if "0401" in one] == []


def test_a_rare_sign_is_left_to_the_readers_font_and_nothing_is_read_as_markup() -> None:
    # 𠮷 (U+20BB7) is of no GB 2312; 喆 (U+5586), a sign of many names, is of GBK only
    assert typeface.font_for("陶喆") != typeface.NAME == typeface.font_for("陶 Café €5")
    assert typeface.marked("陶喆<b>&") == '陶<font name="STSong-Light">喆</font>&lt;b&gt;&amp;'
    pdf = made("陶喆的店", brand="喆记")
    assert {"NotoSansSC-Regular", "STSong-Light"} <= fonts(pdf)


@pytest.mark.parametrize("sign", "—·¥€％（）《》…“”×≥≤→℃")
def test_signs_of_the_products_own_words_are_there(sign: str) -> None:
    assert typeface.font_for(sign) == typeface.NAME


def test_every_word_of_a_report_is_in_the_font() -> None:
    """What the product itself says, in both languages, needs no other font."""
    from pathlib import Path

    import regulars.flows.insight
    import regulars.insight.reports

    said = set()
    for room in (regulars.insight.reports, regulars.flows.insight):
        for file in Path(str(room.__path__[0])).glob("*.py"):
            said |= {one for one in file.read_text(encoding="utf-8") if not one.isspace()}
    assert {one for one in said if typeface.font_for(one) != typeface.NAME} == set()
