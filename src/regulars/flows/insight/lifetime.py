"""The nightly step of value: what each member will be worth, back-tested, written as her scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.audience.member_facts import api as member_facts
from regulars.flows.insight.terms import terms_of
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.behaviour.api import Reader
from regulars.insight.behaviour.types import Behaviour
from regulars.insight.lifetime import api as lifetime
from regulars.insight.lifetime.types import NotEnough, Sample, Terms
from regulars.insight.measures import api as measures
from regulars.insight.runs import api as runs
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

KIND = "lifetime"
SCORES = (
    "value_12", "value_12_low", "value_12_high", "value_36", "value_36_low", "value_36_high", "value_decile", "alive",
)  # fmt: skip
MOST_LEARNT_FROM = 200_000  # members: more of them move no figure that anybody sees
_FEWEST_DAYS = 60  # of history, before a day that is learnt from


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Estimate and write the values of one brand's members."""
    given = terms_of(brand.id)
    terms = Terms(margin=given.margin, discount=given.discount)
    with Reader(warehouse) as reader:
        end = last_known(reader, brand, now)
        if reader.first_day is None or end is None or (end - reader.first_day).days < 2 * _FEWEST_DAYS:
            days = (end - reader.first_day).days if end and reader.first_day else 0
            return StepResult(lacking=too_little({"days": days}, {"days": 2 * _FEWEST_DAYS}))
        today, gone = reader.on(end), reader.gave_all_back(end)
        told(0.2)
        horizon = min(365, (end - reader.first_day).days // 4)
        with learnt_from(warehouse, reader, len(today.members)) as fewer:
            earlier = [
                _sample(fewer.on(day, horizons=(horizon,)), reader.first_day, horizon, known=True)
                for day in _days(reader.first_day, end, horizon)
            ]
    told(0.5)
    try:
        found = lifetime.estimate(
            today=_sample(today, reader.first_day, horizon, known=False), earlier=earlier, terms=terms
        )
    except NotEnough as short:
        forget_scores(brand, KIND, SCORES, [*today.members, *gone], now)
        return StepResult(rows=len(today.members), lacking=too_little(short.have, short.need))
    told(0.8)
    first, second = range(len(terms.months))
    worth = found.worth
    money = {
        "value_12": worth.value[first],
        "value_12_low": worth.low[first],
        "value_12_high": worth.high[first],
        "value_36": worth.value[second],
        "value_36_low": worth.low[second],
        "value_36_high": worth.high[second],
    }
    columns: dict[str, Any] = {name: values.round().astype("int64") for name, values in money.items()}
    columns["value_decile"] = measures.decile_of(worth.value[first])
    columns["alive"] = worth.alive
    written = member_facts.write_scores(
        brand_id=brand.id, as_of=now, columns=columns, member_ids=[UUID(one) for one in today.members]
    )
    no_longer(brand, columns, gone, now)
    held = reader.first_day + timedelta(days=int(found.metrics["held_day"]))
    return StepResult(
        rows=written,
        metrics={
            **found.metrics,
            "held_from": held.isoformat(),
            "held_to": (held + timedelta(days=horizon - 1)).isoformat(),
        },
        charts=dict(found.charts),
        params={"margin": terms.margin, "discount": terms.discount, "level": terms.level},
        period_from=reader.first_day,
        period_to=end - timedelta(days=1),
    )


def last_known(reader: Reader, brand: Brand, now: datetime) -> date | None:
    """The day until which purchases are known: today, which is not over, or the day after the last one recorded."""
    if reader.end is None:
        return None
    return min(reader.end, now.astimezone(ZoneInfo(brand.timezone)).date())


def learnt_from(warehouse: Warehouse, reader: Reader, members: int) -> Reader:
    """A reader of as many members as a model needs."""
    return Reader(warehouse, share=min(1.0, MOST_LEARNT_FROM / max(members, 1)))


def no_longer(brand: Brand, columns: Iterable[str], gone: Sequence[str], now: datetime) -> None:
    """Whoever gave everything back is no buyer any more, and loses what was said of her as one."""
    member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        columns={name: [None] * len(gone) for name in columns},
        member_ids=[UUID(one) for one in gone],
    )


def forget_scores(
    brand: Brand, kind: str, names: Iterable[str], members: Sequence[str], now: datetime
) -> None:
    """Data that was enough is no longer: what was told before is not told on."""
    last = runs.latest(brand_id=brand.id, kind=kind)
    if last is not None and last.state == "done":
        no_longer(brand, names, members, now)


def too_little(have: dict[str, float], need: dict[str, float]) -> Text:
    """What there is and what it takes, in words."""
    short = [name for name in need if have.get(name, 0) < need[name]]
    said = [
        _SHORT.format(what=_COUNTED[name], need=f"{need[name]:g}", have=f"{have.get(name, 0):g}")
        for name in short
    ]
    return _TOO_LITTLE.format(what=Text(" ".join(one.zh for one in said), " ".join(one.en for one in said)))


_TOO_LITTLE = Text("数据不足。{what}", "Not enough data. {what}")
_SHORT = Text("{what}：需要 {need}，现有 {have}。", "{what}: {need} needed, {have} there.")
_COUNTED = {
    "days": Text("订单历史天数", "days of orders"),
    "members": Text("有购买的会员", "members who bought"),
    "repeaters": Text("复购会员", "members who came back"),
    "payers": Text("付过款的会员", "members who paid something"),
    "back_tests": Text("可回测的时段", "periods to back-test on"),
    "samples": Text("可学习的时点", "days to learn from"),
    "came": Text("期内再次购买的会员", "members who bought within the period"),
    "stayed_away": Text("期内没有购买的会员", "members who did not buy within the period"),
}


def _days(first: date, end: date, horizon: int) -> Iterator[date]:
    """Days to learn and test on: the last whose horizon is over, and earlier ones with enough before them."""
    for back in (0, horizon // 2, horizon, horizon * 4 // 3, horizon * 5 // 3, 2 * horizon):
        day = end - timedelta(days=horizon + back)
        if (day - first).days >= _FEWEST_DAYS:
            yield day


def _sample(found: Behaviour, first: date, horizon: int, *, known: bool) -> Sample:
    return Sample(
        day=(found.day - first).days,
        repeats=found.repeats,
        recency=found.recency,
        age=found.age,
        mean_spend=found.fields["mean_spend"],
        behaviour=found.fields,
        spent_before=found.spent_before,
        days_before=found.days_before,
        horizon_days=horizon,
        came=found.spent_after[horizon] if known else None,
    )
