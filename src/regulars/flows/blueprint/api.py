"""Programme as code: the whole of a brand's programme as one YAML file; what a file would change; changing it.

The versioned programme goes the way every version goes: draft, review by somebody else, publication. The sections
beside it (coupons, budgets …) are what operators edit daily; they change at once, or with the programme that they wait
for. A plan is an application that is rolled back, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from regulars.flows.blueprint import difference, reading
from regulars.flows.blueprint.difference import told
from regulars.flows.blueprint.reading import MAX_BYTES, place_of
from regulars.flows.blueprint.sections import nearest, rooms, sections, words
from regulars.flows.blueprint.types import Applied, Difference, Place, Plan, Section, Source
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import MemberDays, Programme
from regulars.programme.versions import api as versions

__all__ = ["MAX_BYTES", "apply", "export", "plan", "told"]

FORMAT = 1
_HEADER = "# Regulars: docs/programme-as-code.md\n"
_EVERYTHING = frozenset(PERMISSIONS)


def export(*, scope: Scope, now: datetime, version: int | None = None) -> str:
    """The programme in force (or a version by its number) and every section, as YAML. Raises `not_found`."""
    scope.require("programme.read")
    values: dict[str, Any] = {"regulars": FORMAT}
    if version is not None:
        values["programme"] = dict(versions.get_version(scope=scope, number=version, now=now).definition)
    else:
        live = _live(scope, now)
        if live is not None:
            values["programme"] = rules.dump(live)
    for section in sections():
        found = section.export(scope.brand_id)
        if found:
            values[section.name] = found
    return _HEADER + reading.write(values)


def plan(*, scope: Scope, text: str | bytes, now: datetime) -> Plan:
    """What applying the file would change; changes nothing. Raises `invalid_input` with line, column and path."""
    scope.require("programme.write")
    source = _read(text)
    with transaction.atomic():
        work = _Work(replace(scope, permissions=_EVERYTHING), source, now)
        found = work.words_and_programme()
        if work.definition is not None and work.changes:
            versions.rehearse(scope=work.scope, definition=work.definition, now=now)
        made = work.plan(found + work.rooms())
        transaction.set_rollback(True)
    return made


def apply(
    *,
    scope: Scope,
    text: str | bytes,
    now: datetime,
    note: str = "",
    publish: bool = False,
    effective_from: datetime | None = None,
) -> Applied:
    """Bring the brand to what the file says, or hand what it says of the programme to review.

    Where the programme stays as it is, the sections change at once. Where it changes, words (activity types, fields,
    tags) change at once and the programme becomes a version that waits for review; the other sections wait with it.
    `publish` takes the last step: staff alone may (`staff_only`, 403). A brand's first programme is installed; a later
    one must be waiting with the very same content, by somebody else (`own_work`, 403), and is approved and published
    by the caller. Where it does not wait yet it is submitted, and somebody else must publish.
    """
    scope.require("programme.write")
    if publish:
        scope.require("programme.publish")
        if scope.actor.kind != "staff":
            raise Refusal(
                "staff_only",
                Text("只有员工本人可以发布", "Only a member of staff may publish"),
                status=403,
            )
    source = _read(text)
    with transaction.atomic():
        work = _Work(scope, source, now)
        found = work.words_and_programme()
        number, state = None, "unchanged"
        if work.definition is not None and work.changes:
            number, state = _put_forward(scope, work.definition, now, note, publish, effective_from)
        if state == "in_review" and work.definition is not None:
            try:
                with transaction.atomic():  # how it will be once somebody has published it
                    everything = replace(scope, permissions=_EVERYTHING)
                    versions.rehearse(scope=everything, definition=work.definition, now=now)
                    found += work.rooms()
                    raise _Rehearsed
            except _Rehearsed:
                pass
        else:
            found += work.rooms()
        made = work.plan(found)
        if made.differences:
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="blueprint.applied",
                subject_type="brand",
                subject_id=scope.brand_id,
                after={
                    "changes": [f"{d.sign} {d.path}" for d in made.differences][:500],
                    "version": number,
                    "state": state,
                },
                now=now,
            )
    return Applied(made, number, state)  # type: ignore[arg-type]


class _Rehearsed(Exception):
    pass


def _put_forward(
    scope: Scope,
    definition: Mapping[str, Any],
    now: datetime,
    note: str,
    publish: bool,
    effective_from: datetime | None,
) -> tuple[int, str]:
    summaries = versions.list_versions(scope=scope, now=now)
    if publish and not any(s.state in ("published", "superseded") for s in summaries):
        done = versions.install(
            scope=scope, definition=definition, now=now, effective_from=effective_from, note=note
        )
        return done.summary.number, "published"
    for summary in summaries:
        if summary.state not in ("in_review", "approved"):
            continue
        waiting = versions.get_version(scope=scope, number=summary.number, now=now)
        if waiting.definition != definition:
            continue
        if not publish:
            return summary.number, "in_review"
        if summary.state == "in_review":
            versions.review(scope=scope, number=summary.number, approve=True, now=now, comment=note)
        versions.publish(
            scope=scope, number=summary.number, now=now, effective_from=effective_from, comment=note
        )
        return summary.number, "published"
    draft = versions.create_draft(scope=scope, now=now, note=note)
    number = draft.summary.number
    versions.save_draft(
        scope=scope, number=number, definition=definition, revision=draft.revision, now=now, note=note
    )
    versions.submit(scope=scope, number=number, now=now, comment=note)
    return number, "in_review"


@dataclass(slots=True)
class _Work:
    """One application of a file, within its transaction."""

    scope: Scope
    source: Source
    now: datetime
    definition: Mapping[str, Any] | None = None
    wrong: list[tuple[str, Place, str, Text]] = field(default_factory=list)
    untouched: dict[str, int] = field(default_factory=dict)
    published: int | None = None
    changes: bool = False

    def words_and_programme(self) -> list[Difference]:
        """Change the words, check the programme; what differs. Raises the refusal that names every error."""
        found: list[Difference] = []
        found += self._sections(words())
        given = self.source.values.get("programme")
        # an error in the vocabulary brings errors of what names it: those would only lead astray
        if given is not None and not self.wrong:
            live = _live(self.scope, self.now)
            self.published = live.version if live else None
            differences = self._programme(given, live)
            self.changes = bool(differences)
            found = differences + found
        self._refuse()
        return found

    def rooms(self) -> list[Difference]:
        """Change the rooms' definitions; what differs. Raises the refusal that names every error."""
        found = self._sections(rooms())
        self._refuse()
        return found

    def plan(self, found: list[Difference]) -> Plan:
        return Plan(tuple(found), self.untouched, self.published)

    def _refuse(self) -> None:
        if self.wrong:
            raise reading.refusal(self.wrong)

    def _programme(self, given: Any, live: Programme | None) -> list[Difference]:
        try:
            after = versions.compile_definition(brand_id=self.scope.brand_id, definition=given, now=self.now)
        except Refusal as refusal:
            self._note("programme", refusal)
            return []
        self.definition = rules.dump(after)
        before = rules.dump(live) if live is not None else None
        empty = replace(
            after,
            units={},
            rules=(),
            schemes=(),
            benefits=(),
            member_days=MemberDays(),
            name=Text("", ""),
            words={},
        )
        changes = versions.changes(before=live or empty, after=after)
        return difference.of_programme(changes, before, self.definition)

    def _sections(self, sections: Sequence[Section]) -> list[Difference]:
        """Change what differs; what is refused is tried again once the others are there, for it may name them."""
        before = {one.name: one.export(self.scope.brand_id) for one in sections}
        keys = {one.name: self._keys(one) for one in sections if self.source.values.get(one.name) is not None}
        waiting = []
        for section in sections:
            for path, item in keys.get(section.name, {}).values():
                if item not in before[section.name]:
                    self.scope.require(section.permission)
                    waiting.append((section, path, item))
        while waiting:
            refused = []
            for section, path, item in waiting:
                try:
                    with transaction.atomic():
                        section.put(self.scope, item, self.now)
                except Refusal as refusal:
                    if refusal.code == "forbidden":
                        raise
                    refused.append((section, path, item, refusal))
            if len(refused) == len(waiting):
                for _, path, _, why in refused:
                    self._note(path, why)
                break
            waiting = [one[:3] for one in refused]
        found = []
        for section in sections:
            if section.name not in keys:
                continue
            mine, had = keys[section.name], before[section.name]
            after = [i for i in section.export(self.scope.brand_id) if section.name_of(i) in mine]
            self.untouched[section.name] = sum(section.name_of(item) not in mine for item in had)
            found += difference.of_section(section, had, after)
        return found

    def _keys(self, section: Section) -> dict[str, tuple[str, dict[str, Any]]]:
        """The items of a section with their paths, by what tells them apart; those without a key are noted."""
        given = self.source.values[section.name]
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        if not isinstance(given, list):
            self._bad(section.name, "not_a_list", "应为列表", "Must be a list")
            return found
        for place, item in enumerate(given):
            path = f"{section.name}[{place}]"
            key = item.get(section.key) if isinstance(item, dict) else None
            if not isinstance(key, str) or not key:
                self._bad(
                    f"{path}.{section.key}", "required", f"须有 {section.key}", f"Needs its {section.key}"
                )
                continue
            name = section.name_of(item)
            if name in found:
                self._bad(f"{path}.{section.key}", "duplicate", f"“{key}”重复", f"“{key}” is given twice")
                continue
            found[name] = (path, item)
        return found

    def _bad(self, path: str, code: str, zh: str, en: str) -> None:
        self.wrong.append((path, place_of(self.source, path), code, Text(zh, en)))

    def _note(self, path: str, refusal: Refusal) -> None:
        """What a room refused, at its place in the file."""
        if not refusal.errors:
            self.wrong.append((path, place_of(self.source, path), refusal.code, refusal.message))
        for error in refusal.errors:
            inner = error.field.strip("/").replace("/", ".")
            full = f"{path}.{inner}" if inner and not inner.startswith("[") else path + inner
            self.wrong.append((full, place_of(self.source, full), error.code, error.message))


def _read(text: str | bytes) -> Source:
    """The file, its outermost form checked."""
    source = reading.read(text)
    known = ("regulars", "programme", *(section.name for section in sections()))
    wrong = []
    for name in source.values:
        if name not in known:
            hint = nearest(name, known)
            said = Text(f"没有“{name}”这一部分{hint.zh}", f"There is no part “{name}”{hint.en}")
            wrong.append((name, place_of(source, name), "unknown_field", said))
    if source.values.get("regulars") != FORMAT:
        wrong.append(
            (
                "regulars",
                place_of(source, "regulars"),
                "unknown_format",
                Text(f"须注明格式 regulars: {FORMAT}", f"Needs the format: regulars: {FORMAT}"),
            )
        )
    if wrong:
        raise reading.refusal(wrong)
    return source


def _live(scope: Scope, now: datetime) -> Programme | None:
    try:
        return versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code != "no_programme":
            raise
        return None
