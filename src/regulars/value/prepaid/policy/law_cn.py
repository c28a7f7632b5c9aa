"""China's rules of single-purpose prepaid cards, as far as a till can keep them. Pure.

Sources (docs/prepaid.md says how each is applied):
- 单用途商业预付卡管理办法（试行）, Ministry of Commerce order 2012 no. 9, amended 2016: articles 14–19 — the terms and
  contract the buyer gets; who buys a registered card, or bearer cards for 10 000 yuan or more at once, shows an
  identity document and is recorded (kept 5 years); a company from 5 000 yuan, a person from 50 000 yuan at once pays by
  bank transfer; a registered card holds at most 5 000 yuan, a bearer card 1 000; a registered card has no expiry, a
  bearer card is good for at least 3 years.
- 北京市单用途预付卡管理条例 (in force since 2022-06-01): who has not used the card may return it within 7 days of
  buying it and gets all the money back in one sum within 5 days. Shanghai's 单用途预付消费卡管理规定 of 2018 asks the
  same care of records, contract and balances.

A member's stored value and her packages are one registered card each in her name; a gift card is a bearer card unless
its batch is registered.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.value.prepaid.types import BuyerRecord, Ladder, PackageTerms

REGISTERED_MOST = 500_000  # fen
BEARER_MOST = 100_000
BEARER_LEAST_MONTHS = 36
BEARER_RECORDED_FROM = 1_000_000
TRANSFER_UNIT_FROM = 500_000
TRANSFER_PERSON_FROM = 5_000_000
COOLING_OFF = timedelta(days=7)
REPAID_WITHIN = timedelta(days=5)
RECORDS_KEPT_YEARS = 5
_CASH = "cash"


def check_registered(*, balance_after: int, paid: int, method: str, buyer: BuyerRecord | None) -> None:
    """A purchase that ends in a member's own name. Raises `law_cap`, `law_buyer_unknown`, `law_cash` (409)."""
    if balance_after > REGISTERED_MOST:
        raise _cap(REGISTERED_MOST, balance_after)
    if buyer is None:
        raise buyer_unknown()
    check_cash(paid=paid, method=method, is_unit=buyer.kind == "unit")


def check_bearer_sale(*, paid: int, method: str, buyer: BuyerRecord | None) -> None:
    """Bearer cards sold at once for `paid`."""
    if paid >= BEARER_RECORDED_FROM and buyer is None:
        raise buyer_unknown()
    check_cash(paid=paid, method=method, is_unit=buyer is not None and buyer.kind == "unit")


def check_cash(*, paid: int, method: str, is_unit: bool) -> None:
    least = TRANSFER_UNIT_FROM if is_unit else TRANSFER_PERSON_FROM
    if method == _CASH and paid >= least:
        raise _law(
            "law_cash",
            "单位单次 5 000 元以上、个人单次 5 万元以上须转账，不得使用现金",
            "A company from 5 000 yuan, a person from 50 000 yuan at once pays by transfer, not in cash",
            least=least,
        )


def check_batch(*, face: int, valid_months: int | None, registered: bool) -> None:
    """Raises `law_cap`, `law_expiry`."""
    most = REGISTERED_MOST if registered else BEARER_MOST
    if face > most:
        raise _cap(most, face)
    if registered and valid_months is not None:
        raise _expiry_registered()
    if not registered and valid_months is not None and valid_months < BEARER_LEAST_MONTHS:
        raise _law(
            "law_expiry",
            "不记名卡有效期不得少于 3 年",
            "A bearer card must be good for at least 3 years",
            least_months=BEARER_LEAST_MONTHS,
        )


def check_ladder(ladder: Ladder) -> None:
    """A ladder as a whole: each rung within the limit, and `check_ends`. Raises `law_expiry`, `law_cap`."""
    check_ends(ladder)
    for rung in ladder.rungs:
        if rung.pay > REGISTERED_MOST:
            raise _cap(REGISTERED_MOST, rung.pay)


def check_ends(ladder: Ladder) -> None:
    """What is paid for never ends; what is given beside it may. Raises `law_expiry`."""
    if ladder.principal_days is not None:
        raise _expiry_registered()


def check_package(terms: PackageTerms) -> None:
    """Raises `law_expiry`, `law_cap`."""
    if terms.days is not None or terms.begin_within is not None:
        raise _expiry_registered()
    if terms.price > REGISTERED_MOST:
        raise _cap(REGISTERED_MOST, terms.price)


def may_return_all(*, bought_at: datetime, now: datetime, unused: bool) -> bool:
    """Whether the buyer has the right to all her money back, whatever the terms say."""
    return unused and now <= bought_at + COOLING_OFF


def whole_refund(paid: int) -> Refusal:
    return _law(
        "law_whole_refund",
        "购卡 7 日内未使用，应一次性全额退还",
        "Within 7 days of buying, an unused card is paid back whole and at once",
        paid=paid,
    )


def _cap(most: int, found: int) -> Refusal:
    return _law(
        "law_cap",
        f"超过单张预付卡限额 {most // 100} 元",
        f"A card of this kind may hold at most {most // 100} yuan",
        most=most,
        found=found,
    )


def buyer_unknown() -> Refusal:
    return _law(
        "law_buyer_unknown",
        "须先登记购卡人实名信息",
        "The buyer's name and identity document must be recorded first",
    )


def _expiry_registered() -> Refusal:
    return _law("law_expiry", "记名卡不得设有效期", "A card in somebody's name must not expire")


def _law(code: str, zh: str, en: str, **data: int) -> Refusal:
    return Refusal(code, Text(zh, en), status=409, data={"law": "cn", **data})
