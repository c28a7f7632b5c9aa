"""Pure: what a category's names may be."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.facts.categories.types import CategoryName
from regulars.kit.errors import ErrorList

LONGEST_CODE = 200  # as long as a line's category may be
LONGEST_NAME = 60
MOST_AT_ONCE = 1_000
MOST_NAMED = 5_000


def check_names(given: Sequence[CategoryName], errors: ErrorList) -> None:
    """Every error, by its place in what was given."""
    if not 1 <= len(given) <= MOST_AT_ONCE:
        errors.add(
            "categories",
            "bad_size",
            f"一次 1–{MOST_AT_ONCE} 个品类",
            f"Give 1 to {MOST_AT_ONCE} categories at once",
        )
        return
    first: dict[str, int] = {}
    for n, one in enumerate(given):
        path = f"categories[{n}]"
        _check_code(one.code, f"{path}.code", errors)
        if one.code in first:
            m = first[one.code]
            errors.add(
                f"{path}.code",
                "duplicate",
                f"编码重复：与第 {m + 1} 个相同",
                f"The code is doubled: it is that of number {m + 1} too",
            )
        first.setdefault(one.code, n)
        if one.name is not None:
            _check_name(one, f"{path}.name", errors)


def _check_code(code: str, path: str, errors: ErrorList) -> None:
    if not code.strip():
        errors.add(path, "required", "请填写品类编码", "Give the category's code")
    elif len(code) > LONGEST_CODE or "\x00" in code:
        errors.add(
            path,
            "bad_text",
            f"编码应为不超过 {LONGEST_CODE} 字的文本",
            f"A code is text of at most {LONGEST_CODE} characters",
        )


def _check_name(one: CategoryName, path: str, errors: ErrorList) -> None:
    assert one.name is not None
    if not one.name.zh.strip() and not one.name.en.strip():
        errors.add(
            path, "required", "中文名和英文名至少填一个", "Give a name in Chinese, in English, or in both"
        )
    for language, said in (("zh", one.name.zh), ("en", one.name.en)):
        if len(said) > LONGEST_NAME or "\x00" in said:
            errors.add(
                f"{path}.{language}",
                "bad_text",
                f"应为不超过 {LONGEST_NAME} 字的文本",
                f"Must be text of at most {LONGEST_NAME} characters",
            )
