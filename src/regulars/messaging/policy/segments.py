"""What a text message costs: its alphabet and how many parts it is sent in. Pure.

GSM 03.38 (3GPP TS 23.038): 160 septets alone, 153 in a chain. UCS-2: 70 units alone, 67 in a chain, as Chinese carriers
bill them; a sign outside the basic plane is two units.
"""

from __future__ import annotations

import math

from regulars.messaging.wording import Segments

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")


def segments_of(text: str) -> Segments:
    """Length and parts of a message as it goes out, its signature included."""
    if all(sign in _GSM or sign in _EXTENDED for sign in text):
        length = sum(2 if sign in _EXTENDED else 1 for sign in text)
        single, chained, encoding = 160, 153, "gsm7"
    else:
        length = sum(2 if ord(sign) > 0xFFFF else 1 for sign in text)
        single, chained, encoding = 70, 67, "ucs2"
    if length <= single:
        return Segments(encoding, length, 1 if length else 0, single)  # type: ignore[arg-type]
    return Segments(encoding, length, math.ceil(length / chained), chained)  # type: ignore[arg-type]


def signed(text: str, sign: str) -> str:
    """A text message with its signature in front, as Chinese carriers want it."""
    return f"【{sign}】{text}" if sign and not text.startswith("【") else text
