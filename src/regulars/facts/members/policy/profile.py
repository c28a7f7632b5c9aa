"""What a profile may hold, who may change a birthday, and how complete a profile is."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from regulars.facts.members.types import GENDERS, ProfileField
from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.text import Text

NAME_LENGTH = 60
ADDRESS_LENGTH = 300
EARLIEST_BIRTHDAY = date(1900, 1, 1)
BIRTHDAY_HOLDS = timedelta(days=365)


def clean_text(value: Any, *, field: str, longest: int, errors: ErrorList) -> str:
    """One line of text, trimmed; a control character or too much of it is an error."""
    if value is None:
        return ""
    if not isinstance(value, str):
        errors.add(field, "not_text", "须为文本", "Must be text")
        return ""
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > longest:
        errors.add(field, "too_long", f"最多 {longest} 个字", f"At most {longest} characters")
    elif not all(c.isprintable() for c in text):
        errors.add(field, "unprintable", "含有不可见字符", "Contains characters that cannot be printed")
    return text


def clean_gender(value: Any, *, field: str, errors: ErrorList) -> str:
    if value in (None, ""):
        return ""
    if value not in GENDERS:
        errors.add(field, "bad_choice", "须为 female、male 或 other", "Must be female, male or other")
        return ""
    return str(value)


def clean_birthday(value: Any, *, field: str, today: date, errors: ErrorList) -> date | None:
    """A day from 1900 to today, from a date or `YYYY-MM-DD`."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        errors.add(field, "bad_date", "须为 YYYY-MM-DD 格式的日期", "Must be a date like YYYY-MM-DD")
        return None
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value.strip())
    except ValueError:
        errors.add(field, "bad_date", "须为 YYYY-MM-DD 格式的日期", "Must be a date like YYYY-MM-DD")
        return None
    if day > today:
        errors.add(field, "in_future", "生日不能晚于今天", "The birthday lies in the future")
        return None
    if day < EARLIEST_BIRTHDAY:
        errors.add(field, "too_early", "生日不能早于 1900 年", "The birthday lies before 1900")
        return None
    return day


def clean_language(value: Any, *, field: str, errors: ErrorList) -> str:
    if value not in ("zh", "en"):
        errors.add(field, "bad_choice", "须为 zh 或 en", "Must be zh or en")
        return "zh"
    return str(value)


def birthday_changeable_at(current: str | None, set_at: datetime | None) -> datetime | None:
    """When the member may change her birthday herself; None: at once."""
    return set_at + BIRTHDAY_HOLDS if current and set_at else None


def refuse_birthday_change(
    current: str, new: str, *, set_at: datetime | None, by_member: bool, now: datetime
) -> Refusal | None:
    """Birthday benefits are worth money: a member sets her birthday once and changes it at most once a year.

    Staff and API keys may always correct it; the audit log keeps who did.
    """
    if not by_member or new == current:
        return None
    free_at = birthday_changeable_at(current, set_at)
    if free_at is None or now >= free_at:
        return None
    day = free_at.date().isoformat()
    return Refusal(
        "birthday_locked",
        Text(
            "生日每年只能修改一次，{day} 之后可再修改",
            "A birthday can be changed once a year; again from {day}",
        ).format(day=day),
        status=409,
        data={"changeable_at": free_at.isoformat()},
    )


def completion_percent(
    profile: Mapping[str, str | None], attributes: Mapping[str, Any], fields: Sequence[ProfileField]
) -> int:
    """How much of name, gender, birthday and the portal fields is filled, in whole percent, rounded down."""
    asked = [f.key for f in fields if f.in_portal and not f.archived]
    filled = sum(bool(profile.get(key)) for key in ("name", "gender", "birthday"))
    filled += sum(attributes.get(key) not in (None, "", []) for key in asked)
    return filled * 100 // (3 + len(asked))
