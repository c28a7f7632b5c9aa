"""What a definition leans on: personal data, scores, other segments; and what is left of it without personal data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from regulars.conditions.api import SEGMENTS
from regulars.conditions.types import ALWAYS, All, AnyOf, Compare, Condition, Not

NEVER: Condition = Not(ALWAYS)


def segments_used(condition: Condition) -> frozenset[str]:
    """Codes of the segments that the condition is made of."""
    found: set[str] = set()
    for node in _compared(condition):
        if node.field == SEGMENTS:
            if isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node.value, tuple):
                found.update(code for code in node.value if isinstance(code, str))
    return frozenset(found)


def fields_compared(condition: Condition) -> frozenset[str]:
    return frozenset(node.field for node in _compared(condition))


def widened(condition: Condition, unknown: Callable[[str], bool]) -> Condition:
    """A condition that holds wherever the given one may hold, asking nothing of the fields that are `unknown`."""
    return _widened(condition, unknown, True)


def _widened(condition: Condition, unknown: Callable[[str], bool], up: bool) -> Condition:
    match condition:
        case All(parts):
            return All(tuple(_widened(part, unknown, up) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_widened(part, unknown, up) for part in parts))
        case Not(part):
            return Not(_widened(part, unknown, not up))
        case Compare(key, _, _) if unknown(key):
            return ALWAYS if up else NEVER
    return condition


def _compared(condition: Condition) -> Iterable[Compare]:
    match condition:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _compared(part)
        case Not(part):
            yield from _compared(part)
        case Compare():
            yield condition


def find_cycle(uses: Mapping[str, Iterable[str]], start: str) -> tuple[str, ...]:
    """The way from `start` back to itself through what is made of what; empty when there is none."""
    path: list[str] = []
    seen: set[str] = set()

    def look(code: str) -> bool:
        path.append(code)
        for other in sorted(uses.get(code, ())):
            if other == start:
                path.append(other)
                return True
            if other not in seen:
                seen.add(other)
                if look(other):
                    return True
        path.pop()
        return False

    return tuple(path) if look(start) else ()


def in_order(uses: Mapping[str, Iterable[str]]) -> list[str]:
    """Codes so that each comes after those it is made of; what is not in `uses` is left out."""
    done: list[str] = []
    begun: set[str] = set()

    def put(code: str) -> None:
        if code in begun:
            return
        begun.add(code)
        for other in sorted(uses[code]):
            if other in uses:
                put(other)
        done.append(code)

    for code in sorted(uses):
        put(code)
    return done


def leans_on_scores(code: str, own: Mapping[str, bool], uses: Mapping[str, Iterable[str]]) -> bool:
    """Whether a segment, or one it is made of, at any depth, asks for scores."""
    seen: set[str] = set()

    def look(one: str) -> bool:
        if one in seen:
            return False
        seen.add(one)
        return own.get(one, False) or any(look(other) for other in uses.get(one, ()))

    return look(code)
