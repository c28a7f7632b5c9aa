"""regulars insight"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from regulars.project.plainly import PlainError, say


def run(
    action: Annotated[str, typer.Argument(help="run: learn from what members did; status: how fresh it is")],
    brand: Annotated[str, typer.Option(help="Only this brand (its slug); without: every brand")] = "",
    step: Annotated[list[str] | None, typer.Option(help="Only this step, e.g. rfm; may be repeated")] = None,
    database_url: Annotated[str, typer.Option(help="A PostgreSQL of your own")] = "",
) -> None:
    """Run the nightly steps now, here: warehouse, facts, RFM, value, churn, recommendations and the rest."""
    from regulars.project.opening import open_project

    if action not in ("run", "status"):
        raise PlainError(
            zh="用法:regulars insight run|status", en="It is: regulars insight run|status", exit_code=2
        )
    with open_project(database_url=database_url or None):
        failed = sum(_run(one, step or [], action) for one in brands(brand))
    if failed:
        raise typer.Exit(1)


def brands(slug: str) -> list[Any]:
    """The brand of a slug, or all."""
    from regulars.platform.organisations import api as organisations

    if not slug:
        return organisations.list_brands()
    found = organisations.find_brand(slug_or_id=slug)
    if found is None:
        raise PlainError(zh=f"没有品牌 {slug}。", en=f"There is no brand {slug}.")
    return [found]


def _run(brand: Any, steps: list[str], action: str) -> int:
    from regulars.flows.insight import api as insight
    from regulars.kit import clock

    known = {one.key: one for one in insight.steps_here()}
    if wrong := [one for one in steps if one not in known]:
        raise PlainError(
            zh=f"没有步骤 {wrong[0]};可用:{'、'.join(known)}。",
            en=f"There is no step {wrong[0]}; there are: {', '.join(known)}.",
            exit_code=2,
        )
    print(brand.slug)
    if action == "status":
        for fresh in insight.freshness(brand_id=brand.id)[0]:
            if fresh.newest is not None:
                _say(fresh.step, fresh.newest)
        return 0

    def heard(key: str, share: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r  {key:<10} {share:>4.0%}")
            sys.stderr.flush()

    ended = insight.run_here(brand_id=brand.id, clock=clock.now, only=steps, heard=heard)
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 24 + "\r")
    for run in ended:
        _say(known[run.kind], run)
    return len(insight.failures(ended))


def _say(step: Any, run: Any) -> None:
    names = {
        "done": ("完成", "done"),
        "lacking": ("数据不足", "too little data"),
        "failed": ("失败", "failed"),
        "running": ("运行中", "running"),
    }
    zh, en = names[run.state]
    seconds = "" if run.seconds is None else f"{run.seconds:.1f} s"
    print(
        say(zh=f"  {step.name.zh}:{zh}", en=f"  {step.name.en}: {en}"),
        f"{run.rows:,}",
        seconds,
        say(zh=run.problem.zh, en=run.problem.en),
    )
