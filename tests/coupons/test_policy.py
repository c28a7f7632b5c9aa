"""The pure parts: codes, windows, reasons, sentences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.coupons.given import MARCH, SHANGHAI, definition

from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.value.coupons.policy import coding, usable, wording
from regulars.value.coupons.policy.definition import dump, parse
from regulars.value.coupons.types import Coupon


def made(**more: Any) -> Any:
    return parse(definition(**more))


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+08:00")


class TestCodes:
    def test_a_hundred_thousand_differ_and_are_ours(self) -> None:
        codes = coding.make(100_000)
        assert len(set(codes)) == 100_000
        assert all(coding.is_ours(code) for code in codes[:1000])
        # every letter stands everywhere: 100 000 draws of 32 letters, about 3 125 of each
        for place in range(coding.LENGTH):
            seen = [code[place] for code in codes]
            assert set(seen) == set(coding.ALPHABET)
            assert all(2_700 < seen.count(letter) < 3_600 for letter in coding.ALPHABET)

    def test_the_check_letter_by_hand(self) -> None:
        """Luhn mod 32 of fifteen 3s (value 1): eight double to 2, seven count 1: 23 in all, so the check
        is 32 - 23 = 9, the tenth letter, B."""
        assert coding.ALPHABET[1] == "3" and coding.ALPHABET[9] == "B"
        assert coding.is_ours("3" * 15 + "B")
        assert not coding.is_ours("3" * 15 + "C")

    @given(st.integers(0, 15), st.sampled_from(coding.ALPHABET))
    @settings(max_examples=60, deadline=None)
    def test_any_one_wrong_letter_is_found(self, place: int, letter: str) -> None:
        (code,) = coding.make(1)
        wrong = code[:place] + letter + code[place + 1 :]
        assert coding.is_ours(wrong) is (wrong == code)

    def test_typed_in_whatever_way(self) -> None:
        brand = new_id()
        (code,) = coding.make(1)
        shown = coding.shown(code)
        assert len(shown) == 19
        for typed in (code, shown, shown.lower(), f"  {shown} ", shown.replace("-", " ")):
            assert coding.code_hash(brand, code) in coding.hashes(brand, typed)
        # what others spelt is looked up exactly first
        assert coding.hashes(brand, "ab-1")[0] == coding.code_hash(brand, "ab-1")
        assert coding.shown("ab-1") == "ab-1"


class TestWindows:
    @pytest.mark.parametrize(
        ("validity", "starts", "ends"),
        [
            ({"kind": "after_claim", "days": 1}, MARCH, day("2026-03-11")),
            ({"kind": "after_claim", "days": 30}, MARCH, day("2026-04-09")),
            ({"kind": "after_claim", "days": 7, "delay_days": 1}, day("2026-03-11"), day("2026-03-18")),
            ({"kind": "after_claim", "days": 30, "not_after": "2026-03-31"}, MARCH, day("2026-04-01")),
            (
                {"kind": "after_claim", "days": 30, "not_before": "2026-04-01"},
                day("2026-04-01"),
                day("2026-04-09"),
            ),
            ({"kind": "after_claim"}, MARCH, None),
            ({"kind": "fixed", "to": "2026-03-10"}, MARCH, day("2026-03-11")),
            (
                {"kind": "fixed", "from": "2026-03-20", "to": "2026-03-22"},
                day("2026-03-20"),
                day("2026-03-23"),
            ),
            ({"kind": "fixed", "from": "2026-03-01", "to": "2026-03-22"}, MARCH, day("2026-03-23")),
        ],
    )
    def test_from_when_until_when(
        self, validity: dict[str, Any], starts: datetime, ends: datetime | None
    ) -> None:
        """Claimed at noon of 10 March in Shanghai."""
        assert usable.window(made(validity=validity), MARCH, SHANGHAI) == (starts, ends)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"state": "used", "used_at": MARCH}, "coupon_used"),
        ({"state": "void"}, "coupon_void"),
        ({"state": "gifted"}, "coupon_gifted"),
        ({"state": "returned"}, "coupon_returned"),
        ({"state": "expired"}, "coupon_expired"),
        ({"starts_at": MARCH + timedelta(seconds=1)}, "coupon_not_started"),
        ({"expires_at": MARCH}, "coupon_expired"),
        ({"expires_at": MARCH + timedelta(microseconds=1)}, None),
        ({"state": "locked", "lock": "q", "locked_until": MARCH + timedelta(1)}, "coupon_locked"),
        ({"state": "locked", "lock": "gift:1", "locked_until": MARCH + timedelta(1)}, "coupon_being_given"),
        ({"state": "locked", "lock": "q", "locked_until": MARCH}, None),
    ],
)
def test_why_not(changes: dict[str, Any], code: str | None) -> None:
    given: dict[str, Any] = {
        "member_id": new_id(), "id": new_id(), "brand_id": new_id(), "definition": "tea", "state": "claimed",
        "claimed_at": MARCH, "starts_at": MARCH, "expires_at": None, "source": "test",
    }  # fmt: skip
    coupon = Coupon(**(given | changes))
    assert usable.why_not(coupon, made(), MARCH) == code
    if coupon.state == "locked":
        assert usable.why_not(coupon, made(), MARCH, coupon.lock) is None
    if code is None:
        assert usable.why_not(coupon, made(state="paused"), MARCH) == "coupon_paused"
        assert usable.why_not(coupon, made(state="ended"), MARCH) is None


def test_every_reason_is_said_in_both_languages() -> None:
    for code, text in usable.REASONS.items():
        refusal = usable.refusal(code, made())
        assert (refusal.code, refusal.status) == (code, 409)
        assert "十元券" in refusal.message.zh or "{name}" not in text.zh


def test_a_definition_in_a_sentence() -> None:
    one = made(
        validity={"kind": "fixed", "from": "2026-04-01", "to": "2026-04-30"},
        limits={"total": 1000, "per_member": 1},
        claim={"channels": ["portal", "code"]},
        transferable=True,
        budgets=["spring"],
    )
    said = wording.sentence(one)
    assert said.zh == (
        "2026年4月1日至2026年4月30日有效；共 1,000 张；每位会员限 1 张；"
        "可在领券中心领取；可凭码兑换；可转赠；受预算约束：spring。"
    )
    assert said.en == (
        "Good from 1 April 2026 to 30 April 2026; 1,000 in all; 1 for each member; can be claimed in the portal; "
        "can be had by code; can be given away; within budgets: spring."
    )
    named = wording.sentence(one, None, {"spring": Text("春季", "Spring")})
    assert "受预算约束：春季。" in named.zh and "within budgets: Spring." in named.en


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "limits": st.fixed_dictionaries(
                {},
                optional={k: st.integers(1, 10**9) for k in ("total", "per_day", "per_member", "per_person")},
            ),
            "budgets": st.lists(st.text("abc", min_size=1, max_size=5), unique=True, max_size=3),
            "worth": st.integers(0, 10**12),
            "claim": st.fixed_dictionaries(
                {}, optional={"channels": st.lists(st.sampled_from(["portal", "code", "issue"]), unique=True)}
            ),
            "validity": st.one_of(
                st.fixed_dictionaries({"kind": st.just("after_claim"), "days": st.integers(1, 3660)}),
                st.dates(datetime(2000, 1, 1).date(), datetime(2100, 1, 1).date()).map(
                    lambda d: {"kind": "fixed", "to": d.isoformat()}
                ),
            ),
            "transferable": st.booleans(),
            "undo_minutes": st.integers(0, 10_080),
            "grace_days": st.integers(0, 366),
        },
    )
)
@settings(max_examples=80, deadline=None)
def test_what_is_written_is_read_again(changes: dict[str, Any]) -> None:
    one = made(**changes)
    assert parse(dump(one)) == one
    assert dump(parse(dump(one))) == dump(one)
