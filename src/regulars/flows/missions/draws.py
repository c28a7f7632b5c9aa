"""A draw: a chance is used, the number is reckoned from seeds that nobody can change, the prize is taken and given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.api import draws
from regulars.engage.missions.policy import draws as policy
from regulars.engage.missions.policy.play import business_day
from regulars.engage.missions.types.draws import Chances, Draw, DrawDefinition, DrawPrize, Play, Seat
from regulars.facts.members import states
from regulars.flows import lots, rewarding
from regulars.flows.intake.post import not_active
from regulars.flows.rewarding import Gift
from regulars.kit.errors import conflict, not_found
from regulars.kit.ids import new_id, new_ids
from regulars.kit.periods import start_of_day
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

_MEMBER = Text("会员", "Member")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw with its prize; `repeated`: it had been made before under the same key."""

    play: Play
    prize: DrawPrize
    repeated: bool = False


def play(*, scope: Scope, member_id: UUID, draw: str, key: str, pay: bool, now: datetime) -> Drawn:
    """Draw once. Free draws of the day go first, then chances that were given, then, if she says `pay`, points.

    The same key again is the same draw. Raises `draw_not_open`, `draw_limit`, `no_chances`, `insufficient_balance`
    (409), `not_found`.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        _lock(scope, member_id)
        found = draws.get_draw(brand_id=brand.id, key=draw)
        before = draws.find_play(brand_id=brand.id, member_id=member_id, key=draw, play_key=key)
        if before is not None:
            made = draws.published(brand_id=brand.id, key=draw, version=before.version)
            return Drawn(before, made.prize(before.prize), repeated=True)
        check_open(found, brand.timezone, now)
        definition = draws.published(brand_id=brand.id, key=draw, version=found.live)
        paid_by = _use_chance(brand, member_id, definition, pay, now)
        seat = draws.seat_of(brand_id=brand.id, member_id=member_id, key=draw)
        nonce = seat.nonce + 1
        seed, number = draws.draw_number(
            brand_id=brand.id, key=draw, client_seed=seat.client_seed, nonce=nonce
        )
        outcome = policy.outcome(definition, number, seat.misses)
        prize, why = outcome.prize, outcome.why
        if not draws.take_stock(brand_id=brand.id, key=draw, prize=prize):
            prize, why = definition.prize(prize.instead), "used_up"
        id_ = new_id()
        cost = 0
        if paid_by == "points":
            cost = definition.price
            lots.burn_from(
                scope=scope,
                member_id=member_id,
                unit=definition.unit,
                amount=cost,
                key=f"draw:{id_}",
                now=now,
                reason=definition.name.zh,
                source="draw",
            )
        refused = _give(brand, member_id, definition, prize, id_, now)
        done = Play(
            member_id,
            id_,
            key,
            found.live,
            seed,
            seat.client_seed,
            nonce,
            number,
            outcome.drawn.key,
            prize.key,
            why,
            paid_by,
            cost,
            refused,
            business_day(now, brand.timezone),
            now,
        )
        draws.add_play(brand_id=brand.id, key=draw, play=done)
        misses = 0 if prize.wins else seat.misses + 1
        after = Seat(seat.client_seed, nonce, misses, seat.plays + 1)
        draws.put_seat(brand_id=brand.id, member_id=member_id, key=draw, seat=after)
        _announce(brand, found, done, prize, now)
        return Drawn(done, prize)


def _give(
    brand: Brand, member_id: UUID, definition: DrawDefinition, prize: DrawPrize, id_: UUID, now: datetime
) -> str:
    """Give a prize; what of it could not be given is kept with the draw."""
    if not prize.rewards:
        return ""
    gift = Gift(
        member_id,
        f"draw:{definition.key}:{id_}",
        f"draw:{definition.key}",
        rewarding.rewards_of(prize.rewards),
        title=Text(f"{definition.name.zh}·{prize.name.zh}", f"{definition.name.en}: {prize.name.en}"),
        budget=definition.budget,
    )
    (given,) = rewarding.give(brand=brand, gifts=[gift], now=now)
    return ",".join(code for _, code in given.refused)


def check_open(draw: Draw, timezone: str, now: datetime) -> None:
    """Raises `draw_not_open` (409)."""
    starts = draw.definition.starts_on
    ends = draw.definition.ends_on
    is_open = draw.state == "active"
    if starts is not None and now < start_of_day(starts, timezone):
        is_open = False
    if ends is not None and now >= start_of_day(ends + timedelta(days=1), timezone):
        is_open = False
    if not is_open:
        raise conflict("draw_not_open", "抽奖未开放", "The draw is not open")


def chances(*, brand: Brand, member_id: UUID, definition: DrawDefinition, now: datetime) -> Chances:
    """How many draws a member has now."""
    plays, free = draws.plays_on(
        brand_id=brand.id, member_id=member_id, key=definition.key, day=business_day(now, brand.timezone)
    )
    given = draws.chances_of(brand_id=brand.id, member_id=member_id).get(definition.key, 0)
    left = max(0, definition.most_a_day - plays)
    return Chances(min(left, max(0, definition.free_a_day - free)), given, left)


def _use_chance(brand: Brand, member_id: UUID, definition: DrawDefinition, pay: bool, now: datetime) -> str:
    has = chances(brand=brand, member_id=member_id, definition=definition, now=now)
    if has.left_today <= 0:
        raise conflict(
            "draw_limit",
            f"今天的抽奖次数已用完（每天最多 {definition.most_a_day} 次）",
            f"No more draws today (at most {definition.most_a_day} a day)",
            most=definition.most_a_day,
        )
    if has.free > 0:
        return "free"
    if has.given and draws.use_chance(brand_id=brand.id, member_id=member_id, key=definition.key):
        return "chance"
    if pay and definition.price:
        return "points"
    raise conflict("no_chances", "没有抽奖机会了", "There is no chance left", price=definition.price)


def change_seed(*, scope: Scope, member_id: UUID, draw: str, client_seed: str) -> Seat:
    """A member chooses the seed of her own; the count goes on, so that no number comes twice."""
    text = draws.check_client_seed(text=client_seed)
    with transaction.atomic():
        _lock(scope, member_id)
        draws.get_draw(brand_id=scope.brand_id, key=draw)
        seat = draws.seat_of(brand_id=scope.brand_id, member_id=member_id, key=draw)
        after = replace(seat, client_seed=text)
        draws.put_seat(brand_id=scope.brand_id, member_id=member_id, key=draw, seat=after)
    return after


def rotate_due(now: datetime) -> int:
    """Due work: reveal seeds that were in use for a week, and the last one of draws whose time is over."""
    rotated = 0
    for brand in organisations.list_brands():
        scope = Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
        for draw in draws.list_draws(brand_id=brand.id):
            if draw.state not in ("active", "paused"):
                continue
            ends = draw.definition.ends_on
            if ends is not None and now >= start_of_day(ends + timedelta(days=1), brand.timezone):
                draws.set_state(scope=scope, key=draw.key, state="ended", now=now)
                rotated += 1
                continue
            seeds = draws.list_seeds(brand_id=brand.id, key=draw.key)
            current = next((seed for seed in seeds if seed.state == "current"), None)
            if current and current.used_from and now - current.used_from >= policy.ROTATE_AFTER:
                draws.rotate(scope=scope, key=draw.key, now=now)
                rotated += 1
    return rotated


def _announce(brand: Brand, draw: Draw, done: Play, prize: DrawPrize, now: datetime) -> None:
    (id_,) = new_ids(1)
    outbox.append(
        [
            Event(
                id=id_,
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                topic="draw.made",
                payload={"draw": draw.key, "play": str(done.id), "prize": prize.key, "won": prize.wins},
                occurred_at=now,
                recorded_at=now,
                member_id=done.member_id,
            )
        ]
    )


def _lock(scope: Scope, member_id: UUID) -> None:
    with connection.cursor() as cursor:
        row = states.lock(cursor, brand_id=scope.brand_id, member_ids=[member_id]).get(member_id)
    if row is None:
        raise not_found(_MEMBER)
    if row.status != "active":
        raise not_active(row.status)
