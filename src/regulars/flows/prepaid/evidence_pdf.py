"""The evidence pack as a document to print: Chinese and English, A4, with page numbers and the pack's hash."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from regulars.kit import typeface
from regulars.kit.money import show
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.value.ledger.types import KIND_NAMES

_MOST_ENTRIES = 2000
_WORDS = {
    "title": Text("预付消费凭证", "Evidence of prepaid value"),
    "member": Text("会员", "Member"),
    "made": Text("出具时间", "Made at"),
    "by": Text("出具人", "Made by"),
    "buyer": Text("实名登记", "Recorded buyer"),
    "yes": Text("已登记", "recorded"),
    "no": Text("未登记", "not recorded"),
    "contract": Text("章程与合同（版本 {version}）", "Terms and contract (version {version})"),
    "balances": Text("余额", "Balances"),
    "unit": Text("单位", "Unit"),
    "available": Text("可用", "Available"),
    "held": Text("冻结", "Held"),
    "top_ups": Text("充值", "Top-ups"),
    "when": Text("时间", "When"),
    "paid": Text("实付", "Paid"),
    "bonus": Text("赠送", "Bonus"),
    "back": Text("已退", "Given back"),
    "method": Text("支付方式", "Method"),
    "reference": Text("凭证号", "Reference"),
    "packages": Text("次卡", "Packages"),
    "name": Text("名称", "Name"),
    "sessions": Text("次数", "Sessions"),
    "state": Text("状态", "State"),
    "uses": Text("次卡使用", "Uses of packages"),
    "store": Text("门店", "Store"),
    "undone": Text("已撤销", "Undone"),
    "gift_cards": Text("礼品卡", "Gift cards"),
    "face": Text("面值", "Face value"),
    "repayments": Text("退款", "Money given back"),
    "why": Text("原因", "Reason"),
    "entries": Text("账本分录", "Entries of the ledger"),
    "kind": Text("类型", "Kind"),
    "amount": Text("变动", "Amount"),
    "after": Text("余额", "After"),
    "hash": Text("哈希", "Hash"),
    "pack": Text("全文哈希", "Hash of the pack"),
    "none": Text("无", "None"),
    "more": Text("其余 {n} 条见 JSON 文件", "{n} more are in the JSON file"),
}


def render(pack: dict[str, Any], *, timezone: str, language: Language) -> bytes:
    """The pack as PDF."""
    typeface.register()
    page = _Page(pack, timezone, language)
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=15 * mm, rightMargin=15 * mm, topMargin=15 * mm, bottomMargin=15 * mm,
        title=page.say("title"), author=pack["made_by"],
    )  # fmt: skip
    document.build(page.story(), onFirstPage=page.foot, onLaterPages=page.foot)
    return target.getvalue()


class _Page:
    def __init__(self, pack: dict[str, Any], timezone: str, language: Language) -> None:
        self.pack = pack
        self.zone = zone(timezone)
        self.language: Language = language
        self.currency: str = pack["brand"]["currency"]
        body = ParagraphStyle("body", fontName=typeface.NAME, fontSize=8, leading=11, wordWrap="CJK")
        self.body = body
        self.heading = ParagraphStyle("heading", parent=body, fontSize=11, leading=16, spaceBefore=8)
        self.title = ParagraphStyle("title", parent=body, fontSize=16, leading=22)

    def say(self, word: str, **values: Any) -> str:
        return _WORDS[word].format(**values).in_language(self.language)

    def at(self, text: str | None) -> str:
        return "" if not text else f"{datetime.fromisoformat(text).astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def money(self, minor: int) -> str:
        return show(minor, self.currency)

    def story(self) -> list[Any]:
        pack = self.pack
        name = Text.from_json(pack["brand"]["name"]).in_language(self.language)
        found: list[Any] = [
            self.paragraph(f"{name} · {self.say('title')}", self.title),
            self.paragraph(f"{self.say('member')}: {pack['member']['code']}"),
            self.paragraph(
                f"{self.say('made')}: {self.at(pack['made_at'])}   {self.say('by')}: {pack['made_by']}"
            ),
            self.paragraph(f"{self.say('buyer')}: {self._buyer()}"),
        ]
        contract = Text.from_json(pack["contract"]["text"]).in_language(self.language)
        found.append(self.paragraph(self.say("contract", version=pack["contract"]["version"]), self.heading))
        found += [
            self.paragraph(line) for line in (contract or self.say("none")).splitlines() if line.strip()
        ]
        found += self.table(
            "balances", ("unit", "available", "held"),
            [(unit, a["available"], a["held"]) for unit, a in pack["balances"].items()],
        )  # fmt: skip
        found += self.table(
            "top_ups", ("when", "paid", "bonus", "back", "method", "reference"),
            [
                (self.at(t["created_at"]), self.money(t["principal"]), self.money(t["bonus"]),
                 self.money(t["refunded"]), t["method"], t["reference"])
                for t in pack["top_ups"]
            ],
        )  # fmt: skip
        found += self.table(
            "packages", ("when", "name", "sessions", "paid", "state"),
            [
                (self.at(p["bought_at"]), self._name(p), p["sessions"], self.money(p["price"]), p["state"])
                for p in pack["packages"]
            ],
        )  # fmt: skip
        found += self.table(
            "uses", ("when", "name", "sessions", "store", "undone"),
            [
                (self.at(u["used_at"]), self._name(p), u["sessions"], u["store"], self.at(u["undone_at"]))
                for p in pack["packages"]
                for u in p["uses"]
            ],
        )  # fmt: skip
        found += self.table(
            "gift_cards", ("when", "name", "face"),
            [(self.at(g["claimed_at"]), f"{g['batch']} …{g['ending']}", self.money(g["face"]))
             for g in pack["gift_cards"]],
        )  # fmt: skip
        found += self.table(
            "repayments", ("when", "kind", "paid", "why"),
            [(self.at(r["created_at"]), r["what"], self.money(r["money"]), r["reason"]) for r in pack["repayments"]],
        )  # fmt: skip
        entries = pack["entries"]
        found += self.table(
            "entries", ("when", "unit", "kind", "amount", "after", "hash"),
            [
                (self.at(e["occurred_at"]), e["unit"], KIND_NAMES[e["kind"]].in_language(self.language), e["amount"],
                 e["balance_after"], e["hash"][:16])
                for e in entries[:_MOST_ENTRIES]
            ],
        )  # fmt: skip
        if len(entries) > _MOST_ENTRIES:
            found.append(self.paragraph(self.say("more", n=len(entries) - _MOST_ENTRIES)))
        found += [Spacer(1, 6 * mm), self.paragraph(f"{self.say('pack')} (SHA-256): {pack['pack_hash']}")]
        return found

    def paragraph(self, text: str, style: ParagraphStyle | None = None) -> Paragraph:
        return Paragraph(typeface.marked(text), style or self.body)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Any]:
        found: list[Any] = [self.paragraph(self.say(title), self.heading)]
        if not rows:
            return [*found, self.paragraph(self.say("none"))]
        cells = [[self.paragraph("" if cell is None else str(cell)) for cell in row] for row in rows]
        table = Table([[self.paragraph(self.say(word)) for word in header], *cells], repeatRows=1)
        table.setStyle(
            TableStyle(
                [
                    ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
                    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ]
            )
        )
        return [*found, table]

    def foot(self, canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(typeface.NAME, 7)
        canvas.drawString(15 * mm, 8 * mm, f"{self.pack['member']['code']} · {self.pack['pack_hash'][:32]}")
        canvas.drawRightString(A4[0] - 15 * mm, 8 * mm, str(document.page))
        canvas.restoreState()

    def _buyer(self) -> str:
        buyer = self.pack["buyer"]
        if not buyer["recorded"]:
            return self.say("no")
        if "name" not in buyer:
            return self.say("yes")
        return f"{buyer['name']} · {buyer['document']} {buyer['number']} · {buyer['contact']}"

    def _name(self, package: dict[str, Any]) -> str:
        return Text.from_json(package["terms"]["definition"]["name"]).in_language(self.language)
