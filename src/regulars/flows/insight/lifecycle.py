"""The nightly step of lifecycle: where everybody stands, how members moved from month to month, KOC scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.language import api as language
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.lifecycle.types import STAGES, RulesVersion, StageRules
from regulars.insight.runs import api as runs
from regulars.insight.warehouse.api import Warehouse, open_warehouse
from regulars.kit.periods import add_months, zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand, Scope

KIND, KOC_KIND = "lifecycle", "koc"
MONTHS = 12
_AT_ONCE = 100_000  # members
_LEAST_MEMBERS = 10
# The custom field of members that holds how many follow her elsewhere.
FOLLOWERS = "followers"
Standings = list[tuple[UUID, str, date]]


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Reckon stages of one brand, and KOC scores, whose run (`koc`) is their own."""
    done = _run_stages(brand, warehouse, now, told)
    told(0.6)
    _run_koc(brand, warehouse, now)
    # who said no while it ran, and was forgotten before she was written
    lifecycle.forget(brand_id=brand.id, member_ids=sorted(members.profiling_off(brand_id=brand.id)))
    told(1.0)
    return done


def preview(
    *, scope: Scope, brand: Brand, rules: Mapping[str, Any], now: datetime
) -> tuple[list[tuple[str, str, int]], list[tuple[UUID, str, str]]]:
    """Who would stand elsewhere by these rules: (from, to, members) and a sample of (member, from, to).

    Refuses (422) wrong thresholds. Nothing is written.
    """
    checked = lifecycle.check_rules(rules)
    with open_warehouse(brand_id=brand.id) as warehouse:
        _line(warehouse, checked, _today(brand, now))
        return lifecycle.preview(brand_id=scope.brand_id, standings=_standings(warehouse))


def _run_stages(brand: Brand, warehouse: Warehouse, now: datetime, told: Told) -> StepResult:
    today = _today(brand, now)
    version = lifecycle.get_rules(brand_id=brand.id)
    _line(warehouse, version.rules, today)
    told(0.2)
    standings = _standings(warehouse)
    fresh = not lifecycle.has_stages(brand_id=brand.id)
    moved, forgotten = lifecycle.record_stages(
        brand_id=brand.id,
        standings=standings,
        rules_version=version.version,
        history=_history(warehouse, brand.id, version.version) if fresh else None,
    )
    told(0.4)
    member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        columns={"stage": [s for _, s, _ in standings], "stage_since": [d for _, _, d in standings]},
        member_ids=[m for m, _, _ in standings],
    )
    if len(standings) < _LEAST_MEMBERS:
        return StepResult(rows=len(standings), lacking=_too_few(len(standings)))
    return _shown(warehouse, version, standings, (moved, forgotten), today)


def _shown(
    warehouse: Warehouse, version: RulesVersion, standings: Standings, changed: tuple[int, int], today: date
) -> StepResult:
    days = month_ends(today)
    at = lifecycle.stages_at(warehouse.table("stage_line"), days)
    counted = warehouse.rows(at.group_by(["day", "stage"]).aggregate(members=at.count()))
    moves = warehouse.rows(lifecycle.moves_between(at, days))
    counts: dict[str, int] = dict.fromkeys(STAGES, 0)
    for _, stage, _ in standings:
        counts[stage] += 1
    moved, forgotten = changed
    return StepResult(
        rows=len(standings),
        metrics={
            "members": len(standings),
            "moved": moved,
            "forgotten": forgotten,
            "version": version.version,
        },
        params={"rules": version.rules.to_json()},
        charts={
            "counts": counts,
            "days": [one.isoformat() for one in days],
            "months": [
                {
                    "day": one.isoformat(),
                    "counts": {
                        r["stage"]: r["members"] for r in counted if r["day"] == lifecycle.day_number(one)
                    },
                }
                for one in days
            ],
            "moves": [
                [lifecycle.day_of(int(r["day"])).isoformat(), r["from_stage"], r["to_stage"], r["members"]]
                for r in sorted(moves, key=lambda r: (r["day"], r["from_stage"], r["to_stage"]))
            ],
        },
        period_from=days[0],
        period_to=today,
    )


def _run_koc(brand: Brand, warehouse: Warehouse, now: datetime) -> None:
    """KOC scores, where there is more than frequency to go by."""
    import pyarrow

    begun = runs.begin(brand_id=brand.id, kind=KOC_KIND, now=now)
    weights = lifecycle.get_rules(brand_id=brand.id).weights
    followers = warehouse.put(
        "koc_followers",
        _numbers(pyarrow, "followers", pyarrow.int64(), members.numbers_of(brand_id=brand.id, key=FOLLOWERS)),
    )
    moods = warehouse.put("koc_moods", _numbers(pyarrow, "mood", pyarrow.float64(), _moods(brand, now)))
    parts = lifecycle.koc_parts(
        sales(warehouse),
        warehouse.table("texts"),
        profiled(warehouse),
        _ids(followers),
        _ids(moods),
        _today(brand, now),
    )
    rows = warehouse.rows(lifecycle.koc_scores(parts, weights))
    told = [row for row in rows if row["influence"] is not None or row["quality"] is not None]
    if len(told) < _LEAST_MEMBERS:
        lifecycle.write_koc(brand_id=brand.id, as_of=now, rows=[])
        _clear_koc(brand, rows, now)
        runs.lack(run=begun, now=now, rows=len(rows), problem=_no_voices(len(told)))
        return
    lifecycle.write_koc(
        brand_id=brand.id,
        as_of=now,
        rows=[
            (
                UUID(row["member_id"]),
                row["score"],
                *(None if row[part] is None else round(row[part]) for part in _PARTS),
                {name: row[name] for name in _INPUTS if row[name] is not None},
            )
            for row in told
        ],
    )
    member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        columns={"koc": [row["score"] for row in rows]},
        member_ids=[UUID(row["member_id"]) for row in rows],
    )
    bands = [0] * 10
    for row in told:
        bands[min(9, row["score"] // 10)] += 1
    runs.finish(
        run=begun,
        now=now,
        rows=len(rows),
        metrics={"members": len(rows), "with_voice": len(told), "weights": weights.to_json()},
        charts={"bands": bands},
        period_from=_today(brand, now) - timedelta(days=lifecycle.KOC_DAYS),
        period_to=_today(brand, now),
    )


_PARTS = ("frequency", "influence", "quality")
_INPUTS = ("purchases", "reviews", "length", "spread", "mood", "followers", "brought")


def sales(warehouse: Warehouse) -> Any:
    """Orders that were not given back whole."""
    orders = warehouse.table("orders")
    return orders.filter((orders.amount > 0) & (orders.refunded < orders.amount))


def profiled(warehouse: Warehouse) -> Any:
    """Members who are there and may be profiled: those of the export without those who said no since."""
    import pyarrow

    off = sorted(str(one) for one in members.profiling_off(brand_id=warehouse.brand_id))
    table = pyarrow.table({"member_id": pyarrow.array(off, pyarrow.string())})
    said_no = _ids(warehouse.put("said_no", table))
    people = warehouse.table("members")
    return people.filter(people.profiling & (people.status != "left")).anti_join(said_no, "member_id")


def month_ends(today: date) -> list[date]:
    """The last days of the last twelve months, then today."""
    first = today.replace(day=1)
    return [*(add_months(first, -n) - timedelta(days=1) for n in range(MONTHS - 1, -1, -1)), today]


def _line(warehouse: Warehouse, rules: StageRules, today: date) -> None:
    """Everybody's line of stages as the table `stage_line` of this connection, so many members at a time that their
    days stay within what memory is allowed."""
    people = profiled(warehouse).select("member_id", "joined_day")
    bought = sales(warehouse).select("member_id", "local_day")
    parts = -(-int(warehouse.rows(people.aggregate(count=people.count()))[0]["count"]) // _AT_ONCE) or 1
    for part in range(parts):
        line = lifecycle.line_of_stages(
            _part_of(bought, part, parts), _part_of(people, part, parts), rules, today
        )
        if part:
            warehouse.add("stage_line", line)
        else:
            warehouse.keep("stage_line", line)


def _part_of(table: Any, part: int, parts: int) -> Any:
    if parts == 1:
        return table
    return table.filter(table.member_id.cast("string").hash().abs() % parts == part)


def _standings(warehouse: Warehouse) -> Standings:
    line = warehouse.table("stage_line")
    now = warehouse.arrow(line.filter(line.till.isnull()).select("member_id", "stage", "since"))
    columns = (now.column(name).to_pylist() for name in ("member_id", "stage", "since"))
    return [
        (UUID(member), stage, lifecycle.day_of(since)) for member, stage, since in zip(*columns, strict=True)
    ]


def _history(warehouse: Warehouse, brand_id: UUID, version: int) -> Iterator[bytes]:
    """Everybody's moves in the order of days as rows for COPY, made by DuckDB, as many at a time as memory bears."""
    columns = {
        "member_id": "member_id::VARCHAR",
        "id": "uuidv7()::VARCHAR",
        "brand_id": f"'{brand_id}'",
        "from_stage": "coalesce(before, '')",
        "to_stage": "stage",
        "moved_on": "(DATE '1970-01-01' + since::INTEGER)::VARCHAR",
        "rules_version": f"'{version}'",
    }
    # no value of these has a sign that COPY takes for something else
    row = ", ".join(columns[name] for name in lifecycle.CHANGE)
    found = warehouse.duck.execute(
        f"SELECT concat_ws(chr(9), {row}) || chr(10) AS row FROM stage_line ORDER BY since, member_id"
    )
    for batch in found.to_arrow_reader(50_000):
        yield _joined(batch.column(0))


def _joined(texts: Any) -> bytes:
    """Arrow's strings one after the other, as they lie there."""
    import pyarrow

    if not len(texts):
        return b""
    texts = texts.cast(pyarrow.large_string())
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("q")
    return bytes(memoryview(data)[ends[texts.offset] : ends[texts.offset + len(texts)]])


def _clear_koc(brand: Brand, rows: list[dict[str, Any]], now: datetime) -> None:
    member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        columns={"koc": [None] * len(rows)},
        member_ids=[UUID(row["member_id"]) for row in rows],
    )


def _moods(brand: Brand, now: datetime) -> list[tuple[UUID, float]]:
    """(member, mood from 0 to 1) of what they wrote in the last year."""
    said = language.by_member(brand_id=brand.id, since=now - timedelta(days=365), now=now)
    return [(member_id, (mood + 1) / 2) for member_id, mood, _ in said]


def _numbers(pyarrow: Any, name: str, kind: Any, rows: list[tuple[UUID, Any]]) -> Any:
    return pyarrow.table(
        {
            "member_id": pyarrow.array([str(member) for member, _ in rows], pyarrow.string()),
            name: pyarrow.array([value for _, value in rows], kind),
        }
    )


def _ids(table: Any) -> Any:
    return table.mutate(member_id=table.member_id.cast("uuid"))


def _today(brand: Brand, now: datetime) -> date:
    return now.astimezone(zone(brand.timezone)).date()


def _too_few(have: int) -> Text:
    return Text(
        "数据不足：目前 {n} 位可画像会员，至少需要 {m} 位", "Not enough data: {n} members, {m} are needed"
    ).format(n=have, m=_LEAST_MEMBERS)


def _no_voices(have: int) -> Text:
    return Text(
        "数据不足：写过评价、带来新会员或登记了粉丝数的会员仅 {n} 位，至少需要 {m} 位才计算 KOC 分",
        "Not enough data: {n} members wrote reviews, brought others or have followers on record; {m} are needed",
    ).format(n=have, m=_LEAST_MEMBERS)
