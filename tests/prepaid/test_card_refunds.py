"""A sold card that nobody has claimed is paid back: by the terms, by the law, once, and the books stand."""

from __future__ import annotations

from typing import Any

from tests.prepaid.test_cards import NOW, batch, claim, sell
from tests.prepaid.world import Shop, at, refused

from regulars.flows.prepaid import api as flows
from regulars.platform.audit import api as audit
from regulars.value.prepaid import api as prepaid


def back(shop: Shop, card: Any, now: Any = NOW, **given: Any) -> Any:
    found = flows.find_card(scope=shop.scope, number=card.number)
    return flows.refund_card(
        scope=shop.scope,
        card_id=found.number_hash,
        method=given.pop("method", "card"),
        reason=given.pop("reason", "not wanted"),
        key=given.pop("key", None) or shop.key(),
        now=now,
        **given,
    )


def test_what_was_paid_goes_back_once_and_nothing_is_owed_for_it(shop: Shop) -> None:
    """Faces of 200 yuan sold for 190: 190 go back of one, 100 of another; the third is still owed for."""
    her = shop.member("13700000001")
    first, second, third, fourth = batch(shop, 4, price=19_000)
    assert refused(back, shop, first).data == {"state": "made"}, "never sold, never paid for"
    sell(shop, first, second, third)
    card, row = back(shop, first, key="one", reference="W-1")
    assert (card.state, row.paid, row.money, row.by_right) == ("void", 19_000, 19_000, False)
    assert back(shop, first, key="one", reference="W-1")[1] == row, "once, however often asked"
    assert refused(back, shop, first).data == {"state": "void"}
    assert refused(back, shop, second, amount=19_001).code == "invalid_input"
    assert refused(back, shop, second, reason=" ").code == "invalid_input"
    assert refused(back, shop, second, method="barter").code == "invalid_input"
    assert back(shop, second, amount=10_000)[1].money == 10_000
    assert refused(claim, shop, her, first).data == {"state": "void"}
    assert [value for _, _, value in prepaid.unclaimed_cards(brand_id=shop.scope.brand_id)] == [20_000]
    claim(shop, her, third)
    assert refused(back, shop, third).data == {"state": "claimed"}, "hers by now"
    assert prepaid.unclaimed_cards(brand_id=shop.scope.brand_id) == []
    assert flows.card_differences() == []
    said = [
        entry.after["money"]
        for entry in audit.list_entries(
            organisation_id=shop.scope.organisation_id, action="gift_card.refund"
        ).items
    ]
    assert sorted(said) == [10_000, 19_000]
    assert flows.find_card(scope=shop.scope, number=fourth.number).state == "made"
    shop.clean()


def test_terms_that_say_no(shop: Shop) -> None:
    shop.settings(gift_refunds=False)
    first, second = batch(shop, 2, valid_months=1)
    sell(shop, first, second)
    assert refused(back, shop, first).code == "card_not_refundable"
    shop.settings(gift_refunds=True)
    assert refused(back, shop, second, at("2024-04-02 00:00")).code == "card_not_refundable", "it has run out"
    assert back(shop, first, at("2024-03-20 00:00"))[0].state == "void"
    shop.clean()


def test_the_law_gives_seven_days_whatever_the_terms_say(shop: Shop) -> None:
    """Sold on 1 March at noon: to the 8th at noon all of it goes back, and no part of it alone."""
    shop.settings(law="cn", gift_refunds=False)
    first, second = batch(shop, 2, valid_months=36)
    sell(shop, first, second)
    part = refused(back, shop, first, at("2024-03-08 12:00"), amount=5_000)
    assert (part.code, part.data) == ("law_whole_refund", {"law": "cn", "paid": 20_000})
    card, row = back(shop, first, at("2024-03-08 12:00"))
    assert (card.state, row.money, row.by_right) == ("void", 20_000, True)
    assert refused(back, shop, second, at("2024-03-08 12:01")).code == "card_not_refundable"
    shop.clean()
