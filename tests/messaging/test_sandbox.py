"""Liquid in its sandbox: what texts may do, what they may not, and what is said of it. Without a database."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.messaging.contents.ready_made import READY_MADE
from regulars.messaging.policy import checking, clicking, sandbox, segments, variables
from regulars.messaging.wording import Content, RenderFailed


def fill(source: str, is_html: bool = False, **values: object) -> str:
    return sandbox.fill(source, values, place="body", is_html=is_html)


class Secret:
    password = "hunter2"

    def __str__(self) -> str:
        return "plain"


@pytest.mark.parametrize(
    "source",
    [
        "{{ x.password }}", "{{ x.__class__ }}", "{{ x.__init__.__globals__ }}", "{{ x['password'] }}", "{{ s.upper }}",
        "{{ s.__class__.__mro__ }}", "{% include 'settings' %}", "{% render 'settings' %}", "{{ 'a' | safe }}",
        "{% tablerow i in l %}{% endtablerow %}", "{% increment n %}", "{{ d }}", "{{ l2 | join }}",
        "{% liquid assign a = 1 %}", "{{ 'a' | base64_decode }}", "{{ l | map: 'password' }}",
    ],
)  # fmt: skip
def test_nothing_beyond_the_values_is_reached(source):
    with pytest.raises(RenderFailed):
        fill(source, x=Secret(), s="text", l=[1, 2], d={"phone": "13800138000"}, l2=[{"a": 1}])


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..999999999) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in l %}{% for j in l %}{% for k in l %}{% endfor %}{% endfor %}{% endfor %}",
        "{% assign s = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..99) %}{% assign s = s | append: s %}{% endfor %}",
        "{% capture s %}aaaa{% endcapture %}"
        "{% for i in (1..99) %}{% capture s %}{{ s }}{{ s }}{% endcapture %}{% endfor %}",
        "{% assign n = 99 %}{% for i in (1..99) %}{% assign n = n | times: n %}{% endfor %}",
        "{{ 'a' | replace: 'a', big | replace: 'a', big | replace: 'a', big }}",
        "{{ (1..99999999999) | join }}",
        "{% if a %}" * 60 + "{% endif %}" * 60,
    ],
)
def test_no_text_keeps_the_sender_busy(source):
    begun = time.thread_time()
    with pytest.raises(RenderFailed):
        fill(source, l=list(range(50)), big="a" * 15_000)
    assert time.thread_time() - begun < 10  # of the processor, whatever else runs


def test_values_are_never_read_as_liquid_and_never_become_html():
    evil = "{{ member.phone }}{% for i in (1..9) %}x{% endfor %}<img src=x onerror=alert(1)>\"'"
    assert fill("{{ name }}", name=evil) == evil
    shown = fill('<a title="{{ name }}">{{ name | upcase | append: "!" }}</a>', True, name=evil)
    assert "<img" not in shown.lower() and "\"'" not in shown and "{{ member.phone }}" in shown


@given(st.text(max_size=200))
def test_any_value_stays_a_value(value):
    assert fill("{{ v }}", v=value) == value.replace("\r\n", "\n").replace("\r", "\n")
    html = fill("<p>{{ v }}</p>", True, v=value)
    assert "<" not in html[3:-4] and ">" not in html[3:-4]


@given(st.text(max_size=120))
def test_any_text_is_filled_or_refused(source):
    try:
        fill(source, a="1", b=[1, 2])
    except RenderFailed as failed:
        assert failed.place.startswith("body:")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_json_can_be_a_value(value):
    """Numbers with which no text may reckon are shown as they are."""
    assert sandbox.data_of({"v": value}) is not None
    assert fill("{{ v }}", v=-5.5e16) == "-5.5e+16"
    assert fill("{{ v }}", v=float("nan")) == "nan"


def test_what_lacks_is_named_with_its_line():
    with pytest.raises(RenderFailed) as failed:
        fill("您好\n\n{{ member.name }}", member={"name": None})
    assert (failed.value.code, failed.value.place) == ("missing_variable", "body:3")
    assert fill("{{ member.name | default: '会员' }}", member={}) == "会员"
    assert fill("{% if coupon.name %}{{ coupon.name }}{% else %}无{% endif %}") == "无"


def test_days_money_and_sums():
    assert fill("{{ d | date: '%-m月%-d日' }}", d=date(2026, 3, 1)) == "3月1日"
    assert fill("{{ d | date: '%-d %B %Y' }}", d=date(2026, 3, 1)) == "1 March 2026"
    assert fill("{{ 128050 | money }}") == "1,280.50"
    assert fill("{{ 100 | times: 0.8 | round }}") == "80"
    assert fill("{{ l | join: '、' }}", l=["a", "b"]) == "a、b"


@pytest.mark.parametrize(
    ("text", "encoding", "length", "parts"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),  # 2 × 153
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),  # two septets each
        ("字" * 70, "ucs2", 70, 1),
        ("字" * 71, "ucs2", 71, 2),
        ("字" * 134, "ucs2", 134, 2),  # 2 × 67
        ("字" * 135, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),  # two units each
    ],
)
def test_what_a_text_message_costs(text, encoding, length, parts):
    found = segments.segments_of(text)
    assert (found.encoding, found.length, found.parts) == (encoding, length, parts)


def problems(channel: str, purpose: str = "service", **fields: object) -> dict[tuple[str, str], int]:
    content = Content(**fields)  # type: ignore[arg-type]
    found = checking.problems_of(
        {channel: {"zh": content, "en": content}}, purpose=purpose, links={}, samples={"mine": 1}
    )
    return {(one.field, one.code): one.line for one in found if ".zh" in one.field}


def test_problems_name_field_and_line():
    assert problems("sms", body="{{ mine }}{{ member.name }}") == {}
    assert problems("sms", body="a\nb\n{{ nobody }}") == {("contents.sms.zh.body", "unknown_variable"): 3}
    assert problems("sms", body="{{ links.sale }}") == {("contents.sms.zh.body", "unknown_variable"): 1}
    assert problems("sms") == {("contents.sms.zh.body", "required"): 1}
    assert problems("sms", body="a", subject="b") == {("contents.sms.zh.subject", "not_here"): 1}
    assert problems("sms", body="a", sign="x\ny") == {("contents.sms.zh.sign", "bad_value"): 1}
    for html in (
        "a\n<script>x</script>",
        "a\n<img onerror = x>",
        "a\n<a href='javascript:x'>",
        "a\n<iframe src=x>",
    ):
        assert problems("email", subject="s", html=html) == {("contents.email.zh.html", "active_html"): 2}
    assert ("contents.email.zh.body", "no_way_out") in problems("email", "marketing", subject="s", body="买")
    assert problems("email", "marketing", subject="s", body="买 {{ unsubscribe_link }}") == {}


def test_every_ready_made_template_is_sound_even_where_nothing_is_known():
    least = {
        "brand": {"name": "晨光"},
        "member": {"code": "M", "years": 2, "orders": 3},
        "link": "L",
        "unsubscribe_link": "U",
        "code": "135790",  # who asks for a code has it
        "minutes": 5,
    }
    assert len({one.code for one in READY_MADE}) == 18
    for one in READY_MADE:
        assert checking.problems_of(one.contents(), purpose=one.purpose, links={}, samples=one.samples) == []
        for channel, by_language in one.contents().items():
            for content in by_language.values():
                for field in checking.LIQUID_FIELDS:
                    said = sandbox.fill(getattr(content, field), least, place=field, is_html=field == "html")
                    assert "{{" not in said and "{%" not in said, (one.code, channel)


@pytest.mark.parametrize(
    "url",
    [
        "", "javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "\\\\evil",
        "http://evil.example",
        "https://shop.example.com@evil.example/", "https://evil.example/shop.example.com",
        "https://shop.example.com.evil.example",
        "ftp://shop.example.com/", "https://shop.example.com:x/", "https://shop.example.com/\r\nSet-Cookie: a", "https:///x",
        "/a b",
    ],
)  # fmt: skip
def test_places_that_links_do_not_lead_to(url):
    assert not checking.allowed_target(url, hosts=frozenset({"shop.example.com"}))


def test_places_that_links_lead_to():
    for url in ("/h/morning/", "https://shop.example.com/a?b=c#d", "http://SHOP.example.com:8080/"):
        assert checking.allowed_target(url, hosts=frozenset({"shop.example.com"}))


def test_who_is_a_machine():
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) MicroMessenger/8.0"
    assert not clicking.is_bot({"user-agent": phone}, "GET")
    for headers, method in (({"user-agent": phone}, "HEAD"), ({}, "GET"), ({"user-agent": "curl/8"}, "GET")):
        assert clicking.is_bot(headers, method)


def test_samples_fill_every_name_of_the_catalogue():
    for one in variables.CATALOGUE:
        if isinstance(one.sample, list):
            continue
        assert sandbox.fill(f"{{{{ {one.name} }}}}", variables.samples({}, {}), place="x") == str(one.sample)


def filled(source: str, values: dict[str, object], is_html: bool, *, liquid: bool) -> tuple[str, ...]:
    """What a text comes to, or what is said to be wrong with it, by the quick way or by Liquid alone."""
    planned = sandbox._planned
    if liquid:
        sandbox._planned = lambda source, is_html: None
    try:
        return ("said", sandbox.fill(source, values, place="body", is_html=is_html))
    except RenderFailed as failed:
        return (failed.code, failed.place, failed.message.zh, failed.message.en)
    finally:
        sandbox._planned = planned


PATHS = st.sampled_from(
    [
        "a",
        "b",
        "m.a",
        "m.b",
        "m.m.a",
        "lacks",
        "m.lacks",
        "lacks.a",
        "a.b",
        "l",
        "m",
        "m.size",
        "l[0]",
        "now",
        "today",
    ]
)
WORDS = st.sampled_from(["", " ", "你好", "<b>&'\"", "\n", "\r\n", "\r", "100%", "{", "末尾 "])
FILTERS = st.sampled_from(
    [
        "default: 'x'", "default: '<i>'", "default: m.a", "default: lacks", "default: 0", "upcase", "append: '!'",
        "append: m.a", "prepend: '<'", "truncate: 3", "truncate: 3, '…'", "replace: 'a', 'bb'", "date: '%-m月%-d日'",
        "date", "money", "money: 0", "plus: 1", "divided_by: 0", "size", "escape", "join", "strip", "url_encode",
        "times: 2", "round: 1", "newline_to_br",
    ]
)  # fmt: skip
OUTPUT = st.builds(
    lambda path, filters: "{{ " + " | ".join([path, *filters]) + " }}", PATHS, st.lists(FILTERS, max_size=3)
)
PIECE = st.one_of(WORDS, OUTPUT, st.just("{{ 'a<b' | upcase }}"), st.just("{{ 7 | default: 1 }}"))
BLOCK = st.builds(
    lambda path, then, other: (
        "{% if " + path + " %}" + then + ("" if other is None else "{% else %}" + other) + "{% endif %}"
    ),
    PATHS,
    st.one_of(PIECE, st.just("{%- if m.a -%} {{ a }} {% endif %}")),
    st.one_of(st.none(), PIECE),
)
SOURCE = st.lists(st.one_of(PIECE, BLOCK), min_size=1, max_size=6).map("".join)
VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.sampled_from([0, 0.5, 1e300, date(2026, 3, 1)]),
    st.sampled_from(["", " ", "a", "2026-03-31", "1280", "<script>", "王小明", "a\nb", "a" * 60]),
    st.sampled_from(["a\r\nb\r", "\n"]), st.just(Secret()),
    st.lists(st.sampled_from(["a", 1, None]), max_size=2),
)  # fmt: skip
MAPPING = st.dictionaries(st.sampled_from(["a", "b", "size"]), VALUE, max_size=3)
VALUES = st.builds(
    lambda flat, m, inner, some: {**flat, "m": {**m, "m": inner}, "l": some},
    st.dictionaries(st.sampled_from(["a", "b", "today"]), VALUE, max_size=3),
    MAPPING,
    MAPPING,
    st.one_of(st.lists(VALUE, max_size=2), VALUE),
)


@settings(max_examples=600, deadline=None)
@given(SOURCE, VALUES, st.booleans())
def test_the_quick_way_says_what_liquid_says(source, values, is_html):
    if "now" in source or "today" in source:  # Liquid's own, of this very instant
        assert sandbox._planned(source, is_html) is None
        return
    assert filled(source, values, is_html, liquid=False) == filled(source, values, is_html, liquid=True)


def test_every_ready_made_text_is_filled_the_same_with_everything_and_with_nothing():
    everything = variables.samples({"coupon": {"name": "<礼券>", "ends_on": "2026-03-31"}}, {"main": "/"})
    quick = 0
    for one in READY_MADE:
        for by_language in one.contents().values():
            for content in by_language.values():
                for field in checking.LIQUID_FIELDS:
                    source, is_html = getattr(content, field), field == "html"
                    quick += "{{" in source and sandbox._planned(source, is_html) is not None
                    for values in ({**everything, **one.samples}, everything, {}, {"member": {"name": ""}}):
                        said = filled(source, values, is_html, liquid=False)
                        assert said == filled(source, values, is_html, liquid=True)
    assert quick > 100  # most are of the quick kind
