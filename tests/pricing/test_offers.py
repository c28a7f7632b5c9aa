"""Offers as data: read strictly, kept in one form, said in both languages; prices that keep their parts."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pricing.test_best import offers, sales
from tests.pricing.test_returns import paid
from tests.pricing.till import AT, Sale, cart, check_sums, of, programme, tier

from regulars.kit.errors import Refusal
from regulars.programme.packs.api import retail_pack
from regulars.programme.pricing.allocate import split
from regulars.programme.pricing.api import price
from regulars.programme.pricing.types import Priced, Wish
from regulars.programme.rules.api import checkout_texts, describe, dump


def errors_of(promotion: dict[str, Any], checkout: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        programme({"p": promotion}, checkout)
    return [(error.field, error.code) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("promotion", "field", "code"),
    [
        ({"kind": "half"}, "promotions[0].kind", "unknown_choice"),
        ({"kind": "amount"}, "promotions[0].amount", "required"),
        ({"kind": "amount", "amount": 0}, "promotions[0].amount", "out_of_range"),
        ({"kind": "amount", "amount": 1, "cap": 5}, "promotions[0].cap", "not_for_kind"),
        ({"kind": "amount", "amount": 1, "of": 5}, "promotions[0].of", "unknown_field"),
        ({"kind": "percent", "factor": "1.2"}, "promotions[0].factor", "out_of_range"),
        ({"kind": "threshold", "steps": []}, "promotions[0].steps", "empty"),
        ({"kind": "threshold", "steps": [{"at_least": 5}]}, "promotions[0].steps[0].off", "one_of"),
        (
            {"kind": "threshold", "steps": [{"at_least": 5, "off": 1}, {"at_least": 5, "off": 2}]},
            "promotions[0].steps[1].at_least",
            "not_ascending",
        ),
        (
            {"kind": "threshold", "every": True, "steps": [{"at_least": 5, "factor": "0.5"}]},
            "promotions[0].every",
            "one_step",
        ),
        ({"kind": "cashback", "unit": "gold", "amount": 5}, "promotions[0].unit", "unknown_unit"),
        ({"kind": "cashback", "unit": "bonus"}, "promotions[0].amount", "one_of"),
        ({"kind": "shipping", "layer": "price"}, "promotions[0].kind", "unknown_choice"),
        (
            {"kind": "percent", "factor": "0.9", "cap": 5, "layer": "price"},
            "promotions[0].cap",
            "not_for_price",
        ),
        (
            {"kind": "amount", "amount": 1, "lines": {"field": "line.colour", "op": "eq", "value": 1}},
            "promotions[0].lines.field",
            "unknown_field",
        ),
        (
            {"kind": "amount", "amount": 1, "stacking": {"category": "none"}},
            "promotions[0].stacking.category",
            "unknown_category",
        ),
        (
            {"kind": "amount", "amount": 1, "stacking": {"per_order": 2}},
            "promotions[0].stacking.per_order",
            "not_for_kind",
        ),
        (
            {"kind": "amount", "amount": 1, "dayparts": [["07:00", "07:00"]]},
            "promotions[0].dayparts[0]",
            "bad_daypart",
        ),
        (
            {
                "kind": "amount",
                "amount": 1,
                "starts_at": "2026-05-01T00:00:00+08:00",
                "ends_at": "2026-04-01T00:00:00+08:00",
            },
            "promotions[0].ends_at",
            "before_start",
        ),
    ],
)
def test_wrong_promotions_are_refused_by_path(promotion: dict[str, Any], field: str, code: str) -> None:
    assert (field, code) in errors_of(promotion)


@pytest.mark.parametrize(
    ("checkout", "field", "code"),
    [
        ({"points": {"unit": "x", "points": 1, "minor": 1}}, "checkout.points.unit", "unknown_unit"),
        (
            {"points": {"unit": "points", "points": 3, "minor": 2, "step": 100}},
            "checkout.points.step",
            "not_whole_money",
        ),
        (
            {"points": {"unit": "points", "points": 1, "minor": 1, "share": 0}},
            "checkout.points.share",
            "out_of_range",
        ),
        ({"stored": {"principal": "bonus", "bonus": "bonus"}}, "checkout.stored.bonus", "duplicate"),
        ({"quote_minutes": 0}, "checkout.quote_minutes", "out_of_range"),
        ({"till": 1}, "checkout.till", "unknown_field"),
    ],
)
def test_wrong_settings_are_refused_by_path(checkout: dict[str, Any], field: str, code: str) -> None:
    assert (field, code) in errors_of({"kind": "amount", "amount": 1}, checkout)


def test_promotions_and_benefits_share_their_keys() -> None:
    with pytest.raises(Refusal):
        programme(
            {"ships": {"kind": "amount", "amount": 1}}, benefits=[{"key": "ships", "kind": "free_shipping"}]
        )


CATEGORIES = {"categories": [{"code": c, "name": c} for c in ("one", "two")]}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(offers(False))
def test_what_is_kept_is_read_the_same(offer: dict[str, Any]) -> None:
    offer.pop("days", None)
    live = programme({"p": offer}, CATEGORIES)
    kept = dump(live)
    again = programme(
        {p["key"]: {k: v for k, v in p.items() if k != "key"} for p in kept["promotions"]}, kept["checkout"]
    )
    assert dump(again) == kept
    (said,) = live.promotions
    zh, en = describe(said, live, "zh"), describe(said, live, "en")
    assert zh
    assert en[0].isupper() or not en[0].isalpha()
    assert not any("\u4e00" <= char <= "\u9fff" for char in en)


@pytest.mark.parametrize(
    ("offer", "zh", "en"),
    [
        (
            {"kind": "threshold", "steps": [{"at_least": 20_000, "off": 2000}]},
            "满 200 元减 20 元",
            "¥20 off from ¥200",
        ),
        (
            {"kind": "percent", "factor": "0.85", "cap": 5000, "lines": of("coffee")},
            "品类是「coffee」的商品打 8.5 折，最多减 50 元",
            "15% off on goods whose category is “coffee”, at most ¥50 off",
        ),
        (
            {"kind": "free_item", "buy": 1, "factor": "0.5", "member_day": True},
            "会员日，每 2 件中最便宜的 1 件打 5 折",
            "On member days, the 1 cheapest of every 2 at 50% off",
        ),
        (
            {"kind": "amount", "amount": 1000, "at_least": 5000, "first_order": True},
            "若首单，满 50 元，减 10 元",
            "¥10 off, from ¥50 on, if it is the first order",
        ),
        (
            {"kind": "shipping", "stacking": {"mode": "exclusive"}},
            "免运费，不与其他促销和券同享",
            "Free shipping; not with other promotions or coupons",
        ),
        ({"kind": "cashback", "unit": "bonus", "rate": "0.05"}, "按实付 5% 返名", "5% back in name"),
    ],
)
def test_sentences(offer: dict[str, Any], zh: str, en: str) -> None:
    live = programme({"p": offer})
    assert describe(live.promotions[0], live, "zh") == zh
    assert describe(live.promotions[0], live, "en") == en


def test_the_retail_pack_is_told() -> None:
    live = programme()
    assert checkout_texts(live, "zh") == []
    pack = retail_pack()
    live = programme(
        {p["key"]: {k: v for k, v in p.items() if k not in ("key", "condition")} for p in pack["promotions"]},
        pack["checkout"],
    )
    assert checkout_texts(live, "zh")[0] == "每单最多用 3 张券"
    assert len(checkout_texts(live, "en")) == 4


# A price keeps its parts.


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(sales())
def test_parts_add_up_with_every_tender(sale: Sale) -> None:
    sale = paid(sale)
    priced = sale.price()
    check_sums(priced)
    assert priced.points <= sale.balances["points"]
    assert priced.stored.get("principal", 0) + priced.stored.get("bonus", 0) <= 700
    assert priced.stored.get("gift", 0) <= 111
    assert msgspec.json.decode(msgspec.json.encode(priced), type=Priced) == priced
    spent = sum(a.amount + a.cashback for a in priced.applied if a.budget == "spring")
    assert spent <= sale.given.get("budgets", {}).get("spring", spent)
    told = [refused.ref for refused in priced.refused]
    used = [applied.ref for applied in priced.applied]
    assert len(set(used)) == len(used)
    assert not set(told) & set(used)
    coupons = {f"coupon:{i}" for i in (a.coupon for a in priced.applied) if i is not None}
    assert len(coupons | {r for r in told if r.startswith("coupon:")}) == len(sale.coupons)
    assert all("{" not in r.text.zh and "{" not in r.text.en for r in priced.refused)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.data())
def test_splits_stay_within_their_weights(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    parts = split(total, weights)
    assert sum(parts) == total
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))


def test_the_same_cart_has_the_same_price() -> None:
    """Nothing depends on the order in which coupons lie in the wallet."""
    coupons = {f"c{n}": {"kind": "amount", "amount": 100 + n % 3, "days": 1 + n % 2} for n in range(6)}
    sale = Sale([("tea", 1, 10_000)], coupons=coupons, checkout={"coupons_per_order": 2})
    first = sale.price()
    names = list(coupons)
    random.Random(3).shuffle(names)
    other = replace(sale, coupons={name: coupons[name] for name in names})
    assert sorted(sale.name_of(a.ref) for a in first.applied) == ["c2", "c5"]
    assert sorted(other.name_of(a.ref) for a in other.price().applied) == ["c2", "c5"]


@pytest.mark.parametrize(
    "wrong",
    [
        cart([("tea", 1, -1)]),
        cart([("tea", 0, 100)]),
        cart([("tea", "NaN", 100)]),
        cart([("tea", 1, 100)], shipping=-1),
        replace(cart([("tea", 1, 100)]), currency="USD"),
        replace(cart([("tea", 1, 100)]), lines=cart([("tea", 1, 100)]).lines * 2),
        replace(
            cart([]),
            lines=tuple(
                msgspec.structs.replace(cart([("tea", 1, 1)]).lines[0], line=str(n)) for n in range(501)
            ),
        ),
    ],
)
def test_carts_that_cannot_be_priced(wrong: Any) -> None:
    with pytest.raises(Refusal):
        price(programme().shelf, wrong)


def test_an_empty_cart_costs_its_shipping() -> None:
    priced = price(programme({"p": {"kind": "amount", "amount": 5}}).shelf, cart([], shipping=300))
    assert (priced.price, priced.payable, priced.lines) == (300, 300, ())


def test_many_pieces_take_no_time() -> None:
    sale = Sale(
        [("tea", 100_000, 99_999_999)],
        {
            "half": {"kind": "free_item", "buy": 1, "factor": "0.5"},
            "three": {"kind": "fixed_price", "price": 10, "pieces": 3},
        },
    )
    check_sums(sale.price())


def test_a_coupon_that_is_not_hers() -> None:
    live = programme()
    priced = price(live.shelf, cart([("tea", 1, 100)], at=AT), (), Wish(coupons=(UUID(int=9),)))
    assert [(r.ref, r.code) for r in priced.refused] == [(f"coupon:{UUID(int=9)}", "not_in_wallet")]
    assert Decimal(priced.payable) == 100


def test_a_refusal_says_what_is_missing() -> None:
    sale = Sale(
        [("tea", 1, 1000)],
        {
            "gold": {"kind": "amount", "amount": 5, "condition": tier("gold")},
            "full": {"kind": "amount", "amount": 5, "at_least": 1200},
        },
    )
    said = {refused.ref: refused for refused in sale.price().refused}
    gold, full = said["promotion:gold"], said["promotion:full"]
    assert gold.code == "condition"
    assert gold.text.zh.startswith("不满足使用条件：")
    assert "tier" in gold.text.en
    assert gold.data["why"]["zh"] in gold.text.zh
    assert full.text.zh == "适用商品还差 2 元"
    assert full.text.en == "¥2 short on the goods it is for"
    assert full.data == {"missing_minor": 200}
