"""Codes of coupons: made so that nobody guesses them, read as people type them. Pure but for the system's noise.

A code of ours is 15 random letters of a 32-letter alphabet (75 bits) and a check letter (Luhn mod 32), so that every
single wrong letter and nearly every swapped pair is found before the directory is asked. It is shown in fours.
"""

from __future__ import annotations

import os
from uuid import UUID

from regulars.kit.ids import digest

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: codes are read aloud at tills
LENGTH = 16
_RANDOM = LENGTH - 1
_LETTERS = bytes(ord(ALPHABET[n & 31]) for n in range(256))
# Luhn mod 32: every other value, from the last, counts double, a two-digit double (base 32) as its digits' sum.
_PLAIN = bytes(n & 31 for n in range(256))
_DOUBLED = bytes((2 * (n & 31)) // 32 + (2 * (n & 31)) % 32 for n in range(256))
_VALUES = {letter: n for n, letter in enumerate(ALPHABET)}
MOST_LENGTH = 64


def make(count: int) -> list[str]:
    """`count` fresh codes."""
    noise = os.urandom(_RANDOM * count)
    letters = noise.translate(_LETTERS).decode("ascii")
    plain, doubled = noise.translate(_PLAIN), noise.translate(_DOUBLED)
    made = []
    for at in range(0, _RANDOM * count, _RANDOM):
        end = at + _RANDOM
        check = -(sum(doubled[at:end:2]) + sum(plain[at + 1 : end : 2])) % 32
        made.append(letters[at:end] + ALPHABET[check])
    return made


def is_ours(text: str) -> bool:
    """Whether a normalised text is a code of our making with its check letter right."""
    if len(text) != LENGTH or any(letter not in _VALUES for letter in text):
        return False
    values = bytes(_VALUES[letter] for letter in text)
    body, check = values[:_RANDOM], values[_RANDOM]
    return (sum(body.translate(_DOUBLED)[::2]) + sum(body[1::2]) + check) % 32 == 0


def shown(code: str) -> str:
    """As people read it: ours in fours, others as they are spelt."""
    return "-".join(code[n : n + 4] for n in range(0, LENGTH, 4)) if is_ours(code) else code


def plain(text: str) -> str:
    """What somebody typed, as codes of ours are kept: capitals, without blanks and dashes."""
    return "".join(text.split()).replace("-", "").replace("—", "").replace("–", "").upper()


def code_hash(brand_id: UUID, code: str) -> UUID:
    """The directory key of a code as it is spelt."""
    return digest("coupon-code", str(brand_id), code)


def hashes(brand_id: UUID, typed: str) -> list[UUID]:
    """The directory keys that something typed may mean: exactly that, or a code of ours written in some way."""
    exact = typed.strip()
    found = [code_hash(brand_id, exact)]
    loose = plain(typed)
    if loose != exact:
        found.append(code_hash(brand_id, loose))
    return found


def gift_hash(brand_id: UUID, token: str) -> UUID:
    return digest("coupon-gift", str(brand_id), plain(token))
