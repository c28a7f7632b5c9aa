"""Reports on paper: the signs they use travel with them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from regulars.flows.insight import papers
from regulars.insight.reports.types import Column, Period, Report, Table
from regulars.kit import typeface
from regulars.kit.text import Text


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
