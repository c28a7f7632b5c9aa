"""What providers report of a message later: delivered, bounced, complained, opted out; late, or told twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.messaging.world import NOON, Post, World, query, topics

from regulars.messaging import api, channels
from regulars.messaging.sending import handing
from regulars.messaging.types import Delivery, Envelope, Receipt, Route

pytestmark = pytest.mark.django_db(transaction=True)


def test_receipts_end_what_was_sent_and_close_addresses(its: World, post: Post) -> None:
    her, other = its.members
    for member in its.members:
        its.agree(member, "sms", "email")
        its.ask(member)
    its.run()
    reference = {one.member_id: f"r-{one.id}" for one in post.got}
    later = NOON + timedelta(minutes=5)

    def tell(member, kind: str, detail: str = "") -> int:
        receipt = Receipt(kind, later, reference=reference[member], detail=detail)
        return api.apply_receipts(brand=its.brand, receipts=[receipt], now=later)

    assert tell(her, "delivered") == 1 and tell(her, "delivered") == 1
    assert its.state(her) == ("delivered", "", "sms")
    assert tell(other, "bounced", "MK:0001") == 1
    assert its.state(other) == ("failed", "bounced", "sms")
    assert query("SELECT reason, note, masked FROM suppression") == [("bounced", "MK:0001", "138****0001")]
    assert topics() == {"message.sent": 2, "message.delivered": 1, "message.failed": 1}
    assert (
        api.apply_receipts(brand=its.brand, receipts=[Receipt("delivered", later, reference="?")], now=later)
        == 0
    )
    its.ask(other, key="again")
    its.run()
    assert its.state(other, "again")[1] == "suppressed"
    tell(her, "complained")
    assert its.state(her) == ("delivered", "complained", "sms")
    its.ask(her, key="again")
    its.run()
    assert its.state(her, "again")[1] == "suppressed"


def test_what_bounced_goes_by_the_next_channel(its: World, post: Post) -> None:
    her = its.members[0]
    its.agree(her, "sms", "email")
    its.ask(her, channels=("sms", "email"))
    its.run()
    receipt = Receipt("bounced", NOON, send_id=post.got[0].id)
    api.apply_receipts(brand=its.brand, receipts=[receipt], now=NOON + timedelta(hours=1))
    its.run(NOON + timedelta(hours=1))
    assert its.state(her) == ("sent", "sandboxed", "email")
    assert query("SELECT channel FROM send_count WHERE count > 0") == [("email",)]


def test_a_report_told_twice_is_not_taken_for_one_of_the_channel_that_came_next(
    its: World, post: Post
) -> None:
    """The provider of text messages did not hear that its report was taken: told again, it says nothing of the mail."""
    from regulars.facts.consents import api as consents

    her = its.members[0]
    its.agree(her, "sms", "email")
    its.ask(her, channels=("sms", "email"))
    its.run()
    minute = timedelta(minutes=1)
    for n, kind in enumerate(["bounced", "bounced", "failed", "complained", "delivered"], start=1):
        receipt = Receipt(kind, NOON, send_id=post.got[0].id, channel="sms")
        assert api.apply_receipts(brand=its.brand, receipts=[receipt], now=NOON + n * minute) == 1
        its.run(NOON + n * minute)
        assert its.state(her) == ("sent", "sandboxed", "email")
    assert query("SELECT channel FROM suppression") == [("sms",)]
    gone = Receipt("opted_out", NOON, send_id=post.got[0].id, channel="sms")
    api.apply_receipts(brand=its.brand, receipts=[gone], now=NOON + 9 * minute)
    held = {one.channel: one.granted for one in consents.states(brand_id=its.brand.id, member_id=her)}
    assert held == {"sms": False, "email": True}
    mail = Receipt("delivered", NOON, send_id=post.got[0].id, channel="email")
    api.apply_receipts(brand=its.brand, receipts=[mail], now=NOON + 10 * minute)
    assert its.state(her)[0] == "delivered"


@dataclass
class Slow(Post):
    """A provider that answers when it is told to."""

    go: threading.Event = field(default_factory=threading.Event)

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        assert self.go.wait(30)
        return super().deliver_many(envelopes)


def test_an_answer_that_comes_after_the_report_is_not_one_of_the_next_channel(its: World) -> None:
    """The provider of text messages reports that the number does not exist, and only then answers that it took it;
    the mail is under way by then."""
    sms, mail = Slow(), Slow()
    channels.register_route("sms", Route("sms-main", sms))
    channels.register_route("email", Route("mail-main", mail))
    try:
        her = its.members[0]
        its.agree(her, "sms", "email")
        its.ask(her, channels=("sms", "email"))
        handing.deliver(NOON)
        [(send,)] = query("SELECT id FROM send")
        bounced = Receipt("bounced", NOON, send_id=send, channel="sms")
        assert api.apply_receipts(brand=its.brand, receipts=[bounced], now=NOON) == 1
        handing.deliver(NOON)
        assert its.state(her) == ("sending", "", "email")
        sms.go.set()
        while len(handing._running) > 1:
            handing.deliver(NOON)
        assert its.state(her) == ("sending", "", "email")
        mail.go.set()
        its.run()
        assert its.state(her) == ("sent", "", "email") and len(mail.got) == 1
    finally:
        sms.go.set()
        mail.go.set()
        its.run()
        channels.register_route("sms", None)
        channels.register_route("email", None)


def test_an_opt_out_takes_back_consent_and_says_where_it_came_from(its: World, post: Post) -> None:
    from regulars.facts.consents import api as consents

    her = its.members[0]
    its.agree(her, "sms")
    its.ask(her)
    its.run()
    receipt = Receipt("opted_out", NOON, send_id=post.got[0].id, detail="TD")
    api.apply_receipts(brand=its.brand, receipts=[receipt], now=NOON + timedelta(minutes=1))
    newest = consents.history(scope=its.scope, member_id=her).items[0]
    assert (newest.granted, newest.channel, newest.source, newest.note) == (False, "sms", "provider", "TD")
    assert topics()["message.unsubscribed"] == 1
    acts = len(consents.history(scope=its.scope, member_id=her).items)
    api.apply_receipts(
        brand=its.brand, receipts=[receipt], now=NOON + timedelta(minutes=2)
    )  # as providers do
    assert len(consents.history(scope=its.scope, member_id=her).items) == acts
    assert topics()["message.unsubscribed"] == 1
    its.ask(her, key="again")
    its.run(NOON + timedelta(minutes=2))
    assert its.state(her, "again")[1] == "no_consent"
