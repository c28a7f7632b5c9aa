"""Benefits at the store: scan a member, see what she may use, use it, undo it; more uses by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Status

from regulars.facts.members import api as members
from regulars.flows import verifying
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces import member_pass
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, member_id_of, needs, store_id_of, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.shared import Shape
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import GrantRow, UseReceipt

router = Router(tags=["Till"])
_USE, _GRANT = Text("使用记录", "Use"), Text("加送记录", "Grant")
Word = Annotated[str, Field(max_length=64)]
Key = Annotated[str, Field(min_length=8, max_length=100)]


class BenefitScanIn(Shape):
    """`member`: what the scanner read (her pass) or her code."""

    member: Annotated[str, Field(min_length=1, max_length=80)]


class UsableOut(Shape):
    """`remaining` is null without a limit; `extra` of it come from grants."""

    key: str
    name: str
    description: str
    kind: str
    quota: int | None
    used: int
    remaining: int | None
    extra: int
    resets_at: datetime | None


class ScannedOut(Shape):
    member: str
    member_name: str
    benefits: list[UsableOut]


class VerifyIn(BenefitScanIn):
    benefit: Word
    key: Key
    store: Word | None = None
    device: Word | None = None


class UsedOut(Shape):
    """`undo_until`: until then the store may take it back."""

    id: str
    benefit: str
    member: str
    used_at: datetime
    undone_at: datetime | None
    remaining: int | None
    repeated: bool


class BenefitGrantIn(Shape):
    benefit: Word
    uses: Annotated[int, Field(ge=1, le=100)]
    until: datetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    key: Key


class BenefitGrantOut(Shape):
    id: str
    benefit: str
    benefit_name: str
    uses: int
    used: int
    source: str
    reason: str
    actor: str
    granted_at: datetime
    until: datetime
    ended_at: datetime | None


@router.post("/till/benefits", response=ScannedOut, **needs("benefits.use"))
def scan(request: HttpRequest, given: BenefitScanIn) -> Any:
    """Who she is and what she may use now. 409 `pass_expired` for a pass that is over a minute old."""
    scope, now = scope_of(request), clock.now()
    member_id = _member(scope, given.member, now)
    naming = Naming(scope, language(request), now)
    code, name = members.names_of(scope=scope, member_ids=[member_id])[member_id]
    return ScannedOut(
        member=code,
        member_name=name,
        benefits=[
            UsableOut(
                key=one.benefit.key,
                name=naming.say(one.benefit.name),
                description=naming.say(one.benefit.description),
                kind=one.benefit.kind,
                quota=one.quota,
                used=one.used,
                remaining=one.remaining,
                extra=one.extra,
                resets_at=one.resets_at,
            )
            for one in verifying.list_usable(scope=scope, member_id=member_id, now=now)
        ],
    )


@router.post("/till/benefits/uses", response={201: UsedOut, 200: UsedOut}, **needs("benefits.use"))
def verify(request: HttpRequest, given: VerifyIn) -> Any:
    """Use a benefit once 核销. 409 `benefit_used_up`, `held_for_review`; the same key answers the first use again."""
    scope, now = scope_of(request), clock.now()
    member_id = _member(scope, given.member, now)
    done = verifying.use(
        scope=scope,
        member_id=member_id,
        benefit=given.benefit,
        key=given.key,
        store_id=store_id_of(scope, given.store),
        device=given.device or "",
        now=now,
    )
    return Status(200 if done.repeated else 201, _used(scope, done))


@router.post("/members/{code}/benefits/uses/{use_id}/undo", response=UsedOut, **needs("benefits.use"))
def undo(request: HttpRequest, code: Code, use_id: Code) -> Any:
    """Take a use back. 409 `undo_too_late` when the benefit's time for it is over."""
    scope = scope_of(request)
    done = verifying.undo(
        scope=scope,
        member_id=member_id_of(scope, code),
        use_id=uuid_of(use_id, _USE),
        now=clock.now(),
    )
    return _used(scope, done)


@router.get("/members/{code}/benefits/grants", response=list[BenefitGrantOut], **needs("ledger.read"))
def list_grants(request: HttpRequest, code: Code) -> Any:
    """More uses that she was given, newest first; the last 100."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    rows = benefits.list_grants(scope=scope, member_id=member_id_of(scope, code))
    return [_grant(naming, row) for row in rows]


@router.post("/members/{code}/benefits/grants", response={201: BenefitGrantOut}, **needs("tiers.adjust"))
def give_more(request: HttpRequest, code: Code, given: BenefitGrantIn) -> Any:
    """Give her more uses of a benefit with a quota, until a day, for a reason."""
    scope, now = scope_of(request), clock.now()
    row = verifying.give_more(
        scope=scope,
        member_id=member_id_of(scope, code),
        benefit=given.benefit,
        uses=given.uses,
        until=given.until,
        reason=given.reason,
        key=given.key,
        now=now,
    )
    return Status(201, _grant(Naming(scope, language(request), now), row))


def _member(scope: Scope, text: str, now: datetime) -> UUID:
    if member_pass.is_one(text):
        return member_pass.read(brand_id=scope.brand_id, token=text, now=now)
    return member_id_of(scope, text.strip())


def _used(scope: Scope, done: UseReceipt) -> UsedOut:
    code, _ = members.names_of(scope=scope, member_ids=[done.use.member_id])[done.use.member_id]
    return UsedOut(
        id=str(done.use.id),
        benefit=done.use.benefit,
        member=code,
        used_at=done.use.used_at,
        undone_at=done.use.undone_at,
        remaining=done.remaining,
        repeated=done.repeated,
    )


def _grant(naming: Naming, row: GrantRow) -> BenefitGrantOut:
    programme = naming.programme
    found = next((b for b in programme.benefits if b.key == row.benefit), None) if programme else None
    return BenefitGrantOut(
        id=str(row.id),
        benefit=row.benefit,
        benefit_name=naming.say(found.name) if found else row.benefit,
        uses=row.uses,
        used=row.used,
        source=row.source,
        reason=row.reason,
        actor=row.actor,
        granted_at=row.granted_at,
        until=row.until,
        ended_at=row.ended_at,
    )
