"""Badges, leaderboards and draws: lists, editors, stock, log, results."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from regulars.engage.missions.api import badges, draws, play
from regulars.engage.missions.policy import draws as draw_policy
from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.draws import DRAW_STATES, WHYS, Draw
from regulars.engage.missions.types.play import (
    BOARD_MEASURES,
    BOARD_SOURCES,
    BOARD_STATES,
    PERIODS,
    Badge,
    Board,
)
from regulars.facts.members import api as members
from regulars.flows.missions import api as flow
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.programme.rules.api import describe_acting
from regulars.programme.versions import api as versions
from regulars.surfaces.console.asking import Code, member_id_of, needs
from regulars.surfaces.console.mission_shapes import (
    BadgeGivenOut,
    BadgeGrantIn,
    BadgeOut,
    BoardClosedOut,
    ConsoleBoardOut,
    ConsoleBoardRowOut,
    ConsoleDrawOut,
    DrawPlayRowOut,
    DrawPlaysOut,
    DrawPrizeTallyOut,
    MissionPutIn,
    PlayStateIn,
)
from regulars.surfaces.console.missions import MissionDesk
from regulars.value.gifts import api as gifts
from regulars.value.gifts.types import Tally

router = Router(tags=["Missions"])
READ, WRITE = needs("missions.read"), needs("missions.write")
_LOG = 50


@router.get("/badges", response=list[BadgeOut], **READ)
def list_badges(request: HttpRequest) -> Any:
    """Every badge and how many hold it."""
    desk = MissionDesk(request)
    return _badges(desk, play.list_badges(brand_id=desk.brand.id, archived=True))


@router.post("/badges", response={201: BadgeOut}, **WRITE)
def create_badge(request: HttpRequest, given: MissionPutIn) -> Any:
    """Make a badge."""
    desk = MissionDesk(request)
    made = flow.put_badge(scope=desk.scope, data=given.definition, now=desk.now, create=True)
    return Status(201, _badges(desk, [made])[0])


@router.put("/badges/{key}", response=BadgeOut, **WRITE)
def change_badge(request: HttpRequest, key: Code, given: MissionPutIn) -> Any:
    """Change a badge; members' levels follow at once."""
    desk = MissionDesk(request)
    data = {**given.definition, "key": key}
    made = flow.put_badge(scope=desk.scope, data=data, now=desk.now, create=False)
    return _badges(desk, [made])[0]


@router.post("/badges/{key}/grants", response=BadgeGivenOut, **WRITE)
def give_badge(request: HttpRequest, key: Code, given: BadgeGrantIn) -> Any:
    """Give it to members by hand; the same key again gives nothing."""
    desk = MissionDesk(request)
    ids = [member_id_of(desk.scope, code) for code in dict.fromkeys(given.members)]
    count = flow.give_badge(scope=desk.scope, member_ids=ids, badge=key, key=given.key, now=desk.now)
    return BadgeGivenOut(given=count)


def _badges(desk: MissionDesk, found: list[Badge]) -> list[BadgeOut]:
    held = play.count_holders(brand_id=desk.brand.id)
    said = flow.words_of_badges(brand=desk.brand, badges=found, now=desk.now, own=False)
    followed = badges.following(brand_id=desk.brand.id)
    return [
        BadgeOut(
            key=one.key,
            name=desk.say(one.name),
            description=desk.say(one.description),
            icon=one.icon,
            colour=one.colour,
            state=one.state,
            definition=one.to_json(),
            members=held.get(one.key, (0, 0))[0],
            given=held.get(one.key, (0, 0))[1],
            sentence=desk.say(said[one.key]) if one.key in said else "",
            followed_at=followed[one.key].followed_at,
            problem=desk.say(Text.of_kept(followed[one.key].problem)),
        )
        for one in found
    ]


@router.get("/boards", response=list[ConsoleBoardOut], **READ)
def list_boards(request: HttpRequest) -> Any:
    """Every leaderboard with its best of now."""
    desk = MissionDesk(request)
    return [_board(desk, one) for one in play.list_boards(brand_id=desk.brand.id)]


@router.post("/boards", response={201: ConsoleBoardOut}, **WRITE)
def create_board(request: HttpRequest, given: MissionPutIn) -> Any:
    """Make a leaderboard: a draft until it is opened."""
    desk = MissionDesk(request)
    made = flow.put_board(scope=desk.scope, data=given.definition, now=desk.now, create=True)
    return Status(201, _board(desk, made))


@router.get("/boards/{key}", response=ConsoleBoardOut, **READ)
def get_board(request: HttpRequest, key: Code, store: str = "") -> Any:
    """One leaderboard with the periods that are over."""
    desk = MissionDesk(request)
    return _board(desk, play.get_board(brand_id=desk.brand.id, key=key), store=store[:64], closed=True)


@router.put("/boards/{key}", response=ConsoleBoardOut, **WRITE)
def change_board(request: HttpRequest, key: Code, given: MissionPutIn) -> Any:
    """Change it; what an active one counts stays (409 `board_fixed`)."""
    desk = MissionDesk(request)
    data = {**given.definition, "key": key}
    return _board(desk, flow.put_board(scope=desk.scope, data=data, now=desk.now, create=False))


@router.post("/boards/{key}/state", response=ConsoleBoardOut, **WRITE)
def set_board_state(request: HttpRequest, key: Code, given: PlayStateIn) -> Any:
    """Open it (`active`) or end it. Opened in mid-period it counts from the period's beginning. 409 `wrong_state`."""
    desk = MissionDesk(request)
    return _board(desk, play.set_board_state(scope=desk.scope, key=key, state=given.state, now=desk.now))


def _board(desk: MissionDesk, one: Board, *, store: str = "", closed: bool = False) -> ConsoleBoardOut:
    brand_id, tz = desk.brand.id, desk.brand.timezone
    period, ends = policy.board_period(one, desk.now, tz)
    stores = organisations.stores_of(brand_id=brand_id) if one.per_store else {}
    chosen = stores.get(store)
    if stores and chosen is None:
        busiest = play.store_of(brand_id=brand_id, board=one.key, period=period)
        chosen = next((each for each in stores.values() if each.id == busiest), next(iter(stores.values())))
    store_id = chosen.id if chosen else None
    ranked = play.ranking(brand_id=brand_id, board=one.key, period=period, store_id=store_id, limit=20)
    names = members.names_of(scope=desk.scope, member_ids=[row.member_id for row in ranked])
    place = policy.place_key(store_id) if one.per_store else None
    over = play.list_closed(brand_id=brand_id, board=one.key, place=place) if closed else []
    kept = members.names_of(
        scope=desk.scope, member_ids={UUID(row["member"]) for each in over for row in each.rows[:20]}
    )
    codes = {str(each.id): code for code, each in stores.items()}
    cost = gifts.tally(brand_id=brand_id, sources=[f"board:{one.key}"]).get(f"board:{one.key}", Tally())
    return ConsoleBoardOut(
        key=one.key,
        name=desk.say(one.name),
        state=one.state,
        state_name=desk.say(BOARD_STATES[one.state]),
        period_name=desk.say(PERIODS[one.period]),
        measure=one.measure,
        measure_name=desk.say(BOARD_MEASURES[one.measure] if one.by == "activity" else BOARD_SOURCES[one.by]),
        per_store=one.per_store,
        store=chosen.code if chosen else "",
        stores=desk.choices({code: each.name for code, each in stores.items()}) if closed else [],
        sentence=desk.say(describe_acting(versions.catalogue_of(brand_id=brand_id), one.where)),
        definition=one.to_json(),
        live_at=one.live_at,
        counts_from=one.counts_from,
        filling=one.filling,
        period=period,
        ends_at=ends,
        members=play.count_ranked(brand_id=brand_id, board=one.key, period=period, store_id=store_id),
        rows=[
            ConsoleBoardRowOut(
                rank=row.rank,
                code=names.get(row.member_id, ("", ""))[0],
                name=names.get(row.member_id, ("", ""))[1],
                score=row.score,
            )
            for row in ranked
        ],
        closed=[
            BoardClosedOut(
                period=each.period,
                store=codes.get(each.place, ""),
                members=each.members,
                prizes=each.prizes,
                closed_at=each.closed_at,
                rows=[
                    ConsoleBoardRowOut(
                        rank=row["rank"],
                        code=kept.get(UUID(row["member"]), ("", ""))[0],
                        name=kept.get(UUID(row["member"]), ("", ""))[1],
                        score=row["score"],
                    )
                    for row in each.rows[:20]
                ],
            )
            for each in over
        ],
        cost=cost.cost - cost.back_cost,
    )


@router.get("/draws", response=list[ConsoleDrawOut], **READ)
def list_draws(request: HttpRequest) -> Any:
    """Every draw with its stock and what it gave."""
    desk = MissionDesk(request)
    return [_draw(desk, one) for one in draws.list_draws(brand_id=desk.brand.id)]


@router.post("/draws", response={201: ConsoleDrawOut}, **WRITE)
def create_draw(request: HttpRequest, given: MissionPutIn) -> Any:
    """Make a draw: a draft until it is opened. Its odds must add up to 1 exactly."""
    desk = MissionDesk(request)
    made = flow.put_draw(scope=desk.scope, data=given.definition, now=desk.now, create=True)
    return Status(201, _draw(desk, made))


@router.get("/draws/{key}", response=ConsoleDrawOut, **READ)
def get_draw(request: HttpRequest, key: Code) -> Any:
    """One draw."""
    desk = MissionDesk(request)
    return _draw(desk, draws.get_draw(brand_id=desk.brand.id, key=key))


@router.put("/draws/{key}", response=ConsoleDrawOut, **WRITE)
def change_draw(request: HttpRequest, key: Code, given: MissionPutIn) -> Any:
    """Change it; new odds of an open one are published at once as a new version."""
    desk = MissionDesk(request)
    data = {**given.definition, "key": key}
    return _draw(desk, flow.put_draw(scope=desk.scope, data=data, now=desk.now, create=False))


@router.post("/draws/{key}/state", response=ConsoleDrawOut, **WRITE)
def set_draw_state(request: HttpRequest, key: Code, given: PlayStateIn) -> Any:
    """Open it (`active`), `paused`, go on, `ended`. 409 `wrong_state`."""
    desk = MissionDesk(request)
    return _draw(desk, draws.set_state(scope=desk.scope, key=key, state=given.state, now=desk.now))


@router.post("/draws/{key}/rotate", response=ConsoleDrawOut, **WRITE)
def rotate_seed(request: HttpRequest, key: Code) -> Any:
    """Reveal the seed in use, so that draws made with it can be checked, and go on with the next."""
    desk = MissionDesk(request)
    draws.rotate(scope=desk.scope, key=key, now=desk.now)
    return _draw(desk, draws.get_draw(brand_id=desk.brand.id, key=key))


@router.get("/draws/{key}/plays", response=DrawPlaysOut, **READ)
def list_plays(request: HttpRequest, key: Code, before: UUID | None = None) -> Any:
    """The draws that were made, newest first."""
    desk = MissionDesk(request)
    rows = draws.list_plays(brand_id=desk.brand.id, key=key, before=before, limit=_LOG)
    names = members.names_of(scope=desk.scope, member_ids={row.member_id for row in rows})
    odds = draws.list_versions(brand_id=desk.brand.id, key=key)
    return DrawPlaysOut(
        items=[
            DrawPlayRowOut(
                id=row.id,
                code=names.get(row.member_id, ("", ""))[0],
                name=names.get(row.member_id, ("", ""))[1],
                prize=desk.say(odds[row.version][0].prize(row.prize).name),
                why=row.why,
                why_name=desk.say(WHYS[row.why]),
                paid_by=row.paid_by,
                cost=row.cost,
                refused=row.refused,
                seed=row.seed,
                nonce=row.nonce,
                number=row.number,
                drawn_at=row.drawn_at,
            )
            for row in rows
        ],
        next_before=rows[-1].id if len(rows) == _LOG else None,
    )


def _draw(desk: MissionDesk, one: Draw) -> ConsoleDrawOut:
    made = one.definition
    stock = draws.stock_of(brand_id=desk.brand.id, definition=made)
    counts, (plays, people, paid) = draws.tally(brand_id=desk.brand.id, key=one.key)
    seeds = draws.list_seeds(brand_id=desk.brand.id, key=one.key)
    current = next((seed for seed in seeds if seed.state == "current"), None)
    cost = gifts.tally(brand_id=desk.brand.id, sources=[f"draw:{one.key}"]).get(f"draw:{one.key}", Tally())
    drawn = draws.count_drawn(brand_id=desk.brand.id, key=one.key)
    return ConsoleDrawOut(
        key=one.key,
        name=desk.say(made.name),
        state=one.state,
        state_name=desk.say(DRAW_STATES[one.state]),
        definition=made.to_json(),
        live=one.live,
        revision=one.revision,
        updated_at=one.updated_at,
        plays=plays,
        members=people,
        paid=paid,
        unit=desk.say(desk.known.name("points", made.unit) or Text(made.unit, made.unit)),
        cost=cost.cost - cost.back_cost,
        prizes=[
            DrawPrizeTallyOut(
                key=prize.key,
                name=desk.say(prize.name),
                odds=draw_policy.percent(prize.odds),
                drawn=drawn.get(prize.key, 0),
                expected=f"{float(prize.odds * plays):.1f}",
                given=sum(n for (key, _), n in counts.items() if key == prize.key),
                used_up=counts.get((prize.key, "used_up"), 0),
                guaranteed=counts.get((prize.key, "guaranteed"), 0),
                stock=prize.stock,
                left=stock[prize.key].left if prize.key in stock else None,
                rewards=desk.rewards(prize.rewards),
            )
            for prize in made.prizes
        ],
        seed=current.number if current else None,
        seed_hash=current.hash if current else "",
        log_url=f"/h/{desk.brand.slug}/draws/{one.key}/log",
    )
