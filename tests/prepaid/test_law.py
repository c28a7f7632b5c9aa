"""China's rules of prepaid cards, switched on."""

from __future__ import annotations

from typing import Any

from tests.prepaid.test_cards import sell
from tests.prepaid.world import LADDER, MASSAGE, Shop, at, refused

from regulars.flows import lots
from regulars.flows.prepaid import api as flows
from regulars.kit.text import Text
from regulars.value.prepaid.types import BuyerRecord

NOW = at("2024-03-01 12:00")
ANN = BuyerRecord("person", "安安", "identity_card", "110101199001011234", "13700000001")


def lawful(shop: Shop) -> Any:
    shop.settings(law="cn")
    her = shop.member("13700000001")
    return her


def known(shop: Shop, member: Any, buyer: BuyerRecord = ANN) -> None:
    flows.record_buyer(scope=shop.scope, member_id=member, buyer=buyer, now=NOW)


def test_who_buys_is_recorded_first(shop: Shop) -> None:
    her = lawful(shop)
    assert refused(shop.top_up, her, 10_000, NOW).code == "law_buyer_unknown"
    known(shop, her)
    shop.top_up(her, 10_000, NOW)
    kept = flows.get_buyer(scope=shop.scope, member_id=her)
    assert kept is not None and (kept.name, kept.number) == ("安安", "110101199001011234")
    bad = refused(known, shop, her, BuyerRecord("person", "", "library_card", "1", "1"))
    assert {e.field for e in bad.errors} == {"name", "document"}


def test_a_registered_card_holds_at_most_5000_yuan(shop: Shop) -> None:
    """1 000 four times is 4 000; another is 5 000, which is allowed; 100 more is not."""
    her = lawful(shop)
    known(shop, her)
    for _ in range(5):
        shop.top_up(her, 100_000, NOW)
    no = refused(shop.top_up, her, 10_000, NOW)
    assert (no.code, no.data) == ("law_cap", {"law": "cn", "most": 500_000, "found": 510_000})


def test_a_company_pays_from_5000_yuan_by_transfer(shop: Shop) -> None:
    her = lawful(shop)
    known(shop, her, BuyerRecord("unit", "某公司", "business_licence", "91110000", "010"))
    shop.define("ladder", "big", {"name": {"zh": "x", "en": "x"}, "rungs": [{"pay": 500_000}]})
    assert refused(shop.top_up, her, 500_000, NOW, ladder="big", method="cash").code == "law_cash"
    shop.top_up(her, 500_000, NOW, ladder="big", method="transfer")


def test_what_is_in_somebodys_name_never_ends(shop: Shop) -> None:
    shop.settings(law="cn")
    assert refused(shop.define, "ladder", "x", LADDER | {"principal_days": 365}).code == "law_expiry"
    assert refused(shop.define, "package", "x", MASSAGE).code == "law_expiry"
    shop.define("package", "x", MASSAGE, state="draft")
    assert (
        refused(
            shop.define, "ladder", "x", {"name": {"zh": "x", "en": "x"}, "rungs": [{"pay": 500_001}]}
        ).code
        == "law_cap"
    )


def test_bearer_cards(shop: Shop) -> None:
    """At most 1 000 yuan, good for 3 years or more; ten of 1 000 at once ask who buys."""
    shop.settings(law="cn")

    def make(code: str, face: int, months: int | None, **given: Any) -> Any:
        return flows.create_batch(
            scope=shop.scope,
            code=code,
            name=Text("x", "x"),
            face=face,
            count=10,
            valid_months=months,
            now=NOW,
            **given,
        )

    assert refused(make, "a", 100_001, None).code == "law_cap"
    assert refused(make, "a", 100_000, 35).code == "law_expiry"
    assert refused(make, "a", 400_000, 36, registered=True).code == "law_expiry"
    make("r", 400_000, None, registered=True)
    make("a", 100_000, 36)
    _, made = flows.hand_out(scope=shop.scope, code="a", now=NOW)
    her = shop.member("13700000001")
    sell(shop, *made[:9])
    flows.create_batch(scope=shop.scope, code="b", name=Text("x", "x"), face=100_000, count=10, now=NOW)
    _, more = flows.hand_out(scope=shop.scope, code="b", now=NOW)
    assert refused(sell, shop, *more).code == "law_buyer_unknown"
    known(shop, her)
    sell(shop, *more, buyer_member=her)
    registered = flows.hand_out(scope=shop.scope, code="r", now=NOW)[1]
    assert refused(sell, shop, registered[0]).code == "law_buyer_unknown"


def test_seven_days_to_think_it_over(shop: Shop) -> None:
    """The terms say no refund; the law says the unused whole within 7 days of buying it."""
    her = lawful(shop)
    known(shop, her)
    shop.define(
        "ladder",
        "kept",
        {"name": {"zh": "x", "en": "x"}, "rungs": [{"pay": 10_000, "bonus": 500}], "refundable": False},
    )
    shop.define("package", "kept", MASSAGE | {"refund": "none", "days": None})
    first = shop.top_up(her, 10_000, NOW, ladder="kept")
    package = shop.buy(her, NOW, "kept")
    repaid = shop.refund(first, at("2024-03-08 12:00"))
    assert (repaid.money, repaid.bonus, repaid.by_right) == (10_000, 500, True)

    def give_back(key: str, now: Any, bought: Any) -> Any:
        return flows.refund_package(scope=shop.scope, member_id=her, package_id=bought.id, key=key, now=now)

    assert give_back("p", at("2024-03-08 12:00"), package).money == 99_900
    later = shop.top_up(her, 10_000, NOW, ladder="kept")
    assert refused(shop.refund, later, at("2024-03-08 12:01")).code == "not_refundable"
    used = shop.top_up(her, 10_000, at("2024-03-09 12:00"), ladder="kept")
    lots.burn_from(
        scope=shop.scope, member_id=her, unit="principal", amount=1, lots=[used.principal_lot], key="s",
        now=at("2024-03-09 13:00"),
    )  # fmt: skip
    assert refused(shop.refund, used, at("2024-03-09 14:00")).code == "not_refundable"
    begun = shop.buy(her, at("2024-03-09 12:00"), "kept")
    shop.use(begun, at("2024-03-09 13:00"))
    assert refused(give_back, "q", at("2024-03-09 14:00"), begun).code == "not_refundable"
    shop.clean()


def test_what_was_offered_before_the_switch_is_not_sold_after_it(shop: Shop) -> None:
    her = shop.member("13700000001")
    shop.define("ladder", "ends", LADDER | {"principal_days": 365})
    flows.create_batch(
        scope=shop.scope, code="short", name=Text("x", "x"), face=10_000, count=1, valid_months=12, now=NOW
    )
    _, made = flows.hand_out(scope=shop.scope, code="short", now=NOW)
    shop.settings(law="cn")
    known(shop, her)
    assert refused(shop.top_up, her, 10_000, NOW, ladder="ends").code == "law_expiry"
    assert refused(shop.buy, her, NOW).code == "law_expiry"
    assert refused(sell, shop, made[0]).code == "law_expiry"
