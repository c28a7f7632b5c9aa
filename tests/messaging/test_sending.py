"""Asking and sending through the door, on the real database: each step of the decision, fallback, retries, caps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.messaging.world import NOON, Post, World, query, topics

from regulars.audience.holdouts import api as holdouts
from regulars.kit.clock import now as clock_now
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api, channels
from regulars.messaging.models import ChannelAccount, MessagePolicy
from regulars.messaging.policy import limits
from regulars.messaging.types import Cap, Delivery, Policy, Quiet, Route, SendFilter
from regulars.messaging.wording import Content
from regulars.platform.organisations.types import Actor, Scope

pytestmark = pytest.mark.django_db(transaction=True)


def set_policy(its: World, policy: Policy) -> None:
    MessagePolicy.objects.update_or_create(
        brand_id=its.brand.id, defaults={"value": limits.to_json(policy), "updated_at": NOON}
    )


def test_a_key_is_asked_for_once_and_goes_to_the_sandbox(its: World) -> None:
    her, other = its.members
    its.agree(her, "sms")
    assert its.ask(her) == 1 and its.ask(her, template="other") == 0 and its.ask(other) == 1
    assert its.state(her) == ("queued", "", "")
    its.run()
    assert its.state(her) == ("sent", "sandboxed", "sms")
    assert its.state(other) == ("skipped", "no_consent", "")
    assert topics() == {"message.sent": 1, "message.skipped": 1}
    assert its.run() == 0
    tallies = {
        (t.state, t.reason): t.count for t in api.sends_of(brand_id=its.brand.id, source="campaign:spring")
    }
    assert tallies == {("sent", "sandboxed"): 1, ("skipped", "no_consent"): 1}


def test_the_inbox_has_it_beside_what_was_there(its: World) -> None:
    her = its.members[0]
    its.ask(her, channels=("inbox",), purpose="service")
    its.run()
    assert its.state(her) == ("sent", "", "inbox")
    [message] = api.list_inbox(scope=its.scope, member_id=her).items
    assert (message.subject, message.body) == ("金卡有效期至 3 月 31 日", "金卡即将到期。")
    assert api.count_unread(scope=its.scope, member_id=her) == 1


def test_a_provider_gets_the_address_in_clear_and_once(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    its.ask(her)
    its.run()
    its.run(NOON + timedelta(hours=1))
    assert [one.to for one in post.got] == ["+8613800000000"]
    assert its.state(her) == ("sent", "", "sms")
    [(reference, words)] = query("SELECT reference, words FROM send")
    assert reference == f"r-{post.got[0].id}" and "金卡".encode() not in bytes(words)


def test_refused_by_one_channel_it_goes_by_the_next_and_a_dead_address_is_closed(
    its: World, post: Post
) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    post.answers = [Delivery("failed", reason="bad_address", error="no such number")]
    its.ask(her, channels=("sms", "email"))
    its.run()
    assert its.state(her) == ("sent", "sandboxed", "email")
    its.ask(her, key="again", channels=("sms",))
    its.run()
    assert its.state(her, "again") == ("skipped", "suppressed", "")
    assert len(post.got) == 1
    # it counts once, by the channel that took it
    assert query("SELECT channel, count FROM send_count WHERE count > 0") == [("email", 1)]


def test_full_on_one_channel_it_goes_by_the_next_and_takes_its_place_there(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    set_policy(its, Policy({}, (Cap("sms", "day", 1), Cap("", "day", 2))))
    for n in range(3):
        its.ask(her, key=f"{n}", channels=("sms", "email"))
        its.run()
    assert its.state(her, "0") == ("sent", "", "sms")
    assert its.state(her, "1") == ("sent", "sandboxed", "email")
    assert its.state(her, "2") == ("skipped", "frequency_cap", "sms")
    log = json.loads(query("SELECT log::text FROM send WHERE key = '1'")[0][0])
    assert log[0][1:] == ["sms", "frequency_cap", "sms/day/1"]
    assert query("SELECT channel, count FROM send_count ORDER BY 1") == [("email", 1), ("sms", 1)]


def test_the_only_place_of_the_day_goes_with_it_to_the_next_channel(its: World, post: Post) -> None:
    """Refused by the first it still has its place; where the next is closed for now, the place waits with nobody."""
    her, other = its.members
    for one in its.members:
        its.agree(one, "sms", "email")
    set_policy(its, Policy({}, (Cap("", "day", 1),)))
    post.answers = [Delivery("failed", error="content refused")] * 2
    its.ask(her, channels=("sms", "email"))
    its.run()
    assert its.state(her) == ("sent", "sandboxed", "email")
    assert query("SELECT channel, count FROM send_count WHERE count <> 0") == [("email", 1)]
    quiet = {"email": Quiet(NOON.time().replace(hour=11), NOON.time().replace(hour=13))}
    set_policy(its, Policy(quiet, (Cap("", "day", 1),)))
    its.ask(other, channels=("sms", "email"))
    its.run()
    assert its.state(other) == ("queued", "quiet_hours", "email")
    its.run(NOON + timedelta(hours=2))
    assert its.state(other) == ("sent", "sandboxed", "email")
    counts = query("SELECT channel, count FROM send_count WHERE member_id = %s AND count <> 0", other)
    assert counts == [("email", 1)]


def test_a_channel_that_is_switched_off_is_passed_over(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    ChannelAccount.objects.create(
        id=new_id(), organisation_id=its.brand.organisation_id, brand_id=its.brand.id, channel="sms", key="main",
        provider="aliyun", name={"zh": "短信", "en": "SMS"}, state="paused", is_default=True, secrets=b"",
        receipt_key=b"k", created_at=NOON, updated_at=NOON,
    )  # fmt: skip
    its.ask(her, channels=("sms", "email"))
    its.ask(her, key="only", channels=("sms",))
    its.run()
    assert its.state(her) == ("sent", "sandboxed", "email")
    assert its.state(her, "only") == ("skipped", "no_channel", "")


def template(its: World, code: str, purpose: str, body: str) -> None:
    """An approved template of e-mails."""
    writer, reader = (
        Scope(its.brand.organisation_id, its.brand.id, Actor("staff", new_id(), name), its.scope.permissions)
        for name in "ab"
    )
    said = Content(subject="s", body=body)
    api.save_template(
        scope=writer, code=code, name=Text("促", "Sale"), purpose=purpose, now=NOON,
        contents={"email": {"zh": said, "en": said}}, links={},
    )  # fmt: skip
    api.submit_template(scope=writer, code=code, now=NOON)
    api.decide_template(scope=reader, code=code, number=1, approve=True, now=NOON)


def test_what_a_template_of_marketing_says_is_marketing_whatever_the_asker_takes_it_for(its: World) -> None:
    template(its, "sale", "marketing", "b {{ unsubscribe_link }}")
    her = its.members[0]
    its.ask(her, template="sale", purpose="service", channels=("email",))
    its.run()
    assert its.state(her) == ("skipped", "no_consent", "")
    its.agree(her, "email")
    its.ask(her, key="agreed", template="sale", purpose="service", channels=("email",))
    its.run()
    assert its.state(her, "agreed") == ("sent", "sandboxed", "email")
    assert query("SELECT DISTINCT purpose FROM send") == [("marketing",)]
    assert query("SELECT channel, count FROM send_count") == [("email", 1)]  # towards her caps


def test_marketing_by_mail_has_a_way_out_whatever_template_says_it(its: World) -> None:
    template(its, "recall", "service", "b")
    her, post = its.members[0], Post()
    channels.register_route("email", Route("mail", post))
    try:
        its.agree(her, "email")
        its.ask(her, template="recall", channels=("email",))
        its.ask(her, key="recall", template="recall", purpose="service", channels=("email",))
        its.run()
    finally:
        channels.register_route("email", None)
    outs = {one.purpose: one.extra.get("unsubscribe", "") for one in post.got}
    assert outs["service"] == "" and outs["marketing"].startswith("http")
    api.leave(code=outs["marketing"].rsplit("/", 1)[1], language="zh", now=NOON)
    its.ask(her, key="later", template="recall", channels=("email",))
    its.run()
    assert its.state(her, "later") == ("skipped", "no_consent", "")


def test_a_channel_that_the_template_has_no_words_for_is_passed_over(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    template(its, "sale", "marketing", "b {{ unsubscribe_link }}")
    its.ask(her, template="sale", channels=("sms", "email"))
    its.ask(her, key="only", template="sale", channels=("sms",))
    its.run()
    assert its.state(her) == ("sent", "sandboxed", "email")
    assert its.state(her, "only") == ("skipped", "no_channel", "")


def test_failed_by_every_channel_is_failed_with_the_provider_s_reason(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    post.answers = [Delivery("failed", error="content refused")]
    its.ask(her, channels=("sms", "email"))
    its.run()
    assert its.state(her) == ("failed", "refused", "sms")
    assert query("SELECT error FROM send") == [("content refused",)]
    assert topics() == {"message.failed": 1}
    assert query("SELECT 1 FROM send_count WHERE count > 0") == []


def test_what_could_not_be_taken_is_tried_again_until_it_is_given_up(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    post.answers = [Delivery("retry", error="503")] * 2
    its.ask(her)
    its.run()
    assert its.state(her) == ("queued", "retry", "sms")
    its.run(NOON + timedelta(seconds=20))
    assert len(post.got) == 1
    its.run(NOON + timedelta(seconds=40))
    its.run(NOON + timedelta(minutes=3))
    assert its.state(her) == ("sent", "", "sms") and len(post.got) == 3
    assert len({one.id for one in post.got}) == 1
    post.answers = [Delivery("retry", error="503")] * 99
    its.ask(her, key="never", now=NOON)
    now = NOON + timedelta(minutes=5)
    for _ in range(30):
        its.run(now)
        now += timedelta(hours=1) if now.hour < 12 else timedelta(hours=13)
    assert its.state(her, "never") == ("failed", "given_up", "sms")


def test_held_out_members_get_no_marketing_but_service(its: World) -> None:
    holdouts.set_holdout(scope=its.scope, percent=50, reason="to measure", redraw=False, now=NOON)
    held = holdouts.held_out(brand_id=its.brand.id, member_ids=its.members)
    for n in range(40):
        if len(held) == 1:
            break
        holdouts.set_holdout(scope=its.scope, percent=50, reason=f"{n}", redraw=True, now=NOON)
        held = holdouts.held_out(brand_id=its.brand.id, member_ids=its.members)
        if len(held) == 1:
            break
        holdouts.set_holdout(scope=its.scope, percent=49 - n % 2, reason=f"{n}", redraw=True, now=NOON)
        held = holdouts.held_out(brand_id=its.brand.id, member_ids=its.members)
    [out] = held
    for member in its.members:
        its.agree(member, "sms")
        its.ask(member)
        its.ask(member, key="service", purpose="service")
    its.run()
    for member in its.members:
        assert its.state(member)[:2] == (("skipped", "held_out") if member == out else ("sent", "sandboxed"))
        assert its.state(member, "service")[0] == "sent"


def test_of_two_under_a_cap_the_higher_priority_goes(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    set_policy(its, Policy({}, (Cap("", "week", 2), Cap("sms", "day", 1))))
    its.ask(her, key="low", priority=10)
    its.ask(her, key="high", priority=90)
    its.run()
    assert its.state(her, "high")[0] == "sent" and its.state(her, "low")[:2] == ("skipped", "frequency_cap")
    its.ask(her, key="thursday")
    its.run(NOON + timedelta(days=1))
    assert its.state(her, "thursday")[0] == "sent"
    its.ask(her, key="friday")
    its.run(NOON + timedelta(days=2))
    assert its.state(her, "friday")[1] == "frequency_cap"  # the week's two are used
    its.ask(her, key="monday")
    its.run(NOON + timedelta(days=5))
    assert its.state(her, "monday")[0] == "sent"


def test_texts_of_the_night_wait_for_the_morning(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    night = datetime(2026, 3, 4, 15, tzinfo=UTC)  # 23:00
    its.ask(her, now=night)
    its.run(night)
    assert its.state(her) == ("queued", "quiet_hours", "sms")
    assert query("SELECT next_run_at FROM send") == [(datetime(2026, 3, 5, tzinfo=UTC),)]
    its.run(datetime(2026, 3, 5, tzinfo=UTC) - timedelta(seconds=1))
    assert its.state(her)[0] == "queued"
    its.run(datetime(2026, 3, 5, tzinfo=UTC))
    assert its.state(her)[0] == "sent"
    its.ask(her, key="late", now=night, expires_at=night + timedelta(hours=2))
    its.run(night)
    assert its.state(her, "late")[:2] == ("skipped", "expired")
    set_policy(
        its, replace(limits.DEFAULT, quiet={"sms": replace(limits.DEFAULT.quiet["sms"], then="abort")})
    )
    its.ask(her, key="dropped", now=night)
    its.run(night)
    assert its.state(her, "dropped")[:2] == ("skipped", "quiet_hours")


def test_an_account_s_rate_and_quota_hold(its: World) -> None:
    channel = Post()
    channels.register_route("sms", Route("slow", channel, per_second=1, per_day=3))
    try:
        her = its.members[0]
        its.agree(her, "sms")
        for n in range(5):
            its.ask(her, key=f"k{n}")
        its.run()
        assert len(channel.got) == 1
        its.run(NOON + timedelta(seconds=1))
        its.run(NOON + timedelta(seconds=2))
        its.run(NOON + timedelta(seconds=60))
        assert len(channel.got) == 3
        assert {its.state(her, f"k{n}")[:2] for n in range(5)} == {("sent", ""), ("queued", "quota_day")}
        its.run(datetime(2026, 3, 5, 1, tzinfo=UTC))
        its.run(datetime(2026, 3, 5, 1, tzinfo=UTC) + timedelta(seconds=1))
        assert len(channel.got) == 5
    finally:
        channels.register_route("sms", None)


def test_words_that_cannot_be_made_are_skipped_and_say_why(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    its.ask(her, values={})
    its.ask(her, key="none", template="no_such")
    its.ask(her, key="silent", template="no_such", channels=())
    its.run()
    assert its.state(her)[:2] == ("skipped", "render_failed")
    assert its.state(her, "none")[:2] == ("skipped", "render_failed")
    assert its.state(her, "silent")[:2] == ("skipped", "no_channel")


def test_not_before_and_priority_are_kept_and_nonsense_is_refused(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    its.ask(her, not_before=NOON + timedelta(hours=1))
    its.run()
    assert its.state(her)[0] == "queued"
    its.run(NOON + timedelta(hours=1))
    assert its.state(her)[0] == "sent"
    with pytest.raises(ValueError):
        its.ask(her, key="x", channels=("pigeon",))
    with pytest.raises(ValueError):
        its.ask(her, key="x", priority=101)


def test_what_a_dead_worker_left_is_uncertain_unless_the_provider_knows_it_by_its_id(
    its: World, post: Post
) -> None:
    her, other = its.members
    for member in its.members:
        its.agree(member, "sms")
    its.ask(her)
    from regulars.messaging.sending import batch

    for shard in range(8):  # a worker that died after its commit and before it handed over
        batch.decide_shard(
            shard=shard, now=NOON, limit=10, room=10, is_work_day=lambda brand: lambda day: True
        )
    assert its.state(her)[0] == "sending"
    its.run(NOON + timedelta(minutes=4))
    assert its.state(her)[0] == "sending" and post.got == []
    its.run(NOON + timedelta(minutes=6))
    assert its.state(her) == ("uncertain", "outcome_unknown", "sms") and post.got == []
    assert topics() == {"message.uncertain": 1}
    post.is_idempotent = True
    its.ask(other)
    for shard in range(8):
        batch.decide_shard(
            shard=shard, now=NOON, limit=10, room=10, is_work_day=lambda brand: lambda day: True
        )
    its.run(NOON + timedelta(minutes=6))
    assert its.state(other) == ("sent", "", "sms") and len(post.got) == 1


def test_a_channel_that_breaks_is_in_doubt(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms")
    post.deliver_many = lambda envelopes: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    its.ask(her)
    its.run()
    assert its.state(her)[:2] == ("uncertain", "outcome_unknown")


def test_each_channel_keeps_its_own_hours(its: World) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    night = datetime(2026, 3, 4, 15, tzinfo=UTC)
    set_policy(
        its,
        Policy({"email": Quiet(limits.DEFAULT.quiet["sms"].closes, limits.DEFAULT.quiet["sms"].opens)}, ()),
    )
    its.ask(her, key="sms", now=night)
    its.ask(her, key="email", channels=("email",), now=night)
    its.run(night)
    assert its.state(her, "sms")[0] == "sent" and its.state(her, "email")[:2] == ("queued", "quiet_hours")


def test_what_waits_is_taken_back_and_what_went_is_not(its: World) -> None:
    her, other = its.members
    its.agree(her, "sms")
    its.ask(her)
    its.run()
    its.ask(other, not_before=NOON + timedelta(hours=1))
    assert api.withdraw(brand=its.brand, keys=[(her, "k"), (other, "k")], now=NOON) == 1
    assert its.state(her)[0] == "sent" and its.state(other)[:2] == ("skipped", "withdrawn")
    its.ask(other, key="more", not_before=NOON + timedelta(hours=1))
    assert api.withdraw(brand=its.brand, source="campaign:spring", now=NOON) == 1


def test_staff_see_each_step_and_the_words(its: World) -> None:
    her = its.members[0]
    its.agree(her, "email")
    its.ask(her, channels=("sms", "email"))
    its.ask(its.members[1])
    its.run()
    [mine] = api.list_sends(scope=its.scope, given=SendFilter(member_id=her)).items
    assert (mine.channel, mine.to, mine.member != "") == ("email", "m***@example.org", True) or mine.to
    detail = api.get_send(scope=its.scope, id_=mine.id)
    assert [(s.channel, s.outcome) for s in detail.steps] == [("sms", "no_consent"), ("email", "sandboxed")]
    assert detail.body == "金卡即将到期。"
    assert len(api.list_sends(scope=its.scope).items) == 2
    assert (
        api.list_sends(scope=its.scope, given=SendFilter(reason="no_consent")).items[0].member_id
        == its.members[1]
    )
    counts = {t.reason: t.count for t in api.count_sends(scope=its.scope, days=7, now=clock_now())}
    assert counts == {"sandboxed": 1, "no_consent": 1}
    nobody = replace(its.scope, permissions=frozenset())
    for call in (lambda: api.list_sends(scope=nobody), lambda: api.get_send(scope=nobody, id_=mine.id)):
        with pytest.raises(Refusal):
            call()
    elsewhere = replace(its.scope, brand_id=its.scope.organisation_id)
    with pytest.raises(Refusal) as refusal:
        api.get_send(scope=elsewhere, id_=mine.id)
    assert refusal.value.status == 404


def test_policy_and_suppressions_are_kept_by_those_who_may_and_audited(its: World) -> None:
    value = {"quiet": {}, "caps": [{"channel": "sms", "period": "day", "limit": 0}]}
    assert api.get_policy(brand_id=its.brand.id).updated_at is None
    api.put_policy(scope=its.scope, value=value, now=NOON)
    her = its.members[0]
    its.agree(her, "sms", "email")
    its.ask(her)
    its.run()
    assert its.state(her)[1] == "frequency_cap"
    one = api.add_suppression(
        scope=its.scope, channel="email", address=" M0@example.org ", note="she called", now=NOON
    )
    its.ask(her, key="mail", channels=("email",))
    its.run()
    assert its.state(her, "mail")[1] == "suppressed"
    with pytest.raises(Refusal) as refusal:
        api.add_suppression(scope=its.scope, channel="email", address="m0@example.org", note="x", now=NOON)
    assert refusal.value.status == 409
    with pytest.raises(Refusal) as refusal:
        api.add_suppression(scope=its.scope, channel="inbox", address="", note="", now=NOON)
    assert {e.field for e in refusal.value.errors} == {"channel", "address", "note"}
    assert [s.id for s in api.list_suppressions(scope=its.scope, address="m0@example.org").items] == [one.id]
    assert api.list_suppressions(scope=its.scope, address="+86 138 0000 0000").items == []
    api.remove_suppression(scope=its.scope, channel="email", id_=one.id, note="it was a mistake", now=NOON)
    its.ask(her, key="mail2", channels=("email",))
    its.run()
    assert its.state(her, "mail2")[0] == "sent"
    acts = [
        row[0] for row in query("SELECT action FROM audit_entry WHERE action ~ 'supp|policy' ORDER BY id")
    ]
    assert acts == ["message_policy.set", "suppression.add", "suppression.remove"]
    weak = replace(its.scope, permissions=frozenset({"messages.read"}))
    for call in (
        lambda: api.put_policy(scope=weak, value=value, now=NOON),
        lambda: api.add_suppression(scope=weak, channel="email", address="a@example.org", note="x", now=NOON),
        lambda: api.remove_suppression(scope=weak, channel="email", id_=one.id, note="x", now=NOON),
    ):
        with pytest.raises(Refusal) as refusal:
            call()
        assert refusal.value.status == 403
