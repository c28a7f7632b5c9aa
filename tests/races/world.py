"""What races act on: the shop of the stories with a running clock, and doors that are called from many threads."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.rest.shop import Caller
from tests.stories.world import PROGRAMME

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn, Receipt, RefundIn
from regulars.flows import value
from regulars.flows.intake import api as intake
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import NOT_FOR_KEYS
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger


@dataclass
class Rush:
    scope: Scope
    token: str
    opened: datetime
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def caller(self) -> Caller:
        """A client of its own for a thread."""
        return Caller(self.token)

    def member(self, points: int = 0) -> UUID:
        number = next(self._numbers)
        given = {
            "identities": [{"type": "phone", "value": f"138{number:08d}"}],
            "joined_at": self.opened.isoformat(),
        }
        id_ = UUID(self.caller().post("/members", given)["member_id"])
        if points:
            self.post(self.order(id_, f"start-{number}", points * 100, at=self.opened))
        return id_

    def order(self, member: UUID, number: str, *amounts: int, at: datetime | None = None) -> ActivityIn:
        lines = tuple(LineIn(sku=f"S{i}", amount=a) for i, a in enumerate(amounts))
        return ActivityIn(
            type="order",
            member=MemberRef(id=member),
            occurred_at=at or clock.now(),
            order=OrderIn(number=number, lines=lines),
        )

    def refund(self, member: UUID, number: str, of: str, at: datetime | None = None) -> ActivityIn:
        return ActivityIn(
            type="refund",
            member=MemberRef(id=member),
            occurred_at=at or clock.now(),
            refund=RefundIn(number=number, order=of),
        )

    def batch(self, *activities: ActivityIn) -> list[Receipt | Refusal]:
        return intake.post(scope=self.scope, activities=list(activities), now=clock.now())

    def post(self, activity: ActivityIn) -> Receipt:
        (answer,) = self.batch(activity)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def burn(self, member: UUID, amount: int, key: str) -> Receipt:
        return value.burn(
            scope=self.scope,
            member=MemberRef(id=member),
            unit="points",
            amount=amount,
            key=key,
            now=clock.now(),
        )

    def balance(self, member: UUID, unit: str = "points") -> tuple[int, int, int, int]:
        accounts = ledger.get_balances(brand_id=self.scope.brand_id, member_ids=[member]).get(member, {})
        account = accounts.get(unit)
        return (account.available, account.pending, account.held, account.debt) if account else (0, 0, 0, 0)

    def books_balance(self) -> None:
        assert ledger.reconcile_books() == []


def codes(outcomes: list[Any]) -> dict[str, int]:
    """How often what happened; an exception that is no refusal fails the test."""
    counted: dict[str, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, Refusal):
            raise outcome
        code = outcome.code if isinstance(outcome, Refusal) else "done"
        counted[code] = counted.get(code, 0) + 1
    return counted


def open_rush(units: Sequence[dict[str, Any]] = ()) -> Rush:
    now = clock.now()
    opened = now - timedelta(days=400)
    organisation = organisations.create_organisation(name=Text("茶", "Tea"), now=opened)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug="tea", name=Text("茶", "Tea"), now=opened
    )
    scope = Scope(organisation.id, brand.id, Actor("staff", new_id(), "Owner"), frozenset(PERMISSIONS))
    definition = copy.deepcopy(PROGRAMME)
    definition["units"][0]["expiry"] = {"kind": "rolling_months", "n": 24, "round_up": "month"}
    definition["units"] += units
    versions.install(scope=scope, definition=definition, effective_from=opened, now=opened)
    made = apikeys.create_key(
        scope=scope, name="till", permissions=frozenset(PERMISSIONS) - NOT_FOR_KEYS, now=now
    )
    return Rush(scope, made.token, opened)
