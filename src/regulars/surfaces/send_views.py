"""Messages that were asked for, limits of sending and closed addresses, as pages and integrators see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Query, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.audience.holdouts.types import Holdout
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import (
    CHANNELS,
    HeldSource,
    PolicyView,
    SendDetail,
    SendFilter,
    SendStep,
    SendView,
    SuppressionView,
    Tally,
)
from regulars.platform.organisations.types import Scope
from regulars.surfaces.source_names import MessageSourceOut, names_of

_CLEAN = r"^[^\x00]*$"
_Word = Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)]
_Long = Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)]
State = Literal["queued", "sending", "sent", "delivered", "failed", "skipped", "uncertain"]
ChannelName = Literal["sms", "email", "inbox", "wechat", "wecom", "push", "webhook", "task"]
StateQuery = Annotated[State | None, Query()]
ChannelQuery = Annotated[ChannelName | None, Query()]
ReasonQuery = Annotated[_Word | None, Query()]
SourceQuery = Annotated[_Long | None, Query()]
TemplateQuery = Annotated[_Word | None, Query()]
SuppressionReason = Literal["bounced", "complained", "by_hand"]
AddressQuery = Annotated[
    _Long | None, Query(description="A whole address: a telephone number, an e-mail address, an id")
]
NoteQuery = Annotated[_Long, Query(min_length=1, description="Why the address is opened again")]
_ALL_CHANNELS = Text("所有通道合计", "All channels together")
_CAP_PERIODS = {"day": Text("每天", "day"), "week": Text("每周", "week"), "month": Text("每月", "month")}
# Steps that are asked of marketing only.
_OF_MARKETING = frozenset({"consent", "programme_holdout", "campaign_holdout", "cap"})
_WENT = frozenset({"sent", "delivered", "uncertain", "sending"})


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class SendOut(Schema):
    """A message that was asked for. `reason` is empty where it simply went; `reason_name` says it in a few words."""

    id: UUID
    member: str
    member_name: str
    key: str
    source: str
    asked_by: MessageSourceOut
    origin: str
    purpose: Literal["marketing", "service"]
    template: str
    version: int
    channels: list[str]
    channel: str
    channel_name: str
    account: str
    priority: int
    state: State
    reason: str
    reason_name: str
    error: str
    to: str
    attempts: int
    created_at: datetime
    next_run_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    clicked_at: datetime | None


class SendStepOut(Schema):
    """What was found or happened at an instant; `sentence` explains it."""

    at: datetime
    channel: str
    channel_name: str
    outcome: str
    name: str
    sentence: str
    detail: str


class SendDecisionOut(Schema):
    """One step of the decision and how it came out for the channel it is at."""

    step: str
    name: str
    result: Literal["passed", "stopped", "waits", "not_asked", "not_reached"]


class SendDetailOut(Schema):
    """A message with its words, the steps of its last decision and everything that happened to it."""

    send: SendOut
    subject: str
    body: str
    language: str
    reference: str
    sentence: str
    decision: list[SendDecisionOut]
    steps: list[SendStepOut]


class SendTallyOut(Schema):
    """So many messages are in a state for a reason by a channel."""

    state: State
    reason: str
    reason_name: str
    channel: str
    channel_name: str
    count: int
    clicked: int


class HeldSourceIn(_In):
    """Who asked: what the log shows as the source of messages."""

    source: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_CLEAN)]


class HeldSourceOut(Schema):
    """A source whose messages wait until it is released; `waiting` so many."""

    source: str
    asked_by: MessageSourceOut
    held_at: datetime
    held_by: str
    waiting: int


class QuietIO(_In):
    """Nothing goes by a channel from `closes` to `opens` (HH:MM, the brand's time)."""

    closes: _Word
    opens: _Word
    then: _Word = "defer"
    work_days_only: bool = False
    service_too: bool = False


class CapIO(_In):
    """At most `limit` marketing messages a member and `period`; without a channel by all together."""

    channel: _Word = ""
    period: _Word
    limit: int


class MessagePolicyIn(_In):
    """Quiet hours by channel, and caps."""

    quiet: Annotated[dict[_Word, QuietIO], Field(max_length=20)]
    caps: Annotated[list[CapIO], Field(max_length=50)]


class MessagePolicyOut(Schema):
    """The limits that hold; `updated_at` is null while they are those that come with Regulars."""

    quiet: dict[str, QuietIO]
    caps: list[CapIO]
    updated_at: datetime | None
    updated_by: str


class ProgrammeHoldoutIn(_In):
    """`redraw` chooses everybody anew; without it those who are held out stay so."""

    percent: int
    reason: Annotated[str, StringConstraints(max_length=1000, pattern=_CLEAN)]
    redraw: bool = False


class ProgrammeHoldoutOut(Schema):
    """How many of a hundred members get no marketing, since when and why."""

    percent: int
    since: datetime | None
    reason: str
    actor: str


class SuppressionIn(_In):
    channel: _Word
    address: _Long
    note: Annotated[str, StringConstraints(max_length=1000, pattern=_CLEAN)]


class SuppressionOut(Schema):
    """An address to which nothing goes by a channel, masked."""

    id: UUID
    channel: str
    channel_name: str
    masked: str
    reason: SuppressionReason
    note: str
    actor: str
    created_at: datetime


def filter_of(
    *,
    channel: str | None,
    state: str | None,
    reason: str | None,
    source: str | None,
    template: str | None,
    member_id: UUID | None,
) -> SendFilter:
    return SendFilter(channel or "", state or "", reason or "", source or "", template or "", member_id)


def sends_out(scope: Scope, found: Sequence[SendView], said: Language, now: datetime) -> list[SendOut]:
    names = names_of(scope=scope, language=said, sources=(one.source for one in found), now=now)
    return [_send_out(one, names[one.source], said) for one in found]


def _send_out(one: SendView, asked_by: MessageSourceOut, said: Language) -> SendOut:
    return SendOut(
        id=one.id,
        member=one.member,
        member_name=one.name,
        key=one.key,
        source=one.source,
        asked_by=asked_by,
        origin=one.origin,
        purpose=one.purpose,  # type: ignore[arg-type]
        template=one.template,
        version=one.version,
        channels=list(one.channels),
        channel=one.channel,
        channel_name=_channel(one.channel, said),
        account=one.account,
        priority=one.priority,
        state=one.state,  # type: ignore[arg-type]
        reason=one.reason,
        reason_name=_reason(one.reason, said),
        error=one.error,
        to=one.to,
        attempts=one.attempts,
        created_at=one.created_at,
        next_run_at=one.next_run_at,
        sent_at=one.sent_at,
        ended_at=one.ended_at,
        expires_at=one.expires_at,
        clicked_at=one.clicked_at,
    )


def detail_out(scope: Scope, one: SendDetail, said: Language, now: datetime) -> SendDetailOut:
    reason = messaging.list_reasons().get(one.send.reason)
    return SendDetailOut(
        send=sends_out(scope, [one.send], said, now)[0],
        subject=one.subject,
        body=one.body,
        language=one.language,
        reference=one.reference,
        sentence=reason.sentence.in_language(said) if reason else "",
        decision=_decision(one.send, said),
        steps=[_step(step, said) for step in one.steps],
    )


def tally_out(one: Tally, said: Language) -> SendTallyOut:
    return SendTallyOut(
        state=one.state,  # type: ignore[arg-type]
        reason=one.reason,
        reason_name=_reason(one.reason, said),
        channel=one.channel,
        channel_name=_channel(one.channel, said),
        count=one.count,
        clicked=one.clicked,
    )


def held_out(scope: Scope, found: Sequence[HeldSource], said: Language, now: datetime) -> list[HeldSourceOut]:
    names = names_of(scope=scope, language=said, sources=(one.source for one in found), now=now)
    return [
        HeldSourceOut(
            source=one.source,
            asked_by=names[one.source],
            held_at=one.held_at,
            held_by=one.held_by,
            waiting=one.waiting,
        )
        for one in found
    ]


def policy_out(one: PolicyView) -> MessagePolicyOut:
    return MessagePolicyOut(**one.value, updated_at=one.updated_at, updated_by=one.updated_by)


def policy_in(given: MessagePolicyIn) -> dict[str, Any]:
    return given.model_dump()


def holdout_out(one: Holdout) -> ProgrammeHoldoutOut:
    return ProgrammeHoldoutOut(percent=one.percent, since=one.since, reason=one.reason, actor=one.actor)


def suppression_out(one: SuppressionView, said: Language) -> SuppressionOut:
    return SuppressionOut(
        id=one.id,
        channel=one.channel,
        channel_name=_channel(one.channel, said),
        masked=one.masked,
        reason=one.reason,  # type: ignore[arg-type]
        note=one.note,
        actor=one.actor,
        created_at=one.created_at,
    )


def _decision(one: SendView, said: Language) -> list[SendDecisionOut]:
    """Where the last decision ended: steps before it were passed, those after it not reached."""
    steps = messaging.list_steps()
    found = messaging.list_reasons().get(one.reason)
    at = found.step if found and one.state not in _WENT else "send"
    reached: list[SendDecisionOut] = []
    past = False
    for step, name in steps.items():
        result: Any = "not_reached" if past else "passed"
        if step == at:
            past = True
            if one.state == "queued":
                result = "waits" if one.reason else "not_reached"
            elif one.state not in _WENT:
                result = "stopped"
        elif not past and one.purpose == "service" and step in _OF_MARKETING:
            result = "not_asked"
        if one.state == "queued" and not one.reason:
            result = "not_reached"
        reached.append(SendDecisionOut(step=step, name=name.in_language(said), result=result))
    return reached


def _step(step: SendStep, said: Language) -> SendStepOut:
    reason = messaging.list_reasons().get(step.outcome)
    return SendStepOut(
        at=step.at,
        channel=step.channel,
        channel_name=_channel(step.channel, said),
        outcome=step.outcome,
        name=reason.name.in_language(said) if reason else _outcome(step.outcome, said),
        sentence=reason.sentence.in_language(said) if reason else "",
        detail=_cap(step.detail, said) if step.outcome == "frequency_cap" else step.detail,
    )


def _cap(kept: str, said: Language) -> str:
    """A cap as it is kept, `sms/week/2`, in words."""
    channel, _, rest = kept.partition("/")
    period, _, limit = rest.partition("/")
    name, times = CHANNELS.get(channel, _ALL_CHANNELS), _CAP_PERIODS.get(period)
    if times is None:
        return kept
    return (
        Text("{c}：{p}最多 {n} 条", "{c}: at most {n} a {p}")
        .format(c=name, p=times, n=limit)
        .in_language(said)
    )


def _channel(channel: str, said: Language) -> str:
    return CHANNELS[channel].in_language(said) if channel in CHANNELS else ""


def _reason(reason: str, said: Language) -> str:
    found = messaging.list_reasons().get(reason)
    return found.name.in_language(said) if found else reason


def _outcome(outcome: str, said: Language) -> str:
    found = messaging.list_outcomes().get(outcome)
    return found.in_language(said) if found else outcome
