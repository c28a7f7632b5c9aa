"""Webhooks from an order at the REST door to a receiver on this machine: signed, retried, kept, played again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from concurrent.futures import wait
from typing import Any

import pytest
from tests.rest.shop import Shop, order
from tests.webhooks.conftest import Receiver

from regulars.flows import webhooks as flow
from regulars.platform.outbox import api as outbox
from regulars.platform.webhooks import tasks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def listening(real_db: Any) -> None:
    outbox.subscribe(name=flow.CONSUMER, from_start=False)


def make(shop: Shop, receiver: Receiver, topics: list[str], path: str = "/in") -> tuple[str, str]:
    made = shop.call.post("/webhooks", {"url": receiver.url(path), "topics": topics})
    return made["endpoint"]["id"], made["secret"]


def run(noon: Any) -> None:
    flow.feed(noon())
    tasks.deliver_all(noon())


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver does it, after the specification and without our code."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in headers["webhook-signature"].split(" ")


def deliveries(shop: Shop, id_: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.call.get(f"/webhooks/{id_}/deliveries{query}")["items"]
    return found


def test_an_order_reaches_who_asked_for_it_once_and_signed(shop: Shop, receiver: Receiver, noon: Any) -> None:
    all_, secret = make(shop, receiver, ["activity.posted", "member.*"])
    coupons, _ = make(shop, receiver, ["coupon.*"], "/coupons")
    member = shop.enrol()
    posted = shop.call.post("/activities", order(member, "N1", 12_300, noon()))
    run(noon)
    run(noon)
    told = {json.loads(body)["type"] for _, body in receiver.messages()}
    assert told == {"member.enrolled", "activity.posted"}
    assert len(receiver.messages()) == 2 and receiver.messages("/coupons") == []
    headers, body = next((h, b) for h, b in receiver.messages() if json.loads(b)["type"] == "activity.posted")
    event = json.loads(body)
    code = shop.call.get(f"/members/{member}")["code"]
    assert event["specversion"] == "1.0" and event["source"] == "/brands/tea" and event["subject"] == code
    assert event["data"]["member_code"] == code and event["data"]["amount"] == 12_300
    assert event["data"]["activity_id"] == posted["activity_id"]
    assert headers["webhook-id"] == event["id"] and verified(secret, headers, body)
    assert not verified("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
    assert {row["state"] for row in deliveries(shop, all_)} == {"delivered"}
    assert deliveries(shop, coupons) == []


def test_a_tier_that_changes_is_told(shop: Shop, receiver: Receiver, noon: Any) -> None:
    make(shop, receiver, ["tier.changed"])
    member = shop.enrol()
    shop.call.post("/activities", order(member, "N1", 600_000, noon()))
    run(noon)
    told = [json.loads(body)["data"] for _, body in receiver.messages()]
    tier = shop.call.get(f"/members/{member}")["tier"]
    assert [one["tier"] for one in told] == [tier] and told[0]["previous"] != tier


def test_failures_are_tried_again_by_the_schedule_and_then_given_up(
    shop: Shop, receiver: Receiver, noon: Any
) -> None:
    receiver.answers["/in"] = (500, {}, b"down")
    id_, secret = make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    run(noon)
    assert len(receiver.messages()) == 1
    run(noon)
    assert len(receiver.messages()) == 1, "not before its time"
    # 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, each with up to a fifth more
    for tries, seconds in enumerate((5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400), start=2):
        noon.move(seconds=seconds - 1)
        run(noon)
        assert len(receiver.messages()) == tries - 1
        noon.move(seconds=seconds / 5 + 2)
        run(noon)
        assert len(receiver.messages()) == tries
    (row,) = deliveries(shop, id_)
    assert (row["state"], row["attempts"], row["status"], row["problem"]) == ("failed", 10, 500, "bad_status")
    assert len({headers["webhook-id"] for headers, _ in receiver.messages()}) == 1
    assert all(verified(secret, headers, body) for headers, body in receiver.messages())
    shown = shop.call.get(f"/webhooks/{id_}/deliveries/{row['id']}")
    assert [one["status"] for one in shown["log"]] == [500] * 10 and shown["log"][0]["answer"] == "down"

    receiver.answers["/in"] = 200
    assert shop.call.post(f"/webhooks/{id_}/deliveries/{row['id']}/replay") == {"changed": 1}
    run(noon)
    (row,) = deliveries(shop, id_)
    assert (row["state"], row["attempts"], row["status"]) == ("delivered", 1, 200)
    assert shop.call.get("/webhooks")["items"][0]["failing_since"] is None


def test_a_span_is_played_again(shop: Shop, receiver: Receiver, noon: Any) -> None:
    receiver.answers["/in"] = 410
    id_, _ = make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    run(noon)
    endpoint = shop.call.get("/webhooks")["items"][0]
    assert (endpoint["state"], endpoint["reason"]) == ("disabled", "gone")
    problem = shop.call.refused("POST", f"/webhooks/{id_}/replay", {"since": noon().isoformat()})
    assert problem["code"] in ("endpoint_not_active", "invalid_input")
    shop.call("PATCH", f"/webhooks/{id_}", {"active": True}).ok()
    receiver.answers["/in"] = 200
    since = (noon() - noon().resolution * 3_600_000_000).isoformat()
    noon.move(seconds=1)
    assert shop.call.post(f"/webhooks/{id_}/replay", {"since": since}) == {"changed": 1}
    run(noon)
    assert len(receiver.messages()) == 2
    assert shop.call.post(f"/webhooks/{id_}/replay", {"since": since}) == {"changed": 0}, "none has failed"
    assert shop.call.post(f"/webhooks/{id_}/replay", {"since": since, "only_failed": False}) == {"changed": 1}


def test_a_worker_that_dies_leaves_its_delivery_to_the_next(
    shop: Shop, receiver: Receiver, noon: Any
) -> None:
    from regulars.platform.webhooks import store

    make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    flow.feed(noon())
    taken = store.claim(now=noon(), until=noon() + tasks._LEASE, limit=10, each=4, running={})
    assert len(taken) == 1
    tasks.deliver_all(noon())
    assert receiver.messages() == [], "somebody has it"
    noon.move(seconds=61)
    tasks.deliver_all(noon())
    assert [headers["webhook-id"] for headers, _ in receiver.messages()] == [str(taken[0][1])]


def test_while_a_secret_is_changed_both_sign(shop: Shop, receiver: Receiver, noon: Any) -> None:
    id_, old = make(shop, receiver, ["*"])
    rotated = shop.call.post(f"/webhooks/{id_}/secret")
    assert rotated["secret"] != old
    assert shop.call.refused("POST", f"/webhooks/{id_}/secret", {})["code"] == "rotation_under_way"
    shop.call.post(f"/webhooks/{id_}/test")
    run(noon)
    headers, body = receiver.messages()[-1]
    assert json.loads(body)["type"] == "webhook.test"
    assert verified(old, headers, body) and verified(rotated["secret"], headers, body)
    noon.move(hours=24, seconds=1)
    shop.call.post(f"/webhooks/{id_}/test")
    run(noon)
    headers, body = receiver.messages()[-1]
    assert verified(rotated["secret"], headers, body) and not verified(old, headers, body)


def test_what_a_receiver_asks_for_is_kept_and_a_redirect_is_not_followed(
    shop: Shop, receiver: Receiver, noon: Any
) -> None:
    receiver.answers["/in"] = (429, {"Retry-After": "600"}, b"")
    receiver.answers["/moved"] = (302, {"Location": receiver.url("/elsewhere")}, b"")
    make(shop, receiver, ["member.enrolled"])
    moved, _ = make(shop, receiver, ["member.enrolled"], "/moved")
    shop.enrol()
    run(noon)
    noon.move(seconds=590)
    run(noon)
    assert len(receiver.messages()) == 1
    noon.move(seconds=11)
    run(noon)
    assert len(receiver.messages()) == 2
    assert deliveries(shop, moved)[0]["status"] == 302 and receiver.messages("/elsewhere") == []


def test_an_endpoint_that_fails_for_five_days_is_closed(shop: Shop, receiver: Receiver, noon: Any) -> None:
    receiver.answers["/in"] = 503
    make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    run(noon)
    noon.move(days=4, hours=23)
    assert tasks.close_failing(noon()) == 0
    noon.move(hours=2)
    assert tasks.close_failing(noon()) == 1
    assert shop.call.get("/webhooks")["items"][0]["reason"] == "failing"
    shop.enrol("13900139009")
    run(noon)
    assert len(receiver.messages()) == 1, "a closed endpoint is told nothing"


def test_an_endpoint_with_another_address_starts_with_a_clean_slate(
    shop: Shop, receiver: Receiver, noon: Any
) -> None:
    receiver.answers["/in"] = 503
    id_, _ = make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    run(noon)
    noon.move(days=4, hours=23)
    shop.call("PATCH", f"/webhooks/{id_}", {"url": receiver.url("/mended")}).ok()
    noon.move(hours=2)
    assert tasks.close_failing(noon()) == 0
    run(noon)
    assert len(receiver.messages("/mended")) == 1
    endpoint = shop.call.get("/webhooks")["items"][0]
    assert (endpoint["state"], endpoint["failing_since"]) == ("active", None)


@pytest.mark.parametrize("answer", [410, 503])
def test_what_a_former_address_says_is_no_word_about_the_present_one(
    shop: Shop, receiver: Receiver, noon: Any, answer: int
) -> None:
    """The address is changed while a message is on its way to the old one."""
    receiver.answers["/in"] = answer
    id_, _ = make(shop, receiver, ["member.enrolled"])
    shop.enrol()
    flow.feed(noon())
    tasks.deliver(noon())
    wait(tasks._running, timeout=60)
    shop.call("PATCH", f"/webhooks/{id_}", {"url": receiver.url("/new")}).ok()
    tasks.deliver_all(noon())
    endpoint = shop.call.get("/webhooks")["items"][0]
    assert (endpoint["state"], endpoint["failing_since"]) == ("active", None)
    [row] = deliveries(shop, id_)
    assert row["state"] == "delivered" and len(receiver.messages("/new")) == 1
    assert len(receiver.messages()) == 1


def test_wrong_input_is_named(shop: Shop, settings: Any) -> None:
    for url in (
        "",
        "ftp://x.example",
        "https://u:p@x.example/",
        "https://x.example/#f",
        "https://a b.example",
    ):
        problem = shop.call.refused("POST", "/webhooks", {"url": url, "topics": ["*"]})
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [("url", "bad_url")], url
    for url in (
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://169.254.169.254/latest",
    ):
        problem = shop.call.refused("POST", "/webhooks", {"url": url, "topics": ["*"]})
        assert [(e["field"], e["code"]) for e in problem["errors"]] == [("url", "private_address")], url
    problem = shop.call.refused("POST", "/webhooks", {"url": "http://x.example/", "topics": ["order.x", "*"]})
    assert [(e["field"], e["code"]) for e in problem["errors"]] == [
        ("url", "not_https"),
        ("topics[0]", "unknown_topic"),
    ]
    assert shop.call.get("/webhooks")["items"] == []


def test_a_name_that_leads_inside_is_not_asked(
    shop: Shop, receiver: Receiver, noon: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is public when it is typed; it answers with a private address when it is asked."""
    import socket

    settings.ALLOWED_NETWORKS = ""
    made = shop.call.post("/webhooks", {"url": f"https://hooks.example:{receiver.port}/in", "topics": ["*"]})
    real = socket.getaddrinfo

    def answers(host: Any, port: Any, *given: Any, **more: Any) -> Any:
        if host != "hooks.example":
            return real(host, port, *given, **more)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    id_ = made["endpoint"]["id"]
    shop.call.post(f"/webhooks/{id_}/test")
    run(noon)
    (row,) = deliveries(shop, id_)
    assert (row["state"], row["problem"]) == ("pending", "private_address") and receiver.got == []


def test_a_slow_receiver_holds_up_nobody_else(shop: Shop, receiver: Receiver, noon: Any) -> None:
    receiver.answers["/slow"] = (200, {}, b"slow")
    make(shop, receiver, ["member.enrolled"], "/slow")
    make(shop, receiver, ["member.enrolled"])
    for n in range(6):
        shop.enrol(f"1390013900{n}")
    flow.feed(noon())
    tasks.deliver(noon())
    assert sum(path == "/slow" for path, *_ in receiver.got) <= tasks.PER_ENDPOINT
    tasks.deliver_all(noon())
    assert len(receiver.messages()) == 6 and len(receiver.messages("/slow")) == 6
