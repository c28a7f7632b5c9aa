"""What people try: themselves, one phone or one device on many accounts, rings, forged codes, members as friends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.referrals.given import (
    brand,
    buys,
    code_of,
    joins,
    member,
    next_phone,
    points,
    programme,
    row_of,
    seen_on,
    tick,
)
from tests.rest.shop import Shop

from regulars.engage.referrals import api as referrals
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.enrol import Enrolee
from regulars.flows.referrals import api as flow
from regulars.flows.referrals.types import Came
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.platform.organisations import api as organisations


def drop_phone(shop: Shop, member_id: Any) -> None:
    card = members.get_card(scope=shop.scope, member_id=member_id)
    [phone] = [one for one in card.identities if one.type == "phone"]
    members.add_identity(
        scope=shop.scope,
        member_id=member_id,
        identity=IdentityIn("email", f"{member_id.hex}@example.com"),
        now=clock.now(),
    )
    members.remove_identity(scope=shop.scope, member_id=member_id, identity_id=phone.id, now=clock.now())


def test_a_friend_on_the_recruiters_device_does_not_count(shop: Shop) -> None:
    programme(shop)
    ann = member(shop)
    seen_on(shop, ann, "ann's phone")
    assert row_of(shop, joins(shop, ann, devices=["ann's phone"])).reason == "same_device"
    assert row_of(shop, joins(shop, ann, devices=["another phone"])).state == "joined"


def test_one_device_joins_as_many_accounts_as_are_allowed(shop: Shop) -> None:
    programme(shop, accounts_per_device=2)
    ann = member(shop)
    reasons = [row_of(shop, joins(shop, ann, devices=["kiosk"])).reason for _ in range(4)]
    assert reasons == ["", "", "device_used", "device_used"]


def test_a_number_that_was_the_recruiters_does_not_make_a_friend(shop: Shop) -> None:
    """She gives her number up, and joins again with it as somebody else."""
    programme(shop)
    phone = next_phone()
    ann = member(shop, phone)
    joins(shop, ann)  # her numbers are known from the first friend on
    drop_phone(shop, ann)
    assert row_of(shop, joins(shop, ann, phone)).reason == "self_referral"


def test_one_phone_on_many_accounts(shop: Shop) -> None:
    """The friend's account gives its number up, and the number joins again by another recruiter."""
    programme(shop)
    ann, cid = member(shop), member(shop)
    phone = next_phone()
    ben = joins(shop, ann, phone)
    drop_phone(shop, ben)
    assert row_of(shop, joins(shop, cid, phone)).reason == "known_phone"
    assert row_of(shop, ben).state == "joined"


def test_a_ring_by_a_shared_device(shop: Shop) -> None:
    """A brings B on B's device, B brings C, and C is A again: on the device that A was seen on."""
    programme(shop)
    ann = member(shop)
    seen_on(shop, ann, "a")
    ben = joins(shop, ann, devices=["b"])
    seen_on(shop, ben, "b")
    cid = joins(shop, ben, devices=["a"])
    assert row_of(shop, cid).reason == "ring"


def test_a_ring_of_members_is_refused_as_such(shop: Shop) -> None:
    """B was brought by A; A signs in by B's link."""
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann)
    assert flow.tried(brand=brand(shop), member_id=ann, code=code_of(shop, ben), now=clock.now()) == "ring"
    [attempt] = referrals.list_attempts(brand_id=shop.scope.brand_id).items
    assert (attempt.member_id, attempt.recruiter_id, attempt.reason) == (ann, ben, "ring")


def test_members_and_owners_and_forgers_are_noted(shop: Shop) -> None:
    programme(shop)
    ann, cid = member(shop), member(shop)
    now = clock.now()

    def tried(who: Any, code: str) -> str:
        return flow.tried(brand=brand(shop), member_id=who, code=code, now=now)

    assert tried(ann, code_of(shop, ann)) == "self_referral"
    assert tried(cid, code_of(shop, ann)) == "existing_member"
    assert tried(cid, code_of(shop, ann)) == "existing_member"
    assert tried(cid, "ZZZZZZZZ") == "unknown_code"
    assert tried(cid, "'; DROP TABLE referral --") == ""
    noted = [(a.member_id, a.reason) for a in referrals.list_attempts(brand_id=shop.scope.brand_id).items]
    assert sorted(noted) == sorted(
        [(ann, "self_referral"), (cid, "existing_member"), (cid, "unknown_code")]
    ), "once an hour"


def test_a_forged_code_joins_without_a_recruiter(shop: Shop) -> None:
    programme(shop)
    [answer] = enrol.enrol(
        scope=shop.scope,
        rows=[Enrolment(identities=(IdentityIn("phone", next_phone()),), recruiter="ZZZZZZZZ")],
        now=clock.now(),
        came=[Came()],
    )
    assert not isinstance(answer, Refusal)
    friend = answer.enrolled.member_id
    assert referrals.referrals_of(brand_id=shop.scope.brand_id, member_ids=[friend]) == {}
    [attempt] = referrals.list_attempts(brand_id=shop.scope.brand_id).items
    assert (attempt.member_id, attempt.recruiter_id, attempt.reason) == (friend, None, "unknown_code")


def test_a_code_of_another_brand_is_none(shop: Shop) -> None:
    programme(shop)
    ann = member(shop)
    code = code_of(shop, ann)
    other = organisations.find_brand(slug_or_id="gym")
    assert other is not None
    assert referrals.find_links(brand_id=other.id, codes=[code]) == {}


def test_a_frozen_recruiter_brings_nobody(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann)
    buys(shop, ben, "N1")
    tick(shop)
    shop.call("PATCH", f"/members/{ann}", {"status": "frozen"}).ok()
    noon.move(days=8)
    tick(shop)
    assert row_of(shop, ben).reason == "recruiter_not_active"
    assert points(shop, ann) == 0


def test_a_device_found_out_later_still_counts_against(shop: Shop, noon: Any) -> None:
    """The recruiter opens her invitation on the friend's device while the window runs."""
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann, devices=["one phone"])
    buys(shop, ben, "N1")
    tick(shop)
    seen_on(shop, ann, "one phone")
    noon.move(days=8)
    tick(shop)
    assert row_of(shop, ben).reason == "same_device"


def test_a_clerks_name_is_no_code(shop: Shop) -> None:
    programme(shop)
    friend = shop.enrol(next_phone(), recruiter="王小明 08")
    card = shop.call.get(f"/members/{friend}")
    assert card["recruiter"] == "王小明 08"
    assert referrals.list_referrals(brand_id=shop.scope.brand_id).items == []


def test_a_members_own_code_counts_as_hers(shop: Shop) -> None:
    programme(shop)
    ann = member(shop)
    code = members.codes_of(brand_id=shop.scope.brand_id, member_ids=[ann])[ann]
    friend = shop.enrol(next_phone(), recruiter=code.lower())
    assert row_of(shop, UUID(friend)).recruiter_id == ann


def test_a_code_is_read_however_it_is_typed(shop: Shop) -> None:
    """Copied with a blank in the middle, in small or wide letters: the same invitation. What is no code is none."""
    programme(shop)
    ann = member(shop)
    code = code_of(shop, ann)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    for typed in (
        code.lower(),
        f" {code}\n",
        f"{code[:4]} {code[4:]}",
        f"{code[:4]}-{code[4:].lower()}",
        wide,
    ):
        assert referrals.read_code(typed) == code, typed
        (friend,) = enrol.enrol(
            scope=shop.scope,
            rows=[Enrolment(identities=(IdentityIn("phone", next_phone()),), recruiter=typed)],
            now=clock.now(),
            came=[Came(())],
        )
        assert isinstance(friend, Enrolee)
        assert row_of(shop, friend.enrolled.member_id).recruiter_id == ann
    for typed in ("", "张店长", code[:7], f"{code}A", "O" * 8):
        assert referrals.read_code(typed) == ""
