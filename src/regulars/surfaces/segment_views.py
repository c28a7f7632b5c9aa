"""Segments and facts as the public API and the console show them: shapes, and what fills them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.conditions.api import behaviour_fields
from regulars.conditions.types import FieldDef
from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.flows import profiling
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.paging import Page
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

Kind = Literal["static", "refreshed", "live"]
_CLEAN = r"^[^\x00]*$"
SegmentCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Note = Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
_Tag = Annotated[str, StringConstraints(max_length=40, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class SegmentNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Name = ""
    en: _Name = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


class FieldTextOut(_Shape):
    zh: str
    en: str


class SegmentOut(_Shape):
    """A segment as it stands. `trend`: members at the end of its last days with a change. `age_seconds`: how long ago
    everybody was asked; null before the first time and for lists. `profiles`: it stands on scores, so members who
    switched profiling off are never in it.
    """

    code: str
    name: SegmentNameIO
    label: str
    note: str
    kind: Kind
    state: Literal["active", "paused", "archived"]
    tag: str
    version: int
    profiles: bool
    every_minutes: int | None
    next_refresh_at: datetime | None
    members: int
    refreshed_at: datetime | None
    age_seconds: int | None
    refreshed_in_ms: int | None
    run: Literal["idle", "running", "cancelled", "failed"]
    problem: str
    definition: dict[str, Any] | None
    sentence: str
    source: dict[str, Any]
    uses: list[str]
    trend: list[int]
    created_at: datetime
    created_by: str
    updated_at: datetime


class SegmentDraftIn(_Shape):
    """A new segment. Refreshed and live ones have a `definition`, a condition of the condition language; a static one
    has `members` (codes or ids), or a `definition` whose members of now it keeps.
    """

    code: SegmentCode
    name: SegmentNameIO
    kind: Kind
    definition: dict[str, Any] | None = None
    members: list[SegmentCode] = Field([], max_length=100_000)
    note: _Note = ""
    every_minutes: int | None = None
    tag: _Tag = ""


class SegmentChangeIn(_Shape):
    """What is left out stays as it is; a new `definition` is a new version, refreshed at once."""

    name: SegmentNameIO | None = None
    definition: dict[str, Any] | None = None
    members: list[SegmentCode] | None = Field(None, max_length=100_000)
    note: _Note | None = None
    kind: Literal["refreshed", "live"] | None = None
    every_minutes: int | None = None
    tag: _Tag | None = None


class SegmentStateIn(_Shape):
    state: Literal["active", "paused", "archived"]


class SegmentPreviewIn(_Shape):
    definition: dict[str, Any]


class SegmentSampleOut(_Shape):
    id: UUID
    code: str
    name: str


class SegmentPreviewOut(_Shape):
    """How many of `of` members it finds now; `estimated` where personal data had to be unsealed for too many."""

    count: int
    of: int
    share: float
    estimated: bool
    took_ms: int
    sentence: str
    sample: list[SegmentSampleOut]


class RefreshedOut(_Shape):
    members: int
    entered: int
    gone: int
    took_ms: int


class SegmentMemberOut(_Shape):
    id: UUID
    code: str
    name: str
    since: datetime


class SegmentMoveOut(_Shape):
    id: UUID
    code: str
    name: str
    entered: bool
    version: int
    at: datetime


class SegmentCountOut(_Shape):
    at: datetime
    version: int
    members: int
    entered: int
    gone: int


class SegmentVersionOut(_Shape):
    number: int
    definition: dict[str, Any] | None
    sentence: str
    source: dict[str, Any]
    created_at: datetime
    created_by: str


class OverlapIn(_Shape):
    segments: list[SegmentCode] = Field(max_length=50)


class OverlapOut(_Shape):
    """`shared[i][j]`: members in both the i-th and the j-th segment."""

    segments: list[SegmentCode]
    labels: list[str]
    shared: list[list[int]]


class SplitIn(_Shape):
    """The same `salt` puts a member into the same part each time. With `save` each part becomes a static segment."""

    parts: int
    salt: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)] = ""
    save: bool = False


class SplitPartOut(_Shape):
    part: str
    members: int


class LookAlikeIn(_Shape):
    code: SegmentCode
    name: SegmentNameIO
    size: int
    method: Literal["cosine", "logistic"] = "logistic"


class FactFieldOut(_Shape):
    """A field of conditions. `freshness`: known with the activity, within a minute of it, or since the last night."""

    key: str
    group: str
    label: FieldTextOut
    description: FieldTextOut
    unit: FieldTextOut
    type: str
    freshness: Literal["at_once", "minute", "nightly"]
    personal: bool


class FactFieldsOut(_Shape):
    """Every field that segments know, and how fresh the brand's data behind them are."""

    fields: list[FactFieldOut]
    members: int
    facts: int
    facts_day: str | None
    facts_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    scored: int
    scores_at: datetime | None


class FactOut(_Shape):
    key: str
    label: str
    value: Any
    unit: str
    type: str


class InSegmentOut(_Shape):
    code: str
    label: str
    since: datetime
    tag: str


class MemberFactsOut(_Shape):
    """What is known of a member; `scores` is empty while profiling is off."""

    profiling: bool
    facts_at: datetime | None
    scores_at: datetime | None
    facts: list[FactOut]
    scores: list[FactOut]
    segments: list[InSegmentOut]


class ProfilingIO(_Shape):
    """Whether the brand may profile the member: scores, recommendations and segments that stand on them."""

    on: bool


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
        counts = segments.counts_of(segments=found, limit=30)
        return [
            SegmentOut(
                code=one.code,
                name=_name(one.name),
                label=self.say(one.name),
                note=one.note,
                kind=one.kind,
                state=one.state,
                tag=one.tag,
                version=one.version,
                profiles=one.profiles,
                every_minutes=one.every_minutes,
                next_refresh_at=one.next_refresh_at,
                members=one.members,
                refreshed_at=one.refreshed_at,
                age_seconds=self._age(one),
                refreshed_in_ms=one.refreshed_in_ms,
                run=one.run,  # type: ignore[arg-type]
                problem=one.problem,
                definition=dict(one.definition) if one.definition else None,
                sentence=said.get(one.code, ""),
                source=dict(one.source),
                uses=list(one.uses),
                trend=[count.members for count in counts[one.code]],
                created_at=one.created_at,
                created_by=one.created_by,
                updated_at=one.updated_at,
            )
            for one in found
        ]

    def create(self, given: SegmentDraftIn) -> SegmentOut:
        ids, source = self._ids(given.members), {}
        if given.kind == "static" and given.definition:
            ids = segments.listed_ids(scope=self.scope, definition=given.definition, now=self.now)
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

    def refresh(self, code: str) -> RefreshedOut:
        segment = segments.get_segment(brand_id=self.scope.brand_id, code=code)
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
        page = segments.members_of(scope=self.scope, segment=segment, cursor=cursor, limit=limit)
        names = members.names_of(scope=self.scope, member_ids=[one for one, _ in page.items])
        return page.map(
            lambda row: SegmentMemberOut(
                id=row[0], code=names[row[0]][0], name=names[row[0]][1], since=row[1]
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
        found, shared = segments.overlap(brand_id=self.scope.brand_id, codes=codes)
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
        )

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
