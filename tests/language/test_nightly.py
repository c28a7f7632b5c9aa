"""From a posted review to a score, a trend, an alert and an event; profiling, labels, a brand's own endpoint."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.intake.world import START, World

from regulars.audience.member_facts import api as member_facts
from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.facts.members import api as members
from regulars.flows import voices
from regulars.flows.insight import nightly
from regulars.insight.language import api as language
from regulars.insight.language.types import Compared, Reading, Said
from regulars.insight.runs import api as runs
from regulars.insight.warehouse import api as warehouse
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations

NOW = START + timedelta(days=100)
GOOD, BAD = "很好吃，物美价廉，下次还会再买", "快递太慢了，态度恶劣，再也不买了"


@pytest.fixture
def talk(shop: World) -> World:
    activities.declare_type(
        brand_id=shop.scope.brand_id,
        code="review",
        name=Text("评价", "Review"),
        fields=[
            {"key": "text", "type": "text", "label": {"zh": "内容", "en": "Text"}, "maximum": 2000},
            {"key": "rating", "type": "int", "label": {"zh": "评分", "en": "Rating"}},
        ],
        reserved=frozenset(),
    )
    return shop


def say(shop: World, member: UUID, text: str, at: datetime, key: str) -> UUID:
    data = {"text": text, "rating": 5}
    return shop.one(
        ActivityIn(type="review", member=MemberRef(id=member), occurred_at=at, key=key, data=data)
    ).activity_id


def run(shop: World, now: datetime = NOW) -> Any:
    brand = organisations.get_brand(brand_id=shop.scope.brand_id)
    warehouse.export(brand_id=brand.id, now=now)
    nightly.run_steps(brand=brand, clock=lambda: now, only=["language"])
    return runs.latest(brand_id=brand.id, kind="language", finished=False)


def chatter(shop: World) -> list[UUID]:
    """Eight weeks in which two of ten are bad, then two in which eight of ten are."""
    ids = [shop.member(f"138000{n:05d}") for n in range(10)]
    for week in range(10):
        at = NOW - timedelta(weeks=9 - week, days=1)
        for n, member in enumerate(ids):
            bad = n < (8 if week >= 8 else 2)
            text = (BAD if bad else "快递很快，" + GOOD) + "。" * week
            say(shop, member, text, at + timedelta(minutes=n), f"{week}-{n}")
    return ids


@pytest.mark.parametrize("today", [date(2026, 6, 1) + timedelta(days=n) for n in range(7)])
def test_the_last_two_weeks_are_fourteen_days_of_the_brand_on_every_day_of_the_week(
    talk: World, today: date
) -> None:
    brand = organisations.get_brand(brand_id=talk.scope.brand_id)
    assert brand.timezone == "Asia/Shanghai"
    midnight = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(hours=8)
    second = timedelta(seconds=1)
    told = [  # how long before today began in Shanghai, in days
        (-1, second, "later"), (-1, -second, "now"), (13, timedelta(), "now"), (13, -second, "before"),
        (69, timedelta(), "before"), (69, -second, "older"),
    ]  # fmt: skip
    member = talk.member("13800000001")
    language.keep(
        brand_id=brand.id,
        rows=[
            (
                Said(member, new_id(), midnight - timedelta(days=days) + more, "review", BAD),
                Reading("zh", "bad", -0.9, (when,), ()),
            )
            for days, more, when in told
        ],
    )
    assert language.compared(brand_id=brand.id, today=today, timezone=brand.timezone) == [
        Compared("", 2, 2, 2, 2),
        Compared("before", 0, 0, 2, 2),
        Compared("now", 2, 2, 0, 0),
    ]


def test_reviews_are_read_scored_and_alarm_once(talk: World) -> None:
    ids = chatter(talk)
    done = run(talk)
    assert (done.state, done.rows) == ("done", 100), done.problem
    assert done.metrics["bad"] == 8 * 2 + 2 * 8
    known = member_facts.read(brand_id=talk.scope.brand_id, member_id=ids[0])
    assert known is not None
    assert known.scores["mood"] < -0.5
    assert "slow_delivery" in known.scores["needs"]
    found = language.alerts(brand_id=talk.scope.brand_id, since=START)
    assert {"", "delivery"} <= {one.worse.topic for one in found}
    delivery = next(one.worse for one in found if one.worse.topic == "delivery")
    assert (delivery.texts, delivery.bad, delivery.texts_before, delivery.bad_before) == (20, 16, 80, 16)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox WHERE topic = 'voice.alert'")
        assert cursor.fetchone()[0] == len(found)
    again = run(talk, NOW + timedelta(hours=1))
    assert again.metrics["read"] == 0  # nothing is read twice
    assert again.metrics["alerts"] == 0
    for minutes in (0, 5):  # looking twice is looking once
        seen = voices.see_alert(scope=talk.scope, alert_id=found[0].id, now=NOW + timedelta(minutes=minutes))
        assert (seen.seen_by, seen.seen_at) == (talk.scope.actor.label, NOW)
    page = audit.list_entries(organisation_id=talk.scope.organisation_id, action="language.alert_seen")
    assert [one.subject_id for one in page.items] == [str(found[0].id)]
    assert len(language.alerts(brand_id=talk.scope.brand_id, since=START, unseen=True)) == len(found) - 1


def test_who_is_not_profiled_is_not_read(talk: World) -> None:
    ids = chatter(talk)
    run(talk)
    members.set_profiling(scope=talk.scope, member_id=ids[0], on=False, now=NOW)
    done = run(talk, NOW + timedelta(hours=1))
    assert done.rows == 90
    page = language.list_texts(brand_id=talk.scope.brand_id, member_id=ids[0])
    assert page.items == []


def test_texts_are_found_by_what_was_read_and_labels_measure_it(talk: World) -> None:
    ids = chatter(talk)
    run(talk)
    brand_id = talk.scope.brand_id
    page = language.list_texts(brand_id=brand_id, mood="bad", need="rude_service", limit=5)
    assert len(page.items) == 5
    rest = language.list_texts(brand_id=brand_id, mood="bad", cursor=page.next_cursor, limit=100)
    assert len(rest.items) == 32 - 5
    first = page.items[0]
    for one, mood in ((page.items[0], "bad"), (page.items[1], "good")):
        voices.label(scope=talk.scope, member_id=one.said.member_id, text_id=one.said.id, mood=mood, now=NOW)
    agreed = language.agreement(brand_id=brand_id)
    assert (agreed.labelled, agreed.right) == (2, 1)
    voices.label(scope=talk.scope, member_id=first.said.member_id, text_id=first.said.id, mood=None, now=NOW)
    assert language.agreement(brand_id=brand_id).labelled == 1
    with pytest.raises(Refusal):
        voices.label(scope=talk.scope, member_id=ids[0], text_id=ids[0], mood="bad", now=NOW)


def test_few_texts_say_nothing(talk: World) -> None:
    say(talk, talk.member("13800000000"), GOOD, NOW - timedelta(days=1), "a")
    done = run(talk)
    assert (done.state, done.rows) == ("lacking", 1)


class Model(BaseHTTPRequestHandler):
    """Speaks the wire of chat completions: everything is good and about the price."""

    broken = False
    asked: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append({"path": self.path, "key": self.headers.get("Authorization"), **body})
        texts = json.loads(body["messages"][1]["content"])
        said = [
            {"i": t["i"], "mood": "good", "score": 0.9, "topics": ["price", "nonsense"], "needs": []}
            for t in texts
        ]
        content = "sorry" if self.broken else f"```json\n{json.dumps(said)}\n```"
        answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *given: Any) -> None:
        pass


@pytest.fixture
def model() -> Iterator[str]:
    Model.asked, Model.broken = [], False
    server = HTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def test_an_endpoint_reads_where_its_network_is_allowed(talk: World, model: str, settings: Any) -> None:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"
    voices.put_settings(
        scope=talk.scope, now=NOW, industries=["grocery"], url=model, model="tiny", key="sk-secret"
    )
    chatter(talk)
    done = run(talk)
    assert done.metrics["by_endpoint"] == 100
    assert (Model.asked[0]["path"], Model.asked[0]["key"]) == ("/v1/chat/completions", "Bearer sk-secret")
    assert "138000" not in json.dumps(Model.asked)  # nothing of the member goes out
    one = language.list_texts(brand_id=talk.scope.brand_id, limit=1).items[0]
    assert (one.reading.mood, one.reading.topics, one.reading.reader) == ("good", ("price",), "endpoint")


def test_an_endpoint_in_a_private_network_is_refused_and_read_here(
    talk: World, model: str, settings: Any
) -> None:
    given = {"scope": talk.scope, "now": NOW, "industries": ["grocery"], "url": model, "model": "tiny"}
    with pytest.raises(Refusal) as refused:
        voices.put_settings(**given)
    assert [(e.field, e.code) for e in refused.value.errors] == [("url", "private_address")]
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"
    voices.put_settings(**given)
    settings.ALLOWED_NETWORKS = ""  # the operator closed it again
    chatter(talk)
    done = run(talk)
    assert done.state == "done"
    assert done.metrics["endpoint_failures"] == ["private_address"] * 3
    assert Model.asked == []
    assert done.metrics["bad"] == 32


def test_an_endpoint_that_answers_nonsense_is_given_up(talk: World, model: str, settings: Any) -> None:
    settings.ALLOWED_NETWORKS = "127.0.0.0/8"
    Model.broken = True
    voices.put_settings(scope=talk.scope, now=NOW, industries=["grocery"], url=model, model="tiny")
    chatter(talk)
    done = run(talk)
    assert done.metrics["endpoint_failures"] == ["bad_answer"] * 3
    assert len(Model.asked) == 3
    assert done.metrics["bad"] == 32


def test_settings_are_checked_kept_sealed_and_audited(talk: World) -> None:
    with pytest.raises(Refusal) as refused:
        voices.put_settings(scope=talk.scope, now=NOW, industries=["zoo"], url="ftp://x", model="")
    assert [error.field for error in refused.value.errors] == ["industries.0", "url", "model"]
    for url, model, key, field in (
        ("http://[::1/v1", "m", "k", "url"),  # not even an address
        ("https://localhost/v1", "m", "k", "url"),
        ("https://api.example.com/v1", "m" * 101, "k", "model"),
        ("https://api.example.com/v1", "m", "sk-1\nX: y", "key"),
        ("https://api.example.com/v1", "m", "密钥", "key"),
    ):
        with pytest.raises(Refusal) as refused:
            voices.put_settings(
                scope=talk.scope, now=NOW, industries=["grocery"], url=url, model=model, key=key
            )
        assert [error.field for error in refused.value.errors] == [field]
    assert runs.get_setting(brand_id=talk.scope.brand_id, room="language") is None
    voices.put_settings(
        scope=talk.scope,
        now=NOW,
        industries=["beauty"],
        url="https://api.example.com/v1",
        model="m",
        key="sk-1",
    )
    kept = runs.get_setting(brand_id=talk.scope.brand_id, room="language")
    assert kept is not None
    assert "sk-1" not in json.dumps(kept.value)
    voices.put_settings(
        scope=talk.scope, now=NOW, industries=["beauty"], url="https://api.example.com/v1", model="m2"
    )
    endpoint = voices.get_settings(brand_id=talk.scope.brand_id).endpoint
    assert endpoint is not None
    assert (endpoint.model, endpoint.key) == ("m2", "sk-1")
    with pytest.raises(Refusal) as refused:  # the key was given for that server
        voices.put_settings(
            scope=talk.scope, now=NOW, industries=["beauty"], url="https://elsewhere.example/v1", model="m2"
        )
    assert [error.field for error in refused.value.errors] == ["key"]
