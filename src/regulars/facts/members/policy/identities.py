"""Identifiers in one written form each, so that the same person is found however it was typed."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from regulars.facts.members.types import IDENTITY_TYPES, identity_type_name
from regulars.kit.errors import FieldError
from regulars.kit.text import Text

DEFAULT_REGION = "CN"
_CN_MOBILE = re.compile(r"(?:\+86)?(1[3-9]\d{9})")
_CN_ANY_MOBILE = re.compile(r"\+861\d{10}")
_EMAIL = re.compile(
    r"[^@\s\"(),:;<>\[\\\]]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}"
)
_CARD = re.compile(r"[A-Z0-9]{4,64}")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,30}[A-Z0-9]")
_WECHAT = re.compile(r"[A-Za-z0-9_-]{6,128}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_GAPS = re.compile(r"[\s\-()（）.]+")


class BadIdentity(ValueError):
    """Why a value cannot be an identifier of its type."""

    def __init__(self, code: str, message: Text) -> None:
        self.code = code
        self.message = message
        super().__init__(message.en)

    def at(self, field: str) -> FieldError:
        return FieldError(field, self.code, self.message)


def normalise(type_: str, value: str, *, region: str = DEFAULT_REGION) -> str:
    """The one written form of an identifier.

    Phones become E.164 (`region` supplies the missing country code); e-mail addresses become lower case; card
    numbers and codes lose gaps and become upper case; the others are kept as they are.

    Raises:
        BadIdentity: unknown type, or the value cannot be one of that type.
    """
    value = unicodedata.normalize("NFKC", value).strip()
    if type_ == "phone":
        return _phone(value, region)
    if type_ == "email":
        value = value.lower()
        return _matching(_EMAIL, value, type_) if len(value) <= 254 else _refuse(type_)
    if type_ == "card":
        return _matching(_CARD, _GAPS.sub("", value).upper(), type_)
    if type_ == "code":
        return _matching(_CODE, value.upper(), type_)
    if type_ in ("wechat_unionid", "wechat_openid"):
        return _matching(_WECHAT, value, type_)
    head, _, source = type_.partition(":")
    if head == "external" and _SOURCE.fullmatch(source):
        if 1 <= len(value) <= 128 and value.isprintable():
            return value
        return _refuse(type_)
    raise BadIdentity(
        "unknown_identity_type",
        Text(
            "标识类型须为：{types} 或 external:<来源>",
            "The identity type must be one of {types} or external:<source>",
        ).format(types=", ".join(t for t in IDENTITY_TYPES if t != "external")),
    )


def _phone(value: str, region: str) -> str:
    compact = _GAPS.sub("", value)
    if region == "CN" and (mobile := _CN_MOBILE.fullmatch(compact)):
        return "+86" + mobile.group(1)  # nearly every call; the full parser costs fifty times as much
    if not 5 <= len(compact) <= 24:
        return _refuse("phone")
    try:
        number = phonenumbers.parse(compact, region)
    except phonenumbers.NumberParseException:
        return _refuse("phone")
    if number.extension:
        return _refuse("phone")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    # China opens new mobile prefixes faster than any table learns them
    if phonenumbers.is_valid_number(number) or _CN_ANY_MOBILE.fullmatch(e164):
        return e164
    return _refuse("phone")


def _matching(pattern: re.Pattern[str], value: str, type_: str) -> str:
    return value if pattern.fullmatch(value) else _refuse(type_)


def _refuse(type_: str) -> str:
    raise BadIdentity(
        f"bad_{type_.partition(':')[0]}",
        Text("不是有效的{name}", "Not a valid {name}").format(name=identity_type_name(type_)),
    )
