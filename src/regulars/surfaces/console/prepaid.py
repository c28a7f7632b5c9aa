"""Prepaid value of members, its definitions, and what is owed: what staff do in the console and at the till."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, brand_of, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.prepaid_tab import tab
from regulars.surfaces.console.shapes.members import KeyIn
from regulars.surfaces.console.shapes.prepaid import (
    BuyerIn,
    FreezeIn,
    PackageIn,
    PrepaidDefinitionIn,
    PrepaidDefinitionOut,
    PrepaidOut,
    StampsIn,
    StoredRefundIn,
    ToIn,
    TopUpIn,
    UseIn,
    ValueTransferIn,
)
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import (
    KIND_NAMES,
    PACKAGE,
    STATE_NAMES,
    TOP_UP,
    USE,
    BuyerRecord,
    DefinitionRow,
)

router = Router(tags=["Prepaid value"])


def _naming(request: HttpRequest) -> Naming:
    return Naming(scope_of(request), language(request), clock.now())


def _tab(request: HttpRequest, member_id: UUID) -> PrepaidOut:
    return tab(_naming(request), member_id, clock.now())


@router.get("/prepaid/definitions", response=list[PrepaidDefinitionOut], **needs("ledger.read"))
def list_definitions(request: HttpRequest, kind: Annotated[str | None, Query(max_length=20)] = None) -> Any:
    """Ladders, packages, stamp cards and the settings, by kind and key (500 at most)."""
    naming = _naming(request)
    rows = prepaid.list_definitions(brand_id=naming.scope.brand_id, kind=kind)
    return [_definition(naming, row) for row in rows]


@router.put("/prepaid/definitions/{kind}/{key}", response=PrepaidDefinitionOut, **needs("prepaid.write"))
def put_definition(request: HttpRequest, kind: Code, key: Code, given: PrepaidDefinitionIn) -> Any:
    """Make one, or change it. What was sold keeps its terms."""
    row = prepaid.put_definition(
        scope=scope_of(request),
        kind=kind,
        key=key,
        state=given.state,
        definition=given.definition,
        now=clock.now(),
    )
    return _definition(_naming(request), row)


@router.get("/members/{code}/prepaid", response=PrepaidOut, **needs("ledger.read"))
def get_prepaid(request: HttpRequest, code: Code) -> Any:
    """Everything prepaid of a member."""
    return _tab(request, member_id_of(scope_of(request), code))


@router.post("/members/{code}/top-ups", response={201: PrepaidOut}, **needs("prepaid.sell"))
def top_up(request: HttpRequest, code: Code, given: TopUpIn) -> Any:
    """She paid: principal and bonus are hers."""
    done = _act(
        request,
        code,
        flows.top_up,
        ladder=given.ladder,
        amount=given.amount,
        method=given.method,
        reference=given.reference,
        store_code=given.store or None,
        key=given.key,
    )
    return Status(201, done)


@router.post("/members/{code}/top-ups/{top_up_id}/refunds", response=PrepaidOut, **needs("prepaid.refund"))
def refund_top_up(request: HttpRequest, code: Code, top_up_id: Code, given: StoredRefundIn) -> Any:
    """Give principal back, take the bonus pro rata. 409 `top_up_spent` says what still can go back."""
    return _act(
        request,
        code,
        flows.refund_top_up,
        top_up_id=uuid_of(top_up_id, TOP_UP),
        amount=given.amount,
        reason=given.reason,
        reference=given.reference,
        key=given.key,
    )


@router.post("/members/{code}/packages", response={201: PrepaidOut}, **needs("prepaid.sell"))
def buy_package(request: HttpRequest, code: Code, given: PackageIn) -> Any:
    """She paid for a package."""
    done = _act(
        request,
        code,
        flows.buy_package,
        package=given.package,
        method=given.method,
        reference=given.reference,
        store_code=given.store or None,
        key=given.key,
    )
    return Status(201, done)


@router.post("/members/{code}/packages/{package_id}/uses", response={201: PrepaidOut}, **needs("prepaid.use"))
def use_package(request: HttpRequest, code: Code, package_id: Code, given: UseIn) -> Any:
    """Use sessions at a store 核销, or take them for a visit that she missed."""
    done = _act(
        request,
        code,
        flows.use_package,
        package_id=uuid_of(package_id, PACKAGE),
        sessions=given.sessions,
        service=given.service,
        store_code=given.store or None,
        kind=given.kind,
        key=given.key,
    )
    return Status(201, done)


@router.post("/members/{code}/package-uses/{use_id}/undo", response=PrepaidOut, **needs("prepaid.use"))
def undo_use(request: HttpRequest, code: Code, use_id: Code, given: KeyIn) -> Any:
    """Take a use back within its window; whoever may refund also after it."""
    return _act(
        request,
        code,
        flows.undo_use,
        use_id=uuid_of(use_id, USE),
        any_time=scope_of(request).allows("prepaid.refund"),
        key=given.key,
    )


@router.post("/members/{code}/packages/{package_id}/freeze", response=PrepaidOut, **needs("prepaid.refund"))
def freeze_package(request: HttpRequest, code: Code, package_id: Code, given: FreezeIn) -> Any:
    """For so many days nobody uses it, and it ends so much later."""
    return _act(
        request,
        code,
        flows.freeze_package,
        package_id=uuid_of(package_id, PACKAGE),
        days=given.days,
        key=given.key,
    )


@router.post("/members/{code}/packages/{package_id}/unfreeze", response=PrepaidOut, **needs("prepaid.refund"))
def unfreeze_package(request: HttpRequest, code: Code, package_id: Code, given: KeyIn) -> Any:
    """End a freeze early."""
    return _act(
        request,
        code,
        flows.unfreeze_package,
        package_id=uuid_of(package_id, PACKAGE),
        key=given.key,
    )


@router.post("/members/{code}/packages/{package_id}/transfer", response=PrepaidOut, **needs("prepaid.use"))
def transfer_package(request: HttpRequest, code: Code, package_id: Code, given: ToIn) -> Any:
    """Hand what is left on to another member."""
    return _act(
        request,
        code,
        flows.transfer_package,
        package_id=uuid_of(package_id, PACKAGE),
        to=member_id_of(scope_of(request), given.to),
        message=given.message,
        key=given.key,
    )


@router.post("/members/{code}/packages/{package_id}/refunds", response=PrepaidOut, **needs("prepaid.refund"))
def refund_package(request: HttpRequest, code: Code, package_id: Code, given: StoredRefundIn) -> Any:
    """Give back the money for what is unused."""
    return _act(
        request,
        code,
        flows.refund_package,
        package_id=uuid_of(package_id, PACKAGE),
        reason=given.reason,
        reference=given.reference,
        key=given.key,
    )


@router.post("/members/{code}/stamp-cards/{key}", response={201: PrepaidOut}, **needs("prepaid.use"))
def redeem_stamps(request: HttpRequest, code: Code, key: Code, given: StampsIn) -> Any:
    """Exchange a full stamp card."""
    done = _act(
        request,
        code,
        flows.redeem_stamp_card,
        card=key,
        store_code=given.store or None,
        key=given.key,
    )
    return Status(201, done)


@router.post("/members/{code}/transfers", response={201: PrepaidOut}, **needs("prepaid.use"))
def transfer(request: HttpRequest, code: Code, given: ValueTransferIn) -> Any:
    """Give value to another member, as the brand's rules allow."""
    done = _act(
        request,
        code,
        flows.transfer,
        to=member_id_of(scope_of(request), given.to),
        unit=given.unit,
        amount=given.amount,
        message=given.message,
        key=given.key,
    )
    return Status(201, done)


@router.put("/members/{code}/buyer", response=PrepaidOut, **needs("prepaid.sell"))
def record_buyer(request: HttpRequest, code: Code, given: BuyerIn) -> Any:
    """Record who buys in her own name, sealed."""
    return _act(
        request,
        code,
        flows.record_buyer,
        buyer=BuyerRecord(given.kind, given.name, given.document, given.number, given.contact),
    )


@router.get("/members/{code}/evidence", response={200: dict[str, Any]}, **needs("ledger.read"))
def get_evidence(
    request: HttpRequest,
    code: Code,
    format: Literal["json", "pdf"] = "pdf",
) -> Any:
    """Her evidence pack, to print or as data. Her identity is in it for who may read personal data."""
    scope, now = scope_of(request), clock.now()
    member_id = member_id_of(scope, code)
    pack = flows.evidence_pack(
        scope=scope, member_id=member_id, now=now, with_buyer=scope.allows("members.read_personal")
    )
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="prepaid.evidence",
        subject_type="member",
        subject_id=member_id,
        after={"format": format},
        now=now,
    )
    if format == "json":
        return pack
    answer = HttpResponse(
        flows.render(pack, timezone=brand_of(scope).timezone, language=language(request)),
        content_type="application/pdf",
    )
    answer["Content-Disposition"] = f'attachment; filename="evidence-{code}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def _act(request: HttpRequest, code: str, act: Callable[..., Any], **given: Any) -> PrepaidOut:
    """Do it for the member of a code; her tab as it stands then."""
    scope = scope_of(request)
    member_id = member_id_of(scope, code)
    act(scope=scope, member_id=member_id, now=clock.now(), **given)
    return _tab(request, member_id)


def _definition(naming: Naming, row: DefinitionRow) -> PrepaidDefinitionOut:
    name = row.definition.get("name")
    return PrepaidDefinitionOut(
        kind=row.kind,
        kind_name=naming.say(KIND_NAMES[row.kind]),
        key=row.key,
        name=naming.say(Text.from_json(name) if name else KIND_NAMES[row.kind]),
        state=row.state,
        state_name=naming.say(STATE_NAMES[row.state]),
        definition=dict(row.definition),
        revision=row.revision,
        updated_at=row.updated_at,
    )
