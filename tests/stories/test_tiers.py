"""Tiers over years: up at once, kept, grace, one step down; and the words that go with it."""

from __future__ import annotations

from tests.stories.world import Story


def test_up_keep_grace_one_step_down(story: Story) -> None:
    ann = story.enrol("13800000001")
    assert story.tier(ann) == "normal"

    # 1 200 yuan within the last 12 months: silver at once
    story.say("2025-01-10 12:00")
    assert story.post(story.order(ann, "N1", 120_000))["tier"] == {"level": "silver"}

    # 5 200 in the last 12 months: gold. Its year runs from 1 March 2025 to the end of 28 February 2026.
    story.say("2025-03-01 12:00")
    assert story.post(story.order(ann, "N2", 400_000))["tier"] == {"level": "gold"}
    progress = story.call.get(f"/members/{ann}/tiers")["items"][0]
    keep = progress["to_keep"]
    assert (keep["by"], keep["parts"][0]["have"], keep["parts"][0]["missing"]) == ("2026-02-28", 0, 500_000)

    # What raised her does not keep her; 5 000 more within the year do.
    story.say("2025-10-05 12:00")
    story.post(story.order(ann, "N3", 500_000))
    story.say("2026-03-01 00:00")
    story.work()
    assert story.tier(ann) == "gold"

    # The second year brings 1 000 only: 4 000 missing until 28 February 2027.
    story.say("2026-06-01 12:00")
    story.post(story.order(ann, "N4", 100_000))
    part = story.call.get(f"/members/{ann}/tiers")["items"][0]["to_keep"]["parts"][0]
    assert (part["have"], part["missing"]) == (100_000, 400_000)
    story.say("2027-03-01 00:00")
    story.work()
    assert story.tier(ann) == "gold"  # 30 days of grace
    grace = story.call.get(f"/members/{ann}/tiers")["items"][0]["grace_ends_at"]
    assert grace.startswith("2027-03-30T16:00:00")  # midnight of 31 March in Shanghai
    story.say("2027-03-30 23:59")
    story.work()
    assert story.tier(ann) == "gold"
    story.say("2027-03-31 00:00")
    story.work()
    story.work()
    assert story.tier(ann) == "silver"  # one step, not to normal

    # And nobody looks for two years: the next step happened when it was due. Grace had shifted no cycle, so silver's
    # year ended on 1 March 2028, and its 30 days of grace on the 31st.
    story.say("2029-01-01 12:00")
    story.work()
    assert story.tier(ann) == "normal"
    assert [(day, tier) for day, tier, reason in story.moves(ann) if reason != "kept"] == [
        ("2025-01-06", "normal"),
        ("2025-01-10", "silver"),
        ("2025-03-01", "gold"),
        ("2027-03-31", "silver"),
        ("2028-03-31", "normal"),
    ]
    assert story.tier(ann, as_of="2026-12-01 12:00") == "gold"
    assert story.tier(ann, as_of="2027-06-01 12:00") == "silver"
    story.books_balance()


def test_kept_in_grace_shifts_no_cycle(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.say("2025-01-10 12:00")
    story.post(story.order(ann, "N1", 100_000))
    # silver until the end of 9 January 2026; in grace since; 1 000 yuan on the 20th keep it
    story.say("2026-01-20 12:00")
    assert story.post(story.order(ann, "N2", 100_000))["tier"] == {"level": "silver"}
    story.say("2026-02-09 00:00")
    story.work()
    assert story.tier(ann) == "silver"
    # the next year still ends on 9 January 2027
    assert story.call.get(f"/members/{ann}/tiers")["items"][0]["ends_at"].startswith("2027-01-09T16:00:00")
    # nothing more came: grace until 9 February 2027, then normal
    story.say("2027-02-08 00:00")
    story.work()
    assert story.tier(ann) == "silver"
    story.say("2027-02-09 00:00")
    story.work()
    assert story.tier(ann) == "normal"


def test_a_refund_takes_the_spend_out_and_leaves_the_tier_till_its_end(story: Story) -> None:
    """`refund_demotes` is off in this programme: the tier stays, but is not kept by what came back."""
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 100_000))
    story.say("2025-02-01 12:00")
    story.post(story.order(ann, "N2", 100_000))
    story.say("2025-02-03 12:00")
    receipt = story.post(story.refund(ann, "R2", "N2"))
    assert receipt["tier"] == {"level": "silver"}
    part = story.call.get(f"/members/{ann}/tiers")["items"][0]["to_keep"]["parts"][0]
    assert (part["have"], part["missing"]) == (0, 100_000)
    story.say("2026-02-05 00:00")  # 6 January 2026 and 30 days
    story.work()
    assert story.tier(ann) == "normal"


def test_placed_by_hand_and_locked(story: Story) -> None:
    ann = story.enrol("13800000001")
    placed = story.call.post(
        f"/members/{ann}/tiers/level",
        {"tier": "gold", "comment": "opened the shop", "locked": True, "until": "2025-07-01T00:00:00+08:00"},
        Idempotency_Key="p1",
    )
    assert placed["tier"] == {"level": "gold"}
    story.say("2025-06-30 23:59")
    story.work()
    assert story.tier(ann) == "gold"
    story.say("2025-07-01 00:00")
    story.work()
    # The lock is over and so is what it held: she has spent nothing, and her tier's end is judged now. There is
    # grace of 30 days, then one step down.
    story.say("2025-07-31 00:00")
    story.work()
    assert story.tier(ann) == "silver"
    nobody = story.call.refused(
        "POST", f"/members/{ann}/tiers/level", {"tier": "platinum", "comment": "x"}, Idempotency_Key="p2"
    )
    assert nobody["errors"][0]["code"] == "unknown_tier"


def test_sentences_are_in_the_reader_s_language(story: Story) -> None:
    ann = story.enrol("13800000001")
    story.post(story.order(ann, "N1", 100_000))
    english = " ".join(story.call.get(f"/members/{ann}/tiers")["items"][0]["sentences"])
    chinese = " ".join(
        story.call.get(f"/members/{ann}/tiers", Accept_Language="zh-CN")["items"][0]["sentences"]
    )
    assert "Silver" in english and "1,000" in english
    assert "1,000" in chinese and any("一" <= letter <= "鿿" for letter in chinese)
