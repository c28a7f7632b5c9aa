"""Gift cards: numbers that can be typed, PINs that cannot be guessed, what may be done in which state. Pure."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.text import Text
from regulars.value.prepaid.policy import law_cn
from regulars.value.prepaid.types import CardRow, Settings

_DIGITS = 15  # and a check digit
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I
PIN_LENGTH = 8
MISSES = 5
LOCK = timedelta(minutes=30)
MAX_COUNT = 100_000


def new_number() -> str:
    """16 digits: 15 random ones and a check digit (Luhn), so that a slip of the finger is no miss at the PIN."""
    digits = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    return digits + str(check_digit(digits))


def new_pin() -> str:
    """8 of 32 characters: 2^40 possibilities, of which nobody gets more than a few an hour."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PIN_LENGTH))


def check_digit(digits: str) -> int:
    """Luhn's (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def normalise_number(typed: str) -> str | None:
    """The bare 16 digits, or None for what cannot be a number."""
    digits = "".join(char for char in typed if char not in " -")
    good = len(digits) == _DIGITS + 1 and digits.isascii() and digits.isdigit()
    return digits if good and check_digit(digits[:-1]) == int(digits[-1]) else None


def normalise_pin(typed: str) -> str:
    return "".join(char for char in typed.upper() if char not in " -")


def shown(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def check_claim(card: CardRow, now: datetime) -> None:
    """Refuses a card that cannot be claimed now: `card_locked`, `card_not_active` (409)."""
    if card.locked_until is not None and card.locked_until > now:
        raise Refusal(
            "card_locked",
            Text("密码错误次数过多，请稍后再试", "Too many wrong PINs; try again later"),
            status=409,
            data={"locked_until": card.locked_until.isoformat()},
        )
    if card.state != "active" or (card.expires_at is not None and card.expires_at <= now):
        state = "expired" if card.state == "active" else card.state
        raise conflict("card_not_active", "该卡当前不可绑定", f"The card is {state}", state=state)


@dataclass(frozen=True, slots=True)
class GiftRefundPlan:
    money: int
    by_right: bool


def plan_refund(
    *, card: CardRow, paid: int, wanted: int | None, settings: Settings, now: datetime
) -> GiftRefundPlan:
    """What goes back for a sold card that nobody has claimed: `wanted` of what was `paid` (None: all of it).

    An unclaimed card is an unused one. Where the law lets its buyer return it, she gets all she paid, whatever the
    brand's terms. Raises `card_not_active`, `card_not_refundable`, `law_whole_refund` (409), `invalid_input`.
    """
    if card.state != "active" or card.activated_at is None:
        raise conflict(
            "card_not_active", "只有已售出、未绑定的卡可以退款", f"The card is {card.state}", state=card.state
        )
    by_right = settings.law == "cn" and law_cn.may_return_all(
        bought_at=card.activated_at, now=now, unused=True
    )
    ended = card.expires_at is not None and card.expires_at <= now
    if paid <= 0 or (not by_right and (ended or not settings.gift_refunds)):
        raise conflict(
            "card_not_refundable", "按规则，该卡不能退款", "By its terms this card is not paid back"
        )
    money = paid if wanted is None else wanted
    if not 0 < money <= paid:
        raise invalid_field("amount", "out_of_range", f"1–{paid}", f"1 to {paid}")
    if by_right and money < paid:
        raise law_cn.whole_refund(paid)
    return GiftRefundPlan(money, by_right)


def after_miss(misses: int, now: datetime) -> tuple[int, datetime | None]:
    """Wrong PINs so far and until when the card is locked: each fifth in a row locks it."""
    misses += 1
    return misses, now + LOCK if misses % MISSES == 0 else None


def no_such_card() -> Refusal:
    """The same for an unknown number and a wrong PIN: neither is told from the other."""
    return Refusal("card_unknown", Text("卡号或密码不正确", "The number or the PIN is wrong"), status=404)
