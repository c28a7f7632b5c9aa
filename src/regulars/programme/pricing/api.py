"""The door of pricing: what a cart costs, and what a return of a part of it gives back. All pure."""

from __future__ import annotations

__all__: list[str] = []
