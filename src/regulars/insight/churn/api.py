"""Door of churn: whether and when members buy again, and why not. Pure: arrays in, arrays out.

The models bring heavy libraries with them: `outlook` and `due` are loaded when they are first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regulars.insight.churn.words import BY_CODE, RULE_DAYS
from regulars.kit.text import Text

if TYPE_CHECKING:
    from regulars.insight.churn.outlook import outlook
    from regulars.insight.churn.repurchase import due

__all__ = ["RULE_DAYS", "due", "in_words", "outlook", "reason_texts"]
_MODELS = {"outlook": "outlook", "due": "repurchase"}


def __getattr__(name: str) -> Any:
    if name not in _MODELS:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"regulars.insight.churn.{_MODELS[name]}"), name)


def reason_texts() -> dict[str, Text]:
    """Every code of a reason in words."""
    return {code: one.text for code, one in BY_CODE.items()}


def in_words(reasons: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Stored reasons with their texts; codes that are no longer known are left out."""
    return [{**one, "text": BY_CODE[one["code"]].text} for one in reasons or () if one.get("code") in BY_CODE]
