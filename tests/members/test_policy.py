"""Identifiers, profiles and custom fields, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.conditions.types import FieldType
from regulars.facts.members.policy import attributes, profile
from regulars.facts.members.policy.identities import BadIdentity, normalise
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField, identity_type_name
from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.text import Text

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "typed", "kept"),
    [
        ("phone", "138 0013 8000", "+8613800138000"),
        ("phone", "+86-138-0013-8000", "+8613800138000"),
        ("phone", "008613800138000", "+8613800138000"),
        ("phone", "１３８００１３８０００", "+8613800138000"),  # full-width digits
        ("phone", "010-62551234", "+861062551234"),
        ("phone", "+1 (415) 555-2671", "+14155552671"),
        ("phone", "+852 5123 4567", "+85251234567"),
        ("email", " Anna.Li@Example.COM ", "anna.li@example.com"),
        ("card", "vip 0001-2345", "VIP00012345"),
        ("wechat_openid", "oAbC-123_x", "oAbC-123_x"),
        ("external:tmall", " t_77 ", "t_77"),
        ("code", "k7mq2h9rtx", "K7MQ2H9RTX"),
    ],
)
def test_an_identity_has_one_form(type_: str, typed: str, kept: str) -> None:
    assert normalise(type_, typed) == kept


@pytest.mark.parametrize(
    ("type_", "typed", "code"),
    [
        ("phone", "1380013800", "bad_phone"),  # a digit short
        ("phone", "138001380000", "bad_phone"),
        ("phone", "hello", "bad_phone"),
        ("phone", "+86 138 0013 8000 ext 5", "bad_phone"),
        ("phone", "", "bad_phone"),
        ("email", "anna@localhost", "bad_email"),
        ("email", "a b@example.com", "bad_email"),
        ("email", "x" * 300 + "@example.com", "bad_email"),
        ("card", "12", "bad_card"),
        ("wechat_unionid", "号码", "bad_wechat_unionid"),
        ("external:tmall", "a\x00b", "bad_external"),
        ("external:Tmall Shop", "a", "unknown_identity_type"),
        ("external", "a", "unknown_identity_type"),
        ("fax", "1", "unknown_identity_type"),
    ],
)
def test_what_is_no_identity_is_refused_by_name(type_: str, typed: str, code: str) -> None:
    with pytest.raises(BadIdentity) as refused:
        normalise(type_, typed)
    assert refused.value.code == code
    assert refused.value.message.zh and refused.value.message.en


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_however_a_mobile_is_typed_it_is_the_same(number: str, gap: str) -> None:
    typed = f"{number[:3]}{gap}{number[3:7]}{gap}{number[7:]}"
    assert normalise("phone", typed) == normalise("phone", "+86" + typed) == "+86" + number


@given(
    st.sampled_from(["phone", "email", "card", "code", "wechat_openid", "external:x"]), st.text(max_size=40)
)
def test_normalising_twice_changes_nothing(type_: str, text: str) -> None:
    try:
        once = normalise(type_, text)
    except BadIdentity:
        return
    assert normalise(type_, once) == once


def test_external_identities_are_named_with_their_source() -> None:
    assert identity_type_name("external:tmall") == Text("外部账号（tmall）", "external account (tmall)")


# --- profile ---


def test_a_birthday_lies_between_1900_and_today() -> None:
    errors = ErrorList()
    today = date(2026, 5, 1)
    assert profile.clean_birthday("1990-02-28", field="b", today=today, errors=errors) == date(1990, 2, 28)
    assert not errors
    for bad, code in [
        ("2026-05-02", "in_future"),
        ("1899-12-31", "too_early"),
        ("1990-02-30", "bad_date"),
        ("28/02/1990", "bad_date"),
        (19900228, "bad_date"),
    ]:
        errors = ErrorList()
        assert profile.clean_birthday(bad, field="b", today=today, errors=errors) is None
        assert [e.code for e in errors.errors] == [code]


def test_a_member_changes_her_birthday_once_a_year_and_staff_whenever() -> None:
    set_at = NOW - timedelta(days=364)
    refusal = profile.refuse_birthday_change(
        "1990-01-01", "1990-06-01", set_at=set_at, by_member=True, now=NOW
    )
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.status) == ("birthday_locked", 409)
    assert "2026-05-02" in refusal.message.zh  # 365 days after 2025-05-02
    for kwargs in (
        {"by_member": False, "set_at": set_at},
        {"by_member": True, "set_at": NOW - timedelta(days=365)},
        {"by_member": True, "set_at": None},
    ):
        assert profile.refuse_birthday_change("1990-01-01", "1990-06-01", now=NOW, **kwargs) is None
    assert profile.refuse_birthday_change("", "1990-06-01", set_at=None, by_member=True, now=NOW) is None
    assert (
        profile.refuse_birthday_change("1990-01-01", "1990-01-01", set_at=set_at, by_member=True, now=NOW)
        is None
    )


def test_completion_counts_the_three_basics_and_the_portal_fields() -> None:
    fields = [_field("hobby", "set"), _field("city", "text"), _field("inner", "text", in_portal=False)]
    basics = {"name": "张三", "gender": "", "birthday": "1990-01-01", "address": ""}
    # name, birthday, city of name, gender, birthday, hobby, city: 3/5
    assert profile.completion_percent(basics, {"city": "上海", "hobby": []}, fields) == 60
    assert profile.completion_percent({}, {}, []) == 0
    # 1 of 3 is 33.3…: rounded down
    assert profile.completion_percent({"name": "x"}, {}, []) == 33


# --- custom fields ---


def _field(key: str, type_: str, **more: object) -> ProfileField:
    return ProfileField(key=key, type=type_, label=Text("字段", "Field"), **more)  # type: ignore[arg-type]


CHOICES = (FieldChoice("dry", Text("干性", "Dry")), FieldChoice("oily", Text("油性", "Oily")))


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        (_field("n", "int", rules=FieldRules(min="0", max="10")), 10, 10),
        (_field("n", "int"), "7", 7),
        (_field("n", "int"), 7.0, 7),
        (_field("w", "decimal", rules=FieldRules(min="0.5")), "62.50", "62.50"),
        (_field("w", "decimal"), 1e3, "1000.0"),
        (_field("t", "text", rules=FieldRules(pattern=r"[A-Z]{2}\d+")), " AB12 ", "AB12"),
        (_field("e", "enum", choices=CHOICES), "dry", "dry"),
        (_field("b", "bool"), False, False),
        (_field("d", "date", rules=FieldRules(min="2020-01-01")), "2024-02-29", "2024-02-29"),
        (_field("s", "set", choices=CHOICES), ["oily", "dry", "oily"], ["dry", "oily"]),
        (_field("s", "set"), ["瑜伽", " 跑步 ", ""], ["瑜伽", "跑步"]),
        (_field("t", "text"), "", None),
        (_field("t", "text"), None, None),
    ],
)
def test_values_are_stored_in_one_form(field: ProfileField, value: object, stored: object) -> None:
    attributes.check_definition(field)
    errors = ErrorList()
    cleaned = attributes.clean_values([field], {field.key: value}, errors=errors)
    assert not errors
    got = cleaned[field.key]
    assert sorted(got) == sorted(stored) if isinstance(stored, list) else got == stored  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (_field("n", "int", rules=FieldRules(max="10")), 11, "too_large"),
        (_field("n", "int", rules=FieldRules(min="0")), -1, "too_small"),
        (_field("n", "int"), 1.5, "not_int"),
        (_field("n", "int"), True, "not_int"),
        (_field("n", "int"), "NaN", "not_int"),
        (_field("n", "int"), 10**15, "not_int"),
        (_field("w", "decimal"), "1.2345678", "not_decimal"),
        (_field("w", "decimal"), float("inf"), "not_decimal"),
        (_field("t", "text", rules=FieldRules(max_length=3)), "abcd", "too_long"),
        (_field("t", "text", rules=FieldRules(pattern="[A-Z]+")), "abc", "bad_format"),
        (_field("t", "text"), "a\x00b", "unprintable"),
        (_field("t", "text"), "\ud800", "unprintable"),
        (_field("t", "text"), 5, "not_text"),
        (_field("e", "enum", choices=CHOICES), "wet", "bad_choice"),
        (_field("e", "enum", choices=CHOICES), ["dry"], "bad_choice"),
        (_field("b", "bool"), "yes", "not_bool"),
        (_field("d", "date"), "2023-02-29", "not_date"),
        (_field("d", "date", rules=FieldRules(min="2020-01-01")), "2019-12-31", "too_small"),
        (_field("s", "set", choices=CHOICES), ["wet"], "bad_choice"),
        (_field("s", "set"), "dry", "not_set"),
        (_field("s", "set"), [1], "not_set"),
        (_field("gone", "text", archived=True), "x", "unknown_field"),
    ],
)
def test_a_bad_value_is_refused_with_the_fields_name(field: ProfileField, value: object, code: str) -> None:
    errors = ErrorList()
    attributes.clean_values([field], {field.key: value}, errors=errors)
    assert [(e.field, e.code) for e in errors.errors] == [(f"attributes.{field.key}", code)]
    assert errors.errors[0].message.zh and errors.errors[0].message.en


def test_required_fields_are_asked_of_the_one_who_fills_the_form() -> None:
    required = FieldRules(required_in_portal=True)
    fields = [_field("a", "text", rules=required), _field("b", "text", rules=required, in_portal=False)]
    errors = ErrorList()
    attributes.check_required(fields, {}, errors=errors)
    assert [(e.field, e.code) for e in errors.errors] == [("attributes.a", "required")]


@pytest.mark.parametrize(
    ("field", "at"),
    [
        (_field("Bad Key", "text"), "key"),
        (_field("a", "colour"), "type"),
        (_field("a", "enum"), "choices"),
        (_field("a", "text", choices=CHOICES), "choices"),
        (_field("a", "enum", choices=(CHOICES[0], CHOICES[0])), "choices[1].value"),
        (_field("a", "int", rules=FieldRules(pattern="x")), "rules.pattern"),
        (_field("a", "int", rules=FieldRules(min="5", max="4")), "rules.max"),
        (_field("a", "date", rules=FieldRules(min="soon")), "rules.min"),
        (_field("a", "text", rules=FieldRules(max_length=0)), "rules.max_length"),
        (_field("a", "text", rules=FieldRules(pattern="(")), "rules.pattern"),
        (_field("a", "text", rules=FieldRules(pattern="(a+)+b")), "rules.pattern"),  # exponential
        (_field("a", "text", rules=FieldRules(pattern=r"(a)\1")), "rules.pattern"),
        (_field("a", "text", rules=FieldRules(pattern="a*a*a*a*b")), "rules.pattern"),
    ],
)
def test_a_field_that_cannot_work_is_refused(field: ProfileField, at: str) -> None:
    with pytest.raises(Refusal) as refused:
        attributes.check_definition(field)
    assert at in {e.field for e in refused.value.errors}


def test_custom_fields_enter_the_condition_language() -> None:
    fields = [_field("weight", "decimal"), _field("skin", "enum", choices=CHOICES), _field("since", "date")]
    known = attributes.condition_fields([*fields, _field("old", "text", archived=True)])
    assert [(f.key, f.type) for f in known] == [
        ("membership.attributes.weight", FieldType.DECIMAL),
        ("membership.attributes.skin", FieldType.ENUM),
        ("membership.attributes.since", FieldType.DATE),
    ]
    assert attributes.attribute_facts(fields, {"weight": "62.5", "since": "2024-01-02", "x": 1}) == {
        "membership.attributes.weight": Decimal("62.5"),
        "membership.attributes.since": date(2024, 1, 2),
    }
