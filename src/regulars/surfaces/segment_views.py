"""Segments and facts as the public API and the console show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.conditions.api import behaviour_fields
from regulars.conditions.types import FieldDef
from regulars.facts.categories import api as categories
from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.flows import profiling
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.paging import Page
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.segment_shapes import (
    FactFieldOut,
    FactFieldsOut,
    FactOut,
    FieldTextOut,
    InSegmentOut,
    LookAlikeIn,
    MemberFactsOut,
    OverlapOut,
    ProfilingIO,
    RefreshedOut,
    SegmentChangeIn,
    SegmentCountOut,
    SegmentDraftIn,
    SegmentMemberOut,
    SegmentMoveOut,
    SegmentNameIO,
    SegmentOut,
    SegmentPreviewOut,
    SegmentSampleOut,
    SegmentVersionOut,
    SplitIn,
    SplitPartOut,
)


@dataclass(frozen=True, slots=True)
class SegmentViewer:
    """Segments as one caller sees them, in her language."""

    scope: Scope
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def listed(self, *, archived: bool) -> list[SegmentOut]:
        return self.shown(segments.list_segments(brand_id=self.scope.brand_id, archived=archived))

    def one(self, code: str) -> SegmentOut:
        return self.shown([segments.get_segment(brand_id=self.scope.brand_id, code=code)])[0]

    def shown(self, found: Sequence[Segment]) -> list[SegmentOut]:
        told = [one for one in found if one.definition]
        sentences = self._sentences([one.definition for one in told])
        said = dict(zip([one.code for one in told], sentences, strict=True))
        own_stores = self.scope.store_ids is not None
        seen = segments.count_seen(scope=self.scope, segments=found)
        counts = {} if own_stores else segments.counts_of(segments=found, limit=30)
        return [
            SegmentOut(
                code=one.code,
                name=_name(one.name),
                label=self.say(one.name),
                note=self.say(one.told_note),
                kind=one.kind,
                state=one.state,
                tag=one.tag,
                version=one.version,
                profiles=one.profiles,
                every_minutes=one.every_minutes,
                next_refresh_at=one.next_refresh_at,
                members=seen[one.code],
                own_stores=own_stores,
                refreshed_at=one.refreshed_at,
                age_seconds=self._age(one),
                refreshed_in_ms=one.refreshed_in_ms,
                run=one.run,  # type: ignore[arg-type]
                being_made=one.being_made,
                progress=one.progress if one.being_made else None,
                problem=self.say(one.problem),
                definition=dict(one.definition) if one.definition else None,
                sentence=said.get(one.code, ""),
                source=dict(one.source),
                uses=list(one.uses),
                trend=[count.members for count in counts.get(one.code, ())],
                created_at=one.created_at,
                created_by=one.created_by,
                updated_at=one.updated_at,
            )
            for one in found
        ]

    def create(self, given: SegmentDraftIn) -> SegmentOut:
        ids, source, profiles = self._ids(given.members), {}, False
        if given.kind == "static" and given.definition:
            ids, profiles = segments.listed_ids(scope=self.scope, definition=given.definition, now=self.now)
            source = {"from_filter": given.definition}
        made = segments.create(
            scope=self.scope,
            draft=SegmentDraft(
                code=given.code,
                name=given.name.to_text(),
                kind=given.kind,
                definition=given.definition if given.kind != "static" else None,
                members=ids,
                source=source,
                note=given.note,
                every_minutes=given.every_minutes,
                tag=given.tag,
                profiles=profiles,
            ),
            now=self.now,
        )
        return self.one(made.code)

    def change(self, code: str, given: SegmentChangeIn) -> SegmentOut:
        changes: dict[str, Any] = {
            name: value for name, value in given.dict(exclude_unset=True).items() if value is not None
        }
        if given.name is not None:
            changes["name"] = given.name.to_text()
        if given.members is not None:
            changes["members"] = self._ids(given.members)
        segments.update(scope=self.scope, code=code, changes=changes, now=self.now)
        return self.one(code)

    def preview(self, definition: Any) -> SegmentPreviewOut:
        seen = segments.preview(scope=self.scope, definition=definition, now=self.now)
        names = members.names_of(scope=self.scope, member_ids=seen.sample)
        return SegmentPreviewOut(
            count=seen.count,
            of=seen.of,
            share=round(seen.count / seen.of, 4) if seen.of else 0.0,
            estimated=seen.estimated,
            took_ms=seen.took_ms,
            sentence=self._sentences([definition])[0],
            sample=[
                SegmentSampleOut(id=one, code=names[one][0], name=names[one][1])
                for one in seen.sample
                if one in names
            ],
        )

    def cancel(self, code: str) -> SegmentOut:
        self.scope.require_store(None)
        segments.cancel(brand_id=self.scope.brand_id, code=code)
        return self.one(code)

    def refresh(self, code: str) -> RefreshedOut:
        self.scope.require_store(None)
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
        if segment.being_made:
            segments.begin_again(scope=self.scope, code=code, now=self.now)
            return RefreshedOut(members=0, entered=0, gone=0, took_ms=0)
        if not segment.follows:
            raise invalid_field(
                "segment",
                "nothing_to_refresh",
                "静态人群没有条件可刷新",
                "A list has no condition to refresh",
            )
        done = segments.refresh(brand_id=self.scope.brand_id, code=code, now=self.now)
        if done is None:
            raise Refusal("refresh_running", Text("正在刷新", "It is being refreshed already"), status=409)
        return RefreshedOut(members=done.members, entered=done.entered, gone=done.gone, took_ms=done.took_ms)

    def members(self, code: str, cursor: str | None, limit: int) -> Page[SegmentMemberOut]:
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
        return self.members_of(segment, cursor, limit)

    def members_of(self, segment: Segment, cursor: str | None, limit: int) -> Page[SegmentMemberOut]:
        page = segments.members_of(scope=self.scope, segment=segment, cursor=cursor, limit=limit)
        names = members.names_of(scope=self.scope, member_ids=[one for one, _ in page.items])
        unknown = ("", "")  # she was erased while this was read
        return page.map(
            lambda row: SegmentMemberOut(
                id=row[0],
                code=names.get(row[0], unknown)[0],
                name=names.get(row[0], unknown)[1],
                since=row[1],
            )
        )

    def moves(self, code: str, cursor: str | None, limit: int) -> Page[SegmentMoveOut]:
        self.scope.require_store(None)
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
        page = segments.moves_of(segment=segment, cursor=cursor, limit=limit)
        names = members.names_of(scope=self.scope, member_ids=[one.member_id for one in page.items])
        unknown = ("", "")
        return page.map(
            lambda one: SegmentMoveOut(
                id=one.member_id,
                code=names.get(one.member_id, unknown)[0],
                name=names.get(one.member_id, unknown)[1],
                entered=one.entered,
                version=one.version,
                at=one.at,
            )
        )

    def counts(self, code: str) -> list[SegmentCountOut]:
        self.scope.require_store(None)
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
        return [
            SegmentCountOut(
                at=one.at, version=one.version, members=one.members, entered=one.entered, gone=one.gone
            )
            for one in segments.counts_of(segments=[segment], limit=180)[code]
        ]

    def versions(self, code: str) -> list[SegmentVersionOut]:
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
        found = segments.list_versions(segment_id=segment.id)
        sentences = iter(self._sentences([one.definition for one in found if one.definition]))
        return [
            SegmentVersionOut(
                number=one.number,
                definition=dict(one.definition) if one.definition else None,
                sentence=next(sentences) if one.definition else "",
                source=dict(one.source),
                created_at=one.created_at,
                created_by=one.created_by,
            )
            for one in found
        ]

    def overlap(self, codes: Sequence[str]) -> OverlapOut:
        found, shared = segments.overlap(scope=self.scope, codes=codes)
        return OverlapOut(
            segments=[one.code for one in found],
            labels=[self.say(one.name) for one in found],
            shared=shared,
        )

    def split(self, code: str, given: SplitIn) -> list[SplitPartOut]:
        made = segments.split(
            scope=self.scope,
            code=code,
            parts=given.parts,
            salt=given.salt or None,
            save=given.save,
            now=self.now,
        )
        return [SplitPartOut(part=part, members=count) for part, count in made]

    def look_alike(self, code: str, given: LookAlikeIn) -> SegmentOut:
        made = segments.look_alike(
            scope=self.scope,
            seed=code,
            size=given.size,
            code=given.code,
            name=given.name.to_text(),
            now=self.now,
            method=given.method,
        )
        return self.one(made.code)

    def fields(self) -> FactFieldsOut:
        said = segments.builder(brand_id=self.scope.brand_id, now=self.now, language="zh")
        english = segments.builder(brand_id=self.scope.brand_id, now=self.now, language="en")
        fresh = member_facts.freshness(brand_id=self.scope.brand_id)
        return FactFieldsOut(
            fields=[
                FactFieldOut(
                    key=zh["key"],
                    group=zh["scope"],
                    label=FieldTextOut(zh=zh["label"], en=en["label"]),
                    description=FieldTextOut(zh=zh["description"], en=en["description"]),
                    unit=FieldTextOut(zh=zh["unit"], en=en["unit"]),
                    type=zh["type"],
                    freshness=zh["freshness"],
                    personal=zh["personal"],
                )
                for zh, en in zip(said["fields"], english["fields"], strict=True)
            ],
            members=fresh.members,
            facts=fresh.rows,
            facts_day=fresh.oldest_day.isoformat() if fresh.oldest_day else None,
            facts_at=fresh.newest_at,
            waiting=fresh.dirty,
            waiting_since=fresh.dirty_since,
            scored=fresh.scores,
            scores_at=fresh.scores_at,
        )

    def of_member(self, member_id: UUID) -> MemberFactsOut:
        brand_id = self.scope.brand_id
        known = member_facts.read(brand_id=brand_id, member_id=member_id)
        today = self.now.astimezone(zone(organisations.get_brand(brand_id=brand_id).timezone)).date()
        fields = behaviour_fields()
        values = member_facts.facts_for_conditions(
            known.facts if known else None,
            known.scores if known else None,
            fields=[field.key for field in fields],
            today=today,
        )
        return MemberFactsOut(
            profiling=members.profiling_is_on(brand_id=brand_id, member_id=member_id),
            facts_at=known.facts_at if known else None,
            scores_at=known.scores_at if known else None,
            facts=[self._fact(f, values) for f in fields if f.key.startswith("fact.")],
            scores=[
                self._fact(f, values)
                for f in fields
                if f.key.startswith("score.") and values.get(f.key) is not None
            ],
            segments=[
                InSegmentOut(code=one.code, label=self.say(one.name), since=one.since, tag=one.tag)
                for one in segments.of_member(brand_id=brand_id, member_id=member_id)
            ],
        )

    def profile(self, member_id: UUID, given: ProfilingIO) -> ProfilingIO:
        profiling.switch(scope=self.scope, member_id=member_id, on=given.on, now=self.now)
        return given

    def _fact(self, field: FieldDef, values: dict[str, Any]) -> FactOut:
        value = values.get(field.key)
        if field.labels and isinstance(value, str) and value in field.labels:
            value = self.say(field.labels[value])
        return FactOut(
            key=field.key,
            label=self.say(field.label),
            value=value,
            unit=self.say(field.unit) if field.unit else "",
            type=field.type.value,
            name=self._name(field, value),
        )

    def _name(self, field: FieldDef, value: Any) -> str | None:
        if field.codes != "category" or not isinstance(value, str):
            return None
        return self.say(categories.name_of(brand_id=self.scope.brand_id, code=value))

    def _sentences(self, definitions: Sequence[Any]) -> list[str]:
        if not definitions:
            return []
        said = segments.describe(brand_id=self.scope.brand_id, definitions=definitions, now=self.now)
        return [self.say(text) for text in said]

    def _age(self, segment: Segment) -> int | None:
        if segment.refreshed_at is None or not segment.follows:
            return None
        return max(0, int((self.now - segment.refreshed_at).total_seconds()))

    def _ids(self, given: Sequence[str]) -> list[UUID]:
        """Members by code or id. Raises `invalid_input` that names the first that are unknown."""
        found: list[UUID] = []
        for start in range(0, len(given), 5000):
            part = given[start : start + 5000]
            answers = members.resolve(
                organisation_id=self.scope.organisation_id,
                brand_id=self.scope.brand_id,
                refs=[_reference(text) for text in part],
            )
            wrong = [text for text, one in zip(part, answers, strict=True) if isinstance(one, Refusal)]
            if wrong:
                some = "、".join(wrong[:5])
                raise invalid_field(
                    "members",
                    "unknown_members",
                    f"没有这些会员：{some}",
                    f"There are no such members: {some}",
                )
            found += [one for one in answers if isinstance(one, UUID)]
        return found


def _reference(text: str) -> ById:
    try:
        return ById(id=UUID(text))
    except ValueError:
        return ById(code=text.strip())


def _name(text: Text) -> SegmentNameIO:
    return SegmentNameIO(zh=text.zh, en=text.en)
