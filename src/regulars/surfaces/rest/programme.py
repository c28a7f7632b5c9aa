"""What the brand has set up: the live programme, condition fields, stores, activity types, profile fields, tags."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Router, Schema, Status
from pydantic import StringConstraints

from regulars.conditions import api as conditions
from regulars.facts.activity import api as activities
from regulars.facts.activity.declared import DeclaredType
from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField, Tag
from regulars.flows.intake.api import SYSTEM_TYPES
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import NewStore
from regulars.programme.rules import api as rules
from regulars.programme.versions import api as versions
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding, standing
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import In, ListOut, TextIn, TextOut, Word

router = Router(tags=["Programme"])
CodePath = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$")]


class ProgrammeOut(Schema):
    """The live version: `definition` is the programme as data, `sentences` what each part does, in words."""

    version: int
    effective_from: datetime
    currency: str
    timezone: str
    definition: dict[str, Any]
    sentences: list[dict[str, str]]


class StoreOut(Schema):
    code: str
    name: TextOut
    region: str
    city: str
    is_open: bool
    tags: list[str]


class StoreGiven(In):
    """`region` is the code of an existing region, or empty."""

    name: TextIn
    region: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")] = ""
    city: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")] = ""
    is_open: bool = True
    tags: list[Word] = Field(default=[], max_length=50)


class DataChoice(In):
    value: Word
    label: TextIn


class DataFieldIn(In):
    key: Word
    type: Literal["int", "decimal", "text", "enum", "bool", "date", "datetime"]
    label: TextIn
    required: bool = False
    choices: list[DataChoice] = Field(default=[], max_length=200)
    minimum: Annotated[int, Field(ge=-(10**12), le=10**12)] | None = None
    maximum: Annotated[int, Field(ge=-(10**12), le=10**12)] | None = None


class ActivityTypeIn(In):
    name: TextIn
    fields: list[DataFieldIn] = Field(default=[], max_length=50)


class DataChoiceOut(Schema):
    value: str
    label: TextOut


class DataFieldOut(Schema):
    key: str
    type: str
    label: TextOut
    required: bool
    choices: list[DataChoiceOut]
    minimum: str | None
    maximum: str | None


class ActivityTypeOut(Schema):
    code: str
    name: TextOut
    fields: list[DataFieldOut]


class ChoiceShape(In):
    value: Word
    label: TextIn


class RulesShape(In):
    min: Word | None = None
    max: Word | None = None
    max_length: Annotated[int, Field(ge=1, le=500)] | None = None
    pattern: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] | None = None
    required_in_portal: bool = False


class ProfileFieldIn(In):
    type: Literal["int", "decimal", "text", "enum", "bool", "date", "set"]
    label: TextIn
    choices: list[ChoiceShape] = Field(default=[], max_length=200)
    rules: RulesShape = RulesShape()
    in_portal: bool = True
    position: Annotated[int, Field(ge=0, le=10_000)] = 0
    archived: bool = False


class RulesOut(Schema):
    min: str | None
    max: str | None
    max_length: int | None
    pattern: str | None
    required_in_portal: bool


class ProfileFieldOut(Schema):
    key: str
    type: str
    label: TextOut
    choices: list[DataChoiceOut]
    rules: RulesOut
    in_portal: bool
    position: int
    archived: bool


class TagIn(In):
    """`colour` is `#rrggbb` or empty."""

    name: TextIn
    colour: Annotated[str, StringConstraints(max_length=7, pattern=r"^[^\x00]*$")] = ""


class TagOut(Schema):
    code: str
    name: TextOut
    colour: str


@router.get("/programme", response=ProgrammeOut, **needs("programme.read"))
def get_programme(request: HttpRequest) -> Any:
    """The programme that decides now."""
    live = standing.required(scope_of(request), clock.now())
    said = language(request)
    parts = (
        ("unit", ((u.code, u) for u in live.units.values())),
        ("rule", ((r.key, r) for r in live.rules)),
        ("scheme", ((s.key, s) for s in live.schemes)),
        ("benefit", ((b.key, b) for b in live.benefits)),
    )
    return {
        "version": live.version,
        "effective_from": live.effective_from,
        "currency": live.currency,
        "timezone": live.timezone,
        "definition": rules.dump(live),
        "sentences": [
            {"part": part, "key": key, "sentence": rules.describe(thing, live, said)}
            for part, things in parts
            for key, thing in things
        ],
    }


@router.get("/programme/fields", response=dict[str, Any], **needs("programme.read"))
def get_condition_fields(request: HttpRequest) -> Any:
    """What conditions may ask about: fields, their types, operators and choices."""
    catalogue = versions.catalogue_of(brand_id=scope_of(request).brand_id)
    return conditions.schema(catalogue=catalogue, lang=language(request))


@router.get("/stores", response=ListOut[StoreOut], **needs("programme.read"))
def list_stores(request: HttpRequest) -> Any:
    """The brand's stores by code."""
    stores = organisations.list_stores(brand_id=scope_of(request).brand_id)
    return {"items": [finding.plain(store) for store in stores]}


@router.put("/stores/{code}", response=StoreOut, **needs("stores.write"))
def put_store(request: HttpRequest, code: CodePath, given: StoreGiven) -> Any:
    """Add a store, or change the one with this code."""
    scope = scope_of(request)
    store = NewStore(
        code=code,
        name=_text(given.name),
        region=given.region,
        city=given.city,
        is_open=given.is_open,
        tags=tuple(given.tags),
    )
    stores = organisations.put_stores(
        brand_id=scope.brand_id, stores=[store], now=clock.now(), actor=scope.actor
    )
    return finding.plain(stores[code])


@router.get("/activity-types", response=ListOut[ActivityTypeOut], **needs("programme.read"))
def list_activity_types(request: HttpRequest) -> Any:
    """The types that the brand declared, beside order, refund, order_delivered, checkin and burn."""
    types = activities.list_types(brand_id=scope_of(request).brand_id)
    return {"items": [_type(declared) for declared in types]}


@router.put("/activity-types/{code}", response=ActivityTypeOut, **needs("settings.write"))
def put_activity_type(request: HttpRequest, code: CodePath, given: ActivityTypeIn) -> Any:
    """Declare a type of activity, or add fields to one. A field's type stays (409 `type_changed`)."""
    scope, now = scope_of(request), clock.now()
    fields = [
        field.dict(exclude_none=True) | {"choices": [c.dict() for c in field.choices]}
        for field in given.fields
    ]
    declared = activities.declare_type(
        brand_id=scope.brand_id, code=code, name=_text(given.name), fields=fields, reserved=SYSTEM_TYPES
    )
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="activity_type.put",
        subject_type="activity_type",
        subject_id=code,
        after={"name": declared.name.to_json(), "fields": [f.key for f in declared.fields]},
        now=now,
    )
    return _type(declared)


@router.delete("/activity-types/{code}", response={204: None}, **needs("settings.write"))
def archive_activity_type(request: HttpRequest, code: CodePath) -> Any:
    """Take no more activities of a type; what came stays."""
    scope, now = scope_of(request), clock.now()
    activities.archive_type(brand_id=scope.brand_id, code=code, now=now)
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="activity_type.archive",
        subject_type="activity_type",
        subject_id=code,
        now=now,
    )
    return Status(204, None)


@router.get("/profile-fields", response=ListOut[ProfileFieldOut], **needs("members.read"))
def list_profile_fields(request: HttpRequest, archived: bool = False) -> Any:
    """The brand's custom fields of members."""
    fields = members.list_fields(brand_id=scope_of(request).brand_id, archived=archived)
    return {"items": [finding.plain(field) for field in fields]}


@router.get("/profile-fields/{key}", response=ProfileFieldOut, **needs("members.read"))
def get_profile_field(request: HttpRequest, key: CodePath) -> Any:
    """One custom field."""
    return finding.plain(members.get_field(brand_id=scope_of(request).brand_id, key=key))


@router.put("/profile-fields/{key}", response=ProfileFieldOut, **needs("settings.write"))
def put_profile_field(request: HttpRequest, key: CodePath, given: ProfileFieldIn) -> Any:
    """Declare a custom field, or change one; its type stays (409 `type_fixed`)."""
    field = ProfileField(
        key=key,
        type=given.type,
        label=_text(given.label),
        choices=tuple(FieldChoice(c.value, _text(c.label)) for c in given.choices),
        rules=FieldRules(**given.rules.dict()),
        in_portal=given.in_portal,
        position=given.position,
        archived=given.archived,
    )
    return finding.plain(members.put_field(scope=scope_of(request), field=field, now=clock.now()))


@router.get("/tags", response=ListOut[TagOut], **needs("members.read"))
def list_tags(request: HttpRequest) -> Any:
    """The tags that members may carry."""
    tags = members.list_tags(brand_id=scope_of(request).brand_id)
    return {"items": [finding.plain(tag) for tag in tags]}


@router.put("/tags/{code}", response=TagOut, **needs("settings.write"))
def put_tag(request: HttpRequest, code: CodePath, given: TagIn) -> Any:
    """Declare a tag, or rename it."""
    tag = Tag(code=code, name=_text(given.name), colour=given.colour)
    return finding.plain(members.put_tag(scope=scope_of(request), tag=tag, now=clock.now()))


@router.delete("/tags/{code}", response={204: None}, **needs("settings.write"))
def delete_tag(request: HttpRequest, code: CodePath) -> HttpResponse:
    """Take a tag out of use; members who carry it keep it."""
    members.delete_tag(scope=scope_of(request), code=code, now=clock.now())
    return Status(204, None)  # type: ignore[return-value]


def _text(given: TextIn) -> Text:
    return Text(given.zh, given.en)


def _type(declared: DeclaredType) -> dict[str, Any]:
    return {
        "code": declared.code,
        "name": declared.name,
        "fields": [
            {
                **finding.plain(field),
                "choices": [{"value": value, "label": label} for value, label in field.choices],
                "minimum": None if field.minimum is None else str(field.minimum),
                "maximum": None if field.maximum is None else str(field.maximum),
            }
            for field in declared.fields
        ],
    }
