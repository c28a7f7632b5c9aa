"""What comes late or out of order ends where it would have ended in order, and the past can be asked."""

from __future__ import annotations

from tests.stories.world import Story


def test_a_late_order_repairs_lots_tier_and_the_past(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-03-10 12:00")
    story.post(story.order(ann, "N2", 90_000))
    story.say("2025-03-20 12:00")
    story.burn(ann, 500)
    story.say("2025-03-30 12:00")
    assert story.balance(ann) == (400, 0, 0, 0)
    assert story.balance(ann, as_of="2025-03-15 12:00") == (900, 0, 0, 0)
    assert story.balance(ann, as_of="2025-02-15 12:00") == (0, 0, 0, 0)
    assert story.tier(ann) == "normal" and story.tier(ann, as_of="2025-03-15 12:00") == "normal"

    # A till that was offline brings an order of 10 February on 1 April.
    story.say("2025-04-01 12:00")
    late = story.post(story.order(ann, "N1", 20_000, when="2025-02-10 12:00"))
    assert late["earned"] == {"points": 200, "growth": 200}
    # 200 + 900 − 500
    assert story.balance(ann) == (600, 0, 0, 0)
    # The 500 were taken from what ends first: all 200 of February, 300 of March. So March's 600 are left.
    assert story.expiries(ann) == [("2026-03-31", 600)]
    assert story.lots(ann) == [(900, 600)]
    # 1 100 yuan when N2 came: silver since then, to the end of 9 March 2026
    assert story.tier(ann) == "silver"
    assert ("2025-03-10", "silver") in [(day, tier) for day, tier, _ in story.moves(ann)]
    assert story.call.get(f"/members/{ann}/tiers")["items"][0]["ends_at"].startswith("2026-03-09T16:00:00")
    story.books_balance()

    # As of then, by what is known now.
    assert story.tier(ann, as_of="2025-03-09 12:00") == "normal"
    assert story.tier(ann, as_of="2025-03-15 12:00") == "silver"


def test_the_past_after_late_data_is_as_known_now(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-03-10 12:00")
    story.post(story.order(ann, "N2", 90_000))
    story.say("2025-03-20 12:00")
    story.burn(ann, 500)
    story.say("2025-04-01 12:00")
    story.post(story.order(ann, "N1", 20_000, when="2025-02-10 12:00"))
    assert story.balance(ann, as_of="2025-03-25 12:00") == (600, 0, 0, 0)
    assert story.balance(ann, as_of="2025-03-15 12:00") == (1100, 0, 0, 0)
    assert story.balance(ann, as_of="2025-02-15 12:00") == (200, 0, 0, 0)
    assert story.balance(ann, as_of="2025-02-09 12:00") == (0, 0, 0, 0)


def test_any_order_of_arrival_ends_the_same(story: Story) -> None:
    """Four orders, a refund and a delivery, told in order and backwards, leave the same."""
    acts = [
        ("order", "2025-01-10 12:00", {"number": "A", "amounts": [30_000], "channel": "app"}),
        ("order", "2025-02-10 12:00", {"number": "B", "amounts": [50_000, 5_099]}),
        ("delivered", "2025-02-12 12:00", {"of": "A"}),
        ("order", "2025-03-10 12:00", {"number": "C", "amounts": [80_001]}),
        ("refund", "2025-03-12 12:00", {"number": "RB", "of": "B"}),
        ("order", "2025-04-10 12:00", {"number": "D", "amounts": [999]}),
    ]
    ann, ben = story.enrol("13800000001"), story.enrol("13800000002")

    def tell(member: str, prefix: str, what: str, when: str, given: dict[str, object]) -> None:
        if what == "order":
            more = {"channel": given["channel"]} if "channel" in given else {}
            amounts: list[int] = given["amounts"]  # type: ignore[assignment]
            story.post(story.order(member, f"{prefix}{given['number']}", *amounts, when=when, **more))
        elif what == "refund":
            one = story.refund(
                member, f"{prefix}{given['number']}", f"{prefix}{given['of']}", [{"line": 1}], when=when
            )
            story.post(one)
        else:
            story.post(story.activity("order_delivered", member, when, delivery=f"{prefix}{given['of']}"))

    for what, when, given in acts:
        story.say(when)
        tell(ann, "a", what, when, given)
    story.say("2025-05-01 12:00")
    for what, when, given in reversed(acts):
        tell(ben, "b", what, when, given)
    # 300 + 20 delivered; B 550.99 → 550, line 1 (500.00) earned 550·50000/55099 = 499.09 → 499 and goes, line 2's 51
    # stay (50.90 has the larger remainder); C 800; D 9.  320 + 51 + 800 + 9 = 1 180
    assert story.balance(ann) == (1180, 0, 0, 0)
    assert story.balance(ben) == story.balance(ann)
    assert story.balance(ben, "growth") == story.balance(ann, "growth") == (1160, 0, 0, 0)
    assert story.expiries(ben) == story.expiries(ann)
    assert sorted(story.lots(ben)) == sorted(story.lots(ann))
    # spend by April: 300 + 50.99 + 800.01 + 9.99 = 1 160.99; it passed 1 000 with C, while B was not yet returned
    assert story.tier(ann) == story.tier(ben) == "silver"
    assert (
        [m[:2] for m in story.moves(ben)][-1]
        == [m[:2] for m in story.moves(ann)][-1]
        == ("2025-03-10", "silver")
    )
    # and so does every instant of the past
    for _, when, _ in acts:
        assert story.balance(ben, as_of=when) == story.balance(ann, as_of=when), when
        assert story.tier(ben, as_of=when) == story.tier(ann, as_of=when), when
    counters = [story.call.get(f"/members/{member}")["counters"] for member in (ann, ben)]
    assert counters[0] == counters[1]
    story.books_balance()


def test_a_late_order_after_its_points_would_have_expired_leaves_none(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2026-03-01 12:00")
    receipt = story.post(story.order(ann, "N1", 10_000, when="2025-01-20 12:00"))
    # earned on 20 January 2025, ended with 31 January 2026
    assert receipt["status"] == "applied"
    assert story.try_burn(ann, 1).status == 409
    story.work()
    assert story.balance(ann) == (0, 0, 0, 0)
    assert story.balance(ann, "growth") == (100, 0, 0, 0)
    assert story.balance(ann, as_of="2025-06-01 12:00") == (100, 0, 0, 0)
    story.books_balance()


def test_a_late_order_pays_a_debt(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-02-01 12:00")
    story.post(story.order(ann, "N2", 10_000))
    story.burn(ann, 100)
    story.say("2025-02-02 12:00")
    story.post(story.refund(ann, "R2", "N2"))
    assert story.balance(ann) == (0, 0, 0, 100)
    story.say("2025-02-03 12:00")
    story.post(story.order(ann, "N1", 15_000, when="2025-01-15 12:00"))
    assert story.balance(ann) == (50, 0, 0, 0)
    story.books_balance()


def test_a_late_burn_is_covered_only_by_what_is_left_now(story: Story) -> None:
    """Points that were there at its time but are spent since cannot be spent twice."""
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 10_000))
    story.say("2025-02-01 12:00")
    story.burn(ann, 80)
    late = story.activity(
        "burn", ann, "2025-01-20 12:00", key="late-1", burn={"unit": "points", "amount": 30}
    )
    unchanged = story.nothing_changed_since(ann)
    assert story.refused(late)["code"] == "insufficient_balance"
    unchanged()
    late["burn"]["amount"] = 20
    assert story.post(late)["status"] == "applied"
    assert story.balance(ann) == (0, 0, 0, 0)
    story.books_balance()


def test_a_refund_before_its_order_waits_for_it(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-01-08 12:00")
    waiting = story.post(story.refund(ann, "R1", "N1", [{"line": 1}]))
    assert waiting["status"] == "waiting"
    assert waiting["notes"][0]["code"] == "waiting_for_order"
    assert story.balance(ann) == (0, 0, 0, 0)
    # the order of the 7th comes on the 9th, of two lines: one is back already
    story.say("2025-01-09 12:00")
    story.post(story.order(ann, "N1", 10_000, 3_000, when="2025-01-07 12:00"))
    assert story.balance(ann) == (30, 0, 0, 0)
    listed = story.call.get(f"/members/{ann}/activities")["items"]
    assert {a["type"]: a["status"] for a in listed} == {"order": "applied", "refund": "applied"}
    # the other line may still come back, the first not again
    assert (
        story.refused(story.refund(ann, "R2", "N1", [{"line": 1, "quantity": 1}]))["code"]
        == "refund_exceeds_order"
    )
    story.post(story.refund(ann, "R3", "N1"))
    assert story.balance(ann) == (0, 0, 0, 0)
    story.books_balance()
