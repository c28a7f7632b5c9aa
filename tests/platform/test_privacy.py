"""Field encryption, the blind index, search grams and masks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.privacy import policy
from regulars.platform.privacy.keyring import CannotDecrypt, Keyring

OLD, NEW, INDEX = os.urandom(32), os.urandom(32), os.urandom(32)
OWNER = new_id()
PLACE = {"table": "personal", "field": "phone", "owner": OWNER}


def ring(*, current: int = 1, **masters: bytes) -> Keyring:
    return Keyring({int(k[1:]): v for k, v in masters.items()}, current=current, index_key=INDEX)


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    keys = ring(k1=OLD)
    assert keys.decrypt(keys.encrypt(text, **PLACE), **PLACE) == text


def test_the_same_text_never_looks_the_same() -> None:
    keys = ring(k1=OLD)
    assert len({keys.encrypt("13812340000", **PLACE) for _ in range(100)}) == 100


def test_any_changed_bit_is_noticed() -> None:
    keys = ring(k1=OLD)
    sealed = keys.encrypt("13812340000", **PLACE)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(CannotDecrypt):
            keys.decrypt(bytes(broken), **PLACE)
    for length in range(len(sealed)):
        with pytest.raises(CannotDecrypt):
            keys.decrypt(sealed[:length], **PLACE)


@pytest.mark.parametrize("moved", [{"table": "other"}, {"field": "email"}, {"owner": new_id()}])
def test_a_value_moved_elsewhere_does_not_open(moved: dict[str, object]) -> None:
    keys = ring(k1=OLD)
    sealed = keys.encrypt("13812340000", **PLACE)
    with pytest.raises(CannotDecrypt):
        keys.decrypt(sealed, **(PLACE | moved))  # type: ignore[arg-type]


def test_table_and_field_cannot_run_into_each_other() -> None:
    keys = ring(k1=OLD)
    sealed = keys.encrypt("x", table="ab", field="c", owner=OWNER)
    with pytest.raises(CannotDecrypt):
        keys.decrypt(sealed, table="a", field="bc", owner=OWNER)


def test_rotation_reads_old_writes_new_and_keeps_the_index() -> None:
    before, both, after = ring(k1=OLD), ring(k1=OLD, k2=NEW, current=2), ring(k2=NEW, current=2)
    old = before.encrypt("13812340000", **PLACE)
    assert both.decrypt(old, **PLACE) == "13812340000" and both.number_of(old) == 1
    new = both.encrypt("13812340000", **PLACE)
    assert both.number_of(new) == 2 and after.decrypt(new, **PLACE) == "13812340000"
    with pytest.raises(CannotDecrypt):
        after.decrypt(old, **PLACE)
    assert before.hash("x", purpose="p") == both.hash("x", purpose="p") == after.hash("x", purpose="p")


def test_hashes_depend_on_key_and_purpose() -> None:
    keys, other = ring(k1=OLD), Keyring({1: OLD}, current=1, index_key=NEW)
    hashes = {keys.hash("x", purpose="a"), keys.hash("x", purpose="b"), other.hash("x", purpose="a")}
    assert len(hashes) == 3


@pytest.mark.parametrize("bad", [{1: b"short"}, {70_000: OLD}, {2: OLD}])
def test_a_ring_without_good_keys_is_refused(bad: dict[int, bytes]) -> None:
    with pytest.raises(ValueError):
        Keyring(bad, current=1, index_key=INDEX)


@pytest.mark.parametrize(
    "typed",
    [
        "13812340000",
        " 138 1234 0000 ",
        "+86 138-1234-0000",
        "８６13812340000",
        "(+86)13812340000",
        "+8613812340000",
    ],
)
def test_one_chinese_number_has_one_form(typed: str) -> None:
    assert policy.normalise("phone", typed) == "+8613812340000"


@pytest.mark.parametrize(
    ("typed", "form"), [("+1 (650) 253-0000", "+16502530000"), ("021 6888 0000", "+862168880000")]
)
def test_other_numbers_too(typed: str, form: str) -> None:
    assert policy.normalise("phone", typed) == form


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("phone", "12345"), ("phone", "hello"), ("phone", ""), ("phone", "1" * 40), ("email", "a@b"),
        ("email", "a b@c.de"), ("email", "@c.de"), ("email", "a@@c.de"),
        ("card", "  "), ("card", "x" * 201), ("card", "a\x00b"),
    ],
)  # fmt: skip
def test_what_is_no_identifier_is_refused_by_field(kind: str, typed: str) -> None:
    with pytest.raises(Refusal) as refusal:
        policy.normalise(kind, typed)
    assert refusal.value.errors[0].field == kind


def test_mail_is_lower_case_and_cards_keep_theirs() -> None:
    assert policy.normalise("email", " Anna@Example.COM ") == "anna@example.com"
    assert policy.normalise("card", " AbC１ ") == "AbC1"


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [
        ("张小明", "张", True),
        ("张小明", "张小", True),
        ("张小明", "小明", True),
        ("张小明", "张 小明", True),
        ("张小明", "明", False),  # a single character finds surnames only
        ("张小明", "张明", False),
        ("欧阳修", "欧阳", True),
        ("阿依古丽·买买提", "买买提", True),
        ("Anna Smith", "ann", True),
        ("Anna Smith", "smith anna", True),
        ("Anna Smith", "nna", False),
        ("ANNA  Ｓmith", "Sm", True),
        ("Bartholomew-Featherstonehaugh", "featherstonehaugh", True),
        ("O'Brien", "o'br", True),
        ("王Anna", "王 an", True),
    ],
)
def test_searching_names(name: str, query: str, found: bool) -> None:
    grams = policy.query_grams(query)
    assert bool(grams and grams <= policy.name_grams(name)) is found


@pytest.mark.parametrize("query", ["", " ", "a", "😀", "!!"])
def test_too_short_a_query_has_no_grams(query: str) -> None:
    assert not policy.query_grams(query)


@given(st.text(max_size=30))
def test_a_name_is_found_by_itself(name: str) -> None:
    assert policy.query_grams(name) <= policy.name_grams(name)


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("phone", "+8613812340000", "138****0000"),
        ("phone", "+16502530000", "+16****000"),
        ("phone", "110", "****"),
        ("name", "张三", "张*"),
        ("name", "欧阳修", "欧**"),
        ("name", "张", "*"),
        ("name", "Anna Smith", "A*** S***"),
        ("email", "anna@example.com", "a***@example.com"),
        ("birthday", "1990-05-06", "1990-**-**"),
        ("card", "6222021234567890", "****7890"),
        ("card", "1234", "****"),
        ("name", "", ""),
    ],
)
def test_masks(kind: str, value: str, masked: str) -> None:
    assert policy.mask(kind, value) == masked


def test_a_birthday_of_date_type() -> None:
    assert policy.mask_birthday(date(1990, 5, 6)) == "1990-**-**"


@pytest.fixture
def restore_keys() -> Iterator[None]:
    from regulars.platform.privacy import api

    yield
    api._keyring.cache_clear()


@pytest.mark.django_db
def test_a_wrong_key_is_noticed_before_it_is_used(settings, restore_keys) -> None:  # type: ignore[no-untyped-def]
    from regulars.platform.privacy import api

    api.check_keys()
    api.check_keys()
    right = settings.FIELD_KEYS[1]
    settings.FIELD_KEYS = {1: os.urandom(32)}
    with pytest.raises(Refusal) as refusal:
        api.check_keys()
    assert refusal.value.code == "wrong_field_key"
    settings.FIELD_KEYS = {1: right, 2: os.urandom(32)}
    api.check_keys()


def test_the_door(settings, restore_keys) -> None:  # type: ignore[no-untyped-def]
    from regulars.platform.privacy import api

    ours, theirs = new_id(), new_id()
    first = settings.FIELD_KEYS[1]
    sealed = api.encrypt(text="张三", table="personal", field="name", owner=OWNER)
    assert "张三".encode() not in sealed
    index = api.blind_index_of(kind="phone", value="138 1234 0000", organisation_id=ours)
    assert index == api.blind_index_of(kind="phone", value="+8613812340000", organisation_id=ours)
    assert index != api.blind_index_of(kind="phone", value="13812340000", organisation_id=theirs)
    tokens = set(api.search_tokens(name="张小明", organisation_id=ours))
    assert set(api.query_tokens(query="小明", organisation_id=ours)) <= tokens
    assert all(-(2**63) <= token < 2**63 for token in tokens)
    assert not tokens & set(api.search_tokens(name="张小明", organisation_id=theirs))
    assert not api.needs_rotation(sealed)
    settings.FIELD_KEYS = {1: first, 2: os.urandom(32)}
    assert api.needs_rotation(sealed)
    assert api.decrypt(sealed=memoryview(sealed), table="personal", field="name", owner=OWNER) == "张三"
    assert api.blind_index_of(kind="phone", value="13812340000", organisation_id=ours) == index
