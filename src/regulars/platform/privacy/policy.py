"""Normal forms, search grams and masks of personal data. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from itertools import pairwise
from typing import Literal

import phonenumbers

from regulars.kit.errors import invalid_field

IdentifierKind = Literal["phone", "email", "name", "birthday", "generic"]

_CN_MOBILE = re.compile(r"^(?:\+?86)?(1[3-9]\d{9})$")
_PHONE_NOISE = re.compile(r"[\s\-().]")
_EMAIL = re.compile(r"^[^@\s\"<>,;:\\]{1,64}@([^@\s.]+\.)+[^@\s.]{2,}$")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_PREFIX_FROM = 2
_PREFIX_TO = 12


def normalise_phone(value: str, *, region: str = "CN", field: str = "phone") -> str:
    """E.164. Numbers without a country code are read as `region`'s. Refuses what cannot be a number by its length."""
    text = _PHONE_NOISE.sub("", unicodedata.normalize("NFKC", value))
    mobile = _CN_MOBILE.match(text) if region == "CN" else None
    if mobile:
        return "+86" + mobile[1]
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        parsed = None
    # Digits that could be dialled only within some town name nobody.
    possible = phonenumbers.ValidationResult.IS_POSSIBLE
    if parsed is None or phonenumbers.is_possible_number_with_reason(parsed) != possible:
        raise invalid_field(field, "bad_phone", "手机号格式不正确", "Not a phone number")
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def normalise_email(value: str, *, field: str = "email") -> str:
    """Trimmed, NFKC, lower case. Dots and plus parts stay: only the provider knows what they mean."""
    text = unicodedata.normalize("NFKC", value).strip().lower()
    if len(text) > 254 or not _EMAIL.match(text):
        raise invalid_field(field, "bad_email", "邮箱格式不正确", "Not an e-mail address")
    return text


def normalise_generic(value: str, *, field: str = "value") -> str:
    """Trimmed and NFKC; case kept, since card numbers and open ids may depend on it."""
    text = unicodedata.normalize("NFKC", value).strip()
    if not text or len(text) > 200 or any(unicodedata.category(c) == "Cc" for c in text):
        raise invalid_field(
            field, "bad_value", "内容为空、过长或含控制字符", "Empty, too long or unprintable"
        )
    return text


def normalise(kind: str, value: str, *, field: str | None = None) -> str:
    """The one form under which an identifier of this kind is kept and found; unknown kinds are generic."""
    if kind == "phone":
        return normalise_phone(value, field=field or "phone")
    if kind == "email":
        return normalise_email(value, field=field or "email")
    if kind == "name":
        return normalise_name(value)
    return normalise_generic(value, field=field or kind)


def normalise_name(value: str) -> str:
    """For comparing and searching: NFKC, case-folded, single spaces, and none between Chinese characters."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFKC", value).casefold()).strip()
    if any(_is_han(c) for c in text):
        text = text.replace(" ", "").replace("·", "").replace("・", "")
    return text


def name_grams(name: str) -> frozenset[str]:
    """What of a name can be searched: all of it (`=`), Chinese pairs (`2`), the leading character (`1`),
    and of Latin names every word's prefixes of 2 to 12 letters (`p`)."""
    text = normalise_name(name)
    if not text:
        return frozenset()
    grams = {"=" + text}
    han = [c for c in text if _is_han(c)]
    if han:
        grams.update("2" + a + b for a, b in pairwise(han))
        grams.add("1" + han[0])
    for word in _latin_words(text):
        grams.update("p" + word[:n] for n in range(_PREFIX_FROM, min(len(word), _PREFIX_TO) + 1))
    return frozenset(grams)


def query_grams(query: str) -> frozenset[str]:
    """The grams a name must all have to match what someone typed; empty when that is too short to search."""
    text = normalise_name(query)
    grams: set[str] = set()
    han = [c for c in text if _is_han(c)]
    if len(han) == 1:
        grams.add("1" + han[0])
    elif han:
        grams.update("2" + a + b for a, b in pairwise(han))
    for word in _latin_words(text):
        if len(word) >= _PREFIX_FROM:
            grams.add("p" + word[:_PREFIX_TO])
    return frozenset(grams)


def mask_phone(value: str) -> str:
    """`+8613812340000` → `138****0000`; other countries keep their code and the last three digits."""
    mobile = _CN_MOBILE.match(_PHONE_NOISE.sub("", value))
    if mobile:
        return f"{mobile[1][:3]}****{mobile[1][-4:]}"
    if len(value) < 8:
        return "****"
    return f"{value[:3]}****{value[-3:]}"


def mask_name(value: str) -> str:
    """`张小明` → `张**`; `Anna Smith` → `A*** S***`."""
    text = value.strip()
    if not text:
        return ""
    if any(_is_han(c) for c in text):
        return text[0] + "*" * min(len(text) - 1, 3) if len(text) > 1 else "*"
    return " ".join(word[0] + "***" for word in text.split())


def mask_email(value: str) -> str:
    """`anna@example.com` → `a***@example.com`."""
    local, at, domain = value.partition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"


def mask_birthday(value: date | str) -> str:
    """Only the year stays: `1990-**-**`."""
    year = value.year if isinstance(value, date) else value[:4]
    return f"{year:>04}-**-**"


def mask_generic(value: str) -> str:
    """The last four characters of something long, nothing of something short."""
    return "****" + value[-4:] if len(value) >= 8 else "****"


def mask(kind: str, value: str) -> str:
    """The mask that fits a kind of personal data."""
    if not value:
        return ""
    if kind == "phone":
        return mask_phone(value)
    if kind == "email":
        return mask_email(value)
    if kind == "name":
        return mask_name(value)
    if kind == "birthday":
        return mask_birthday(value)
    return mask_generic(value)


def _is_han(character: str) -> bool:
    code = ord(character)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x323AF


def _latin_words(text: str) -> list[str]:
    return _WORD.findall("".join(" " if _is_han(c) else c for c in text))
