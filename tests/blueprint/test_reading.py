"""A file is read strictly, every value's place is known, and what was written is read back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.flows.blueprint import difference, reading
from regulars.flows.blueprint.types import Place, Plan
from regulars.kit.errors import Refusal


def wrong(text: str | bytes) -> tuple[str, str, str]:
    """(path, code, English) of the one error."""
    with pytest.raises(Refusal) as raised:
        reading.read(text)
    (error,) = raised.value.errors
    return error.field, error.code, error.message.en


def test_places_are_counted_from_one() -> None:
    source = reading.read("regulars: 1\nprogramme:\n  rules:\n    - key: base\n      on: 2026-12-31\n")
    assert source.values == {
        "regulars": 1,
        "programme": {"rules": [{"key": "base", "on": "2026-12-31"}]},
    }
    assert source.places["programme.rules[0].on"] == Place(5, 7)
    # what stands nowhere is said of what is around it
    assert reading.place_of(source, "programme.rules[0].effects[2].unit") == Place(4, 7)


def test_only_true_and_false_are_flags() -> None:
    read = reading.read("x: [on, yes, 07:30, 007, 1_000, 0x10, true, null, ~, -3, 1.25, 'true', 2026-01-31]")
    assert read.values["x"] == [
        "on", "yes", "07:30", "007", "1_000", "0x10", True, None, None, -3, 1.25, "true", "2026-01-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path", "code", "where"),
    [
        ("a: &x 1\nb: *x\n", "a", "no_anchors", "line 1, column 4"),
        ("a: 1\nb: {<<: *x}\n", "b.<<", "no_anchors", "line 2, column 9"),
        ("a: 1\nb: 2\na: 3\n", "a", "duplicate", "line 3, column 1"),
        ("a: !!python/object/apply:os.system [ls]\n", "a", "no_tags", "line 1, column 4"),
        ("a: 1\n---\nb: 2\n", "/", "many_documents", "line 2, column 1"),
        ("a: [1\n", "/", "not_yaml", "line 2, column 1"),
        ("a:\n\t- b\n", "/", "not_yaml", "line 2, column 1"),
        ("- 1\n", "/", "not_an_object", "line 1, column 1"),
        ("", "/", "not_an_object", "line 1, column 1"),
        ("? [a]\n: 1\n", "/", "bad_key", "line 1, column 3"),
        ("a: 1\nb: \x00\n", "/", "bad_text", "line 2, column 4"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(text: str, path: str, code: str, where: str) -> None:
    found = wrong(text)
    assert found[:2] == (path, code)
    assert found[2].startswith(where)


def test_bytes_that_are_no_utf8_name_their_line() -> None:
    assert wrong(b"a: 1\nb: \xff\xfe\n")[1:] == ("not_utf8", "line 2, column 1: The file must be UTF-8")


def test_a_billion_laughs_is_refused_at_the_first_anchor() -> None:
    lines = ["a: &a [lol, lol]"] + [
        f"{b}: &{b} [*{a}, *{a}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    assert wrong("\n".join(lines))[1] == "no_anchors"


def test_depth_and_size_have_limits() -> None:
    assert wrong("a: " + "[" * 60 + "]" * 60)[1] == "too_deep"
    with pytest.raises(Refusal, match="too_large"):
        reading.read("a: " + "x" * reading.MAX_BYTES)


_values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
    | st.sampled_from(
        ["on", "no", "1e3", "1.0", "007", "12:30", "2026-01-31", "~", "null", "", "- x", "a: b", "1_0"]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abc_-onyes1é", min_size=1, max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["regulars", "programme", "coupons"]), _values, min_size=1))
def test_what_is_written_is_read_back(values: dict[str, Any]) -> None:
    text = reading.write(values)
    assert reading.read(text).values == values
    assert reading.write(reading.read(text).values) == text


@given(_values, _values)
def test_leaves_are_where_two_values_differ(one: Any, other: Any) -> None:
    assert list(difference.leaves(one, one)) == []
    found = list(difference.leaves(one, other))
    assert not found or one != other


def test_a_plan_without_differences_says_so() -> None:
    assert difference.told(Plan((), {"coupons": 2}, 1), "en").splitlines() == [
        "Nothing differs.",
        "coupons: 2 more are not in the file and stay as they are.",
    ]
