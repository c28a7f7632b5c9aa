from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from tests.portal.world import make_brand

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.contents import prepare
from regulars.messaging.models import Send
from regulars.messaging.types import Content, Recipient, Rendered, RenderFailed
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, 0, 30, tzinfo=UTC)
PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0"}


@pytest.fixture
def brand(db: None) -> Brand:
    return organisations.get_brand(brand_id=make_brand("morning").scope.brand_id)


def templated(brand: Brand, purpose="marketing"):
    staff = {
        n: Scope(
            brand.organisation_id,
            brand.id,
            Actor("staff", uuid4(), n),
            frozenset({"messages.write", "messages.approve"}),
        )
        for n in "ab"
    }
    text = Content(subject="s", body="{{ links.sale }} {{ link }} {{ unsubscribe_link }}")
    api.save_template(
        scope=staff["a"], code="sale", name=Text("促", "Sale"), purpose=purpose, now=NOW,
        contents={"email": {"zh": text, "en": text}}, links={"sale": f"/h/{brand.slug}/mall"},
    )  # fmt: skip
    api.submit_template(scope=staff["a"], code="sale", now=NOW)
    return api.decide_template(scope=staff["b"], code="sale", number=1, approve=True, now=NOW).version


def rendered(
    brand: Brand, member: UUID, values=None, send: UUID | None = None
) -> tuple[UUID, Rendered | RenderFailed]:
    version = api.get_template(brand_id=brand.id, code="sale").version or templated(brand)
    one = Recipient(send or new_id(), member, "zh", values or {}, "campaign:spring")
    return one.send_id, prepare.render_many(
        brand=brand, version=version, channel="email", recipients=[one], now=NOW
    )[one.send_id]


def click(code: str, headers=PHONE, method="GET", address="1.2.3.4", at=NOW) -> str:
    return api.follow(code=code, method=method, headers=headers, address=address, now=at)


def codes(words: Rendered) -> list[str]:
    return [one.rsplit("/", 1)[1] for one in words.body.split()]


def tally(brand: Brand) -> dict[str, tuple[int, int, int]]:
    scope = Scope(brand.organisation_id, brand.id, Actor("staff", uuid4(), "a"), frozenset({"messages.read"}))
    found = api.list_links(scope=scope, since=NOW.date() - timedelta(days=1))
    return {one.name: (one.made, one.clicked, one.clicks) for one in found}


def test_links_lead_home_and_clicks_are_counted_once_a_minute_and_agent(brand):
    templated(brand)
    send, words = rendered(brand, uuid4())
    sale, main, _ = codes(words)
    assert click(sale) == f"/h/{brand.slug}/mall" and click(main) == f"/h/{brand.slug}/"
    click(sale)
    click(sale, at=NOW + timedelta(seconds=10))
    click(sale, address="9.9.9.9")
    click(sale, at=NOW + timedelta(minutes=2))
    # three count: two agents in the first minute, one again two minutes later
    assert tally(brand) == {"sale": (1, 1, 3), "main": (1, 1, 1)}
    assert api.clicks_of(send_ids=[send]) == {send: 4}


def test_the_trend_has_every_day_or_week_up_to_the_last(brand):
    templated(brand)
    _, words = rendered(brand, uuid4())
    sale, *_ = codes(words)
    click(sale)
    click(sale, at=NOW + timedelta(days=3))
    click(sale, at=NOW + timedelta(days=3), address="9.9.9.9")
    scope = Scope(brand.organisation_id, brand.id, Actor("staff", uuid4(), "a"), frozenset({"messages.read"}))
    today = NOW.date() + timedelta(days=4)

    def trend(days: int) -> dict[str, tuple[int, ...]]:
        found = api.list_links(scope=scope, since=today - timedelta(days=days - 1), until=today)
        return {one.name: one.trend for one in found}

    assert trend(5) == {"sale": (1, 0, 0, 2, 0), "main": (0, 0, 0, 0, 0)}
    assert trend(3)["sale"] == (0, 2, 0)
    weeks = trend(365)["sale"]
    assert len(weeks) == 53 and weeks[-1] == 3 and sum(weeks) == 3


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ({}, "GET"),
        ({"user-agent": "Googlebot/2.1"}, "GET"),
        ({"user-agent": "Barracuda Sentinel"}, "GET"),
        ({**PHONE, "sec-purpose": "prefetch"}, "GET"),
        (PHONE, "HEAD"),
    ],
)
def test_machines_and_looks_ahead_do_not_count(brand, headers, method):
    templated(brand)
    _, words = rendered(brand, uuid4())
    assert click(codes(words)[0], headers, method) == f"/h/{brand.slug}/mall"
    assert tally(brand)["sale"] == (1, 0, 0)


def test_the_first_click_is_told_once(brand):
    templated(brand)
    member = uuid4()
    send, words = rendered(brand, member)
    Send.objects.create(
        member_id=member, id=send, brand_id=brand.id, shard=0, key="k", source="campaign:spring", origin="o1",
        purpose="marketing", template="sale", state="sent", created_at=NOW,
    )  # fmt: skip
    click(codes(words)[0])
    click(codes(words)[1])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload->>'origin', payload->>'send' FROM outbox WHERE topic = 'message.clicked'"
        )
        assert cursor.fetchall() == [("o1", str(send))]
    assert Send.objects.get(member_id=member, id=send).clicked_at == NOW


def test_the_same_send_tried_again_has_the_same_links(brand):
    templated(brand)
    member, send = uuid4(), new_id()
    first, second = rendered(brand, member, send=send), rendered(brand, member, send=send)
    assert first == second and tally(brand)["sale"] == (1, 0, 0)


def test_the_way_out_is_out_of_the_channel_that_the_message_went_by(brand):
    """A text message that its provider would not take goes by mail: its way out takes back mail, not text messages."""
    version = templated(brand)
    version = replace(version, contents={**version.contents, "sms": version.contents["email"]})
    member, send = uuid4(), new_id()
    herself = Scope(brand.organisation_id, brand.id, Actor("member", member, "her"), frozenset())
    yes = [ConsentIn("marketing", channel, True, "1", Text("同意", "Yes")) for channel in ("email", "sms")]
    consents.record(scope=herself, member_id=member, consents=yes, source="portal", language="zh", now=NOW)
    one = Recipient(send, member, "zh", {}, "campaign:spring")
    out = {}
    for channel in ("sms", "email"):
        found = prepare.render_many(brand=brand, version=version, channel=channel, recipients=[one], now=NOW)
        out[channel] = codes(found[send])[2]
    assert {channel: api.get_way_out(code=code).channel for channel, code in out.items()} == {
        "sms": "sms", "email": "email",
    }  # fmt: skip
    api.leave(code=out["email"], language="zh", now=NOW + timedelta(minutes=1))
    held = {one.channel: one.granted for one in consents.states(brand_id=brand.id, member_id=member)}
    assert held == {"email": False, "sms": True}


@pytest.mark.parametrize("forged", ["", "x", "A" * 22, "../../etc/passwd", "A" * 21 + "\n", "%00" * 8])
def test_forged_codes_lead_nowhere(brand, forged):
    templated(brand)
    for door in (
        lambda: click(forged),
        lambda: api.get_way_out(code=forged),
        lambda: api.leave(code=forged, language="zh", now=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            door()
        assert refused.value.status == 404


def test_one_kind_of_link_is_not_taken_for_the_other(brand):
    templated(brand)
    _, words = rendered(brand, uuid4())
    sale, _, out = codes(words)
    with pytest.raises(Refusal):
        click(out)
    with pytest.raises(Refusal):
        api.leave(code=sale, language="zh", now=NOW)


def test_codes_do_not_follow_from_one_another_or_from_the_send():
    one, other = prepare.code_of(UUID(int=1), "main"), prepare.code_of(UUID(int=2), "main")
    assert len(one) == 22 and sum(a != b for a, b in zip(one, other, strict=True)) > 12
    assert prepare.code_of(UUID(int=1), "way_out") != one


def test_an_asker_s_link_must_be_the_brand_s_own(brand):
    templated(brand)
    for asked in ("https://evil.example/", "javascript:alert(1)", "//evil.example", 7):
        _, words = rendered(brand, uuid4(), {"link": asked})
        assert click(codes(words)[1]) == f"/h/{brand.slug}/"
    _, words = rendered(brand, uuid4(), {"link": f"/h/{brand.slug}/coupons"})
    assert click(codes(words)[1]) == f"/h/{brand.slug}/coupons"


def test_a_site_taken_from_the_list_is_not_led_to_any_more(brand):
    scope = Scope(
        brand.organisation_id, brand.id, Actor("staff", uuid4(), "a"), frozenset({"messages.settings"})
    )
    for bad in ("localhost", "10.0.0.1", "*.example.com", "http://x.com", "a_b.com", "例子.com"):
        with pytest.raises(Refusal):
            api.put_link_sites(scope=scope, domains=[bad], now=NOW)
    api.put_link_sites(scope=scope, domains=["Shop.Example.com"], now=NOW)
    templated(brand)
    _, words = rendered(brand, uuid4(), {"link": "https://shop.example.com/a?b=1"})
    main = codes(words)[1]
    assert click(main) == "https://shop.example.com/a?b=1"
    api.put_link_sites(scope=scope, domains=[], now=NOW)
    assert click(main) == f"/h/{brand.slug}/"


def test_leaving_takes_back_one_consent_and_can_be_undone(brand):
    templated(brand)
    member = uuid4()
    herself = Scope(brand.organisation_id, brand.id, Actor("member", member, "her"), frozenset())
    yes = [ConsentIn("marketing", channel, True, "1", Text("同意", "Yes")) for channel in ("email", "sms")]
    consents.record(scope=herself, member_id=member, consents=yes, source="portal", language="zh", now=NOW)
    _, words = rendered(brand, member)
    out = codes(words)[2]
    assert words.extra["unsubscribe"].endswith(f"/u/{out}")
    assert not api.get_way_out(code=out).left
    later = NOW + timedelta(minutes=1)
    assert api.leave(code=out, language="zh", now=later).left
    assert api.leave(code=out, language="zh", now=later).left  # again changes nothing
    held = {one.channel: one.granted for one in consents.states(brand_id=brand.id, member_id=member)}
    assert held == {"email": False, "sms": True}
    acts = consents.history(scope=herself, member_id=member).items
    assert [a.source for a in acts] == ["unsubscribe", "portal", "portal"]
    assert not api.come_back(code=out, language="zh", now=later + timedelta(minutes=1)).left
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox WHERE topic = 'message.unsubscribed'")
        assert cursor.fetchone() == (1,)


def test_whoever_never_agreed_does_not_come_to_agree_by_a_link(brand):
    templated(brand)
    member = uuid4()
    _, words = rendered(brand, member)
    way_out = api.come_back(code=codes(words)[2], language="zh", now=NOW)
    assert way_out.left and not consents.states(brand_id=brand.id, member_id=member)


@pytest.mark.parametrize("before", [True, False])
def test_a_no_that_was_said_elsewhere_is_not_undone_by_a_link(brand, before):
    """At the till, or when she joined: who holds an old mail of hers cannot agree in her name."""
    templated(brand)
    member = uuid4()
    herself = Scope(brand.organisation_id, brand.id, Actor("member", member, "her"), frozenset())

    def say(granted, at, source):
        given = ConsentIn("marketing", "email", granted, "1", Text("同意", "Yes"))
        consents.record(
            scope=herself, member_id=member, consents=[given], source=source, language="zh", now=at
        )

    if before:
        say(True, NOW - timedelta(days=1), "portal")
    say(False, NOW, "store")
    _, words = rendered(brand, member)
    out = codes(words)[2]
    found = api.get_way_out(code=out)
    assert (found.left, found.can_come_back) == (True, False)
    assert api.come_back(code=out, language="zh", now=NOW + timedelta(minutes=1)).left
    assert not any(one.granted for one in consents.states(brand_id=brand.id, member_id=member))
    # agreed to anew and left by the link, it is the link's to undo, until she says no elsewhere again
    say(True, NOW + timedelta(minutes=2), "portal")
    assert api.leave(code=out, language="zh", now=NOW + timedelta(minutes=3)).can_come_back
    assert not api.come_back(code=out, language="zh", now=NOW + timedelta(minutes=4)).left
    say(False, NOW + timedelta(minutes=5), "portal")
    assert api.come_back(code=out, language="zh", now=NOW + timedelta(minutes=6)).left


def test_values_in_both_languages_are_said_in_the_reader_s(brand):
    from regulars.messaging.contents.prepare import said_in

    given = {"coupon": {"name": {"zh": "券", "en": "Coupon"}, "left": 2}, "days": [Text("一", "one")]}
    assert said_in(given, "en") == {"coupon": {"name": "Coupon", "left": 2}, "days": ["one"]}
    assert said_in(given, "zh")["coupon"]["name"] == "券"
