"""What an organisation's words, codes and colours may look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from zoneinfo import available_timezones

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text

_SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_CODE = re.compile(r"^[\w.\-/#]{1,64}$")
# Theme tokens become CSS custom properties of the portal, so a value is a colour, a length or a plain word.
_TOKEN = re.compile(r"^[a-z][a-z0-9-]{0,40}$")
_TOKEN_VALUE = re.compile(
    r"^(#[0-9a-fA-F]{3,8}|-?\d{1,4}(\.\d{1,3})?(px|rem|em|%)?|[A-Za-z][A-Za-z0-9 ,\-]{0,80})$"
)


def check_name(errors: ErrorList, field: str, name: Text) -> None:
    for language, value in (("zh", name.zh), ("en", name.en)):
        if not value.strip():
            errors.add(f"{field}.{language}", "required", "请填写名称", "A name is needed")
        elif len(value) > 100:
            errors.add(f"{field}.{language}", "too_long", "名称最多 100 个字符", "At most 100 characters")


def check_brand(
    errors: ErrorList,
    *,
    slug: str,
    name: Text,
    currency: str,
    timezone: str,
    theme: Mapping[str, str],
    words: Mapping[str, str],
) -> None:
    check_name(errors, "name", name)
    if not _SLUG.match(slug):
        errors.add(
            "slug",
            "bad_slug",
            "网址标识为 2–40 位小写字母、数字或连字符",
            "2 to 40 lower-case letters, digits or hyphens",
        )
    if not _CURRENCY.match(currency):
        errors.add(
            "currency", "bad_currency", "请使用三位货币代码，如 CNY", "A three-letter code such as CNY"
        )
    if timezone not in available_timezones():
        errors.add("timezone", "bad_timezone", "未知时区，例如 Asia/Shanghai", "Unknown; e.g. Asia/Shanghai")
    for key, value in theme.items():
        if not _TOKEN.match(key) or not isinstance(value, str) or not _TOKEN_VALUE.match(value):
            errors.add(
                f"theme.{key}", "bad_token", "主题变量只能是颜色、长度或单词", "A colour, a length or a word"
            )
    for key, word in words.items():
        if not isinstance(word, str) or len(word) > 60:
            errors.add(f"words.{key}", "bad_word", "用语最多 60 个字符", "A word of at most 60 characters")


def check_code(errors: ErrorList, field: str, code: str) -> None:
    if not _CODE.match(code):
        errors.add(
            field,
            "bad_code",
            "编码为 1–64 位字母、数字或 . _ - / #",
            "1 to 64 letters, digits or . _ - / #",
        )
