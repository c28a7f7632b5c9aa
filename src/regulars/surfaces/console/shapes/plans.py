"""Shapes of plans, subscribers, payments and payment accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from regulars.surfaces.console.shapes.members import KeyIn
from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape, TextIO
from regulars.surfaces.plan_views import (
    PaymentView,
    PeriodName,
    PeriodView,
    PlanView,
    SavingsView,
    SubscriptionView,
)


class PlanOut(Shape):
    """A plan as a list shows it, with how many have it; `definition` is what the editor edits."""

    plan: PlanView
    definition: dict[str, Any]
    subscribers: int
    by_state: dict[str, int]
    worth: int
    worth_shown: str


class PlanChoicesOut(Shape):
    """What the editor offers. `benefits` are those of the programme that a plan can share."""

    periods: list[ChoiceOut]
    states: list[ChoiceOut]
    subscription_states: list[ChoiceOut]
    benefit_kinds: list[str]
    benefits: list[ChoiceOut]
    payment_states: list[ChoiceOut]
    providers: list[ChoiceOut]


class PlanDefinitionIn(Shape):
    definition: dict[str, Any]


class PlanStateIn(Shape):
    state: Literal["draft", "active", "paused", "ended"]


class SubscriberOut(Shape):
    """A subscription in a list, with whose it is."""

    code: str
    name: str
    subscription: SubscriptionView


class ActOut(Shape):
    kind: str
    actor: str
    at: datetime
    data: dict[str, Any]


class MemberPlanOut(Shape):
    """A member's plan, what it saved her, what waits, what was before and who did what."""

    subscription: SubscriptionView | None
    savings: SavingsView
    payment: PaymentView | None
    receipts: list[PeriodView]
    past: list[SubscriptionView]
    acts: list[ActOut]
    plans: list[PlanView]


class BuyIn(KeyIn):
    plan: Annotated[str, Field(min_length=1, max_length=40)]
    period: PeriodName
    auto_renew: bool | None = None
    account: Annotated[str | None, Field(max_length=40)] = None
    channel: Literal["native", "h5", "page"] | None = None


class TrialIn(KeyIn):
    plan: Annotated[str, Field(min_length=1, max_length=40)]


class ChangeIn(KeyIn):
    plan: Annotated[str, Field(min_length=1, max_length=40)]
    period: PeriodName
    channel: Literal["native", "h5", "page"] | None = None


class RenewalIn(KeyIn):
    on: bool


class TransferIn(KeyIn):
    """`to` is the other member's code."""

    to: Annotated[str, Field(min_length=1, max_length=64)]


class LeaveIn(KeyIn):
    reason: Annotated[str, Field(max_length=200)] = ""


class RefundIn(KeyIn):
    amount: Annotated[int, Field(ge=1, le=10**12)]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class NoticeOut(Shape):
    """A callback as it came. `body` is shown to those who manage accounts only."""

    id: UUID
    notice_id: str
    result: str
    result_name: str
    detail: str
    headers: dict[str, Any]
    body: str
    at: datetime


class PaymentOut(Shape):
    """A payment in a list or on its own page, with whose it is."""

    code: str
    name: str
    payment: PaymentView
    notices: list[NoticeOut] = []


class SettingOut(Shape):
    """One field of a provider's form. `set`: a secret that is there already; its value is never shown."""

    key: str
    name: str
    help: str
    secret: bool
    required: bool
    multiline: bool
    choices: list[ChoiceOut]


class ProviderOut(Shape):
    code: str
    name: str
    settings: list[SettingOut]
    channels: list[ChoiceOut]
    currencies: list[str]
    can_charge: bool


class AccountOut(Shape):
    """`notice_url` is what is entered at the provider, where it wants one. `simulated`: no money moves; whoever presses
    “Pay” has paid, so it is for demos and training only."""

    key: str
    provider: str
    provider_name: str
    name: TextIO
    state: Literal["active", "paused"]
    settings: dict[str, str]
    secrets_set: list[str]
    is_default: bool
    simulated: bool
    notice_url: str
    created_at: datetime
    updated_at: datetime


class AccountIn(Shape):
    """`settings` holds secrets too; one left out stays as it is."""

    provider: Annotated[str, Field(min_length=1, max_length=40)]
    name: TextIO
    settings: dict[str, str] = {}
    is_default: bool = False
    state: Literal["active", "paused"] = "active"


class CheckedOut(Shape):
    """Whether the provider took a harmless question, and what it said if not."""

    works: bool
    message: str = ""
