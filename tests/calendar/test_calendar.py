"""A brand's own days and festivals beside the public calendar."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.coupons.given import MARCH, open_brand

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit.models import AuditRow
from regulars.platform.calendar import api as calendar
from regulars.platform.calendar.types import OwnFestival
from regulars.platform.organisations.types import Scope

pytestmark = pytest.mark.django_db
NAME = Text("店庆", "Anniversary")


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def wrong(call: Any) -> list[str]:
    with pytest.raises(Refusal) as caught:
        call()
    return [error.field for error in caught.value.errors] or [caught.value.code]


def festival(**settings: Any) -> OwnFestival:
    given: dict[str, Any] = {"code": "founded", "name": NAME, "reckoning": "solar", "month": 9, "day": 9}
    return OwnFestival(**(given | settings))


def test_own_days_go_before_the_public_ones(scope: Scope) -> None:
    ask = lambda day: calendar.work_day(brand_id=scope.brand_id, day=day)  # noqa: E731
    assert not ask(date(2026, 2, 17)).works
    calendar.put_day(scope=scope, day=date(2026, 2, 17), works=True, name=Text("值班", "On duty"), now=MARCH)
    assert (ask(date(2026, 2, 17)).works, ask(date(2026, 2, 17)).why) == (True, "own")
    calendar.put_day(scope=scope, day=date(2026, 2, 17), works=False, name=NAME, now=MARCH)
    year = calendar.get_year(brand_id=scope.brand_id, year=2026)
    assert [(one.day, one.works) for one in year.own] == [(date(2026, 2, 17), False)]
    assert date(2026, 2, 14) in year.moved and year.known
    calendar.remove_day(scope=scope, day=date(2026, 2, 17), now=MARCH)
    assert ask(date(2026, 2, 17)).why == "holiday"
    assert wrong(lambda: calendar.remove_day(scope=scope, day=date(2026, 2, 17), now=MARCH)) == ["not_found"]
    assert AuditRow.objects.filter(subject_type="calendar").count() == 3


def test_own_festivals_by_sun_and_moon(scope: Scope) -> None:
    """The lunar 18 March of 2026 is 4 May 2026 (the third month began on 17 April)."""
    calendar.put_festival(scope=scope, festival=festival(), now=MARCH)
    moon = festival(code="tea-day", reckoning="lunar", month=3, day=18)
    calendar.put_festival(scope=scope, festival=moon, now=MARCH)
    once = festival(code="opening", month=5, day=20, year=2027)
    calendar.put_festival(scope=scope, festival=once, now=MARCH)
    of_2026 = calendar.festival_days(brand_id=scope.brand_id, year=2026)
    assert (of_2026["founded"], of_2026["tea-day"]) == (date(2026, 9, 9), date(2026, 5, 4))
    assert "opening" not in of_2026
    assert calendar.festival_days(brand_id=scope.brand_id, year=2027)["opening"] == date(2027, 5, 20)
    assert list(of_2026.values()) == sorted(of_2026.values())
    calendar.remove_festival(scope=scope, code="founded", now=MARCH)
    assert "founded" not in calendar.festival_days(brand_id=scope.brand_id, year=2026)


def test_what_cannot_be_is_refused_by_field(scope: Scope) -> None:
    put = lambda **given: wrong(  # noqa: E731
        lambda: calendar.put_festival(scope=scope, festival=festival(**given), now=MARCH)
    )
    assert put(code="Spring!") == ["code"]
    assert put(code="spring") == ["code"]
    assert put(name=Text("", "x")) == ["name.zh"]
    assert put(month=2, day=30) == ["day"]
    assert put(reckoning="lunar", month=2, day=31) == ["day"]
    assert put(reckoning="mayan", month=13) == ["reckoning", "month"]
    assert put(year=1800) == ["year"]
    day = date(1850, 1, 1)
    assert wrong(lambda: calendar.put_day(scope=scope, day=day, works=True, name=NAME, now=MARCH)) == ["day"]
    assert wrong(lambda: calendar.get_year(brand_id=scope.brand_id, year=5000)) == ["year"]
    assert wrong(lambda: calendar.remove_festival(scope=scope, code="spring", now=MARCH)) == ["not_found"]


def test_a_year_that_is_not_known_is_said_to_be(scope: Scope) -> None:
    year = calendar.get_year(brand_id=scope.brand_id, year=2099)
    assert (year.known, year.lunar_known, year.holidays) == (False, True, {})
    assert not calendar.get_year(brand_id=scope.brand_id, year=2100).lunar_known


def test_brands_keep_their_own(scope: Scope) -> None:
    calendar.put_festival(scope=scope, festival=festival(), now=MARCH)
    other = open_brand_again()
    assert "founded" not in calendar.list_festivals(brand_id=other.brand_id)


def open_brand_again() -> Scope:
    from tests.rest.shop import new_brand

    return new_brand("other", MARCH)[0]


def test_asked_of_many_days_it_remembers_and_hears_of_changes(scope: Scope) -> None:
    works = calendar.work_days_of(brand_id=scope.brand_id)
    assert [works(date(2026, 2, day)) for day in (13, 14, 15, 24)] == [True, True, False, True]
    calendar.put_day(scope=scope, day=date(2026, 2, 24), works=False, name=NAME, now=MARCH)
    assert not works(date(2026, 2, 24))
    assert works(date(2031, 1, 6)) and not works(date(2031, 1, 5)), "unknown years are Monday to Friday"
