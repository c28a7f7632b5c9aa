"""Draws: exact odds, seeds that were committed to, stock that is never oversold, a log that anybody can check."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.missions.world import World, pays

from regulars.engage.missions.api import draws
from regulars.engage.missions.policy import draws as policy
from regulars.engage.missions.types.draws import DrawPrize
from regulars.flows import rewarding
from regulars.flows.missions import api as flow
from regulars.flows.missions.draws import rotate_due
from regulars.kit import clock
from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.text import Text
from regulars.platform.privacy import api as privacy

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def prize(key: str, odds: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "odds": odds} | more


def wheel(key: str = "wheel", *prizes: dict[str, Any], **more: Any) -> dict[str, Any]:
    default = [
        prize("gold", "1/100", rewards=pays(500), stock=5, instead="thanks"),
        prize("silver", "0.09", rewards=pays(20)),
        prize("thanks", "9/10"),
    ]
    return {
        "key": key,
        "name": key,
        "prizes": list(prizes) or default,
        "free_a_day": 1,
        "unit": "points",
        "price": 10,
        "most_a_day": 5,
    } | more


def sure(stock: int | None = None) -> list[dict[str, Any]]:
    """Every draw wins, while stock lasts."""
    more = {"stock": stock, "instead": "none"} if stock is not None else {}
    return [prize("gift", "1", rewards=pays(7), **more), prize("none", "0")]


def errors_of(data: dict[str, Any]) -> set[tuple[str, str]]:
    errors = ErrorList()
    policy.parse(data, errors)
    return {(error.field, error.code) for error in errors.errors}


def test_odds_must_add_up_exactly() -> None:
    thirds = [prize(k, "1/3") for k in "abc"]
    assert errors_of(wheel("w", *thirds)) == set()
    assert errors_of(wheel("w", prize("a", "0.3333"), prize("b", "0.6666"))) == {("prizes", "odds_not_one")}
    assert ("prizes", "odds_not_one") in errors_of(wheel("w", prize("a", "1/2"), prize("b", "501/1000")))


def test_a_stock_names_what_is_given_instead() -> None:
    bad = wheel("w", prize("a", "1", stock=3, instead="a"), pity_after=3, pity_prize="a")
    assert errors_of(bad) == {("prizes[0].instead", "unknown"), ("pity_prize", "unknown")}


def test_the_number_by_hand() -> None:
    """HMAC-SHA256 by the standard library alone, and its place on the line reckoned with whole numbers."""
    seed, mine, nonce = "ab" * 32, "lucky", 7
    wanted = hmac.new(seed.encode(), b"lucky:7", hashlib.sha256).hexdigest()
    assert policy.number_of(seed, mine, nonce) == wanted
    prizes = [DrawPrize(k, Text(k, k), Fraction(o)) for k, o in (("a", "1/3"), ("b", "1/3"), ("c", "1/3"))]
    place = int(wanted, 16) * 3 // 2**256
    assert policy.prize_at(prizes, wanted).key == "abc"[place]


@settings(suppress_health_check=[HealthCheck.too_slow])  # the machine may be held for a while
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=8), st.integers(0, 2**256 - 1))
def test_every_number_has_exactly_one_prize(weights: list[int], number: int) -> None:
    """The place by exact ratios: number / 2²⁵⁶ lies in [odds before, odds with it), but for the one number in which a
    bound is rounded down."""
    total = sum(weights)
    if not total:
        return
    prizes = [DrawPrize(str(n), Text("", ""), Fraction(w, total)) for n, w in enumerate(weights)]
    found = int(policy.prize_at(prizes, f"{number:064x}").key)
    share = Fraction(number, 2**256)
    before = sum((p.odds for p in prizes[:found]), Fraction(0))
    assert prizes[found].odds > 0
    assert before - Fraction(1, 2**256) <= share < before + prizes[found].odds


def test_the_rate_of_wins_is_the_published_one() -> None:
    """100 000 draws of a fixed seed against the odds: chi-square with two degrees of freedom, p above 0.001."""
    made = policy.of_json(wheel())
    seed = hashlib.sha256(b"fixed").hexdigest()
    count = Counter(
        policy.prize_at(made.prizes, policy.number_of(seed, "client", n)).key for n in range(1, 100_001)
    )
    expected = [float(p.odds) * 100_000 for p in made.prizes]
    observed = [count[p.key] for p in made.prizes]
    assert stats.chisquare(observed, expected).pvalue > 0.001


def play(world: World, member: Any, key: str, *, pay: bool = False, draw: str = "wheel", **more: Any) -> Any:
    return flow.play(
        scope=world.rush.scope,
        member_id=member,
        draw=draw,
        key=key,
        pay=pay,
        now=more.get("now", clock.now()),
    )


def code_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return "done"


def test_free_given_and_bought_draws(world: World) -> None:
    """One free, two given, then 10 points each; five a day. 100 points less two draws, plus five prizes of 7."""
    world.draw(wheel("wheel", *sure()))
    one = world.rush.member(points=100)
    rewarding.give(
        brand=world.brand,
        gifts=[rewarding.Gift(one, "g", "mission:m", (rewarding.Reward("draw_chance", "wheel", 2),))],
        now=clock.now(),
    )
    paid = [play(world, one, f"k{n}", pay=n >= 3).play.paid_by for n in range(5)]
    assert paid == ["free", "chance", "chance", "points", "points"]
    assert code_of(lambda: play(world, one, "k5", pay=True)) == "draw_limit"
    assert world.points(one) == 100 - 20 + 35
    again = play(world, one, "k4", pay=True)
    assert again.repeated
    assert world.points(one) == 115
    assert code_of(lambda: play(world, world.rush.member(), "x")) == "done"
    world.rush.books_balance()


def test_without_a_chance_or_points(world: World) -> None:
    world.draw(wheel("wheel", *sure(), free_a_day=0))
    one = world.rush.member()
    assert code_of(lambda: play(world, one, "a")) == "no_chances"
    assert code_of(lambda: play(world, one, "b", pay=True)) == "insufficient_balance"
    assert draws.list_plays(brand_id=world.brand.id, key="wheel") == []


def test_chances_go_back_as_far_as_they_are_left(world: World) -> None:
    world.draw(wheel("wheel", *sure(), free_a_day=0))
    one = world.rush.member()
    gift = rewarding.Gift(one, "g", "mission:m", (rewarding.Reward("draw_chance", "wheel", 3),))
    rewarding.give(brand=world.brand, gifts=[gift], now=clock.now())
    play(world, one, "a")
    rewarding.take_back(brand=world.brand, gifts=[(one, "g")], reason="refund", now=clock.now())
    assert draws.chances_of(brand_id=world.brand.id, member_id=one) == {}
    assert code_of(lambda: play(world, one, "b")) == "no_chances"


@pytest.mark.race
def test_two_hundred_on_the_last_five(world: World, at_once: AtOnce) -> None:
    """Every draw says the prize; five are there: five get it, 195 what is given instead."""
    world.draw(wheel("wheel", *sure(stock=5)))
    everyone = [world.rush.member() for _ in range(200)]
    outcomes = at_once([lambda m=m: play(world, m, "k") for m in everyone])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert Counter((o.prize.key, o.play.why) for o in outcomes) == {
        ("gift", "odds"): 5,
        ("none", "used_up"): 195,
    }
    stock = draws.stock_of(
        brand_id=world.brand.id, definition=draws.get_draw(brand_id=world.brand.id, key="wheel").definition
    )["gift"]
    assert (stock.taken, stock.left) == (5, 0)
    assert sum(world.points(m) for m in everyone) == 5 * 7
    world.rush.books_balance()


@pytest.mark.race
def test_one_member_draws_forty_times_at_once(world: World, at_once: AtOnce) -> None:
    """One free draw: one of forty is made, and the counts of her seat have no gap."""
    world.draw(wheel("wheel", *sure(), most_a_day=100))
    one = world.rush.member(points=100)
    outcomes = at_once([lambda n=n: play(world, one, f"k{n}") for n in range(40)])
    assert Counter(getattr(o, "code", "done") for o in outcomes) == {"done": 1, "no_chances": 39}
    outcomes = at_once([lambda n=n: play(world, one, f"p{n}", pay=True) for n in range(10)])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    nonces = sorted(p.nonce for p in draws.list_plays(brand_id=world.brand.id, key="wheel", member_id=one))
    assert nonces == list(range(1, 12))
    world.rush.books_balance()


def revealed(world: World) -> dict[int, Any]:
    return {
        seed.number: seed
        for seed in draws.list_seeds(brand_id=world.brand.id, key="wheel")
        if seed.state == "revealed"
    }


def wrong_in_log(world: World) -> list[list[str]]:
    seeds = revealed(world)
    odds = draws.list_versions(brand_id=world.brand.id, key="wheel")
    return [
        policy.check(
            odds[p.version][0], server_seed=seeds[p.seed].seed, seed_hash=seeds[p.seed].hash,
            client_seed=p.client_seed, nonce=p.nonce, number=p.number, drawn=p.drawn,
        )
        for p in draws.list_plays(brand_id=world.brand.id, key="wheel")
        if p.seed in seeds
    ]  # fmt: skip


def test_the_log_can_be_checked_once_the_seed_is_revealed(world: World) -> None:
    world.draw(wheel("wheel", most_a_day=50))
    before = {
        s.number: (s.hash, s.state, s.seed) for s in draws.list_seeds(brand_id=world.brand.id, key="wheel")
    }
    assert {(state, seed) for _, state, seed in before.values()} == {("current", ""), ("next", "")}
    one = world.rush.member(points=300)
    for n in range(20):
        play(world, one, f"k{n}", pay=True)
    assert wrong_in_log(world) == []
    draws.rotate(scope=world.rush.scope, key="wheel", now=clock.now())
    for n in range(20, 25):
        play(world, one, f"k{n}", pay=True)
    seeds = revealed(world)
    assert list(seeds) == [1]
    assert hashlib.sha256(seeds[1].seed.encode()).hexdigest() == before[1][0]
    assert wrong_in_log(world) == [[]] * 20
    states = {s.number: s.state for s in draws.list_seeds(brand_id=world.brand.id, key="wheel")}
    assert states == {1: "revealed", 2: "current", 3: "next"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE draw_play SET drawn = 'gold'", "prize"),
        ("UPDATE draw_play SET number = repeat('0', 64)", "number"),
        ("UPDATE draw_play SET nonce = nonce + 1000", "number"),
        ("UPDATE draw_play SET client_seed = 'other'", "number"),
        ("UPDATE draw_seed SET hash = repeat('0', 64)", "seed"),
    ],
)
def test_whoever_tampers_with_the_log_is_found(world: World, change: str, found: str) -> None:
    world.draw(wheel("wheel", prize("gold", "1/1000000", rewards=pays(9)), prize("no", "999999/1000000")))
    play(world, world.rush.member(), "k")
    draws.rotate(scope=world.rush.scope, key="wheel", now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(change)
    (wrong,) = wrong_in_log(world)
    assert found in wrong


def test_a_seed_that_was_swapped_cannot_be_opened(world: World) -> None:
    """A sealed seed is bound to its draw and number."""
    world.draw(wheel("wheel", *sure()))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE draw_seed SET sealed = (SELECT sealed FROM draw_seed WHERE number = 2) WHERE number = 1"
        )
    with pytest.raises(privacy.CannotDecrypt):
        play(world, world.rush.member(), "k")


def test_her_own_seed_goes_in_and_counts_go_on(world: World) -> None:
    world.draw(wheel("wheel", *sure(), most_a_day=50))
    one = world.rush.member(points=100)
    play(world, one, "a")
    flow.change_seed(scope=world.rush.scope, member_id=one, draw="wheel", client_seed="my-own-seed")
    done = play(world, one, "b", pay=True).play
    assert (done.client_seed, done.nonce) == ("my-own-seed", 2)
    bad = code_of(
        lambda: flow.change_seed(scope=world.rush.scope, member_id=one, draw="wheel", client_seed="a b")
    )
    assert bad == "invalid_input"


def test_after_three_misses_the_next_one_wins(world: World) -> None:
    never = [prize("gift", "0", rewards=pays(7)), prize("none", "1")]
    world.draw(wheel("wheel", *never, free_a_day=9, most_a_day=9, pity_after=3, pity_prize="gift"))
    one = world.rush.member()
    whys = [(o.prize.key, o.play.why, o.play.drawn) for o in (play(world, one, f"k{n}") for n in range(5))]
    assert whys == [("none", "odds", "none")] * 3 + [("gift", "guaranteed", "none"), ("none", "odds", "none")]


def test_new_odds_are_a_new_version(world: World) -> None:
    world.draw(wheel("wheel", *sure()))
    first = play(world, world.rush.member(), "k")
    changed = wheel("wheel", prize("gift", "1/2", rewards=pays(7)), prize("none", "1/2"))
    flow.put_draw(scope=world.rush.scope, data=changed, now=clock.now(), create=False)
    second = play(world, world.rush.member(), "k")
    assert (first.play.version, second.play.version) == (1, 2)
    odds = {
        n: made.prizes[0].odds
        for n, (made, _) in draws.list_versions(brand_id=world.brand.id, key="wheel").items()
    }
    assert odds == {1: 1, 2: Fraction(1, 2)}


def test_draws_that_are_not_open(world: World) -> None:
    flow.put_draw(scope=world.rush.scope, data=wheel(), now=clock.now(), create=True)
    one = world.rush.member()
    assert code_of(lambda: play(world, one, "k")) == "draw_not_open"
    draws.set_state(scope=world.rush.scope, key="wheel", state="active", now=clock.now())
    draws.set_state(scope=world.rush.scope, key="wheel", state="ended", now=clock.now())
    assert code_of(lambda: play(world, one, "k")) == "draw_not_open"
    assert [s.state for s in draws.list_seeds(brand_id=world.brand.id, key="wheel")][-1] == "revealed"


def test_seeds_are_revealed_every_week(world: World) -> None:
    world.draw(wheel())
    assert rotate_due(clock.now()) == 0
    assert rotate_due(clock.now() + timedelta(days=8)) == 1
    assert list(revealed(world)) == [1]


def test_seeds_of_a_paused_draw_are_revealed_too(world: World) -> None:
    """What was drawn before the pause can be checked after a week, and all of it when the draw's time is over."""
    now = clock.now()
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    world.draw(wheel())
    world.draw(wheel("short", ends_on=tomorrow))
    for key in ("wheel", "short"):
        draws.set_state(scope=world.rush.scope, key=key, state="paused", now=now)
    assert rotate_due(now + timedelta(days=8)) == 2
    assert list(revealed(world)) == [1]
    states = {one.key: one.state for one in draws.list_draws(brand_id=world.brand.id)}
    assert states == {"wheel": "paused", "short": "ended"}
    seeds = {one.number: one.state for one in draws.list_seeds(brand_id=world.brand.id, key="short")}
    assert seeds[1] == "revealed"


def test_the_small_script_of_the_documentation_agrees(world: World) -> None:
    """It knows none of our code: right as it stands, wrong with a changed prize, a missing draw, a changed seed."""
    import importlib.util
    from pathlib import Path

    from regulars.surfaces.draw_views import draw_log

    path = Path(__file__).resolve().parents[2] / "docs" / "verify_draw.py"
    found = importlib.util.spec_from_file_location("verify_draw", path)
    assert found is not None and found.loader is not None
    script = importlib.util.module_from_spec(found)
    found.loader.exec_module(script)
    world.draw(wheel("wheel", most_a_day=50))
    one = world.rush.member(points=300)
    for n in range(6):
        play(world, one, f"k{n}", pay=True)
    draws.rotate(scope=world.rush.scope, key="wheel", now=clock.now())
    play(world, one, "k9", pay=True)

    def log() -> Any:
        return draw_log(brand=world.brand, key="wheel", language="en").model_dump(mode="json")

    assert script.check(log()) == (6, [], 1)
    changed = log()
    changed["plays"][-1]["drawn"] = "gold"
    assert len(script.check(changed)[1]) == 1
    missing = log()
    del missing["plays"][-3]
    assert [why for _, why in script.check(missing)[1]] == ["a draw is missing from the log"]
    swapped = log()
    for seed in swapped["seeds"]:
        seed["seed"] = "00" * 32 if seed["seed"] else ""
    assert len(script.check(swapped)[1]) == 6
