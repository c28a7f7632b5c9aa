"""Stored value bought and given back, with figures worked out by hand."""

from __future__ import annotations

from tests.prepaid.world import Shop, at, refused

from regulars.flows import lots
from regulars.flows.prepaid import api as flows
from regulars.value.ledger import api as ledger


def spend(shop: Shop, member: object, unit: str, amount: int, now: object) -> None:
    lots.burn_from(scope=shop.scope, member_id=member, unit=unit, amount=amount, key=shop.key(), now=now)  # type: ignore[arg-type]


def test_a_top_up_gives_principal_bonus_and_points_apart(shop: Shop) -> None:
    her = shop.member("13700000001")
    row = shop.top_up(her, 50_000, at("2024-03-01 12:00"), store_code="S1", reference="POS-1")
    assert (row.principal, row.bonus) == (50_000, 5_000)
    assert [shop.has(her, unit) for unit in ("principal", "bonus", "points")] == [50_000, 5_000, 100]
    found = {lot.unit: lot for lot in ledger.list_lots(brand_id=shop.scope.brand_id, member_id=her)}
    # the bonus is good until the 90th day after 1 March: 30 May; the points until the 30th: 31 March
    assert found["principal"].expires_at is None
    assert found["bonus"].expires_at == at("2024-05-31 00:00")
    assert found["points"].expires_at == at("2024-04-01 00:00")
    shop.clean()


def test_the_same_key_is_the_same_top_up(shop: Shop) -> None:
    her = shop.member("13700000001")
    first = shop.top_up(her, 50_000, at("2024-03-01 12:00"), key="a")
    again = shop.top_up(her, 50_000, at("2024-03-01 13:00"), key="a")
    assert again == first
    assert shop.has(her, "principal") == 50_000
    assert refused(shop.top_up, her, 10_000, at("2024-03-01 13:00"), key="a").code == "idempotency_conflict"


def test_an_amount_between_the_rungs(shop: Shop) -> None:
    her = shop.member("13700000001")
    no = refused(shop.top_up, her, 60_000, at("2024-03-01 12:00"))
    assert no.errors[0].code == "no_such_rung"
    shop.define("ladder", "open", {"name": {"zh": "x", "en": "x"}, "open": True,
                                   "rungs": [{"pay": 10_000}, {"pay": 50_000, "bonus": 5_000}]})  # fmt: skip
    row = shop.top_up(her, 60_000, at("2024-03-01 12:00"), ladder="open")
    assert (row.principal, row.bonus) == (60_000, 5_000)


def test_refunds_in_pieces_take_the_bonus_exactly_once(shop: Shop) -> None:
    """1 000 yuan with a bonus of 150.01: a third, a third and the rest take 50.00, 50.00 and 50.01.

    15 001 × 33 333 / 100 000 = 5 000.28 → 5 000; 15 001 × 66 666 / 100 000 = 10 000.56 → 10 000, so 5 000 more.
    """
    her = shop.member("13700000001")
    row = shop.top_up(her, 100_000, at("2024-03-01 12:00"))
    taken = [shop.refund(row, at("2024-03-02 12:00"), amount).bonus for amount in (33_333, 33_333, None)]
    assert taken == [5_000, 5_000, 5_001]
    assert [shop.has(her, unit) for unit in ("principal", "bonus")] == [0, 0]
    assert refused(shop.refund, row, at("2024-03-03 12:00")).code == "top_up_spent"
    shop.clean()


def test_what_was_spent_does_not_come_back(shop: Shop) -> None:
    """500 with 50; 20 of the bonus are spent, so at most 300.09 can go back: its share of the bonus is 30.00."""
    her = shop.member("13700000001")
    row = shop.top_up(her, 50_000, at("2024-03-01 12:00"))
    spend(shop, her, "bonus", 2_000, at("2024-03-02 12:00"))
    no = refused(shop.refund, row, at("2024-03-03 12:00"), 40_000)
    assert (no.code, no.data) == ("top_up_spent", {"most": 30_009})
    shop.refund(row, at("2024-03-03 12:00"), 30_000)
    assert [shop.has(her, unit) for unit in ("principal", "bonus", "points")] == [20_000, 0, 40]
    spend(shop, her, "principal", 20_000, at("2024-03-03 13:00"))
    assert refused(shop.refund, row, at("2024-03-04 12:00"), 1).data == {"most": 0}
    shop.clean()


def test_limits_and_shelves(shop: Shop) -> None:
    her, now = shop.member("13700000001"), at("2024-03-01 12:00")
    ladder = {"name": {"zh": "x", "en": "x"}, "rungs": [{"pay": 100}]}
    shop.define("ladder", "once", ladder | {"per_member": 1, "stores": ["S1"], "starts_on": "2024-03-01"})
    assert refused(shop.top_up, her, 100, now, ladder="once").data == {"why": "store"}
    assert refused(shop.top_up, her, 100, at("2024-02-29 12:00"), ladder="once", store_code="S1").data == {
        "why": "day"
    }
    shop.top_up(her, 100, now, ladder="once", store_code="S1")
    assert refused(shop.top_up, her, 100, now, ladder="once", store_code="S1").data == {
        "which": "per_member",
        "limit": 1,
    }
    shop.define("ladder", "little", ladder | {"most_balance": 150})
    assert refused(shop.top_up, her, 100, now, ladder="little").data["which"] == "balance"
    shop.define("ladder", "little", ladder, state="paused")
    assert refused(shop.top_up, her, 100, now, ladder="little").data == {"why": "state"}
    shop.define("ladder", "kept", ladder | {"refundable": False})
    row = shop.top_up(her, 100, now, ladder="kept")
    assert refused(shop.refund, row, now).code == "not_refundable"
    assert refused(shop.top_up, her, 100, now, ladder="nothing").status == 404
    shop.clean()


def test_bad_ladders_are_named_field_by_field(shop: Shop) -> None:
    no = refused(
        shop.define, "ladder", "bad",
        {"rungs": [{"pay": 5, "bonus": -1}, {"pay": 5, "grants": [{}]}], "bonus_dais": 3},
    )  # fmt: skip
    assert {(e.field, e.code) for e in no.errors} == {
        ("name", "required"), ("rungs[0].bonus", "out_of_range"), ("rungs[1].grants[0].unit", "one_of"),
        ("rungs", "not_rising"), ("bonus_dais", "unknown_field"),
    }  # fmt: skip


def test_most_refundable_is_said(shop: Shop) -> None:
    her = shop.member("13700000001")
    row = shop.top_up(her, 50_000, at("2024-03-01 12:00"))
    assert flows.most_refundable(row) == 50_000
    spend(shop, her, "principal", 1, at("2024-03-01 13:00"))
    assert flows.most_refundable(row) == 49_999
