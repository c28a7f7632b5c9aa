"""What coupons' offers say: definitions are the room's, their offers are in the programme's language."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.flows import standing
from regulars.flows.standing import Standing
from regulars.kit.errors import ErrorList, Refusal, conflict
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope, Store
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import Offer
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Definition, Held

_log = logging.getLogger(__name__)
_MOST = 5_000
_compiled: dict[tuple[UUID, int, str, int], Offer | None] = {}


def put_definition(
    *,
    scope: Scope,
    definition: Mapping[str, Any],
    now: datetime,
    create: bool | None = None,
    revision: int | None = None,
) -> Definition:
    """Make a coupon definition or change one from its JSON, its offer read and its budgets known.

    Raises `invalid_input` naming every wrong field, `key_taken` and `changed_meanwhile` (409), `not_found`.
    """
    made = coupons.read_definition(definition)
    check_definition(scope=scope, made=made, now=now)
    return coupons.put_definition(scope=scope, made=made, now=now, create=create, revision=revision)


def check_definition(*, scope: Scope, made: Definition, now: datetime) -> None:
    """Refuse an offer that the programme in force cannot read, and tiers and budgets that are not there."""
    errors = ErrorList()
    known = {one.key for one in budgets.list_budgets(brand_id=scope.brand_id)}
    for n, key in enumerate(made.budgets):
        if key not in known:
            errors.add(f"budgets[{n}]", "unknown_budget", f"没有预算 {key}", f"There is no budget {key}")
    live = standing.live_of(scope, now)
    tiers = {tier.code for scheme in live.schemes for tier in scheme.tiers} if live else set()
    for tier in sorted(made.tiers - tiers):
        errors.add("claim.tiers", "unknown_tier", f"没有等级 {tier}", f"There is no tier {tier}")
    try:
        versions.compile_offer(
            brand_id=scope.brand_id,
            key=made.key,
            name=made.name,
            offer=dict(made.offer),
            budget=None,
            now=now,
        )
    except Refusal as refusal:
        if refusal.code != "invalid_input":
            raise
        errors.errors.extend(refusal.errors)
    errors.refuse()


def offer_of(programme: Programme, made: Definition) -> Offer | None:
    """A definition's offer, compiled once for each revision and version; None if the programme cannot read it now.

    What is not kept yet (revision 0) is read each time.
    """
    if made.revision == 0:
        return _read(programme, made)
    key = (programme.brand_id, programme.version, made.key, made.revision)
    if key not in _compiled:
        if len(_compiled) >= _MOST:
            _compiled.clear()
        _compiled[key] = _read(programme, made)
    return _compiled[key]


def tell(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> Text:
    """What a definition that is still being written says. Raises `invalid_input` naming every wrong field."""
    made = coupons.read_definition(definition)
    check_definition(scope=scope, made=made, now=now)
    return coupons.sentence(
        made, _offer_text(standing.live_of(scope, now), made), budgets=_budget_names(scope, [made])
    )


def _read(programme: Programme, made: Definition) -> Offer | None:
    budget = made.budgets[0] if made.budgets else None
    try:
        return rules.read_offer(
            programme, made.offer, key=made.key, name=made.name, budget=budget, path="offer"
        )
    except Refusal as refusal:
        _log.warning("the offer of coupon %s cannot be read: %s", made.key, refusal)
        return None


def sentences(*, scope: Scope, made: Iterable[Definition], now: datetime) -> dict[str, Text]:
    """Each definition in a sentence, by key: what it gives, when, how many there are and how it is had."""
    live, listed = standing.live_of(scope, now), list(made)
    names = _budget_names(scope, listed)
    return {one.key: coupons.sentence(one, _offer_text(live, one), budgets=names) for one in listed}


def _budget_names(scope: Scope, made: Iterable[Definition]) -> dict[str, Text]:
    """The names of the brand's budgets, asked for only where one is spoken of."""
    if not any(one.budgets for one in made):
        return {}
    return {budget.key: budget.name for budget in budgets.list_budgets(brand_id=scope.brand_id)}


def member_sentences(
    *, scope: Scope, made: Iterable[Definition], now: datetime, held: bool = False
) -> dict[str, Text]:
    """Each definition as members read it, by key: what it gives, without what only concerns the brand."""
    live = standing.live_of(scope, now)
    return {one.key: coupons.member_sentence(one, _offer_text(live, one), held=held) for one in made}


def reasons(*, scope: Scope, held: Iterable[Held], now: datetime) -> dict[UUID, tuple[str, Text]]:
    """Why coupons cannot be used now, by id: their state and dates first, then the days and hours of their offers.

    What goods, thresholds and stores an offer asks for is seen with a cart, or when it is verified.
    """
    live = standing.live_of(scope, now)
    found: dict[UUID, tuple[str, Text]] = {}
    for one in held:
        why = coupons.why_not(one, now)
        if why is not None:
            found[one.coupon.id] = (why, coupons.reason(why, one.definition))
            continue
        offer = offer_of(live, one.definition) if live else None
        shut = _shut(live, offer, now, None) if live and offer else None
        if shut is not None:
            found[one.coupon.id] = shut
    return found


def refuse_shut(
    *, scope: Scope, her: Standing, made: Definition, store_id: UUID | None, now: datetime
) -> None:
    """Refuse a use without a cart that the offer's days, hours, stores or members do not allow (409 `coupon_shut`)."""
    offer = offer_of(her.programme, made) if her.programme else None
    if her.programme is None or offer is None:
        return
    facts = rules.offer_facts(her.programme, her.state, at=now, fields=offer.fields_used)
    facts |= _store_facts(scope, store_id) | {"order.is_first": her.state.orders == 0}
    shut = _shut(her.programme, offer, now, facts)
    if shut is not None:
        code, said = shut
        raise conflict(
            "coupon_shut",
            f"“{made.name.zh}”现在不可用：{said.zh}",
            f"“{made.name.en}” cannot be used now: {said.en}",
            definition=made.key,
            reason=code,
        )


def _shut(
    programme: Programme, offer: Offer, now: datetime, facts: Mapping[str, Any] | None
) -> tuple[str, Text] | None:
    return pricing.why_not_alone(
        offer,
        at=now,
        timezone=programme.timezone,
        is_member_day=programme.shelf.is_member_day,
        facts=facts,
    )


def _store_facts(scope: Scope, store_id: UUID | None) -> dict[str, Any]:
    stores = organisations.stores_of(brand_id=scope.brand_id)
    store: Store | None = next((one for one in stores.values() if one.id == store_id), None)
    if store is None:
        return {"store.code": None}
    return {"store.code": store.code, "store.region": store.region or None, "store.tags": store.tags}


def _offer_text(programme: Programme | None, made: Definition) -> Text | None:
    offer = offer_of(programme, made) if programme else None
    if programme is None or offer is None:
        return None
    return Text(rules.describe(offer, programme, "zh"), rules.describe(offer, programme, "en"))
