"""Laws of the tier policy, on random histories."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import TierMove

START = datetime(2023, 1, 31, 22, 30, tzinfo=UTC)
ZONES = ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]
_KINDS = ("order", "order", "order", "refund", "step", "place", "unlock")
_CODES = ["basic", "silver", "gold", "diamond"]


@dataclass(frozen=True)
class Event:
    at: datetime
    kind: str  # order | refund | step | place | unlock
    amount: int = 0
    of: datetime | None = None
    tier: str = ""
    lock_days: int | None = None


@st.composite
def schemes(draw: st.DrawFn) -> TierScheme:
    def tier(rank: int) -> Tier:
        base = 100 * 3**rank
        asks = (Qualification("spend", base), Qualification("orders", 2 + rank))
        keep = draw(st.sampled_from([None, (Qualification("spend", base // 2), Qualification("orders", 2))]))
        return Tier(
            _CODES[rank], Text(_CODES[rank], _CODES[rank]), rank, asks, draw(st.sampled_from([None, 1])), keep
        )

    return TierScheme(
        key="main",
        name=Text("等级", "Tiers"),
        tiers=(Tier("basic", Text("普通", "Basic"), 0), tier(1), tier(2), tier(3)),
        validity_months=draw(st.sampled_from([1, 3, 6, 12, 24])),
        anchor=draw(st.sampled_from(["tier_start", "join", "fixed"])),
        fixed_month=draw(st.integers(1, 12)),
        fixed_day=draw(st.integers(1, 31)),
        on_end=draw(st.sampled_from(["one_step", "earned", "never"])),
        grace_days=draw(st.sampled_from([0, 0, 10, 45])),
        refund_demotes=draw(st.booleans()),
    )


@st.composite
def histories(draw: st.DrawFn, kinds: tuple[str, ...] = _KINDS) -> list[Event]:
    at = START
    events = [Event(at, "order", draw(st.integers(1, 1500)))]
    open_orders = [(at, events[0].amount)]
    for _ in range(draw(st.integers(1, 25))):
        # whole hours, so that many events meet midnights, month ends and each other
        at += timedelta(hours=draw(st.sampled_from([0, 1, 24, 24 * 20, 24 * 90, 24 * 400])))
        kind = draw(st.sampled_from(kinds))
        if kind == "refund":
            if open_orders:
                of, amount = open_orders.pop(draw(st.integers(0, len(open_orders) - 1)))
                back = draw(st.integers(1, amount))
                events.append(Event(at, "refund", back, of))
        elif kind == "step":
            events.append(Event(at, "step", draw(st.integers(1, 2))))
        elif kind == "place":
            days = draw(st.sampled_from([None, 10, 200]))
            events.append(Event(at, "place", tier=draw(st.sampled_from(_CODES)), lock_days=days))
        elif kind == "unlock":
            events.append(Event(at, "unlock"))
        else:
            amount = draw(st.integers(1, 1500))
            open_orders.append((at, amount))
            events.append(Event(at, "order", amount))
    return events


def fold(s: TierScheme, standing: TierStanding, events: list[Event], tz: str) -> list[TierMove]:
    """As the posting flow folds a member's activities."""
    moves: list[TierMove] = []
    for event in events:
        at = event.at
        moves += tiers.judge_due(s, standing, at=at, tz=tz, joined_at=START)
        move: TierMove | None = None
        if event.kind == "order":
            tiers.record(s, standing, {"spend": event.amount, "orders": 1}, at=at, tz=tz)
            move = tiers.rise(s, standing, at=at, tz=tz, joined_at=START)
        elif event.kind == "refund":
            assert event.of is not None
            tiers.record(s, standing, {"spend": -event.amount}, at=event.of, tz=tz)
            move = tiers.after_refund(s, standing, at=at, tz=tz)
        elif event.kind == "step":
            move = tiers.step(s, standing, steps=event.amount, at=at, tz=tz, joined_at=START)
        elif event.kind == "place":
            end = None if event.lock_days is None else at + timedelta(days=event.lock_days)
            move = tiers.place(
                s, standing, tier=event.tier, at=at, tz=tz, joined_at=START, until=end, locked=end is not None
            )
        else:
            moves += tiers.unlock(s, standing, at=at, tz=tz, joined_at=START)
        if move is not None:
            moves.append(move)
    return moves


@settings(max_examples=300, deadline=None)
@given(schemes(), histories(), st.sampled_from(ZONES), st.data())
def test_live_batch_and_replay_are_equal(
    s: TierScheme, events: list[Event], tz: str, data: st.DataObject
) -> None:
    """One run; runs split anywhere with the standing through JSON; with due work running in between."""
    whole = tiers.enter(s, START, tz)
    expected = fold(s, whole, events, tz)

    moves: list[TierMove] = []
    standing = tiers.enter(s, START, tz)
    for i, event in enumerate(events):
        if data.draw(st.booleans()):
            standing = tiers.standing_from_json(tiers.standing_to_json(standing))
        earlier = events[i - 1].at if i else START
        gap = event.at - earlier
        if data.draw(st.booleans()):
            at = earlier + gap * data.draw(st.sampled_from([0, 0.3, 1]))
            moves += tiers.judge_due(s, standing, at=at, tz=tz, joined_at=START)
        due = tiers.next_due(s, standing)
        if due is not None and due <= event.at and data.draw(st.booleans()):
            moves += tiers.judge_due(s, standing, at=due, tz=tz, joined_at=START)
        moves += fold(s, standing, [event], tz)
    # a refund may end a period at its own instant; due work then judges it at that instant, before or after
    # the end of the run
    end = events[-1].at
    moves += tiers.judge_due(s, standing, at=end, tz=tz, joined_at=START)
    expected += tiers.judge_due(s, whole, at=end, tz=tz, joined_at=START)
    assert moves == expected
    assert standing == whole


@settings(max_examples=200, deadline=None)
@given(schemes(), histories(), st.sampled_from(ZONES))
def test_moves_chain_in_time_and_judging_twice_is_judging_once(
    s: TierScheme, events: list[Event], tz: str
) -> None:
    standing = tiers.enter(s, START, tz)
    moves = fold(s, standing, events, tz)
    end = events[-1].at + timedelta(days=1000)
    moves += tiers.judge_due(s, standing, at=end, tz=tz, joined_at=START)
    again = copy.deepcopy(standing)
    assert tiers.judge_due(s, standing, at=end, tz=tz, joined_at=START) == []
    assert standing == again
    due = tiers.next_due(s, standing)
    assert due is None or due > end

    tier, at = "basic", START
    for move in moves:
        assert move.previous == tier
        assert move.occurred_at >= at
        assert move.ends_at is None or move.ends_at >= move.occurred_at
        tier, at = move.tier, move.occurred_at
    assert standing.tier == tier
    if standing.tier == "basic":
        assert standing.ends_at is None


@settings(max_examples=200, deadline=None)
@given(schemes(), histories(("order", "order", "refund")), st.sampled_from(ZONES))
def test_sums_are_the_net_of_what_was_recorded(s: TierScheme, events: list[Event], tz: str) -> None:
    """Months and period against sums made from the list of events; never negative."""
    standing = tiers.enter(s, START, tz)
    began, judged = START, True
    before: set[int] = set()
    for i, event in enumerate(events):
        for move in fold(s, standing, [event], tz):
            if move.reason != "refunded":
                began, judged = move.occurred_at, move.reason != "upgraded"
                # of acts of one instant, those that came before the period began are not in it
                before = {n for n in range(i) if (events[n].of or events[n].at) == began}
        months: dict[str, int] = {}
        period = 0
        for place, past in enumerate(events[: i + 1]):
            at = past.of or past.at
            signed = -past.amount if past.kind == "refund" else past.amount
            key = at.astimezone(zone(tz)).strftime("%Y-%m")
            months[key] = months.get(key, 0) + signed
            counts = at >= began if judged and place not in before else at > began
            period += signed if counts else 0
        kept = {key: m["spend"] for key, m in standing.months.items() if "spend" in m}
        newest = max(months)
        reach = [k for k in months if _age(k, newest) < s.validity_months]
        assert {k: months[k] for k in reach if months[k]} == {k: kept[k] for k in kept if k in reach}
        assert all(n > 0 for m in standing.months.values() for n in m.values())
        assert all(n > 0 for n in standing.period.values())
        assert standing.period.get("spend", 0) == period


def _age(key: str, newest: str) -> int:
    return (int(newest[:4]) - int(key[:4])) * 12 + int(newest[5:]) - int(key[5:])


@settings(max_examples=200, deadline=None)
@given(schemes(), histories(("order", "order", "refund")), st.integers(0, 3000), st.sampled_from(ZONES))
def test_rise_never_lowers_and_more_never_gives_less(
    s: TierScheme, events: list[Event], extra: int, tz: str
) -> None:
    standing = tiers.enter(s, START, tz)
    fold(s, standing, events, tz)
    at = events[-1].at
    richer = copy.deepcopy(standing)
    tiers.record(s, richer, {"spend": extra, "orders": 1}, at=at, tz=tz)
    before = _CODES.index(standing.tier)
    tiers.rise(s, standing, at=at, tz=tz, joined_at=START)
    tiers.rise(s, richer, at=at, tz=tz, joined_at=START)
    assert before <= _CODES.index(standing.tier) <= _CODES.index(richer.tier)
    # nothing left to rise to
    assert tiers.rise(s, richer, at=at, tz=tz, joined_at=START) is None


@settings(max_examples=200, deadline=None)
@given(schemes(), histories(), st.sampled_from(ZONES))
def test_json_and_progress_of_any_standing(s: TierScheme, events: list[Event], tz: str) -> None:
    standing = tiers.enter(s, START, tz)
    fold(s, standing, events, tz)
    now = events[-1].at
    tiers.judge_due(s, standing, at=now, tz=tz, joined_at=START)
    assert tiers.standing_from_json(tiers.standing_to_json(standing)) == standing
    before = copy.deepcopy(standing)
    shown = tiers.progress(s, standing, now=now, tz=tz)
    assert standing == before
    for requirement in (shown.to_keep, shown.to_next):
        if requirement is not None:
            assert requirement.met == (requirement.still_needed == 0)
            if not requirement.met:
                assert requirement.sentence in shown.sentences
    if shown.to_keep is not None and shown.to_keep.met:
        # what progress promises, judgement keeps
        assert shown.to_keep.by is not None
        due = start_of_day(shown.to_keep.by + timedelta(days=1), tz)
        moves = tiers.judge_due(s, standing, at=due, tz=tz, joined_at=START)
        assert moves[-1].reason in ("kept", "upgraded")  # a lock's end may raise her
