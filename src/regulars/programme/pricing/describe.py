"""An offer in a sentence, in Chinese and in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from regulars.conditions.api import FieldCatalogue, parse_condition
from regulars.conditions.api import describe as describe_condition
from regulars.kit import wording as say
from regulars.kit.text import Language, Text
from regulars.programme.pricing.types import (
    AmountOff,
    Cashback,
    Checkout,
    Exchange,
    FixedPrice,
    FreeItem,
    Offer,
    PercentOff,
    ShippingOff,
    Threshold,
)

_KINDS_OF_GOODS = ("line.category", "line.department", "line.brand")


def goods_word(value: str) -> str:
    """The key among a brand's words of what a category, department or brand of goods is called: `goods-drug-gm`."""
    return "goods-" + re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")


class Teller:
    """Tells offers of one programme. `units` are what its units are called, `words` are the brand's own words."""

    def __init__(
        self,
        catalogue: FieldCatalogue,
        currency: str,
        units: Mapping[str, Text],
        words: Mapping[str, Text] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.currency = currency
        self.units = units
        self.words = words or {}

    def tell(self, offer: Offer, language: Language) -> str:
        """One sentence without a full stop: when, on what condition, for which goods, what; then its limits."""
        zh = language == "zh"
        wires = offer.definition
        on = self._goods(wires.get("lines"), language)
        asked = [self._condition(wires.get("condition"), language)]
        if offer.first_order:
            asked.append("首单" if zh else "it is the first order")
        condition = ("且" if zh else " and ").join(filter(None, asked))
        when = self._when(offer, language)
        what = self._what(offer, on, language)
        least = []
        if offer.at_least:
            least.append(self._money(offer.at_least, language))
        if offer.at_least_pieces:
            least.append(say.counted(offer.at_least_pieces, "件", "piece", language))
        if least:
            joined = ("且满 " if zh else " and ").join(least)
            what = f"满 {joined}，{what}" if zh else f"{what}, from {joined} on"
        tail = self._tail(offer, language)
        if zh:
            head = f"{when}{f'若{condition}，' if condition else ''}"
            return "，".join([f"{head}{what}", *tail])
        text = f"{when}{what}{f', if {condition}' if condition else ''}"
        return "; ".join([text[:1].upper() + text[1:], *tail])

    def _goods(self, wire: Mapping[str, Any] | None, language: Language) -> str:
        """Which goods: ` on goods whose …`; where the brand has names for all of them, ` on groceries or seafood`."""
        names = self._names(wire, language)
        if names:
            return "、".join(names) if language == "zh" else f" on {say.listed(names, 'en', last='or')}"
        goods = self._condition(wire, language, of_line=True)
        if not goods:
            return ""
        return f"{goods}的商品" if language == "zh" else f" on goods whose {goods}"

    def _names(self, wire: Mapping[str, Any] | None, language: Language) -> list[str]:
        if not wire or wire.get("field") not in _KINDS_OF_GOODS or wire.get("op") not in ("eq", "in"):
            return []
        value = wire.get("value")
        values = value if isinstance(value, (list, tuple)) else [value]
        field = self.catalogue.get(str(wire["field"]))
        words = [
            self.words.get(goods_word(str(one))) or (self.catalogue.word(field, one) if field else None)
            for one in values
        ]
        return [word.in_language(language) for word in words if word] if all(words) else []

    def _condition(self, wire: Mapping[str, Any] | None, language: Language, *, of_line: bool = False) -> str:
        if not wire:
            return ""
        parsed = parse_condition(data=wire, catalogue=self.catalogue, of_line=of_line)
        return describe_condition(condition=parsed, catalogue=self.catalogue, lang=language)

    def _money(self, minor: int, language: Language) -> str:
        return say.money(minor, self.currency, language)

    def _when(self, offer: Offer, language: Language) -> str:
        zh = language == "zh"
        windows, timezone = offer.windows, self.catalogue.timezone
        parts: list[str] = []
        if windows.starts_at is not None:
            start = say.instant(windows.starts_at, timezone, language)
            parts.append(f"{start}起" if zh else f"from {start}")
        if windows.ends_at is not None:
            end = say.instant(windows.ends_at, timezone, language)
            parts.append(f"{end}前" if zh else f"until {end}")
        if windows.member_day:
            parts.append("会员日" if zh else "on member days")
        if windows.weekdays is not None:
            days = say.weekdays(windows.weekdays, language)
            parts.append(days if zh else f"on {days}")
        if windows.dayparts:
            hours = say.hours(windows.dayparts, language)
            parts.append(hours if zh else f"between {hours.replace('–', ' and ')}")
        if not parts:
            return ""
        return f"{' '.join(parts)}，" if zh else f"{' '.join(parts)}, "

    def _what(self, offer: Offer, on: str, language: Language) -> str:
        zh = language == "zh"
        action = offer.action
        if isinstance(action, AmountOff):
            amount = self._money(action.amount, language)
            return f"{on}减 {amount}" if zh else f"{amount} off{on}"
        if isinstance(action, PercentOff):
            cap = self._cap(action.cap, language)
            return (
                f"{on}{self._off(action.paid, language)}{cap}"
                if zh
                else (f"{self._off(action.paid, language)}{on}{cap}")
            )
        if isinstance(action, Threshold):
            return self._threshold(action, on, language)
        if isinstance(action, FixedPrice):
            price = self._money(action.price, language)
            limit = ""
            if action.limit is not None:
                limit = f"，限 {action.limit} 件" if zh else f", at most {action.limit} pieces"
            if zh:
                return f"{on}{'每件' if action.pieces == 1 else f'任选 {action.pieces} 件'} {price}{limit}"
            return f"{price} {'each' if action.pieces == 1 else f'for {action.pieces}'}{on}{limit}"
        if isinstance(action, Exchange):
            pieces = say.counted(action.pieces, "件", "piece", language)
            price = self._money(action.price, language)
            if zh:
                return f"兑换 {pieces}{on or '商品'}{f'，每件付 {price}' if action.price else ''}"
            return f"{pieces}{on} {f'for {price} each' if action.price else 'for free'}"
        if isinstance(action, FreeItem):
            return self._free_item(offer, action, on, language)
        if isinstance(action, ShippingOff):
            off = "" if action.cap is None else self._money(action.cap, language)
            with_goods = (f"，限含{on}" if zh else f", with{on.removeprefix(' on')}") if on else ""
            if zh:
                return f"{f'运费减 {off}' if off else '免运费'}{with_goods}"
            return f"{f'{off} off shipping' if off else 'free shipping'}{with_goods}"
        assert isinstance(action, Cashback)
        unit = self.units.get(action.unit, Text(action.unit, action.unit)).in_language(language)
        cap = ""
        if action.cap is not None:
            cap = f"，最多 {action.cap:,}" if zh else f", at most {action.cap:,}"
        if action.amount:
            return (
                f"{on}返 {action.amount:,} {unit}{cap}" if zh else f"{action.amount:,} {unit} back{on}{cap}"
            )
        rate = f"{say.show_ratio(action.rate * 100)}%"
        return f"{on}按实付 {rate} 返{unit}{cap}" if zh else f"{rate} back in {unit}{on}{cap}"

    def _off(self, paid: Fraction, language: Language) -> str:
        if language == "zh":
            return "免费" if not paid else f"打 {say.show_ratio(paid * 10)} 折"
        return "free" if not paid else f"{say.show_ratio((1 - paid) * 100)}% off"

    def _cap(self, cap: int | None, language: Language) -> str:
        if cap is None:
            return ""
        money = self._money(cap, language)
        return f"，最多减 {money}" if language == "zh" else f", at most {money} off"

    def _threshold(self, action: Threshold, on: str, language: Language) -> str:
        zh = language == "zh"
        steps = []
        for step in action.steps:
            if action.measure == "amount":
                least = self._money(step.at_least, language)
            else:
                least = say.counted(step.at_least, "件", "piece", language)
            off = self._money(step.off, language)
            if zh:
                given = f"减 {off}" if step.paid is None else self._off(step.paid, language)
                steps.append(f"{'每满' if action.every else '满'} {least}{given}")
            else:
                given = f"{off} off" if step.paid is None else self._off(step.paid, language)
                steps.append(f"{given} {'for every' if action.every else 'from'} {least}")
        cap = self._cap(action.cap, language)
        return f"{on}{'，'.join(steps)}{cap}" if zh else f"{say.listed(steps, 'en', last='or')}{on}{cap}"

    def _free_item(self, offer: Offer, action: FreeItem, on: str, language: Language) -> str:
        zh = language == "zh"
        gift = self._condition(offer.definition.get("gift"), language, of_line=True)
        price = self._off(action.paid, language)
        times = "" if action.times is None else say.times(action.times, language)
        if zh:
            limit = f"，最多 {times}" if times else ""
            if gift:
                return f"{on}每买 {action.buy} 件，{gift}的商品 {action.get} 件{price}{limit}"
            same = "同款" if action.same_item else ""
            size = action.buy + action.get
            return f"{on}{same}每 {size} 件中最便宜的 {action.get} 件{price}{limit}"
        limit = f", at most {times}" if times else ""
        price = f"at {price}" if action.paid else "for free"
        if gift:
            return f"for every {action.buy} bought{on}, {action.get} whose {gift} {price}{limit}"
        same = " of one item" if action.same_item else ""
        return f"the {action.get} cheapest of every {action.buy + action.get}{same}{on} {price}{limit}"

    def _tail(self, offer: Offer, language: Language) -> list[str]:
        zh = language == "zh"
        found = []
        stacking = offer.stacking
        if stacking.mode == "exclusive":
            if stacking.exclusive_of == "order":
                found.append("不与其他促销和券同享" if zh else "not with other promotions or coupons")
            else:
                found.append(
                    "这些商品不参加其他促销和券" if zh else "these goods take no other promotion or coupon"
                )
        if stacking.group:
            found.append(
                f"“{stacking.group}”组内只能用一个" if zh else f"only one of the group “{stacking.group}”"
            )
        if stacking.per_order > 1:
            most = stacking.per_order
            found.append(f"每单最多 {most} 张" if zh else f"at most {most} in an order")
        if not offer.enabled:
            found.append("已停用" if zh else "switched off")
        return found


def tell_checkout(
    checkout: Checkout, *, currency: str, units: Mapping[str, Text], language: Language
) -> list[str]:
    """The till's settings, a sentence each."""
    zh = language == "zh"

    def unit(code: str) -> str:
        return units.get(code, Text(code, code)).in_language(language)

    told = []
    points, stored = checkout.points, checkout.stored
    if checkout.coupons_per_order is not None:
        most = checkout.coupons_per_order
        told.append(
            f"每单最多用 {most} 张券" if zh else f"At most {say.counted(most, '', 'coupon', 'en')} an order"
        )
    for category in checkout.categories:
        if category.most is not None:
            name = category.name.in_language(language)
            told.append(
                f"“{name}”类优惠每单最多 {category.most} 个"
                if zh
                else f"At most {category.most} of the kind “{name}” an order"
            )
    if points is not None:
        worth = say.money(points.minor, currency, language)
        share = f"{say.show_ratio(points.share * 100)}%"
        least = f"{points.least:,}"
        if zh:
            told.append(
                f"{points.points:,} {unit(points.unit)}抵 {worth}，按 {points.step:,} 的倍数"
                + (f"，{least} 起用" if points.least else "")
                + (f"，最多抵 {share}" if points.share < 1 else "")
            )
        else:
            told.append(
                f"{points.points:,} {unit(points.unit)} pay {worth}, in steps of {points.step:,}"
                + (f", from {least} on" if points.least else "")
                + (f", for at most {share}" if points.share < 1 else "")
            )
    if stored is not None:
        order = {
            "bonus_first": ("先用赠金", "bonus first"),
            "principal_first": ("先用本金", "principal first"),
            "pro_rata": ("本金与赠金按余额比例", "principal and bonus as the balances stand"),
        }[stored.order]
        names = say.listed([unit(u) for u in (stored.principal, stored.bonus) if u], language)
        told.append(f"可用{names}支付，{order[0]}" if zh else f"Paid with {names}, {order[1]}")
    if checkout.gift is not None:
        name = unit(checkout.gift.unit)
        told.append(f"可用{name}支付" if zh else f"Paid with {name}")
    return told
