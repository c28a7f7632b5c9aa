"""Definitions that operators write, read strictly: every error at once, each with its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node, check_texts
from regulars.kit.text import Text
from regulars.value.prepaid.types import (
    DefinitionState,
    Grant,
    HouseholdRule,
    Ladder,
    PackageTerms,
    Rung,
    Settings,
    StampCard,
    TransferRule,
    UnitCost,
)

_LADDER = (
    "name", "rungs", "open", "bonus_days", "principal_days", "most_balance", "per_member", "stores", "starts_on",
    "ends_on", "refundable",
)  # fmt: skip
_PACKAGE = (
    "name", "sessions", "price", "days", "counts_from", "begin_within", "services", "stores", "transferable",
    "freeze_days", "undo_minutes", "refund", "list_price", "per_member",
)  # fmt: skip
_STAMPS = ("name", "unit", "stamps", "reward", "by_member", "per_day")
_SETTINGS = (
    "law",
    "principal",
    "bonus",
    "sessions",
    "gift",
    "gift_refunds",
    "contract_version",
    "contract",
    "transfer",
    "household",
    "costs",
)
_GRANT = ("unit", "amount", "days", "coupon")
_MANY = 50
_KEY = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_DAYS = 36_500
_NONE = Text("", "")


def read_ladder(key: str, given: Any, state: DefinitionState = "active") -> Ladder:
    """Raises `invalid_input`; fields are paths such as `rungs[1].pay`."""
    errors, node = _start(given, _LADDER)
    rungs = []
    for one in node.children("rungs", ("pay", "bonus", "grants"), most=_MANY, required=True):
        grants = tuple(_grant(grant) for grant in one.children("grants", _GRANT, most=10))
        rungs.append(Rung(one.integer("pay", least=1), one.integer("bonus", default=0), grants))
    pays = [rung.pay for rung in rungs if rung.pay]
    if pays != sorted(set(pays)):
        node.bad("rungs", "not_rising", "各档金额须从低到高且不重复", "Amounts must rise from rung to rung")
    read = Ladder(
        key=key,
        name=node.text("name"),
        rungs=tuple(rungs),
        open=node.flag("open", False),
        bonus_days=node.integer("bonus_days", least=1, most=_DAYS, default=None),
        principal_days=node.integer("principal_days", least=1, most=_DAYS, default=None),
        most_balance=node.integer("most_balance", least=1, default=None),
        per_member=node.integer("per_member", least=1, default=None),
        stores=_codes(node, "stores"),
        starts_on=node.day("starts_on", None),
        ends_on=node.day("ends_on", None),
        refundable=node.flag("refundable", True),
        state=state,
    )
    errors.refuse()
    return read


def read_package(key: str, given: Any, state: DefinitionState = "active") -> PackageTerms:
    """Raises `invalid_input`."""
    errors, node = _start(given, _PACKAGE)
    read = PackageTerms(
        key=key,
        name=node.text("name"),
        sessions=node.integer("sessions", least=1, most=10_000),
        price=node.integer("price", least=0),
        days=node.integer("days", least=1, most=_DAYS, default=None),
        counts_from=node.choice("counts_from", ("purchase", "first_use"), "purchase"),
        begin_within=node.integer("begin_within", least=1, most=_DAYS, default=None),
        services=_codes(node, "services"),
        stores=_codes(node, "stores"),
        transferable=node.flag("transferable", False),
        freeze_days=node.integer("freeze_days", least=0, most=3650, default=0),
        undo_minutes=node.integer("undo_minutes", least=0, most=60 * 24 * 7, default=30),
        refund=node.choice("refund", ("pro_rata", "list_price", "none"), "pro_rata"),
        list_price=node.integer("list_price", least=0, default=0),
        per_member=node.integer("per_member", least=1, default=None),
        state=state,
    )
    if read.begin_within and read.counts_from != "first_use":
        node.bad("begin_within", "not_used", "只用于首次使用起算", "Only where days count from the first use")
    if read.refund == "list_price" and not read.list_price:
        node.bad("list_price", "required", "按单次原价扣款须填写", "Needed for a refund by list price")
    errors.refuse()
    return read


def read_stamp_card(key: str, given: Any, state: DefinitionState = "active") -> StampCard:
    """Raises `invalid_input`."""
    errors, node = _start(given, _STAMPS)
    reward = node.child("reward", _GRANT)
    if reward is None:
        node.bad("reward", "required", "必填", "Required")
    read = StampCard(
        key=key,
        name=node.text("name"),
        unit=node.code("unit", "stamps"),
        stamps=node.integer("stamps", least=1, most=1000),
        reward=_grant(reward) if reward is not None else Grant(),
        by_member=node.flag("by_member", True),
        per_day=node.integer("per_day", least=1, default=None),
        state=state,
    )
    errors.refuse()
    return read


def read_settings(given: Any) -> Settings:
    """Raises `invalid_input`. What is left out is as in `Settings`."""
    errors, node = _start(given, _SETTINGS)
    plain = Settings()
    transfer = node.child("transfer", ("enabled", "units", "least", "per_day", "times_per_day"))
    household = node.child("household", ("enabled", "units", "most"))
    costs: dict[str, UnitCost] = {}
    found = node.raw("costs", {})
    if isinstance(found, Mapping) and len(found) <= _MANY:
        inner = Node(found, "costs", errors, [str(k) for k in found])
        for unit in found:
            one = inner.child(str(unit), ("cost", "breakage", "months"))
            if one is not None:
                costs[str(unit)] = UnitCost(
                    _decimal(one, "cost", Decimal(1), Decimal(10**9)),
                    _decimal(one, "breakage", Decimal(0), Decimal(1)),
                    one.integer("months", least=1, most=240, default=12),
                )
    else:
        node.bad("costs", "not_an_object", "应为对象", "Must be an object")
    read = Settings(
        law=node.choice("law", ("none", "cn"), "none"),
        principal=node.code("principal", plain.principal),
        bonus=node.code("bonus", plain.bonus),
        sessions=node.code("sessions", plain.sessions),
        gift=node.code("gift", plain.gift),
        gift_refunds=node.flag("gift_refunds", True),
        contract_version=node.string("contract_version", most=40, default="1"),
        contract=node.text("contract", _NONE, most=20_000),
        transfer=TransferRule()
        if transfer is None
        else TransferRule(
            enabled=transfer.flag("enabled", False),
            units=_codes(transfer, "units") or frozenset({"points"}),
            least=transfer.integer("least", least=1, default=1),
            per_day=transfer.integer("per_day", least=1, default=None),
            times_per_day=transfer.integer("times_per_day", least=1, default=None),
        ),
        household=HouseholdRule()
        if household is None
        else HouseholdRule(
            enabled=household.flag("enabled", False),
            units=_codes(household, "units") or frozenset({"points"}),
            most=household.integer("most", least=1, most=20, default=6),
        ),
        costs=costs,
    )
    errors.refuse()
    return read


def _start(given: Any, known: tuple[str, ...]) -> tuple[ErrorList, Node]:
    errors = ErrorList()
    check_texts(given, errors)
    errors.refuse()
    return errors, Node(given, "", errors, known)


def _grant(node: Node) -> Grant:
    grant = Grant(
        unit=node.code("unit", ""),
        amount=node.integer("amount", least=1, default=0),
        days=node.integer("days", least=1, most=_DAYS, default=None),
        coupon=node.code("coupon", ""),
    )
    if bool(grant.coupon) == bool(grant.unit) or (grant.unit and not grant.amount):
        node.bad("unit", "one_of", "填写 unit 与 amount，或填写 coupon", "Give unit and amount, or a coupon")
    return grant


def _codes(node: Node, key: str) -> frozenset[str]:
    found = set()
    for path, value in node.items(key, most=1000):
        if isinstance(value, str) and 0 < len(value) <= 64:
            found.add(value)
        else:
            node.errors.add(path, "bad_code", "应为代码", "Must be a code")
    return frozenset(found)


def _decimal(node: Node, key: str, default: Decimal, most: Decimal) -> Decimal:
    value = node.raw(key, None)
    if value is None:
        return default
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        read = Decimal(str(value))
        if not read.is_finite() or not 0 <= read <= most or read.as_tuple().exponent < -6:  # type: ignore[operator]
            raise InvalidOperation
    except (InvalidOperation, ValueError):
        node.bad(key, "bad_number", f"应为 0 到 {most} 的数", f"Must be a number from 0 to {most}")
        return default
    return read


def is_key(text: str) -> bool:
    """Whether a definition may be called so."""
    return _KEY.fullmatch(text) is not None
