"""Try a definition on a real member, with one of her real orders or one made up, before anything is published.

Nothing is written. Her state is replayed to the instant of the order as history recorded it; the draft and the live
programme then decide the same order from the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.activity import api as activities
from regulars.facts.activity import store as activity_store
from regulars.facts.activity.types import ActivityIn
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.flows import effects, known
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.load import event_of
from regulars.flows.intake.prepare import prepare
from regulars.flows.intake.progress import fresh_state
from regulars.flows.intake.repair import replay
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.api import decide, explain_outcome, facts_of
from regulars.programme.rules.types import Act, BudgetRoom, Decision, MemberState, Programme
from regulars.programme.versions import api as versions
from regulars.value.ledger.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Trial:
    """The activity under the draft and under what is live; `sentences` says each of the draft's outcomes."""

    act: Act
    state: MemberState
    tier: str
    draft: Programme
    decision: Decision
    sentences: tuple[str, ...]
    live: Decision


def try_definition(
    *,
    scope: Scope,
    definition: Any,
    member_id: UUID,
    now: datetime,
    language: Language,
    activity_id: UUID | None = None,
    made_up: ActivityIn | None = None,
) -> Trial:
    """Decide one activity by the draft and by what is live. Needs `activity_id` (a real one) or one made up.

    Raises `invalid_input` for a definition or activity that is wrong, `not_found`.
    """
    draft = versions.compile_definition(brand_id=scope.brand_id, definition=definition, now=now)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    if activity_id is not None:
        row = activities.get_activity(brand_id=brand.id, member_id=member_id, activity_id=activity_id)
        act = event_of(brand, row).act
    elif made_up is not None:
        stores = organisations.stores_of(brand_id=brand.id, codes={made_up.store} if made_up.store else ())
        declared = activities.declared_types(brand_id=brand.id)
        latest = max(now, made_up.occurred_at)
        act = prepare(0, made_up, brand=brand, stores=stores, declared=declared, now=latest).act
    else:
        raise invalid_field(
            "activity", "required", "请选择或填写一笔行为", "choose an activity or make one up"
        )
    state, tier = _state_before(scope, member_id, act, activity_id, now)
    live = versions.in_force(brand_id=brand.id, now=now).at(act.occurred_at)
    fields = draft.fields_used | live.fields_used
    state.facts.update(known.of_member(brand=brand, member_id=member_id, fields=fields, now=now))
    state.budgets = _left(brand.id, draft.budgets | live.budgets, act, now)
    decision = decide(draft, state, act)
    facts = facts_of(draft, state, act)
    return Trial(
        act=act,
        state=state,
        tier=tier,
        draft=draft,
        decision=decision,
        sentences=tuple(
            explain_outcome(
                outcome, draft, language, earns=decision.earns, facts=facts, grants=decision.grants
            )
            for outcome in decision.outcomes
        ),
        live=decide(live, state, act),
    )


def _left(brand_id: UUID, keys: frozenset[str], act: Act, now: datetime) -> Mapping[str, BudgetRoom] | None:
    """What the budgets have now: a trial takes nothing from them, and gives no more than there is."""
    if not keys:
        return None
    store = (
        organisations.stores_of(brand_id=brand_id, codes={act.store}).get(act.store) if act.store else None
    )
    store_id = store.id if store else None
    left = effects.budgets_left(brand_id=brand_id, keys=keys, stores={store_id}, now=now, none_of=frozenset())
    return left.at(store_id)


def _state_before(
    scope: Scope, member_id: UUID, act: Act, until: UUID | None, now: datetime
) -> tuple[MemberState, str]:
    """The member's state just before the order, by her recorded history."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with connection.cursor() as cursor:
        row = states.read(cursor, brand_id=brand.id, member_id=member_id)
        if row is None:
            raise not_found(Text("会员", "Member"))
        history = activity_store.history(cursor, brand_id=brand.id, member_ids=[member_id])[member_id]
    in_force = versions.in_force(brand_id=brand.id, now=now)
    personal = members.personal_facts(member_ids=[member_id]).get(member_id)
    codes = {s.id: code for code, s in organisations.stores_of(brand_id=brand.id).items()}
    fold = Fold(fresh_state(row, personal, codes), Wallet({}, []), in_force.at)
    earlier = [
        event_of(brand, past)
        for past in history
        if past.id != until and (past.occurred_at, past.id) < (act.occurred_at, until or past.id)
    ]
    replay(fold, earlier, decided_until=None)
    programme = in_force.at(act.occurred_at)
    fold.advance(programme, act.occurred_at)
    first = programme.schemes[0].key if programme.schemes else ""
    standing = fold.state.tiers.get(first)
    return fold.state, standing.tier if standing else ""
