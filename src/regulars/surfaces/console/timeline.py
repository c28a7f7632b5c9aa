"""The right half of a member's page: what she did, why it gave what it gave, her ledger, her tiers."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from regulars.facts.activity import api as activities
from regulars.facts.activity.records import ActivityRow, Stored, decode_body
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Outcome, Programme
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import orders, wording
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import (
    ActivityOut,
    ChangeOut,
    EntryOut,
    RuleWhyOut,
    TierChangeOut,
    WhyOut,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import KIND_NAMES, EntryRow
from regulars.value.tiers import api as tiers

router = Router(tags=["Timeline"])
_ACTIVITY = Text("行为记录", "Activity")


class TypesIn(Schema):
    """Of these types only, if any are given."""

    type: list[Annotated[str, Field(max_length=64)]] = Field([], max_length=40)


@router.get("/members/{code}/timeline", response=PageOut[ActivityOut], **needs("activities.read"))
def get_timeline(
    request: HttpRequest,
    code: Code,
    given: Query[TypesIn],
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """What she did, newest first; of these types only, if any are given."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = activities.list_activities(
        brand_id=scope.brand_id,
        member_id=member_id_of(scope, code),
        types=given.type,
        cursor=cursor,
        limit=limit,
    )
    return PageOut[ActivityOut](
        items=[activity_out(naming, row) for row in page.items], next_cursor=page.next_cursor
    )


@router.get("/members/{code}/activities/{activity_id}", response=WhyOut, **needs("activities.read"))
def get_why(request: HttpRequest, code: Code, activity_id: Code) -> Any:
    """One activity whole: every rule of the version that decided it, every entry it made."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    member_id = member_id_of(scope, code)
    row = activities.get_activity(
        brand_id=scope.brand_id, member_id=member_id, activity_id=uuid_of(activity_id, _ACTIVITY)
    )
    stored = row.stored()
    entries = (
        ledger.entries_of_activity(member_id=member_id, activity_id=row.id)
        if scope.allows("ledger.read")
        else []
    )
    programme = naming.version(stored.version)
    given = decode_body(row)
    return WhyOut(
        activity=activity_out(naming, row),
        version=stored.version,
        rules=_rules(naming, stored, programme),
        entries=[entry_out(naming, entry) for entry in entries],
        notes=wording.notes(naming, stored.notes, programme),
        redecided=stored.version != row.version,
        order=orders.order_of(naming, row, stored) if row.type in ("order", "refund") else None,
        data=dict(given.data or {}) if row.type not in wording.INTERNAL else {},
    )


@router.get("/members/{code}/entries", response=PageOut[EntryOut], **needs("ledger.read"))
def list_entries(
    request: HttpRequest,
    code: Code,
    unit: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Her ledger, newest recorded first."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = ledger.list_entries(
        brand_id=scope.brand_id, member_id=member_id_of(scope, code), unit=unit, cursor=cursor, limit=limit
    )
    return PageOut[EntryOut](
        items=[entry_out(naming, entry) for entry in page.items], next_cursor=page.next_cursor
    )


@router.get("/members/{code}/tiers", response=list[TierChangeOut], **needs("members.read"))
def list_tier_changes(request: HttpRequest, code: Code) -> Any:
    """The history of her tiers, newest first (200 at most)."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = tiers.list_history(scope=scope, member_id=member_id_of(scope, code), limit=200)
    found = []
    for row in page.items:
        tier = naming.tier(row.tier, row.scheme)
        assert tier is not None
        found.append(
            TierChangeOut(
                scheme=row.scheme,
                previous=naming.tier(row.previous, row.scheme),
                tier=tier,
                reason=row.reason,
                reason_name=naming.say(wording.MOVES.get(row.reason, Text(row.reason, row.reason))),
                comment=row.comment,
                actor=row.actor,
                ends_at=row.ends_at,
                occurred_at=row.occurred_at,
            )
        )
    return found


def activity_out(naming: Naming, row: ActivityRow) -> ActivityOut:
    """A line of the timeline."""
    stored = row.stored()
    given = decode_body(row)
    return ActivityOut(
        id=str(row.id),
        type=row.type,
        type_name=naming.type(row.type),
        status=row.status,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        source=row.source,
        channel=row.channel,
        store=naming.store(row.store_id),
        subject=row.subject,
        amount=row.amount,
        actor=row.actor,
        version=stored.version,
        changes=[
            ChangeOut(unit=unit, name=naming.unit(unit), amount=amount, money=naming.is_money(unit))
            for unit, amount in stored.earned.items()
            if amount
        ],
        tier=_tier_reached(naming, stored),
        fired=sum(1 for outcome in stored.outcomes if not outcome.reason),
        lines=len(given.order.lines) if given.order else 0,
    )


def entry_out(naming: Naming, entry: EntryRow) -> EntryOut:
    kind = KIND_NAMES.get(entry.kind, Text(entry.kind, entry.kind))
    rule_name = naming.rule(entry.rule, naming.version(entry.version))[0] if entry.rule else ""
    return EntryOut(
        id=str(entry.id),
        unit=entry.unit,
        unit_name=naming.unit(entry.unit),
        money=naming.is_money(entry.unit),
        kind=entry.kind,
        kind_name=naming.say(kind),
        account=entry.account,
        contra=entry.contra,
        amount=entry.amount,
        balance_after=entry.balance_after,
        rule=entry.rule,
        rule_name=rule_name,
        version=entry.version,
        activity_id=str(entry.activity_id) if entry.activity_id else None,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
    )


def _tier_reached(naming: Naming, stored: Stored) -> str | None:
    """The tier after an activity that moved it, as its notes tell; None where it stayed."""
    for effect in stored.effects:
        if effect.get("kind") == "tier_step":
            scheme = str(effect.get("scheme", ""))
            tier = naming.tier(stored.tier.get(scheme, ""), scheme)
            return tier.name if tier else None
    return None


def _rules(naming: Naming, stored: Stored, programme: Programme | None) -> list[RuleWhyOut]:
    """The fired ones first, each with what it gave."""
    found = []
    for outcome in stored.outcomes:
        name, sentence = naming.rule(outcome.rule, programme)
        fired = not outcome.reason
        reason_text = ""
        if not fired and programme is not None:
            said = rules.explain_outcome(
                Outcome(outcome.rule, fired=False, reason=outcome.reason, detail=outcome.detail),
                programme,
                naming.language,
            )
            reason_text = wording.without_name(said, name)
        found.append(
            RuleWhyOut(
                rule=outcome.rule,
                name=name,
                fired=fired,
                sentence=sentence,
                reason=outcome.reason,
                reason_text=reason_text,
                effects=_effects(naming, stored, outcome.rule) if fired else [],
            )
        )
    return sorted(found, key=lambda one: not one.fired)


def _effects(naming: Naming, stored: Stored, rule: str) -> list[str]:
    sums: dict[str, int] = {}
    for earn in stored.earns:
        if earn.rule == rule:
            sums[earn.unit] = sums.get(earn.unit, 0) + earn.amount
    return [f"+{amount:,} {naming.unit(unit)}" for unit, amount in sums.items()]
