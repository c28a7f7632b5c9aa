"""Packages of sessions through their lives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.prepaid.world import MASSAGE, Shop, at, refused

from regulars.facts.activity.types import MemberRef
from regulars.flows import due, value
from regulars.flows.prepaid import api as flows
from regulars.platform.organisations import api as organisations
from regulars.value.prepaid import api as prepaid


def freeze(shop: Shop, package: Any, days: int, now: Any) -> Any:
    return flows.freeze_package(
        scope=shop.scope,
        member_id=package.member_id,
        package_id=package.id,
        days=days,
        key=shop.key(),
        now=now,
    )


def thaw(shop: Shop, package: Any, now: Any) -> Any:
    return flows.unfreeze_package(
        scope=shop.scope, member_id=package.member_id, package_id=package.id, key=shop.key(), now=now
    )


def undo(shop: Shop, use: Any, now: Any, **given: Any) -> Any:
    return flows.undo_use(
        scope=shop.scope, member_id=use.member_id, use_id=use.id, key=shop.key(), now=now, **given
    )


def give_back(shop: Shop, package: Any, now: Any) -> Any:
    return flows.refund_package(
        scope=shop.scope, member_id=package.member_id, package_id=package.id, key=shop.key(), now=now
    )


def test_use_and_undo_within_the_window(shop: Shop) -> None:
    her = shop.member("13700000001")
    package = shop.buy(her, at("2024-03-01 12:00"))
    assert (package.expires_at, shop.has(her, "sessions")) == (at("2025-03-02 00:00"), 10)
    use = shop.use(package, at("2024-03-02 12:00"), 2)
    assert shop.left(package) == 8
    undo(shop, use, at("2024-03-02 12:30"))
    assert undo(shop, use, at("2024-03-02 12:31")).undone_at is not None
    assert shop.left(package) == 10
    late = shop.use(package, at("2024-03-03 12:00"))
    assert refused(undo, shop, late, at("2024-03-03 12:31")).code == "undo_window_over"
    undo(shop, late, at("2024-03-03 12:31"), any_time=True)
    assert shop.left(package) == 10
    shop.clean()


def test_only_where_and_for_what_it_is_good(shop: Shop) -> None:
    her, now = shop.member("13700000001"), at("2024-03-02 12:00")
    package = shop.buy(her, at("2024-03-01 12:00"))
    assert refused(shop.use, package, now, store_code="S2").code == "wrong_store"
    assert refused(shop.use, package, now, service="haircut").code == "wrong_service"
    assert refused(shop.use, package, now, 11).code == "insufficient_balance"
    assert refused(shop.use, package, now, 0).code == "invalid_input"
    no = refused(
        value.burn, scope=shop.scope, member=MemberRef(id=her), unit="sessions", amount=1, key="x", now=now
    )
    assert no.code == "unit_not_spendable"  # not past the package's terms
    shop.use(package, now, 10)
    assert refused(shop.use, package, now).code == "insufficient_balance"
    shop.clean()


def test_each_package_gives_its_own_sessions(shop: Shop) -> None:
    her = shop.member("13700000001")
    first, second = shop.buy(her, at("2024-03-01 12:00")), shop.buy(her, at("2024-03-05 12:00"))
    shop.use(second, at("2024-03-06 12:00"), 3)
    assert (shop.left(first), shop.left(second)) == (10, 7)
    assert shop.use(second, at("2024-03-06 12:00"), key="same") == shop.use(
        second, at("2024-03-06 13:00"), key="same"
    )
    assert shop.left(second) == 6


def test_days_from_the_first_use(shop: Shop) -> None:
    """30 days from the first use, which must come within 100 days; undone, it has not begun."""
    shop.define("package", "yoga", {"name": {"zh": "x", "en": "x"}, "sessions": 3, "price": 300, "days": 30,
                                    "counts_from": "first_use", "begin_within": 100})  # fmt: skip
    her = shop.member("13700000001")
    package = shop.buy(her, at("2024-03-01 12:00"), "yoga")
    assert (package.started_at, package.expires_at) == (None, at("2024-06-10 00:00"))
    use = shop.use(package, at("2024-04-01 12:00"))
    assert shop.package(package).expires_at == at("2024-05-02 00:00")
    undo(shop, use, at("2024-04-01 12:10"))
    assert (shop.package(package).started_at, shop.package(package).expires_at) == (
        None,
        at("2024-06-10 00:00"),
    )
    shop.use(package, at("2024-04-10 12:00"))
    assert shop.package(package).expires_at == at("2024-05-11 00:00")
    due.settle(at("2024-05-11 00:00"))
    assert (shop.left(package), shop.has(her, "sessions")) == (0, 0)
    shop.clean()


def test_a_freeze_moves_the_end(shop: Shop) -> None:
    """Frozen for 20 days of 30 on 1 April, thawed after 4½ days: 5 days count, so the end moves 5 days."""
    her = shop.member("13700000001")
    package = shop.buy(her, at("2024-03-01 12:00"))
    frozen = freeze(shop, package, 20, at("2024-04-01 00:00"))
    assert (frozen.state, frozen.expires_at) == ("frozen", at("2025-03-22 00:00"))
    assert refused(shop.use, package, at("2024-04-02 12:00")).code == "package_not_active"
    active = thaw(shop, package, at("2024-04-05 12:00"))
    assert (active.state, active.expires_at, active.frozen_days) == ("active", at("2025-03-07 00:00"), 5)
    assert refused(freeze, shop, package, 26, at("2024-04-06 00:00")).data == {"left": 25}
    freeze(shop, package, 25, at("2024-04-06 00:00"))
    assert flows.thaw(at("2024-04-30 23:00")) == 0
    assert flows.thaw(at("2024-05-01 00:00")) == 1
    assert flows.thaw(at("2024-05-01 00:00")) == 0
    assert (shop.package(package).state, shop.package(package).expires_at) == (
        "active",
        at("2025-04-01 00:00"),
    )
    shop.use(package, at("2024-05-02 12:00"))
    shop.clean()


def test_a_package_handed_on_keeps_its_end_and_its_worth(shop: Shop) -> None:
    """999 yuan for 10, of which 3 are used: 7 cost 699.30."""
    her, him = shop.member("13700000001"), shop.member("13700000002")
    package = shop.buy(her, at("2024-03-01 12:00"))
    shop.use(package, at("2024-03-02 12:00"), 3)
    his = flows.transfer_package(
        scope=shop.scope, member_id=her, package_id=package.id, to=him, key="t", now=at("2024-03-03 12:00")
    )
    again = flows.transfer_package(
        scope=shop.scope, member_id=her, package_id=package.id, to=him, key="t", now=at("2024-03-03 13:00")
    )
    assert again == his
    assert (his.sessions, his.price, his.expires_at) == (7, 69_930, at("2025-03-02 00:00"))
    assert (shop.has(her, "sessions"), shop.has(him, "sessions")) == (0, 7)
    assert shop.package(package).state == "transferred"
    assert refused(shop.use, package, at("2024-03-04 12:00")).data == {"state": "transferred"}
    shop.use(his, at("2024-03-04 12:00"), 2)
    # 5 of 7 for 699.30: 499.50
    assert give_back(shop, his, at("2024-03-05 12:00")).money == 49_950
    moved = [
        (t.direction, t.amount)
        for t in prepaid.list_transfers(brand_id=shop.scope.brand_id, member_id=him).items
    ]
    assert moved == [("in", 7)]
    shop.clean()


def test_refund_by_unused_or_by_list_price(shop: Shop) -> None:
    """Unused 7 of 10 for 999: 699.30. By list price 120 a session: 999 − 3 × 120 = 639; 9 used: nothing is left."""
    her = shop.member("13700000001")
    now = at("2024-03-05 12:00")
    package = shop.buy(her, at("2024-03-01 12:00"))
    shop.use(package, at("2024-03-02 12:00"), 3)
    repaid = give_back(shop, package, now)
    assert (repaid.money, repaid.units, shop.left(package)) == (69_930, 7, 0)
    assert refused(give_back, shop, package, now).code == "package_not_active"
    shop.define("package", "list", MASSAGE | {"refund": "list_price", "list_price": 12_000})
    for used, money in ((0, 99_900), (3, 63_900), (9, 0)):
        package = shop.buy(her, at("2024-03-01 12:00"), "list")
        if used:
            shop.use(package, now, used)
        assert give_back(shop, package, now).money == money
    shop.define("package", "none", MASSAGE | {"refund": "none"})
    package = shop.buy(her, at("2024-03-01 12:00"), "none")
    assert refused(give_back, shop, package, now).code == "not_refundable"
    shop.clean()


def test_later_terms_do_not_touch_what_was_bought(shop: Shop) -> None:
    her = shop.member("13700000001")
    package = shop.buy(her, at("2024-03-01 12:00"))
    shop.define("package", "massage", MASSAGE | {"stores": ["S2"], "sessions": 5})
    shop.use(package, at("2024-03-02 12:00"))
    shop.define("package", "massage", MASSAGE, state="ended")
    assert refused(shop.buy, her, at("2024-03-02 12:00")).code == "not_for_sale"
    assert refused(shop.define, "package", "massage", MASSAGE, "active").code == "wrong_state"


def test_staff_of_one_store_act_there_only(shop: Shop) -> None:
    her, now = shop.member("13700000001"), at("2024-03-01 12:00")
    stores = organisations.stores_of(brand_id=shop.scope.brand_id)
    clerk = Shop(replace(shop.scope, store_ids=frozenset({stores["S1"].id})))
    assert refused(clerk.buy, her, now).code == "store_not_allowed"
    assert refused(clerk.buy, her, now, store_code="S2").code == "store_not_allowed"
    package = clerk.buy(her, now, store_code="S1", key="bought")
    use = clerk.use(package, now)
    undo(clerk, use, now)
    elsewhere = Shop(replace(shop.scope, store_ids=frozenset({stores["S2"].id})))
    again = shop.use(package, now)
    assert refused(undo, elsewhere, again, now).code == "store_not_allowed"
    shop.clean()
