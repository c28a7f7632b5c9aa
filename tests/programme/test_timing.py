"""When a rule holds, and when what it gives is gone or usable; the days are those of business time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import force_setattr
from tests.programme.making import (
    BASE,
    POINTS,
    definition,
    local,
    member,
    one,
    order,
    points,
    programme,
    read,
    reasons,
    rule,
)

from regulars.programme.rules.api import decide


class TestExpiryAndPending:
    @pytest.mark.parametrize(
        ("expiry", "earned_at", "gone"),
        [
            ({"kind": "never"}, "2026-05-06T12:00", None),
            ({"kind": "rolling_days", "n": 30}, "2026-05-06T23:59", "2026-06-05T00:00"),
            ({"kind": "rolling_months", "n": 1}, "2026-01-31T12:00", "2026-02-28T00:00"),
            # the end of the 12th month after earning
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-06T12:00",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-01T00:00",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 12, "round_up": "month"},
                "2026-05-31T23:59",
                "2027-06-01T00:00",
            ),
            (
                {"kind": "rolling_months", "n": 6, "round_up": "quarter"},
                "2026-05-06T12:00",
                "2027-01-01T00:00",
            ),
            ({"kind": "rolling_months", "n": 12, "round_up": "year"}, "2026-05-06T12:00", "2028-01-01T00:00"),
            ({"kind": "rolling_days", "n": 10, "round_up": "month"}, "2026-05-25T12:00", "2026-07-01T00:00"),
            ({"kind": "fixed", "on": "2026-12-31"}, "2026-05-06T12:00", "2027-01-01T00:00"),
            ({"kind": "inactivity_months", "n": 6}, "2026-05-06T12:00", None),
        ],
    )
    def test_expiry_of_a_unit(self, expiry: dict[str, Any], earned_at: str, gone: str | None) -> None:
        live = read({"units": [POINTS | {"expiry": expiry}], "rules": [BASE]})
        (earn,) = decide(live, member(), order(1000, at=earned_at)).earns
        assert earn.expires_at == (local(gone) if gone else None)

    def test_the_month_is_the_one_in_business_time(self) -> None:
        # 31 May 2026 17:30 UTC is 1 June in Shanghai, so the 12th month after it is June 2027.
        live = read({"units": [POINTS | {"expiry": {"kind": "rolling_months", "n": 12, "round_up": "month"}}],
                     "rules": [BASE]})  # fmt: skip
        act = order(1000)
        force_setattr(act, "occurred_at", datetime(2026, 5, 31, 17, 30, tzinfo=UTC))
        assert decide(live, member(), act).earns[0].expires_at == local("2027-07-01T00:00")

    def test_an_effect_overrides_the_unit(self) -> None:
        effect = points(5, expiry={"kind": "rolling_days", "n": 7})
        assert one(effect, act=order(100)).expires_at == local("2026-05-13T00:00")

    def test_nothing_is_earned_that_is_gone_already(self) -> None:
        live = programme(rule("late", points(5, expiry={"kind": "fixed", "on": "2026-05-05"})))
        assert reasons(decide(live, member(), order(100))) == {"late": "no_amount"}

    def test_pending(self) -> None:
        assert one(points(5), act=order(100)).pending_until is None
        assert one(points(5, pending={"until": "delivered"}), act=order(100)).pending_until == "delivered"
        waiting = one(points(5, pending={"until": "days", "days": 7}), act=order(100, at="2026-05-06T12:34"))
        assert waiting.pending_until == local("2026-05-13T12:34")


class TestCalendar:
    def test_window_includes_its_start_and_not_its_end(self) -> None:
        live = programme(rule("r", starts_at="2026-05-06T10:00", ends_at="2026-05-08T00:00"))
        outcome = {
            at: reasons(decide(live, member(), order(100, at=at))).get("r", "fired")
            for at in (
                "2026-05-05T23:59", "2026-05-06T09:59:59", "2026-05-06T10:00",
                "2026-05-07T23:59:59", "2026-05-08T00:00",
            )
        }  # fmt: skip
        assert list(outcome.values()) == ["not_started", "not_started", "fired", "fired", "ended"]

    def test_weekdays_are_of_business_time(self) -> None:
        # 2026-05-09 is a Saturday.
        live = programme(rule("r", weekdays=[6, 7]))
        assert reasons(decide(live, member(), order(100, at="2026-05-08T23:59"))) == {"r": "wrong_day"}
        assert reasons(decide(live, member(), order(100, at="2026-05-09T00:00"))) == {}
        act = order(100)
        force_setattr(
            act, "occurred_at", datetime(2026, 5, 8, 16, 0, tzinfo=UTC)
        )  # Saturday 00:00 in Shanghai
        assert reasons(decide(live, member(), act)) == {}

    def test_member_day_is_a_day_of_the_month_or_a_weekday(self) -> None:
        live = programme(rule("r", member_day=True), member_days={"days_of_month": [8], "weekdays": [3]})
        assert reasons(decide(live, member(), order(100, at="2026-05-08T12:00"))) == {}  # the 8th, a Friday
        assert reasons(decide(live, member(), order(100, at="2026-05-06T12:00"))) == {}  # a Wednesday
        assert reasons(decide(live, member(), order(100, at="2026-05-07T12:00"))) == {"r": "not_member_day"}

    def test_dayparts(self) -> None:
        live = programme(rule("r", dayparts=[["07:00", "10:00"], ["22:00", "24:00"]]))
        fired = [
            at for at in ("06:59:59", "07:00", "09:59:59", "10:00", "21:59", "22:00", "23:59:59", "00:00")
            if not reasons(decide(live, member(), order(100, at=f"2026-05-06T{at}")))
        ]  # fmt: skip
        assert fired == ["07:00", "09:59:59", "22:00", "23:59:59"]
        assert reasons(decide(live, member(), order(100, at="2026-05-06T10:00"))) == {"r": "outside_hours"}

    def test_the_small_hours_belong_to_the_evening_before(self) -> None:
        # Fridays 22:00–02:00; 2026-05-08 is a Friday.
        live = programme(rule("r", weekdays=[5], dayparts=[["22:00", "02:00"]]))
        outcome = {
            at: reasons(decide(live, member(), order(100, at=at))).get("r", "fired")
            for at in (
                "2026-05-08T01:00",  # Thursday's night
                "2026-05-08T22:00",
                "2026-05-09T01:59",  # Friday's night
                "2026-05-09T02:00",
                "2026-05-09T22:30",  # Saturday's
            )
        }
        assert list(outcome.values()) == ["wrong_day", "fired", "fired", "outside_hours", "wrong_day"]

    def test_daylight_saving(self) -> None:
        # New York, 2026-11-01: 01:30 comes twice; both lie in 01:00–02:00.
        live = read(
            definition(rule("r", dayparts=[["01:00", "02:00"]])), timezone="America/New_York", currency="USD"
        )
        for hour in (5, 6):
            act = order(100)
            force_setattr(act, "occurred_at", datetime(2026, 11, 1, hour, 30, tzinfo=UTC))
            assert reasons(decide(live, member(), act)) == {}
