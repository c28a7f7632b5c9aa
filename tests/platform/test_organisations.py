"""Organisations through their door."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api
from regulars.platform.organisations.types import Brand, NewStore

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> Brand:
    organisation = api.create_organisation(name=Text("茶集团", "Tea Group"), now=NOW)
    return api.create_brand(
        organisation_id=organisation.id,
        slug="tea",
        name=Text("好茶", "Good Tea"),
        now=NOW,
        theme={"primary": "#0a7"},
    )


def test_a_brand_is_found_by_slug_and_by_id(brand: Brand) -> None:
    assert api.find_brand(slug_or_id="tea") == brand
    assert api.find_brand(slug_or_id=str(brand.id)) == brand
    assert api.find_brand(slug_or_id="coffee") is None


def test_a_slug_is_given_once(brand: Brand) -> None:
    with pytest.raises(Refusal) as refusal:
        api.create_brand(organisation_id=brand.organisation_id, slug="tea", name=Text("另", "Other"), now=NOW)
    assert (refusal.value.code, refusal.value.status) == ("slug_taken", 409)


def test_every_fault_of_a_brand_is_named_at_once(brand: Brand) -> None:
    with pytest.raises(Refusal) as refusal:
        api.create_brand(
            organisation_id=brand.organisation_id,
            slug="Bad Slug",
            name=Text("", "x"),
            currency="yuan",
            timezone="Mars/Base",
            theme={"primary": "red;} body{display:none"},
            now=NOW,
        )
    assert {e.field for e in refusal.value.errors} == {
        "slug",
        "name.zh",
        "currency",
        "timezone",
        "theme.primary",
    }


def test_an_update_shows_at_once_and_is_audited_with_what_changed(brand: Brand) -> None:
    api.get_brand(brand_id=brand.id)
    api.update_brand(brand_id=brand.id, changes={"name": Text("好茶", "Fine Tea")}, now=NOW)
    assert api.get_brand(brand_id=brand.id).name.en == "Fine Tea"
    entry = audit.list_entries(organisation_id=brand.organisation_id, action="brand.update").items[0]
    assert (entry.before, entry.after) == ({"name_en": "Good Tea"}, {"name_en": "Fine Tea"})


def test_currency_stays(brand: Brand) -> None:
    with pytest.raises(Refusal):
        api.update_brand(brand_id=brand.id, changes={"currency": "USD"}, now=NOW)
    assert api.get_brand(brand_id=brand.id).currency == "CNY"


def test_stores_are_put_by_code_with_their_region(brand: Brand) -> None:
    region = api.create_region(brand_id=brand.id, code="east", name=Text("华东", "East"), now=NOW)
    stores = api.put_stores(
        brand_id=brand.id,
        stores=[
            NewStore("S1", Text("一店", "One"), region="east", tags=("mall",)),
            NewStore("S2", Text("二店", "Two")),
        ],
        now=NOW,
    )
    assert stores["S1"].region_id == region.id and stores["S1"].tags == ("mall",)
    again = api.put_stores(
        brand_id=brand.id, stores=[NewStore("S1", Text("一店", "One"), region="east", is_open=False)], now=NOW
    )
    assert again["S1"].id == stores["S1"].id and not again["S1"].is_open
    assert [s.code for s in api.list_stores(brand_id=brand.id, region_ids=[region.id])] == ["S1"]


def test_another_brands_store_is_not_found(brand: Brand) -> None:
    other = api.create_brand(
        organisation_id=brand.organisation_id, slug="coffee", name=Text("咖啡", "Coffee"), now=NOW
    )
    store = api.put_stores(brand_id=brand.id, stores=[NewStore("S1", Text("一店", "One"))], now=NOW)["S1"]
    with pytest.raises(Refusal) as refusal:
        api.get_store(brand_id=other.id, store_id=store.id)
    assert refusal.value.status == 404


def test_a_store_made_by_another_process_is_not_refused(brand: Brand) -> None:
    """The other process is a write that does not touch this one's cache."""
    from regulars.kit.ids import new_id
    from regulars.platform.organisations import models

    assert "S9" not in api.stores_of(brand_id=brand.id)
    models.Store.objects.create(
        id=new_id(), brand_id=brand.id, code="S9", name_zh="九店", name_en="Nine", created_at=NOW
    )
    models.Brand.objects.filter(id=brand.id).update(stores_version=new_id())
    assert "S9" in api.stores_of(brand_id=brand.id, codes=["S9"])


def test_the_hot_path_asks_the_database_once_a_second(brand: Brand, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    api.put_stores(brand_id=brand.id, stores=[NewStore("S1", Text("一店", "One"))], now=NOW)
    api.stores_of(brand_id=brand.id, codes=["S1"])
    with django_assert_num_queries(0):
        for _ in range(100):
            api.stores_of(brand_id=brand.id, codes=["S1"])
