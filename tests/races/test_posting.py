"""The same order from many sides, streams that meet in opposite order, late data from all sides."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.races.world import Rush, codes

from regulars.flows import due
from regulars.kit import clock
from regulars.kit.errors import Refusal

pytestmark = pytest.mark.race

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


def body(order: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(order)


def test_50_copies_of_one_order_over_http(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member()
    sent = body(rush.order(ann, "N1", 12_300))

    def post() -> tuple[int, dict[str, Any]]:
        answer = rush.caller()("POST", "/activities", sent)
        return answer.status, answer.ok()

    outcomes = at_once([post] * 50)
    assert Counter(status for status, _ in outcomes) == {201: 1, 200: 49}
    receipts = [{k: v for k, v in receipt.items() if k != "duplicate"} for _, receipt in outcomes]
    assert all(receipt == receipts[0] for receipt in receipts)
    assert rush.balance(ann) == (123, 0, 0, 0)
    rush.books_balance()


def test_50_copies_of_one_order_in_a_transaction_each(rush: Rush, at_once: AtOnce) -> None:
    ann = rush.member()
    order = rush.order(ann, "N1", 12_300)
    outcomes = at_once([lambda: rush.post(order)] * 50)
    assert codes(outcomes) == {"done": 50}
    assert len({o.activity_id for o in outcomes}) == 1
    assert sum(o.duplicate for o in outcomes) == 49
    assert rush.balance(ann) == (123, 0, 0, 0)
    rush.books_balance()


def test_one_number_with_two_bodies_has_one_effect(rush: Rush, at_once: AtOnce) -> None:
    """Half say 100 yuan, half say 200: who is first is right, and the others are told that it is another order."""
    ann = rush.member()
    orders = [rush.order(ann, "N1", 10_000), rush.order(ann, "N1", 20_000)]
    outcomes = at_once([lambda n=n: rush.post(orders[n % 2]) for n in range(50)])
    assert codes(outcomes) == {"done": 25, "idempotency_conflict": 25}
    winner = next(n % 2 for n, o in enumerate(outcomes) if not isinstance(o, Refusal))
    assert rush.balance(ann) == ((100, 200)[winner], 0, 0, 0)
    rush.books_balance()


def test_the_same_order_for_fifty_members_is_one_members(rush: Rush, at_once: AtOnce) -> None:
    members = [rush.member() for _ in range(20)]
    at = clock.now()
    outcomes = at_once([lambda m=m: rush.post(rush.order(m, "N1", 10_000, at=at)) for m in members])
    assert codes(outcomes) == {"done": 1, "idempotency_conflict": 19}
    assert sorted(rush.balance(m)[0] for m in members) == [0] * 19 + [100]
    rush.books_balance()


def test_streams_of_batches_in_opposite_order_meet_without_deadlock(rush: Rush, at_once: AtOnce) -> None:
    """Four streams over the same 60 members, two of them backwards, and half of their orders the same ones."""
    members = [rush.member() for _ in range(60)]
    at = clock.now()

    def stream(number: int) -> Callable[[], Any]:
        def run() -> list[Any]:
            answers = []
            for round_ in range(6):
                orders = [
                    rush.order(
                        m, f"r{round_}-{place}" if place % 2 else f"s{number}-{round_}-{place}", 1_000, at=at
                    )
                    for place, m in enumerate(members)
                ]
                answers += rush.batch(*(orders[::-1] if number % 2 else orders))
            return answers

        return run

    outcomes = at_once([stream(n) for n in range(4)])
    for outcome in outcomes:
        assert not isinstance(outcome, Exception), outcome
        assert codes(outcome) == {"done": 360}
    # 10 points each: of odd places the six orders are the same in all streams, of even ones each stream has six
    for place, member in enumerate(members):
        assert rush.balance(member)[0] == (60 if place % 2 else 240)
    rush.books_balance()


def test_late_data_from_all_sides_ends_as_in_order(rush: Rush, at_once: AtOnce) -> None:
    """Sixty orders and refunds of two members come shuffled on many threads; two others get them in order."""
    shuffled = [rush.member() for _ in range(2)]
    ordered = [rush.member() for _ in range(2)]
    start = clock.now() - timedelta(days=300)

    def history(member: Any, prefix: str) -> list[Any]:
        acts = []
        for n in range(20):
            at = start + timedelta(days=11 * n)
            acts.append(rush.order(member, f"{prefix}{n}", 2_999 * (n + 1), 501, at=at))
            if n % 3 == 0:
                acts.append(rush.refund(member, f"R{prefix}{n}", f"{prefix}{n}", at=at + timedelta(days=2)))
        return acts

    for place, member in enumerate(ordered):
        for act in history(member, f"o{place}-"):
            rush.post(act)
    acts = [act for place, member in enumerate(shuffled) for act in history(member, f"x{place}-")]
    random.Random(5).shuffle(acts)
    outcomes = at_once([lambda a=a: rush.post(a) for a in acts])
    assert codes(outcomes) == {"done": len(acts)}
    brand = rush.scope.brand_id
    due.settle(clock.now())
    for one, other in zip(ordered, shuffled, strict=True):
        assert rush.balance(one) == rush.balance(other)
        assert rush.balance(one, "growth") == rush.balance(other, "growth")
        cards = [rush.caller().get(f"/members/{m}") for m in (one, other)]
        assert cards[0]["counters"] == cards[1]["counters"]
        tiers = [rush.caller().get(f"/members/{m}/tiers")["items"][0] for m in (one, other)]
        assert (tiers[0]["tier"], tiers[0]["ends_at"]) == (tiers[1]["tier"], tiers[1]["ends_at"])
    assert brand
    rush.books_balance()


def test_a_programme_published_in_the_middle_of_it(rush: Rush, at_once: AtOnce) -> None:
    """Each order is decided by one version as a whole, and earns what that version says."""
    import copy

    from tests.stories.world import PROGRAMME

    from regulars.kit.ids import new_id
    from regulars.platform.organisations.types import Actor, Scope
    from regulars.programme.versions import api as versions

    members = [rush.member() for _ in range(8)]
    definition = copy.deepcopy(PROGRAMME)
    definition["rules"][0]["effects"][0]["amount"] = 3
    now, scope = clock.now(), rush.scope
    draft = versions.create_draft(scope=scope, now=now)
    number = draft.summary.number
    versions.save_draft(scope=scope, number=number, definition=definition, revision=draft.revision, now=now)
    versions.submit(scope=scope, number=number, now=now)
    bob = Scope(scope.organisation_id, scope.brand_id, Actor("staff", new_id(), "Bob"), scope.permissions)
    versions.review(scope=bob, number=number, approve=True, now=now)

    def publish() -> Any:
        return versions.publish(scope=scope, number=number, now=clock.now())

    def order(n: int) -> Any:
        return rush.post(rush.order(members[n % 8], f"N{n}", 10_000))

    calls = [lambda n=n: order(n) for n in range(160)]
    outcomes = at_once([*calls[:80], publish, *calls[80:]])
    receipts = outcomes[:80] + outcomes[81:]
    assert codes(outcomes) == {"done": 161}
    assert all(r.earned["points"] == {1: 100, 2: 300}[r.version] for r in receipts)
    assert {r.version for r in receipts} == {1, 2}
    rush.books_balance()
