"""From orders to what a member is shown: the nightly step, one query, the shop's word, profiling switched off."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.intake.world import START, World, order, refund
from tests.recommend.given import copied

from regulars.facts.activity.types import LineIn
from regulars.facts.members import api as members
from regulars.flows import recommending
from regulars.flows.insight import nightly
from regulars.flows.insight import recommend as step
from regulars.insight.recommend import api as recommend
from regulars.insight.recommend.types import Gate, Recommended, Shop
from regulars.insight.runs import api as runs
from regulars.insight.warehouse import api as warehouse
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations

DAYS = 140
NOW = START + timedelta(days=DAYS)
NAMES = {"w0": "燕麦奶", "w1": "鸡蛋", "w2": "苏打水"}


def line(sku: str, category: str = "食品") -> LineIn:
    return LineIn(sku=sku, amount=990, name=NAMES.get(sku, f"商品{sku}"), category=category)


def buy(shop: World, ids: list[UUID], others: int = 8) -> None:
    """Everybody buys one of three things every week, and now and then one of eight others, from her own half."""
    batch, random = [], Random(5)
    for n, member in enumerate(ids):
        for visit, day in enumerate(range(n % 7, DAYS, 7)):
            own = [f"o{n % 2 * others + random.randrange(others)}"] if random.random() < 0.3 else []
            lines = [line(f"w{n % 3}"), *(line(sku, "其他") for sku in own)]
            at = START + timedelta(days=day, hours=5)
            batch.append(order(member, f"{n}-{visit}", at=at, lines=lines))
    for answer in shop.post(*batch, now=NOW):
        assert not isinstance(answer, Refusal), answer


@pytest.fixture
def bought(shop: World) -> tuple[World, list[UUID]]:
    ids = [shop.member(f"138000{n:05d}") for n in range(56)]
    buy(shop, ids)
    return shop, ids


def reckon(shop: World, now: datetime = NOW) -> Any:
    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    warehouse.export(brand_id=brand.id, now=now)
    nightly.run_steps(brand=brand, clock=lambda: now, only=["recommend"])
    return runs.latest(brand_id=brand.id, kind="recommend")


def skus(found: Any) -> list[str]:
    return [one.product.sku for one in found]


def test_the_weekly_thing_comes_first_and_everything_has_its_name(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    done = reckon(shop)
    assert done.state == "done"
    assert done.rows == done.metrics["members"] == 56
    assert done.period_to == (NOW - timedelta(days=1)).date()
    again = done.metrics["evaluation"]["questions"]["again"]
    assert again["model"]["ndcg"] > again["popular"]["ndcg"]
    found = recommending.for_member(scope=shop.scope, member_id=ids[4])
    first = found.buy_again[0]
    assert (first.product.sku, first.product.name, first.product.price) == ("w1", "鸡蛋", 990)
    assert first.times == 20  # days 4, 11, … 137
    assert first.last_on == (START + timedelta(days=137)).date()
    assert first.interval_days == 7
    assert first.due_on == (START + timedelta(days=144)).date()
    assert first.score > 0.8
    # never what she had, and hers is the even half
    had = {"w1"} | set(skus(found.buy_again))
    assert not had & set(skus(found.discover))
    assert found.as_of == NOW


def test_what_was_sent_back_is_no_reason_to_buy_it_again(shop: World) -> None:
    """In each of the last four weeks she ordered another thing too and sent it back; and once what she is to try."""
    ids = [shop.member(f"138000{n:05d}") for n in range(56)]
    buy(shop, ids, others=14)  # 31 things: enough to find her new ones among
    reckon(shop)
    before = recommending.for_member(scope=shop.scope, member_id=ids[4])
    new = before.discover[0].product.sku
    batch = []
    for n, (sku, days) in enumerate([("w2", 25), ("w2", 18), ("w2", 11), ("w2", 4), (new, 3)]):
        at = NOW - timedelta(days=days)
        batch.append(order(ids[4], f"tried-{n}", at=at, lines=[line(sku)]))
        batch.append(refund(ids[4], f"back-{n}", f"tried-{n}", at + timedelta(days=1)))
    for answer in shop.post(*batch, now=NOW):
        assert not isinstance(answer, Refusal), answer
    buyers = {one.sku: one.buyers for one in recommend.find_products(brand_id=shop.scope.brand_id)}
    reckon(shop)
    found = recommending.for_member(scope=shop.scope, member_id=ids[4])
    assert skus(found.buy_again) == skus(before.buy_again)
    assert skus(found.due) == skus(before.due)
    assert found.buy_again[0].times == before.buy_again[0].times == 20
    # what she tried and did not keep is nothing new to her either; the others of the list move up
    assert new not in skus(found.discover)
    assert len(found.discover) > 0
    assert "w2" not in {one.because.sku for one in found.discover if one.because}
    assert {one.sku: one.buyers for one in recommend.find_products(brand_id=shop.scope.brand_id)} == buyers


def test_it_is_one_query(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    reckon(shop)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert recommend.for_member(brand_id=shop.scope.brand_id, member_id=ids[0]).buy_again
    assert len(queries) == 1


def test_many_at_once_get_what_each_gets_alone(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    reckon(shop)
    brand_id = shop.scope.brand_id
    rules = Shop(
        not_sold=frozenset({"w1"}),
        not_sold_categories=frozenset(),
        gates=(Gate(("gold",), sku="w0"), Gate(("silver", "gold"), category="其他")),
    )
    # of each tier, of several, of none; and somebody who has no lists
    kinds_of_tiers = ([], ["normal"], ["silver"], ["gold"], ["gold", "silver"])
    tiers = {member: kinds_of_tiers[n % 5] for n, member in enumerate(ids)}
    nobody = UUID(int=7)
    for limit in (1, 3, 20):
        with CaptureQueriesContext(connection) as queries:
            found = recommend.for_members(
                brand_id=brand_id, tiers={**tiers, nobody: []}, shop=rules, limit=limit
            )
        assert len(queries) == 3  # one for all to whom the same is shut out
        for member in ids:
            alone = recommend.for_member(
                brand_id=brand_id, member_id=member, shop=rules, tiers=tiers[member], limit=limit
            )
            assert found.get(member, Recommended()) == alone
        assert nobody not in found and len({one.buy_again for one in found.values()}) > 1
    some = recommend.for_members(brand_id=brand_id, tiers=tiers, shop=rules, kinds=["due"])
    assert all(not one.buy_again and not one.discover for one in some.values())
    whole = recommend.for_members(brand_id=brand_id, tiers=tiers, shop=rules)
    assert {m: one.due for m, one in some.items()} == {m: one.due for m, one in whole.items() if one.due}


def test_what_is_not_sold_or_for_other_tiers_is_not_shown(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    reckon(shop)
    put = recommending.put_shop
    scope = shop.scope
    put(scope=scope, now=NOW, not_sold=["w0"])
    assert "w0" not in skus(recommending.for_member(scope=scope, member_id=ids[0]).buy_again)
    put(scope=scope, now=NOW, not_sold=[], not_sold_categories=["其他"])
    assert skus(recommending.for_member(scope=scope, member_id=ids[0]).buy_again) == ["w0"]
    put(scope=scope, now=NOW, not_sold_categories=[], gates=[Gate(("gold",), sku="w0")])
    assert "w0" not in skus(recommending.for_member(scope=scope, member_id=ids[0]).buy_again)
    put(scope=scope, now=NOW, gates=[Gate(("normal", "gold"), sku="w0")])
    assert skus(recommending.for_member(scope=scope, member_id=ids[0]).buy_again)[0] == "w0"
    with pytest.raises(Refusal) as refused:
        put(scope=scope, now=NOW, gates=[Gate((), sku="a", category="b")])
    assert [error.field for error in refused.value.errors] == ["gates.0", "gates.0.tiers"]


def test_what_is_not_sold_is_no_reason_and_not_counted_as_shown(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    before = reckon(shop)
    scope, brand_id = shop.scope, shop.scope.brand_id
    written = orjson.dumps([["w0", 0.9, "w1"], ["w2", 0.8, "o1"]]).decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE recommendation SET discover = %s WHERE brand_id = %s AND member_id = %s",
            [written, brand_id, ids[0]],
        )

    def reasons() -> dict[str, str | None]:
        found = recommending.for_member(scope=scope, member_id=ids[0]).discover
        return {one.product.sku: one.because.sku if one.because else None for one in found}

    assert reasons() == {"w0": "w1", "w2": "o1"}
    recommending.put_shop(scope=scope, now=NOW, not_sold=["w1"])
    assert reasons() == {"w0": None, "w2": "o1"}
    recommending.put_shop(scope=scope, now=NOW, not_sold_categories=["其他"])
    assert reasons() == {"w0": None, "w2": None}
    after = reckon(shop, NOW + timedelta(hours=1))
    shown = {
        kind: {one["sku"]: one["members"] for one in many}
        for kind, many in after.charts["most_shown"].items()
    }
    assert "w1" in {one["sku"] for one in before.charts["most_shown"]["buy_again"]}
    assert shown["buy_again"].keys() <= {"w0", "w2"} and shown["buy_again"]
    for kind, counts in shown.items():
        served = [
            sku
            for her in ids
            for sku in skus(getattr(recommending.for_member(scope=scope, member_id=her), kind))
        ]
        assert counts == {sku: served.count(sku) for sku in set(served)}
        assert after.metrics["products"][kind] == len(counts)
    assert after.metrics["lists"]["buy_again"] < before.metrics["lists"]["buy_again"]


def test_who_is_not_profiled_is_in_no_list_and_teaches_nothing(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    reckon(shop)
    members.set_profiling(scope=shop.scope, member_id=ids[0], on=False, now=NOW)
    assert recommending.for_member(scope=shop.scope, member_id=ids[0]).buy_again == ()  # at once
    done = reckon(shop, NOW + timedelta(hours=1))
    assert done.rows == 55
    assert recommend.for_member(brand_id=shop.scope.brand_id, member_id=ids[0]).as_of is None


def test_similar_members_are_of_the_same_kind(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    warehouse.export(brand_id=shop.scope.brand_id, now=NOW)
    with warehouse.open_warehouse(brand_id=shop.scope.brand_id) as house:
        found = step.similar(house, seeds=[ids[0], ids[6]], now=NOW, timezone="Asia/Shanghai", limit=7)
    # 0 and 6 are of the even half and take w0: so are 12, 18, …, 54
    assert {member for member, _ in found} <= {ids[n] for n in range(0, 56, 6)}
    assert len(found) == 7


def test_variables_for_messages_are_names(bought: tuple[World, list[UUID]]) -> None:
    shop, ids = bought
    reckon(shop)
    values = recommending.variables(scope=shop.scope, member_id=ids[4], limit=2)
    assert values["buy_again_1"] == "鸡蛋"
    assert values["buy_again"].startswith("鸡蛋、")
    assert recommending.variables(scope=shop.scope, member_id=shop.member("13900000000"))["buy_again"] == ""


def test_too_little_data_says_so_and_takes_the_lists_away(shop: World) -> None:
    member = shop.member("13800000001")
    shop.one(order(member, "1", 100, at=START))
    rows = copied(shop.scope.brand_id, START, [(member, [["sku0", 0.5, 2, 19000, 7]], [], [])])
    recommend.keep_lists(texts=[rows])
    done = reckon(shop, START + timedelta(days=1))
    assert done.state == "lacking"
    assert "1" in done.problem.en
    assert recommend.for_member(brand_id=shop.scope.brand_id, member_id=member, shop=Shop()).as_of is None
