"""A coupon definition in a sentence: when it can be used, how many there are, how it is had. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from regulars.kit.text import Text
from regulars.value.coupons.types import AfterClaim, Definition, FixedDates

_BETWEEN = Text("；", "; ")
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def sentence(made: Definition, offer: Text | None = None, budgets: Mapping[str, Text] | None = None) -> Text:
    """What a definition says, beginning with what its offer gives (its words come from `programme`).

    `budgets` are names by key; one without a name is called by its key.
    """
    ways = _ways(made, budgets or {})
    parts = [part for part in (offer, _validity(made), *_limits(made), *ways) if part is not None]
    zh = _BETWEEN.zh.join(part.zh for part in parts)
    en = _BETWEEN.en.join(part.en for part in parts)
    return Text(f"{zh}。", f"{en[:1].upper()}{en[1:]}.")


def member_sentence(made: Definition, offer: Text | None = None, *, held: bool = False) -> Text:
    """What a coupon is to who has it (`held`) or may have it: no budgets, totals or channels, which are the brand's.

    A coupon that is held says its own days, so the definition's are left out.
    """
    limit = made.limits.per_member
    each = Text("每人限 {n} 张", "{n} for each member").format(n=f"{limit:,}") if limit else None
    asked = (offer,) if held else (offer, _validity(made), each)
    parts = [part for part in asked if part is not None]
    if not parts:
        return Text("", "")
    zh = _BETWEEN.zh.join(part.zh for part in parts)
    en = _BETWEEN.en.join(part.en for part in parts)
    return Text(f"{zh}。", f"{en[:1].upper()}{en[1:]}.")


def _validity(made: Definition) -> Text:
    validity = made.validity
    if isinstance(validity, FixedDates):
        if validity.first is None:
            return Text("{last}前有效", "good until {last}").format(last=_day(validity.last))
        return Text("{first}至{last}有效", "good from {first} to {last}").format(
            first=_day(validity.first), last=_day(validity.last)
        )
    said = _after_claim(validity)
    if validity.not_before:
        said = Text("{said}，最早 {day}起", "{said}, not before {day}").format(
            said=said, day=_day(validity.not_before)
        )
    if validity.not_after:
        said = Text("{said}，最晚至{day}", "{said}, until {day} at the latest").format(
            said=said, day=_day(validity.not_after)
        )
    return said


def _after_claim(validity: AfterClaim) -> Text:
    if validity.days is None:
        if validity.delay_days:
            return Text("领取 {n} 天后起长期有效", "good from {n} days after it is had").format(
                n=validity.delay_days
            )
        return Text("领取后长期有效", "good without an end")
    if validity.delay_days:
        return Text(
            "领取 {delay} 天后起 {days} 天内有效", "good for {days} days, from {delay} days after it is had"
        ).format(delay=validity.delay_days, days=validity.days)
    if validity.days == 1:
        return Text("领取当天有效", "good on the day it is had")
    return Text("领取后 {days} 天内有效", "good for {days} days, the day it is had included").format(
        days=validity.days
    )


def _limits(made: Definition) -> list[Text]:
    limits = made.limits
    said = (
        (limits.total, Text("共 {n} 张", "{n} in all")),
        (limits.per_day, Text("每天 {n} 张", "{n} a day")),
        (limits.per_member, Text("每位会员限 {n} 张", "{n} for each member")),
        (limits.per_person, Text("每个自然人限 {n} 张", "{n} for each natural person")),
    )
    return [text.format(n=f"{n:,}") for n, text in said if n is not None]


def _ways(made: Definition, budgets: Mapping[str, Text]) -> list[Text]:
    ways = []
    if "portal" in made.channels:
        ways.append(Text("可在领券中心领取", "can be claimed in the portal"))
    if "code" in made.channels:
        ways.append(Text("可凭码兑换", "can be had by code"))
    if made.transferable:
        ways.append(Text("可转赠", "can be given away"))
    if made.budgets:
        names = [budgets.get(key) or Text(key, key) for key in made.budgets]
        named = Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
        ways.append(Text("受预算约束：{names}", "within budgets: {names}").format(names=named))
    return ways


def _day(day: date) -> Text:
    month = Text(str(day.month), _MONTHS_EN[day.month - 1])
    return Text("{year}年{month}月{day}日", "{day} {month} {year}").format(
        year=day.year, month=month, day=day.day
    )
