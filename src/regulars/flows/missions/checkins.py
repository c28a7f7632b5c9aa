"""Check-in: one a business day, rows of days with bonuses, cards that make up for a day that was missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.api import play
from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import CheckinDay, CheckinRules, CheckinStanding
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.facts.members import states
from regulars.flows import rewarding
from regulars.flows.intake import api as intake
from regulars.flows.intake.post import not_active
from regulars.flows.missions.acts import Done
from regulars.flows.rewarding import Gift, Given
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

SOURCE = "checkin"
_DAILY = Text("每日签到", "Daily check-in")
_MEMBER = Text("会员", "Member")


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A check-in, or a made-up day. `fresh`: it counted now; else it had counted before. `bonuses` are the lengths of
    the row whose bonus came with it; `earned` is what the brand's rules gave beside, by unit."""

    day: date
    fresh: bool
    standing: CheckinStanding
    bonuses: tuple[int, ...]
    earned: dict[str, int]
    made_up: bool = False


def check_in(*, scope: Scope, member_id: UUID, now: datetime, channel: str = "h5") -> CheckedIn:
    """Check in for the business day of `now`; a second time that day changes nothing. The act is an activity of type
    `checkin`, so the programme's rules may give for it as well. Raises `checkin_off` (409), `membership_not_active`.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    rules = _rules(scope)
    day = policy.business_day(now, brand.timezone)
    with transaction.atomic():
        _lock(scope, member_id)
        result = intake.post(
            scope=scope,
            activities=[
                ActivityIn(
                    type="checkin",
                    member=MemberRef(id=member_id),
                    occurred_at=now,
                    source="regulars",
                    channel=channel,
                    key=f"checkin:{member_id}:{day}",
                )
            ],
            now=now,
        )[0]
        if isinstance(result, Refusal) and result.code != "idempotency_conflict":
            raise result
        fresh, bonuses = _count(brand, rules, [(member_id, CheckinDay(day, "checkin", at=now))], now)
        standing, _ = play.checkin_standing(
            brand_id=brand.id, member_id=member_id, rules=rules, today=day, timezone=brand.timezone
        )
    earned = {} if isinstance(result, Refusal) or result.duplicate else dict(result.earned)
    return CheckedIn(day, (member_id, day) in fresh, standing, bonuses.get(member_id, ()), earned)


def make_up(*, scope: Scope, member_id: UUID, day: date, now: datetime) -> CheckedIn:
    """Make up for a day of the last few that was missed, with a card: this month's free ones first, then earned ones.
    Raises `invalid_input`, `no_cards` (409), `checkin_off`.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    rules = _rules(scope)
    today = policy.business_day(now, brand.timezone)
    with transaction.atomic():
        _lock(scope, member_id)
        standing, days = play.checkin_standing(
            brand_id=brand.id, member_id=member_id, rules=rules, today=today, timezone=brand.timezone
        )
        if any(one.day == day for one in days):
            return CheckedIn(day, False, standing, (), {})
        if day not in standing.can_make_up:
            raise invalid_field(
                "day",
                "out_of_range",
                f"只能补签最近 {rules.makeup_days} 天",
                f"Only the last {rules.makeup_days} days can be made up for",
            )
        paid_by = "month"
        if standing.free_cards <= 0:
            if not play.take_card(brand_id=brand.id, member_id=member_id):
                raise conflict("no_cards", "没有可用的补签卡", "There is no make-up card left")
            paid_by = "card"
        _, bonuses = _count(brand, rules, [(member_id, CheckinDay(day, "makeup", paid_by, at=now))], now)
        after, _ = play.checkin_standing(
            brand_id=brand.id, member_id=member_id, rules=rules, today=today, timezone=brand.timezone
        )
    return CheckedIn(day, True, after, bonuses.get(member_id, ()), {}, made_up=True)


def count(brand: Brand, done: Sequence[Done], now: datetime) -> None:
    """Check-ins that came another way (a till, a mini-program) stand in the calendar too."""
    acts = [one for one in done if one.type == "checkin" and one.act is not None]
    rules = play.get_checkin(brand_id=brand.id) if acts else CheckinRules()
    if not rules.enabled:
        return
    days: dict[tuple[UUID, date], CheckinDay] = {}
    for one in acts:
        day = policy.business_day(one.occurred_at, brand.timezone)
        days.setdefault((one.member_id, day), CheckinDay(day, "checkin", at=one.occurred_at))
    with transaction.atomic():
        with connection.cursor() as cursor:
            rows = states.lock(cursor, brand_id=brand.id, member_ids={member for member, _ in days})
        ordered = sorted(days.items(), key=lambda item: (item[0][1], item[0][0]))
        for turn in _by_day([(m, one) for (m, _), one in ordered if m in rows]):
            _count(brand, rules, turn, now)


def _by_day(days: Sequence[tuple[UUID, CheckinDay]]) -> list[list[tuple[UUID, CheckinDay]]]:
    found: dict[date, list[tuple[UUID, CheckinDay]]] = {}
    for member, one in days:
        found.setdefault(one.day, []).append((member, one))
    return [found[day] for day in sorted(found)]


def _count(
    brand: Brand, rules: CheckinRules, days: Sequence[tuple[UUID, CheckinDay]], now: datetime
) -> tuple[set[tuple[UUID, date]], dict[UUID, tuple[int, ...]]]:
    """Add days of different members, give the day's rewards and what their rows have earned."""
    fresh = play.add_days(brand_id=brand.id, days=days)
    new = [(member, one) for member, one in days if (member, one.day) in fresh]
    due = play.take_ladder(brand_id=brand.id, rules=rules, members=[(m, one.day) for m, one in new])
    gifts = []
    for member, one in new:
        if rules.rewards and one.kind == "checkin":
            gifts.append(
                Gift(member, f"checkin:{one.day}", SOURCE, rewarding.rewards_of(rules.rewards), title=_DAILY)
            )
        for length, rung in due.get(member, ()):
            if rung.rewards:
                title = Text(f"连续签到 {length} 天", f"{length} days in a row")
                rewards = rewarding.rewards_of(rung.rewards)
                gifts.append(Gift(member, f"checkin:{one.day}:row:{length}", SOURCE, rewards, title=title))
    given: list[Given] = rewarding.give(brand=brand, gifts=gifts, now=now)
    assert len(given) == len(gifts)
    return fresh, {member: tuple(length for length, _ in rungs) for member, rungs in due.items()}


def _rules(scope: Scope) -> CheckinRules:
    rules = play.get_checkin(brand_id=scope.brand_id)
    if not rules.enabled:
        raise conflict("checkin_off", "签到未开放", "Check-in is switched off")
    return rules


def _lock(scope: Scope, member_id: UUID) -> None:
    with connection.cursor() as cursor:
        row = states.lock(cursor, brand_id=scope.brand_id, member_ids=[member_id]).get(member_id)
    if row is None:
        raise not_found(_MEMBER)
    if row.status != "active":
        raise not_active(row.status)
