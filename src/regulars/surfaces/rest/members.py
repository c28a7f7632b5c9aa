"""Members: enrol, find, read and change; identities, tags, notes."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from regulars.audience.segments import api as segments
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment, IdentityIn, MemberCard, MemberFilter
from regulars.flows.enrol import Enrolee, enrol
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.surfaces import member_pass
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.member_shapes import (
    EnrolBatchIn,
    EnrolIn,
    EnrolItemOut,
    EnrolledOut,
    FilterIn,
    IdentityGiven,
    MemberChange,
    MemberOut,
    MemberRowOut,
    NoteIn,
    NoteOut,
    PassIn,
    ResolvedOut,
    ResolveIn,
    TaggedOut,
    TaggingIn,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut

router = Router(tags=["Members"])


@router.post("/members", response={201: EnrolledOut, 200: EnrolledOut}, **needs("members.write"))
def enrol_member(
    request: HttpRequest,
    given: EnrolIn,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=128)] = None,
) -> Any:
    """Enrol one person. 200 instead of 201: the same Idempotency-Key came before, this is its answer.

    Refused with 409 `already_member` or `identity_conflict` when an identity is somebody's; a person known from
    another brand of the organisation gets a membership in this one.
    """
    scope = scope_of(request)
    row = _enrolment(given, finding.store_id(scope, given.store))
    (answer,) = enrol(scope=scope, rows=[row], now=clock.now(), idempotency_keys=[idempotency_key])
    if isinstance(answer, Refusal):
        raise answer
    return Status(200 if answer.duplicate else 201, _enrolled(answer))


@router.post("/members/batch", response=ListOut[EnrolItemOut], **needs("members.write"))
def enrol_members(request: HttpRequest, given: EnrolBatchIn) -> Any:
    """Enrol up to 1 000 people; each row gets its enrolment or its problem, in order."""
    scope = scope_of(request)
    stores = finding.store_ids(scope, {row.store for row in given.members if row.store})
    answers: list[Any] = [None] * len(given.members)
    rows: list[tuple[int, Enrolment]] = []
    for n, row in enumerate(given.members):
        store = stores[row.store] if row.store else None
        if isinstance(store, Refusal):
            answers[n] = store
        else:
            rows.append((n, _enrolment(row, store)))
    results = enrol(scope=scope, rows=[row for _, row in rows], now=clock.now())
    for (n, _), result in zip(rows, results, strict=True):
        answers[n] = result
    said = language(request)
    return {
        "items": [
            {"problem": answer.to_problem(said)}
            if isinstance(answer, Refusal)
            else {"enrolled": _enrolled(answer)}
            for answer in answers
        ]
    }


@router.get("/members", response=PageOut[MemberRowOut], **needs("members.read"))
def list_members(
    request: HttpRequest, given: Query[FilterIn], cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Members, newest first; personal data masked unless the key may read it."""
    scope = scope_of(request)
    wanted = MemberFilter(
        q=given.q,
        tier=given.tier,
        tag=given.tag,
        store_id=finding.store_id(scope, given.store),
        channel=given.channel,
        status=given.status,
        joined_from=given.joined_from,
        joined_before=given.joined_before,
        last_order_from=given.last_order_from,
        last_order_before=given.last_order_before,
        segment_id=segments.find_id(brand_id=scope.brand_id, code=given.segment) if given.segment else None,
    )
    page = members.list_members(scope=scope, given=wanted, cursor=cursor, limit=limit)
    stores = finding.store_codes(scope)
    return page.map(lambda row: {**finding.plain(row), "store": stores.get(row.store_id)})


@router.post("/members/resolve", response=ListOut[ResolvedOut], **needs("members.read"))
def resolve_members(request: HttpRequest, given: ResolveIn) -> Any:
    """Who up to 1 000 references mean, in order. Identifiers travel in the body, not in an address that is logged."""
    scope = scope_of(request)
    found = members.resolve(
        organisation_id=scope.organisation_id, brand_id=scope.brand_id, refs=given.refs, any_status=True
    )
    said = language(request)
    return {
        "items": [
            {"problem": one.to_problem(said)} if isinstance(one, Refusal) else {"member_id": one}
            for one in found
        ]
    }


@router.post("/members/pass", response=MemberOut, **needs("members.read"))
def read_pass(request: HttpRequest, given: PassIn) -> Any:
    """Whose QR code a till has just scanned. 409 `pass_expired` if it is over a minute old, 422 `not_a_pass`."""
    scope = scope_of(request)
    member_id = member_pass.read(brand_id=scope.brand_id, token=given.text, now=clock.now())
    return _card(request, members.get_card(scope=scope, member_id=member_id))


@router.post("/members/tags", response=TaggedOut, **needs("members.write"))
def tag_members(request: HttpRequest, given: TaggingIn) -> Any:
    """Put tags on up to 10 000 members and take others off, all or none."""
    changed = members.tag_members(
        scope=scope_of(request), member_ids=given.members, add=given.add, remove=given.remove, now=clock.now()
    )
    return {"changed": changed}


@router.get("/members/{member}", response=MemberOut, **needs("members.read"))
def get_member(request: HttpRequest, member: finding.MemberPath) -> Any:
    """One member."""
    scope = scope_of(request)
    return _card(request, members.get_card(scope=scope, member_id=finding.member_id(scope, member)))


@router.patch("/members/{member}", response=MemberOut, **needs("members.write"))
def change_member(request: HttpRequest, member: finding.MemberPath, given: MemberChange) -> Any:
    """Change what is given, keep the rest."""
    scope = scope_of(request)
    changes = given.dict(exclude_unset=True)
    changes = {
        k: v for k, v in changes.items() if v is not None or k in ("name", "gender", "birthday", "address")
    }
    card = members.update_member(
        scope=scope, member_id=finding.member_id(scope, member), changes=changes, now=clock.now()
    )
    return _card(request, card)


@router.post("/members/{member}/identities", response=MemberOut, **needs("members.write"))
def add_identity(request: HttpRequest, member: finding.MemberPath, given: IdentityGiven) -> Any:
    """Give a member one more identity. 409 `identity_taken` if it is somebody else's."""
    scope = scope_of(request)
    card = members.add_identity(
        scope=scope,
        member_id=finding.member_id(scope, member),
        identity=IdentityIn(given.type, given.value, given.verified),
        now=clock.now(),
    )
    return _card(request, card)


@router.post(
    "/members/{member}/identities/{identity_id}/verify", response=MemberOut, **needs("members.write")
)
def verify_identity(request: HttpRequest, member: finding.MemberPath, identity_id: UUID) -> Any:
    """Mark an identity as proven."""
    scope = scope_of(request)
    card = members.verify_identity(
        scope=scope, member_id=finding.member_id(scope, member), identity_id=identity_id, now=clock.now()
    )
    return _card(request, card)


@router.delete("/members/{member}/identities/{identity_id}", response=MemberOut, **needs("members.write"))
def remove_identity(request: HttpRequest, member: finding.MemberPath, identity_id: UUID) -> Any:
    """Take an identity away; the last one stays (409 `last_identity`)."""
    scope = scope_of(request)
    card = members.remove_identity(
        scope=scope, member_id=finding.member_id(scope, member), identity_id=identity_id, now=clock.now()
    )
    return _card(request, card)


@router.get("/members/{member}/notes", response=PageOut[NoteOut], **needs("members.read"))
def list_notes(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """What was noted about a member, newest first."""
    scope = scope_of(request)
    page = members.list_notes(
        scope=scope, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return page.map(finding.plain)


@router.post("/members/{member}/notes", response={201: NoteOut}, **needs("members.write"))
def add_note(request: HttpRequest, member: finding.MemberPath, given: NoteIn) -> Any:
    """Note something about a member."""
    scope = scope_of(request)
    note = members.add_note(
        scope=scope, member_id=finding.member_id(scope, member), text=given.text, now=clock.now()
    )
    return Status(201, finding.plain(note))


def _enrolment(given: EnrolIn, store_id: UUID | None) -> Enrolment:
    return Enrolment(
        identities=tuple(IdentityIn(i.type, i.value, i.verified) for i in given.identities),
        name=given.name,
        gender=given.gender,
        birthday=given.birthday,
        address=given.address,
        language=given.language,
        channel=given.channel,
        touchpoint=given.touchpoint,
        store_id=store_id,
        recruiter=given.recruiter,
        tags=tuple(given.tags),
        attributes=given.attributes,
        joined_at=given.joined_at,
        code=given.code,
    )


def _enrolled(answer: Enrolee) -> dict[str, Any]:
    return {**finding.plain(answer.enrolled), "tier": answer.tier, "duplicate": answer.duplicate}


def _card(request: HttpRequest, card: MemberCard) -> dict[str, Any]:
    stores = finding.store_codes(scope_of(request))
    return {**finding.plain(card), "store": stores.get(card.store_id)}
