"""Texts like one, on the page: with how alike they are, and whether by what they mean or by their letters."""

from __future__ import annotations

from datetime import timedelta

from tests.console.world import enrol_members
from tests.language.test_alike import Model

from regulars.insight.language import api as language
from regulars.insight.language.types import Said
from regulars.kit.ids import new_id

TEXTS = ("茶很香", "茶好喝", "花谢了", "花很美", "书很香", "书太旧")


def test_texts_like_one_say_by_what_they_are(shop, desk, monkeypatch):
    enrol_members(shop, 1)
    said = [
        Said(shop.members[0], new_id(), shop.now - timedelta(hours=n), "review", text)
        for n, text in enumerate(TEXTS)
    ]
    language.keep(brand_id=shop.brand.id, rows=[(one, language.read(text=one.text)) for one in said])
    path = f"/insight/voice/texts/{shop.code_of(shop.members[0])}/{said[0].id}/alike"
    owner = desk("owner")
    found = owner.get(path)
    assert [(one["text"], one["alike_by"]) for one in found] == [("书很香", "characters")]
    assert 0 < found[0]["alike"] < 1
    Model(monkeypatch)
    assert language.keep_meanings(brand_id=shop.brand.id) == 6
    [one] = owner.get(path)
    assert (one["text"], one["alike_by"]) == ("茶好喝", "meaning")
    assert one["alike"] > 0.9
    listed = owner.get("/insight/voice/texts")["items"]
    assert {(one["alike"], one["alike_by"]) for one in listed} == {(None, None)}
