"""Activities: post one or many, read them, have them explained.

The two posting operations are the hot path: bodies are parsed strictly by msgspec, receipts written by it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import StringConstraints

from regulars.facts.activity import api as activities
from regulars.facts.activity.records import ActivityRow, receipt
from regulars.facts.activity.types import ActivityIn, Receipt
from regulars.flows import posting
from regulars.flows.intake import api as intake
from regulars.flows.intake.api import Result
from regulars.kit import clock
from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Language
from regulars.platform.organisations.types import Scope
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Earn, Outcome, Programme
from regulars.programme.versions import api as versions
from regulars.surfaces.access import language
from regulars.surfaces.bodies import decode, refuse_nul
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.ledger_shapes import EntryOut
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, PageOut
from regulars.value.ledger import api as ledger

router = Router(tags=["Activities"])
MOST = 10_000


class _Batch(msgspec.Struct, forbid_unknown_fields=True):
    activities: list[msgspec.Raw]


_one = msgspec.json.Decoder(ActivityIn)
_many = msgspec.json.Decoder(_Batch)
_encode = msgspec.json.Encoder().encode
_SCHEMA = "#/components/schemas"
_RECEIPT = {"application/json": {"schema": {"$ref": f"{_SCHEMA}/Receipt"}}}
_EXAMPLE = {
    "type": "order",
    "member": {"identity": {"type": "phone", "value": "+8613800138000"}},
    "occurred_at": "2026-05-01T12:00:00+08:00",
    "source": "pos",
    "store": "S1",
    "channel": "store",
    "order": {
        "number": "POS-20260501-0001",
        "lines": [
            {"sku": "LATTE-L", "name": "拿铁 大杯", "category": "coffee", "quantity": 2, "amount": 6400}
        ],
    },
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "description": "The same key with the same body answers the first receipt, with another body 409. "
    "Orders and refunds may do without: their number per source serves.",
}
RECEIPTS: dict[Any, Any] = {
    201: {"description": "The receipt", "content": _RECEIPT},
    200: {"description": "It came before: its first receipt, `duplicate` set", "content": _RECEIPT},
}


@router.post(
    "/activities",
    **needs(
        "activities.write",
        {
            "parameters": [_KEY],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": f"{_SCHEMA}/ActivityIn"}, "example": _EXAMPLE}
                },
            },
            "responses": RECEIPTS,
        },
    ),
)
def post_activity(request: HttpRequest) -> HttpResponse:
    """Post one thing that a member did. The receipt says what each rule gave, and why the others gave nothing."""
    scope = scope_of(request)
    given = _parse(scope, request.body)
    key = request.headers.get("Idempotency-Key")
    if key is not None:
        given = _with_key(given, key)
    if scope.test_mode:  # must stay in this request's transaction, which will be rolled back
        result = posting.post(scope=scope, activities=[given], now=clock.now())[0]
    else:
        result = posting.post_one(scope=scope, activity=given, now=clock.now())
    if isinstance(result, Refusal):
        raise result
    return answer(result)


@router.post(
    "/activities/batch",
    **needs(
        "activities.write",
        {
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"$ref": f"{_SCHEMA}/ActivityBatch"},
                        "example": {"activities": [_EXAMPLE]},
                    }
                },
            },
            "responses": {
                200: {
                    "description": "A receipt or a problem for each, in order",
                    "content": {"application/json": {"schema": {"$ref": f"{_SCHEMA}/ActivityBatchResult"}}},
                }
            },
        },
    ),
)
def post_activities(request: HttpRequest) -> HttpResponse:
    """Post up to 10 000 activities. One bad item loses none of the others; each says its own idempotency `key`."""
    scope = scope_of(request)
    raw = decode(_many, request.body).activities
    if not 1 <= len(raw) <= MOST:
        raise invalid_field("activities", "bad_length", f"须为 1–{MOST} 条", f"From 1 to {MOST}")
    results: list[Result | None] = [None] * len(raw)
    ready: list[tuple[int, ActivityIn]] = []
    for n, one in enumerate(raw):
        try:
            ready.append((n, _parse(scope, bytes(one))))
        except Refusal as refusal:
            results[n] = refusal
    posted = posting.post(scope=scope, activities=[given for _, given in ready], now=clock.now())
    for (n, _), result in zip(ready, posted, strict=True):
        results[n] = result
    said = language(request)
    items = [
        {"problem": result.to_problem(said)} if isinstance(result, Refusal) else {"receipt": result}
        for result in results
    ]
    return HttpResponse(_encode({"items": items}), content_type="application/json")


def _parse(scope: Scope, body: bytes) -> ActivityIn:
    refuse_nul(body)
    given = decode(_one, body)
    if given.type == "burn":
        scope.require("ledger.burn")
    return given


def _with_key(given: ActivityIn, key: str) -> ActivityIn:
    if not 1 <= len(key) <= 128 or not key.isprintable():
        raise invalid_field(
            "Idempotency-Key", "bad_key", "须为 1–128 个可见字符", "1 to 128 printable characters"
        )
    if given.key is not None and given.key != key:
        raise invalid_field(
            "key", "two_keys", "与 Idempotency-Key 头不一致", "Differs from the Idempotency-Key header"
        )
    return msgspec.structs.replace(given, key=key)


def answer(given: Receipt) -> HttpResponse:
    """The receipt, 201, or 200 for one that had been given before."""
    return HttpResponse(
        _encode(given), status=200 if given.duplicate else 201, content_type="application/json"
    )


class ActivityOut(Schema):
    """One thing that a member did, as it stands now: late data may have changed what it earned since it was posted.

    `amount`: net amount of an order in minor units, negative for a refund. `body` is what came in.
    """

    id: UUID
    member_id: UUID
    type: str
    status: Literal["applied", "waiting"]
    occurred_at: datetime
    recorded_at: datetime
    source: str
    channel: str
    store: str | None
    subject: str
    amount: int
    version: int
    actor: str
    body: dict[str, Any]
    receipt: dict[str, Any]


class OutcomeOut(Schema):
    """What one rule did, in a sentence."""

    rule: str
    fired: bool
    reason: str
    sentence: str


class ExplanationOut(Schema):
    activity: ActivityOut
    outcomes: list[OutcomeOut]
    entries: list[EntryOut]
    notes: list[dict[str, Any]]


Types = Annotated[
    str,
    Query(description="only these types, separated by commas"),
    StringConstraints(max_length=400, pattern=r"^[^\x00]*$"),
]


@router.get("/members/{member}/activities", response=PageOut[ActivityOut], **needs("activities.read"))
def list_activities(
    request: HttpRequest,
    member: finding.MemberPath,
    types: Types = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """What a member did, newest first."""
    scope = scope_of(request)
    page = activities.list_activities(
        brand_id=scope.brand_id,
        member_id=finding.member_id(scope, member),
        types=[t for t in types.split(",") if t],
        cursor=cursor,
        limit=limit,
    )
    stores = finding.store_codes(scope)
    return page.map(lambda row: _out(row, stores))


@router.get("/members/{member}/activities/{activity_id}", response=ActivityOut, **needs("activities.read"))
def get_activity(request: HttpRequest, member: finding.MemberPath, activity_id: UUID) -> Any:
    """One activity with its newest effects."""
    scope = scope_of(request)
    return _out(_row(scope, member, activity_id), finding.store_codes(scope))


@router.get(
    "/members/{member}/activities/{activity_id}/explanation",
    response=ExplanationOut,
    **needs("activities.read"),
)
def explain_activity(request: HttpRequest, member: finding.MemberPath, activity_id: UUID) -> Any:
    """Why an activity earned what it earned: every rule in a sentence, and what moved in the ledger."""
    scope = scope_of(request)
    row = _row(scope, member, activity_id)
    entries = ledger.entries_of_activity(member_id=row.member_id, activity_id=row.id)
    return {
        "activity": _out(row, finding.store_codes(scope)),
        "outcomes": _outcomes(scope, row, language(request)),
        "entries": [finding.plain(entry) for entry in entries],
        "notes": list(msgspec.to_builtins(row.stored().notes)),
    }


def _row(scope: Scope, member: str, activity_id: UUID) -> ActivityRow:
    return activities.get_activity(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), activity_id=activity_id
    )


def _out(row: ActivityRow, stores: Any) -> dict[str, Any]:
    shown = receipt(activity_id=row.id, member_id=row.member_id, status=row.status, stored=row.stored())
    return {
        **finding.plain(row),
        "store": stores.get(row.store_id),
        "body": msgspec.json.decode(row.body),
        "receipt": msgspec.to_builtins(shown),
    }


def _outcomes(scope: Scope, row: ActivityRow, said: Language) -> list[dict[str, Any]]:
    stored = row.stored()
    programme = _programme(scope, stored.version)
    earns = [Earn(e.rule, e.unit, e.amount, e.shares, None, e.expires_at) for e in stored.earns]
    outcomes = []
    grants = intake.grants_of(stored=stored)
    for kept in stored.outcomes:
        outcome = Outcome(kept.rule, not kept.reason, kept.reason, kept.detail)
        sentence = (
            rules.explain_outcome(outcome, programme, said, earns=earns, grants=grants)
            if programme
            else kept.reason
        )
        outcomes.append(
            {"rule": kept.rule, "fired": outcome.fired, "reason": kept.reason, "sentence": sentence}
        )
    return outcomes


def _programme(scope: Scope, number: int) -> Programme | None:
    """The version that decided."""
    history = versions.in_force(brand_id=scope.brand_id, now=clock.now())
    return next((p for p in history.programmes if p.version == number), None)
