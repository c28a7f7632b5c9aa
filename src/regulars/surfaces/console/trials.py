"""A draft tried on a real member before anything is published; nothing is written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.facts.members import api as members
from regulars.flows.trial import Trial, try_definition
from regulars.kit import clock
from regulars.kit.errors import invalid_field
from regulars.kit.text import Text
from regulars.programme.rules.types import Decision, Programme
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import wording
from regulars.surfaces.console.asking import member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.programme import TryEarnOut, TryIn, TryLineIn, TryOut, TryRuleOut

router = Router(tags=["Programme"])
_PENDING = {
    "delivered": Text("签收后可用", "usable when delivered"),
    "later": Text("{day} 可用", "usable from {day}"),
}
_TAG = {False: Text("打上标签 {tag}", "tag {tag}"), True: Text("去掉标签 {tag}", "untag {tag}")}


@router.post("/programme/try", response=TryOut, **needs("programme.read"))
def try_draft(request: HttpRequest, given: TryIn) -> Any:
    """What a definition would do with one of her activities, or with an order made up, beside what is live."""
    scope, now, said = scope_of(request), clock.now(), language(request)
    scope.require("members.read")
    naming = Naming(scope, said, now)
    member_id = member_id_of(scope, given.member)
    made_up = None
    if given.activity is None:
        made_up = ActivityIn(
            type=given.type,
            member=MemberRef(id=member_id),
            occurred_at=given.occurred_at or now,
            source="trial",
            store=given.store or None,
            channel=given.channel or None,
            key="trial",
            order=_order(given.lines) if given.type == "order" else None,
            data=given.data or None,
        )
    trial = try_definition(
        scope=scope,
        definition=given.definition,
        member_id=member_id,
        now=now,
        language=said,
        activity_id=uuid_of(given.activity, Text("行为记录", "Activity")) if given.activity else None,
        made_up=made_up,
    )
    code, name = members.names_of(scope=scope, member_ids=[member_id])[member_id]
    return TryOut(
        member=code,
        member_name=name,
        earns=_earns(naming, trial),
        rules=_rules(naming, trial),
        tags=[_TAG[one.remove].format(tag=one.tag).in_language(said) for one in trial.decision.tags],
        tier_steps=[
            _step(naming, trial.draft, one.scheme, one.tier, one.steps) for one in trial.decision.tier_steps
        ],
        live_totals=_totals(trial.live),
        draft_totals=_totals(trial.decision),
    )


def _order(lines: list[TryLineIn]) -> OrderIn:
    if not lines:
        raise invalid_field("lines", "empty", "请至少填写一件商品", "Give at least one line")
    made = []
    for number, line in enumerate(lines):
        try:
            quantity = Decimal(line.quantity)
        except InvalidOperation:
            quantity = Decimal(0)
        if not quantity.is_finite() or quantity <= 0:
            raise invalid_field(
                f"lines[{number}].quantity", "bad_quantity", "数量须大于 0", "Must be above 0"
            )
        made.append(
            LineIn(
                sku=line.sku or f"line-{number + 1}",
                amount=line.amount,
                quantity=quantity,
                name=line.name,
                category=line.category,
                department=line.department,
                brand=line.brand,
            )
        )
    return OrderIn(number="trial", lines=tuple(made))


def _totals(decision: Decision) -> dict[str, int]:
    sums: dict[str, int] = {}
    for earn in decision.earns:
        sums[earn.unit] = sums.get(earn.unit, 0) + earn.amount
    return sums


def _earns(naming: Naming, trial: Trial) -> list[TryEarnOut]:
    found = []
    for earn in trial.decision.earns:
        pending = ""
        if earn.pending_until == "delivered":
            pending = naming.say(_PENDING["delivered"])
        elif earn.pending_until is not None:
            pending = naming.say(_PENDING["later"].format(day=f"{earn.pending_until:%Y-%m-%d}"))
        unit = trial.draft.units.get(earn.unit)
        found.append(
            TryEarnOut(
                rule=earn.rule,
                rule_name=naming.rule(earn.rule, trial.draft)[0],
                unit=earn.unit,
                unit_name=naming.say(unit.name) if unit else earn.unit,
                amount=earn.amount,
                pending=pending,
                expires_at=earn.expires_at,
            )
        )
    return found


def _rules(naming: Naming, trial: Trial) -> list[TryRuleOut]:
    found = []
    for outcome, sentence in zip(trial.decision.outcomes, trial.sentences, strict=True):
        name = naming.rule(outcome.rule, trial.draft)[0]
        said = wording.without_name(sentence, name)
        found.append(
            TryRuleOut(
                rule=outcome.rule,
                name=name,
                fired=outcome.fired,
                reason_text="" if outcome.fired else said,
                effects=[said] if outcome.fired else [],
            )
        )
    return found


def _step(naming: Naming, draft: Programme, scheme_key: str, tier: str | None, steps: int) -> str:
    scheme = next((one for one in draft.schemes if one.key == scheme_key), None)
    wanted = next((one for one in scheme.tiers if one.code == tier), None) if scheme else None
    if wanted is not None:
        return naming.say(Text("升到{t}", "up to {t}").format(t=wanted.name))
    return naming.say(Text("升 {n} 级", "{n} steps up").format(n=steps))
