"""Gift cards from the batch to the wallet."""

from __future__ import annotations

from typing import Any

from django.db import connection
from tests.prepaid.world import Shop, at, refused

from regulars.flows import lots
from regulars.flows.prepaid import api as flows
from regulars.kit.text import Text
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import cards

NOW = at("2024-03-01 12:00")


def batch(shop: Shop, count: int = 3, **given: Any) -> list[Any]:
    code = given.pop("code", "spring")
    flows.create_batch(
        scope=shop.scope, code=code, name=Text("春", "Spring"), face=20_000, count=count, now=NOW, **given
    )
    return flows.hand_out(scope=shop.scope, code=code, now=NOW)[1]


def sell(shop: Shop, *made: Any, now: Any = NOW, **given: Any) -> Any:
    return flows.sell_cards(
        scope=shop.scope, numbers=[card.number for card in made], method=given.pop("method", "card"),
        key=given.pop("key", None) or shop.key(), now=now, **given,
    )  # fmt: skip


def claim(shop: Shop, member: Any, card: Any, now: Any = NOW, pin: str | None = None, key: str = "") -> Any:
    return flows.claim_card(
        scope=shop.scope,
        member_id=member,
        number=card.number,
        pin=pin or card.pin,
        key=key or shop.key(),
        now=now,
    )


def test_numbers_are_handed_out_once_and_kept_nowhere(shop: Shop) -> None:
    made = batch(shop, 3)
    assert [card.serial for card in made] == [1, 2, 3]
    assert all(cards.normalise_number(cards.shown(card.number)) == card.number for card in made)
    assert refused(flows.hand_out, scope=shop.scope, code="spring", now=NOW).code == "handed_out"
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(g::text, ' ') FROM gift_card g")
        kept = cursor.fetchone()[0]
    assert not any(card.number in kept or card.pin in kept for card in made)


def test_luhn() -> None:
    """The textbook's example: 7992739871 has the check digit 3."""
    assert cards.check_digit("7992739871") == 3
    assert cards.normalise_number("1234 5678 9012 3456") is None
    assert cards.normalise_number("12345") is None


def test_sold_claimed_spent_in_part_and_given_on(shop: Shop) -> None:
    """200 yuan for 36 months from 1 March 2024; 50 are spent, 150 go to a friend with the same end."""
    her, him = shop.member("13700000001"), shop.member("13700000002")
    (card, *_) = batch(shop, 2, valid_months=36)
    assert refused(claim, shop, her, card).code == "card_not_active"
    assert sell(shop, card, store_code="S1", reference="POS-9")[0].expires_at == at("2027-03-01 00:00")
    bound = claim(shop, her, card, key="same")
    assert claim(shop, her, card, key="same") == bound
    assert refused(claim, shop, him, card).data == {"state": "claimed"}
    assert refused(claim, shop, her, card, key="other").data == {"state": "claimed"}
    assert shop.has(her, "gift") == 20_000
    lots.burn_from(scope=shop.scope, member_id=her, unit="gift", amount=5_000, key="s", now=NOW)
    given = flows.give_card(
        scope=shop.scope, member_id=her, card_id=bound.number_hash, to=him, key="g", now=NOW, message="Enjoy"
    )
    assert (shop.has(her, "gift"), shop.has(him, "gift")) == (0, 15_000)
    (lot,) = ledger.list_lots(brand_id=shop.scope.brand_id, member_id=him)
    assert (lot.id, lot.expires_at, lot.rule) == (given.lot_id, at("2027-03-01 00:00"), "gift:spring")
    assert [c.ending for c in prepaid.list_held_cards(brand_id=shop.scope.brand_id, member_id=him)] == [
        card.number[-4:]
    ]
    no = refused(
        flows.give_card, scope=shop.scope, member_id=her, card_id=bound.number_hash, to=him, key="h", now=NOW
    )
    assert no.status == 404
    shop.clean()


def test_wrong_pins_lock_the_card(shop: Shop) -> None:
    her = shop.member("13700000001")
    (card,) = batch(shop, 1)
    sell(shop, card)
    for _ in range(5):
        assert refused(claim, shop, her, card, pin="WRONGPIN").code == "card_unknown"
    assert refused(claim, shop, her, card).code == "card_locked"
    assert refused(claim, shop, her, card, at("2024-03-01 12:29")).code == "card_locked"
    claim(shop, her, card, at("2024-03-01 12:31"))
    unknown = refused(
        flows.claim_card,
        scope=shop.scope,
        member_id=her,
        number="7992739871000003",
        pin="X",
        key="u",
        now=NOW,
    )
    assert unknown.code == "card_unknown"
    shop.clean()


def test_void_and_expired_cards_are_worth_nothing(shop: Shop) -> None:
    her = shop.member("13700000001")
    first, second, third = batch(shop, 3, valid_months=1)
    sell(shop, first, second, third, key="one")
    assert len(sell(shop, first, second, third, key="one")) == 3
    assert refused(sell, shop, first).data["state"] == "active"
    void = flows.void_card(
        scope=shop.scope, card_id=flows.find_card(scope=shop.scope, number=first.number).number_hash,
        reason="stolen", now=NOW,
    )  # fmt: skip
    assert (void.state, void.ended_reason) == ("void", "stolen")
    assert refused(claim, shop, her, first).data == {"state": "void"}
    claim(shop, her, second)
    assert refused(claim, shop, her, third, at("2024-04-01 00:00")).data == {"state": "expired"}
    assert flows.expire_cards(at("2024-03-31 23:59")) == 0
    assert flows.expire_cards(at("2024-04-01 00:00")) == 1
    assert flows.void_batch(scope=shop.scope, code="spring", reason="recalled", now=NOW) == 0
    assert (
        refused(flows.void_card, scope=shop.scope, card_id=void.number_hash, reason=" ", now=NOW).code
        == "invalid_input"
    )
    shop.clean()


def test_a_sale_is_whole_or_not_at_all(shop: Shop) -> None:
    first, second = batch(shop, 2)
    sell(shop, second)
    assert refused(sell, shop, first, second).code == "card_not_active"
    assert flows.find_card(scope=shop.scope, number=first.number).state == "made"
    assert prepaid.unclaimed_cards(brand_id=shop.scope.brand_id) == [
        (at("2024-03-01 00:00").date(), 1, 20_000)
    ]
