"""Passwords: hashing, checking at constant cost, and rules told in both languages."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.platform.staff import models

_WORDS = {
    "password_too_short": Text("密码至少 10 个字符", "At least 10 characters"),
    "password_too_common": Text("密码太常见", "This password is too common"),
    "password_entirely_numeric": Text("密码不能全是数字", "Not only digits"),
    "password_too_similar": Text("密码与姓名或邮箱太相似", "Too similar to the name or e-mail address"),
}
_LONGEST = 200


def check_new(errors: ErrorList, password: str, *, email: str, name: str, field: str = "password") -> None:
    """Gather what is wrong with a password someone chose."""
    if len(password) > _LONGEST:
        errors.add(field, "too_long", "密码过长", "Too long")
        return
    try:
        person = models.Staff(email=email)
        person.first_name = name  # type: ignore[attr-defined]  # one of the attributes the rule compares with
        validate_password(password, person)
    except ValidationError as invalid:
        for one in invalid.error_list:
            said = _WORDS.get(str(one.code), Text("密码不符合要求", "Not an acceptable password"))
            errors.add(field, str(one.code), said.zh, said.en)


def hashed(password: str) -> str:
    return make_password(password)


def fits(row: models.Staff | None, password: str) -> bool:
    """Whether the password is the person's. An unknown or inactive one costs the same time and never fits."""
    if len(password) > _LONGEST:
        password = ""
    if row is None or not row.has_usable_password():
        make_password(password)
        return False
    return check_password(password, row.password) and row.is_active
