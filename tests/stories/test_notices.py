"""What members are told before value expires and before a tier ends: once, by the calendar of Shanghai.

Points end with the 12th month after earning: those of 15 May 2025 can be used to the end of 31 May 2026. So they are
announced on 1 May (30 days left), on 24 May (7) and on 30 May (1).
"""

from __future__ import annotations

from typing import Any

from tests.stories.world import Story, uuid

from regulars.flows import notices
from regulars.kit import clock
from regulars.messaging import api as messaging


def inbox(story: Story, member: str) -> list[str]:
    """Newest first."""
    page = messaging.list_inbox(scope=story.scope, member_id=uuid(member))
    return [message.body for message in page.items]


def send(story: Story, when: str) -> int:
    story.say(when)
    return notices.send_due(clock.now())


def shopper(story: Story, phone: str, yuan: int, **more: Any) -> str:
    member = story.enrol(phone, **more)
    story.post(story.order(member, f"N-{phone}", yuan * 100))
    return member


def test_value_is_announced_30_7_and_1_days_before_its_last_day(story: Story) -> None:
    story.say("2025-05-15 12:00")
    ann = shopper(story, "13800000001", 267)
    ben = shopper(story, "13800000002", 1, language="en")
    assert send(story, "2026-04-30 23:59") == 0  # 31 days
    assert send(story, "2026-05-01 00:00") == 2
    assert inbox(story, ann) == ["您有 267 points将于 2026 年 5 月 31 日到期，还有 30 天。"]
    assert inbox(story, ben) == ["1 points expire on 31 May 2026, in 30 days."]
    assert [send(story, f"2026-05-{day} 23:59") for day in ("01", "02", "23")] == [0, 0, 0]
    assert send(story, "2026-05-24 00:00") == 2
    assert send(story, "2026-05-24 23:59") == 0
    assert send(story, "2026-05-29 23:59") == 0
    assert send(story, "2026-05-30 00:00") == 2
    assert inbox(story, ben)[0] == "1 points expire on 31 May 2026, in 1 day."
    # on the last day, and once they are gone, there is nothing more to say
    assert send(story, "2026-05-31 00:00") == 0
    story.say("2026-06-01 00:00")
    story.work()
    assert send(story, "2026-06-01 00:00") == 0
    assert len(inbox(story, ann)) == len(inbox(story, ben)) == 3


def test_several_lots_of_a_day_are_one_message_and_growth_is_none(story: Story) -> None:
    story.say("2025-05-02 12:00")
    ann = shopper(story, "13800000001", 100)
    story.say("2025-05-31 23:59")  # still May in Shanghai
    story.post(story.order(ann, "N2", 5_000))
    story.say("2025-06-01 00:00")  # ends with June 2026
    story.post(story.order(ann, "N3", 7_000))
    assert send(story, "2026-05-24 09:00") == 1
    assert inbox(story, ann) == ["您有 150 points将于 2026 年 5 月 31 日到期，还有 7 天。"]


def test_what_was_spent_or_taken_back_meanwhile_is_not_announced(story: Story) -> None:
    story.say("2025-05-15 12:00")
    ann = shopper(story, "13800000001", 200)
    ben = shopper(story, "13800000002", 80)
    eve = shopper(story, "13800000003", 90)
    story.post(
        story.order(ann, "N2", 30_000, lines=[{"sku": "A", "amount": 20_000}, {"sku": "B", "amount": 10_000}])
    )
    story.say("2025-06-01 12:00")
    story.burn(ann, 120)
    story.burn(ben, 80)
    story.post(story.refund(ann, "R1", "N2", lines=[{"line": 2}]))
    story.post(story.refund(eve, "R2", "N-13800000003"))
    # Ann: 200 + 300 − 120 − 100 = 280; Ben has spent his, Eve has returned hers
    assert send(story, "2026-05-30 10:00") == 1
    assert inbox(story, ann) == ["您有 280 points将于 2026 年 5 月 31 日到期，还有 1 天。"]
    assert inbox(story, ben) == inbox(story, eve) == []


def test_only_active_memberships_are_told(story: Story) -> None:
    story.say("2025-05-15 12:00")
    ann = shopper(story, "13800000001", 100)
    story.call("PATCH", f"/members/{ann}", {"status": "frozen"})
    assert send(story, "2026-05-24 09:00") == 0
    story.call("PATCH", f"/members/{ann}", {"status": "active"})
    assert send(story, "2026-05-24 10:00") == 1


def test_many_members_are_told_in_batches(story: Story, monkeypatch: Any) -> None:
    monkeypatch.setattr(notices, "BATCH", 3)
    story.say("2025-05-15 12:00")
    members = [shopper(story, f"1380000{n:04d}", 10 + n) for n in range(10)]
    monkeypatch.setattr(notices, "MOST", 5)
    # whole batches of 3 until 5 are reached
    assert [send(story, "2026-05-24 09:00") for _ in range(3)] == [6, 4, 0]
    assert [inbox(story, member)[0].split()[1] for member in members] == [str(10 + n) for n in range(10)]


def test_a_tier_that_ends_soon_is_announced_until_it_is_kept(story: Story) -> None:
    """Silver from 1 000 yuan on 10 March 2025: its last day is 9 March 2026, 30 days after 7 February."""
    story.say("2025-03-10 12:00")
    ann = shopper(story, "13800000001", 1_000)
    ben = shopper(story, "13800000002", 1_000, language="en")
    story.say("2025-07-01 12:00")
    for member in (ann, ben):
        story.post(story.order(member, f"H-{member}", 77_500))
    assert send(story, "2026-02-06 23:59") == 0
    assert send(story, "2026-02-07 00:00") == 2
    assert inbox(story, ann) == ["再消费 ¥225 即可在 3 月 9 日前保住Silver。"]
    assert inbox(story, ben) == ["225 more by 9 March keeps Silver."]
    assert send(story, "2026-02-20 12:00") == 0
    # Ben buys for 225 yuan: kept. Ann is told again in her last week, what is missing now.
    story.post(story.order(ben, "K", 22_500))
    story.post(story.order(ann, "K2", 2_500))
    assert send(story, "2026-03-01 23:59") == 2  # both have points of March, which end in 30 days
    assert inbox(story, ben)[0] == "1,000 points expire on 31 March 2026, in 30 days."
    assert send(story, "2026-03-02 00:00") == 1
    assert inbox(story, ann)[0] == "再消费 ¥200 即可在 3 月 9 日前保住Silver。"
    assert len(inbox(story, ben)) == 2
    assert send(story, "2026-03-09 23:59") == 0
    # The day is over, and she has 30 days of grace, to the end of 8 April: told once more, and in grace's last week.
    story.say("2026-03-10 00:00")
    story.work()
    assert send(story, "2026-03-10 00:00") == 1
    assert inbox(story, ann)[0] == "再消费 ¥200 即可在 4 月 8 日前保住Silver。"
