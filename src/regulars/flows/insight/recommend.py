"""The nightly step of recommendations: everybody's lists, what goes together, and once a week how good they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.facts.members import api as members
from regulars.flows import recommending
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.recommend import api as recommend
from regulars.insight.recommend.types import (
    FEWEST_DAYS,
    FEWEST_MEMBERS,
    KINDS,
    SHOWN,
    Product,
    Purchases,
    Tuning,
)
from regulars.insight.runs import api as runs
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

KIND = "recommend"
_EVALUATED_FOR = timedelta(days=6, hours=12)
_MOST_SHOWN = 20
_PIECES = 20  # that are written at once


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Reckon and write the lists of one brand."""
    today = now.astimezone(ZoneInfo(brand.timezone)).date()
    data = _Data(warehouse, today)
    if data.members < FEWEST_MEMBERS or data.days < FEWEST_DAYS:
        recommend.drop_older(brand_id=brand.id, as_of=now)
        return StepResult(rows=data.members, lacking=_too_little(data.members, data.days))
    purchases = data.purchases()
    tuning = Tuning()
    told(0.1)
    fitted = recommend.fit(purchases=purchases, tuning=tuning)
    told(0.2)
    evaluated, evaluated_at = _evaluation(brand.id, purchases, tuning, fitted, now)
    fitted = replace(fitted, finds=None)  # which is large, and of a day that is over
    told(0.4)
    skus, shop, products = data.skus(), recommending.get_shop(brand_id=brand.id), data.products(purchases)
    counted = _Counted(
        [p.sku not in shop.not_sold and p.category not in shop.not_sold_categories for p in products]
    )
    ids, fresh = data.ids(), not recommend.has_lists(brand_id=brand.id)
    pieces = recommend.reckon_lists(
        purchases=purchases,
        skus=skus,
        members=ids,
        first_day=data.first_day,
        fitted=fitted,
        tuning=tuning,
        brand_id=brand.id,
        as_of=now,
        told=lambda share: told(0.4 + 0.5 * share),
    )
    while some := list(islice(pieces, _PIECES)):
        _write(brand.id, ids, some, counted, fresh=fresh)
    recommend.drop_older(brand_id=brand.id, as_of=now)
    pairs = recommend.keep_together(brand_id=brand.id, products=products, purchases=purchases, skus=skus)
    told(1.0)
    return StepResult(
        rows=counted.members,
        metrics={
            "evaluation": evaluated,
            "evaluated_at": evaluated_at,
            "members": counted.members,
            "lists": counted.lists,
            "products": {kind: int((counted.shown[kind] > 0).sum()) for kind in KINDS},
            "catalogue": len(products),
            "pairs": pairs,
            "purchases": len(purchases.keys),
        },
        charts={"most_shown": counted.most_shown(products)},
        period_from=data.first_day,
        period_to=data.last_day,
    )


def similar(
    warehouse: Warehouse, *, seeds: list[UUID], now: datetime, timezone: str, limit: int
) -> list[tuple[UUID, float]]:
    """Members who buy most like the seeds, and how alike, from 0 to 1: for a look-alike segment."""
    import numpy as np

    data = _Data(warehouse, now.astimezone(ZoneInfo(timezone)).date())
    if not data.members:
        return []
    ids = [UUID(one) for one in data.ids().to_pylist()]
    place = {member: n for n, member in enumerate(ids)}
    mine = np.array(sorted(place[seed] for seed in seeds if seed in place), "int64")
    if not len(mine):
        return []
    found, alike = recommend.similar_members(data.purchases(), mine, tuning=Tuning(), limit=limit)
    return [(ids[n], float(how)) for n, how in zip(found.tolist(), alike.tolist(), strict=True)]


class _Data:
    """The lines of the members who may be profiled, with places for members and products. What went back whole was
    not bought."""

    def __init__(self, warehouse: Warehouse, today: date) -> None:
        self.duck = warehouse.duck
        self.today = today
        self.duck.execute(
            "CREATE OR REPLACE TEMP TABLE recommend_day AS SELECT CAST(? AS DATE) AS today", [today]
        )
        self.duck.execute(
            """CREATE OR REPLACE TEMP TABLE recommend_back AS
               SELECT order_id FROM orders WHERE amount > 0 AND refunded >= amount"""
        )
        (self.any_back,) = self.duck.execute("SELECT count(*) > 0 FROM recommend_back").fetchone()
        self.duck.execute(
            """CREATE OR REPLACE TEMP VIEW recommend_line AS
               SELECT l.* FROM lines AS l
                 JOIN (SELECT member_id FROM members WHERE profiling AND status <> 'left') USING (member_id)
                WHERE l.local_day <= (SELECT today FROM recommend_day)"""
            + (" AND l.order_id NOT IN (FROM recommend_back)" if self.any_back else "")
        )
        self.duck.execute(
            """CREATE OR REPLACE TEMP TABLE recommend_member AS
               SELECT member_id, (row_number() OVER (ORDER BY member_id) - 1)::INTEGER AS place
                 FROM (SELECT DISTINCT member_id FROM recommend_line)"""
        )
        self.duck.execute(
            """CREATE OR REPLACE TEMP TABLE recommend_item AS
               SELECT *, (row_number() OVER (ORDER BY sku) - 1)::INTEGER AS place FROM (
                   SELECT sku, arg_max(name, occurred_at) AS name, arg_max(category, occurred_at) AS category,
                          arg_max(department, occurred_at) AS department,
                          arg_max(amount / quantity, occurred_at) FILTER (quantity > 0) AS price,
                          min(local_day) AS first_sold, max(local_day) AS last_sold
                     FROM recommend_line GROUP BY sku)"""
        )
        first, last = self.duck.execute(
            "SELECT min(first_sold), max(last_sold) FROM recommend_item"
        ).fetchone()
        self.first_day: date = first or today
        self.last_day: date = last or today
        self.days = (self.last_day - self.first_day).days + 1 if first else 0
        (self.members,) = self.duck.execute("SELECT count(*) FROM recommend_member").fetchone()
        (self.items,) = self.duck.execute("SELECT count(*) FROM recommend_item").fetchone()

    def purchases(self) -> Purchases:
        found = self.duck.execute(
            """SELECT m.place AS member, i.place AS item,
                      date_diff('day', CAST(? AS DATE), l.local_day)::SMALLINT AS day
                 FROM recommend_line AS l JOIN recommend_member AS m USING (member_id)
                 JOIN recommend_item AS i USING (sku)""",
            [self.first_day],
        ).fetchnumpy()
        return Purchases.of(
            member=found["member"],
            item=found["item"],
            day=found["day"],
            members=self.members,
            items=self.items,
            days=self.days,
            shelves=self._shelves(),
            sent_back=self._sent_back(),
        )

    def _sent_back(self) -> tuple[Any, Any] | None:
        """Places of members and of what they sent back."""
        if not self.any_back:
            return None
        found = self.duck.execute(
            """SELECT m.place AS member, i.place AS item
                 FROM lines AS l JOIN recommend_back USING (order_id) JOIN recommend_member AS m USING (member_id)
                 JOIN recommend_item AS i USING (sku)"""
        ).fetchnumpy()
        return found["member"], found["item"]

    def _shelves(self) -> tuple[Any, Any]:
        """By product the numbers of its category and of its department."""
        found = self.duck.execute(
            """SELECT dense_rank() OVER (ORDER BY coalesce(category, '')) - 1 AS category,
                      dense_rank() OVER (ORDER BY coalesce(department, '')) - 1 AS department
                 FROM recommend_item ORDER BY place"""
        ).fetchnumpy()
        return found["category"].astype("int64"), found["department"].astype("int64")

    def ids(self) -> Any:
        """As text, an Arrow array."""
        found = self.duck.execute(
            "SELECT member_id::VARCHAR AS id FROM recommend_member ORDER BY place"
        ).to_arrow_table()
        return found.column("id").combine_chunks()

    def skus(self) -> list[str]:
        return [
            row[0] for row in self.duck.execute("SELECT sku FROM recommend_item ORDER BY place").fetchall()
        ]

    def products(self, purchases: Purchases) -> list[Product]:
        rows = self.duck.execute(
            "SELECT sku, name, category, department, price, last_sold FROM recommend_item ORDER BY place"
        ).fetchall()
        return [
            Product(
                sku,
                name or "",
                category or "",
                department or "",
                None if price is None else round(price),
                last_sold,
                buyers,
            )
            for (sku, name, category, department, price, last_sold), buyers in zip(
                rows, purchases.buyers().tolist(), strict=True
            )
        ]


class _Counted:
    """How many members got which lists, and what was shown to how many, without what the shop does not sell."""

    def __init__(self, sold: list[bool]) -> None:
        import numpy as np

        self._count = np.bincount
        self.items = len(sold)
        self.out = None if all(sold) else ~np.array(sold, bool)
        self.members = 0
        self.lists: dict[str, int] = dict.fromkeys(KINDS, 0)
        self.shown: dict[str, Any] = {kind: np.zeros(self.items, "int64") for kind in KINDS}

    def add(self, kind: str, lists: Any) -> None:
        """`lists`: items by member, -1 where there are no more."""
        there = lists >= 0
        if self.out is not None:
            there &= ~self.out[lists]  # the -1 of a list's end is not there anyway
        self.lists[kind] += int(there.any(axis=1).sum())
        there &= there.cumsum(axis=1) <= SHOWN
        self.shown[kind] += self._count(lists[there], minlength=self.items)

    def most_shown(self, products: list[Product]) -> dict[str, list[dict[str, Any]]]:
        return {
            kind: [
                {"sku": products[item].sku, "name": products[item].name, "members": int(shown[item])}
                for item in (-shown).argsort(kind="stable")[:_MOST_SHOWN].tolist()
                if shown[item]
            ]
            for kind, shown in self.shown.items()
        }


def _write(
    brand_id: UUID, ids: Any, pieces: list[recommend.Piece], counted: _Counted, *, fresh: bool
) -> None:
    import numpy as np

    first = pieces[0].first
    mine = [UUID(one) for one in ids.slice(first, pieces[-1].until - first).to_pylist()]
    with transaction.atomic():
        refused = members.profiling_off(brand_id=brand_id, member_ids=mine)
        wanted = np.array([one not in refused for one in mine])
        parts = [(piece, wanted[piece.first - first : piece.until - first]) for piece in pieces]
        recommend.keep_lists(texts=(piece.rows.only(some) for piece, some in parts), fresh=fresh)
    counted.members += int(wanted.sum())
    for piece, some in parts:
        for kind, lists in zip(KINDS, (piece.buy_again, piece.discover, piece.due), strict=True):
            counted.add(kind, lists[some])


def _evaluation(
    brand_id: UUID, purchases: Purchases, tuning: Tuning, learnt: recommend.Learnt, now: datetime
) -> tuple[dict[str, Any] | None, str | None]:
    """Of this week, or reckoned now; None where there are not twelve weeks before the four that are held out."""
    last = runs.latest(brand_id=brand_id, kind=KIND)
    if last is not None and last.metrics.get("evaluated_at"):
        at = datetime.fromisoformat(last.metrics["evaluated_at"])
        if now - at < _EVALUATED_FOR:
            return last.metrics["evaluation"], last.metrics["evaluated_at"]
    if purchases.days < FEWEST_DAYS + tuning.horizon:
        return None, None
    found = recommend.evaluate(purchases=purchases, tuning=tuning, learnt=learnt)
    return found.to_json(), now.isoformat()


def _too_little(members_: int, days: int) -> Text:
    return Text(
        f"数据不足：需要至少 {FEWEST_MEMBERS} 位有购买的会员和 {FEWEST_DAYS} 天的订单，现有 {members_} 位、{days} 天",
        f"Not enough data: it takes {FEWEST_MEMBERS} members who bought something and {FEWEST_DAYS} days of orders; "
        f"there are {members_} and {days}",
    )
