"""Missions and play as one member sees them, in her language: for her own pages and the public API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from regulars.conditions.api import Progress
from regulars.engage.missions.api import play
from regulars.engage.missions.policy import play as play_policy
from regulars.engage.missions.types.missions import RUN_STATES, StepProgress
from regulars.engage.missions.types.play import BOARD_MEASURES, PERIODS, Board, CheckinRules
from regulars.flows import rewarding
from regulars.flows.missions import api as flow
from regulars.flows.missions.api import Card, CheckedIn
from regulars.kit.errors import Refusal, not_found
from regulars.kit.money import show
from regulars.kit.periods import add_months
from regulars.kit.text import Language, Text
from regulars.kit.wording import money
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.programme.versions import api as versions
from regulars.surfaces import play_shapes as shapes

_OPEN = Text("可参加", "open")
_RANKED_BY = {
    "spend": Text("按消费额排名，退货会扣除", "Ranked by spend; returns are taken off"),
    "points": Text(
        "按赚取的{unit}排名，任务与抽奖的奖励不计入",
        "Ranked by {unit} earned; rewards of missions and draws do not count",
    ),
    "checkins": Text("按签到天数排名，补签不计入", "Ranked by check-ins; made-up days do not count"),
    "referrals": Text(
        "按邀请达成的好友数排名，好友退货会扣除",
        "Ranked by friends who qualified; one whose order goes back is taken off",
    ),
}
_COUNTS = {
    "count": Text("次", "times"),
    "amount": Text("", ""),
    "days": Text("天", "days"),
    "stores": Text("家门店", "stores"),
}


@dataclass(frozen=True)
class Player:
    """One member's missions and play."""

    scope: Scope
    brand: Brand
    member_id: UUID
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    @cached_property
    def known(self) -> rewarding.Known:
        return rewarding.Known(self.brand.id, self.now)

    def rewards(self, given: Iterable[Mapping[str, Any]]) -> list[str]:
        """Rewards in a few words each; tags are the shop's own business."""
        return [
            rewarding.describe(one, self.language, brand_id=self.brand.id, known=self.known)
            for one in rewarding.rewards_of(list(given))
            if one.kind != "tag"
        ]

    # Missions.

    def missions(self) -> shapes.MissionCardsOut:
        cards = flow.cards_of(brand=self.brand, member_id=self.member_id, now=self.now)
        return shapes.MissionCardsOut(items=[self._card(card) for card in cards])

    def take_up(self, mission: str) -> shapes.TakeUpOut:
        flow.take_up(scope=self.scope, member_id=self.member_id, mission=mission, now=self.now)
        cards = flow.cards_of(brand=self.brand, member_id=self.member_id, now=self.now)
        card = next((one for one in cards if one.definition.key == mission), None)
        if card is None:
            raise not_found(Text("任务", "Mission"))
        return shapes.TakeUpOut(mission=self._card(card))

    def _card(self, card: Card) -> shapes.MissionCardOut:
        made, run = card.definition, card.run
        steps = []
        before_done = True
        for step in made.steps:
            has = run.steps.get(step.key, StepProgress()) if run else StepProgress()
            done = has.done_at is not None
            steps.append(
                shapes.MissionStepOut(
                    key=step.key,
                    name=self.say(step.name),
                    measure=step.measure,
                    unit=self._counted(step.measure, step.goal),
                    value=min(has.value, step.goal) if done else has.value,
                    goal=step.goal,
                    percent=100 if done else min(99, has.value * 100 // step.goal),
                    done=done,
                    waits=made.in_order and not before_done,
                    rewards=self.rewards(step.rewards),
                )
            )
            before_done = before_done and done
        done_steps = sum(step.done for step in steps)
        state: Any = run.state if run else "open"
        return shapes.MissionCardOut(
            key=made.key,
            name=self.say(made.name),
            description=self.say(made.description),
            group=made.group,
            state=state,
            state_name=self.say(RUN_STATES[run.state] if run else _OPEN),
            in_order=made.in_order,
            can_take_up=card.can_take_up,
            days_left=card.days_left,
            ends_at=run.ends_at if run else None,
            finished_at=run.finished_at if run else None,
            repeat=made.repeat,
            steps=steps,
            done=done_steps,
            percent=sum(step.percent for step in steps) // max(1, len(steps)),
            rewards=self.rewards(made.rewards),
        )

    def _counted(self, measure: str, goal: int) -> str:
        if measure == "amount":
            return money(goal, self.brand.currency, self.language)
        return self.say(_COUNTS[measure])

    # Check-in.

    def checkin(self, month: str = "") -> shapes.CheckinOut:
        """The calendar of a month (`YYYY-MM`; this one without)."""
        rules = play.get_checkin(brand_id=self.brand.id)
        today = play_policy.business_day(self.now, self.brand.timezone)
        standing, days = play.checkin_standing(
            brand_id=self.brand.id,
            member_id=self.member_id,
            rules=rules,
            today=today,
            timezone=self.brand.timezone,
        )
        first = _month(month, today)
        there = {one.day: one for one in days}
        shown = []
        day, after = first, add_months(first, 1)
        while day < after:
            one = there.get(day)
            state: Any = one.kind if one else ""
            if one is None and rules.enabled and day in standing.can_make_up:
                state = "missed"
            elif one is None and day == today:
                state = "today"
            shown.append(shapes.CheckinDayOut(day=day, state=state, bonus=bool(one and one.bonus)))
            day += timedelta(days=1)
        return shapes.CheckinOut(
            enabled=rules.enabled,
            today=today,
            month=f"{first:%Y-%m}",
            checked_in=standing.checked_in,
            streak=standing.streak,
            best=standing.best,
            total=standing.total,
            cards=standing.cards,
            free_cards=standing.free_cards,
            makeup_days=rules.makeup_days,
            rewards=self.rewards(rules.rewards),
            ladder=[
                shapes.CheckinRungOut(
                    days=rung.days,
                    rewards=self.rewards(rung.rewards),
                    cards=rung.cards,
                    reached=_in_turn(rules, standing.streak) >= rung.days,
                )
                for rung in rules.ladder
            ],
            next_bonus_in=_next_bonus(rules, standing.streak),
            days=shown,
        )

    def check_in(self, channel: str) -> shapes.CheckedInOut:
        done = flow.check_in(scope=self.scope, member_id=self.member_id, now=self.now, channel=channel)
        return self._checked_in(done)

    def make_up(self, day: date) -> shapes.CheckedInOut:
        done = flow.make_up(scope=self.scope, member_id=self.member_id, day=day, now=self.now)
        return self._checked_in(done)

    def _checked_in(self, done: CheckedIn) -> shapes.CheckedInOut:
        rules = play.get_checkin(brand_id=self.brand.id)
        gained: list[str] = []
        if done.fresh:
            gained += self.rewards(rules.rewards) if not done.made_up else []
            for length in done.bonuses:
                rung = next((r for r in rules.ladder if _is_rung(rules, length, r.days)), None)
                gained += self.rewards(rung.rewards) if rung else []
            gained += [
                f"{amount:,} {self.say(self.known.name('points', unit) or Text(unit, unit))}"
                for unit, amount in done.earned.items()
                if amount > 0
            ]
        return shapes.CheckedInOut(
            fresh=done.fresh, bonuses=list(done.bonuses), gained=gained, checkin=self.checkin()
        )

    # Badges.

    def badges(self) -> shapes.BadgesOut:
        held = play.badges_of(brand_id=self.brand.id, member_id=self.member_id)
        known = play.list_badges(brand_id=self.brand.id)
        how = flow.words_of_badges(brand=self.brand, badges=known, now=self.now)
        to_come = [one for one in known if one.key not in held]
        far = flow.progress_of_badges(
            brand=self.brand, badges=to_come, member_id=self.member_id, now=self.now
        )
        items = []
        for badge in known:
            has = held.get(badge.key)
            times = has.times if has else 0
            level = badge.level_of(times)
            items.append(
                shapes.BadgeShownOut(
                    key=badge.key,
                    name=self.say(badge.name),
                    description=self.say(badge.description),
                    icon=badge.icon,
                    colour=badge.colour,
                    level=level,
                    level_name=self.say(badge.levels[level - 1].name) if level else "",
                    times=times,
                    next_at=next((one.at for one in badge.levels if one.at > times), None),
                    first_at=has.first_at if has else None,
                    how=self.say(how[badge.key]) if badge.key in how else "",
                    taken_away=badge.taken_away,
                    progress=badge_progress(far.get(badge.key, ()), self.language),
                    levels=[
                        shapes.BadgeLevelOut(at=one.at, name=self.say(one.name), reached=times >= one.at)
                        for one in badge.levels
                    ],
                )
            )
        items.sort(key=lambda one: one.level == 0)
        return shapes.BadgesOut(items=items)

    # Boards.

    def boards(self) -> shapes.BoardsOut:
        return shapes.BoardsOut(
            items=[self.board(one.key) for one in play.list_boards(brand_id=self.brand.id, state="active")],
            hidden=play.is_hidden(brand_id=self.brand.id, member_id=self.member_id),
        )

    def board(self, key: str, store: str = "") -> shapes.BoardOut:
        board = play.get_board(brand_id=self.brand.id, key=key)
        if board.state == "draft":
            raise not_found(Text("排行榜", "Leaderboard"))
        period, ends = play_policy.board_period(board, self.now, self.brand.timezone)
        stores = list(organisations.stores_of(brand_id=self.brand.id).values()) if board.per_store else []
        chosen = next((one for one in stores if one.code == store), None)
        if store and chosen is None:
            raise not_found(Text("门店", "Store"))
        if stores and chosen is None:
            first = play.store_of(brand_id=self.brand.id, board=key, period=period, member_id=self.member_id)
            chosen = next((one for one in stores if one.id == first), stores[0])
        store_id = chosen.id if chosen else None
        ranked = play.ranking(
            brand_id=self.brand.id, board=key, period=period, store_id=store_id, limit=board.shown
        )
        mine = play.rank_of(
            brand_id=self.brand.id, board=key, period=period, store_id=store_id, member_id=self.member_id
        )
        everybody = [*ranked, *([mine] if mine else [])]
        names = flow.names_of(self.brand, [one.member_id for one in everybody])

        def row(one: Any) -> shapes.BoardRowOut:
            prize = play_policy.prize_of(board, one.rank)
            return shapes.BoardRowOut(
                rank=one.rank,
                name=names.get(one.member_id, ""),
                score=one.score,
                shown=self._score(board, one.score),
                me=one.member_id == self.member_id,
                prize=self.rewards(prize.rewards) if prize else [],
            )

        closed = play.list_closed(
            brand_id=self.brand.id, board=key, place=play_policy.place_key(store_id), limit=1
        )
        return shapes.BoardOut(
            key=key,
            name=self.say(board.name),
            description=self.say(board.description),
            measure=board.measure,
            ranked_by=self._ranked_by(board),
            period=period,
            period_name=self.say(PERIODS[board.period]),
            ends_at=ends,
            store=chosen.code if chosen else "",
            stores=[shapes.BoardStoreOut(code=one.code, name=self.say(one.name)) for one in stores],
            rows=[row(one) for one in ranked],
            members=play.count_ranked(brand_id=self.brand.id, board=key, period=period, store_id=store_id),
            mine=row(mine) if mine else None,
            hidden=play.is_hidden(brand_id=self.brand.id, member_id=self.member_id),
            last=[self._past(board, one) for one in closed[0].rows[:3]] if closed else [],
            last_period=closed[0].period if closed else "",
        )

    def _past(self, board: Board, one: Mapping[str, Any]) -> shapes.BoardRowOut:
        prize = play_policy.prize_of(board, one["rank"]) if one["prize"] else None
        return shapes.BoardRowOut(
            rank=one["rank"],
            name=one["name"],
            score=one["score"],
            shown=self._score(board, one["score"]),
            me=one["member"] == str(self.member_id),
            prize=self.rewards(prize.rewards) if prize else [],
        )

    def _ranked_by(self, board: Board) -> str:
        if board.by == "activity":
            types = versions.catalogue_of(brand_id=self.brand.id).activity_types()
            label = next((one.label for one in types if one.value == board.activity), None)
            counted = self.say(BOARD_MEASURES[board.measure])
            return f"{self.say(label)} · {counted}" if label else counted
        return self.say(_RANKED_BY[board.by]).format(
            unit=self.say(self.known.name("points", board.unit) or Text(board.unit, board.unit))
        )

    def _score(self, board: Board, score: int) -> str:
        if board.measure == "amount":
            return show(score, self.brand.currency)
        return f"{score:,}"

    def hide(self, hidden: bool) -> shapes.BoardChoiceIO:
        play.hide(brand_id=self.brand.id, member_id=self.member_id, hidden=hidden, now=self.now)
        return shapes.BoardChoiceIO(hidden=hidden)


def badge_progress(found: Iterable[Progress], language: Language) -> list[shapes.BadgeProgressOut]:
    """How far a member is with a badge, in her language."""
    return [
        shapes.BadgeProgressOut(
            label=one.label.in_language(language),
            shown=one.shown.in_language(language),
            value=f"{one.value}",
            wanted=f"{one.wanted}",
            percent=one.percent,
            done=one.done,
        )
        for one in found
    ]


def _month(text: str, today: date) -> date:
    """The first day of `YYYY-MM`; this month for what is none, or too far away."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    here = today.replace(day=1)
    return first if add_months(here, -13) <= first <= here else here


def _in_turn(rules: CheckinRules, streak: int) -> int:
    """How far a row is on the ladder that begins anew."""
    return (streak - 1) % rules.again_after + 1 if rules.again_after and streak else streak


def _is_rung(rules: CheckinRules, length: int, days: int) -> bool:
    return length == days or bool(
        rules.again_after and length > days and (length - days) % rules.again_after == 0
    )


def _next_bonus(rules: CheckinRules, streak: int) -> int | None:
    wanted: Sequence[int] = [rung.days for rung in rules.ladder]
    if not wanted:
        return None
    turn = (streak // rules.again_after) if rules.again_after else 0
    lengths = [days + k * rules.again_after for k in (turn, turn + 1) for days in wanted]
    return next((length - streak for length in sorted(set(lengths)) if length > streak), None)


def programme_units(*, brand: Brand, now: datetime) -> Mapping[str, Text]:
    """Units that can be rewards, by code."""
    try:
        units = versions.in_force(brand_id=brand.id, now=now).live.units
    except Refusal:
        return {}
    return {code: unit.name for code, unit in units.items()}
