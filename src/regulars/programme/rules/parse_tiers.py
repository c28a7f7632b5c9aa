"""Tier schemes and benefits of a definition."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Mapping
from fractions import Fraction

from regulars.kit.text import Text
from regulars.programme.rules.reader import MAX_VALUE, Node
from regulars.programme.rules.types import Benefit, Qualification, Tier, TierScheme

_SCHEME = (
    "key", "name", "tiers", "validity_months", "anchor", "fixed_month", "fixed_day",
    "on_end", "grace_days", "refund_demotes",
)  # fmt: skip
_TIER = ("code", "name", "rank", "qualify", "need", "keep", "colour")
_QUALIFICATION = ("metric", "at_least")
_BENEFIT = (
    "key", "name", "kind", "scheme", "tiers", "description", "factor", "unit", "quota", "period", "undo_minutes",
)  # fmt: skip
KINDS = (
    "multiplier", "price_discount", "free_shipping", "birthday_pack", "priority", "service", "product",
)  # fmt: skip
PERIODS = ("day", "week", "month", "year", "ever")
_PLAIN_METRICS = ("spend", "orders", "visits")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MAX_SCHEMES, MAX_TIERS, MAX_QUALIFICATIONS, MAX_BENEFITS = 10, 20, 10, 200


def parse_schemes(
    whole: Node, *, units: Collection[str], activity_types: Collection[str]
) -> tuple[TierScheme, ...]:
    """Every scheme that could be read. Broken parts leave an error behind."""
    schemes: dict[str, TierScheme] = {}
    for node in whole.children("schemes", _SCHEME, most=MAX_SCHEMES):
        key = node.code("key")
        if key in schemes:
            node.bad("key", "duplicate", f"等级体系 {key} 重复", f"Tier scheme {key} is given twice")
        anchor = node.choice("anchor", ("tier_start", "join", "fixed"), "tier_start")
        month = node.integer("fixed_month", least=1, most=12, default=1)
        day = node.integer("fixed_day", least=1, most=31, default=1)
        if anchor != "fixed":
            for name in ("fixed_month", "fixed_day"):
                if node.has(name):
                    node.bad(
                        name,
                        "not_fixed",
                        "仅在固定日期周期（anchor = fixed）时可填",
                        "Only for the anchor `fixed`",
                    )
        elif day > calendar.monthrange(2023, month)[1]:
            node.bad(
                "fixed_day", "no_such_day", f"{month} 月没有 {day} 日", f"Month {month} has no day {day}"
            )
        scheme = TierScheme(
            key=key or "",
            name=node.text("name"),
            tiers=_tiers(node, units, activity_types),
            validity_months=node.integer("validity_months", least=1, most=120, default=12),
            anchor=anchor,
            fixed_month=month if anchor == "fixed" else 1,
            fixed_day=day if anchor == "fixed" else 1,
            on_end=node.choice("on_end", ("one_step", "earned", "never"), "one_step"),
            grace_days=node.integer("grace_days", most=366, default=0),
            refund_demotes=node.flag("refund_demotes", False),
        )
        if key and scheme.tiers:
            schemes[key] = scheme
    return tuple(schemes.values())


def _tiers(scheme: Node, units: Collection[str], activity_types: Collection[str]) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    highest: dict[str, int] = {}
    for node in scheme.children("tiers", _TIER, most=MAX_TIERS, required=True):
        code = node.code("code")
        if any(t.code == code for t in tiers):
            node.bad("code", "duplicate", f"等级 {code} 重复", f"Tier {code} is given twice")
        rank = node.integer("rank", most=1000, default=None)
        least = tiers[-1].rank + 1 if tiers else 0
        if rank is None:
            rank = least
        elif rank < least:
            node.bad(
                "rank",
                "not_ascending",
                f"等级须由低到高排列，此处至少为 {least}",
                f"Tiers go from low to high; the rank must be at least {least}",
            )
        qualify = _qualifications(node, "qualify", units, activity_types)
        if not tiers and qualify:
            node.bad(
                "qualify",
                "lowest_has_none",
                "最低等级人人都有，不能设门槛",
                "Everybody has the lowest tier; it takes no threshold",
            )
        elif tiers and not qualify:
            node.bad(
                "qualify", "required", "除最低等级外必须设门槛", "Every tier but the lowest needs a threshold"
            )
        need = node.integer("need", least=1, most=max(1, len(qualify)), default=None)
        for i, wanted in enumerate(qualify):
            if wanted.at_least <= highest.get(wanted.metric, 0):
                node.errors.add(
                    f"{node.at('qualify')}[{i}].at_least",
                    "not_ascending",
                    f"须高于较低等级的 {highest[wanted.metric]}",
                    f"Must be above the {highest[wanted.metric]} of a lower tier",
                )
            highest[wanted.metric] = max(wanted.at_least, highest.get(wanted.metric, 0))
        keep = _qualifications(node, "keep", units, activity_types) if node.has("keep") else None
        if keep and not tiers:
            node.bad(
                "keep",
                "lowest_has_none",
                "最低等级不需要保级条件",
                "The lowest tier needs nothing to be kept",
            )
        if keep is not None and need is not None and need > len(keep):
            node.bad(
                "need",
                "out_of_range",
                f"保级条件只有 {len(keep)} 条",
                f"There are only {len(keep)} conditions to keep the tier",
            )
        colour = node.string("colour", most=7, default="")
        if colour and not _COLOUR.fullmatch(colour):
            node.bad("colour", "bad_colour", "颜色应如 #C0A060", "Must be a colour such as #C0A060")
        tiers.append(Tier(code or "", node.text("name"), rank, qualify, need, keep, colour))
    return tuple(tiers)


def _qualifications(
    tier: Node, key: str, units: Collection[str], activity_types: Collection[str]
) -> tuple[Qualification, ...]:
    found: list[Qualification] = []
    for node in tier.children(key, _QUALIFICATION, most=MAX_QUALIFICATIONS):
        metric = node.string("metric", most=80)
        kind, _, name = (metric or "").partition(":")
        if metric and not (
            metric in _PLAIN_METRICS
            or (kind == "unit" and name in units)
            or (kind == "activity" and name in activity_types)
        ):
            known = ", ".join(
                [
                    *_PLAIN_METRICS,
                    *(f"unit:{u}" for u in units),
                    *(f"activity:{a}" for a in sorted(activity_types)),
                ]
            )
            node.bad(
                "metric",
                "unknown_metric",
                f"没有指标 {metric}，可用：{known}",
                f"There is no metric {metric}; known: {known}",
            )
        if any(q.metric == metric for q in found):
            node.bad("metric", "duplicate", f"指标 {metric} 重复", f"Metric {metric} is given twice")
        at_least = node.integer("at_least", least=1, most=MAX_VALUE)
        if metric and at_least:
            found.append(Qualification(metric, at_least))
    return tuple(found)


def parse_benefits(
    whole: Node, *, units: Collection[str], schemes: Mapping[str, Collection[str]]
) -> tuple[Benefit, ...]:
    """Every benefit that could be read; `schemes` gives each scheme's tier codes."""
    benefits: list[Benefit] = []
    for node in whole.children("benefits", _BENEFIT, most=MAX_BENEFITS):
        key = node.code("key")
        if any(b.key == key for b in benefits):
            node.bad("key", "duplicate", f"权益 {key} 重复", f"Benefit {key} is given twice")
        kind = node.choice("kind", KINDS)
        scheme = node.code("scheme")
        if scheme and scheme not in schemes:
            node.bad(
                "scheme", "unknown_scheme", f"没有等级体系 {scheme}", f"There is no tier scheme {scheme}"
            )
        tiers: list[str] = []
        for path, tier in node.items("tiers", most=MAX_TIERS, required=True):
            if scheme in schemes and tier not in schemes[scheme]:
                node.errors.add(
                    path,
                    "unknown_tier",
                    f"等级体系 {scheme} 没有等级 {tier}",
                    f"Scheme {scheme} has no tier {tier}",
                )
            elif tier in tiers:
                node.errors.add(path, "duplicate", "重复", "Given twice")
            elif isinstance(tier, str):
                tiers.append(tier)
        quota = node.integer("quota", least=1, default=None)
        if quota is None and node.has("period"):
            node.bad("period", "no_quota", "没有次数限制时不需要周期", "A period needs a quota")
        unit, factor = "", Fraction(1)
        if kind == "multiplier":
            unit, given = node.code("unit") or "", node.ratio("factor")
            factor = Fraction(1) if given is None else given
            if unit and unit not in units:
                node.bad("unit", "unknown_unit", f"没有单位 {unit}", f"There is no unit {unit}")
            if factor < 1:
                node.bad("factor", "out_of_range", "倍数不能小于 1", "The factor must be at least 1")
            if quota is not None:
                node.bad("quota", "not_for_kind", "积分倍率没有次数", "A multiplier takes no quota")
        elif kind == "price_discount":
            given = node.ratio("factor")
            factor = Fraction(1) if given is None else given
            if not 0 < factor <= 1:
                node.bad(
                    "factor",
                    "out_of_range",
                    "折后比例应大于 0 且不超过 1，例如 0.95",
                    "The share that is paid must be above 0 and at most 1, such as 0.95",
                )
        for name in ("unit", "factor"):
            if node.has(name) and kind not in (
                ("multiplier",) if name == "unit" else ("multiplier", "price_discount")
            ):
                node.bad(name, "not_for_kind", "该类权益没有此项", "Not for this kind of benefit")
        benefits.append(
            Benefit(
                key=key or "",
                name=node.text("name"),
                kind=kind or "service",
                scheme=scheme or "",
                tiers=frozenset(tiers),
                description=node.text("description", Text("", "")),
                factor=factor,
                unit=unit,
                quota=quota,
                period=node.choice("period", PERIODS, "year") if quota is not None else "year",
                undo_minutes=node.integer("undo_minutes", most=525_600, default=1440),
            )
        )
    return tuple(benefits)
