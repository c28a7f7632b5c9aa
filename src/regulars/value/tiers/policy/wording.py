"""The sentences that say what keeps a tier and what reaches the next, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from regulars.kit.money import exponent, show, to_major
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.programme.rules.types import Tier
from regulars.value.tiers.types import Requirement, Shortfall

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def keep_sentence(
    keep: Requirement, tier: Tier, now: datetime, tz: str, currency: str, names: Mapping[str, Text]
) -> Text:
    """`再消费 ¥320 即可在 3 月 31 日前保住金卡` / `320 more by 31 March keeps Gold`; the last day counts."""
    day = _day(keep.by, now.astimezone(zone(tz)).date()) if keep.by else Text("", "")
    if keep.met:
        return Text(
            f"已满足保级条件，{day.zh}后{tier.name.zh}自动续期",
            f"{tier.name.en} is safe and renews after {day.en}",
        )
    what, verb = _what(keep, currency, names), "keep" if _is_plural(keep) else "keeps"
    return Text(
        f"{what.zh}即可在 {day.zh}前保住{tier.name.zh}", f"{what.en} by {day.en} {verb} {tier.name.en}"
    )


def reach_sentence(reach: Requirement, tier: Tier, currency: str, names: Mapping[str, Text]) -> Text:
    """`再消费 ¥1,200 即可升级为钻石卡` / `1,200 more reaches Diamond`; no text when nothing is missing."""
    if reach.met:
        return Text("", "")
    what, verb = _what(reach, currency, names), "reach" if _is_plural(reach) else "reaches"
    return Text(f"{what.zh}即可升级为{tier.name.zh}", f"{what.en} {verb} {tier.name.en}")


def _what(requirement: Requirement, currency: str, names: Mapping[str, Text]) -> Text:
    words = [_part(part, currency, names) for part in requirement.open_parts]
    zh, en = [w.zh for w in words], [w.en for w in words]
    needed = requirement.still_needed
    if len(words) == 1 or needed >= len(words):
        text = Text("、".join(zh), _listed(en, "and"))
    elif needed == 1:
        text = Text(" 或 ".join(zh), _listed(en, "or"))
    else:
        text = Text(f"完成其中 {needed} 项（{'；'.join(zh)}）", f"any {needed} of {_listed(en, 'and')}")
    # a space between the figure that ends the part and the Chinese that follows
    return Text(f"{text.zh} " if text.zh[-1].isascii() else text.zh, text.en)


def _is_plural(requirement: Requirement) -> bool:
    """Whether the English verb is plural: by the last part of alternatives, always for several together."""
    parts = requirement.open_parts
    if len(parts) > 1 and requirement.still_needed > 1:
        return True
    return parts[-1].metric in ("orders", "visits") and parts[-1].missing != 1


def _part(part: Shortfall, currency: str, names: Mapping[str, Text]) -> Text:
    n, metric = part.missing, part.metric
    if metric == "spend":
        shown, plain = show(n, currency), f"{to_major(n, currency):,}"
        if exponent(currency) and n % 10 ** exponent(currency) == 0:
            shown, plain = shown.partition(".")[0], plain.partition(".")[0]
        return Text(f"再消费 {shown}", f"{plain} more")
    if metric == "orders":
        return Text(f"再下 {n:,} 单", f"{n:,} more {'order' if n == 1 else 'orders'}")
    if metric == "visits":
        return Text(f"再到店 {n:,} 次", f"{n:,} more {'visit' if n == 1 else 'visits'}")
    kind, _, code = metric.partition(":")
    name = names.get(metric) or Text(code, code)
    if kind == "unit":
        return Text(f"再获得 {n:,} {name.zh}", f"{n:,} more {name.en}")
    return Text(f"再完成 {n:,} 次{name.zh}", f"{n:,} more {name.en}")


def _listed(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _day(day: date, today: date) -> Text:
    """`3 月 31 日` / `31 March`; with the year when it is not this one."""
    month = _MONTHS_EN[day.month - 1]
    if day.year == today.year:
        return Text(f"{day.month} 月 {day.day} 日", f"{day.day} {month}")
    return Text(f"{day.year} 年 {day.month} 月 {day.day} 日", f"{day.day} {month} {day.year}")
