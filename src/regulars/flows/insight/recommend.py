"""The nightly step of recommendations: everybody's lists, what goes together, and once a week how good they were."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from regulars.facts.members import api as members
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.recommend import api as recommend
from regulars.insight.recommend.types import (
    FEWEST_DAYS,
    FEWEST_MEMBERS,
    KINDS,
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
    fitted = recommend.fit(purchases=purchases, end=purchases.days - tuning.horizon, tuning=tuning)
    told(0.2)
    evaluated, evaluated_at = _evaluation(brand.id, purchases, tuning, now)
    told(0.4)
    counted = _Counted()
    ids, skus = data.ids(), data.skus()
    for piece in recommend.reckon_lists(
        purchases=purchases,
        skus=skus,
        first_day=data.first_day,
        fitted=fitted,
        tuning=tuning,
        told=lambda share: told(0.4 + 0.5 * share),
    ):
        _write(brand.id, now, ids, piece, counted)
    recommend.drop_older(brand_id=brand.id, as_of=now)
    products = data.products()
    pairs = recommend.keep_together(brand_id=brand.id, products=products, purchases=purchases, skus=skus)
    told(1.0)
    return StepResult(
        rows=counted.members,
        metrics={
            "evaluation": evaluated,
            "evaluated_at": evaluated_at,
            "members": counted.members,
            "lists": counted.lists,
            "products": {kind: len(counted.shown[kind]) for kind in KINDS},
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
    ids = data.ids()
    place = {member: n for n, member in enumerate(ids)}
    mine = np.array(sorted(place[seed] for seed in seeds if seed in place), "int64")
    if not len(mine):
        return []
    found, alike = recommend.similar_members(data.purchases(), mine, tuning=Tuning(), limit=limit)
    return [(ids[n], float(how)) for n, how in zip(found.tolist(), alike.tolist(), strict=True)]


class _Data:
    """The lines of the members who may be profiled, with places for members and products."""

    def __init__(self, warehouse: Warehouse, today: date) -> None:
        self.duck = warehouse.duck
        self.today = today
        self.duck.execute(
            "CREATE OR REPLACE TEMP TABLE recommend_day AS SELECT CAST(? AS DATE) AS today", [today]
        )
        self.duck.execute(
            """CREATE OR REPLACE TEMP VIEW recommend_line AS
               SELECT l.* FROM lines AS l
                 JOIN (SELECT member_id FROM members WHERE profiling AND status <> 'left') USING (member_id)
                WHERE l.local_day <= (SELECT today FROM recommend_day)"""
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
                          max(local_day) AS last_sold, count(DISTINCT member_id)::INTEGER AS buyers
                     FROM recommend_line GROUP BY sku)"""
        )
        first, last = self.duck.execute(
            "SELECT min(local_day), max(local_day) FROM recommend_line"
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
        )

    def ids(self) -> list[UUID]:
        return [
            row[0]
            for row in self.duck.execute("SELECT member_id FROM recommend_member ORDER BY place").fetchall()
        ]

    def skus(self) -> list[str]:
        return [
            row[0] for row in self.duck.execute("SELECT sku FROM recommend_item ORDER BY place").fetchall()
        ]

    def products(self) -> list[Product]:
        rows = self.duck.execute(
            "SELECT sku, name, category, department, price, last_sold, buyers FROM recommend_item ORDER BY place"
        ).fetchall()
        return [
            Product(
                sku,
                name or "",
                category or "",
                department or "",
                None if price is None else round(price),
                *rest,
            )
            for sku, name, category, department, price, *rest in rows
        ]


class _Counted:
    """How many members got which lists, and what was shown to how many."""

    def __init__(self) -> None:
        self.members = 0
        self.lists = dict.fromkeys(KINDS, 0)
        self.shown: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}

    def add(self, kind: str, entries: list[list[Any]]) -> None:
        if entries:
            self.lists[kind] += 1  # type: ignore[index]
        for entry in entries[:10]:
            self.shown[kind][entry[0]] = self.shown[kind].get(entry[0], 0) + 1

    def most_shown(self, products: list[Product]) -> dict[str, list[dict[str, Any]]]:
        names = {one.sku: one.name for one in products}
        return {
            kind: [
                {"sku": sku, "name": names.get(sku, ""), "members": count}
                for sku, count in sorted(shown.items(), key=lambda one: -one[1])[:_MOST_SHOWN]
            ]
            for kind, shown in self.shown.items()
        }


def _write(brand_id: UUID, now: datetime, ids: list[UUID], piece: recommend.Piece, counted: _Counted) -> None:
    mine = ids[piece.first : piece.first + len(piece.buy_again)]
    with transaction.atomic():
        refused = members.profiling_off(brand_id=brand_id, member_ids=mine)
        rows = [
            row
            for row in zip(mine, piece.buy_again, piece.discover, piece.due, strict=True)
            if row[0] not in refused
        ]
        recommend.keep_lists(brand_id=brand_id, as_of=now, rows=rows)
    counted.members += len(rows)
    for row in rows:
        for kind, entries in zip(KINDS, row[1:], strict=True):
            counted.add(kind, entries)


def _evaluation(
    brand_id: UUID, purchases: Purchases, tuning: Tuning, now: datetime
) -> tuple[dict[str, Any] | None, str | None]:
    """Of this week, or reckoned now; None where there are not twelve weeks before the four that are held out."""
    last = runs.latest(brand_id=brand_id, kind=KIND)
    if last is not None and last.metrics.get("evaluated_at"):
        at = datetime.fromisoformat(last.metrics["evaluated_at"])
        if now - at < _EVALUATED_FOR:
            return last.metrics["evaluation"], last.metrics["evaluated_at"]
    if purchases.days < FEWEST_DAYS + tuning.horizon:
        return None, None
    return recommend.evaluate(purchases=purchases, tuning=tuning).to_json(), now.isoformat()


def _too_little(members_: int, days: int) -> Text:
    return Text(
        f"数据不足：需要至少 {FEWEST_MEMBERS} 位有购买的会员和 {FEWEST_DAYS} 天的订单，现有 {members_} 位、{days} 天",
        f"Not enough data: it takes {FEWEST_MEMBERS} members who bought something and {FEWEST_DAYS} days of orders; "
        f"there are {members_} and {days}",
    )
