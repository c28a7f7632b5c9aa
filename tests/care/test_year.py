"""A simulated year and more: birthdays by sun and moon, 29 February, edited dates, anniversaries, festivals."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.care.given import JANUARY, House, at, open_house

from regulars.facts.members import api as members
from regulars.flows.care import api as flow
from regulars.kit import festivals
from regulars.messaging.models import Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return open_house()


def test_birthdays_of_two_years(house: House) -> None:
    """2024 is a leap year, 2025 is not and has a leap sixth month (from 25 July).

    By the sun: 12 May. On 29 February: 29 February 2024 and 28 February 2025, or 1 March who chose it. By the moon,
    lunar 15 August (born 2000-09-12): 17 September 2024 and 6 October 2025. In a leap sixth month (born 2017-08-01,
    the tenth of it): 15 July 2024, the tenth of the only sixth month; 3 August 2025, the tenth of the leap one.
    """
    flow.let_members_choose(scope=house.scope, now=JANUARY)
    moon = {"birthday_calendar": "lunar"}
    names = {
        house.member(birthday="1990-05-12"): "sun",
        house.member(birthday="1992-02-29"): "leap",
        house.member(birthday="1992-02-29", attributes={"birthday_leap_day": "mar1"}): "leap-march",
        house.member(birthday="2000-09-12", attributes=moon): "moon",
        house.member(birthday="2017-08-01", attributes=moon): "leap-moon",
        house.member(): "untold",
    }
    house.plan("birthday", JANUARY)
    house.days("2024-01-01", "2025-12-31")
    found: dict[str, list[str]] = {}
    for day, member in house.had():
        found.setdefault(names[member], []).append(day.isoformat())
    assert found == {
        "sun": ["2024-05-12", "2025-05-12"],
        "leap": ["2024-02-29", "2025-02-28"],
        "leap-march": ["2024-02-29", "2025-03-01"],
        "moon": ["2024-09-17", "2025-10-06"],
        "leap-moon": ["2024-07-15", "2025-08-03"],
    }
    assert len(house.asked()) == 10
    assert {one.source for one in house.asked()} == {"care:birthday"}


def test_an_edited_birthday_is_not_a_second_one(house: House) -> None:
    """Greeted on 10 March; moved to 1 April, nothing in April; the next is a year later."""
    her = house.member(birthday="1990-03-10")
    house.plan("birthday", JANUARY)
    house.days("2024-03-09", "2024-03-11")
    members.update_member(
        scope=house.scope, member_id=her, changes={"birthday": "1990-04-01"}, now=at("2024-03-12")
    )
    house.days("2024-03-12", "2024-04-03")
    assert house.had_days() == ["2024-03-10"]
    # from 1 April to 5 January: less than 300 days after the last one as well
    members.update_member(
        scope=house.scope, member_id=her, changes={"birthday": "1990-01-02"}, now=at("2024-12-01")
    )
    house.days("2024-12-30", "2025-01-04")
    assert house.had_days() == ["2024-03-10"]
    members.update_member(
        scope=house.scope, member_id=her, changes={"birthday": "1990-03-10"}, now=at("2025-02-01")
    )
    house.days("2025-03-09", "2025-03-11")
    assert house.had_days() == ["2024-03-10", "2025-03-10"]


def test_another_choice_of_calendar_is_not_a_second_one(house: House) -> None:
    """Born 1990-05-12, the 18th of the fourth month: 2024-05-25 by the moon."""
    flow.let_members_choose(scope=house.scope, now=JANUARY)
    her = house.member(birthday="1990-05-12")
    house.plan("birthday", JANUARY)
    house.days("2024-05-11", "2024-05-13")
    members.update_member(
        scope=house.scope,
        member_id=her,
        changes={"attributes": {"birthday_calendar": "lunar"}},
        now=at("2024-05-14"),
    )
    house.days("2024-05-24", "2024-05-27")
    assert house.had_days() == ["2024-05-12"]
    house.days("2025-05-10", "2025-05-20")
    lunar = festivals.lunar_of(date(1990, 5, 12))
    assert lunar is not None
    assert house.had_days()[1:] == [str(festivals.solar_of(2025, lunar.month, lunar.day))]


def test_days_before_and_the_gift_of_the_month(house: House) -> None:
    house.member(birthday="1990-06-20")
    house.member(birthday="1990-06-01")
    house.plan("birthday", JANUARY, key="early", settings={"days_before": 7})
    house.plan("birthday", JANUARY, key="month", settings={"when": "month", "days_before": 1})
    house.days("2024-05-20", "2024-06-25")
    assert house.had_days("early") == ["2024-05-25", "2024-06-13"]
    assert house.had_days("month") == ["2024-05-31"] * 2


def test_a_standstill_is_made_up_for_within_three_days(house: House) -> None:
    house.member(birthday="1990-06-01")
    house.member(birthday="1990-06-05")
    house.plan("birthday", JANUARY)
    house.run(at("2024-05-31"))
    house.run(at("2024-06-08"))  # a week later: the second's was three days ago, the first's a week
    assert house.had_days() == ["2024-06-08"]


def test_nothing_of_before_the_start(house: House) -> None:
    house.member(birthday="1990-06-01")
    house.plan("birthday", at("2024-06-02"))
    house.days("2024-06-02", "2024-06-05")
    assert house.had_days() == []


def test_anniversaries(house: House) -> None:
    """Joined 29 February 2024: a year later on 28 February. Late in the evening of New York's 4 July is hers, too."""
    leap = house.member(joined=at("2024-02-29"))
    house.member(joined=at("2023-06-01"))
    house.plan("anniversary", at("2024-03-01"))
    house.plan("anniversary", at("2024-03-01"), key="second", settings={"years": [2]})
    house.days("2024-03-01", "2025-06-03")
    assert house.had_days("anniversary") == ["2024-06-01", "2025-02-28", "2025-06-01"]
    assert house.had_days("second") == ["2025-06-01"]
    assert house.had("anniversary")[1][1] == leap


def test_festivals(house: House) -> None:
    """Spring Festival of 2024 was 10 February, of 2025 29 January; three days before; Double Ninth 11 October 2024."""
    house.member()
    house.plan(
        "festival", JANUARY, settings={"festivals": ["spring", "double_ninth", "mother"], "days_before": 3}
    )
    house.days("2024-01-02", "2025-02-01")
    assert house.had_days() == ["2024-02-07", "2024-05-09", "2024-10-08", "2025-01-26"]
    assert house.asked()[0].input["festival"] == "春节"
    assert house.asked()[0].input["festival_en"] == "Spring Festival"


def test_a_zone_with_daylight_saving() -> None:
    """New York: at half past nine local, which is 14:30 UTC in winter and 13:30 in summer; never before."""
    house = open_house("America/New_York", "ny")
    house.member(birthday="1990-03-09")  # the day before clocks go forward in 2024
    house.member(birthday="1990-03-10")
    house.member(birthday="1990-03-11")
    start = at("2024-03-01", 14)
    house.plan("birthday", start)
    now = start
    while now < at("2024-03-15", 0):
        house.run(now)
        now += timedelta(minutes=30)
    rows = Send.objects.filter(brand_id=house.brand.id).order_by("created_at")
    # made when the pass ran: 9 March at 14:30 UTC, 10 and 11 March at 13:30
    assert [row.created_at.strftime("%d %H:%M") for row in rows] == ["09 14:30", "10 13:30", "11 13:30"]


def test_a_time_of_day_that_a_clock_change_skips() -> None:
    """On 10 March 2024 there is no 02:30 in New York: the day's work begins at 03:30, and only once."""
    house = open_house("America/New_York", "ny")
    house.member(birthday="1990-03-10")
    house.plan("birthday", at("2024-03-01", 14), at="02:30")
    now = at("2024-03-09", 12)
    while now < at("2024-03-12", 0):
        house.run(now)
        now += timedelta(minutes=15)
    assert [row.created_at.strftime("%d %H:%M") for row in house.asked()] == ["10 07:30"]
