"""Door of churn: whether and when members buy again, and why not. Pure: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.insight.churn.outlook import RULE_DAYS, outlook
from regulars.insight.churn.reasons import BY_CODE
from regulars.insight.churn.repurchase import due
from regulars.kit.text import Text

__all__ = ["RULE_DAYS", "due", "in_words", "outlook", "reason_texts"]


def reason_texts() -> dict[str, Text]:
    """Every code of a reason in words."""
    return {code: one.text for code, one in BY_CODE.items()}


def in_words(reasons: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Stored reasons with their texts; codes that are no longer known are left out."""
    return [{**one, "text": BY_CODE[one["code"]].text} for one in reasons or () if one.get("code") in BY_CODE]
