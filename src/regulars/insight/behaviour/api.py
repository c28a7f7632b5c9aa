"""The door of behaviour: what members did until any day, read from the warehouse's tables by ibis."""

from __future__ import annotations

from regulars.insight.behaviour.reading import Reader

__all__ = ["Reader"]
