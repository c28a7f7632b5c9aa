"""What a brand calls its product categories: named, listed, met in orders, taken away; and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.coupons.given import MARCH, open_brand

from regulars.facts.categories import api as categories
from regulars.facts.categories.types import Category, CategoryName, Counts, Met
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit.models import AuditRow
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

pytestmark = pytest.mark.django_db
MILK, BEER = Text("牛奶", "Milk"), Text("啤酒", "Beer")


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def name(scope: Scope, *given: tuple[str, Text | None]) -> list[Category]:
    return categories.name_categories(
        scope=scope, categories=[CategoryName(code, text) for code, text in given], now=MARCH
    )


def listed(scope: Scope, **asked: Any) -> list[str]:
    return [one.code for one in categories.list_categories(scope=scope, **asked).items]


def wrong(scope: Scope, *given: tuple[str, Text | None]) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as caught:
        name(scope, *given)
    return [(error.field, error.code) for error in caught.value.errors]


def test_codes_are_named_renamed_and_taken_away(scope: Scope) -> None:
    name(scope, ("040102", MILK), ("040103", Text("", "Beer")))
    assert dict(categories.names(brand_id=scope.brand_id)) == {
        "040102": MILK,
        "040103": Text("Beer", "Beer"),  # the language that was left empty borrows the other
    }
    assert categories.name_of(brand_id=scope.brand_id, code="040102") == MILK
    assert categories.name_of(brand_id=scope.brand_id, code="999") == Text("999", "999")
    words = categories.words_of(brand_id=scope.brand_id)
    assert words.get("999") is None
    name(scope, ("040102", Text(" 鲜奶 ", "Fresh milk")), ("040103", None))
    assert (words.get("040102"), words.get("040103")) == (Text("鲜奶", "Fresh milk"), None)
    assert listed(scope) == ["040102"]


def test_what_changed_is_audited(scope: Scope) -> None:
    name(scope, ("a", MILK), ("b", BEER))
    name(scope, ("a", MILK), ("b", BEER))  # nothing changes, nothing is written
    name(scope, ("a", MILK), ("b", None))
    first, second = AuditRow.objects.filter(action="category.named").order_by("id")
    assert first.after == {
        "names": [
            {"category": "a", "zh": "牛奶", "en": "Milk"},
            {"category": "b", "zh": "啤酒", "en": "Beer"},
        ]
    }
    assert second.before == {"names": [{"category": "b", "zh": "啤酒", "en": "Beer"}]}
    assert (second.after, second.subject_id) == ({"names": [{"category": "b"}]}, "b")


def test_a_list_is_searched_and_paged_those_sold_most_first(scope: Scope) -> None:
    day = date(2026, 2, 1)
    met = [Met("dry/goods", 7, day), Met("milk", 90, day), Met("beer", 7, day), Met("100%", 2, day)]
    assert categories.note_met(brand_id=scope.brand_id, met=met) == 4
    name(scope, ("milk", MILK), ("unsold", BEER))
    assert listed(scope) == ["milk", "beer", "dry/goods", "100%", "unsold"]
    page = categories.list_categories(scope=scope, limit=2)
    assert [one.code for one in page.items] == ["milk", "beer"]
    page = categories.list_categories(scope=scope, limit=2, cursor=page.next_cursor)
    assert [one.code for one in page.items] == ["dry/goods", "100%"]
    assert listed(scope, cursor=page.next_cursor) == ["unsold"]
    assert listed(scope, named=False) == ["beer", "dry/goods", "100%"]
    assert listed(scope, named=True) == ["milk", "unsold"]
    assert (listed(scope, search="MILK"), listed(scope, search="牛")) == (["milk"], ["milk"])
    assert (listed(scope, search="%"), listed(scope, search=" beer ")) == (["100%"], ["beer", "unsold"])
    assert categories.count_categories(scope=scope) == Counts(named=2, unnamed=3)


def test_what_orders_have_is_as_of_the_last_night(scope: Scope) -> None:
    early, late = date(2026, 2, 1), date(2026, 3, 1)
    categories.note_met(brand_id=scope.brand_id, met=[Met("a", 1, early), Met("b", 5, early)])
    name(scope, ("b", MILK))
    categories.note_met(brand_id=scope.brand_id, met=[Met("c", 2, late)])
    found = categories.list_categories(scope=scope).items
    assert found == [Category("c", None, 2, late), Category("b", MILK, 0, None)]
    name(scope, ("b", None))
    assert listed(scope) == ["c"]
    name(scope, ("c", BEER), ("c2", BEER))
    assert name(scope, ("c", None))[0] == Category("c", None, 2, late)
    assert listed(scope, named=False) == ["c"]


def test_what_is_wrong_is_named_and_nothing_changes(scope: Scope) -> None:
    name(scope, ("a", MILK))
    long = "长" * 61
    assert wrong(
        scope, ("", BEER), ("  ", BEER), ("a" * 201, BEER), ("x", BEER), ("x", MILK), ("y", Text(" ", "")),
        ("z", Text(long, long)), ("n\x00", Text("\x00", "n")),
    ) == [
        ("categories[0].code", "required"),
        ("categories[1].code", "required"),
        ("categories[2].code", "bad_text"),
        ("categories[4].code", "duplicate"),
        ("categories[5].name", "required"),
        ("categories[6].name.zh", "bad_text"),
        ("categories[6].name.en", "bad_text"),
        ("categories[7].code", "bad_text"),
        ("categories[7].name.zh", "bad_text"),
    ]  # fmt: skip
    assert wrong(scope) == [("categories", "bad_size")]
    assert wrong(scope, *((str(n), MILK) for n in range(1001))) == [("categories", "bad_size")]
    assert listed(scope) == ["a"]


def test_a_brand_has_a_bounded_number_of_names(scope: Scope) -> None:
    for start in range(0, 5000, 1000):
        name(scope, *((f"{n:04}", MILK) for n in range(start, start + 1000)))
    assert wrong(scope, ("one more", MILK)) == [("categories", "too_many")]
    name(scope, ("0000", None), ("one more", MILK))
    assert len(categories.names(brand_id=scope.brand_id)) == 5000


def test_brands_know_nothing_of_each_other(scope: Scope) -> None:
    organisation = scope.organisation_id
    brand = organisations.create_brand(
        organisation_id=organisation, slug="other", name=BEER, now=MARCH, timezone="Asia/Shanghai"
    )
    other = replace(scope, brand_id=brand.id)
    name(scope, ("a", MILK))
    assert (listed(other), dict(categories.names(brand_id=other.brand_id))) == ([], {})


def test_only_who_may_change_settings_names(scope: Scope) -> None:
    reader = replace(scope, permissions=frozenset({"members.read"}))
    with pytest.raises(Refusal, match="forbidden"):
        name(reader, ("a", MILK))
