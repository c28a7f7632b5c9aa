"""What is learned every night: the steps in their order, each recorded as a run, none stopped by another's failure.

A step is a module `flows/insight/<name>.py` with

    def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told) -> StepResult

It begins and ends no run of its own name: what it returns is recorded here (`rows` alone may be returned as a number).
Runs of other names, of a second model say, are its own affair. A step whose module is not there is left out.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from regulars.flows.insight.types import StepResult
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run
from regulars.insight.warehouse import api as warehouse
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Heard = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its name in addresses and commands, its name for people, whether it reads the warehouse."""

    key: str
    name: Text
    reads: bool = True

    @property
    def module(self) -> str:
        return f"regulars.flows.insight.{self.key}"

    @property
    def is_here(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    def run(self, brand: Brand, house: Any, now: datetime, told: Callable[[float], None]) -> StepResult:
        given = importlib.import_module(self.module).run(brand, house, now, told)
        return given if isinstance(given, StepResult) else StepResult(rows=int(given or 0))


STEPS: tuple[Step, ...] = (
    Step("export", Text("导出数据仓库", "Export to the warehouse"), reads=False),
    Step("categories", Text("商品品类", "Product categories")),
    Step("tiers", Text("等级历史", "Tier history")),
    Step("facts", Text("会员行为事实", "Member facts"), reads=False),
    Step("rfm", Text("RFM 分层", "RFM")),
    Step("lifetime", Text("会员价值", "Member value")),
    Step("churn", Text("流失与购买意向", "Churn and intent")),
    Step("recommend", Text("推荐", "Recommendations")),
    Step("language", Text("口碑与诉求", "What members say")),
    Step("lifecycle", Text("生命周期", "Lifecycle")),
    Step("campaigns", Text("活动效果", "Results of campaigns")),
    Step("holdout", Text("全局对照组效果", "Results of the programme's holdout")),
    Step("reports", Text("经营报表", "Reports")),
    Step("segments", Text("人群刷新", "Segments"), reads=False),
)


def steps_here() -> list[Step]:
    """The steps that are there, in their order."""
    return [step for step in STEPS if step.is_here]


def run_steps(
    *,
    brand: Brand,
    clock: Clock,
    only: Sequence[str] = (),
    heard: Heard = lambda step, share: None,
    going_on: Callable[[], None] = lambda: None,
) -> list[Run]:
    """Run the steps (or only some) one after the other; gives how each ended.

    `heard` hears of the progress of each; `going_on` is called before each step and may raise to stop the run.
    """
    ended = []
    for step in steps_here():
        if only and step.key not in only:
            continue
        going_on()
        ended.append(_run(step, brand, clock, heard))
        gc.collect()
    return ended


def _run(step: Step, brand: Brand, clock: Clock, heard: Heard) -> Run:
    now = clock()
    run = runs.begin(brand_id=brand.id, kind=step.key, now=now)
    heard(step.key, 0.0)
    last = 0.0

    def told(share: float) -> None:
        nonlocal last
        if share - last >= 0.02:
            last = share
            runs.progress(run=run, share=share)
            heard(step.key, share)

    try:
        with _opened(step, brand) as house:
            result = step.run(brand, house, now, told)
            if result.as_of is None and house is not None and house.complete_at is not None:
                result = replace(result, as_of=house.complete_at)
        _finish(run, result, clock())
    except Refusal as refusal:
        runs.fail(run=run, now=clock(), problem=refusal.message)
    except Exception as error:
        _log.exception("insight step %s of %s failed", step.key, brand.slug)
        name = type(error).__name__
        runs.fail(
            run=run, now=clock(), problem=Text(f"意外错误 {name}：{error}", f"unexpected {name}: {error}")
        )
    heard(step.key, 1.0)
    newest = runs.latest(brand_id=brand.id, kind=step.key, finished=False)
    assert newest is not None
    if newest.id != run.id:  # the step keeps a record of its own
        runs.discard(run=run)
    return newest


def _finish(run: Run, result: StepResult, now: datetime) -> None:
    if result.lacking is not None:
        runs.lack(run=run, now=now, problem=result.lacking, rows=result.rows, metrics=result.metrics)
        return
    known = {"period_from": result.period_from, "period_to": result.period_to, "as_of": result.as_of}
    runs.finish(
        run=run,
        now=now,
        rows=result.rows,
        metrics=result.metrics,
        charts=result.charts,
        **{name: value for name, value in known.items() if value is not None},
        **({"params": result.params} if result.params else {}),
    )


@contextlib.contextmanager
def _opened(step: Step, brand: Brand) -> Iterator[Any]:
    if not step.reads:
        yield None
        return
    with warehouse.open_warehouse(brand_id=brand.id) as house:
        yield house
