"""What a coupon's offer says and whether it is read: offers are the programme's language, definitions the room's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Definition


def put_definition(
    *,
    scope: Scope,
    definition: Mapping[str, Any],
    now: datetime,
    create: bool | None = None,
    revision: int | None = None,
) -> Definition:
    """Make a coupon definition or change one from its JSON, the offer read and its budgets known.

    Raises `invalid_input` naming every wrong field, `key_taken` and `changed_meanwhile` (409), `not_found`.
    """
    made = coupons.read_definition(definition)
    check_offer(scope, made, now)
    return coupons.put_definition(scope=scope, made=made, now=now, create=create, revision=revision)


def check_offer(scope: Scope, made: Definition, now: datetime) -> None:
    """Refuse an offer that the programme in force cannot read, and budgets that are not there."""
    errors = ErrorList()
    known = {one.key for one in budgets.list_budgets(brand_id=scope.brand_id)}
    for n, key in enumerate(made.budgets):
        if key not in known:
            errors.add(f"budgets[{n}]", "unknown_budget", f"没有预算 {key}", f"There is no budget {key}")
    errors.refuse()


def sentences(*, scope: Scope, made: Sequence[Definition], now: datetime) -> dict[str, Text]:
    """Each definition in a sentence, by key."""
    return {one.key: coupons.sentence(one) for one in made}
