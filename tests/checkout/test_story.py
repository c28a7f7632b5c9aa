"""A cart through the till over HTTP, every figure reckoned by hand.

The shop: 10 % off tea; 20 off 200 beside it; 100 points are ¥1, in hundreds, for at most half; bonus before principal.
¥1 earns 1 point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checkout.world import line

if TYPE_CHECKING:
    from tests.checkout.world import Till


def test_a_cart_is_quoted_committed_and_comes_back_in_pieces(till: Till) -> None:
    till.give("points", 900)
    till.give("principal", 1000)
    till.give("bonus", 500)
    coupon = till.coupon("five", {"kind": "amount", "amount": 500, "at_least": 10000})
    # tea 3 × 50.00 = 150.00 → 10 % off: 135.00; cup 1 × 80.00. Together 215.00 ≥ 200 → 20.00 off.
    quote = till.quote(line("tea", 5000, 3, "tea"), line("cup", 8000, 1, "ware"), points="max", stored="max")
    price = quote["price"]
    assert price["list"] == 23000
    assert [(a["ref"], a["amount"]) for a in price["applied"]] == [
        ("promotion:tea-90", 1500),
        ("promotion:spend-200", 2000),
        (f"coupon:{coupon}", 500),
    ]
    # 230 − 15 − 20 − 5 = 190.00; 900 points are 9.00 (at most 95.00); bonus 5.00, then principal 10.00; 166.00 to pay
    assert (price["price"], price["points"], price["points_money"]) == (19000, 900, 900)
    assert price["stored"] == {"principal": 1000, "bonus": 500}
    assert price["payable"] == 16600
    for each in price["lines"]:
        parts = sum(d["amount"] for d in each["discounts"])
        parts += each["points_money"] + each["principal"] + each["bonus"] + each["gift"] + each["payable"]
        assert parts == each["list"]
    assert sum(each["payable"] for each in price["lines"]) == 16600
    assert till.balances() == {"points": 900, "principal": 1000, "bonus": 500}  # nothing is used yet

    done = till.commit(quote, "POS-1")
    # it earns on money and principal: 166.00 + 10.00 = 176.00 → 176 points, 176 growth; the 900 are spent
    assert done["payable"] == 16600
    assert till.balances()["points"] == 176
    assert "principal" not in till.balances() and "bonus" not in till.balances()
    assert done["earned"]["points"] == quote["earns"]["points"] == 176

    backs = [till.back(done, (1, 1)), till.back(done, (2, 1)), till.back(done)]
    assert sum(back["payable"] for back in backs) == 16600
    assert sum(back["points"] for back in backs) == 900
    assert sum(back["stored"].get("principal", 0) for back in backs) == 1000
    assert sum(back["stored"].get("bonus", 0) for back in backs) == 500
    assert [back["coupons"] for back in backs] == [[], [], [coupon]]
    assert [back["whole"] for back in backs] == [False, False, True]
    assert till.balances() == {"points": 900, "principal": 1000, "bonus": 500}
    till.is_sound()


def test_the_same_commit_twice_is_one_and_another_body_is_refused(till: Till) -> None:
    quote = till.quote(line("cup", 8000))
    first = till.commit(quote, "POS-1", key="once")
    again = till.commit(quote, "POS-1", key="once")
    assert again["repeated"] and again["id"] == first["id"] and again["earned"] == first["earned"]
    other = till.quote(line("cup", 9000))
    refused = till.call.refused(
        "POST", "/checkouts", {"token": other["token"], "number": "POS-2"}, Idempotency_Key="once"
    )
    assert (refused["status"], refused["code"]) == (409, "idempotency_conflict")
    refused = till.call.refused(
        "POST", "/checkouts", {"token": other["token"], "number": "POS-1"}, Idempotency_Key="new"
    )
    assert (refused["status"], refused["code"]) == (409, "number_taken")
    assert till.balances()["points"] == 80


def test_a_world_that_changed_answers_a_fresh_quote_and_uses_nothing(till: Till) -> None:
    till.give("points", 500)
    coupon = till.coupon("five", {"kind": "amount", "amount": 500})
    quote = till.quote(line("cup", 8000), points=500)
    assert quote["price"]["payable"] == 8000 - 500 - 500
    till.call.post(
        f"/members/{till.member}/burns", {"unit": "points", "amount": 200}, Idempotency_Key="elsewhere"
    )
    refused = till.call.refused(
        "POST", "/checkouts", {"token": quote["token"], "number": "A"}, Idempotency_Key="a"
    )
    assert (refused["status"], refused["code"]) == (409, "quote_changed")
    fresh = refused["data"]["quote"]
    assert fresh["price"]["points"] == 300 and fresh["price"]["payable"] == 8000 - 500 - 300
    assert till.balances()["points"] == 300
    done = till.commit(fresh, "A")
    assert [a["coupon"] for a in done["price"]["applied"]] == [coupon]
    till.is_sound()


def test_a_quote_grows_old(till: Till) -> None:
    quote = till.quote(line("cup", 8000))
    till.clock.move(minutes=15)
    refused = till.call.refused(
        "POST", "/checkouts", {"token": quote["token"], "number": "A"}, Idempotency_Key="a"
    )
    assert (refused["status"], refused["code"]) == (409, "quote_expired")
    for token in ("x", quote["token"][:-4] + "AAAA", quote["token"] + "A"):
        refused = till.call.refused(
            "POST", "/checkouts", {"token": token, "number": "A"}, Idempotency_Key="a"
        )
        assert (refused["status"], refused["code"]) == (422, "not_a_quote")
    assert till.balances() == {}


def test_a_cancelled_checkout_leaves_no_trace_and_a_reopened_one_is_committed_anew(till: Till) -> None:
    till.give("points", 500)
    coupon = till.coupon("five", {"kind": "amount", "amount": 500, "returns": "never"})
    before = till.balances()
    quote = till.quote(line("cup", 8000), shipping=600, points=500)
    done = till.commit(quote, "A")
    assert "points" in till.balances() and till.balances()["points"] == 70  # 80 − 5 − 5 = 70.00
    back = till.undo(done, "reopen")
    assert back["payable"] == done["payable"] == 8000 + 600 - 1000
    assert till.balances() == before
    smaller = till.quote(line("cup", 6000))
    assert [a["coupon"] for a in smaller["price"]["applied"]] == [coupon]  # usable again
    again = till.commit(smaller, "A")
    assert (again["id"], again["revision"]) == (done["id"], 2)
    assert till.balances()["points"] == 500 + 55
    till.undo(again)
    assert till.balances() == before
    refused = till.call.refused(
        "POST", f"/checkouts/{done['id']}/returns", {"number": "R"}, Idempotency_Key="r"
    )
    assert (refused["status"], refused["code"]) == (409, "checkout_closed")
    till.is_sound()


def test_undoing_has_its_time_and_a_return_its_limits(till: Till) -> None:
    done = till.commit(till.quote(line("cup", 8000, 2)))
    refused = till.call.refused(
        "POST",
        f"/checkouts/{done['id']}/returns",
        {"number": "R", "lines": [{"line": 1, "quantity": "2.5"}, {"line": 9}]},
        Idempotency_Key="r",
    )
    assert [e["field"] for e in refused["errors"]] == ["lines[0].quantity", "lines[1].line"]
    till.back(done, (1, 1))
    refused = till.call.refused("POST", f"/checkouts/{done['id']}/cancel", {}, Idempotency_Key="c")
    assert refused["code"] == "checkout_closed"
    late = till.commit(till.quote(line("cup", 8000)))
    till.clock.move(minutes=31)
    clerk = till.call
    from tests.rest.shop import Caller

    from regulars.kit import clock as present
    from regulars.platform.apikeys import api as apikeys

    made = apikeys.create_key(
        scope=till.scope, name="clerk", permissions=frozenset({"checkout.return"}), now=present.now()
    )
    refused = Caller(made.token).refused("POST", f"/checkouts/{late['id']}/cancel", {}, Idempotency_Key="c")
    assert (refused["status"], refused["code"]) == (409, "undo_too_late")
    assert clerk.post(f"/checkouts/{late['id']}/cancel", {}, Idempotency_Key="d")["kind"] == "cancel"


def test_a_guest_sees_prices_and_commits_nothing(till: Till) -> None:
    quote = till.quote(line("tea", 5000, 1, "tea"), member=None)
    assert quote["token"] is None and quote["price"]["payable"] == 4500


def test_what_is_wrong_with_a_cart_is_said_line_by_line(till: Till) -> None:
    bad = {
        "cart": {
            "lines": [
                {"sku": "a", "price": 100, "quantity": 0},
                {"sku": "b"},
                {"sku": "c", "price": 1, "amount": 2},
            ],
            "store": "nowhere",
            "currency": "USD",
        }
    }
    refused = till.call.refused("POST", "/quotes", bad)
    assert [(e["field"], e["code"]) for e in refused["errors"]] == [
        ("cart.currency", "wrong_currency"),
        ("cart.store", "unknown_store"),
        ("cart.lines[0].quantity", "bad_quantity"),
        ("cart.lines[1].price", "one_of"),
        ("cart.lines[2].price", "one_of"),
    ]
    refused = till.call.refused("POST", "/quotes", {"cart": {"lines": [{"sku": "a", "prize": 1}]}})
    assert refused["errors"][0]["field"] == "cart.lines[0].prize"
