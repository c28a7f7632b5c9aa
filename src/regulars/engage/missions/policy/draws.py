"""Draws: read the odds, and from two seeds and a count reckon a number and from the number a prize. Pure.

Commit and reveal: the operator's seed is fixed by its SHA-256 before the first draw; the member adds a seed of her own
and every draw has the next whole number (`nonce`). HMAC-SHA256 of `client_seed:nonce` under the server seed is the
number, 0 ≤ n < 2²⁵⁶. The prizes stand side by side on that line in their order, each as long as its odds; the number
falls into one. Bounds are whole numbers reckoned from exact ratios, so no odds are rounded by more than 2⁻²⁵⁶.
RFC 2104 (HMAC), FIPS 180-4 (SHA-256).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from regulars.engage.missions.policy.missions import rewards_in
from regulars.engage.missions.types.draws import DrawDefinition, DrawPrize
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node
from regulars.kit.text import Text

LINE = 1 << 256
MOST_PRIZES = 12
CLIENT_SEED = re.compile(r"[A-Za-z0-9_\-]{4,64}")
ROTATE_AFTER = timedelta(days=7)
_FIELDS = (
    "key", "name", "description", "prizes", "free_a_day", "unit", "price", "most_a_day", "starts_on", "ends_on",
    "pity_after", "pity_prize", "budget",
)  # fmt: skip
_PRIZE = ("key", "name", "odds", "rewards", "stock", "instead")


def parse(data: Any, errors: ErrorList) -> DrawDefinition:
    """A draw from its JSON: odds are exact ratios (`"1/200"`, `"0.005"`) that add up to 1."""
    node = Node(data, "", errors, _FIELDS)
    prizes: list[DrawPrize] = []
    for child in node.children("prizes", _PRIZE, most=MOST_PRIZES, required=True):
        key = child.code("key") or ""
        if any(prize.key == key for prize in prizes):
            child.bad("key", "duplicate", "奖品编码重复", "Given twice")
        odds = child.ratio("odds", most=1)
        if odds is not None and odds < 0:
            child.bad("odds", "out_of_range", "概率不能为负", "Must not be below 0")
        stock = child.integer("stock", least=0, most=10**9, default=None)
        instead = child.string("instead", most=40, default="") or ""
        prizes.append(
            DrawPrize(
                key, child.text("name", most=40), odds or Fraction(0), rewards_in(child), stock, instead
            )
        )
    _check_prizes(node, prizes)
    free = node.integer("free_a_day", least=0, most=100, default=0)
    price = node.integer("price", least=0, most=10**6, default=0)
    unit = node.string("unit", most=40, default="") or ""
    if price and not unit:
        node.bad("unit", "required", "请选择用什么支付", "Say in which unit it is paid")
    starts_on, ends_on = node.day("starts_on", None), node.day("ends_on", None)
    if starts_on and ends_on and ends_on < starts_on:
        node.bad("ends_on", "before_start", "结束日期早于开始日期", "Ends before it starts")
    pity_after = node.integer("pity_after", least=0, most=1000, default=0)
    pity_prize = node.string("pity_prize", most=40, default="") or ""
    if pity_after:
        found = next((prize for prize in prizes if prize.key == pity_prize), None)
        if found is None or not found.wins:
            node.bad(
                "pity_prize", "unknown", "保底奖品须是有奖励的奖品", "Must be a prize that gives something"
            )
    return DrawDefinition(
        key=node.code("key") or "",
        name=node.text("name", most=60),
        description=node.text("description", Text("", ""), most=500),
        prizes=tuple(prizes),
        free_a_day=free,
        unit=unit if price else "",
        price=price,
        most_a_day=node.integer("most_a_day", least=1, most=1000, default=10),
        starts_on=starts_on,
        ends_on=ends_on,
        pity_after=pity_after,
        pity_prize=pity_prize if pity_after else "",
        budget=node.string("budget", most=40, default="") or "",
    )


def _check_prizes(node: Node, prizes: list[DrawPrize]) -> None:
    total = sum((prize.odds for prize in prizes), Fraction(0))
    if prizes and total != 1:
        shown = f"{total.numerator}/{total.denominator}"
        node.bad(
            "prizes",
            "odds_not_one",
            f"概率之和须为 1，现在是 {shown}",
            f"The odds must add up to 1, not {shown}",
        )
    free = {prize.key for prize in prizes if prize.stock is None}
    for place, prize in enumerate(prizes):
        if prize.stock is None and prize.instead:
            node.bad(
                f"prizes[{place}].instead",
                "not_needed",
                "不限量奖品无需替补",
                "A prize without stock needs none",
            )
        elif prize.stock is not None and prize.instead not in free:
            node.bad(
                f"prizes[{place}].instead",
                "unknown",
                "有库存的奖品须指定一个不限量的替补奖品",
                "A prize with a stock names one without a stock that is given when it is used up",
            )


def of_json(data: Mapping[str, Any]) -> DrawDefinition:
    return parse(data, ErrorList())


def hash_of(server_seed: str) -> str:
    """What is published of a server seed (64 hex digits) before it is used: SHA-256 of its text."""
    return hashlib.sha256(server_seed.encode()).hexdigest()


def number_of(server_seed: str, client_seed: str, nonce: int) -> str:
    """The number of a draw, in hex: HMAC-SHA256 under the server seed's text."""
    return hmac.new(server_seed.encode(), f"{client_seed}:{nonce}".encode(), hashlib.sha256).hexdigest()


def prize_at(prizes: Iterable[DrawPrize], number: str) -> DrawPrize:
    """The prize on whose part of the line the number lies: the first whose upper bound ⌊2²⁵⁶ · (sum of the odds so
    far)⌋ is above it.
    """
    n = int(number, 16)
    total = Fraction(0)
    last = None
    for prize in prizes:
        total += prize.odds
        if prize.odds:
            last = prize
            if n < LINE * total.numerator // total.denominator:
                return prize
    assert last is not None
    return last


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number gives: `prize`, and whether because of the guarantee."""

    drawn: DrawPrize
    prize: DrawPrize
    why: str


def outcome(definition: DrawDefinition, number: str, misses: int) -> Outcome:
    """What a draw gives before the stock is looked at. `misses`: draws in a row before it that won nothing."""
    drawn = prize_at(definition.prizes, number)
    if definition.pity_after and misses >= definition.pity_after and not drawn.wins:
        return Outcome(drawn, definition.prize(definition.pity_prize), "guaranteed")
    return Outcome(drawn, drawn, "odds")


def check(
    definition: DrawDefinition,
    *,
    server_seed: str,
    seed_hash: str,
    client_seed: str,
    nonce: int,
    number: str,
    drawn: str,
) -> list[str]:
    """What is wrong with a draw of the log: `seed`, `number`, `prize`; nothing where it is as it must be."""
    wrong = []
    if hash_of(server_seed) != seed_hash:
        wrong.append("seed")
    if number_of(server_seed, client_seed, nonce) != number:
        wrong.append("number")
    if prize_at(definition.prizes, number).key != drawn:
        wrong.append("prize")
    return wrong


def percent(odds: Fraction) -> str:
    """The odds for people: `0.5%`, exact where four decimals say all, else with its ratio's nearest."""
    hundred = odds * 100
    text = f"{float(hundred):.4f}".rstrip("0").rstrip(".")
    exact = Fraction(text) == hundred
    return f"{text}%" if exact else f"≈{text}%"
