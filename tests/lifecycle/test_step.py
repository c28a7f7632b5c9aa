"""The step on a real database: stages written, moved, forgotten; rules of the brand's own; KOC scores."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.intake.world import World, order

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows import profiling
from regulars.flows.insight import lifecycle as flow
from regulars.flows.insight.types import StepResult
from regulars.insight.lifecycle import api
from regulars.insight.runs import api as runs
from regulars.insight.warehouse import api as warehouse
from regulars.kit.errors import Refusal
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations

NOON = datetime(2024, 6, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai


def brand_of(shop: World) -> Any:
    return organisations.get_brand(brand_id=shop.scope.brand_id)


def run(shop: World, now: datetime) -> StepResult:
    warehouse.export(brand_id=shop.scope.brand_id, now=now)
    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        return flow.run(brand_of(shop), house, now)


def filled(shop: World) -> list[UUID]:
    """Twelve members who joined on 1 January and bought on 1 May; the first of them also on 10 and 20 May."""
    joined = datetime(2024, 1, 1, 4, 0, tzinfo=UTC)
    found = [shop.member(f"138000000{n:02}", now=joined) for n in range(12)]
    for n, member in enumerate(found):
        shop.one(order(member, f"o{n}", 1000, at=datetime(2024, 5, 1, 4, 0, tzinfo=UTC)))
    for day in (10, 20):
        shop.one(order(found[0], f"more{day}", 1000, at=datetime(2024, 5, day, 4, 0, tzinfo=UTC)))
    return found


def history(shop: World, member: UUID) -> list[tuple[str, str, date]]:
    page = api.list_changes(brand_id=shop.scope.brand_id, member_id=member)
    return [(one.from_stage, one.to_stage, one.on) for one in reversed(page.items)]


@pytest.mark.parametrize("at_once", [100_000, 5])
def test_a_first_run_writes_the_whole_line(shop: World, monkeypatch: Any, at_once: int) -> None:
    """On 1 June: eleven bought once a month ago: new. The first bought three times in May: growing, since 10 May.
    However few members are looked at at once."""
    monkeypatch.setattr(flow, "_AT_ONCE", at_once)
    found = filled(shop)
    result = run(shop, NOON)
    assert result.rows == 12 and result.lacking is None
    assert result.metrics["moved"] == 11 * 2 + 3
    assert api.count_by_stage(brand_id=shop.scope.brand_id) == {"new": 11, "growing": 1}
    assert history(shop, found[0]) == [
        ("", "prospect", date(2024, 1, 1)),
        ("prospect", "new", date(2024, 5, 1)),
        ("new", "growing", date(2024, 5, 10)),
    ]
    moves = api.list_changes(brand_id=shop.scope.brand_id).items
    assert len({one.id for one in moves}) == 25 and {one.id.version for one in moves} == {7}
    known = member_facts.read(brand_id=shop.scope.brand_id, member_id=found[0])
    assert known is not None and known.scores is not None
    assert (known.scores["stage"], known.scores["stage_since"]) == ("growing", date(2024, 5, 10))


def test_moves_and_months(shop: World) -> None:
    """A night later nothing moved. By 1 July the eleven are silent for 61 days: slipping since 16 June (more than 45
    days); from May's end to June's eleven went from new to slipping, one stayed growing (silent for 41 days)."""
    found = filled(shop)
    run(shop, NOON)
    assert run(shop, NOON + timedelta(days=1)).metrics["moved"] == 0
    result = run(shop, datetime(2024, 7, 1, 4, 0, tzinfo=UTC))
    assert result.metrics["moved"] == 11
    assert history(shop, found[5])[-1] == ("new", "slipping", date(2024, 6, 16))
    moves = {tuple(row[:3]): row[3] for row in result.charts["moves"]}
    assert moves["2024-06-30", "new", "slipping"] == 11
    assert moves["2024-06-30", "growing", "growing"] == 1
    assert result.charts["counts"]["slipping"] == 11
    page = api.list_standings(brand_id=shop.scope.brand_id, stage="slipping", limit=4)
    assert len(page.items) == 4 and page.next_cursor
    rest = api.list_standings(brand_id=shop.scope.brand_id, stage="slipping", cursor=page.next_cursor)
    assert len(rest.items) == 7
    moved = api.list_changes(
        brand_id=shop.scope.brand_id,
        to_stage="slipping",
        since=date(2024, 6, 1),
        until=date(2024, 7, 1),
        limit=6,
    )
    more = api.list_changes(brand_id=shop.scope.brand_id, to_stage="slipping", cursor=moved.next_cursor)
    assert len({one.member_id for one in (*moved.items, *more.items)}) == 11


def test_own_thresholds_are_versions_with_a_preview(shop: World) -> None:
    """Slipping after 20 days: on 1 June the eleven are silent for 31 days, the twelfth for 12."""
    found = filled(shop)
    run(shop, NOON)
    rules = {"slipping_days": 20, "slipping_least_days": 10}
    moves, sample = flow.preview(scope=shop.scope, brand=brand_of(shop), rules=rules, now=NOON)
    assert sorted(moves) == [("growing", "growing", 1), ("new", "slipping", 11)]
    assert len(sample) == 11 and {row[1:] for row in sample} == {("new", "slipping")}
    assert api.count_by_stage(brand_id=shop.scope.brand_id) == {"new": 11, "growing": 1}
    version = api.set_rules(scope=shop.scope, rules=rules, weights={}, now=NOON)
    assert version.version == 1
    assert api.set_rules(scope=shop.scope, rules=rules, weights={}, now=NOON).version == 1
    run(shop, NOON + timedelta(hours=1))
    assert api.get_standing(brand_id=shop.scope.brand_id, member_id=found[3]).stage == "slipping"  # type: ignore[union-attr]
    entries = audit.list_entries(
        organisation_id=shop.scope.organisation_id, action="lifecycle.rules_set"
    ).items
    assert [(e.before["slipping_days"], e.after["slipping_days"]) for e in entries] == [(45, 20)]
    with pytest.raises(Refusal) as refused:
        api.set_rules(scope=shop.scope, rules={"dormant_days": 10}, weights={"quality": 1}, now=NOON)
    assert refused.value.errors[0].field == "dormant_days"
    assert api.get_rules(brand_id=shop.scope.brand_id).version == 1


def test_profiling_off_takes_her_out(shop: World) -> None:
    """K6: at the next run, and at once through `forget`."""
    found = filled(shop)
    run(shop, NOON)
    members.set_profiling(scope=shop.scope, member_id=found[0], on=False, now=NOON)
    result = run(shop, NOON + timedelta(hours=1))
    assert result.rows == 11 and result.metrics["forgotten"] == 1
    assert api.get_standing(brand_id=shop.scope.brand_id, member_id=found[0]) is None
    assert history(shop, found[0]) == []
    api.forget(brand_id=shop.scope.brand_id, member_ids=[found[1]])
    assert history(shop, found[1]) == []


def test_who_said_no_since_the_export_is_not_taken_in_again(shop: World, monkeypatch: Any) -> None:
    """K6: the step alone, run on what was exported before; and she who says no while it runs."""
    found, brand = filled(shop), shop.scope.brand_id
    run(shop, NOON)
    profiling.switch(scope=shop.scope, member_id=found[0], on=False, now=NOON)
    real = flow._run_koc

    def meanwhile(*given: Any) -> None:
        real(*given)
        members.set_profiling(scope=shop.scope, member_id=found[1], on=False, now=NOON)

    monkeypatch.setattr(flow, "_run_koc", meanwhile)
    with warehouse.open_warehouse(brand_id=brand) as house:
        result = flow.run(brand_of(shop), house, NOON + timedelta(hours=1))
    assert result.rows == 11
    for her in found[:2]:
        assert api.get_standing(brand_id=brand, member_id=her) is None
        assert api.get_koc(brand_id=brand, member_id=her) is None and history(shop, her) == []
    assert sum(api.count_by_stage(brand_id=brand).values()) == 10


def test_few_members_say_so(shop: World) -> None:
    shop.one(order(shop.member("13800000001"), "1", 1000, at=NOON))
    assert run(shop, NOON).lacking is not None
    koc = runs.latest(brand_id=shop.scope.brand_id, kind="koc")
    assert koc is not None and koc.state == "lacking" and "KOC" in koc.problem.zh
