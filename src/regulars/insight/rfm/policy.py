"""Which settings are right, and which days a period has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from regulars.insight.rfm.types import SCORES, RfmSettings, Window
from regulars.kit.errors import ErrorList
from regulars.kit.periods import add_months

_CUTS = ("recency_cuts", "frequency_cuts", "money_cuts")
_MOST_MONTHS, _MOST_COMPARED = 60, 24


def check_settings(given: Mapping[str, Any]) -> RfmSettings:
    """The settings that these values are; fields that are left out keep their default. Raises `invalid_input`."""
    errors = ErrorList()
    known = RfmSettings()
    fields = set(known.to_json())
    for name in sorted(set(given) - fields):
        errors.add(
            name, "unknown_field", f"没有此设置，可用：{'、'.join(sorted(fields))}", "is no such setting"
        )
    values: dict[str, Any] = {
        **known.to_json(),
        **{name: value for name, value in given.items() if name in fields},
    }
    for name, least, most in (
        ("months", 1, _MOST_MONTHS),
        ("high_from", 2, SCORES),
        ("compare_months", 1, _MOST_COMPARED),
    ):
        if not _whole(values[name]) or not least <= values[name] <= most:
            errors.add(
                name,
                "out_of_range",
                f"应为 {least}–{most} 的整数",
                f"must be a whole number, {least} to {most}",
            )
    if values["method"] not in ("quantiles", "cuts"):
        errors.add("method", "bad_value", "只能是 quantiles 或 cuts", "must be quantiles or cuts")
    for name in _CUTS:
        cuts = values[name]
        if not isinstance(cuts, (list, tuple)) or len(cuts) != SCORES - 1 or not all(map(_whole, cuts)):
            errors.add(name, "bad_cuts", "需要 4 个整数分界点", "needs four whole numbers")
        elif any(low >= high for low, high in pairwise(cuts)):
            errors.add(name, "not_ascending", "分界点须从小到大、互不相同", "must ascend, each different")
        elif cuts[0] < 0:
            errors.add(name, "out_of_range", "分界点不能为负", "must not be negative")
    errors.refuse()
    return RfmSettings(
        months=values["months"],
        method=values["method"],
        recency_cuts=tuple(values["recency_cuts"]),
        frequency_cuts=tuple(values["frequency_cuts"]),
        money_cuts=tuple(values["money_cuts"]),
        high_from=values["high_from"],
        compare_months=values["compare_months"],
    )


def window(settings: RfmSettings, last: date) -> Window:
    """The `months` that end with `last`."""
    return Window(add_months(last, -settings.months) + timedelta(days=1), last)


def earlier_window(settings: RfmSettings, last: date) -> Window:
    """The period that the present one is compared with."""
    return window(settings, add_months(last, -settings.compare_months))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
