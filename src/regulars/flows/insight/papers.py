"""A report on paper (PDF, A4) and as a workbook (Excel), in Chinese or English, from the same tables as the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter
from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from regulars.insight.reports.types import REPORTS, Column, Report, Table
from regulars.kit import typeface
from regulars.kit.money import exponent, show, to_major
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text

MONTHLY = Text("会员月报", "Monthly member report")
_PERIOD = Text("期间 {a} 至 {b}，数据截至 {c}", "{a} to {b}, data as of {c}")
_NOTHING = Text("没有数据", "No data")
_MOST_COLUMNS = 14
_BLUE = colors.HexColor("#2f6fb2")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Codes are for machines: they are left out of what people read. A workbook, which other programs read too, has those of
# categories beside their names.
_HIDDEN = frozenset({"code"})
_HIDDEN_ON_PAPER = _HIDDEN | {"category_code"}


def title_of(report: Report) -> Text:
    """What the report is called."""
    return REPORTS.get(report.name, MONTHLY)


def pdf(
    report: Report, *, brand: Text, currency: str, as_of: datetime, timezone: str, language: Language
) -> bytes:
    """The report to print."""
    typeface.register()
    paper = _Paper(report, currency, language)
    told = _PERIOD.format(
        a=report.period.first, b=report.period.last, c=f"{as_of.astimezone(zone(timezone)):%Y-%m-%d %H:%M}"
    ).in_language(language)
    target = io.BytesIO()
    name = f"{brand.in_language(language)} · {title_of(report).in_language(language)}"
    document = SimpleDocTemplate(
        target, pagesize=landscape(A4), leftMargin=14 * mm, rightMargin=14 * mm, topMargin=13 * mm,
        bottomMargin=14 * mm, title=name,
    )  # fmt: skip

    def foot(canvas: Any, document: Any) -> None:
        canvas.saveState()
        line = f"{name} · {told}"
        canvas.setFont(typeface.font_for(line), 7)
        canvas.drawString(14 * mm, 7 * mm, line)
        canvas.drawRightString(landscape(A4)[0] - 14 * mm, 7 * mm, str(document.page))
        canvas.restoreState()

    document.build(paper.story(name, told), onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def workbook(
    report: Report, *, brand: Text, currency: str, as_of: datetime, timezone: str, language: Language
) -> bytes:
    """The report as Excel: one sheet a table, numbers as numbers; no cell is ever run as a formula."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "font_size": 14})
    money = "#,##0" + ("." + "0" * exponent(currency) if exponent(currency) else "")
    formats = {
        kind: book.add_format({"num_format": pattern})
        for kind, pattern in (
            ("money", money), ("share", "0.0%"), ("count", "#,##0"), ("number", "0.00"), ("ratio", "0.00"),
            ("days", "0.0"), ("month", "yyyy-mm"), ("date", "yyyy-mm-dd"),
        )
    }  # fmt: skip
    told = _PERIOD.format(
        a=report.period.first, b=report.period.last, c=f"{as_of.astimezone(zone(timezone)):%Y-%m-%d %H:%M}"
    ).in_language(language)
    if not report.tables:
        lack = (report.lack or _NOTHING).in_language(language)
        book.add_worksheet(title_of(report).in_language(language)[:31]).write(0, 0, lack)
    used: set[str] = set()
    for table in report.tables:
        page = book.add_worksheet(_sheet_name(table.title.in_language(language), used))
        page.write(0, 0, f"{brand.in_language(language)} · {table.title.in_language(language)}", bold)
        page.write(1, 0, told)
        page.write(2, 0, table.message.in_language(language))
        shown = [(n, c) for n, c in enumerate(table.columns) if c.key not in _HIDDEN]
        for place, (_, column) in enumerate(shown):
            name = column.name.in_language(language)
            coded = column.code and column.code != name
            page.write(4, place, f"{name} ({column.code})" if coded else name, head)
            page.set_column(place, place, 22 if column.kind == "text" else 13)
        for number, row in enumerate(table.rows):
            for place, (n, column) in enumerate(shown):
                _write(page, 5 + number, place, row[n], column.kind, currency, language, formats)
        page.write(6 + len(table.rows), 0, table.note.in_language(language))
        page.freeze_panes(5, 1)
    book.close()
    return target.getvalue()


def said(value: Any, kind: str, currency: str, language: Language) -> str:
    """A cell in words."""
    if kind == "mixed":
        kind, value = value
    if value is None:
        return "—"
    if isinstance(value, Text):
        return value.in_language(language)
    if kind == "money":
        return show(int(value), currency)
    if kind == "share":
        return f"{value * 100:.1f}%"
    if kind == "month" and isinstance(value, date):
        return f"{value:%Y-%m}"
    if kind == "count":
        return f"{value:,}"
    if kind in ("number", "ratio"):
        return f"{value:.2f}"
    if kind == "days":
        return f"{value:.0f}"
    return str(value)


class _Paper:
    def __init__(self, report: Report, currency: str, language: Language) -> None:
        self.report = report
        self.currency = currency
        self.language: Language = language
        self.body = ParagraphStyle("body", fontName=typeface.NAME, fontSize=7.5, leading=10, wordWrap="CJK")
        self.number = ParagraphStyle("number", parent=self.body, alignment=2)
        self.small = ParagraphStyle(
            "small", parent=self.body, fontSize=7, leading=9.5, textColor=colors.dimgray
        )
        self.message = ParagraphStyle("message", parent=self.body, fontSize=10, leading=14)
        self.heading = ParagraphStyle("heading", parent=self.body, fontSize=12, leading=17, spaceBefore=8)
        self.title = ParagraphStyle("title", parent=self.body, fontSize=18, leading=25)

    def story(self, name: str, told: str) -> list[Any]:
        found: list[Any] = [self._text(name, self.title), self._text(told, self.small)]
        if self.report.lack is not None:
            return [*found, self._text(self.report.lack.in_language(self.language), self.message)]
        for table in self.report.tables:
            found += self._table(table)
        return found

    def _table(self, table: Table) -> list[Any]:
        top: list[Any] = [self._text(table.title.in_language(self.language), self.heading)]
        message = table.message.in_language(self.language)
        if message:
            top.append(self._text(message, self.message))
        if not table.rows:
            return [*top, self._text(_NOTHING.in_language(self.language), self.small)]
        drawing = self._bars(table)
        if drawing is not None:
            top.append(drawing)
        shown = [(n, c) for n, c in enumerate(table.columns) if c.key not in _HIDDEN_ON_PAPER][:_MOST_COLUMNS]
        rows = [[self._text(c.name.in_language(self.language)) for _, c in shown]]
        rows += [[self._cell(row[n], c) for n, c in shown] for row in table.rows]
        grid = Grid(rows, repeatRows=1, colWidths=_widths([c for _, c in shown]))
        style: list[Any] = [
            ("GRID", (0, 0), (-1, -1), 0.25, colors.lightgrey),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]
        if table.key.endswith("cohorts"):
            style += _heat(table, shown)
        grid.setStyle(TableStyle(style))
        note = table.note.in_language(self.language)
        end = [self._text(note, self.small)] if note else []
        return [KeepTogether([*top, Spacer(1, 2 * mm)]), grid, *end, Spacer(1, 3 * mm)]

    def _bars(self, table: Table) -> Drawing | None:
        """Money by month as bars from zero, for tables whose rows are months."""
        columns = [(n, c) for n, c in enumerate(table.columns) if c.kind == "money"]
        if table.columns[0].key != "month" or not columns or len(table.rows) < 2:
            return None
        place, column = columns[0]
        values = [float(to_major(int(row[place] or 0), self.currency)) for row in table.rows]
        drawing = Drawing(760, 118)
        chart = VerticalBarChart()
        chart.x, chart.y, chart.width, chart.height = 60, 22, 690, 84
        chart.data = [values]
        chart.valueAxis.valueMin = 0
        for axis in (chart.valueAxis, chart.categoryAxis):
            axis.labels.fontName, axis.labels.fontSize = typeface.NAME, 7
        chart.valueAxis.labelTextFormat = "{:,.0f}".format
        chart.categoryAxis.categoryNames = [f"{row[0]:%Y-%m}" for row in table.rows]
        chart.bars[0].fillColor = _BLUE
        chart.bars[0].strokeColor = None
        drawing.add(chart)
        label = f"{column.name.in_language(self.language)} ({self.currency})"
        drawing.add(String(60, 109, label, fontName=typeface.font_for(label), fontSize=7))
        return drawing

    def _cell(self, value: Any, column: Column) -> Paragraph:
        style = self.body if column.kind in ("text", "month", "date") else self.number
        return self._text(said(value, column.kind, self.currency, self.language), style)

    def _text(self, text: str, style: ParagraphStyle | None = None) -> Paragraph:
        return Paragraph(typeface.marked(text), style or self.body)


def _widths(columns: Sequence[Column]) -> list[float]:
    room = landscape(A4)[0] - 28 * mm
    parts = [2.2 if c.kind == "text" else 1.0 for c in columns]
    widest = 46 * mm
    return [min(widest * part, room * part / sum(parts)) for part in parts]


def _heat(table: Table, shown: Sequence[tuple[int, Column]]) -> list[Any]:
    """Cells of shares, the fuller the darker, never so dark that the figure cannot be read."""
    found = []
    for number, row in enumerate(table.rows):
        for place, (n, column) in enumerate(shown):
            if column.kind == "share" and row[n] is not None:
                light = 1 - 0.55 * min(1.0, float(row[n]))
                place_of = (place, number + 1)
                shade = colors.Color(light, light + (1 - light) * 0.55, 1)
                found.append(("BACKGROUND", place_of, place_of, shade))
    return found


def _sheet_name(name: str, used: set[str]) -> str:
    plain = "".join(" " if sign in "[]:*?/\\'" else sign for sign in name)[:28]
    found, number = plain, 2
    while found.lower() in used:
        found, number = f"{plain[:26]} {number}", number + 1
    used.add(found.lower())
    return found


def _write(
    page: Any, row: int, place: int, value: Any, kind: str, currency: str, language: Language, formats: Any
) -> None:
    if kind == "mixed":
        kind, value = value
    if value is None:
        return
    if isinstance(value, Text):
        value = value.in_language(language)
    if isinstance(value, date):
        page.write_datetime(row, place, value, formats.get(kind))
    elif isinstance(value, str):
        page.write_string(row, place, "'" + value if value.startswith(_FORMULA) else value)
    else:
        number = float(to_major(int(value), currency)) if kind == "money" else value
        page.write_number(row, place, number, formats.get(kind))
