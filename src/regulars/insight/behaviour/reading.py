"""The warehouse's rows brought to one row a member and day, and from there to members as they stood on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np

from regulars.insight.behaviour.types import FIELDS, Behaviour, CategoryGaps, Numbers, Tables
from regulars.kit.ids import new_id

_STORE_CHANNELS = ("store", "pos", "offline", "till", "")
_NO_VISITS = (
    "order", "order_delivered", "refund", "adjust", "hold", "enrol", "burn_return", "expire", "reward",
    "reward_back",
)  # fmt: skip


class Reader:
    """Reads members' behaviour as of any days. What all days share is reckoned once and kept while it is open.

    An order that went back whole is a purchase until then, and none from the day after: on each day only members with
    such an order still to go back are put together anew. An order of nothing (a gift) is a purchase.
    """

    def __init__(self, tables: Tables, *, share: float = 1.0) -> None:
        """Members who may be profiled; of them `share`, always the same ones, where a model needs no more."""
        wanted = (
            tables.table("members").filter(lambda t: t.profiling & (t.status != "left")).select("member_id")
        )
        if share < 1:
            wanted = wanted.filter(
                lambda t: t.member_id.cast("string").hash().abs() % 10_000 < int(share * 10_000)
            )
        orders = tables.table("orders").semi_join(wanted, "member_id")
        lines = tables.table("lines").semi_join(wanted, "member_id").filter(lambda t: t.category.notnull())
        refunds = tables.table("refunds").semi_join(wanted, "member_id")
        self._kept: list[tuple[Any, str]] = []
        self._gone = self._keep(_went_back(orders, refunds))
        self._any_gone = bool(self._gone.count().to_pyarrow().as_py())
        self._refunds = self._keep(
            refunds.left_join(self._gone.select("order_id", "back_day"), "order_id").select(
                "member_id", "local_day", "amount", "back_day"
            )
        )
        self._gone_kinds: Any = None
        if self._any_gone:
            self._gone_kinds = self._keep(
                lines.inner_join(self._gone.select("order_id", "back_day"), "order_id").select(
                    "member_id", "local_day", "category", "back_day"
                )
            )
            orders, lines = (rows.anti_join(self._gone, "order_id") for rows in (orders, lines))
        self._days = self._keep(_with_gaps(_by_day(orders)))
        self._kinds = self._keep(lines.select("member_id", "local_day", "category"))
        self._visits = self._keep(
            tables.table("activities")
            .semi_join(wanted, "member_id")
            .filter(lambda t: ~t.type.isin(_NO_VISITS))
            .select("member_id", "local_day")
            .distinct()
        )
        bought = self._days.select("local_day").union(self._gone.select("local_day"))
        self.first_day, self.last_day = _span(bought)
        self._last_known = max((day for day in (self.last_day, _span(self._refunds)[1]) if day), default=None)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for backend, name in self._kept:
            backend.raw_sql(
                f'DROP TABLE "{name}"'
            )  # ibis's own way of dropping does not agree with this sqlglot
        self._kept.clear()

    def _keep(self, expression: Any) -> Any:
        backend = expression.get_backend()
        name = f"behaviour_{new_id().hex}"
        kept = backend.create_table(name, expression, temp=True)
        self._kept.append((backend, name))
        return kept

    @property
    def end(self) -> date | None:
        """The day after the last on which something was bought or given back: what is known goes up to there."""
        return None if self._last_known is None else self._last_known + timedelta(days=1)

    def on(self, day: date, *, horizons: Sequence[int] = ()) -> Behaviour:
        """Members as they stood when `day` began, and what they spent within so many days from then."""
        joined = _stood(self._purchases(day), day)
        for other in (
            self._breadth(day),
            _count(self._visits, day, 90, "visits_90"),
            self._refunded(day),
            self._afterwards(day, horizons),
        ):
            joined = joined.left_join(other, "member_id").drop("member_id_right")
        rows = joined.order_by("member_id").mutate(member_id=joined.member_id.cast("string")).to_pyarrow()
        columns = {name: _numbers(rows, name) for name in rows.column_names if name != "member_id"}
        return _behaviour(day, rows["member_id"].to_pylist(), columns, self.first_day or day, horizons)

    def gave_all_back(self, day: date) -> list[str]:
        """Who had bought before the day, and given all of it back by then: they are no members as of that day."""
        if not self._any_gone:
            return []
        gone = self._gone.filter(lambda t: (t.local_day < day) & (t.back_day < day))
        ids = gone.select("member_id").distinct().anti_join(self._members(day), "member_id")
        found: list[str] = (
            ids.select(id=ids.member_id.cast("string")).order_by("id").to_pyarrow()["id"].to_pylist()
        )
        return found

    def _purchases(self, day: date) -> Any:
        """One row a member and day with a purchase before the day, with the days since the one before it."""
        before = self._days.filter(lambda t: t.local_day < day)
        if not self._any_gone:
            return before
        still = _still(self._gone, day)
        hers = still.select("member_id").distinct()
        anew = _by_day_together(before.semi_join(hers, "member_id").drop("gap"), _by_day(still))
        return before.anti_join(hers, "member_id").union(_with_gaps(anew))

    def _members(self, day: date) -> Any:
        """Those with a purchase before the day."""
        members = self._days.filter(lambda t: t.local_day < day).select("member_id")
        if self._any_gone:
            members = members.union(_still(self._gone, day).select("member_id"))
        return members.distinct()

    def _bought(self, day: date) -> Any:
        """The lines bought before the day."""
        before = self._kinds.filter(lambda t: t.local_day < day)
        return before.union(_still(self._gone_kinds, day).drop("back_day")) if self._any_gone else before

    def _breadth(self, day: date) -> Any:
        first = day - timedelta(days=90)
        before = self._bought(day).filter(lambda t: t.local_day >= first)
        return before.group_by("member_id").aggregate(
            categories_30=before.category.nunique(where=before.local_day >= day - timedelta(days=30)),
            categories_90=before.category.nunique(),
        )

    def _refunded(self, day: date) -> Any:
        """What was given back of purchases: of an order that is none any more, nothing is left to be taken off."""
        before = self._refunds.filter(lambda t: t.local_day < day)
        of_purchases = before.back_day.isnull() | (before.back_day >= day)
        return before.group_by("member_id").aggregate(
            refunds=before.count(), given_back=before.amount.sum(where=of_purchases)
        )

    def _afterwards(self, day: date, horizons: Sequence[int]) -> Any:
        """When the next purchase came that was kept, as far as is known; by horizon, money come less money gone."""
        came = self._days.select("member_id", "local_day", "amount").mutate(bought=ibis.literal(True))
        if horizons:
            for money in (self._gone, self._refunds.mutate(amount=-self._refunds.amount)):
                came = came.union(
                    money.select(
                        "member_id",
                        "local_day",
                        amount=money.amount.cast("float64"),
                        bought=ibis.literal(False),
                    )
                )
        after = came.filter(lambda t: t.local_day >= day)
        sums = {
            f"after_{days}": after.amount.sum(where=after.local_day < day + timedelta(days=days))
            for days in horizons
        }
        first = after.local_day.min(where=after.bought)
        return after.group_by("member_id").aggregate(next_in=_days_between(first, ibis.literal(day)), **sums)

    def gaps(self, day: date) -> CategoryGaps:
        """How members had bought again in each category before a day, and when they next did."""
        mine = ibis.window(group_by=["member_id", "category"], order_by="local_day")
        before = self._bought(day)
        # several of a category on one day are no gap
        between = _days_between(before.local_day, before.local_day.lag().over(mine))
        before = before.mutate(log=between.nullif(0).log())
        pairs = before.group_by(["member_id", "category"]).aggregate(
            gaps=before.log.count(),
            mean_log=before.log.mean(),
            variance=before.log.var(how="pop"),
            last=before.local_day.max(),
        )
        after = self._kinds.filter(lambda t: t.local_day >= day)
        after = after.group_by(["member_id", "category"]).aggregate(next=after.local_day.min())
        members = self._members(day)
        members = members.mutate(member=ibis.row_number().over(order_by=members.member_id))
        names = self._kinds.select("category")
        if self._any_gone:
            names = names.union(self._gone_kinds.select("category"))
        names = names.distinct()
        names = names.mutate(number=ibis.row_number().over(order_by=names.category))
        found = (
            pairs.filter(lambda t: t.gaps >= 1)
            .left_join(after, ["member_id", "category"])
            .drop("member_id_right", "category_right")
            .inner_join(members, "member_id")
            .inner_join(names, "category")
        )
        rows = found.select(
            "member",
            "number",
            "gaps",
            "mean_log",
            spread_log=found.variance * found.gaps,
            since=_days_between(ibis.literal(day - timedelta(days=1)), found["last"]),
            next_in=_days_between(found["next"], ibis.literal(day)),
        ).to_pyarrow()
        next_in = _numbers(rows, "next_in")
        return CategoryGaps(
            day=day,
            categories=names.order_by("number").category.to_pyarrow().to_pylist(),
            member=_numbers(rows, "member").astype(np.int64),
            category=_numbers(rows, "number").astype(np.int64),
            gaps=_numbers(rows, "gaps"),
            mean_log=_numbers(rows, "mean_log"),
            spread_log=_numbers(rows, "spread_log"),
            since=_numbers(rows, "since"),
            next_in=np.where(np.isnan(next_in), np.inf, next_in),
        )


def _went_back(orders: Any, refunds: Any) -> Any:
    """The orders that went back whole, each with the day on which what was given back reached its amount."""
    back = refunds.filter(lambda t: t.order_id.notnull()).group_by("order_id", "local_day")
    back = back.aggregate(given=lambda t: t.amount.sum().cast("int64"))
    so_far = back.given.sum().over(ibis.cumulative_window(group_by="order_id", order_by="local_day"))
    back = back.select("order_id", "given", back_day="local_day", total=so_far)
    both = orders.inner_join(back, "order_id")
    return both.filter(
        lambda t: (t.amount > 0) & (t.total >= t.amount) & (t.total - t.given < t.amount)
    ).select(
        "member_id", "order_id", "local_day", "back_day", "amount", "discount", "quantity", "store", "channel",
        "coupon_used",
    )  # fmt: skip


def _still(gone: Any, day: date) -> Any:
    """What had been bought before the day and not gone back by then."""
    return gone.filter((gone.local_day < day) & (gone.back_day >= day))


def _span(rows: Any) -> tuple[date | None, date | None]:
    (found,) = rows.aggregate(first=rows.local_day.min(), last=rows.local_day.max()).to_pyarrow().to_pylist()
    return found["first"], found["last"]


def _by_day(orders: Any) -> Any:
    online = ~orders.channel.fill_null("").lower().isin(_STORE_CHANNELS)
    return orders.group_by(["member_id", "local_day"]).aggregate(
        amount=orders.amount.sum().cast("float64"),
        discount=orders.discount.sum().cast("float64"),
        pieces=orders.quantity.sum().cast("float64"),
        orders=orders.count(),
        coupons=orders.coupon_used.cast("int64").sum().cast("int64"),
        online=online.cast("int64").sum().cast("int64"),
        store=orders.store.max(),
    )


def _by_day_together(days: Any, more: Any) -> Any:
    both = days.union(more)
    summed = {
        name: both[name].sum().cast(both[name].type())
        for name in ("amount", "discount", "pieces", "orders", "coupons", "online")
    }
    return both.group_by(["member_id", "local_day"]).aggregate(**summed, store=both.store.max())


def _with_gaps(days: Any) -> Any:
    by_member = ibis.window(group_by="member_id", order_by="local_day")
    return days.mutate(gap=_days_between(days.local_day, days.local_day.lag().over(by_member)))


def _stood(before: Any, day: date) -> Any:
    """One row a member of what she did before the day."""

    def last(days: int, upto: int = 0) -> Any:
        return (before.local_day >= day - timedelta(days=days)) & (
            before.local_day < day - timedelta(days=upto)
        )

    return (
        before.group_by("member_id")
        .aggregate(
            days=before.count(),
            first=before.local_day.min(),
            last=before.local_day.max(),
            gap_sd=before.gap.std(how="pop"),
            gap_max=before.gap.max(),
            gap_last=before.gap.argmax(before.local_day),
            days_30=before.count(where=last(30)),
            days_45=before.count(where=last(45)),
            days_45_before=before.count(where=last(90, 45)),
            days_90=before.count(where=last(90)),
            days_year=before.count(where=last(365)),
            spend=before.amount.sum(),
            spend_30=before.amount.sum(where=last(30)),
            spend_45=before.amount.sum(where=last(45)),
            spend_45_before=before.amount.sum(where=last(90, 45)),
            spend_90=before.amount.sum(where=last(90)),
            spend_year=before.amount.sum(where=last(365)),
            last_amount=before.amount.argmax(before.local_day),
            pieces=before.pieces.sum(),
            discount=before.discount.sum(),
            orders=before.orders.sum(),
            coupons=before.coupons.sum(),
            online=before.online.sum(),
            stores=before.store.nunique(),
            weekends=before.count(where=before.local_day.day_of_week.index() >= 5),
        )
        .mutate(
            since=lambda t: _days_between(ibis.literal(day - timedelta(days=1)), t["last"]),
            age=lambda t: _days_between(ibis.literal(day - timedelta(days=1)), t["first"]),
        )
        .drop("first", "last")
    )


def _count(rows: Any, day: date, days: int, name: str) -> Any:
    wanted = rows.filter((rows.local_day < day) & (rows.local_day >= day - timedelta(days=days)))
    return wanted.group_by("member_id").aggregate(**{name: wanted.count()})


def _days_between(later: Any, earlier: Any) -> Any:
    return later.delta(earlier, unit="day").cast("float64")


def _numbers(rows: Any, name: str) -> Numbers:
    import pyarrow as pa

    return np.asarray(rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def _behaviour(
    day: date, members: Sequence[str], columns: dict[str, Numbers], first_day: date, horizons: Sequence[int]
) -> Behaviour:
    """Ratios and what follows from the sums; what a member has none of is 0, what is not defined NaN."""
    c = {
        name: value if name in ("gap_sd", "gap_max", "gap_last", "next_in") else np.nan_to_num(value)
        for name, value in columns.items()
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        repeats = c["days"] - 1
        recency = c["age"] - c["since"]
        gap_mean = np.where(repeats > 0, recency / repeats, np.nan)
        months = np.clip(c["age"] + 1, 30, 365)
        net = np.maximum(c["spend"] - c["given_back"], 0)
        fields = {
            **{name: c[name] for name in FIELDS if name in c},
            "tenure": np.minimum(c["age"], 180),
            "rate": c["days_year"] * 30 / months,
            "spend_rate": c["spend_year"] * 30 / months,
            "gap_mean": gap_mean,
            "overdue": c["since"] / np.maximum(gap_mean, 1),
            "visit_trend": (c["days_45"] + 1) / (c["days_45_before"] + 1),
            "mean_spend": net / c["days"],
            "last_spend": np.where(c["spend"] > 0, c["last_amount"] * c["days"] / c["spend"], np.nan),
            "spend_trend": np.where(c["spend_45_before"] > 0, c["spend_45"] / c["spend_45_before"], np.nan),
            "pieces": c["pieces"] / c["days"],
            "coupon_share": c["coupons"] / c["orders"],
            "discount_share": np.where(
                c["spend"] + c["discount"] > 0, c["discount"] / (c["spend"] + c["discount"]), 0
            ),
            "weekend_share": c["weekends"] / c["days"],
            "online_share": c["online"] / c["orders"],
        }
    return Behaviour(
        day=day,
        members=members,
        first_day=first_day,
        fields={name: fields[name] for name in FIELDS},
        repeats=repeats,
        recency=recency,
        age=c["age"],
        spent_before=c["spend_year"],
        days_before=float(min(365, max(1, (day - first_day).days))),
        next_in=np.where(np.isnan(c["next_in"]), np.inf, c["next_in"]),
        spent_after={days: np.maximum(c[f"after_{days}"], 0) for days in horizons},
    )
