"""The catalogue of fields that may be asked about; rooms and brands add theirs at run time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from regulars.conditions.language import LINE_PREFIX
from regulars.conditions.types import Choice, FieldDef, FieldType, Scope
from regulars.kit.text import Text

_KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_\-]*)+")


@dataclass(frozen=True, slots=True)
class FieldCatalogue:
    """The fields of one programme, with its business time zone and currency. Never changed, only extended.

    `words`: what a brand calls the codes that values are, by `FieldDef.codes`. Only sentences read them, when they are
    made: nothing is matched by them.
    """

    fields: Mapping[str, FieldDef]
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    words: Mapping[str, Mapping[str, Text]] = field(default_factory=dict, repr=False, compare=False)
    zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", ZoneInfo(self.timezone))

    def __iter__(self) -> Iterator[FieldDef]:
        return iter(self.fields.values())

    def __contains__(self, key: object) -> bool:
        return key in self.fields

    def get(self, key: str) -> FieldDef | None:
        """Return the field, or None."""
        return self.fields.get(key)

    def __getitem__(self, key: str) -> FieldDef:
        """Return the field.

        Raises:
            KeyError: the catalogue has no such field.
        """
        return self.fields[key]

    def extend(self, definitions: Iterable[FieldDef]) -> FieldCatalogue:
        """Return a catalogue with more fields.

        Raises:
            ValueError: a key is taken or badly formed, an ENUM lacks choices, or key and scope disagree.
        """
        fields = dict(self.fields)
        for definition in definitions:
            _check(definition)
            if definition.key in fields:
                raise ValueError(f"field {definition.key} is already in the catalogue")
            fields[definition.key] = definition
        return replace(self, fields=fields)

    def with_choices(self, key: str, choices: Iterable[Choice]) -> FieldCatalogue:
        """Return a catalogue in which `key` has these choices instead (a brand's tiers, activity types)."""
        fields = dict(self.fields)
        fields[key] = replace(fields[key], choices=tuple(choices))
        _check(fields[key])
        return replace(self, fields=fields)

    def limited(self, scopes: Iterable[Scope]) -> FieldCatalogue:
        """Return a catalogue of the fields of these scopes alone (a segment knows no current order)."""
        wanted = frozenset(scopes)
        return replace(self, fields={f.key: f for f in self if f.scope in wanted})

    def localised(self, *, timezone: str, currency: str) -> FieldCatalogue:
        """Return the catalogue in another business time zone and currency."""
        return replace(self, timezone=timezone, currency=currency)

    def worded(self, words: Mapping[str, Mapping[str, Text]]) -> FieldCatalogue:
        """Return the catalogue with a brand's words for codes, by what they are codes of."""
        return replace(self, words={**self.words, **words})

    def word(self, field: FieldDef, value: object) -> Text | None:
        """Return the words for a value: the field's choice, or the brand's word for the code."""
        if not isinstance(value, str):
            return None
        return field.labels.get(value) or self.words.get(field.codes, {}).get(value)

    def activity_types(self) -> tuple[Choice, ...]:
        """Return the activity types a window or streak may count; empty when none are declared."""
        definition = self.fields.get("activity.type")
        return definition.choices if definition else ()


def make_catalogue(
    definitions: Iterable[FieldDef], *, timezone: str = "Asia/Shanghai", currency: str = "CNY"
) -> FieldCatalogue:
    """Return a catalogue of these fields.

    Raises:
        ValueError: as `FieldCatalogue.extend`.
    """
    return FieldCatalogue({}, timezone, currency).extend(definitions)


def attribute_field(
    key: str, type: FieldType, label: Text, *, choices: Iterable[Choice] = (), personal: bool = True
) -> FieldDef:
    """Return the field of a brand's own profile attribute: `membership.attributes.<key>`."""
    return FieldDef(
        f"membership.attributes.{key}", type, Scope.MEMBERSHIP, label, tuple(choices), personal=personal
    )


def balance_field(unit: str, label: Text) -> FieldDef:
    """Return the field of a member's available balance of a unit: `balance.<unit>`."""
    return FieldDef(f"balance.{unit}", FieldType.INT, Scope.HISTORY, label)


def _check(definition: FieldDef) -> None:
    if not _KEY.fullmatch(definition.key):
        raise ValueError(
            f"field key {definition.key!r} must be words of a-z, 0-9, _ and - joined by dots: order.amount"
        )
    if definition.type is FieldType.ENUM and not definition.choices:
        raise ValueError(f"field {definition.key} is an enum without choices")
    if (definition.scope is Scope.LINE) != definition.key.startswith(LINE_PREFIX):
        raise ValueError(f"field {definition.key}: keys of line fields, and only those, start with line.")
