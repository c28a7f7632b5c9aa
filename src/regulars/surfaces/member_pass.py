"""The member's pass: what her QR code says for one minute, and how a till reads it.

A pass is 35 bytes written in base 32 behind `R1`: member id (16), when it was made (4), and a keyed hash (15) of
both and of the brand; 35 bytes fill 56 letters to the last bit, so that no letter can be changed. It fits a small
QR code's alphanumeric mode and needs no table; the id in it says nothing to anybody who cannot ask us.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from regulars.kit.errors import Refusal
from regulars.kit.text import Text

LIFETIME = timedelta(seconds=60)
# The clerk may scan in the last second, and the till's line may be slow.
GRACE = timedelta(seconds=15)
_PREFIX = "R1"
_BODY = struct.Struct(">16sI")
_SEAL = 15


def issue(*, brand_id: UUID, member_id: UUID, now: datetime) -> str:
    """The text of the QR code, good for `LIFETIME` from now."""
    body = _BODY.pack(member_id.bytes, int(now.timestamp()))
    return _PREFIX + base64.b32encode(body + _seal(brand_id, body)).decode().rstrip("=")


def is_one(text: str) -> bool:
    """Whether a text has the form of a pass, whatever it is worth."""
    text = text.strip().upper()
    return text.startswith(_PREFIX) and len(text) == len(_PREFIX) + 56


def read(*, brand_id: UUID, token: str, now: datetime) -> UUID:
    """The member a pass stands for.

    Raises `pass_expired` (409) for one that is too old, and `not_a_pass` (422) for anything else: a foreign
    brand's, a changed one, any other QR code.
    """
    text = token.strip().upper()
    try:
        raw = base64.b32decode(text[len(_PREFIX) :] + "=" * (-(len(text) - len(_PREFIX)) % 8))
    except (binascii.Error, ValueError):
        raw = b""
    body, seal = raw[: _BODY.size], raw[_BODY.size :]
    if (
        not text.startswith(_PREFIX)
        or len(raw) != _BODY.size + _SEAL
        or not hmac.compare_digest(seal, _seal(brand_id, body))
    ):
        raise Refusal("not_a_pass", Text("这不是会员二维码", "This is not a member's QR code"), status=422)
    member, made = _BODY.unpack(body)
    age = now - datetime.fromtimestamp(made, tz=UTC)
    if not -GRACE <= age <= LIFETIME + GRACE:
        raise Refusal(
            "pass_expired",
            Text("二维码已过期，请会员刷新后再扫", "The QR code is too old; ask the member to refresh it"),
            status=409,
        )
    return UUID(bytes=member)


def _seal(brand_id: UUID, body: bytes) -> bytes:
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, b"regulars member pass" + brand_id.bytes + body, "sha256")[:_SEAL]
