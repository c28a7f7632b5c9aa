"""Plans, subscriptions and payments as pages show them, in the reader's language. Console and portal share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from ninja import Schema

from regulars.flows.plans.types import Outcome
from regulars.kit import money
from regulars.kit.text import Language, Text
from regulars.platform.payments.types import CHANNELS, PAYMENT_STATES, REFUND_STATES, Payment, Refund
from regulars.programme.rules.types import Benefit
from regulars.value.plans.types import (
    PERIODS,
    PLAN_STATES,
    STATES,
    Plan,
    Savings,
    Subscription,
    SubscriptionPeriod,
)

PeriodName = Literal["month", "quarter", "year", "lifetime"]
_KINDS = {
    "trial": Text("试用", "Trial"),
    "bought": Text("开通", "Bought"),
    "renewed": Text("续费", "Renewed"),
    "changed": Text("升级", "Upgraded"),
    "transferred": Text("转入", "Handed on"),
}
_REASONS = {
    "over": Text("到期", "Ran out"),
    "trial_over": Text("试用到期", "Trial ran out"),
    "unpaid": Text("续费未支付", "Renewal not paid"),
    "plan_over": Text("计划已停止", "The plan ended"),
    "not_a_member": Text("会员资格未生效", "Membership not active"),
    "renewal_off": Text("关闭续费", "Renewal turned off"),
    "refunded": Text("已退订", "Given back"),
    "transferred": Text("已转让", "Handed on"),
}
_QUOTA = {
    "day": Text("每天 {n} 次", "{n} a day"),
    "week": Text("每周 {n} 次", "{n} a week"),
    "month": Text("每月 {n} 次", "{n} a month"),
    "year": Text("每年 {n} 次", "{n} a year"),
    "ever": Text("共 {n} 次", "{n} in all"),
}
_AT_ONCE = Text("补差价 {due}，立即生效", "Pay {due} now; it holds at once")
_LATER = Text("下次续费时生效，现在无需付款", "It holds from the next renewal; nothing to pay now")
_BACK = Text(
    "剩余 {left}/{whole} 天，可退 {amount}", "{left} of {whole} days are unused; {amount} is paid back"
)
_BACK_NONE = Text("按退款规则，本次没有可退金额", "By the refund rule, nothing is paid back")
_SAVED = Text("已为您节省 {total}，本期 {period}", "Saved you {total} so far, {period} in this period")


class PriceView(Schema):
    """What one period costs; `per_month` helps to compare (minor units, rounded down; null for life)."""

    period: PeriodName
    name: str
    amount: int
    shown: str
    per_month: int | None


class PlanBenefitView(Schema):
    """A benefit with its quota in words; `remaining` only where a member asks."""

    key: str
    name: str
    detail: str
    kind: str
    quota: str
    remaining: int | None = None


class PlanView(Schema):
    key: str
    name: str
    detail: str
    state: str
    state_name: str
    currency: str
    prices: list[PriceView]
    trial_days: int
    auto_renew: Literal["on", "off", "never"]
    benefits: list[PlanBenefitView]
    pause_days: int
    pause_times: int
    transferable: bool
    refund_rule: str


class SubscriptionView(Schema):
    """`last_day` is the last day on which it holds; null for life. `may` names what can be done now."""

    id: UUID
    plan: str
    plan_name: str
    period: PeriodName
    period_name: str
    state: str
    state_name: str
    auto_renew: bool
    starts_on: date
    last_day: date | None
    worth: int
    worth_shown: str
    currency: str
    next_plan: str
    next_period: str
    paused_on: date | None
    created_at: datetime
    ended_at: datetime | None
    end_reason: str
    may: list[Literal["cancel_renewal", "renew", "pause", "resume", "change", "transfer", "refund", "pay"]]


class PeriodView(Schema):
    """One stretch, as a receipt shows it."""

    id: UUID
    subscription_id: UUID
    plan: str
    plan_name: str
    kind: str
    kind_name: str
    period_name: str
    starts_on: date
    last_day: date | None
    paid: int
    paid_shown: str
    currency: str
    payment_id: UUID | None
    at: datetime


class ActionView(Schema):
    kind: Literal["none", "redirect", "qr", "jsapi"]
    url: str
    values: dict[str, str]


class RefundView(Schema):
    id: UUID
    amount: int
    shown: str
    state: str
    state_name: str
    reason: str
    at: datetime
    ended_at: datetime | None


class PaymentView(Schema):
    id: UUID
    number: str
    provider: str
    provider_name: str
    subject_type: str
    amount: int
    shown: str
    currency: str
    state: str
    state_name: str
    refunded: int
    refunding: int
    left: int
    description: str
    channel: str
    channel_name: str
    action: ActionView
    reference: str
    code: str
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    refunds: list[RefundView] = []


class SavingsView(Schema):
    total: int
    total_shown: str
    in_period: int
    in_period_shown: str
    times: int
    by_benefit: dict[str, int]
    currency: str
    sentence: str


class OutcomeView(Schema):
    """What became of a request. `sentence` says what a change or leaving means; `payment` has to be paid."""

    subscription: SubscriptionView | None = None
    payment: PaymentView | None = None
    due: int | None = None
    refund: int | None = None
    at_once: bool | None = None
    sentence: str = ""


def plan_view(
    plan: Plan,
    benefits: Sequence[Benefit],
    currency: str,
    said: Language,
    remaining: Mapping[str, int | None] | None = None,
) -> PlanView:
    terms = plan.terms
    return PlanView(
        key=plan.key,
        name=terms.name.in_language(said),
        detail=terms.description.in_language(said),
        state=plan.state,
        state_name=PLAN_STATES[plan.state].in_language(said),
        currency=currency,
        prices=[
            PriceView(
                period=cast(PeriodName, period),
                name=PERIODS[period].in_language(said),
                amount=amount,
                shown=money.show(amount, currency),
                per_month=amount // months if (months := _MONTHS.get(period)) else None,
            )
            for period, amount in terms.prices.items()
        ],
        trial_days=terms.trial_days,
        auto_renew=terms.auto_renew,
        benefits=[benefit_view(one, said, (remaining or {}).get(one.key)) for one in benefits],
        pause_days=terms.pause.max_days if terms.pause else 0,
        pause_times=terms.pause.times if terms.pause else 0,
        transferable=terms.transferable,
        refund_rule=terms.refund.rule,
    )


def benefit_view(benefit: Benefit, said: Language, remaining: int | None = None) -> PlanBenefitView:
    quota = _QUOTA[benefit.period].format(n=benefit.quota).in_language(said) if benefit.quota else ""
    return PlanBenefitView(
        key=benefit.key,
        name=benefit.name.in_language(said),
        detail=benefit.description.in_language(said),
        kind=benefit.kind,
        quota=quota,
        remaining=remaining,
    )


def subscription_view(
    held: Subscription, plan: Plan | None, said: Language, *, waits_for_payment: bool = False
) -> SubscriptionView:
    return SubscriptionView(
        id=held.id,
        plan=held.plan,
        plan_name=plan.terms.name.in_language(said) if plan else held.plan,
        period=held.period,
        period_name=PERIODS[held.period].in_language(said),
        state=held.state,
        state_name=STATES[held.state].in_language(said),
        auto_renew=held.auto_renew,
        starts_on=held.starts_on,
        last_day=held.ends_on - timedelta(days=1) if held.ends_on else None,
        worth=held.worth,
        worth_shown=money.show(held.worth, held.currency),
        currency=held.currency,
        next_plan=held.next_plan,
        next_period=held.next_period,
        paused_on=held.paused_on,
        created_at=held.created_at,
        ended_at=held.ended_at,
        end_reason=_REASONS[held.end_reason].in_language(said) if held.end_reason in _REASONS else "",
        may=_may(held, plan, waits_for_payment),
    )


def period_view(period: SubscriptionPeriod, plan: Plan | None, said: Language) -> PeriodView:
    return PeriodView(
        id=period.id,
        subscription_id=period.subscription_id,
        plan=period.plan,
        plan_name=plan.terms.name.in_language(said) if plan else period.plan,
        kind=period.kind,
        kind_name=_KINDS[period.kind].in_language(said),
        period_name=PERIODS[period.period].in_language(said),
        starts_on=period.starts_on,
        last_day=period.ends_on - timedelta(days=1) if period.ends_on else None,
        paid=period.paid,
        paid_shown=money.show(period.paid, period.currency),
        currency=period.currency,
        payment_id=period.payment_id,
        at=period.created_at,
    )


def refund_view(refund: Refund, said: Language) -> RefundView:
    return RefundView(
        id=refund.id,
        amount=refund.amount,
        shown=money.show(refund.amount, refund.currency),
        state=refund.state,
        state_name=REFUND_STATES[refund.state].in_language(said),
        reason=refund.reason,
        at=refund.created_at,
        ended_at=refund.ended_at,
    )


def payment_view(
    payment: Payment, names: Mapping[str, Text], said: Language, refunds: Sequence[Refund] = ()
) -> PaymentView:
    """`names` are those of the providers by code."""
    action = payment.action
    return PaymentView(
        id=payment.id,
        number=payment.number,
        provider=payment.provider,
        provider_name=names.get(payment.provider, Text(payment.provider, payment.provider)).in_language(said),
        subject_type=payment.subject_type,
        amount=payment.amount,
        shown=money.show(payment.amount, payment.currency),
        currency=payment.currency,
        state=payment.state,
        state_name=PAYMENT_STATES[payment.state].in_language(said),
        refunded=payment.refunded,
        refunding=payment.refunding,
        left=payment.left,
        description=payment.description,
        channel=payment.channel,
        channel_name=CHANNELS[payment.channel].in_language(said),
        action=ActionView(kind=action.kind, url=action.url, values=dict(action.values)),
        reference=payment.reference,
        code=payment.code,
        created_at=payment.created_at,
        expires_at=payment.expires_at,
        paid_at=payment.paid_at,
        refunds=[refund_view(one, said) for one in refunds],
    )


def savings_view(savings: Savings, said: Language) -> SavingsView:
    total = money.show(savings.total, savings.currency)
    period = money.show(savings.in_period, savings.currency)
    return SavingsView(
        total=savings.total,
        total_shown=total,
        in_period=savings.in_period,
        in_period_shown=period,
        times=savings.times,
        by_benefit=dict(savings.by_benefit),
        currency=savings.currency,
        sentence=_SAVED.format(total=total, period=period).in_language(said) if savings.times else "",
    )


def outcome_view(
    outcome: Outcome, plan: Plan | None, names: Mapping[str, Text], said: Language
) -> OutcomeView:
    held, payment = outcome.subscription, outcome.payment
    currency = held.currency if held else payment.currency if payment else "CNY"
    sentence, change, back = Text("", ""), outcome.change, outcome.refund
    if change is not None:
        sentence = _AT_ONCE.format(due=money.show(change.due, currency)) if change.now else _LATER
    if back is not None:
        shown = money.show(back.amount, currency)
        sentence = (
            _BACK.format(left=back.unused_days, whole=back.total_days, amount=shown)
            if back.amount
            else _BACK_NONE
        )
    return OutcomeView(
        subscription=subscription_view(held, plan, said) if held else None,
        payment=payment_view(payment, names, said) if payment else None,
        due=change.due if change else None,
        refund=back.amount if back else None,
        at_once=change.now if change else None,
        sentence=sentence.in_language(said),
    )


_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def _may(
    held: Subscription, plan: Plan | None, waits: bool
) -> list[Literal["cancel_renewal", "renew", "pause", "resume", "change", "transfer", "refund", "pay"]]:
    found: list[
        Literal["cancel_renewal", "renew", "pause", "resume", "change", "transfer", "refund", "pay"]
    ] = []
    if not held.is_live or plan is None:
        return found
    if waits:
        found.append("pay")
    if held.ends_on is not None and plan.terms.auto_renew != "never":
        found.append("cancel_renewal" if held.auto_renew else "renew")
    pause = plan.terms.pause
    if (
        held.state == "active"
        and held.ends_on is not None
        and pause is not None
        and held.pauses < pause.times
        and held.pause_days < pause.max_days
    ):
        found.append("pause")
    if held.state == "paused":
        found.append("resume")
    if held.state in ("active", "trial") and held.ends_on is not None:
        found.append("change")
    if held.state == "active" and plan.terms.transferable:
        found.append("transfer")
    if held.state != "trial":
        found.append("refund")
    return found
