"""Freshness, RFM, tiers over time and members as of a past instant as they travel, the same to everybody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows.insight import api as insight
from regulars.flows.insight import as_of
from regulars.flows.insight import rfm as rfm_flow
from regulars.flows.insight import tiers as tiers_flow
from regulars.insight.rfm.types import GROUPS, NO_GROUP, NONE
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run
from regulars.insight.warehouse import api as warehouse
from regulars.kit.errors import invalid_field
from regulars.kit.paging import Page
from regulars.kit.text import Language
from regulars.platform.organisations.types import Brand, Scope

State = Literal["none", "running", "done", "lacking", "failed"]
Group = Literal["champions", "promising", "keep", "win_back", "regular", "new", "fading", "lapsed"]
Score = Annotated[int | None, Field(ge=1, le=5)]


class StepOut(Schema):
    """One nightly step: how its newest run stands, and the last that ended well.

    `lacking`: there was too little data, `problem` says how much it takes. `progress` is from 0 to 1.
    """

    key: str
    name: str
    state: State
    as_of: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    seconds: float | None = None
    rows: int = 0
    progress: float = 0.0
    problem: str = ""
    period_from: date | None = None
    period_to: date | None = None
    good_at: datetime | None = None


class TableOut(Schema):
    table: str
    rows: int
    files: int
    bytes: int
    first: date | None
    last: date | None


class FreshnessOut(Schema):
    """Every step, when they run next or that they run now, and what the warehouse holds.

    `running`: a process is at it. `asked_by` asked for a run that has not ended yet.
    """

    steps: list[StepOut]
    running: bool
    next_run_at: datetime | None
    asked_at: datetime | None
    asked_by: str
    complete_at: datetime | None
    tables: list[TableOut]


class RfmCellOut(Schema):
    """Members with a recency and a frequency score; `m` is their mean money score, `money` in minor units."""

    r: int
    f: int
    members: int
    money: int
    m: float


class RfmGroupOut(Schema):
    """One of the eight groups; means of scores; shares of members scored and of money."""

    group: str
    name: str
    members: int
    money: int
    orders: int
    share: float
    money_share: float
    r: float
    f: float
    m: float


class RfmBoundOut(Schema):
    """What a score stood for: least and greatest of the measure (days, purchases, minor units)."""

    measure: Literal["recency", "frequency", "money"]
    score: int
    members: int
    least: int
    greatest: int


class RfmFlowOut(Schema):
    """Members who were in one group in the period before and are in another now; `none`: no purchase then."""

    was: str
    was_name: str
    becomes: str
    becomes_name: str
    members: int


class RfmOut(Schema):
    """RFM as of the last run. `state` is `none` before the first; `unscored` bought nothing in the period."""

    state: State
    problem: str = ""
    as_of: datetime | None = None
    period_from: date | None = None
    period_to: date | None = None
    compared_from: date | None = None
    compared_to: date | None = None
    scored: int = 0
    unscored: int = 0
    money: int = 0
    currency: str
    high_from: int = 4
    cells: list[RfmCellOut] = []
    groups: list[RfmGroupOut] = []
    bounds: list[RfmBoundOut] = []
    flows: list[RfmFlowOut] = []


class RfmMemberOut(Schema):
    member_id: UUID
    code: str
    name: str
    r: int | None
    f: int | None
    m: int | None
    group: str
    group_name: str
    as_of: datetime | None


class TierLineOut(Schema):
    tier: str
    name: str
    rank: int
    members: list[int]


class TierHistoryOut(Schema):
    """Members per tier at the end of every business day from `first` on, one number a day."""

    state: State
    problem: str = ""
    as_of: datetime | None = None
    scheme: str
    scheme_name: str
    first: date | None = None
    last: date | None = None
    lines: list[TierLineOut] = []


class BalanceThenOut(Schema):
    """Accounts of a unit then."""

    unit: str
    name: str
    available: int
    pending: int
    held: int
    debt: int


class TierThenOut(Schema):
    """Null `tier`: she had not entered the scheme."""

    scheme: str
    scheme_name: str
    tier: str | None
    tier_name: str
    since: datetime | None


class MemberThenOut(Schema):
    """A member at `at`, by what is known now, or with `known_at` by what had been recorded by then."""

    at: datetime
    known_at: datetime | None
    balances: list[BalanceThenOut]
    tiers: list[TierThenOut]


def freshness_of(brand: Brand, said: Language) -> FreshnessOut:
    rows, turn = insight.freshness(brand_id=brand.id)
    status = warehouse.get_status(brand_id=brand.id)
    asked = turn is not None and turn.asked_at is not None
    return FreshnessOut(
        steps=[_step(fresh, said) for fresh in rows],
        running=turn is not None and turn.lease is not None,
        next_run_at=turn.next_run_at if turn and turn.lease is None else None,
        asked_at=turn.asked_at if turn else None,
        asked_by=turn.asked_by if turn and asked else "",
        complete_at=status.complete_at,
        tables=[
            TableOut(table=t.table, rows=t.rows, files=t.files, bytes=t.bytes, first=t.first, last=t.last)
            for t in status.tables
        ],
    )


def _step(fresh: Any, said: Language) -> StepOut:
    run: Run | None = fresh.newest
    shown: dict[str, Any] = {"state": "none"}
    if run is not None:
        shown = {
            "state": run.state,
            "as_of": run.as_of,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "seconds": run.seconds,
            "rows": run.rows,
            "progress": run.progress,
            "problem": run.problem.in_language(said),
            "period_from": run.period_from,
            "period_to": run.period_to,
        }
    return StepOut(
        key=fresh.step.key,
        name=fresh.step.name.in_language(said),
        good_at=fresh.good.finished_at if fresh.good else None,
        **shown,
    )


def group_name(key: str | None, said: Language) -> str:
    if key is None:
        return ""
    return (NO_GROUP if key == NONE else GROUPS[key][1]).in_language(said) if key in {*GROUPS, NONE} else key


def rfm_of(brand: Brand, said: Language) -> RfmOut:
    run = runs.latest(brand_id=brand.id, kind=rfm_flow.KIND)
    if run is None:
        return RfmOut(state="none", currency=brand.currency)
    if run.state == "lacking":
        return RfmOut(
            state="lacking",
            problem=run.problem.in_language(said),
            as_of=run.as_of,
            scored=run.rows,
            currency=brand.currency,
        )
    scored, money = max(1, run.metrics["scored"]), max(1, run.metrics["money"])
    compared = run.charts["compared_with"]
    return RfmOut(
        state="done",
        as_of=run.as_of,
        period_from=run.period_from,
        period_to=run.period_to,
        compared_from=compared["from"],
        compared_to=compared["to"],
        **run.metrics,
        currency=brand.currency,
        high_from=run.params.get("high_from", 4),
        cells=[RfmCellOut(**cell) for cell in run.charts["cells"]],
        groups=[
            RfmGroupOut(
                **group,
                name=group_name(group["group"], said),
                share=group["members"] / scored,
                money_share=group["money"] / money,
            )
            for group in run.charts["groups"]
        ],
        bounds=[RfmBoundOut(**bound) for bound in run.charts["bounds"]],
        flows=[
            RfmFlowOut(
                **flow, was_name=group_name(flow["was"], said), becomes_name=group_name(flow["becomes"], said)
            )
            for flow in run.charts["flows"]
        ],
    )


def rfm_members(
    scope: Scope, said: Language, *, cursor: str | None, limit: int, **picked: Any
) -> Page[RfmMemberOut]:
    page = member_facts.list_by_rfm(brand_id=scope.brand_id, cursor=cursor, limit=limit, **picked)
    named = members.names_of(scope=scope, member_ids=[one.member_id for one in page.items])

    def shown(one: Any) -> RfmMemberOut:
        code, name = named[one.member_id]
        scores = one.scores or {}
        return RfmMemberOut(
            member_id=one.member_id,
            code=code,
            name=name,
            r=scores.get("rfm_r"),
            f=scores.get("rfm_f"),
            m=scores.get("rfm_m"),
            group=scores.get("rfm_group") or "",
            group_name=group_name(scores.get("rfm_group"), said),
            as_of=one.scores_at,
        )

    return page.map(shown)


def tiers_of(
    scope: Scope, said: Language, *, scheme: str | None, first: date | None, last: date | None, now: datetime
) -> TierHistoryOut:
    """Between two days, both included; without them all there is."""
    programme = as_of.live_programme(scope, now)
    schemes = {one.key: one for one in (programme.schemes if programme else ())}
    run = runs.latest(brand_id=scope.brand_id, kind=tiers_flow.KIND)
    counted = run.charts.get("schemes", {}) if run else {}
    if scheme is not None and scheme not in schemes and scheme not in counted:
        raise invalid_field("scheme", "unknown_scheme", "没有这个等级体系", "There is no such tier scheme")
    if first is not None and last is not None and first > last:
        raise invalid_field(
            "to", "wrong_order", "结束日期应不早于开始日期", "The last day is before the first"
        )
    key = scheme or next(iter(schemes), next(iter(counted), ""))
    named = schemes.get(key)
    names = (
        {tier.code: (tier.name.in_language(said), rank) for rank, tier in enumerate(named.tiers)}
        if named
        else {}
    )
    shown = TierHistoryOut(
        state=run.state if run else "none",
        problem=run.problem.in_language(said) if run else "",
        as_of=run.as_of if run else None,
        scheme=key,
        scheme_name=named.name.in_language(said) if named else key,
    )
    if run is None or run.state != "done" or key not in counted:
        return shown
    begins, ends = date.fromisoformat(run.charts["first"]), date.fromisoformat(run.charts["last"])
    low, high = max(begins, first or begins), min(ends, last or ends)
    if low > high:
        return shown
    part = slice((low - begins) // timedelta(days=1), (high - begins) // timedelta(days=1) + 1)
    shown.first, shown.last = low, high
    shown.lines = sorted(
        (
            TierLineOut(
                tier=tier,
                name=names.get(tier, (tier, 0))[0],
                rank=names.get(tier, (tier, len(names)))[1],
                members=line[part],
            )
            for tier, line in counted[key].items()
        ),
        key=lambda line: line.rank,
    )
    return shown


def then_of(
    scope: Scope, said: Language, *, member_id: UUID, at: datetime, known_at: datetime | None, now: datetime
) -> MemberThenOut:
    then = as_of.member_as_of(scope=scope, member_id=member_id, at=at, known_at=known_at, now=now)
    programme = as_of.live_programme(scope, now)
    units = programme.units if programme else {}
    schemes = {one.key: one for one in (programme.schemes if programme else ())}
    names = {
        (key, tier.code): tier.name.in_language(said) for key, one in schemes.items() for tier in one.tiers
    }
    return MemberThenOut(
        at=then.at,
        known_at=then.known_at,
        balances=[
            BalanceThenOut(
                unit=unit,
                name=units[unit].name.in_language(said) if unit in units else unit,
                available=account.available,
                pending=account.pending,
                held=account.held,
                debt=account.debt,
            )
            for unit, account in sorted(then.balances.items())
        ],
        tiers=[
            TierThenOut(
                scheme=one.scheme,
                scheme_name=schemes[one.scheme].name.in_language(said),
                tier=one.tier,
                tier_name=names.get((one.scheme, one.tier or ""), one.tier or ""),
                since=one.since,
            )
            for one in then.tiers
        ],
    )
