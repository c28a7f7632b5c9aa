"""What staff see of messages that were asked for, and who may set the limits."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.console.world import enrol_members

from regulars.engage.campaigns import api as campaigns
from regulars.engage.care import api as care
from regulars.engage.journeys import api as journeys
from regulars.facts.members import api as members
from regulars.facts.members.types import ById, MemberFilter
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.sending import handing
from regulars.messaging.types import Ask


def test_a_message_shows_each_step_and_filters_find_it(shop, desk):
    owner = desk("owner")
    enrol_members(shop, 2)
    codes = [row["code"] for row in owner.get("/members")["items"]][:2]
    ids = members.resolve(
        organisation_id=shop.brand.organisation_id,
        brand_id=shop.brand.id,
        refs=[ById(code=code) for code in codes],
    )
    asks = [
        Ask(
            id_,
            "k",
            "campaign:spring",
            "marketing",
            "redemption_expired",
            ("sms", "inbox"),
            {"reward": "杯子"},
        )
        for id_ in ids
    ]
    messaging.ask(brand=shop.brand, asks=asks, now=clock.now())
    assert {row["state"] for row in owner.get("/sends")["items"]} == {"queued"}
    handing.deliver_all(clock.now())
    rows = owner.get("/sends?source=campaign:spring&state=sent&channel=inbox")["items"]
    assert len(rows) == 2 and rows[0]["channel_name"] == "Inbox"
    detail = owner.get(f"/sends/{rows[0]['id']}")
    assert detail["body"] == "Your redemption of 杯子 has expired." or "杯子" in detail["body"]
    assert [(s["channel"], s["outcome"]) for s in detail["steps"]] == [
        ("sms", "no_consent"),
        ("inbox", "sent"),
    ]
    assert {d["result"] for d in detail["decision"]} == {"passed"}
    assert [row["member"] for row in owner.get(f"/sends?member={codes[0]}")["items"]] == [codes[0]]
    nameless = {"name": "Campaign spring", "kind": "campaign", "key": ""}
    assert owner.get("/sends/sources") == [{"source": "campaign:spring", "asked_by": nameless, "count": 2}]
    assert [(t["state"], t["count"]) for t in owner.get("/sends/counts")] == [("sent", 2)]
    assert {"no_consent", "held_out"} <= {r["code"] for r in owner.get("/sends/reasons")}
    owner.get("/sends/00000000-0000-7000-8000-000000000000", expect=404)
    desk("clerk").get("/sends", expect=403)


def test_limits_are_set_by_the_owner_only_and_audited(shop, desk):
    owner, operator = desk("owner"), desk("operator")
    policy = {"quiet": {}, "caps": [{"channel": "sms", "period": "day", "limit": 1}]}
    operator.put("/message-policy", policy, expect=403)
    assert owner.put("/message-policy", policy)["caps"] == policy["caps"]
    wrong = owner.put("/message-policy", {"quiet": {}, "caps": [{"period": "day", "limit": -1}]}, expect=422)
    assert wrong["errors"][0]["field"] == "caps[0].limit"
    assert operator.get("/message-policy")["caps"] == policy["caps"]
    operator.put("/message-holdout", {"percent": 5, "reason": "x"}, expect=403)
    assert owner.put("/message-holdout", {"percent": 5, "reason": "to measure"})["percent"] == 5
    given = {"channel": "email", "address": "a@example.org", "note": "she called"}
    operator.post("/suppressions", given, expect=403)
    made = owner.post("/suppressions", given)
    assert owner.get("/suppressions")["items"][0]["note"] == "she called"
    owner.delete(f"/suppressions/email/{made['id']}?note=again")
    assert owner.get("/suppressions")["items"] == []
    actions = {row["action"] for row in owner.get("/audit")["items"]}
    assert {"message_policy.set", "holdout.changed", "suppression.add", "suppression.remove"} <= actions


def test_what_a_source_asked_for_is_held_released_and_taken_back(shop, desk):
    owner, operator = desk("owner"), desk("operator")
    enrol_members(shop, 2)
    ids = [
        UUID(str(one))
        for one in members.list_ids(scope=shop.scope, given=MemberFilter(), after=None, limit=2)
    ]
    asks = [
        Ask(id_, key, "campaign:spring", "service", "redemption_expired", ("inbox",), {"reward": "杯子"})
        for id_ in ids
        for key in ("a", "b")
    ]
    messaging.ask(brand=shop.brand, asks=asks, now=clock.now())
    spring = {"source": "campaign:spring"}
    operator.post("/sends/holds", spring, expect=403)
    wrong = owner.post("/sends/holds", {"source": "campaign:none"}, expect=422)
    assert wrong["errors"][0]["field"] == "source"
    [held] = owner.post("/sends/holds", spring)
    assert (held["source"], held["waiting"]) == ("campaign:spring", 4) and held["held_by"]
    assert operator.get("/sends/holds") == [held]
    handing.deliver_all(clock.now())
    assert {row["reason"] for row in owner.get("/sends?reason=held")["items"]} == {"held"}
    [one, *_] = owner.get("/sends?reason=held")["items"]
    detail = owner.get(f"/sends/{one['id']}")
    assert detail["decision"][0]["result"] == "waits" and detail["send"]["next_run_at"] is None

    assert owner.post("/sends/holds/release", spring) == []
    assert owner.post("/sends/holds/release", spring, expect=409)["code"] == "not_held"
    handing.deliver_all(clock.now())
    assert len(owner.get("/sends?state=sent")["items"]) == 4
    messaging.ask(
        brand=shop.brand,
        asks=[
            Ask(ids[0], "c", "campaign:spring", "service", "redemption_expired", ("inbox",), {"reward": "x"})
        ],
        now=clock.now(),
    )
    assert owner.post("/sends/holds/cancel", spring) == []
    handing.deliver_all(clock.now())
    assert [row["state"] for row in owner.get("/sends?reason=withdrawn")["items"]] == ["skipped"]
    actions = {row["action"] for row in owner.get("/audit")["items"]}
    assert {"messages.hold", "messages.release", "messages.cancel"} <= actions


def test_a_cap_is_said_in_words():
    from regulars.messaging.types import SendStep
    from regulars.surfaces.send_views import _step

    def said(detail, language):
        return _step(SendStep(clock.now(), "sms", "frequency_cap", detail), language).detail

    assert said("*/week/2", "en") == "All channels together: at most 2 a week"
    assert said("sms/month/4", "zh") == "短信：每月最多 4 条"
    assert said("as it was kept", "en") == "as it was kept"


def test_who_asked_is_said_by_name(shop, desk):
    """Campaigns with the number of a later run, journeys, care and rules by their names; what is not there (any more)
    by its kind and code; what is neither as it is. As many queries for six sources as for two of the same kinds."""
    owner, now = desk("owner"), clock.now()
    enrol_members(shop, 1)
    (id_,) = (
        UUID(str(one))
        for one in members.list_ids(scope=shop.scope, given=MemberFilter(), after=None, limit=1)
    )
    offer = {
        "audience": {"everybody": True},
        "variants": [{"key": "a", "message": {"template": "hello", "purpose": "service"}}],
    }
    campaigns.create(
        scope=shop.scope,
        code="spring",
        name={"zh": "春日上新", "en": "Spring"},
        note="",
        definition=campaigns.read_definition(data=offer),
        now=now,
    )
    journeys.create(scope=shop.scope, code="welcome", name=Text("欢迎", "Welcome on board"), now=now)
    plan = {"key": "birthday", "kind": "birthday", "name": {"zh": "生日", "en": "Birthdays"}, "settings": {}}
    care.put_plan(
        scope=shop.scope,
        definition=care.stored_definition(data={**_PLAN, **plan}),
        now=now,
    )
    expected = {
        "campaign:spring:1": ("Spring", "campaign", "spring"),
        "campaign:spring:2": ("Spring · run 2", "campaign", "spring"),
        "journey:welcome": ("Welcome on board", "journey", "welcome"),
        "care:birthday": ("Birthdays", "care", "birthday"),
        "campaign:gone:3": ("Campaign gone:3", "campaign", ""),
        "api:shop": ("API shop", "api", ""),
        "till": ("till", "", ""),
    }

    def ask(source):
        one = Ask(id_, source, source, "service", "redemption_expired", ("inbox",), {"reward": "x"})
        messaging.ask(brand=shop.brand, asks=[one], now=clock.now())

    def queries():
        with CaptureQueriesContext(connection) as seen:
            owner.get("/sends")
        return len(seen)

    for source in ("campaign:spring:1", "journey:welcome", "care:birthday"):
        ask(source)
    before = queries()
    for source in expected:
        ask(source)
    assert queries() == before
    rows = {row["source"]: row["asked_by"] for row in owner.get("/sends")["items"]}
    assert {at: tuple(one[k] for k in ("name", "kind", "key")) for at, one in rows.items()} == expected
    chinese = owner.get("/sends/sources", **{"Accept-Language": "zh-CN"})
    assert {row["source"]: row["asked_by"]["name"] for row in chinese} == {
        "campaign:spring:1": "春日上新",
        "campaign:spring:2": "春日上新 · 第 2 次",
        "journey:welcome": "欢迎",
        "care:birthday": "生日",
        "campaign:gone:3": "营销活动 gone:3",
        "api:shop": "接口 shop",
        "till": "till",
    }
    assert owner.post("/sends/holds", {"source": "care:birthday"})[0]["asked_by"]["name"] == "Birthdays"
    assert owner.get("/links") == []


_PLAN = {
    "audience": None, "message": None, "rewards": [], "budget": "", "task": None, "holdout_percent": 0,
    "win_back_days": 30, "at": "09:30", "contact_cost": 0,
}  # fmt: skip
