"""Words of the condition language: field definitions, the syntax tree, errors and reasons.

Everything here is frozen and knows neither a database nor a framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from regulars.kit.errors import FieldError, Refusal
from regulars.kit.text import Text


class FieldType(StrEnum):
    """What a field holds. Facts carry the Python type named beside it."""

    INT = "int"  # int
    MONEY = "money"  # int, minor units of the programme's currency
    DECIMAL = "decimal"  # decimal.Decimal (or int)
    TEXT = "text"  # str
    ENUM = "enum"  # str, one of the field's choices
    BOOL = "bool"  # bool
    DATE = "date"  # datetime.date
    DATETIME = "datetime"  # aware datetime.datetime
    SET = "set"  # a set (or list) of str


class Scope(StrEnum):
    """Whose field it is. Only LINE fields may stand inside a `lines` question, and only there."""

    ACTIVITY = "activity"
    LINE = "line"
    MEMBER = "member"
    MEMBERSHIP = "membership"
    HISTORY = "history"
    TIME = "time"
    STORE = "store"
    FACT = "fact"
    SCORE = "score"


class Op(StrEnum):
    """Comparisons; `language.OPS` says which type takes which."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    CONTAINS_ANY = "contains_any"
    CONTAINS_ALL = "contains_all"
    STARTS_WITH = "starts_with"
    IS_SET = "is_set"
    IS_EMPTY = "is_empty"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_LAST = "within_last"
    WITHIN_NEXT = "within_next"
    MONTH_IS = "month_is"
    DAY_OF_MONTH_IN = "day_of_month_in"
    WEEKDAY_IN = "weekday_in"
    TIME_BETWEEN = "time_between"
    ANNIVERSARY_WITHIN = "anniversary_within"


class Quantifier(StrEnum):
    """How many of an order's lines must satisfy a question."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


class LineAggregate(StrEnum):
    """One number made of an order's lines."""

    SUM = "sum"
    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    MAX = "max"
    MIN = "min"


class WindowAggregate(StrEnum):
    """One number made of a member's recent activities of one type."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MAX = "max"
    MIN = "min"


Label = Text
Freshness = Literal["at_once", "minute", "nightly"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A value a field may take, with the words for it."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One thing that may be asked about.

    `choices` bind an ENUM; for TEXT and SET they are suggestions whose labels are used in sentences.
    `unit` is counted in sentences ("7 days"). `personal` values are never repeated in explanations.
    `local_key` names a fact that already holds a DATETIME in business time.
    `sql` is an expression written by the room that owns the field (never by users); a binding goes before it.
    `share`: a decimal from 0 to 1 that sentences tell in percent.
    `codes`: what the values are codes of ("category"), where a brand's words for them are the catalogue's `words`.
    `freshness`: known with the activity itself, within a minute of it, or since the last night.
    """

    key: str
    type: FieldType
    scope: Scope
    label: Text
    choices: tuple[Choice, ...] = ()
    description: Text | None = None
    unit: Text | None = None
    personal: bool = False
    local_key: str | None = None
    sql: str | None = None
    freshness: Freshness = "at_once"
    share: bool = False
    codes: str = ""
    labels: Mapping[str, Text] = _field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", {choice.value: choice.label for choice in self.choices})


@dataclass(frozen=True, slots=True)
class Period:
    """`n` days, weeks or months of the business calendar, today being one of the days."""

    n: int
    unit: str  # "days" | "weeks" | "months"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Minutes of the day, start included, end not; a start after the end runs over midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Anniversary:
    """Today lies from `before` days before the yearly day to `after` days after it."""

    before: int
    after: int


Value: TypeAlias = (
    int
    | Decimal
    | str
    | bool
    | date
    | datetime
    | Period
    | TimeRange
    | Anniversary
    | tuple[int, ...]
    | tuple[str, ...]
    | tuple[Decimal, ...]
    | tuple[date, ...]
    | None
)


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; true when there is none."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when one part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Compare:
    """One field against a constant."""

    field: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class Lines:
    """Any, all or none of the lines satisfy `where`; `all` wants at least one line."""

    quantifier: Quantifier
    where: Condition


@dataclass(frozen=True, slots=True)
class LineTotal:
    """A number made of the lines that satisfy `where` (of all lines without it), against a constant."""

    aggregate: LineAggregate
    of: str | None
    where: Condition | None
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class Streak:
    """How many days in a row an activity happened, today's included, against a constant."""

    activity: str
    op: Op
    value: Value


@dataclass(frozen=True, slots=True)
class Window:
    """A number made of the member's activities of one type in the last `days` days, against a constant."""

    activity: str
    days: int
    aggregate: WindowAggregate
    of: str | None
    op: Op
    value: Value


Condition: TypeAlias = All | AnyOf | Not | Compare | Lines | LineTotal | Streak | Window

ALWAYS: Condition = All(())

Facts: TypeAlias = Mapping[str, Any]
"""What is known: raw Python values by field key; a missing key is a missing value.

Beside the fields: `lines` (dicts, keys without "line."), `now` (aware; without it `activity.local` serves),
`streak` (callable `(activity) -> int`) and `window` (callable `(activity, days, aggregate, of)`). A window
spans the last `days` business days, today being one, and gives an int, a Decimal, or None where there is
nothing to average or compare. Both include the activity that is judged.
"""

Predicate: TypeAlias = Callable[[Facts], bool]


class InvalidCondition(Refusal):
    """A condition that cannot be taken; `errors` has every error, its `field` being a JSON pointer."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(
            "invalid_condition", Text("条件有误", "The condition has errors"), status=422, errors=errors
        )

    def __str__(self) -> str:
        return "; ".join(f"{error.field or '/'}: {error.message.en}" for error in self.errors)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a condition does not hold: a stable code, the field, what was wanted and what was found.

    `expected` and `actual` are JSON values; `actual` stays None for personal fields. `parts` holds the
    alternatives of an `any` that all failed. The sentence is only made when `text` is asked for.
    """

    code: str
    field: str | None
    expected: Any
    actual: Any
    tell: Callable[[], Text] = _field(repr=False, compare=False)
    parts: tuple[Reason, ...] = ()

    @property
    def text(self) -> Text:
        """Return the reason as a sentence in both languages."""
        return self.tell()


@dataclass(frozen=True, slots=True)
class WindowNeed:
    """A window a condition reads; whoever gathers facts prepares it."""

    activity: str
    days: int
    aggregate: WindowAggregate
    of: str | None


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything a condition reads, so that facts can be gathered before it is asked."""

    fields: frozenset[str]
    line_fields: frozenset[str]
    lines: bool
    windows: frozenset[WindowNeed]
    streaks: frozenset[str]
