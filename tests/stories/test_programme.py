"""A programme changes under review by a second person; what was earned stays by the version that gave it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.stories.world import PROGRAMME, Story, at, staff

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions


def doubled() -> dict[str, Any]:
    """Two points a yuan."""
    definition = copy.deepcopy(PROGRAMME)
    definition["rules"][0]["effects"][0]["amount"] = 2
    return definition


def publish(story: Story, definition: dict[str, Any], effective_from: Any = None) -> int:
    """Owner writes, Bob reviews, Owner publishes; gives the version's number."""
    now, scope = clock.now(), story.scope
    draft = versions.create_draft(scope=scope, now=now)
    number = draft.summary.number
    versions.save_draft(scope=scope, number=number, definition=definition, revision=draft.revision, now=now)
    versions.submit(scope=scope, number=number, now=now)
    with pytest.raises(Refusal, match="own_work"):
        versions.review(scope=scope, number=number, approve=True, now=now)
    with pytest.raises(Refusal, match="wrong_state"):
        versions.publish(scope=scope, number=number, now=now)
    versions.review(scope=staff(scope, "Bob"), number=number, approve=True, now=now)
    versions.publish(scope=scope, number=number, now=now, effective_from=effective_from)
    return number


def test_another_version_earns_otherwise_and_entries_name_theirs(story: Story) -> None:
    ann = story.enrol("13800000001")
    assert story.post(story.order(ann, "N1", 10_000))["version"] == 1
    story.say("2025-02-01 12:00")
    assert publish(story, doubled()) == 2
    assert story.call.get("/programme")["version"] == 2
    second = story.post(story.order(ann, "N2", 10_000))
    assert (second["version"], second["earned"]["points"]) == (2, 200)
    assert story.balance(ann) == (300, 0, 0, 0)
    earned = [
        e for e in story.call.get(f"/members/{ann}/entries?unit=points")["items"] if e["kind"] == "earn"
    ]
    assert sorted((e["version"], e["amount"]) for e in earned) == [(1, 100), (2, 200)]
    # what came before and is told later is decided by what was in force when it happened
    late = story.post(story.order(ann, "N0", 10_000, when="2025-01-20 12:00"))
    assert (late["version"], late["earned"]["points"]) == (1, 100)
    # a refund takes back what its order got, whatever counts now
    story.post(story.refund(ann, "R1", "N1"))
    assert story.balance(ann) == (300, 0, 0, 0)
    why = story.call.get(f"/members/{ann}/activities/{second['activity_id']}/explanation")
    assert why["activity"]["version"] == 2
    story.books_balance()


def test_a_version_may_be_published_for_later(story: Story) -> None:
    ann = story.enrol("13800000001")
    publish(story, doubled(), effective_from=at("2025-03-01 00:00"))
    story.say("2025-02-28 23:59")
    assert story.post(story.order(ann, "N1", 10_000))["earned"]["points"] == 100
    story.say("2025-03-01 00:00")
    assert story.post(story.order(ann, "N2", 10_000))["earned"]["points"] == 200
    # the till's clock was a minute behind: it happened yesterday
    assert story.post(story.order(ann, "N3", 10_000, when="2025-02-28 23:59"))["earned"]["points"] == 100


def test_a_draft_that_is_wrong_says_where(story: Story) -> None:
    broken = doubled()
    broken["rules"][0]["effects"][0]["unit"] = "miles"
    draft = versions.create_draft(scope=story.scope, now=clock.now())
    with pytest.raises(Refusal) as raised:
        versions.save_draft(
            scope=story.scope,
            number=draft.summary.number,
            definition=broken,
            revision=draft.revision,
            now=clock.now(),
        )
    assert [error.field for error in raised.value.errors] == ["rules[0].effects[0].unit"]
    assert story.call.get("/programme")["version"] == 1


def test_a_spring_with_the_retail_pack(story: Story) -> None:
    """One point a yuan; member day (the 8th) and birthday month double, once; coffee double; first order 100."""
    assert publish(story, packs.get_pack("retail", currency="CNY")) == 2
    shop = story
    ann = shop.enrol("13800000001", birthday="1990-03-08")
    shop.say("2025-01-14 12:00")  # a Tuesday
    # 60 yuan, first order: 60 + 100
    assert shop.post(shop.order(ann, "N1", 6_000))["earned"] == {"points": 160, "growth": 60}
    # 60 yuan of which 20 are coffee: 60 + 20
    lines = [
        {"sku": "A", "amount": 4_000},
        {"sku": "B", "amount": 2_000, "category": "coffee"},
    ]
    assert shop.post(shop.order(ann, "N2", lines=lines))["earned"]["points"] == 80
    # member day: double
    shop.say("2025-02-08 12:00")
    assert shop.post(shop.order(ann, "N3", 6_000))["earned"]["points"] == 120
    # member day in the birthday month: double once, not four times
    shop.say("2025-03-08 12:00")
    receipt = shop.post(shop.order(ann, "N4", 6_000))
    assert receipt["earned"]["points"] == 120
    reasons = {o["rule"]: o.get("reason", "") for o in receipt["outcomes"]}
    assert (reasons["birthday-month"], reasons["member-day"]) == ("", "stacking")
    # 240 growth so far; 260 yuan more: silver at 500. On a Tuesday in March, doubled for the birthday, and 50 more
    # for a basket of over 100 yuan: 260 · 2 + 50
    shop.say("2025-03-18 12:00")
    silver = shop.post(shop.order(ann, "N5", 26_000))
    assert silver["earned"]["points"] == 570
    assert silver["tier"] == {"level": "silver"}
    # as silver one tenth more: 100 yuan in April: 100 + 10 + 50
    shop.say("2025-04-15 12:00")
    assert shop.post(shop.order(ann, "N6", 10_000))["earned"]["points"] == 160
    # the points of January end with January
    assert shop.expiries(ann)[0] == ("2026-01-31", 240)
    shop.books_balance()
