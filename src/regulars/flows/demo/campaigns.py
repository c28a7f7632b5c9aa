"""The demo's campaigns: one of the data set, replayed and measured honestly; a test of two letters that is over; one
that ran the last Fridays and goes on; one that is paused with messages held back; one that waits for a yes.

The replay: everybody in it got campaign 13 of 2017. A fifth are set apart by a hash afterwards, as a holdout would have
been; in truth both groups were treated alike, so that the true effect is nothing. What the page says is reckoned from
the real orders: that the data show no effect, but for the one draw in twenty that an interval of 95 % is wrong in. The
same is true of the letters of past Fridays and of the two letters, which nobody got: the test of variants judges by
real orders of groups that were treated alike, and finds no winner but in one test of twenty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.flows.demo import coupons
from regulars.flows.demo.acts import TIMEZONE
from regulars.kit.ids import new_id
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Actor, Scope

REPLAYED = 13
TESTED = "two-letters"
_TEMPLATE = "thank-you"
_HELD = 5
_PERCENT = 20
_HANDED = 80
_MOST_PORTIONS = 400


def fill(scope: Scope, ids: Mapping[int, UUID], weeks: int, clock: Callable[[], datetime]) -> None:
    """Again adds nothing."""
    if campaigns.list_campaigns(brand_id=scope.brand_id, archived=True):
        return
    writer = replace(scope, actor=Actor("staff", new_id(), "示范运营"))
    chief = replace(scope, actor=Actor("staff", new_id(), "示范审核"))
    now = clock()
    since = now - timedelta(days=90)
    holdouts.set_holdout(
        scope=scope,
        percent=_HELD,
        reason="演示：事后抽取，历史上未区别对待 / drawn afterwards: in the past both were treated alike",
        redraw=False,
        now=since,
    )
    flow.set_costs(scope=scope, value={"message_cost": {"sms": 5, "email": 1, "wecom": 0}}, now=now)
    _replay(writer, chief, ids, weeks, now)
    _tested(writer, chief, now)
    _running(writer, chief, now)
    _paused(writer, chief, now)
    _waiting(writer, now)


def _replay(writer: Scope, chief: Scope, ids: Mapping[int, UUID], weeks: int, now: datetime) -> None:
    real, households = coupons.received(REPLAYED, weeks)
    members = sorted(ids[one] for one in households if one in ids)
    segments.create(
        scope=writer,
        draft=SegmentDraft(
            "campaign-13",
            Text("第 13 期活动名单", "Households of campaign 13"),
            "static",
            members=members,
            note="来自公开数据集",
        ),
        now=now,
    )
    made = flow.create(
        scope=writer,
        code="replay-13",
        name={"zh": "精选券第 13 期（真实历史回放）", "en": "Select coupon, campaign 13 (replayed)"},
        note="名单与订单来自公开数据集；对照组为事后随机抽取，当年与其他人一样收到了优惠券，"
        "因此真实效果为零，正确的结论是“无法判断”。抽取是随机的，二十次中约有一次会偶然显示有效果。 / Names and orders "
        "are real; the holdout was drawn afterwards and got the coupon as all did, so the true effect is nothing. "
        "It is drawn by chance: about one draw in twenty shows an effect that is not there.",
        definition={
            "audience": {"segments": ["campaign-13"]},
            "variants": [
                {
                    "key": "a",
                    "name": {"zh": "精选券", "en": "Select coupon"},
                    "message": {"template": _TEMPLATE, "channels": ["inbox"], "purpose": "marketing"},
                }
            ],
            "holdout_percent": _PERCENT,
            "window_days": (real.last - real.first).days + 1,
            "pre_days": 56,
            "goal": {"metric": "conversion", "target": 900},
        },
        now=now,
    )
    flow.submit(scope=writer, code=made.code, now=now)
    approved = campaigns.decide(scope=chief, code=made.code, approve=True, note="", now=now)
    started = datetime.combine(real.first, time(10), tzinfo=zone(TIMEZONE)).astimezone(UTC)
    campaigns.record_history(
        campaign=approved, member_ids=members, started_at=started, ended_at=started + timedelta(hours=1)
    )


def _tested(writer: Scope, chief: Scope, now: datetime) -> None:
    """Two letters tried on some for three days, judged, and the rest told; eight weeks ago."""
    begun = _friday_before(now) - timedelta(weeks=8) + timedelta(days=4)  # a Tuesday
    letter = {"channels": ["inbox"], "purpose": "marketing"}
    flow.create(
        scope=writer,
        code=TESTED,
        name={"zh": "两封信，哪封更好？（A/B 测试）", "en": "Two letters: which is better? (A/B test)"},
        note="演示：两封信都没有真正发出，订单是真实的，因此两个版本没有差别，正确的结论是“没有优胜版本”，其余的人"
        "收到第一封。分组是随机的，二十次测试中约有一次会偶然评出优胜版本。 / Demo: nobody got either letter and the "
        "orders are real, so there is no difference: the right answer is that no variant won; the rest got the first. "
        "Groups are drawn by chance: about one test in twenty names a winner that is none.",
        definition={
            "audience": {"everybody": True, "sample_percent": 60},
            "variants": [
                {
                    "key": "thanks",
                    "name": {"zh": "感谢信", "en": "A letter of thanks"},
                    "message": {"template": _TEMPLATE, **letter},
                },
                {
                    "key": "friends",
                    "name": {"zh": "邀请朋友", "en": "Bring a friend"},
                    "message": {"template": "referral", **letter},
                },
            ],
            "trial": {"percent": 60, "hours": 72, "metric": "conversion", "min_sample": 50},
            "holdout_percent": 20,
            "window_days": 14,
        },
        now=begun - timedelta(hours=1),
    )
    with transaction.atomic():
        _launch(writer, chief, TESTED, begun)
        for at in (begun, begun + timedelta(hours=72, minutes=3)):
            _work(at)
            messaging.send_due(now=at + timedelta(minutes=1))
            _work(at + timedelta(minutes=2))


def _running(writer: Scope, chief: Scope, now: datetime) -> None:
    """Every Friday, the last three of them sent already."""
    friday = _friday_before(now)
    begun = friday - timedelta(days=14, hours=1)
    definition: dict[str, Any] = {
        "audience": {"segments": ["weekend-regulars"]},
        "variants": [
            {
                "key": "a",
                "name": {"zh": "周末感谢信", "en": "Weekend thanks"},
                "message": {"template": _TEMPLATE, "channels": ["inbox"], "purpose": "marketing"},
            }
        ],
        "schedule": {"kind": "recurring", "every": "week", "weekdays": [5], "time": "10:00"},
        "holdout_percent": 10,
        "window_days": 3,
    }
    flow.create(
        scope=writer,
        code="weekend",
        name={"zh": "周末感谢信", "en": "Weekend thanks"},
        note="每周五向周末常客发送站内信。前几批是补造的，订单是真实的，因此真实效果为零。 / To weekend regulars every "
        "Friday. The runs of the past are made up and the orders are real, so the true effect is nothing.",
        definition=definition,
        now=begun,
    )
    with transaction.atomic():  # a worker beside it would begin the runs of the past now
        _launch(writer, chief, "weekend", begun)
        for weeks in (2, 1, 0):
            at = friday - timedelta(weeks=weeks)
            _work(at)
            messaging.send_due(now=at + timedelta(minutes=1))
            _work(at + timedelta(minutes=2))


def _paused(writer: Scope, chief: Scope, now: datetime) -> None:
    """Half was handed over when somebody stopped it: what had not gone is held back."""
    begun = now - timedelta(hours=2)
    flow.create(
        scope=writer,
        code="winter",
        name={"zh": "入冬问候", "en": "Winter greetings"},
        note="发到一半发现文案要改，先暂停 / stopped half way: the words are being looked at again",
        definition={
            "audience": {"everybody": True, "sample_count": 2 * _HANDED},
            "variants": [
                {
                    "key": "a",
                    "name": {"zh": "入冬问候", "en": "Winter greetings"},
                    "message": {"template": _TEMPLATE, "channels": ["inbox"], "purpose": "marketing"},
                }
            ],
            "holdout_percent": 10,
            "expires_in_hours": 336,
        },
        now=begun,
    )
    with transaction.atomic():  # a worker beside it would send what is to be held back
        _launch(writer, chief, "winter", begun)
        campaigns.begin_due(now=begun)
        winter = campaigns.get_campaign(brand_id=writer.brand_id, code="winter")
        while (run := campaigns.list_runs(campaign=winter)[0]).state == "listing":
            flow.run_portion(now=begun, run_id=run.id)
        flow.run_portion(now=begun, run_id=run.id, size=_HANDED)
        flow.pause(scope=writer, code="winter", now=begun + timedelta(minutes=1))


def _launch(writer: Scope, chief: Scope, code: str, now: datetime) -> None:
    flow.submit(scope=writer, code=code, now=now)
    campaigns.decide(scope=chief, code=code, approve=True, note="", now=now)
    flow.launch(scope=chief, code=code, now=now)


def _work(now: datetime) -> None:
    """Portions, as the worker takes them, until nothing is left to do at this instant."""
    for _ in range(_MOST_PORTIONS):
        if not flow.run_due(now):
            return


def _friday_before(now: datetime) -> datetime:
    """The last Friday at ten that is over."""
    local = now.astimezone(zone(TIMEZONE))
    day = local.date() - timedelta(days=(local.isoweekday() - 5) % 7)
    at = datetime.combine(day, time(10), tzinfo=zone(TIMEZONE))
    return (at if at + timedelta(hours=1) < now else at - timedelta(weeks=1)).astimezone(UTC)


def _waiting(writer: Scope, now: datetime) -> None:
    """A or B, on a fifth first: it waits for somebody to approve it."""
    flow.create(
        scope=writer,
        code="come-back",
        name={"zh": "请您回来：券还是积分？", "en": "Come back: a coupon or points?"},
        note="先用 20% 的人测试两个版本 / two variants on a fifth first",
        definition={
            "audience": {"segments": ["slipping"]},
            "variants": [
                {
                    "key": "coupon",
                    "name": {"zh": "生鲜 8 折券", "en": "Fresh produce at 80 %"},
                    "rewards": [{"kind": "coupon", "definition": "fresh", "count": 1}],
                },
                {
                    "key": "points",
                    "name": {"zh": "500 积分", "en": "500 points"},
                    "rewards": [{"kind": "points", "unit": "points", "amount": 500}],
                },
            ],
            "trial": {"percent": 20, "hours": 72, "metric": "conversion", "min_sample": 50},
            "holdout_percent": 20,
            "budget": "fresh-month",
            "window_days": 21,
        },
        now=now,
    )
    flow.submit(scope=writer, code="come-back", now=now)
