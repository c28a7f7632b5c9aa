"""Campaigns as one caller sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import (
    HOLDOUT,
    MEMBER_STATES,
    PROGRAMME,
    RUN_STATES,
    STATES,
    Campaign,
    Definition,
    Run,
)
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.campaigns import api as flow
from regulars.flows.insight import api as insight
from regulars.flows.insight import holdout
from regulars.insight.reports import api as reports
from regulars.insight.runs import api as runs
from regulars.kit.paging import Page
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.surfaces.campaign_shapes import (
    CampaignArmOut,
    CampaignCheckOut,
    CampaignChoiceOut,
    CampaignChoicesOut,
    CampaignCountOut,
    CampaignDetailOut,
    CampaignHoldoutOut,
    CampaignMemberOut,
    CampaignNameIO,
    CampaignOut,
    CampaignReasonOut,
    CampaignResultOut,
    CampaignRunOut,
    CampaignTryOut,
    MemberCampaignOut,
)
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons

_ARMS = {
    HOLDOUT: Text("对照组", "Held out"),
    PROGRAMME: Text("全局对照组", "Programme holdout"),
    "rest": Text("等待优胜版本", "Waiting for the winner"),
    "members": Text("其他会员", "All other members"),
}
_REASONS = {
    "holdout": Text("活动对照组", "Campaign holdout"),
    "programme_holdout": Text("全局对照组", "Programme holdout"),
    "budget_used_up": Text("预算用完", "Budget used up"),
    "cancelled": Text("活动取消", "Campaign cancelled"),
    "no_winner": Text("测试没有优胜版本", "The test had no winner"),
    "membership_not_active": Text("会员状态不正常", "Membership not active"),
    "lost": Text("消息记录缺失", "No record of the message"),
    "uncertain": Text("结果不明", "Outcome unknown"),
    "refused": Text("奖励未发放", "The reward was not given"),
}
STEPS = ("export", "campaigns", "holdout")


@dataclass(frozen=True, slots=True)
class CampaignViewer:
    """Campaigns as one caller sees them, in her language."""

    scope: Scope
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def state(self, text: Text) -> str:
        """A state or a sentence that stands for itself, with a capital."""
        said = self.say(text)
        return said[:1].upper() + said[1:]

    def listed(self, *, archived: bool) -> list[CampaignOut]:
        found = campaigns.list_campaigns(brand_id=self.scope.brand_id, archived=archived)
        sentences = self._sentences([one.definition for one in found])
        return [CampaignOut(**self._plain(one, said)) for one, said in zip(found, sentences, strict=True)]

    def one(self, code: str) -> CampaignDetailOut:
        found = campaigns.get_campaign(brand_id=self.scope.brand_id, code=code)
        brand = organisations.get_brand(brand_id=self.scope.brand_id)
        schedule = found.definition.schedule
        actor = self.scope.actor
        coming = [found.next_at] if found.next_at else []
        if schedule.kind == "recurring" and found.state not in ("finished", "cancelled", "archived"):
            coming = list(campaigns.upcoming(schedule=schedule, now=self.now, tz=brand.timezone))
        elif schedule.at is not None and found.state in ("draft", "submitted", "approved"):
            coming = [schedule.at]
        return CampaignDetailOut(
            **self._plain(found, self._sentences([found.definition])[0]),
            definition=found.definition.to_json(),
            rewards=[
                [
                    rewarding.describe(reward, self.language, brand_id=brand.id)
                    for reward in rewarding.rewards_of(one.rewards)
                ]
                for one in found.definition.variants
            ],
            upcoming=coming,
            may_approve=found.state == "submitted"
            and self.scope.allows("campaigns.approve")
            and actor.kind == "staff"
            and actor.id is not None
            and actor.id not in (found.edited_by_id, found.submitted_by_id),
        )

    def count(self, definition: Any) -> CampaignCountOut:
        seen = flow.count_audience(scope=self.scope, definition=definition, now=self.now)
        made = flow.read_for_counting(definition)
        return CampaignCountOut(
            found=seen.found,
            sampled=seen.sampled,
            programme=seen.programme,
            holdout=seen.holdout,
            treated=seen.treated,
            estimated=seen.estimated,
            sentence=self._sentences([made])[0],
        )

    def tried(self, code: str, member_id: UUID) -> CampaignTryOut:
        found = campaigns.get_campaign(brand_id=self.scope.brand_id, code=code)
        seen = flow.preview(scope=self.scope, campaign=found, member_id=member_id, now=self.now)
        return CampaignTryOut(
            matches=seen.matches,
            gets=seen.gets,
            arm=seen.arm,
            arm_name=self._arm(found.definition, seen.arm) if seen.arm else "",
            rewards=[self.say(one) for one in seen.rewards],
            message=seen.variant.message.template if seen.variant and seen.variant.message else "",
            checks=[
                CampaignCheckOut(key=one.key, holds=one.holds, text=self.say(one.text)) for one in seen.checks
            ],
        )

    def runs(self, code: str) -> list[CampaignRunOut]:
        found = campaigns.get_campaign(brand_id=self.scope.brand_id, code=code)
        return [self.run(one) for one in campaigns.list_runs(campaign=found)]

    def run_of(self, code: str, number: int) -> Run:
        found = campaigns.get_campaign(brand_id=self.scope.brand_id, code=code)
        return campaigns.get_run(campaign=found, number=number)

    def run(self, run: Run) -> CampaignRunOut:
        states = {name: run.total(name) for name in ("pending", "asked", "sent", "failed", "skipped")}
        done = states["sent"] + states["failed"] + states["skipped"]
        treated = run.treated
        over = run.state in ("finished", "cancelled")
        reasons: dict[tuple[str, str], int] = {}
        for known in run.counts.values():
            for name, count in known.items():
                state, _, reason = name.partition(":")
                if reason:
                    reasons[state, reason] = reasons.get((state, reason), 0) + count
        return CampaignRunOut(
            number=run.number,
            state=run.state,
            state_name=self.state(RUN_STATES[run.state]),
            paused=run.paused,
            planned_at=run.planned_at,
            started_at=run.started_at,
            decide_at=run.decide_at,
            rest_at=run.rest_at,
            ended_at=run.ended_at,
            counted_at=run.counted_at,
            audience=run.audience,
            treated=treated,
            held=sum(run.counts.get(HOLDOUT, {}).values()),
            programme_held=sum(run.counts.get(PROGRAMME, {}).values()),
            messages_held=flow.held_messages(runs=[run]).get(run.id, 0),
            **states,
            progress=1.0 if over else done / treated if treated and run.state != "listing" else 0.0,
            winner=run.winner,
            decision=dict(run.decision),
            arms=[
                CampaignArmOut(
                    arm=arm,
                    name=self._arm(run.definition, arm),
                    members=sum(known.values()),
                    states=_by_state(known),
                )
                for arm, known in sorted(run.counts.items())
            ],
            reasons=[
                CampaignReasonOut(state=state, reason=reason, name=self.reason(reason), members=count)
                for (state, reason), count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
            ],
            problem=run.problem,
        )

    def members(
        self, run: Run, *, state: str, reason: str, arm: str, cursor: str | None, limit: int
    ) -> Page[CampaignMemberOut]:
        self.scope.require_store(None)
        page = campaigns.members_of(run=run, state=state, reason=reason, arm=arm, cursor=cursor, limit=limit)
        names = members.names_of(scope=self.scope, member_ids=[row[0] for row in page.items])
        return page.map(
            lambda row: CampaignMemberOut(
                id=row[0],
                code=names.get(row[0], ("", ""))[0],
                name=names.get(row[0], ("", ""))[1],
                arm=row[1],
                arm_name=self._arm(run.definition, row[1] or "rest"),
                state=row[2],
                state_name=self.state(MEMBER_STATES[row[2]]),
                reason=row[3],
                reason_name=self.reason(row[3]) if row[3] else "",
                value=row[4],
                at=row[5],
            )
        )

    def of_member(self, member_id: UUID) -> list[MemberCampaignOut]:
        return [
            MemberCampaignOut(
                campaign=one.campaign,
                label=self.say(one.name),
                number=one.number,
                arm=one.arm,
                held=one.state == "held",
                state=one.state,
                state_name=self.state(MEMBER_STATES[one.state]),
                reason_name=self.reason(one.reason) if one.reason else "",
                at=one.at,
            )
            for one in campaigns.of_member(brand_id=self.scope.brand_id, member_id=member_id)
        ]

    def result(self, code: str, number: int) -> CampaignResultOut:
        run = self.run_of(code, number)
        found = campaigns.results_of(runs=[run]).get(run.id)
        names = {one.key: self.say(one.name) for one in run.definition.variants}
        return CampaignResultOut(
            number=number,
            computed_at=found.computed_at if found else None,
            as_of=found.as_of if found else None,
            period_from=found.period_from if found else None,
            period_to=found.period_to if found else None,
            is_final=found.is_final if found else False,
            sentence=self._told(found.figures) if found else "",
            lacking="",
            running=self._is_running(),
            names={**self._arm_names(), **names},
            figures=dict(found.figures) if found else None,
        )

    def holdout(self) -> CampaignHoldoutOut:
        brand_id = self.scope.brand_id
        setting, chosen = holdouts.get_holdout(brand_id=brand_id), holdout.get_period(brand_id=brand_id)
        found = runs.latest(brand_id=brand_id, kind=holdout.KIND)
        good = found is not None and found.state == "done"
        return CampaignHoldoutOut(
            number=None,
            computed_at=found.started_at if found else None,
            as_of=found.as_of if found else None,
            period_from=_noon(found.period_from) if found and found.period_from else None,
            period_to=_noon(found.period_to) if found and found.period_to else None,
            is_final=good,
            sentence=self._told(found.charts) if found and good else "",
            lacking=self.say(found.problem) if found and not good else "",
            running=self._is_running(),
            names=self._arm_names(),
            figures=dict(found.charts) if found and good else None,
            percent=setting.percent,
            since=setting.since,
            first=chosen.first,
            last=chosen.last,
        )

    def choose_holdout_period(self, first: date, last: date) -> CampaignHoldoutOut:
        brand = organisations.get_brand(brand_id=self.scope.brand_id)
        today = self.now.astimezone(zone(brand.timezone)).date()
        holdout.choose_period(scope=self.scope, first=first, last=last, today=today, now=self.now)
        self.compute()
        return self.holdout()

    def compute(self) -> None:
        """Have a worker reckon results as soon as it can."""
        insight.ask(scope=self.scope, steps=STEPS, now=self.now)

    def choices(self) -> CampaignChoicesOut:
        brand_id = self.scope.brand_id
        left = budgets.left(
            brand_id=brand_id, keys=[one.key for one in budgets.list_budgets(brand_id=brand_id)], now=self.now
        )
        groups = segments.list_segments(brand_id=brand_id)
        members = segments.count_seen(scope=self.scope, segments=groups)
        return CampaignChoicesOut(
            segments=[
                CampaignChoiceOut(code=one.code, name=self.say(one.name), hint=str(members[one.code]))
                for one in groups
            ],
            templates=[
                CampaignChoiceOut(code=one.code, name=self.say(one.name), hint=one.purpose)
                for one in messaging.list_templates(brand_id=brand_id)
            ],
            channels=[CampaignChoiceOut(code=code, name=self.say(name)) for code, name in CHANNELS.items()],
            budgets=[
                CampaignChoiceOut(code=key, name=self.say(one.budget.name), hint=str(one.left))
                for key, one in left.items()
            ],
            margin_permille=reports.get_assumptions(brand_id=brand_id).margin_permille,
            holdout_percent=holdouts.get_holdout(brand_id=brand_id).percent,
        )

    def costs(self) -> dict[str, Any]:
        return flow.get_costs(brand_id=self.scope.brand_id).to_json()

    def reason(self, code: str) -> str:
        """Why, in words: of campaigns, of messages, of coupons; a code that nobody knows is shown as it is."""
        if code in _REASONS:
            return self.say(_REASONS[code])
        of_messages = messaging.list_reasons()
        if code in of_messages:
            return self.say(of_messages[code].name)
        return self.say(coupons.reason(code))

    def _told(self, figures: Any) -> str:
        return self.state(Text.from_json(figures["sentence"])) if figures.get("sentence") else ""

    def _is_running(self) -> bool:
        turn = runs.get_turn(brand_id=self.scope.brand_id)
        return turn is not None and (turn.lease is not None or turn.asked_at is not None)

    def _arm_names(self) -> dict[str, str]:
        return {arm: self.say(name) for arm, name in _ARMS.items()}

    def _arm(self, definition: Definition, arm: str) -> str:
        if arm in _ARMS:
            return self.say(_ARMS[arm])
        for one in definition.variants:
            if one.key == arm:
                return self.say(one.name)
        return arm

    def _plain(self, one: Campaign, audience: str) -> dict[str, Any]:
        found = campaigns.list_runs(campaign=one)[:1] if one.runs else []
        known = campaigns.results_of(runs=found)
        result = known.get(found[0].id) if found else None
        return {
            "code": one.code,
            "name": CampaignNameIO(zh=one.name.zh, en=one.name.en),
            "label": self.say(one.name),
            "note": one.note,
            "state": one.state,
            "state_name": self.state(STATES[one.state]),
            "kind": one.definition.schedule.kind,
            "audience": audience,
            "variants": [self.say(variant.name) for variant in one.definition.variants],
            "holdout_percent": one.definition.holdout_percent,
            "budget": one.definition.budget,
            "revision": one.revision,
            "runs": one.runs,
            "next_at": one.next_at,
            "newest": self.run(found[0]) if found else None,
            "verdict": str(result.figures.get("verdict", "")) if result else "",
            "sentence": self._told(result.figures) if result else "",
            "created_at": one.created_at,
            "created_by": one.created_by,
            "edited_at": one.edited_at,
            "edited_by": one.edited_by,
            "submitted_at": one.submitted_at,
            "submitted_by": one.submitted_by,
            "approved_at": one.approved_at,
            "approved_by": one.approved_by,
            "launched_at": one.launched_at,
            "launched_by": one.launched_by,
            "refused": one.refused,
        }

    def _sentences(self, definitions: Sequence[Definition]) -> list[str]:
        """Whom each is for."""
        asked = [
            (place, campaigns.condition_of(audience=one.audience))
            for place, one in enumerate(definitions)
            if not campaigns.is_everybody(audience=one.audience)
        ]
        said = segments.describe(
            brand_id=self.scope.brand_id, definitions=[one for _, one in asked], now=self.now
        )
        found = [self.say(Text("全体会员", "Everybody")) for _ in definitions]
        for (place, _), text in zip(asked, said, strict=True):
            found[place] = self.say(text)
        for place, one in enumerate(definitions):
            audience = one.audience
            if audience.sample_percent is not None:
                share = Text(
                    f"（抽样 {audience.sample_percent}%）", f" (a sample of {audience.sample_percent} %)"
                )
                found[place] += self.say(share)
            elif audience.sample_count is not None:
                count = f"{audience.sample_count:,}"
                found[place] += self.say(Text(f"（抽样 {count} 人）", f" (a sample of {count})"))
        return found


def _by_state(known: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in known.items():
        state = name.partition(":")[0]
        found[state] = found.get(state, 0) + count
    return found


def _noon(day: date) -> datetime:
    """A day as an instant that is that day in every zone shown here."""
    from datetime import UTC, time

    return datetime.combine(day, time(4), tzinfo=UTC)
