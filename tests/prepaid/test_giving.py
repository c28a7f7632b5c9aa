"""Value given from member to member; stamp cards."""

from __future__ import annotations

from typing import Any

from tests.intake.world import order
from tests.prepaid.world import Shop, at, refused

from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.flows.prepaid import api as flows
from regulars.value.coupons import api as coupons
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid

NOW = at("2024-03-01 12:00")
RULE = {"enabled": True, "units": ["points"], "least": 10, "per_day": 100, "times_per_day": 3}


def give(
    shop: Shop, her: Any, him: Any, amount: int, now: Any = NOW, unit: str = "points", key: str = ""
) -> Any:
    return flows.transfer(
        scope=shop.scope, member_id=her, to=him, unit=unit, amount=amount, key=key or shop.key(), now=now
    )


def test_points_go_with_their_ends_soonest_first(shop: Shop) -> None:
    """40 of January and 60 of February; 50 given are January's 40, good until January 2025, and 10 of February's."""
    shop.settings(transfer=RULE)
    her, him = shop.member("13700000001"), shop.member("13700000002")
    shop.one(order(her, "1", 4_000, at=at("2024-01-15 12:00")))
    shop.one(order(her, "2", 6_000, at=at("2024-02-15 12:00")))
    row = give(shop, her, him, 50, key="g")
    assert give(shop, her, him, 50, at("2024-03-01 13:00"), key="g") == row
    assert (shop.has(her, "points"), shop.has(him, "points")) == (50, 50)
    hers = ledger.list_lots(brand_id=shop.scope.brand_id, member_id=him, unit="points")
    assert [(lot.remaining, lot.expires_at) for lot in hers] == [
        (40, at("2025-02-01 00:00")),
        (10, at("2025-03-01 00:00")),
    ]
    kinds = ledger.programme_totals(brand_id=shop.scope.brand_id)
    assert next(by for _, unit, _, _, by in kinds if unit == "points") == {"issued": 100, "transferred": 0}
    shop.clean()


def test_rules_of_giving(shop: Shop) -> None:
    her, him = shop.member("13700000001"), shop.member("13700000002")
    shop.one(order(her, "1", 40_000, at=at("2024-01-15 12:00")))
    assert refused(give, shop, her, him, 50).code == "transfers_off"
    shop.settings(transfer=RULE)
    assert refused(give, shop, her, him, 50, unit="stamps").code == "transfers_off"
    assert refused(give, shop, her, her, 50).errors[0].code == "same_member"
    assert refused(give, shop, her, him, 9).errors[0].code == "too_little"
    assert refused(give, shop, him, her, 10).code == "insufficient_balance"
    give(shop, her, him, 70)
    assert refused(give, shop, her, him, 31).data == {"which": "per_day", "limit": 100, "left": 30}
    give(shop, her, him, 10)
    give(shop, her, him, 10)
    assert refused(give, shop, her, him, 10).data["which"] == "times_per_day"
    give(shop, her, him, 100, at("2024-03-02 00:00"))
    assert refused(give, shop, her, shop.scope.brand_id, 10, at("2024-03-03 12:00")).status == 404
    assert (shop.has(her, "points"), shop.has(him, "points")) == (210, 190)
    shop.clean()


def test_five_stamps_are_a_drink(shop: Shop) -> None:
    """One stamp a check-in; the fifth buys 300 gift fen; four are too few; two a day at most."""
    shop.define("stamp_card", "drink", {"name": {"zh": "x", "en": "x"}, "stamps": 5, "per_day": 1,
                                        "reward": {"unit": "gift", "amount": 300, "days": 10}})  # fmt: skip
    her = shop.member("13700000001")

    def stamp(n: int) -> None:
        shop.one(ActivityIn(type="checkin", member=MemberRef(id=her), occurred_at=NOW, key=f"c{n}"))

    def redeem(key: str, now: Any = NOW) -> Any:
        return flows.redeem_stamp_card(scope=shop.scope, member_id=her, card="drink", key=key, now=now)

    for n in range(4):
        stamp(n)
    assert refused(redeem, "a").code == "insufficient_balance"
    for n in range(4, 11):
        stamp(n)
    assert not redeem("a").repeated
    assert redeem("a").repeated
    assert (shop.has(her, "stamps"), shop.has(her, "gift")) == (6, 300)
    assert refused(redeem, "b").data["which"] == "per_day"
    redeem("b", at("2024-03-02 12:00"))
    assert (shop.has(her, "stamps"), shop.has(her, "gift")) == (1, 600)
    super(Shop, shop).clean()


def test_a_coupon_that_is_refused_leaves_the_stamps(shop: Shop) -> None:
    shop.define(
        "stamp_card", "drink", {"name": {"zh": "x", "en": "x"}, "stamps": 1, "reward": {"coupon": "free"}}
    )
    her = shop.member("13700000001")
    shop.one(ActivityIn(type="checkin", member=MemberRef(id=her), occurred_at=NOW, key="c"))

    def redeem(key: str) -> Any:
        return flows.redeem_stamp_card(scope=shop.scope, member_id=her, card="drink", key=key, now=NOW)

    assert refused(redeem, "a").status == 404
    assert shop.has(her, "stamps") == 1
    coupons.apply_definition(
        scope=shop.scope,
        definition={
            "key": "free", "name": {"zh": "券", "en": "coupon"}, "state": "active",
            "offer": {"kind": "amount", "amount": 500}, "validity": {"kind": "after_claim", "days": 30},
        },
        now=NOW,
    )  # fmt: skip
    redeem("a")
    wallet = coupons.list_coupons(brand_id=shop.scope.brand_id, member_id=her)
    assert ([held.definition.key for held in wallet.items], shop.has(her, "stamps")) == (["free"], 0)
    assert prepaid.export_definitions(brand_id=shop.scope.brand_id)[-1]["key"] == "drink"


def test_a_household_draws_of_its_head(shop: Shop) -> None:
    """100 of the head; 60 are drawn with their end and are spent as her own; 41 more are not there."""
    shop.settings(household={"enabled": True, "most": 1}, transfer=RULE)
    head, her, other = (shop.member(f"1370000000{n}") for n in (1, 2, 3))
    shop.one(order(head, "1", 10_000, at=at("2024-01-15 12:00")))

    def join(member: Any, of: Any = head) -> Any:
        return flows.join_household(scope=shop.scope, head_id=of, member_id=member, now=NOW)

    def draw(amount: int, key: str = "") -> Any:
        return flows.draw(
            scope=shop.scope, member_id=her, unit="points", amount=amount, key=key or shop.key(), now=NOW
        )

    assert refused(draw, 10).status == 404
    found = join(her)
    assert (found.head, [member for member, _ in found.members]) == (head, [her])
    assert join(her) == found
    assert refused(join, other).code == "household_full"
    assert refused(join, other, her).code == "household_taken"
    assert refused(join, head, other).code == "household_taken"
    assert refused(join, head).errors[0].code == "same_member"
    first = draw(60, "d")
    assert draw(60, "d") == first
    assert (shop.has(head, "points"), shop.has(her, "points")) == (40, 60)
    (lot,) = ledger.list_lots(brand_id=shop.scope.brand_id, member_id=her, unit="points")
    assert lot.expires_at == at("2025-02-01 00:00")
    assert refused(draw, 41).code == "insufficient_balance"
    assert flows.given_today(scope=shop.scope, member_id=head, unit="points", now=NOW) == 0  # it was no gift
    flows.leave_household(scope=shop.scope, member_id=her, now=NOW)
    assert refused(draw, 1).status == 404
    assert flows.get_household(scope=shop.scope, member_id=head).members == ()
    shop.settings()
    assert refused(join, her).code == "households_off"
    shop.clean()
