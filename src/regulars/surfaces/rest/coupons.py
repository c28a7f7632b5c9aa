"""Coupons: definitions and figures, issuing, codes, verification at a store and its undo, a member's own; budgets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from regulars.flows import coupon_codes as code_files
from regulars.flows.coupons import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces import member_pass
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.coupon_shapes import (
    BatchOut,
    BudgetOut,
    BulkIssueOut,
    ClaimGiven,
    CodeGiven,
    CodeOut,
    CodesGiven,
    CommentGiven,
    CouponOut,
    DefinitionOut,
    GiftGiven,
    GiftOut,
    IssueGiven,
    OutcomeOut,
    SegmentGiven,
    TokenGiven,
    UsedOut,
    VerifyGiven,
    batch_out,
    code_out,
    coupon_out,
    definition_out,
    job_out,
    text_out,
)
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import STATES, Held

router = Router(tags=["Coupons"])
_NOT_ACTIVE = Text("会员资格未生效", "the membership is not active")


@router.get("/coupon-definitions", response=ListOut[DefinitionOut], **needs("coupons.read"))
def list_definitions(request: HttpRequest, state: Word | None = None) -> Any:
    """The brand's coupon definitions with how many were issued and used."""
    scope, now = scope_of(request), clock.now()
    made = [
        one
        for one in coupons.list_definitions(brand_id=scope.brand_id)
        if state is None or one.state == state
    ]
    figures = coupons.tallies(brand_id=scope.brand_id, made=made, now=now)
    said = flow.sentences(scope=scope, made=made, now=now)
    return {"items": [definition_out(one, figures[one.key], said[one.key]) for one in made]}


@router.get("/coupon-definitions/{definition}", response=DefinitionOut, **needs("coupons.read"))
def get_definition(request: HttpRequest, definition: str) -> Any:
    """One definition."""
    scope, now = scope_of(request), clock.now()
    made = coupons.get_definition(brand_id=scope.brand_id, key=definition)
    figures = coupons.tallies(brand_id=scope.brand_id, made=[made], now=now)
    said = flow.sentences(scope=scope, made=[made], now=now)
    return definition_out(made, figures[made.key], said[made.key])


@router.post(
    "/coupon-definitions/{definition}/issues", response=ListOut[OutcomeOut], **needs("coupons.issue")
)
def issue(request: HttpRequest, definition: str, given: IssueGiven, idempotency_key: Key) -> Any:
    """Issue one coupon to each of up to 1 000 members; an outcome for each, in order.

    The same key issues nothing twice, whoever is added to the list. 409 `coupon_not_open`.
    """
    scope, now = scope_of(request), clock.now()
    found = [_member(scope, text) for text in given.members]
    made = coupons.get_definition(brand_id=scope.brand_id, key=definition)
    ids = list(dict.fromkeys(one for one in found if isinstance(one, UUID)))
    outcomes = {}
    if ids:
        outcomes = {
            outcome.member_id: outcome
            for outcome in flow.issue_now(
                scope=scope, definition=definition, member_ids=ids, key=idempotency_key, now=now
            )
        }
    items: list[dict[str, Any]] = []
    for text, one in zip(given.members, found, strict=True):
        if isinstance(one, Refusal):
            said = text_out(one.message)
            items.append({"member": text, "coupon_id": None, "result": one.code, "text": said})
            continue
        result = outcomes[one].result
        done = result in ("issued", "repeated")
        words = _NOT_ACTIVE if result == "membership_not_active" else coupons.reason(result, made)
        items.append(
            {
                "member": text,
                "coupon_id": outcomes[one].coupon_id if done else None,
                "result": result,
                "text": None if done else text_out(words),
            }
        )
    return {"items": items}


@router.post(
    "/coupon-definitions/{definition}/bulk-issues", response={202: BulkIssueOut}, **needs("coupons.issue")
)
def issue_to_segment(request: HttpRequest, definition: str, given: SegmentGiven, idempotency_key: Key) -> Any:
    """Issue one coupon to everybody of a segment, in the background: ask `/coupon-issues/{id}` how far it is."""
    job, _ = flow.start_issue(
        scope=scope_of(request),
        definition=definition,
        segment=given.dict(exclude_none=True),
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(202, job_out(job))


@router.get("/coupon-issues/{issue_id}", response=BulkIssueOut, **needs("coupons.read"))
def get_issue(request: HttpRequest, issue_id: UUID) -> Any:
    """How far a bulk issue is."""
    return job_out(coupons.get_issue(brand_id=scope_of(request).brand_id, issue_id=issue_id))


@router.post(
    "/coupon-definitions/{definition}/codes",
    response={201: BatchOut, 200: BatchOut},
    **needs("coupons.issue"),
)
def make_codes(request: HttpRequest, definition: str, given: CodesGiven, idempotency_key: Key) -> Any:
    """Make up to 100 000 codes that nobody guesses, each good for one coupon; read them as CSV with the batch."""
    made, repeated = code_files.make_codes(
        scope=scope_of(request),
        definition=definition,
        count=given.count,
        note=given.note,
        reserved_for=given.reserved_for,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(200 if repeated else 201, batch_out(made))


@router.get("/coupon-definitions/{definition}/codes", response=PageOut[BatchOut], **needs("coupons.read"))
def list_batches(request: HttpRequest, definition: str, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """The batches of codes of a definition, newest first."""
    page = coupons.list_batches(
        brand_id=scope_of(request).brand_id, definition=definition, cursor=cursor, limit=limit
    )
    return page.map(batch_out)


@router.get("/coupon-batches/{batch_id}/codes.csv", include_in_schema=False, **needs("coupons.issue"))
def download_codes(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The codes of a batch and their states, as CSV."""
    scope = scope_of(request)
    batch = coupons.get_batch(brand_id=scope.brand_id, batch_id=batch_id)
    content = b"".join(code_files.codes_csv(brand_id=scope.brand_id, batch=batch))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{batch.definition}-codes.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


@router.post("/coupon-codes/lookup", response=CodeOut, **needs("coupons.use"))
def look_up_code(request: HttpRequest, given: CodeGiven) -> Any:
    """What a code is, whoever brings it, typed in whatever way; 404 for what is none."""
    scope, now = scope_of(request), clock.now()
    row = coupons.find_code(brand_id=scope.brand_id, code=given.code)
    made = coupons.get_definition(brand_id=scope.brand_id, key=row.definition)
    coupon = None
    if row.holder_id and row.coupon_id:
        held = coupons.get_coupon(brand_id=scope.brand_id, member_id=row.holder_id, coupon_id=row.coupon_id)
        coupon = _shown(scope, held, now)
    return code_out(row, made, coupon)


@router.post("/coupons/verifications", response={201: UsedOut, 200: UsedOut}, **needs("coupons.use"))
def verify(request: HttpRequest, given: VerifyGiven, idempotency_key: Key) -> Any:
    """Use a coupon at a store without a cart 核销, by its code or from a member's wallet. 409 says why not.

    A code that nobody has claimed yet needs the `member` who brings it.
    """
    scope, now = scope_of(request), clock.now()
    acted = flow.verify(
        scope=scope,
        store_id=finding.store_id(scope, given.store),
        key=idempotency_key,
        now=now,
        code=given.code or "",
        member_id=_holder(scope, given.member) if given.member else None,
        coupon_id=given.coupon_id,
        amount=given.amount,
        order=given.order,
    )
    shown = {
        "member_id": acted.held.coupon.member_id,
        "coupon": _shown(scope, acted.held, now),
    }
    return Status(200 if acted.repeated else 201, shown)


@router.get("/members/{member}/coupons", response=PageOut[CouponOut], **needs("coupons.read"))
def list_coupons(
    request: HttpRequest,
    member: finding.MemberPath,
    state: Annotated[str | None, Query(max_length=20)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """A member's coupons, newest first, each with why it cannot be used now."""
    scope, now = scope_of(request), clock.now()
    page = coupons.list_coupons(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        states=_states(state),
        cursor=cursor,
        limit=limit,
    )
    stores = finding.store_codes(scope)
    why = flow.reasons(scope=scope, held=page.items, now=now)
    return page.map(lambda held: coupon_out(held, stores, why.get(held.coupon.id)))


@router.post("/members/{member}/coupons", response={201: CouponOut, 200: CouponOut}, **needs("coupons.use"))
def claim(request: HttpRequest, member: finding.MemberPath, given: ClaimGiven, idempotency_key: Key) -> Any:
    """Claim a coupon for a member: from the claim centre, or by a code that she brings. 409 says why not."""
    scope, now = scope_of(request), clock.now()
    member_id = finding.member_id(scope, member)
    if (given.code is None) == (given.definition is None):
        raise invalid_field("code", "one_of", "definition 与 code 二选一", "Give either definition or code")
    if given.definition is not None:
        acted = flow.claim(
            scope=scope, member_id=member_id, definition=given.definition, key=idempotency_key, now=now
        )
    else:
        acted = flow.claim_code(
            scope=scope, member_id=member_id, code=given.code or "", key=idempotency_key, now=now
        )
    return Status(200 if acted.repeated else 201, _shown(scope, acted.held, now))


@router.post("/members/{member}/coupons/{coupon_id}/code", response=CouponOut, **needs("coupons.use"))
def show_code(request: HttpRequest, member: finding.MemberPath, coupon_id: UUID) -> Any:
    """The coupon with the code that a store can read or type; made when it is first asked for."""
    scope, now = scope_of(request), clock.now()
    held = coupons.show_code(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        coupon_id=coupon_id,
        now=now,
    )
    return _shown(scope, held, now)


@router.post("/members/{member}/coupons/{coupon_id}/undo", response=CouponOut, **needs("coupons.use"))
def undo(
    request: HttpRequest,
    member: finding.MemberPath,
    coupon_id: UUID,
    given: CommentGiven,
    idempotency_key: Key,
) -> Any:
    """Take a verification back while its time lasts (later it takes coupons.undo_late); budgets get theirs back."""
    scope, now = scope_of(request), clock.now()
    acted = flow.undo(
        scope=scope,
        member_id=finding.member_id(scope, member),
        coupon_id=coupon_id,
        key=idempotency_key,
        comment=given.comment,
        now=now,
    )
    return _shown(scope, acted.held, now)


@router.post("/members/{member}/coupons/{coupon_id}/void", response=CouponOut, **needs("coupons.issue"))
def void(
    request: HttpRequest,
    member: finding.MemberPath,
    coupon_id: UUID,
    given: CommentGiven,
    idempotency_key: Key,
) -> Any:
    """Make a coupon worthless that was not used. 409 `coupon_used`."""
    scope, now = scope_of(request), clock.now()
    acted = flow.void(
        scope=scope,
        member_id=finding.member_id(scope, member),
        coupon_id=coupon_id,
        key=idempotency_key,
        comment=given.comment,
        now=now,
    )
    return _shown(scope, acted.held, now)


@router.post("/members/{member}/coupons/{coupon_id}/gift", response={201: GiftOut}, **needs("coupons.use"))
def offer_gift(
    request: HttpRequest,
    member: finding.MemberPath,
    coupon_id: UUID,
    given: GiftGiven,
    idempotency_key: Key,
) -> Any:
    """Offer a coupon to whoever brings the token 转赠. It stays the member's, held, until it is taken."""
    scope, now = scope_of(request), clock.now()
    gift, held = flow.offer_gift(
        scope=scope,
        member_id=finding.member_id(scope, member),
        coupon_id=coupon_id,
        message=given.message,
        key=idempotency_key,
        now=now,
    )
    shown = _shown(scope, held, now)
    return Status(201, {"token": coupons.shown(gift.token), "expires_at": gift.expires_at, "coupon": shown})


@router.delete("/members/{member}/coupons/{coupon_id}/gift", response=CouponOut, **needs("coupons.use"))
def cancel_gift(request: HttpRequest, member: finding.MemberPath, coupon_id: UUID) -> Any:
    """Call a gift back. 409 `gift_gone` when somebody was faster."""
    scope, now = scope_of(request), clock.now()
    held = flow.cancel_gift(
        scope=scope, member_id=finding.member_id(scope, member), coupon_id=coupon_id, now=now
    )
    return _shown(scope, held, now)


@router.post("/members/{member}/gifts", response=CouponOut, **needs("coupons.use"))
def accept_gift(request: HttpRequest, member: finding.MemberPath, given: TokenGiven) -> Any:
    """A member takes a gift; again is the same. 409 `gift_gone`."""
    scope, now = scope_of(request), clock.now()
    held = flow.accept_gift(
        scope=scope, member_id=finding.member_id(scope, member), token=given.token, now=now
    )
    return _shown(scope, held, now)


@router.get("/budgets", response=ListOut[BudgetOut], **needs("coupons.read"))
def list_budgets(request: HttpRequest) -> Any:
    """The brand's budgets with what is taken and left in the present period, by store where they are per store."""
    scope, now = scope_of(request), clock.now()
    found = budgets.list_budgets(brand_id=scope.brand_id)
    stores = finding.store_codes(scope)
    ids = [store.id for store in organisations.stores_of(brand_id=scope.brand_id).values()]
    uses = budgets.list_use(brand_id=scope.brand_id, budgets=found, stores=ids, now=now)
    return {
        "items": [
            {
                **one.to_json(),
                "use": [
                    {
                        "store": stores.get(use.store_id) if use.store_id else None,
                        "period": use.period,
                        "taken": use.taken,
                        "left": use.left,
                        "alerted": use.alerted,
                    }
                    for use in uses[one.key]
                    if use.store_id is None or use.taken
                ],
            }
            for one in found
        ]
    }


def _shown(scope: Scope, held: Held, now: datetime) -> dict[str, Any]:
    why = flow.reasons(scope=scope, held=[held], now=now)
    return coupon_out(held, finding.store_codes(scope), why.get(held.coupon.id))


def _member(scope: Scope, text: str) -> UUID | Refusal:
    try:
        return finding.member_id(scope, text)
    except Refusal as refusal:
        return refusal


def _holder(scope: Scope, text: str) -> UUID:
    """A member, by her pass too."""
    if member_pass.is_one(text):
        return member_pass.read(brand_id=scope.brand_id, token=text, now=clock.now())
    return finding.member_id(scope, text)


def _states(state: str | None) -> list[str]:
    if state is None:
        return []
    if state not in STATES:
        shown = ", ".join(STATES)
        raise invalid_field("state", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
    return [state]
