"""What a campaign would be for one member: is she meant, which arm is hers, what would she get, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import HOLDOUT, Campaign, Definition, Variant
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberFilter
from regulars.flows import rewarding
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.value.budgets import api as budgets


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was asked of her, and whether it holds. What does not hold keeps her out."""

    key: str
    holds: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Tried:
    """`matches`: she is of the audience. `gets`: she would get the offer; `arm` is hers either way (empty where she is
    not of the audience). `rewards`: what it is in words, by reward."""

    matches: bool
    gets: bool
    arm: str
    variant: Variant | None
    rewards: tuple[Text, ...]
    checks: tuple[Check, ...]


def preview(*, scope: Scope, campaign: Campaign, member_id: UUID, now: datetime) -> Tried:
    """As it stands now and with the campaign's own salt: at the launch she falls into the same arm."""
    definition = campaign.definition
    checks = [_active(scope, member_id), *_audience(scope, definition, member_id, now)]
    if definition.audience.sample_percent is not None:
        percent = definition.audience.sample_percent
        checks.append(
            Check(
                "sample",
                campaigns.is_sampled(campaign=campaign, member_id=member_id),
                Text(f"在 {percent}% 的抽样内", f"She is in the sample of {percent} %"),
            )
        )
    matches = all(one.holds for one in checks)
    if not matches:
        return Tried(False, False, "", None, (), tuple(checks))
    if campaigns.heeds_programme(definition=definition):
        held = bool(holdouts.held_out(brand_id=scope.brand_id, member_ids=[member_id]))
        checks.append(
            Check("programme", not held, Text("不在全局对照组", "She is not in the programme's holdout"))
        )
    arm = campaigns.arm_of_member(campaign=campaign, member_id=member_id)
    if definition.holdout_percent and not definition.stratify:
        checks.append(
            Check("holdout", arm != HOLDOUT, Text("不在本活动对照组", "She is not in the campaign's holdout"))
        )
    variant = next((one for one in definition.variants if one.key == arm), None)
    if arm == "rest":
        checks.append(
            Check("trial", True, Text("等待测试评出优胜版本后发放", "She waits for the winner of the test"))
        )
    if definition.budget:
        checks.append(_budget(scope, definition, now))
    return Tried(
        matches=True,
        gets=all(one.holds for one in checks),
        arm=arm,
        variant=variant,
        rewards=_told(scope, variant),
        checks=tuple(checks),
    )


def _active(scope: Scope, member_id: UUID) -> Check:
    found = members.list_ids(scope=scope, given=MemberFilter(), after=None, limit=1, among=[member_id])
    return Check("active", bool(found), Text("会员状态正常", "Her membership is active"))


def _audience(scope: Scope, definition: Definition, member_id: UUID, now: datetime) -> list[Check]:
    brand_id, audience = scope.brand_id, definition.audience
    hers = segments.codes_of(brand_id=brand_id, member_ids=[member_id]).get(member_id, set())
    checks = []
    if audience.segments:
        names = _names(brand_id, audience.segments)
        checks.append(
            Check(
                "segments",
                not hers.isdisjoint(audience.segments),
                Text(f"属于人群：{'、'.join(names[0])}", f"She is in a segment: {', '.join(names[1])}"),
            )
        )
    if audience.condition:
        held = segments.holds_for(
            brand_id=brand_id, definition=audience.condition, member_ids=[member_id], now=now
        )
        said = segments.describe(brand_id=brand_id, definitions=[audience.condition], now=now)[0]
        checks.append(Check("condition", bool(held), said))
    if audience.exclude:
        names = _names(brand_id, audience.exclude)
        checks.append(
            Check(
                "exclude",
                hers.isdisjoint(audience.exclude),
                Text(
                    f"不属于排除人群：{'、'.join(names[0])}",
                    f"She is in none of the excluded: {', '.join(names[1])}",
                ),
            )
        )
    return checks


def _budget(scope: Scope, definition: Definition, now: datetime) -> Check:
    left = budgets.left(brand_id=scope.brand_id, keys=[definition.budget], now=now).get(definition.budget)
    return Check(
        "budget",
        left is not None and left.left > 0,
        Text("预算还有余额", "There is something left in the budget"),
    )


def _names(brand_id: UUID, codes: Sequence[str]) -> tuple[list[str], list[str]]:
    found = {one.code: one.name for one in segments.list_segments(brand_id=brand_id, archived=True)}
    names = [found.get(code, Text(code, code)) for code in codes]
    return [one.zh for one in names], [one.en for one in names]


def _told(scope: Scope, variant: Variant | None) -> tuple[Text, ...]:
    if variant is None:
        return ()
    return tuple(
        Text(
            rewarding.describe(one, "zh", brand_id=scope.brand_id),
            rewarding.describe(one, "en", brand_id=scope.brand_id),
        )
        for one in rewarding.rewards_of(variant.rewards)
    )
