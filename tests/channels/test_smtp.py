"""Mail against a real SMTP server: TLS, headers, what each answer means, and tries to write headers of one's own."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from tests.channels.conftest import Mailbox, envelope

from regulars.messaging.channels.registry import PROVIDERS
from regulars.messaging.channels.smtp import text_of
from regulars.messaging.channels.wire import Refused

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def values(box: Mailbox, **more: str) -> dict[str, str]:
    return {
        "host": "localhost", "port": str(box.port), "security": "starttls", "user": "ann", "password": "right",
        "from": "club@morning.example", "from_name": "晨光会员", "ca": box.ca, **more,
    }  # fmt: skip


def deliver(box: Mailbox, *envelopes: Any, **more: str) -> list[Any]:
    return list(PROVIDERS["smtp"].connect(values(box, **more), "", lambda: NOW).deliver_many(envelopes))


def read(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_mail_goes_encrypted_with_its_own_id_and_the_way_out(mailbox):
    out = "https://m.example.com/u/abc"
    one = envelope("her@mail.example", extra={"html": "<p>您好 <b>王</b></p>", "unsubscribe": out})
    [done] = deliver(mailbox, one)
    assert (done.state, done.reference) == ("sent", f"<{one.id}@morning.example>")
    assert mailbox.users == [(b"ann", b"right")]
    mail = read(mailbox.got[0])
    assert mail["From"] == "晨光会员 <club@morning.example>" and mail["To"] == "her@mail.example"
    assert mail["Message-ID"] == f"<{one.id}@morning.example>" and mail["Subject"] == "晨光好礼"
    assert mail["List-Unsubscribe"] == f"<{out}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and html is not None
    assert plain.get_content().strip() == "您好" and "<b>王</b>" in html.get_content()


def test_without_words_of_its_own_the_plain_part_is_the_page_s(mailbox):
    deliver(
        mailbox,
        envelope(
            "her@mail.example", body="", extra={"html": '<p>看<a href="https://x.example/">这里</a></p>'}
        ),
    )
    plain = read(mailbox.got[0]).get_body(("plain",))
    assert plain is not None and plain.get_content().strip() == "看 https://x.example/ 这里"
    assert text_of("<style>p{}</style><p>a</p><script>x()</script><p>b</p>") == "a\nb\n"


def test_one_connection_carries_a_batch_and_each_has_its_own_outcome(mailbox):
    mailbox.refuse = {
        "gone@mail.example": "550 5.1.1 no such user",
        "full@mail.example": "452 4.2.2 mailbox full",
        "spam@mail.example": "554 5.7.1 not wanted",
    }
    names = ("a", "gone", "full", "spam", "b")
    done = deliver(mailbox, *[envelope(f"{name}@mail.example") for name in names])
    assert [one.state for one in done] == ["sent", "failed", "retry", "failed", "sent"]
    assert [one.reason for one in done] == ["", "bad_address", "", "refused", ""]
    assert len(mailbox.users) == 1 and len(mailbox.got) == 2


def test_what_was_sent_and_not_answered_is_in_doubt_and_the_rest_goes_on(mailbox):
    mailbox.drop = True
    done = deliver(mailbox, envelope("a@mail.example"))
    assert done[0].state == "uncertain" and len(mailbox.got) == 1


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ("421 4.3.2 going down", "retry", ""),
        ("451 4.7.1 greylisted", "retry", ""),
        ("554 5.7.1 not wanted", "failed", "refused"),
        ("550 5.1.1 no such user", "failed", "bad_address"),
    ],
)
def test_what_a_server_says_before_it_hangs_up_is_what_counts(mailbox, answer, state, reason):
    mailbox.last = answer
    done = deliver(mailbox, envelope("a@mail.example"), envelope("b@mail.example"))
    assert [(one.state, one.reason) for one in done] == [(state, reason)] * 2
    assert all(answer in one.error for one in done)


def test_a_recipient_who_is_refused_while_it_hangs_up_is_refused_and_the_next_goes(mailbox):
    mailbox.refuse, mailbox.hangs_up = {"gone@mail.example": "550 5.1.1 no such user"}, True
    done = deliver(mailbox, envelope("gone@mail.example"), envelope("b@mail.example"))
    assert [(one.state, one.reason) for one in done] == [("failed", "bad_address"), ("sent", "")]
    assert len(mailbox.got) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.7.1 Service unavailable; client host [185.1.1.20] blocked",
        "554 5.7.606 banned sending IP [25.1.1.9]",
        "550 rejected: 5.1.1.example is on a list",
        "501 5.1.15 no known status",
    ],
)
def test_an_address_is_closed_by_the_server_s_status_and_by_no_number_in_its_words(mailbox, answer):
    mailbox.refuse = {"her@mail.example": answer}
    [done] = deliver(mailbox, envelope("her@mail.example"))
    assert (done.state, done.reason) == ("failed", "refused")


@pytest.mark.parametrize(
    "more", [{"password": "wrong"}, {"ca": ""}, {"security": "tls"}, {"host": "127.0.0.1"}]
)
def test_a_server_that_cannot_be_trusted_or_does_not_let_in_costs_no_message(mailbox, more):
    done = deliver(mailbox, envelope("a@mail.example"), envelope("b@mail.example"), **more)
    assert [one.state for one in done] == ["retry", "retry"] and mailbox.got == []
    with pytest.raises(Refused):
        PROVIDERS["smtp"].check(values(mailbox, **more), "", lambda: NOW)


def test_private_networks_are_closed(mailbox, settings):
    settings.ALLOWED_NETWORKS = ""
    [done] = deliver(mailbox, envelope("a@mail.example"))
    assert done.state == "retry" and "private_address" in done.error


INJECTED = [
    "a\r\nBcc: all@x.example",
    "a\nBcc: all@x.example",
    "a\r\n\r\n<html>",
    "a\u2028Bcc: x",
    "a\x00b",
    "a\rb",
]


@pytest.mark.parametrize("text", INJECTED)
def test_nobody_writes_headers_through_a_subject_or_an_address(mailbox, text):
    done = deliver(
        mailbox,
        envelope("her@mail.example", subject=text),
        envelope(f"her{text}@mail.example"),
        envelope(f"her@mail.example{text[1:]}"),
        envelope("her@mail.example", extra={"unsubscribe": text}),
    )
    assert done[1].state == done[2].state == "failed"
    for content in mailbox.got:
        mail = read(content)
        assert mail["Bcc"] is None and mail["To"] == "her@mail.example"
        assert b"\r\nBcc" not in content.split(b"\r\n\r\n", 1)[0]


@pytest.mark.parametrize(
    "to",
    [
        "",
        "her",
        "@x.example",
        "a b@x.example",
        "<a@x.example>",
        "a@x.example, b@x.example",
        "a@x.example> NOTIFY=NEVER",
    ],
)
def test_what_is_no_address_is_none(mailbox, to):
    [done] = deliver(mailbox, envelope(to))
    assert (done.state, done.reason) == ("failed", "bad_address") and mailbox.got == []


@pytest.mark.parametrize(
    "more",
    [{"port": "0"}, {"port": "x"}, {"from": "club"}, {"from_name": "a\r\nBcc: x"}, {"security": "none"}],
)
def test_settings_that_cannot_work_are_refused(mailbox, more):
    with pytest.raises(ValueError):
        PROVIDERS["smtp"].connect(values(mailbox, **more), "", lambda: NOW)
