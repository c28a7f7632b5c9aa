"""Signatures against the example of the specification's libraries; which addresses are somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regulars.kit.errors import ErrorList
from regulars.platform.egress.policy import is_allowed, parse_networks
from regulars.platform.webhooks.policy import WAITS, check_topics, next_wait, sign, wants


def test_the_signature_is_the_one_of_the_reference_libraries() -> None:
    headers = sign(
        id_="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1_614_265_330, UTC),
        body=b'{"test": 2432232314}',
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "224.0.0.1",
        "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "fc00::1", "fe80::1", "fe80::1%eth0", "ff02::1", "::7f00:1",
        # a site's own of old, IPv4 as translators write it, a network's own NAT64, segment routing, documents
        "fec0::1", "::ffff:0:7f00:1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "5f00::1", "3fff::1", "100::1",
    ],
)  # fmt: skip
def test_private_addresses_are_closed(address: str) -> None:
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2408:8000::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_public_ones_are_open(address: str) -> None:
    assert is_allowed(address)


def test_an_operator_opens_networks_by_name() -> None:
    opened = parse_networks("10.1.0.0/16, ::1")
    assert (
        is_allowed("10.1.255.255", opened)
        and is_allowed("::1", opened)
        and is_allowed("::ffff:10.1.0.1", opened)
    )
    assert not is_allowed("10.2.0.1", opened) and not is_allowed("127.0.0.1", opened)


def test_patterns() -> None:
    assert (
        wants(["*"], "coupon.used")
        and wants(["coupon.*"], "coupon.used")
        and wants(["coupon.used"], "coupon.used")
    )
    assert not wants(["coupon.used"], "coupon.issued") and not wants(["member.*"], "coupon.used")
    assert wants([], "webhook.test")


def test_waits_grow_and_end() -> None:
    waits = [next_wait(n, jitter=0) for n in range(1, 11)]
    assert waits[:-1] == list(WAITS) and waits[-1] is None
    assert sum(WAITS, timedelta()) > timedelta(days=3) - timedelta(hours=1)
    assert next_wait(1, jitter=0, asked=timedelta(seconds=90)) == timedelta(seconds=90)
    assert next_wait(1, jitter=0, asked=timedelta(days=9)) == timedelta(days=1)


@pytest.mark.parametrize(
    "topic",
    [
        "badge.given", "campaign.launched", "commission.paid", "draw.made", "journey.called", "member.consent",
        "message.clicked", "mission.finished", "referral.qualified", "share.ordered", "task.finished",
    ],
)  # fmt: skip
def test_what_is_told_can_be_asked_for_by_its_group(topic: str) -> None:
    errors = ErrorList()
    check_topics([topic, f"{topic.partition('.')[0]}.*"], errors)
    assert errors.errors == []


def test_a_group_that_is_none_is_named() -> None:
    errors = ErrorList()
    check_topics(["*", "moon.risen"], errors)
    assert [(one.field, one.code) for one in errors.errors] == [("topics[1]", "unknown_topic")]
