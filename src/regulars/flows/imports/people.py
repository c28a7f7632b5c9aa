"""Rows of members, in the order of the file: each row to one person to enrol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.facts.members.types import Enrolment, IdentityIn, ProfileField
from regulars.flows.imports import values
from regulars.flows.imports.reading import Row, open_table
from regulars.flows.imports.targets import ATTRIBUTE, MEMBER_KEYS
from regulars.flows.imports.types import Item, Mapping, Wrong
from regulars.flows.imports.values import BadCell
from regulars.kit.text import Text


@dataclass(frozen=True, slots=True)
class PeopleFeed:
    """The people of a file. `stores`, `tags` and `tiers` (of `scheme`) are known ones, by code and by every name."""

    path: Path
    name: str
    mapping: Mapping
    timezone: str
    fields: tuple[ProfileField, ...]
    stores: dict[str, UUID]
    tags: dict[str, str]
    scheme: str = ""
    tiers: dict[str, str] = field(default_factory=dict)

    def items(self, *, shard: int, shards: int, skip: int) -> Iterator[Item]:
        table = open_table(self.path, self.name, self.mapping.options)
        targets = list(self.mapping.columns)
        columns = table.columns(list(self.mapping.columns.values()))
        reader = PersonReader(self, targets)
        passed = 0
        for first_row, rows, _ in table.read(columns):
            for number, cells in enumerate(rows, first_row):
                if cells is not None and not any(values.text_of(cell) for cell in cells):
                    continue
                passed += 1
                if passed > skip:
                    yield reader.item(number, cells)


class PersonReader:
    """Turns the mapped cells of a row into an enrolment."""

    def __init__(self, feed: PeopleFeed, targets: Sequence[str]) -> None:
        options = feed.mapping.options
        self._targets = targets
        self._constants = {t: v for t, v in feed.mapping.constants.items() if v}
        self._form = options.get("date_format") or "auto"
        self._zone = ZoneInfo(options.get("timezone") or feed.timezone)
        self._external = f"external:{options.get('external_source') or 'import'}"
        self._fields = {field.key: field for field in feed.fields}
        self._stores = feed.stores
        self._tags = feed.tags
        self._scheme, self._tiers = feed.scheme, feed.tiers

    def item(self, number: int, cells: Row | None) -> Item:
        if cells is None:
            text = Text("这一行的列数多于表头", "more cells than headers")
            return Item(None, [number], [Wrong(number, "", "too_many_cells", text)])
        given: dict[str, Any] = dict(self._constants)
        for target, cell in zip(self._targets, cells, strict=True):
            if values.text_of(cell):
                given[target] = cell
        wrong: list[Wrong] = []
        made: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for target, cell in given.items():
            try:
                if target.startswith(ATTRIBUTE):
                    key = target.removeprefix(ATTRIBUTE)
                    attributes[key] = self._attribute(key, cell)
                else:
                    self._put(target, cell, made)
            except BadCell as bad:
                wrong.append(Wrong(number, target, bad.code, bad.message))
        identities = tuple(
            IdentityIn(self._external if key == "external" else key, values.text_of(given[key]))
            for key in MEMBER_KEYS
            if key != "code" and key in given
        )
        if not identities:
            text = Text("至少需要一个标识，如手机号", "at least one identity, such as a phone number")
            key = next((key for key in MEMBER_KEYS if key in self._targets), "phone")
            wrong.append(Wrong(number, key, "required", text))
        if wrong:
            return Item(None, [number], wrong)
        tier, until = made.pop("tier", None), made.pop("tier_until", None)
        given_tier = (self._scheme, tier, until) if tier else None
        return Item(
            Enrolment(identities=identities, attributes=attributes, **made), [number], tier=given_tier
        )

    def _put(self, target: str, cell: Any, made: dict[str, Any]) -> None:
        if target == "full_name":
            made["name"] = values.text_of(cell)
        elif target == "gender":
            made["gender"] = values.gender_of(cell)
        elif target == "birthday":
            made["birthday"] = values.day_of(cell, self._form)
        elif target == "joined_at":
            made["joined_at"] = self._instant(cell)
        elif target == "store":
            store = self._stores.get(values.text_of(cell).casefold())
            if store is None:
                raise BadCell("unknown_store", "没有这个门店", "there is no such store")
            made["store_id"] = store
        elif target == "tags":
            made["tags"] = tuple(self._tag(word) for word in values.words_of(cell))
        elif target == "tier":
            made["tier"] = self._tier(values.text_of(cell))
        elif target == "tier_until":
            made["tier_until"] = self._instant(cell)
        elif target == "language":
            made["language"] = "en" if values.text_of(cell).casefold().startswith("en") else "zh"
        elif target in ("address", "channel", "recruiter", "code"):
            made[target] = values.text_of(cell)

    def _instant(self, cell: Any) -> datetime:
        return values.when_of(cell, self._form, self._zone)

    def _tier(self, word: str) -> str:
        tier = self._tiers.get(word.casefold())
        if tier is None:
            raise BadCell("unknown_tier", f"没有等级“{word[:40]}”", f"there is no tier '{word[:40]}'")
        return tier

    def _tag(self, word: str) -> str:
        tag = self._tags.get(word.casefold())
        if tag is None:
            raise BadCell("unknown_tag", f"没有标签“{word[:40]}”", f"there is no tag '{word[:40]}'")
        return tag

    def _attribute(self, key: str, cell: Any) -> Any:
        field = self._fields[key]
        if field.type == "bool":
            return values.yes_of(cell)
        if field.type == "date":
            return values.day_of(cell, self._form)
        if field.type == "set":
            return [self._choice(field, word) for word in values.words_of(cell)]
        if field.type == "enum":
            return self._choice(field, values.text_of(cell))
        if field.type in ("int", "decimal"):
            return str(values.number_of(cell))
        return values.text_of(cell)

    def _choice(self, field: ProfileField, word: str) -> str:
        """The value of a choice that may be written as its name."""
        for choice in field.choices:
            names = (choice.value, choice.label.zh, choice.label.en)
            if word.casefold() in (name.casefold() for name in names):
                return choice.value
        return word
