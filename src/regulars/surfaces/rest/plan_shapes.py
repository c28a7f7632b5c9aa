"""Shapes of plans, subscriptions and payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import StringConstraints

from regulars.flows.plans.types import Outcome
from regulars.platform.payments.types import Payment, Refund
from regulars.surfaces.rest.shapes import In, Line, TextOut, Whole, Word
from regulars.value.plans.types import Plan, Savings, Subscription, SubscriptionPeriod

PeriodName = Literal["month", "quarter", "year", "lifetime"]
ChannelName = Literal["jsapi", "native", "h5", "page"]
Url = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class PlanBenefitOut(Schema):
    """A benefit of a plan: an ordinary one, with its quota."""

    key: str
    name: TextOut
    description: TextOut
    kind: str
    quota: int | None
    period: str


class PlanOut(Schema):
    """A plan on sale or not. `prices` are minor units by period; `programme_benefits` are keys of tiers' benefits."""

    key: str
    state: Literal["draft", "active", "paused", "ended"]
    name: TextOut
    description: TextOut
    prices: dict[str, int]
    currency: str
    trial_days: int
    auto_renew: Literal["on", "off", "never"]
    programme_benefits: list[str]
    benefits: list[PlanBenefitOut]
    reminder_days: list[int]
    retry_days: list[int]
    pause: dict[str, int] | None
    transferable: bool
    refund: dict[str, Any]


class SubscriptionOut(Schema):
    """The current period runs from `starts_on` until before `ends_on` (null: for life)."""

    id: UUID
    member_id: UUID
    plan: str
    period: PeriodName
    state: Literal["trial", "active", "paused", "past_due", "cancelled", "ended"]
    auto_renew: bool
    starts_on: date
    ends_on: date | None
    worth: int
    currency: str
    next_plan: str | None
    next_period: str | None
    paused_on: date | None
    created_at: datetime
    ended_at: datetime | None
    end_reason: str | None


class PeriodOut(Schema):
    id: UUID
    subscription_id: UUID
    plan: str
    period: PeriodName
    kind: str
    starts_on: date
    ends_on: date | None
    paid: int
    worth: int
    currency: str
    payment_id: UUID | None
    closed_on: date | None


class ActionOut(Schema):
    """What the payer does: open `url`, scan it as a QR code, or hand `values` to WeChat's JSAPI."""

    kind: Literal["none", "redirect", "qr", "jsapi"]
    url: str
    values: dict[str, str]


class RefundOut(Schema):
    id: UUID
    payment_id: UUID
    amount: int
    currency: str
    state: Literal["pending", "succeeded", "failed"]
    reason: str
    created_at: datetime
    ended_at: datetime | None


class PaymentOut(Schema):
    """Money asked for. `number` is what the provider knows it by."""

    id: UUID
    member_id: UUID
    number: str
    provider: str
    subject_type: str
    subject_id: UUID
    amount: int
    currency: str
    state: Literal[
        "created", "pending", "paid", "failed", "closed", "refunding", "partly_refunded", "refunded"
    ]
    refunded: int
    refunding: int
    description: str
    channel: str
    action: ActionOut
    reference: str
    code: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    refunds: list[RefundOut] = []


class ChangeQuoteOut(Schema):
    """`now`: an upgrade that costs `due` and holds at once; else it waits for the next renewal."""

    now: bool
    due: int
    credit: int
    worth: int
    starts_on: date
    ends_on: date | None


class RefundQuoteOut(Schema):
    """`amount` is paid back: the `share` of the unused days, less `savings` where the plan says so."""

    amount: int
    share: int
    savings: int
    unused_days: int
    total_days: int
    full: bool


class OutcomeOut(Schema):
    """What became of a request. `payment` has to be paid before what was asked for comes true."""

    subscription: SubscriptionOut | None = None
    payment: PaymentOut | None = None
    refunds: list[RefundOut] = []
    change: ChangeQuoteOut | None = None
    refund: RefundQuoteOut | None = None


class SavingsOut(Schema):
    """What plans saved a member: in all, in the current period, and by benefit."""

    total: int
    in_period: int
    times: int
    by_benefit: dict[str, int]
    currency: str


class PlanGiven(In):
    """A plan's definition as programme-as-code has it, without its key."""

    definition: dict[str, Any]


class PlanStateGiven(In):
    state: Literal["draft", "active", "paused", "ended"]


class PayWay(In):
    """How she will pay: an account of the brand (default: its default one), a channel of the provider, where to come
    back to, and the payer's openid where the channel is `jsapi`."""

    account: Word | None = None
    channel: ChannelName | None = None
    return_url: Url = ""
    payer: Annotated[str, StringConstraints(max_length=128, pattern=r"^[\w-]*$")] = ""
    payer_ip: Annotated[str, StringConstraints(max_length=45, pattern=r"^[0-9a-fA-F.:]*$")] = ""


class BuyGiven(PayWay):
    plan: Word
    period: PeriodName
    auto_renew: bool | None = None


class TrialGiven(In):
    plan: Word
    period: PeriodName | None = None


class ChangeGiven(PayWay):
    plan: Word
    period: PeriodName


class RenewalGiven(In):
    on: bool


class TransferGiven(In):
    to: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")] = Field(
        description="The other member: id, code or `type:value`"
    )


class LeaveGiven(In):
    reason: Line = ""


class RefundGiven(In):
    amount: Whole
    reason: Line = ""


def plan_out(plan: Plan, currency: str) -> PlanOut:
    terms = plan.terms
    return PlanOut(
        key=plan.key,
        state=plan.state,
        name=TextOut(zh=terms.name.zh, en=terms.name.en),
        description=TextOut(zh=terms.description.zh, en=terms.description.en),
        prices=dict(terms.prices),
        currency=currency,
        trial_days=terms.trial_days,
        auto_renew=terms.auto_renew,
        programme_benefits=list(terms.shared),
        benefits=[
            PlanBenefitOut(
                key=one.key,
                name=TextOut(zh=one.name.zh, en=one.name.en),
                description=TextOut(zh=one.description.zh, en=one.description.en),
                kind=one.kind,
                quota=one.quota,
                period=one.period,
            )
            for one in terms.own
        ],
        reminder_days=list(terms.reminder_days),
        retry_days=list(terms.retry_days),
        pause={"max_days": terms.pause.max_days, "times": terms.pause.times} if terms.pause else None,
        transferable=terms.transferable,
        refund={
            "rule": terms.refund.rule,
            "full_within_days": terms.refund.full_within_days,
            "minus_savings": terms.refund.minus_savings,
        },
    )


def subscription_out(held: Subscription) -> SubscriptionOut:
    names = set(SubscriptionOut.model_fields) - {"next_plan", "next_period", "end_reason"}
    return SubscriptionOut(
        **{name: getattr(held, name) for name in names},
        next_plan=held.next_plan or None,
        next_period=held.next_period or None,
        end_reason=held.end_reason or None,
    )


def period_out(period: SubscriptionPeriod) -> PeriodOut:
    return PeriodOut(**{name: getattr(period, name) for name in PeriodOut.model_fields})


def refund_out(refund: Refund) -> RefundOut:
    return RefundOut(**{name: getattr(refund, name) for name in RefundOut.model_fields})


def payment_out(payment: Payment, refunds: list[Refund] | None = None) -> PaymentOut:
    names = set(PaymentOut.model_fields) - {"action", "refunds"}
    return PaymentOut(
        **{name: getattr(payment, name) for name in names},
        action=ActionOut(
            kind=payment.action.kind, url=payment.action.url, values=dict(payment.action.values)
        ),
        refunds=[refund_out(one) for one in refunds or []],
    )


def outcome_out(outcome: Outcome) -> OutcomeOut:
    change, refund = outcome.change, outcome.refund
    return OutcomeOut(
        subscription=subscription_out(outcome.subscription) if outcome.subscription else None,
        payment=payment_out(outcome.payment) if outcome.payment else None,
        refunds=[refund_out(one) for one in outcome.refunds],
        change=ChangeQuoteOut(**{n: getattr(change, n) for n in ChangeQuoteOut.model_fields})
        if change
        else None,
        refund=RefundQuoteOut(**{n: getattr(refund, n) for n in RefundQuoteOut.model_fields})
        if refund
        else None,
    )


def savings_out(savings: Savings) -> SavingsOut:
    return SavingsOut(
        total=savings.total,
        in_period=savings.in_period,
        times=savings.times,
        by_benefit=dict(savings.by_benefit),
        currency=savings.currency,
    )
