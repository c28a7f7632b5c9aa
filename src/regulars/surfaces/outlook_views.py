"""Value, churn and intent as pages and integrations are shown them: what a run found, how good it was, one member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from regulars.audience.member_facts.types import MemberKnown
from regulars.insight.churn import api as churn
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run
from regulars.kit.text import Language

State = Literal["none", "running", "done", "lacking", "failed"]


class FreshOut(Schema):
    """What stands over every figure: how the last run ended, of which instant and period it is, of how many members.

    `none`: there was no run yet. `lacking`: `problem` says how much data there is and how much it takes.
    """

    state: State = "none"
    problem: str = ""
    as_of: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    period_from: date | None = None
    period_to: date | None = None
    rows: int = 0


class ForecastOut(Schema):
    """How far a model's forecasts were from what came, on the back-test. Shares are null where nothing came."""

    model: str
    error: float = Field(description="Mean absolute error a member, in minor units")
    error_share: float | None = Field(description="Sum of absolute errors over what came")
    bias: float | None = Field(description="Sum of forecasts over what came, less one")
    rank: float | None = Field(description="Spearman's rank correlation")


class DecileOut(Schema):
    """A tenth of the members by forecast, 1 the highest; means in minor units."""

    decile: int
    rows: int
    forecast: float
    actual: float
    share: float


class HistogramOut(Schema):
    edges: list[float]
    counts: list[int]


class ValueOut(FreshOut):
    """The last run of value, its back-test against the same as last year, and what it came to.

    Money is in minor units of the brand's currency, times margin, discounted. `chosen`: the model used, chosen on a
    period before the back-test's (`chosen_on` is `held` where there was none). `coverage`: the share of members whose
    spending in the back-test fell within the interval, which says `level`.
    """

    margin: float = 1.0
    discount: float = 0.0
    level: float = 0.8
    chosen: str = ""
    chosen_on: str = ""
    horizon_days: int = 0
    held_from: date | None = None
    held_to: date | None = None
    held_rows: int = 0
    models: list[ForecastOut] = []
    coverage: float | None = None
    alive: float | None = None
    count_spend_correlation: float | None = None
    total_12: float = 0
    total_36: float = 0
    parameters: dict[str, dict[str, float]] = {}
    deciles: list[DecileOut] = []
    deciles_naive: list[DecileOut] = []
    distribution: HistogramOut | None = None
    quantiles: dict[str, float] = {}
    alive_distribution: HistogramOut | None = None


class BinOut(Schema):
    low: float
    high: float
    rows: int
    forecast: float
    actual: float


class ClassificationOut(Schema):
    """How good chances of no purchase were; `auc` is null where all answers were alike."""

    rows: int
    rate: float
    auc: float | None
    brier: float
    log_loss: float
    calibration_error: float


class HorizonOut(Schema):
    """One horizon in days: the model beside the rule "no purchase in 30 days", both on the same later period.

    `rule_right` of `flagged` members the rule named stayed away; of as many that the model thought likeliest,
    `model_right`.
    """

    days: int
    tested_from: date | None
    model: ClassificationOut
    uncalibrated: ClassificationOut
    rule: ClassificationOut
    flagged: int
    rule_right: float | None
    model_right: float | None
    calibration: str
    learned_rows: int
    expected: float = Field(description="The mean chance of no purchase today")
    reliability: list[BinOut]
    distribution: HistogramOut | None


class LackingOut(Schema):
    days: int
    have: dict[str, float]
    need: dict[str, float]


class ReasonCountOut(Schema):
    """How often a reason is a member's first: among the fifth likeliest to stay away, and among all."""

    code: str
    name: str
    risky: int
    all: int


class DueModelOut(Schema):
    """Due dates told two months ago. `hit`: of what was said to be due within two weeks, how much came by then;
    `hit_alike`: of the as many soonest as our model names."""

    model: str
    error_days: float | None
    named: int
    hit: float | None
    hit_alike: float | None


class DueOut(Schema):
    """Which categories members are due to buy again."""

    members: int = 0
    rate: float | None = None
    tests: list[DueModelOut] = []
    categories: list[DueCategoryOut] = []


class DueCategoryOut(Schema):
    category: str
    members: int
    within_14: int


class ChurnOut(FreshOut):
    """The last run of churn and intent, by horizon; a horizon that data lacks for is in `lacking`."""

    rule_days: int = 30
    reasons_for: int = 0
    horizons: list[HorizonOut] = []
    lacking: list[LackingOut] = []
    reasons: list[ReasonCountOut] = []
    risky_from: float | None = None
    due: DueOut = DueOut()


class ReasonOut(Schema):
    """Why she is likelier to stay away than the middle member: her figure and that one's. `weight`: log-odds."""

    code: str
    name: str
    weight: float
    value: float | None = None
    usual: float | None = None


class OutlookOut(Schema):
    """What is expected of one member. Chances are from 0 to 1; a score that was never made is null.

    `off`: she is not profiled. `none`: nothing was reckoned for her yet. The interval holds four of five members.
    """

    code: str
    name: str = ""
    state: Literal["shown", "none", "off"]
    as_of: datetime | None = None
    value_12: int | None = None
    value_12_low: int | None = None
    value_12_high: int | None = None
    value_36: int | None = None
    value_36_low: int | None = None
    value_36_high: int | None = None
    value_decile: int | None = None
    alive: float | None = None
    churn_30: float | None = None
    churn_60: float | None = None
    churn_90: float | None = None
    intent_7: float | None = None
    intent_30: float | None = None
    reasons: list[ReasonOut] = []
    next_category: str | None = None
    next_due_on: date | None = None


class OutlooksOut(Schema):
    items: list[OutlookOut]
    next_cursor: str | None = None


_MODELS = ("bg_nbd", "pareto_nbd", "learned", "combined", "naive")

DueOut.model_rebuild()
ChurnOut.model_rebuild()


def value_of(brand_id: UUID, said: Language) -> ValueOut:
    """The last run of value that ended well, or that data lacked for."""
    run = runs.latest(brand_id=brand_id, kind="lifetime")
    if run is None:
        return ValueOut(**_never(brand_id, "lifetime", said))
    found, charts = run.metrics, run.charts
    if run.state != "done":
        return ValueOut(**_fresh(run, said))
    spread = charts["distribution"]
    return ValueOut(
        **_fresh(run, said),
        margin=run.params.get("margin", 1.0),
        discount=run.params.get("discount", 0.0),
        level=found["level"],
        chosen=found["chosen"],
        chosen_on=found["chosen_on"],
        horizon_days=found["horizon_days"],
        held_from=found["held_from"],
        held_to=found["held_to"],
        held_rows=found["held_rows"],
        models=[ForecastOut(model=one, **found["models"][one]) for one in _MODELS if one in found["models"]],
        coverage=found["coverage"],
        alive=found["alive"],
        count_spend_correlation=found["count_spend_correlation"],
        total_12=found["total"][0],
        total_36=found["total"][1],
        parameters={
            **{name: {k: float(v) for k, v in one.items()} for name, one in found["purchases"].items()},
            "gamma_gamma": found["spend"],
        },
        deciles=charts["deciles"],
        deciles_naive=charts["deciles_naive"],
        distribution=HistogramOut(edges=spread["edges"], counts=spread["counts"]),
        quantiles=spread["quantiles"],
        alive_distribution=charts["alive"],
    )


def churn_of(brand_id: UUID, said: Language) -> ChurnOut:
    """The last run of churn and intent that ended well, or that data lacked for."""
    run = runs.latest(brand_id=brand_id, kind="churn")
    if run is None:
        return ChurnOut(**_never(brand_id, "churn", said))
    if run.state != "done":
        return ChurnOut(**_fresh(run, said))
    found, charts = run.metrics, run.charts
    words = churn.reason_texts()
    counts = charts["reasons"]
    return ChurnOut(
        **_fresh(run, said),
        rule_days=found["rule_days"],
        reasons_for=found["reasons_for"],
        horizons=[_horizon(days, test, found, charts) for days, test in found["tests"].items()],
        lacking=[LackingOut(days=int(days), **short) for days, short in found["lacking"].items()],
        reasons=[
            ReasonCountOut(
                code=code,
                name=words[code].in_language(said),
                risky=counts["risky"].get(code, 0),
                all=counts["all"].get(code, 0),
            )
            for code in sorted(counts["all"], key=lambda code: -counts["risky"].get(code, 0))
            if code in words
        ],
        risky_from=counts["line"],
        due=_due(found["due"], charts["due"]),
    )


def told_at(brand_id: UUID) -> dict[str, datetime]:
    """By model of which instant the scores are that it wrote last: steps fail one by one."""
    found = {kind: runs.latest(brand_id=brand_id, kind=kind) for kind in _WRITES}
    return {kind: run.as_of for kind, run in found.items() if run is not None}


_WRITES = {"lifetime": "value_12", "churn": "churn_reasons"}


def outlook_of(
    known: MemberKnown,
    *,
    told: Mapping[str, datetime],
    code: str,
    said: Language,
    name: str = "",
    profiled: bool = True,
) -> OutlookOut:
    """One member's scores, with her reasons in words; all of them know at least what was recorded by `as_of`."""
    scores = known.scores if profiled else None
    if scores is None or (scores["value_12"] is None and scores["churn_30"] is None):
        return OutlookOut(code=code, name=name, state="none" if profiled else "off")
    shown: dict[str, Any] = {
        field: float(value) if _is_chance(field, value) else value
        for field, value in scores.items()
        if field in OutlookOut.model_fields and field != "as_of"
    }
    reasons = _reasons(scores["churn_reasons"], said)
    written = [told[kind] for kind, field in _WRITES.items() if scores[field] is not None and kind in told]
    as_of = min([*written, *([known.scores_at] if known.scores_at else [])], default=None)
    return OutlookOut(code=code, name=name, state="shown", as_of=as_of, reasons=reasons, **shown)


def _is_chance(field: str, value: Any) -> bool:
    return value is not None and (field == "alive" or field.startswith(("churn_", "intent_")))


def _reasons(stored: Sequence[Mapping[str, Any]] | None, said: Language) -> list[ReasonOut]:
    return [
        ReasonOut(
            code=one["code"],
            name=one["text"].in_language(said),
            weight=one["weight"],
            value=one.get("value"),
            usual=one.get("usual"),
        )
        for one in churn.in_words([dict(one) for one in stored or ()])
    ]


def _fresh(run: Run, said: Language) -> dict[str, Any]:
    return {
        "state": run.state,
        "problem": run.problem.in_language(said),
        "as_of": run.as_of,
        "finished_at": run.finished_at,
        "seconds": run.seconds,
        "period_from": run.period_from,
        "period_to": run.period_to,
        "rows": run.rows,
    }


def _never(brand_id: UUID, kind: str, said: Language) -> dict[str, Any]:
    """Of a run that never ended well: that it runs, that it failed, or nothing."""
    run = runs.latest(brand_id=brand_id, kind=kind, finished=False)
    return {} if run is None else _fresh(run, said)


def _horizon(
    days: str, test: Mapping[str, Any], found: Mapping[str, Any], charts: Mapping[str, Any]
) -> HorizonOut:
    return HorizonOut(
        days=int(days),
        tested_from=test["from"],
        model=ClassificationOut(**test["model"]),
        uncalibrated=ClassificationOut(**test["uncalibrated"]),
        rule=ClassificationOut(**test["rule"]),
        flagged=test["flagged"],
        rule_right=test["rule_right"],
        model_right=test["model_right"],
        calibration=found["calibration"].get(days, ""),
        learned_rows=found["learned_rows"].get(days, 0),
        expected=found["expected"].get(days, 0.0),
        reliability=charts[f"reliability_{days}"],
        distribution=charts.get(f"distribution_{days}"),
    )


def _due(found: Mapping[str, Any], categories: Sequence[Mapping[str, Any]]) -> DueOut:
    test = found.get("test", {})
    return DueOut(
        members=found["members"],
        rate=test.get("rate"),
        tests=[
            DueModelOut(
                model=name, **{field: one[field] for field in DueModelOut.model_fields if field in one}
            )
            for name, one in test.items()
            if name != "rate"
        ],
        categories=[DueCategoryOut(**one) for one in categories],
    )
