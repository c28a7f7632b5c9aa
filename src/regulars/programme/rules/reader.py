"""The reader of untrusted JSON, by the name under which the rules know it."""

from __future__ import annotations

from regulars.kit.reader import MAX_TEXT, MAX_VALUE, Node, check_texts, is_storable, time_of_day

__all__ = ["MAX_TEXT", "MAX_VALUE", "Node", "check_texts", "is_storable", "time_of_day"]
