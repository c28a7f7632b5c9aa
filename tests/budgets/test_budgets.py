"""Budgets through the door: taken all or nothing, given back exactly, announced once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from tests.coupons.given import MARCH, code_of, open_brand

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import NewStore, Scope
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take

pytestmark = pytest.mark.django_db
TOMORROW = MARCH + timedelta(days=1)


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def put(scope: Scope, key: str = "spring", **settings: Any) -> None:
    given = {"key": key, "name": {"zh": "春季", "en": "Spring"}, "kind": "amount", "amount": 10_000}
    budgets.apply_definition(scope=scope, definition=given | settings, now=MARCH)


def take(
    scope: Scope, *wanted: tuple[str, int], subject: str = "o1", store: UUID | None = None, now: Any = MARCH
) -> list[str]:
    takes = [Take(key, amount, subject, store) for key, amount in wanted]
    with transaction.atomic():
        return [refusal.code for refusal in budgets.take(brand_id=scope.brand_id, takes=takes, now=now)]


def left(scope: Scope, key: str = "spring", store: UUID | None = None, now: Any = MARCH) -> tuple[int, int]:
    found = budgets.left(brand_id=scope.brand_id, keys=[key], store_id=store, now=now)[key]
    return found.taken, found.left


def back(scope: Scope, subject: str = "o1", amounts: dict[str, int] | None = None) -> dict[str, int]:
    return budgets.give_back(brand_id=scope.brand_id, subject=subject, amounts=amounts, now=TOMORROW)


def test_taken_to_the_last_fen_and_given_back_in_pieces(scope: Scope) -> None:
    """Eight slots of 1 250: 9 990 is more than any slot holds, so they are gathered; 10 are left for the next."""
    put(scope)
    assert take(scope, ("spring", 9_990)) == []
    assert take(scope, ("spring", 11), subject="o2") == ["budget_used_up"]
    assert left(scope) == (9_990, 10)
    assert take(scope, ("spring", 10), subject="o2") == []
    assert left(scope) == (10_000, 0)
    assert back(scope, "o1", {"spring": 4_000}) == {"spring": 4_000}
    assert back(scope, "o1", {"spring": 9_000}) == {"spring": 5_990}  # never more than it took
    assert back(scope, "o1") == {}
    assert left(scope) == (10, 9_990)
    (row, other) = budgets.list_takes(brand_id=scope.brand_id, key="spring").items
    assert {(r.subject, r.amount, r.given_back) for r in (row, other)} == {
        ("o1", 9_990, 9_990),
        ("o2", 10, 0),
    }


def test_several_budgets_are_taken_together_or_not_at_all(scope: Scope) -> None:
    put(scope)
    put(scope, "uses", kind="count", amount=2)
    assert take(scope, ("spring", 500), ("uses", 500)) == []
    assert left(scope, "uses") == (1, 1)
    assert take(scope, ("spring", 20_000), ("uses", 1), subject="o2") == ["budget_used_up"]
    assert (left(scope), left(scope, "uses")) == ((500, 9_500), (1, 1))
    assert take(scope, ("spring", 1), ("none", 1), subject="o3") == ["budget_unknown"]
    put(scope, "uses", kind="count", amount=2, state="paused")
    assert take(scope, ("uses", 1), subject="o4") == ["budget_not_active"]
    assert left(scope, "uses") == (1, 0)
    assert take(scope, ("spring", 0), ("none", 0)) == []  # nothing is asked of nobody


def test_a_day_and_a_store_have_their_own(scope: Scope) -> None:
    """1 000 a day for each store: the 10th of March begins at midnight in Shanghai, 16:00 UTC on the 9th."""
    organisations.put_stores(
        brand_id=scope.brand_id,
        stores=[NewStore("A", Text("甲", "A")), NewStore("B", Text("乙", "B"))],
        now=MARCH,
    )
    stores = organisations.stores_of(brand_id=scope.brand_id)
    a, b = stores["A"].id, stores["B"].id
    put(scope, "daily", amount=1_000, period="day", per_store=True)
    assert take(scope, ("daily", 1_000), store=a) == []
    assert take(scope, ("daily", 1), subject="o2", store=a) == ["budget_used_up"]
    assert take(scope, ("daily", 600), subject="o2", store=b) == []
    before_midnight = MARCH.replace(hour=23, minute=59)
    assert left(scope, "daily", a, before_midnight) == (1_000, 0)
    assert left(scope, "daily", a, before_midnight + timedelta(minutes=1)) == (0, 1_000)
    found = budgets.list_budgets(brand_id=scope.brand_id)
    uses = budgets.list_use(brand_id=scope.brand_id, budgets=found, stores=[a, b], now=MARCH)["daily"]
    assert [(u.store_id, u.period, u.taken, u.left) for u in uses] == [
        (a, "2026-03-10", 1_000, 0),
        (b, "2026-03-10", 600, 400),
    ]
    # what is given back the day after goes to the day it was taken from
    assert back(scope, "o1") == {"daily": 1_000}
    assert left(scope, "daily", a) == (0, 1_000)


def test_a_budget_can_be_raised_and_lowered_under_what_is_gone(scope: Scope) -> None:
    put(scope, amount=100)
    assert take(scope, ("spring", 90)) == []
    put(scope, amount=50)  # 40 more are gone than there are
    assert left(scope) == (90, 0)
    assert take(scope, ("spring", 1), subject="o2") == ["budget_used_up"]
    back(scope, "o1", {"spring": 39})
    assert take(scope, ("spring", 1), subject="o2") == ["budget_used_up"]  # 51 are still out
    back(scope, "o1", {"spring": 2})
    assert left(scope) == (49, 1)
    put(scope, amount=60)
    assert left(scope) == (49, 11)
    assert take(scope, ("spring", 11), subject="o3") == []
    assert code_of(lambda: put(scope, amount=60, period="day")) == "budget_fixed"


def test_it_is_announced_once_at_its_percent_and_once_at_its_end(scope: Scope) -> None:
    put(scope, alert_percent=80)
    take(scope, ("spring", 7_999))
    assert budgets.list_alerts(brand_id=scope.brand_id, now=MARCH) == []
    take(scope, ("spring", 1), subject="o2")
    take(scope, ("spring", 1), subject="o3")
    take(scope, ("spring", 1_999), subject="o4")
    alerts = budgets.list_alerts(brand_id=scope.brand_id, now=MARCH)
    assert {(a.level, a.taken, a.whole) for a in alerts} == {
        ("alert", 8_000, 10_000),
        ("used_up", 10_000, 10_000),
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic, payload->>'taken' FROM outbox WHERE topic LIKE 'budget.%%' ORDER BY id")
        assert cursor.fetchall() == [("budget.alert", "8000"), ("budget.used_up", "10000")]


def test_wrong_definitions_name_their_fields(scope: Scope) -> None:
    with pytest.raises(Refusal) as refused:
        put(scope, "Bad", amount=-1, period="week", alert_percent=0, per_store="no", name="", cap=3)
    assert sorted(e.field for e in refused.value.errors) == [
        "alert_percent", "amount", "cap", "key", "name", "per_store", "period",
    ]  # fmt: skip
    put(scope)
    exported = budgets.export_definitions(brand_id=scope.brand_id)
    budgets.apply_definition(scope=scope, definition=exported[0], now=TOMORROW)
    assert budgets.get_budget(brand_id=scope.brand_id, key="spring").updated_at == MARCH


def test_another_brand_has_none_of_it(scope: Scope) -> None:
    put(scope)
    take(scope, ("spring", 100))
    other = new_id()
    assert budgets.list_takes(brand_id=other, key="spring").items == []
    assert budgets.export_definitions(brand_id=other) == []
