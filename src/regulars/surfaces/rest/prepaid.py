"""Stored value and packages of members, their evidence; definitions; what is owed."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Status

from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.prepaid_shapes import (
    BuyerIn,
    FreezeIn,
    GivenBackIn,
    OwedOut,
    PackageIn,
    PackageOut,
    PackageUseIn,
    PackageUseOut,
    PrepaidDefinitionIn,
    PrepaidDefinitionOut,
    RedeemedOut,
    RefundIn,
    RepaymentOut,
    StampsIn,
    ToIn,
    TopUpIn,
    TopUpOut,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import BuyerRecord, PackageRow

router = Router(tags=["Prepaid value"])
KindPath = Annotated[str, Path(max_length=20, pattern=r"^[a-z_]+$")]
KeyPath = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$")]


@router.get("/prepaid/definitions", response=ListOut[PrepaidDefinitionOut], **needs("ledger.read"))
def list_definitions(request: HttpRequest, kind: Annotated[Word | None, Query()] = None) -> Any:
    """Ladders, packages, stamp cards and the brand's settings, by kind and key."""
    scope = scope_of(request)
    return {
        "items": [finding.plain(row) for row in prepaid.list_definitions(brand_id=scope.brand_id, kind=kind)]
    }


@router.put("/prepaid/definitions/{kind}/{key}", response=PrepaidDefinitionOut, **needs("prepaid.write"))
def put_definition(request: HttpRequest, kind: KindPath, key: KeyPath, given: PrepaidDefinitionIn) -> Any:
    """Make one, or change it. What was sold keeps the terms under which it was sold."""
    scope = scope_of(request)
    row = prepaid.put_definition(
        scope=scope, kind=kind, key=key, state=given.state, definition=given.definition, now=clock.now()
    )
    return finding.plain(row)


@router.get("/members/{member}/top-ups", response=PageOut[TopUpOut], **needs("ledger.read"))
def list_top_ups(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Newest first."""
    scope = scope_of(request)
    page = prepaid.list_top_ups(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    stores = finding.store_codes(scope)
    return page.map(lambda row: TopUpOut.of(row, stores, flows.most_refundable(row)))


@router.post("/members/{member}/top-ups", response={201: TopUpOut}, **needs("prepaid.sell"))
def top_up(request: HttpRequest, member: finding.MemberPath, given: TopUpIn, idempotency_key: Key) -> Any:
    """She paid: principal, bonus and what else the rung gives are hers at once. 409 `not_for_sale`, `law_…`."""
    scope = scope_of(request)
    row = flows.top_up(
        scope=scope,
        member_id=finding.member_id(scope, member),
        ladder=given.ladder,
        amount=given.amount,
        method=given.method,
        reference=given.reference,
        store_code=given.store,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, TopUpOut.of(row, finding.store_codes(scope), flows.most_refundable(row)))


@router.post(
    "/members/{member}/top-ups/{top_up_id}/refunds", response={201: RepaymentOut}, **needs("prepaid.refund")
)
def refund_top_up(
    request: HttpRequest, member: finding.MemberPath, top_up_id: UUID, given: RefundIn, idempotency_key: Key
) -> Any:
    """Give principal back and take the bonus pro rata. 409 `top_up_spent` says the most that still can go back."""
    scope = scope_of(request)
    row = flows.refund_top_up(
        scope=scope,
        member_id=finding.member_id(scope, member),
        top_up_id=top_up_id,
        amount=given.amount,
        reason=given.reason,
        reference=given.reference,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, RepaymentOut.of(row))


@router.get("/members/{member}/repayments", response=PageOut[RepaymentOut], **needs("ledger.read"))
def list_repayments(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Money given back for top-ups and packages, newest first."""
    scope = scope_of(request)
    page = prepaid.list_repayments(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return page.map(RepaymentOut.of)


@router.get("/members/{member}/packages", response=PageOut[PackageOut], **needs("ledger.read"))
def list_packages(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Newest first."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    page = prepaid.list_packages(brand_id=scope.brand_id, member_id=member_id, cursor=cursor, limit=limit)
    ids = [row.lot_id for row in page.items]
    lots = ledger.get_lots(brand_id=scope.brand_id, member_id=member_id, ids=ids)
    return page.map(lambda row: PackageOut.of(row, lots[row.lot_id].remaining))


@router.post("/members/{member}/packages", response={201: PackageOut}, **needs("prepaid.sell"))
def buy_package(
    request: HttpRequest, member: finding.MemberPath, given: PackageIn, idempotency_key: Key
) -> Any:
    """She paid for a package: its sessions are hers."""
    scope = scope_of(request)
    row = flows.buy_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package=given.package,
        method=given.method,
        reference=given.reference,
        store_code=given.store,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, _package(scope, row))


@router.get(
    "/members/{member}/packages/{package_id}/uses", response=ListOut[PackageUseOut], **needs("ledger.read")
)
def list_uses(request: HttpRequest, member: finding.MemberPath, package_id: UUID) -> Any:
    """Newest first, undone ones included (500 at most)."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    prepaid.get_package(brand_id=scope.brand_id, member_id=member_id, package_id=package_id)
    stores = finding.store_codes(scope)
    uses = prepaid.list_uses(member_id=member_id, package_id=package_id)
    return {"items": [PackageUseOut.of(use, stores) for use in uses]}


@router.post(
    "/members/{member}/packages/{package_id}/uses", response={201: PackageUseOut}, **needs("prepaid.use")
)
def use_package(
    request: HttpRequest,
    member: finding.MemberPath,
    package_id: UUID,
    given: PackageUseIn,
    idempotency_key: Key,
) -> Any:
    """Use sessions at a store. 409 `insufficient_balance`, `package_not_active`, `wrong_store`, `wrong_service`."""
    scope = scope_of(request)
    use = flows.use_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package_id=package_id,
        sessions=given.sessions,
        service=given.service,
        store_code=given.store,
        subject=given.subject,
        kind=given.kind,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, PackageUseOut.of(use, finding.store_codes(scope)))


@router.post("/members/{member}/package-uses/{use_id}/undo", response=PackageUseOut, **needs("prepaid.use"))
def undo_use(request: HttpRequest, member: finding.MemberPath, use_id: UUID, idempotency_key: Key) -> Any:
    """Take a use back within its window; after it only with `prepaid.refund`. 409 `undo_window_over`."""
    scope = scope_of(request)
    use = flows.undo_use(
        scope=scope,
        member_id=finding.member_id(scope, member),
        use_id=use_id,
        any_time=scope.allows("prepaid.refund"),
        key=idempotency_key,
        now=clock.now(),
    )
    return PackageUseOut.of(use, finding.store_codes(scope))


@router.post("/members/{member}/packages/{package_id}/freeze", response=PackageOut, **needs("prepaid.refund"))
def freeze_package(
    request: HttpRequest, member: finding.MemberPath, package_id: UUID, given: FreezeIn, idempotency_key: Key
) -> Any:
    """For so many days nobody uses it, and it ends so much later. 409 `freeze_limit`."""
    scope = scope_of(request)
    row = flows.freeze_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package_id=package_id,
        days=given.days,
        key=idempotency_key,
        now=clock.now(),
    )
    return _package(scope, row)


@router.post(
    "/members/{member}/packages/{package_id}/unfreeze", response=PackageOut, **needs("prepaid.refund")
)
def unfreeze_package(
    request: HttpRequest, member: finding.MemberPath, package_id: UUID, idempotency_key: Key
) -> Any:
    """End a freeze early; days that were not begun come off the end again."""
    scope = scope_of(request)
    row = flows.unfreeze_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package_id=package_id,
        key=idempotency_key,
        now=clock.now(),
    )
    return _package(scope, row)


@router.post(
    "/members/{member}/packages/{package_id}/transfer", response={201: PackageOut}, **needs("prepaid.use")
)
def transfer_package(
    request: HttpRequest, member: finding.MemberPath, package_id: UUID, given: ToIn, idempotency_key: Key
) -> Any:
    """Hand what is left on to another member, with its end; the answer is the receiver's package."""
    scope = scope_of(request)
    row = flows.transfer_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package_id=package_id,
        to=finding.member_id(scope, given.to),
        message=given.message,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, _package(scope, row))


@router.post(
    "/members/{member}/packages/{package_id}/refunds", response={201: RepaymentOut}, **needs("prepaid.refund")
)
def refund_package(
    request: HttpRequest,
    member: finding.MemberPath,
    package_id: UUID,
    given: GivenBackIn,
    idempotency_key: Key,
) -> Any:
    """Give back the money for what is unused, by the package's terms. 409 `not_refundable`."""
    scope = scope_of(request)
    row = flows.refund_package(
        scope=scope,
        member_id=finding.member_id(scope, member),
        package_id=package_id,
        reason=given.reason,
        reference=given.reference,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, RepaymentOut.of(row))


@router.post(
    "/members/{member}/stamp-cards/{key}/redemptions", response={201: RedeemedOut}, **needs("prepaid.use")
)
def redeem_stamp_card(
    request: HttpRequest, member: finding.MemberPath, key: KeyPath, given: StampsIn, idempotency_key: Key
) -> Any:
    """Burn the stamps and give the reward, together or not at all."""
    scope = scope_of(request)
    done = flows.redeem_stamp_card(
        scope=scope,
        member_id=finding.member_id(scope, member),
        card=key,
        store_code=given.store,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, {"card": done.card.key, "stamps": done.card.stamps, "repeated": done.repeated})


@router.put("/members/{member}/buyer", response={204: None}, **needs("prepaid.sell"))
def record_buyer(request: HttpRequest, member: finding.MemberPath, given: BuyerIn) -> Any:
    """Record who buys in her own name, sealed; it takes the place of what was recorded before."""
    scope = scope_of(request)
    flows.record_buyer(
        scope=scope,
        member_id=finding.member_id(scope, member),
        buyer=BuyerRecord(given.kind, given.name, given.document, given.number, given.contact),
        now=clock.now(),
    )
    return Status(204, None)


_PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/members/{member}/evidence",
    response={200: dict[str, Any]},
    **needs("ledger.read", {"responses": {200: {"content": _PDF}}}),
)
def get_evidence(
    request: HttpRequest,
    member: finding.MemberPath,
    format: Annotated[Literal["json", "pdf"], Query()] = "json",
) -> Any:
    """All of her prepaid value with the entries that prove it, hashed; as JSON, or as PDF to print.

    Her recorded identity is in it for callers with `members.read_personal`.
    """
    scope, now = scope_of(request), clock.now()
    pack = flows.evidence_pack(
        scope=scope,
        member_id=finding.member_id(scope, member),
        now=now,
        with_buyer=scope.allows("members.read_personal"),
    )
    if format == "json":
        return pack
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    answer = HttpResponse(
        flows.render(pack, timezone=timezone, language=language(request)), content_type="application/pdf"
    )
    answer["Content-Disposition"] = f'attachment; filename="evidence-{pack["member"]["code"]}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


@router.get("/reports/liability", response=OwedOut, **needs("reports.read"))
def get_liability(request: HttpRequest, months: Annotated[int, Query(ge=1, le=36)] = 12) -> Any:
    """What is owed to members in money: by cohort, by when it is expected to become revenue, month by month."""
    return finding.plain(owed := flows.get_owed(scope=scope_of(request), now=clock.now(), months=months)) | {
        "liability": owed.liability,
        "lines": [finding.plain(line) for line in owed.lines],
        "schedule": [finding.plain(line) for line in owed.schedule],
        "flows": [finding.plain(flow) for flow in owed.flows],
    }


def _package(scope: Scope, row: PackageRow) -> PackageOut:
    lots = ledger.get_lots(brand_id=scope.brand_id, member_id=row.member_id, ids=[row.lot_id])
    return PackageOut.of(row, lots[row.lot_id].remaining)
