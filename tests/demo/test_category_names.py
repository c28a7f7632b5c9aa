"""Every category of the shopping history has a name that people read, in both languages."""

from __future__ import annotations

import re

import pyarrow.parquet as pq
import pytest
from tests.coupons.given import MARCH, open_brand

from regulars.facts.categories import api as categories
from regulars.facts.categories.types import CategoryName
from regulars.flows.demo import categories as demo
from regulars.flows.demo.category_names import CATEGORIES
from regulars.flows.demo.history import data_directory
from regulars.kit.text import Text


def test_every_category_of_the_data_is_named_in_both_languages() -> None:
    file = data_directory() / "products.parquet"
    codes = set(pq.read_table(file, columns=["product_category"])["product_category"].to_pylist()) - {
        None,
        "",
    }
    assert len(codes) > 300
    assert codes - CATEGORIES.keys() == set()
    for name in CATEGORIES.values():
        assert re.search("[\u4e00-\u9fff]", name.zh)
        assert re.match("[A-Z][a-z]", name.en) and not re.search("[A-Z]{2}|/|&|FRZN", name.en)


@pytest.mark.django_db
def test_what_an_operator_named_stays() -> None:
    scope = open_brand()
    mine = [CategoryName("SOFT DRINKS", Text("汽水", "Fizz"))]
    categories.name_categories(scope=scope, categories=mine, now=MARCH)
    demo.fill(scope, MARCH)
    demo.fill(scope, MARCH)
    names = categories.names(brand_id=scope.brand_id)
    assert names["SOFT DRINKS"] == Text("汽水", "Fizz")
    assert names["REFRGRATD JUICES/DRNKS"] == Text("冷藏果汁饮料", "Refrigerated juices and drinks")
    assert len(names) == len(CATEGORIES)
