"""Rows of orders: each row to a line, rows of one number to one order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from regulars.facts.activity.types import ActivityIn, IdentityRef, LineIn, MemberRef, OrderIn
from regulars.flows.imports import values
from regulars.flows.imports.reading import Row
from regulars.flows.imports.targets import MEMBER_KEYS
from regulars.flows.imports.types import Mapping, Wrong
from regulars.flows.imports.values import BadCell
from regulars.kit.money import exponent
from regulars.kit.text import Text

DEFAULT_SOURCE = "import"
MOST_LINES = 1000
_HEAD = (*MEMBER_KEYS, "store", "source", "channel", "currency", "delivered")
_SUMS = ("coupon_discount", "shipping")
_LABELS = ("name", "category", "department", "brand")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUANTITY_LIMIT = Decimal(1_000_000_000)


class Fragment(msgspec.Struct, array_like=True):
    """Consecutive rows with one order number: the order, or a part of it where its rows lie apart."""

    number: str
    source: str
    at: int  # microseconds since 1970; 0: unknown
    head: dict[str, str]
    sums: dict[str, int]
    lines: list[LineIn]
    rows: list[int]
    wrong: list[tuple[int, str, str, str, str]]


class OrderReader:
    """Turns the mapped cells of rows into fragments."""

    def __init__(
        self, mapping: Mapping, *, currency: str, timezone: str, store_codes: Callable[[str], str]
    ) -> None:
        options = mapping.options
        self.targets = list(mapping.columns)
        self.headers = [mapping.columns[target] for target in self.targets]
        self._place = {target: n for n, target in enumerate(self.targets)}
        self._constants = mapping.constants
        self._digits = exponent(currency) if options.get("money", "major") == "major" else 0
        self._form = options.get("date_format") or "auto"
        self._zone = ZoneInfo(options.get("timezone") or timezone)
        self._external = f"external:{options.get('external_source') or DEFAULT_SOURCE}"
        self._store_code = store_codes
        self._instants: dict[Any, int] = {}
        self._money: dict[Any, int] = {}
        self._heads = [(t, self._place[t]) for t in _HEAD if t in self._place]
        self._fixed = {t: v for t, v in mapping.constants.items() if t in _HEAD and v}

    def fragments(self, first_row: int, rows: Sequence[Row | None], open_: Fragment | None) -> list[Fragment]:
        """The fragments of a chunk; the first goes on with `open_` if its number is the same, the last may go on."""
        made: list[Fragment] = [open_] if open_ is not None else []
        number_at = self._place["number"]
        for row, cells in enumerate(rows, first_row):
            if cells is None:
                made.append(
                    _broken(row, "", "too_many_cells", "这一行的列数多于表头", "more cells than headers")
                )
                continue
            number = cells[number_at]
            number = number.strip() if isinstance(number, str) else values.text_of(number)
            if not number and not any(values.text_of(cell) for cell in cells):
                continue
            current = made[-1] if made else None
            if (
                current is None
                or current.number != number
                or not number
                or not self._same_source(current, cells)
            ):
                current = self._begin(row, number, cells)
                made.append(current)
            self._add(current, row, cells)
        return made

    def _source(self, cells: Row) -> str:
        place = self._place.get("source")
        found = values.text_of(cells[place]) if place is not None else ""
        return found or self._fixed.get("source") or DEFAULT_SOURCE

    def _same_source(self, fragment: Fragment, cells: Row) -> bool:
        return "source" not in self._place or fragment.source == self._source(cells)

    def _begin(self, row: int, number: str, cells: Row) -> Fragment:
        fragment = Fragment(number, self._source(cells), 0, {}, {}, [], [], [])
        if not number:
            fragment.wrong.append((row, "number", "required", "请填写订单号", "an order number is needed"))
        elif len(number) > 64:
            fragment.wrong.append((row, "number", "too_long", "最多 64 个字符", "at most 64 characters"))
        if len(fragment.source) > 64:
            fragment.wrong.append((row, "source", "too_long", "最多 64 个字符", "at most 64 characters"))
        return fragment

    def _add(self, fragment: Fragment, row: int, cells: Row) -> None:
        wrong = fragment.wrong
        head: dict[str, str] = {}
        for target, place in self._heads:
            cell = cells[place]
            text = cell.strip() if isinstance(cell, str) else values.text_of(cell)
            if text:
                head[target] = text
        _join_heads(fragment, row, head)
        try:
            at = self._instant(cells)
            fragment.at = at if not fragment.at else min(at, fragment.at)
        except BadCell as bad:
            wrong.append((row, "occurred_at", bad.code, bad.message.zh, bad.message.en))
        for target in _SUMS:
            if target not in self._place or not values.text_of(cells[self._place[target]]):
                continue
            try:
                amount = self._minor(cells[self._place[target]])
            except BadCell as bad:
                wrong.append((row, target, bad.code, bad.message.zh, bad.message.en))
                continue
            if fragment.sums.setdefault(target, amount) != amount:
                wrong.append(_differs(row, target))
        line = self._line(row, cells, wrong)
        if line is not None:
            fragment.lines.append(line)
        fragment.rows.append(row)

    def _line(self, row: int, cells: Row, wrong: list[tuple[int, str, str, str, str]]) -> LineIn | None:
        before = len(wrong)
        place = self._place
        amount = discount = 0
        quantity = Decimal(1)
        target = "amount"
        try:
            amount = self._minor(cells[place["amount"]])
            if "discount" in place:
                target = "discount"
                cell = cells[place["discount"]]
                discount = self._minor(cell) if cell is not None and cell != "" else 0
            if "quantity" in place:
                target = "quantity"
                cell = cells[place["quantity"]]
                if cell is not None and cell != "":
                    quantity = values.number_of(cell)
                    if not 0 < quantity <= _QUANTITY_LIMIT:
                        raise BadCell("bad_quantity", "数量必须大于 0", "must be above 0")
                    if quantity == int(quantity):
                        quantity = Decimal(int(quantity))
        except BadCell as bad:
            wrong.append((row, target, bad.code, bad.message.zh, bad.message.en))
        words: dict[str, Any] = {}
        for target in _LABELS:
            if target in place:
                words[target] = values.text_of(cells[place[target]])[:200]
        sku = values.text_of(cells[place["sku"]]) if "sku" in place else ""
        if len(sku) > 64:
            wrong.append((row, "sku", "too_long", "最多 64 个字符", "at most 64 characters"))
        if len(wrong) > before:
            return None
        return LineIn(
            sku=sku or words.get("name", "")[:64] or "order",
            amount=amount,
            quantity=quantity,
            discount=discount,
            **words,
        )

    def _minor(self, cell: Any) -> int:
        try:
            return self._money[cell]
        except KeyError:
            made = values.minor_of(cell, self._digits)
            if made > 10**13:
                raise BadCell("too_large", "金额过大", "too large an amount") from None
            if len(self._money) < 50_000:
                self._money[cell] = made
            return made
        except TypeError:
            return values.minor_of(cell, self._digits)

    def _instant(self, cells: Row) -> int:
        cell = cells[self._place["occurred_at"]]
        clock = cells[self._place["time"]] if "time" in self._place else None
        key = (cell, clock)
        found = self._instants.get(key)
        if found is None:
            at = values.when_of(cell, self._form, self._zone)
            if clock is not None and clock != "":
                at = (at.astimezone(self._zone) + values.clock_of(clock)).astimezone(UTC)
            delta = at - _EPOCH
            found = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
            if len(self._instants) > 20_000:
                self._instants.clear()
            self._instants[key] = found
        return found

    def order(self, fragment: Fragment) -> tuple[ActivityIn | None, list[Wrong]]:
        """The order of a whole fragment, or everything that is wrong with it."""
        wrong = [Wrong(row, field, code, Text(zh, en)) for row, field, code, zh, en in fragment.wrong]
        head = {**self._fixed, **fragment.head}
        first = fragment.rows[0] if fragment.rows else (wrong[0].row if wrong else 0)
        key = next((key for key in MEMBER_KEYS if head.get(key)), None)
        if fragment.number and key is None:
            wrong.append(Wrong(first, self._who(), "required", Text("缺少会员标识", "the member is missing")))
        if len(fragment.lines) > MOST_LINES:
            wrong.append(
                Wrong(first, "number", "too_many_lines",
                      Text(f"一单最多 {MOST_LINES} 行", f"at most {MOST_LINES} lines an order"))
            )  # fmt: skip
        delivered = False
        try:
            delivered = values.yes_of(head.get("delivered", ""))
        except BadCell as bad:
            wrong.append(Wrong(first, "delivered", bad.code, bad.message))
        for name in ("channel", "store"):
            if len(head.get(name, "")) > 64:
                wrong.append(Wrong(first, name, "too_long", Text("最多 64 个字符", "at most 64 characters")))
        currency = head.get("currency", "").upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            wrong.append(
                Wrong(first, "currency", "bad_currency", Text("须为三位货币代码", "a three-letter code"))
            )
        if key is not None and len(head[key]) > 256:
            wrong.append(Wrong(first, key, "too_long", Text("最多 256 个字符", "at most 256 characters")))
        if wrong or key is None:
            return None, wrong
        if key == "code":
            member = MemberRef(code=head[key][:64])
        else:
            member = MemberRef(identity=IdentityRef(self._external if key == "external" else key, head[key]))
        order = OrderIn(
            number=fragment.number,
            lines=tuple(fragment.lines),
            currency=currency or msgspec.UNSET,
            coupon_discount=fragment.sums.get("coupon_discount", 0),
            shipping=fragment.sums.get("shipping", 0),
            delivered=delivered,
        )
        activity = ActivityIn(
            type="order",
            member=member,
            occurred_at=_EPOCH + timedelta(microseconds=fragment.at),
            source=fragment.source,
            store=self._store_code(head["store"]) if head.get("store") else None,
            channel=head.get("channel") or None,
            order=order,
        )
        return activity, []

    def _who(self) -> str:
        return next((key for key in MEMBER_KEYS if key in self._place), "phone")


def join(fragments: Iterable[Fragment]) -> Fragment:
    """The whole order of fragments, given in the order of the file."""
    parts = list(fragments)
    whole = parts[0]
    for part in parts[1:]:
        _join_heads(whole, part.rows[0] if part.rows else 0, part.head)
        for target, amount in part.sums.items():
            if whole.sums.setdefault(target, amount) != amount:
                whole.wrong.append(_differs(part.rows[0], target))
        whole.at = min(whole.at or part.at, part.at or whole.at)
        whole.lines += part.lines
        whole.rows += part.rows
        whole.wrong += part.wrong
    return whole


def _join_heads(fragment: Fragment, row: int, head: dict[str, str]) -> None:
    """What is said of the order as a whole: rows may leave it out, not contradict."""
    if not fragment.head:
        fragment.head = head
    elif head and head != fragment.head:
        for target, text in head.items():
            if fragment.head.setdefault(target, text) != text:
                fragment.wrong.append(_differs(row, target))


def _differs(row: int, target: str) -> tuple[int, str, str, str, str]:
    return (row, target, "differs", "与同一订单的其他行不一致", "differs from other rows of the same order")


def _broken(row: int, field: str, code: str, zh: str, en: str) -> Fragment:
    return Fragment("", "", 0, {}, {}, [], [row], [(row, field, code, zh, en)])
