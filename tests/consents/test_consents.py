"""The consent ledger through its doors: REST, and what the portal's members choose (tests/portal)."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from tests.rest.shop import Shop

from regulars.facts.consents import api as consents
from regulars.platform.audit import api as audit

pytestmark = pytest.mark.django_db


def held(shop: Shop, member: str) -> dict[str, bool]:
    items = shop.call.get(f"/members/{member}/consents")["items"]
    return {one["channel"] or "terms": one["granted"] for one in items}


def say(shop: Shop, member: str, *rows: dict[str, Any]) -> Any:
    return shop.call.post(f"/members/{member}/consents", {"consents": list(rows)})


def test_nobody_has_agreed_who_was_not_asked(shop: Shop) -> None:
    member = shop.enrol()
    assert held(shop, member) == dict.fromkeys(
        ("terms", "sms", "email", "wechat", "wecom", "push", "phone"), False
    )


def test_yes_and_no_are_kept_with_the_words_that_were_shown(shop: Shop, noon: Any) -> None:
    member = shop.enrol()
    say(shop, member, {"channel": "sms", "granted": True}, {"channel": "email", "granted": True})
    noon.move(hours=1)
    say(shop, member, {"channel": "sms", "granted": False, "note": "called the hotline"})
    assert held(shop, member) | {"terms": False} == {
        **dict.fromkeys(("terms", "sms", "wechat", "wecom", "push", "phone"), False),
        "email": True,
    }
    acts = shop.call.get(f"/members/{member}/consents/history")["items"]
    assert [(a["channel"], a["granted"], a["source"]) for a in acts] == [
        ("sms", False, "api"),
        ("email", True, "api"),
        ("sms", True, "api"),
    ]
    assert acts[0]["note"] == "called the hotline" and "tea" in acts[0]["text"]["en"]
    shown = json.dumps([acts[0]["text"]["zh"], acts[0]["text"]["en"]], ensure_ascii=False)
    assert acts[0]["text_hash"] == hashlib.sha256(shown.encode()).hexdigest()
    told = audit.list_entries(organisation_id=shop.scope.organisation_id, action="member.consent").items
    assert len(told) == 2 and told[0].after is not None
    assert told[0].after["consents"][0]["granted"] is False


def test_an_older_act_that_comes_late_changes_nothing(shop: Shop, noon: Any) -> None:
    """An import of last year's paper forms does not undo yesterday's withdrawal."""
    member = shop.enrol()
    say(shop, member, {"channel": "sms", "granted": False})
    long_ago = (noon() - timedelta(days=300)).isoformat()
    own = {"version": "paper-2025", "text": {"zh": "同意短信", "en": "SMS is fine"}}
    say(shop, member, {"channel": "sms", "granted": True, "occurred_at": long_ago, **own})
    assert held(shop, member)["sms"] is False
    acts = shop.call.get(f"/members/{member}/consents/history")["items"]
    assert [(a["granted"], a["version"]) for a in acts] == [(True, "paper-2025"), (False, "1")]
    assert acts[0]["text"] == own["text"]
    later = (noon() + timedelta(minutes=1)).isoformat()
    say(shop, member, {"channel": "sms", "granted": True, "occurred_at": later})
    assert held(shop, member)["sms"] is True


def test_the_ledger_pages(shop: Shop) -> None:
    member = shop.enrol()
    for n in range(5):
        say(shop, member, {"channel": "push", "granted": n % 2 == 0})
    first = shop.call.get(f"/members/{member}/consents/history?limit=3")
    rest = shop.call.get(f"/members/{member}/consents/history?limit=3&cursor={first['next_cursor']}")
    assert [a["granted"] for a in [*first["items"], *rest["items"]]] == [True, False, True, False, True]
    assert rest["next_cursor"] is None


def test_who_wants_marketing_is_one_question_for_many(shop: Shop) -> None:
    from uuid import UUID

    yes, no, never = (shop.enrol(f"1390013900{n}") for n in range(3))
    say(shop, yes, {"channel": "sms", "granted": True})
    say(shop, no, {"channel": "sms", "granted": True})
    say(shop, no, {"channel": "sms", "granted": False})
    ids = [UUID(one) for one in (yes, no, never)]
    assert consents.granted(brand_id=shop.scope.brand_id, channel="sms", member_ids=ids) == {UUID(yes)}
    assert consents.granted(brand_id=shop.scope.brand_id, channel="email", member_ids=ids) == set()


def test_wrong_input_is_named_and_changes_nothing(shop: Shop, noon: Any) -> None:
    member = shop.enrol()
    path = f"/members/{member}/consents"
    ahead = (noon() + timedelta(hours=1)).isoformat()
    good = {"channel": "sms", "granted": True}
    for rows, field in (
        ([], "consents"),
        ([good, {"channel": "fax", "granted": True}], "consents[1].channel"),
        ([good, {"channel": "sms"}], "consents[1].granted"),
        ([good, {**good, "occurred_at": ahead}], "consents[1].occurred_at"),
        ([good, {**good, "occurred_at": "2026-01-01T00:00:00"}], "consents[1].occurred_at"),
        ([good, {**good, "version": ""}], "consents[1].version"),
        ([good, {**good, "extra": 1}], "consents[1].extra"),
    ):
        problem = shop.call.refused("POST", path, {"consents": rows})
        assert [e["field"] for e in problem["errors"]] == [field], problem
    assert not any(held(shop, member).values())
    assert shop.call.get(f"{path}/history")["items"] == []


def test_what_changes_is_told_and_what_stays_is_not(shop: Shop, noon: Any) -> None:
    member = shop.enrol()
    say(shop, member, {"channel": "sms", "granted": False}, {"channel": "email", "granted": True})
    say(shop, member, {"channel": "email", "granted": True})
    noon.move(hours=1)
    say(shop, member, {"channel": "email", "granted": False})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id::text, payload FROM outbox WHERE topic = 'member.consent' ORDER BY id"
        )
        rows = [(her, json.loads(said)) for her, said in cursor.fetchall()]
    assert {her for her, _ in rows} == {member}
    assert [(one["purpose"], one["channel"], one["granted"], one["source"]) for _, one in rows] == [
        ("marketing", "email", True, "api"),
        ("marketing", "email", False, "api"),
    ]
