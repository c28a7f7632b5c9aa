"""Category names over the public API: named in bulk, listed and searched; what is wrong is named by field."""

from __future__ import annotations

from tests.rest.shop import Shop

TEA = {"code": "0401/A", "name": {"zh": "茶", "en": "Tea"}}
MILK = {"code": "0402", "name": {"zh": "", "en": "Milk"}}


def test_categories_are_named_listed_and_taken_away(shop: Shop) -> None:
    call = shop.call
    put = call("PUT", "/categories", {"categories": [TEA, MILK]}).ok()
    assert put == {
        "items": [
            {"code": "0401/A", "name": {"zh": "茶", "en": "Tea"}, "lines": 0, "last_sold": None},
            {"code": "0402", "name": {"zh": "", "en": "Milk"}, "lines": 0, "last_sold": None},
        ]
    }
    assert call.get("/categories") == {**put, "next_cursor": None}
    first = call.get("/categories?limit=1")
    assert [one["code"] for one in first["items"]] == ["0401/A"]
    rest = call.get(f"/categories?limit=1&cursor={first['next_cursor']}")
    assert ([one["code"] for one in rest["items"]], rest["next_cursor"]) == (["0402"], None)
    assert [one["code"] for one in call.get("/categories?search=tea")["items"]] == ["0401/A"]
    call("PUT", "/categories", {"categories": [{"code": "0401/A", "name": None}]}).ok()
    assert [one["code"] for one in call.get("/categories?named=true")["items"]] == ["0402"]


def test_what_is_wrong_is_said_by_field_and_nothing_is_named(shop: Shop) -> None:
    given = {
        "categories": [TEA, {"code": "", "name": {"zh": "茶", "en": ""}}, {"code": "0403", "name": {}}, TEA]
    }
    problem = shop.call.refused("PUT", "/categories", given)
    assert problem["errors"] == [
        {"field": "categories[1].code", "code": "required", "message": "Give the category's code"},
        {
            "field": "categories[2].name",
            "code": "required",
            "message": "Give a name in Chinese, in English, or in both",
        },
        {
            "field": "categories[3].code",
            "code": "duplicate",
            "message": "The code is doubled: it is that of number 1 too",
        },
    ]
    assert shop.call.get("/categories")["items"] == []
    assert shop.call("GET", "/categories?cursor=nonsense").status == 422


def test_sentences_say_the_name_and_conditions_hold_the_code(shop: Shop) -> None:
    """The condition language's form offers and its sentences say what the brand calls the code."""
    shop.call("PUT", "/categories", {"categories": [TEA]}).ok()
    fields = {one["key"]: one for one in shop.call.get("/programme/fields")["fields"]}
    assert fields["line.category"]["codes"] == "category"
    assert fields["line.sku"]["codes"] == ""
    asked = {"definition": {"field": "fact.top_category", "op": "in", "value": ["0401/A", "0402"]}}
    assert shop.call.post("/segments/preview", asked)["sentence"] == "favourite category is Tea or “0402”"
    shop.call("PUT", "/categories", {"categories": [{**TEA, "name": {"zh": "茶叶", "en": "Leaf tea"}}]}).ok()
    assert (
        shop.call.post("/segments/preview", asked)["sentence"] == "favourite category is Leaf tea or “0402”"
    )
