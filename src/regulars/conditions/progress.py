"""How far somebody is with what a condition wants of numbers: 3 of 10 check-ins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.describe import subject_text
from regulars.conditions.language import NUMBERS, window_type
from regulars.conditions.memory import Getter, read_field, streak_value, window_value
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    Facts,
    FieldDef,
    FieldType,
    Op,
    Scope,
    Streak,
    Window,
)
from regulars.conditions.wording import glue, value_text
from regulars.kit.text import Language, Text

_CENT = Decimal("0.01")
_DAYS = Text("天", "days")
_LANGUAGES: tuple[Language, Language] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Progress:
    """One number that a condition wants. `shown` is "3 / 10 orders"; amounts are minor units. `percent` is 100 only
    where it is `done`. `field` is empty for days in a row and windows.
    """

    field: str
    label: Text
    value: int | Decimal
    wanted: int | Decimal
    shown: Text
    percent: int
    done: bool


Measure = Callable[[Facts], tuple[Progress, ...]]


def compile_measure(condition: Condition, catalogue: FieldCatalogue) -> Measure:
    """Return a function of facts giving how far each number is that must be at least (or more than) something.

    Only parts that must all hold are looked at; alternatives and negations have no way to go. Left out are personal
    fields, what models say of somebody (it is not for her ears), and what wants nothing above zero.
    """
    measured = tuple(_measures(condition, catalogue))
    return lambda facts: tuple(measure(facts) for measure in measured)


def _measures(node: Condition, catalogue: FieldCatalogue) -> list[Callable[[Facts], Progress]]:
    match node:
        case All(parts) | AnyOf((_,) as parts):
            return [measure for part in parts for measure in _measures(part, catalogue)]
        case Compare(key, Op.GTE | Op.GT, _):
            field = catalogue[key]
            if field.type not in NUMBERS or field.personal or field.scope is Scope.SCORE:
                return []
            return _measure(node, key, field.type, field, read_field(field), catalogue)
        case Streak(_, Op.GTE | Op.GT, _):
            days = FieldDef("streak.days", FieldType.INT, Scope.HISTORY, _DAYS, unit=_DAYS)
            return _measure(node, "", FieldType.INT, days, streak_value(node), catalogue)
        case Window(_, _, aggregate, of, Op.GTE | Op.GT, _):
            counted = catalogue[of] if of else None
            type = window_type(aggregate, counted.type if counted else None)
            return _measure(node, "", type, counted, window_value(node), catalogue)
    return []


def _measure(
    node: Compare | Streak | Window,
    key: str,
    type: FieldType,
    unit: FieldDef | None,
    read: Getter,
    catalogue: FieldCatalogue,
) -> list[Callable[[Facts], Progress]]:
    limit = node.value
    if isinstance(limit, bool) or not isinstance(limit, (int, Decimal)) or limit < 0:
        return []
    above = node.op is Op.GT and type is FieldType.DECIMAL  # of whole numbers "more than 9" is 10
    wanted = limit + 1 if node.op is Op.GT and not above else limit
    if wanted == 0:
        return []
    label = Text(*(subject_text(node, catalogue, language) for language in _LANGUAGES))

    def say(value: int | Decimal, language: Language) -> str:
        # the same unit for both is said once, amounts have theirs with the number
        now = value_text(value, type, unit if unit is not None and unit.share else None, catalogue, language)
        goal = value_text(wanted, type, unit, catalogue, language)
        over = ("超过", "more than ")[language == "en"] if above else ""
        return f"{now} / {glue(over, goal) if language == 'zh' else over + goal}"

    def measure(facts: Facts) -> Progress:
        found = read(facts)
        value: int | Decimal = 0 if found is None else found
        done = value > wanted if above else value >= wanted
        if isinstance(value, Decimal):
            value = value.quantize(_CENT, ROUND_DOWN).normalize() + 0
        part = int(value * 100 / wanted) if isinstance(wanted, Decimal) else int(value * 100) // wanted
        percent = 100 if done else max(0, min(99, part))
        return Progress(
            key, label, value, wanted, Text(*(say(value, one) for one in _LANGUAGES)), percent, done
        )

    return [measure]
