"""A mall of a brand with the retail programme, and members with points."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.stories.world import PROGRAMME

from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows import payments as paying
from regulars.flows.intake import api as intake
from regulars.flows.mall import api as mall
from regulars.flows.mall.api import Redeemed
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.payments import api as payments
from regulars.platform.payments.types import PaymentStatus
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import Address, Redemption, Reward

HOME = Address("张小明", "13800138000", "上海市", "南京西路 1 号")
_numbers = itertools.count(1)


@dataclass
class Mall:
    scope: Scope
    opened: datetime
    now: datetime
    _keys: Any = field(default_factory=lambda: itertools.count(1))

    def member(self, points: int = 0) -> UUID:
        number = next(_numbers)
        row = Enrolment(identities=(IdentityIn("phone", f"137{number:08d}"),), joined_at=self.opened)
        [answer] = enrol.enrol(scope=self.scope, rows=[row], now=self.opened)
        assert not isinstance(answer, Refusal)
        member = answer.enrolled.member_id
        if points:
            self.earn(member, points, self.opened)
        return member

    def earn(self, member: UUID, points: int, at: datetime) -> None:
        order = OrderIn(number=f"N{next(_numbers)}", lines=(LineIn(sku="A", amount=points * 100),))
        given = ActivityIn("order", MemberRef(id=member), at, source="pos", order=order)
        [answer] = intake.post(scope=self.scope, activities=[given], now=max(at, self.now))
        assert not isinstance(answer, Refusal), answer

    def reward(self, key: str = "mug", *, stock: int | None = None, **given: Any) -> Reward:
        definition = {
            "key": key,
            "state": "active",
            "name": {"zh": "马克杯", "en": "Mug"},
            "kind": "goods",
            "price": {"unit": "points", "points": 100},
            **given,
        }
        made = rewards.apply_definition(scope=self.scope, definition=definition, now=self.now)
        if stock is not None:
            made = rewards.set_stock(scope=self.scope, key=key, stock_total=stock, now=self.now)
        return made

    def left(self, key: str = "mug") -> int | None:
        return rewards.get_reward(scope=self.scope, key=key, now=self.now).left

    def redeem(self, member: UUID, reward: str = "mug", **given: Any) -> Redeemed:
        given.setdefault("key", f"k{next(self._keys)}")
        given.setdefault("now", self.now)
        return mall.redeem(scope=self.scope, member_id=member, reward=reward, **given)

    def balance(self, member: UUID, unit: str = "points") -> tuple[int, int, int, int]:
        accounts = ledger.get_balances(brand_id=self.scope.brand_id, member_ids=[member]).get(member, {})
        one = accounts.get(unit)
        return (one.available, one.pending, one.held, one.debt) if one else (0, 0, 0, 0)

    def lots(self, member: UUID) -> list[tuple[int, int, datetime | None]]:
        found = ledger.list_lots(
            brand_id=self.scope.brand_id, member_id=member, unit="points", open_only=True
        )
        return [(lot.amount, lot.remaining, lot.expires_at) for lot in found]

    def as_member(self, member: UUID) -> Scope:
        actor = Actor("member", member, "member")
        return Scope(self.scope.organisation_id, self.scope.brand_id, actor, frozenset())

    def pay(self, order: Redemption, now: datetime | None = None) -> Redemption:
        """What happens when the provider says that it was paid."""
        payment = mall.payment_of(order)
        assert payment is not None
        said = PaymentStatus(
            "paid", amount=payment.amount, currency=payment.currency, paid_at=now or self.now
        )
        paying._note(payment, said, now or self.now)
        return rewards.get_order(scope=self.scope, member_id=order.member_id, redemption_id=order.id)

    def money_back(self, order: Redemption) -> int:
        """What of its payment is paid back, or on its way."""
        payment = mall.payment_of(order)
        return payment.refunded + payment.refunding if payment else 0

    def books_balance(self) -> None:
        assert ledger.reconcile_books() == []


def open_mall(now: datetime) -> Mall:
    opened = now - timedelta(days=90)
    organisation = organisations.create_organisation(name=Text("茶", "Tea"), now=opened)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug=f"tea-{next(_numbers)}", name=Text("茶", "Tea"), now=opened
    )
    stores = [NewStore("S1", Text("一店", "First")), NewStore("S2", Text("二店", "Second"))]
    organisations.put_stores(brand_id=brand.id, stores=stores, now=opened)
    scope = Scope(organisation.id, brand.id, Actor("staff", new_id(), "Owner"), frozenset(PERMISSIONS))
    sessions = {
        "code": "sessions",
        "name": {"zh": "次卡", "en": "Sessions"},
        "kind": "sessions",
        "claw_back": "balance",
    }
    programme = {**PROGRAMME, "units": [*PROGRAMME["units"], sessions]}
    versions.install(scope=scope, definition=programme, effective_from=opened, now=opened)
    payments.put_account(
        scope=scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "ask"},
        now=now,
    )
    return Mall(scope, opened, now)
