"""Programme versions: drafts, review by somebody else, publication; what differs; rules in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.conditions import api as conditions
from regulars.conditions.api import FieldCatalogue
from regulars.facts.members import api as members
from regulars.flows.intake.api import INTERNAL_TYPES, SYSTEM_TYPES
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Language
from regulars.platform.organisations.types import Actor
from regulars.programme.packs import api as packs
from regulars.programme.pricing.types import Offer
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme, Rule
from regulars.programme.versions import api as versions
from regulars.programme.versions.types import Version, VersionSummary
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.programme import (
    ChangeLineOut,
    CommentIn,
    DefinitionIn,
    DescribeIn,
    DescribeOut,
    DiffOut,
    DraftIn,
    EventOut,
    FieldErrorOut,
    PackOut,
    ProgrammeSchemaOut,
    PublishIn,
    ReviewIn,
    RuleSentenceOut,
    VersionOut,
    VersionRowOut,
    VersionsOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut

router = Router(tags=["Programme"])
_METRICS = ("spend", "orders", "visits")


@router.get("/programme/versions", response=VersionsOut, **needs("programme.read"))
def list_versions(request: HttpRequest) -> Any:
    """Newest first; and the packs a brand may start from."""
    scope, said = scope_of(request), language(request)
    found = versions.list_versions(scope=scope, now=clock.now())
    return VersionsOut(
        items=[VersionRowOut(**_row(one, scope.actor)) for one in found],
        packs=[
            PackOut(key=key, name=name.in_language(said), summary=summary.in_language(said))
            for key, name, summary in packs.list_packs()
        ],
    )


@router.get("/programme/versions/{int:number}", response=VersionOut, **needs("programme.read"))
def get_version(request: HttpRequest, number: int) -> Any:
    """A version whole, its rules in words."""
    scope = scope_of(request)
    return _whole(request, versions.get_version(scope=scope, number=number, now=clock.now()))


@router.post("/programme/versions", response={201: VersionOut}, **needs("programme.write"))
def create_draft(request: HttpRequest, given: DraftIn) -> Any:
    """A draft from a version (an older one: roll back), from a pack, or from what is live."""
    made = versions.create_draft(
        scope=scope_of(request), now=clock.now(), base=given.base, pack=given.pack, note=given.note
    )
    return Status(201, _whole(request, made))


@router.put("/programme/versions/{int:number}", response=VersionOut, **needs("programme.write"))
def save_draft(request: HttpRequest, number: int, given: DefinitionIn) -> Any:
    """Keep a draft. 409 `stale_draft` when somebody saved it since it was read."""
    kept = versions.save_draft(
        scope=scope_of(request),
        number=number,
        definition=given.definition,
        revision=given.revision,
        note=given.note,
        now=clock.now(),
    )
    return _whole(request, kept)


@router.post("/programme/versions/{int:number}/submit", response=VersionOut, **needs("programme.write"))
def submit(request: HttpRequest, number: int, given: CommentIn) -> Any:
    """Hand a draft to somebody else to review."""
    now = clock.now()
    return _whole(
        request, versions.submit(scope=scope_of(request), number=number, comment=given.comment, now=now)
    )


@router.post("/programme/versions/{int:number}/withdraw", response=VersionOut, **needs("programme.write"))
def withdraw(request: HttpRequest, number: int, given: CommentIn) -> Any:
    """Take a version back to edit it."""
    now = clock.now()
    return _whole(
        request, versions.withdraw(scope=scope_of(request), number=number, comment=given.comment, now=now)
    )


@router.post("/programme/versions/{int:number}/review", response=VersionOut, **needs("programme.review"))
def review(request: HttpRequest, number: int, given: ReviewIn) -> Any:
    """Approve or reject. 403 `own_work` for its authors."""
    done = versions.review(
        scope=scope_of(request),
        number=number,
        approve=given.approve,
        comment=given.comment,
        now=clock.now(),
    )
    return _whole(request, done)


@router.post("/programme/versions/{int:number}/publish", response=VersionOut, **needs("programme.publish"))
def publish(request: HttpRequest, number: int, given: PublishIn) -> Any:
    """Put an approved version in force, now or from a later instant."""
    done = versions.publish(
        scope=scope_of(request),
        number=number,
        effective_from=given.effective_from,
        comment=given.comment,
        now=clock.now(),
    )
    return _whole(request, done)


@router.get("/programme/diff", response=DiffOut, **needs("programme.read"))
def get_diff(
    request: HttpRequest, before: Annotated[int, Query(ge=1)], after: Annotated[int, Query(ge=1)]
) -> Any:
    """What changed from one version to another, in words."""
    said = language(request)
    changes = versions.diff(scope=scope_of(request), before=before, after=after, now=clock.now())
    return DiffOut(
        before=before,
        after=after,
        changes=[
            ChangeLineOut(
                path=one.path,
                part=one.part,
                key=one.key,
                kind=one.kind,
                sentence=one.sentence.in_language(said),
                before_text=one.before_text.in_language(said),
                after_text=one.after_text.in_language(said),
            )
            for one in changes
        ],
    )


@router.get("/programme/schema", response=ProgrammeSchemaOut, **needs("programme.read"))
def get_schema(request: HttpRequest) -> Any:
    """What the rule builder offers for this brand."""
    scope, said = scope_of(request), language(request)
    naming = Naming(scope, said, clock.now())
    catalogue = _catalogue(naming)
    posted = [one for one in naming.types() if one.value not in INTERNAL_TYPES]
    units = naming.programme.units if naming.programme else {}
    metrics = [*_METRICS, *(f"unit:{code}" for code in units)]
    metrics += [
        f"activity:{one.value}" for one in posted if one.value not in SYSTEM_TYPES or one.value == "checkin"
    ]
    return ProgrammeSchemaOut(
        conditions=conditions.schema(catalogue=catalogue, lang=said),
        triggers=[one for one in posted if one.value not in ("refund", "burn")],
        tags=[
            ChoiceOut(value=tag.code, label=naming.say(tag.name))
            for tag in members.list_tags(brand_id=scope.brand_id)
        ],
        stores=[
            ChoiceOut(value=store.code, label=naming.say(store.name))
            for store in sorted(naming.stores.values(), key=lambda store: store.code)
        ],
        metrics=[ChoiceOut(value=one, label=naming.metric(one)) for one in metrics],
    )


def _catalogue(naming: Naming) -> FieldCatalogue:
    """The brand's fields as they are now, with the tiers of its live version."""
    brand_id = naming.scope.brand_id
    if naming.programme is not None:
        try:
            compiled = versions.compile_definition(
                brand_id=brand_id, definition=rules.dump(naming.programme), now=naming.now
            )
            return rules.programme_catalogue(compiled)
        except Refusal:
            pass  # what is live speaks of a field that was retired since: the brand's fields alone then
    return versions.catalogue_of(brand_id=brand_id)


@router.post("/programme/describe", response=DescribeOut, **needs("programme.read"))
def describe(request: HttpRequest, given: DescribeIn) -> Any:
    """A definition's rules in words, in both languages; or everything that is wrong with it."""
    scope, now = scope_of(request), clock.now()
    try:
        compiled = versions.compile_definition(brand_id=scope.brand_id, definition=given.definition, now=now)
    except Refusal as refusal:
        if refusal.code != "invalid_input":
            raise
        said = language(request)
        return DescribeOut(
            sentences=[], errors=[FieldErrorOut(**one.to_json(said)) for one in refusal.errors]
        )
    return DescribeOut(sentences=_sentences(compiled, language(request), given.rule), errors=[])


def _sentences(programme: Programme, said: Language, only: str | None = None) -> list[RuleSentenceOut]:
    """Rules by their keys, promotions as `promotion:<key>`, the till's settings as `checkout:0`, `checkout:1`, …"""
    if only is not None and ":" not in only:
        return [_sentence(one.key, one, programme, said) for one in programme.rules if one.key == only]
    shelf = programme.shelf
    told = [
        *(_sentence(one.key, one, programme, said) for one in programme.rules),
        *(
            _sentence(f"promotion:{one.key}", one, programme, said)
            for one in (*shelf.prices, *shelf.promotions)
        ),
        *(
            RuleSentenceOut(key=f"checkout:{n}", name="", zh=zh, en=en)
            for n, (zh, en) in enumerate(
                zip(rules.checkout_texts(programme, "zh"), rules.checkout_texts(programme, "en"), strict=True)
            )
        ),
    ]
    return [one for one in told if only is None or one.key == only]


def _sentence(key: str, thing: Rule | Offer, programme: Programme, said: Language) -> RuleSentenceOut:
    return RuleSentenceOut(
        key=key,
        name=thing.name.in_language(said),
        zh=rules.describe(thing, programme, "zh"),
        en=rules.describe(thing, programme, "en"),
    )


def _row(one: VersionSummary, actor: Actor) -> Mapping[str, Any]:
    return {
        "number": one.number,
        "state": one.state,
        "note": one.note,
        "based_on": one.based_on,
        "created_by": one.created_by,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "submitted_by": one.submitted_by,
        "submitted_at": one.submitted_at,
        "reviewed_by": one.reviewed_by,
        "reviewed_at": one.reviewed_at,
        "review_comment": one.review_comment,
        "published_by": one.published_by,
        "published_at": one.published_at,
        "effective_from": one.effective_from,
        "rules": one.rules,
        "current": one.current,
        "scheduled": one.scheduled,
        "own": f"{actor.kind}:{actor.id}" in one.authors,
    }


def _whole(request: HttpRequest, version: Version) -> VersionOut:
    scope, now, said = scope_of(request), clock.now(), language(request)
    try:
        compiled = versions.compile_definition(
            brand_id=scope.brand_id, definition=version.definition, now=now, number=version.summary.number
        )
        sentences = _sentences(compiled, said)
    except Refusal:
        sentences = []  # an old draft may speak of fields that are no more; it can be read and mended all the same
    return VersionOut(
        **_row(version.summary, scope.actor),
        definition=dict(version.definition),
        revision=version.revision,
        sentences=sentences,
        events=[
            EventOut(what=one.what, actor=one.actor, comment=one.comment, at=one.at) for one in version.events
        ],
    )
