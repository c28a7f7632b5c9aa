"""Draws: odds in versions, seeds that are committed to and revealed, stock, chances, the log."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.policy import draws as policy
from regulars.engage.missions.store import draws as store
from regulars.engage.missions.types.draws import (
    DRAW,
    DRAW_STATES,
    ChanceGrant,
    Draw,
    DrawDefinition,
    DrawPrize,
    Play,
    Seat,
    Seed,
    Stock,
)
from regulars.kit import slots
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy

_MOVES = {
    "draft": {"active"},
    "active": {"paused", "ended"},
    "paused": {"active", "ended"},
    "ended": set[str](),
}


def list_draws(*, brand_id: UUID, state: str = "") -> list[Draw]:
    """The brand's draws by key."""
    with connection.cursor() as cursor:
        found = store.draws(cursor, brand_id=brand_id).values()
    return [one for one in found if not state or one.state == state]


def get_draw(*, brand_id: UUID, key: str) -> Draw:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.draws(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(DRAW)
    return found


def find_draws(*, brand_id: UUID, keys: Iterable[str]) -> dict[str, Draw]:
    """Draws among these keys that have not ended."""
    with connection.cursor() as cursor:
        found = store.draws(cursor, brand_id=brand_id, keys=keys)
    return {key: one for key, one in found.items() if one.state != "ended"}


def put_draw(*, scope: Scope, definition: DrawDefinition, now: datetime, create: bool | None = None) -> Draw:
    """Make a draw (a draft) or change one. New odds of one that is open are a new version, published at once; stock
    moves by the difference. Raises `key_taken`, `draw_ended` (409), `not_found`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        key = definition.key
        before = store.draws(cursor, brand_id=scope.brand_id, keys=[key], lock=True).get(key)
        if before is None and create is False:
            raise not_found(DRAW)
        if before is not None and create:
            raise conflict("key_taken", f"编码 {key} 已存在", f"The key {key} is taken")
        if before is not None and before.state == "ended":
            raise conflict("draw_ended", "抽奖已结束，不能修改", "The draw has ended; make another")
        if before is not None and before.definition == definition:
            return before
        made = (
            Draw(key, "draft", definition, 0, 1, now)
            if before is None
            else replace(before, definition=definition, revision=before.revision + 1, updated_at=now)
        )
        if before is not None and before.state != "draft":
            made = replace(made, live=before.live + 1)
            _publish(cursor, scope, made, now)
            for prize in definition.prizes:
                if prize.stock is not None:
                    counter = store.counter_of(scope.brand_id, key, prize.key)
                    slots.resize(cursor, store.SLOTS, counter=counter, limit=prize.stock)
        store.put(cursor, brand_id=scope.brand_id, draw=made, now=now)
        _audit(scope, "draw.changed" if before else "draw.created", before, made, now)
    return made


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Draw:
    """Open, pause, go on, end. With the opening two seeds are committed to, the one in use and the next; with the end
    the one in use is revealed. Raises `wrong_state` (409).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.draws(cursor, brand_id=scope.brand_id, keys=[key], lock=True).get(key)
        if before is None:
            raise not_found(DRAW)
        if before.state == state:
            return before
        if state not in _MOVES[before.state]:
            here, there = DRAW_STATES[before.state], DRAW_STATES.get(state, Text(state, state))
            raise Refusal(
                "wrong_state",
                Text("{here}的抽奖不能变为{there}", "A draw that is {here} cannot become {there}").format(
                    here=here, there=there
                ),
                status=409,
            )
        after = replace(before, state=state, updated_at=now)  # type: ignore[arg-type]
        if before.state == "draft":
            after = replace(after, live=1)
            _publish(cursor, scope, after, now)
            _commit(cursor, scope.brand_id, key, 1, "current", now)
            _commit(cursor, scope.brand_id, key, 2, "next", now)
        if state == "ended":
            store.reveal(cursor, brand_id=scope.brand_id, draw=key, now=now)
        store.put(cursor, brand_id=scope.brand_id, draw=after, now=now)
        _audit(scope, f"draw.{state}", before, after, now)
    return after


def rotate(*, scope: Scope, key: str, now: datetime) -> Seed:
    """Reveal the seed in use, go on with the next, and commit to another. Gives the one now in use."""
    with transaction.atomic(), connection.cursor() as cursor:
        draw = store.draws(cursor, brand_id=scope.brand_id, keys=[key], lock=True).get(key)
        if draw is None:
            raise not_found(DRAW)
        if draw.state not in ("active", "paused"):
            raise conflict("draw_not_open", "抽奖未开放", "The draw is not open")
        store.reveal(cursor, brand_id=scope.brand_id, draw=key, now=now)
        newest = store.seeds(cursor, brand_id=scope.brand_id, draw=key)[0][0]
        _commit(cursor, scope.brand_id, key, newest.number + 1, "next", now)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="draw.rotated",
            subject_type="draw",
            subject_id=key,
            before=None,
            after={"seed": newest.number},
            now=now,
        )
        return next(
            s for s, _ in store.seeds(cursor, brand_id=scope.brand_id, draw=key) if s.state == "current"
        )


def _publish(cursor: object, scope: Scope, draw: Draw, now: datetime) -> None:
    store.add_version(
        cursor,
        brand_id=scope.brand_id,
        definition=draw.definition,
        number=draw.live,
        actor=scope.actor.label,
        now=now,
    )


def _commit(cursor: object, brand_id: UUID, draw: str, number: int, state: str, now: datetime) -> None:
    """A fresh seed, sealed; its hash is public from now on."""
    seed = secrets.token_hex(32)
    sealed = privacy.encrypt(text=seed, table="draw_seed", field=f"{draw}:{number}", owner=brand_id)
    store.add_seed(
        cursor,
        brand_id=brand_id,
        draw=draw,
        number=number,
        sealed=sealed,
        hash_=policy.hash_of(seed),
        state=state,
        now=now,
    )


def _open(brand_id: UUID, draw: str, number: int, sealed: bytes) -> str:
    return privacy.decrypt(sealed=sealed, table="draw_seed", field=f"{draw}:{number}", owner=brand_id)


def list_seeds(*, brand_id: UUID, key: str) -> list[Seed]:
    """The seeds, newest first; the text only of those that were revealed."""
    with connection.cursor() as cursor:
        found = store.seeds(cursor, brand_id=brand_id, draw=key)
    return [
        replace(seed, seed=_open(brand_id, key, seed.number, sealed)) if seed.state == "revealed" else seed
        for seed, sealed in found
    ]


def draw_number(*, brand_id: UUID, key: str, client_seed: str, nonce: int) -> tuple[int, str]:
    """The number of the next draw and the seed that made it, which stays in use until the transaction ends."""
    with connection.cursor() as cursor:
        found = store.current_seed(cursor, brand_id=brand_id, draw=key)
    if found is None:
        raise conflict("draw_not_open", "抽奖未开放", "The draw is not open")
    seed, sealed = found
    return seed.number, policy.number_of(_open(brand_id, key, seed.number, sealed), client_seed, nonce)


def published(*, brand_id: UUID, key: str, version: int) -> DrawDefinition:
    """The odds as a version published them."""
    with connection.cursor() as cursor:
        found = store.version(cursor, brand_id=brand_id, draw=key, number=version)
    if found is None:
        raise not_found(DRAW)
    return found


def list_versions(*, brand_id: UUID, key: str) -> dict[int, tuple[DrawDefinition, datetime]]:
    """Every version of the odds with the instant it was published at."""
    with connection.cursor() as cursor:
        return store.versions(cursor, brand_id=brand_id, draw=key)


def take_stock(*, brand_id: UUID, key: str, prize: DrawPrize) -> bool:
    """Take one of a prize's stock; False where none is left."""
    if prize.stock is None:
        return True
    with connection.cursor() as cursor:
        return slots.take(
            cursor,
            store.SLOTS,
            counter=store.counter_of(brand_id, key, prize.key),
            amount=1,
            limit=prize.stock,
        )


def stock_of(*, brand_id: UUID, definition: DrawDefinition) -> dict[str, Stock]:
    """What of each prize with a stock was given and is left."""
    counters = {
        store.counter_of(brand_id, definition.key, prize.key): prize
        for prize in definition.prizes
        if prize.stock is not None
    }
    with connection.cursor() as cursor:
        counts = slots.read(cursor, store.SLOTS, counters)
    found = {}
    for counter, prize in counters.items():
        count = counts.get(counter)
        found[prize.key] = Stock(
            count.taken if count else 0, max(0, count.remaining) if count else prize.stock
        )
    return found


def seat_of(*, brand_id: UUID, member_id: UUID, key: str) -> Seat:
    """A member's seat; a new one has a random seed of its own."""
    with connection.cursor() as cursor:
        found = store.seat(cursor, brand_id=brand_id, member_id=member_id, draw=key)
        if found is None:
            found = Seat(secrets.token_hex(8))
    return found


def put_seat(*, brand_id: UUID, member_id: UUID, key: str, seat: Seat) -> None:
    """Write a seat, members locked."""
    with connection.cursor() as cursor:
        store.put_seat(cursor, brand_id=brand_id, member_id=member_id, draw=key, seat=seat)


def check_client_seed(*, text: str) -> str:
    """Raises `invalid_input` for what is no seed."""
    if not policy.CLIENT_SEED.fullmatch(text):
        raise invalid_field(
            "client_seed",
            "bad_seed",
            "4–64 位字母、数字、_ 或 -",
            "4 to 64 letters, digits, _ or -",
        )
    return text


def grant_chances(*, brand_id: UUID, grants: Sequence[ChanceGrant], now: datetime) -> int:
    """Give chances once for each member and key, in the caller's transaction; gives how many grants were new."""
    with connection.cursor() as cursor:
        return store.add_chances(cursor, brand_id=brand_id, grants=grants, now=now)


def end_chances(*, brand_id: UUID, grants: Sequence[tuple[UUID, str]]) -> int:
    """Take what is left of chances by (member, key)."""
    with connection.cursor() as cursor:
        return store.end_chances(cursor, brand_id=brand_id, grants=grants)


def chances_of(*, brand_id: UUID, member_id: UUID) -> dict[str, int]:
    """Chances that were given and are left, by draw."""
    with connection.cursor() as cursor:
        return store.chances(cursor, brand_id=brand_id, member_id=member_id)


def use_chance(*, brand_id: UUID, member_id: UUID, key: str) -> bool:
    """Use the oldest chance, members locked."""
    with connection.cursor() as cursor:
        return store.use_chance(cursor, brand_id=brand_id, member_id=member_id, draw=key)


def plays_on(*, brand_id: UUID, member_id: UUID, key: str, day: date) -> tuple[int, int]:
    """A member's draws of a business day, and the free ones among them."""
    with connection.cursor() as cursor:
        return store.plays_today(cursor, brand_id=brand_id, member_id=member_id, draw=key, day=day)


def find_play(*, brand_id: UUID, member_id: UUID, key: str, play_key: str) -> Play | None:
    """The draw that was made under this idempotency key."""
    with connection.cursor() as cursor:
        return store.play_by_key(cursor, brand_id=brand_id, member_id=member_id, draw=key, key=play_key)


def add_play(*, brand_id: UUID, key: str, play: Play) -> None:
    with connection.cursor() as cursor:
        store.add_play(cursor, brand_id=brand_id, draw=key, play=play)


def list_plays(
    *,
    brand_id: UUID,
    key: str,
    member_id: UUID | None = None,
    seed: int | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Play]:
    """Draws, newest first; from behind the draw `before`."""
    with connection.cursor() as cursor:
        return store.log(
            cursor, brand_id=brand_id, draw=key, member_id=member_id, seed=seed, before=before, limit=limit
        )


def tally(*, brand_id: UUID, key: str) -> tuple[Mapping[tuple[str, str], int], tuple[int, int, int]]:
    """How often each prize was given and why; draws, members, and what they paid."""
    with connection.cursor() as cursor:
        rows = store.tally(cursor, brand_id=brand_id, draw=key)
        return {(prize, why): n for prize, why, n in rows}, store.totals(cursor, brand_id=brand_id, draw=key)


def count_drawn(*, brand_id: UUID, key: str) -> dict[str, int]:
    """How often the numbers said each prize, whatever was given for it."""
    with connection.cursor() as cursor:
        return store.drawn(cursor, brand_id=brand_id, draw=key)


def _audit(scope: Scope, action: str, before: Draw | None, after: Draw, now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="draw",
        subject_id=after.key,
        before={"state": before.state, **before.definition.to_json()} if before else None,
        after={"state": after.state, **after.definition.to_json()},
        now=now,
    )
