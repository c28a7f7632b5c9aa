"""What can be said of an activity before any look at its member: its form, and under which keys it comes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from regulars.facts.activity.declared import DeclaredType, check_data
from regulars.facts.activity.store import key_hash
from regulars.facts.activity.types import ONE, ActivityIn
from regulars.flows.intake.types import INTERNAL_TYPES, SYSTEM_TYPES
from regulars.kit.errors import ErrorList, invalid_field
from regulars.kit.ids import digest
from regulars.platform.organisations.types import Brand, Store
from regulars.programme.rules.types import Act

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MOST = Decimal(1_000_000_000)
_FINEST = Decimal("0.000001")
_CLOCK_SKEW = timedelta(minutes=5)
_PARTS = {"order": "order", "refund": "refund", "order_delivered": "delivery", "burn": "burn"}
_MADE = frozenset({"hold", "expires_at", "burn_key", "actor"})  # in `data` of internal activities
_encode = msgspec.json.Encoder()


@dataclass(slots=True)
class Prepared:
    """A well-formed activity: how decisions see it, its keys in the directory, and the hash of its body."""

    index: int
    given: ActivityIn
    occurred_at: datetime
    act: Act
    keys: tuple[UUID, ...]
    body_hash: UUID
    order_key: UUID | None
    subject: str
    store_id: UUID | None


def prepare(
    index: int,
    given: ActivityIn,
    *,
    brand: Brand,
    stores: Mapping[str, Store],
    declared: Mapping[str, DeclaredType],
    now: datetime,
    internal: bool = False,
) -> Prepared:
    """Raises the refusal that names every wrong field."""
    type_ = given.type
    if (type_ not in SYSTEM_TYPES and type_ not in declared) or (type_ in INTERNAL_TYPES and not internal):
        known = ", ".join(sorted((SYSTEM_TYPES - INTERNAL_TYPES) | set(declared)))
        raise invalid_field(
            "type",
            "unknown_type",
            f"未声明的行为类型 {type_}，可用：{known}",
            f"unknown type {type_}; known: {known}",
        )
    errors = ErrorList()
    part = _PARTS.get(type_)
    for name in ("order", "refund", "delivery", "burn"):
        present = getattr(given, name) is not None
        if name == part and not present:
            errors.add(name, "required", f"{type_} 必须带 {name}", f"{type_} needs {name}")
        elif name != part and present:
            errors.add(name, "not_allowed", f"{type_} 不能带 {name}", f"{type_} takes no {name}")
    occurred_at = _instant(given.occurred_at, now, errors)
    store = stores.get(given.store) if given.store is not None else None
    if given.store is not None and store is None:
        errors.add("store", "unknown_store", f"没有门店 {given.store}", f"there is no store {given.store}")
    data: dict[str, Any] = {}
    if type_ in declared:
        data = check_data(declared[type_], given.data or {}, errors)
    elif given.data and not internal:
        errors.add("data", "not_allowed", f"{type_} 不能带 data", f"{type_} takes no data")
    if given.burn is not None and not internal:
        for name, named in (
            ("lots", given.burn.lots is not None),
            ("contra", given.burn.contra != "redeemed"),
        ):
            if named:
                errors.add(f"burn.{name}", "not_allowed", f"不能带 {name}", f"{name} cannot be given")
    order = given.order
    if order is not None and order.cashback and not internal:
        errors.add("order.cashback", "not_allowed", "不能带 cashback", "cashback cannot be given")
    if order is not None and order.currency is not msgspec.UNSET and order.currency != brand.currency:
        errors.add(
            "order.currency",
            "wrong_currency",
            f"币种应为 {brand.currency}",
            f"the programme's currency is {brand.currency}",
        )
    _check_quantities(given, errors)
    natural = _natural_key(brand.id, given)
    keys: tuple[UUID, ...] = () if natural is None else (natural,)
    if given.key is not None:
        keys += (key_hash(brand.id, "key", given.key),)
    if not keys:
        errors.add(
            "key",
            "required",
            "须提供幂等键：key 字段或 Idempotency-Key 请求头",
            "an idempotency key is required: the field key or the header Idempotency-Key",
        )
    body_hash = _body_hash(given, internal, errors)
    errors.refuse()
    subject, order_key = _about(brand.id, given, natural)
    return Prepared(
        index=index,
        given=given,
        occurred_at=occurred_at,
        act=act_of(given, occurred_at, store, data),
        keys=keys,
        body_hash=body_hash,
        order_key=order_key,
        subject=subject,
        store_id=store.id if store else None,
    )


def _body_hash(given: ActivityIn, internal: bool, errors: ErrorList) -> UUID:
    """What makes two posts under one key the same. Flows put instants and ids of their own making into theirs."""
    if internal:
        made = _MADE if given.type == "hold" else _MADE - {"hold"}
        asked = {k: v for k, v in (given.data or {}).items() if k not in made}
        if given.type in ("credit", "reward"):
            asked["parts"] = [{k: v for k, v in part.items() if k != "expires_at"} for part in asked["parts"]]
        return digest(
            given.type,
            *[
                _encode.encode(part).decode()
                for part in (given.member, given.burn, asked, given.order, given.refund)
            ],
        )
    body = _encode.encode(given).decode()
    if "\\u0000" in body:
        errors.add(
            _with_nul(json.loads(body)),
            "bad_text",
            "文本不能含 NUL 字符",
            "text must not contain a NUL character",
        )
    return digest(body)


def _with_nul(value: Any, path: str = "") -> str:
    """The path of the first text with a NUL in it."""
    if isinstance(value, str):
        return path if "\x00" in value else ""
    items: Any = ()
    if isinstance(value, dict):
        if any("\x00" in key for key in value):
            return path
        items = [(f"{path}.{k}" if path else k, v) for k, v in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{n}]", v) for n, v in enumerate(value)]
    return next((found for name, inner in items if (found := _with_nul(inner, name))), "")


def _instant(at: datetime, now: datetime, errors: ErrorList) -> datetime:
    if at.tzinfo is None:
        errors.add("occurred_at", "no_timezone", "时间必须带时区", "the time needs its zone")
        return at.replace(tzinfo=UTC)
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    if at > now + _CLOCK_SKEW:
        errors.add(
            "occurred_at",
            "in_future",
            "发生时间不能晚于现在（允许 5 分钟时钟误差）",
            "must not lie in the future (5 minutes of clock skew are allowed)",
        )
    elif at < _EARLIEST:
        errors.add("occurred_at", "too_old", "发生时间不能早于 2000-01-01", "must not lie before 2000-01-01")
    return at


def _check_quantities(given: ActivityIn, errors: ErrorList) -> None:
    """Above zero, at most six decimals: JSON alone cannot say so of a decimal."""
    name, quantities = "order", [line.quantity for line in given.order.lines] if given.order else []
    if given.refund is not None and given.refund.lines is not None:
        name, quantities = (
            "refund",
            [ONE if line.quantity is None else line.quantity for line in given.refund.lines],
        )
    for place, quantity in enumerate(quantities):
        if quantity is ONE:
            continue
        if not quantity.is_finite() or not 0 < quantity <= _MOST or quantity % _FINEST:
            errors.add(
                f"{name}.lines[{place}].quantity",
                "bad_quantity",
                "数量必须大于 0、不超过 10 亿，最多 6 位小数",
                "must be above 0, at most 1 000 000 000, with at most 6 decimals",
            )


def _natural_key(brand_id: UUID, given: ActivityIn) -> UUID | None:
    if given.order is not None:
        return key_hash(brand_id, "order", given.source, given.order.number)
    if given.refund is not None:
        return key_hash(brand_id, "refund", given.source, given.refund.number)
    if given.type == "order_delivered" and given.delivery is not None:
        return key_hash(brand_id, "delivery", given.source, given.delivery)
    return None


def order_key_of(brand_id: UUID, source: str, number: str) -> UUID:
    """The directory key of an order."""
    return key_hash(brand_id, "order", source, number)


def _about(brand_id: UUID, given: ActivityIn, natural: UUID | None) -> tuple[str, UUID | None]:
    """The number of the order that the activity is or is about, and its directory key."""
    if given.order is not None:
        return given.order.number, natural
    number = ""
    if given.refund is not None:
        number = given.refund.order
    elif given.delivery is not None:
        number = given.delivery
    elif given.burn is not None and given.burn.order is not None:
        number = given.burn.order
    if number:
        return number, order_key_of(brand_id, given.source, number)
    if given.type == "burn_return":
        return "", UUID((given.data or {})["burn_key"])
    return "", None


def act_of(given: ActivityIn, occurred_at: datetime, store: Store | None, data: dict[str, Any]) -> Act:
    order = given.order
    facts = {"store.region": store.region or None, "store.tags": store.tags} if store else {}
    if order is None:
        return Act(
            given.type,
            occurred_at,
            given.source,
            given.channel or "",
            given.store or "",
            data=data,
            store_facts=facts,
        )
    lines = []
    amount = discount = 0
    quantity = Decimal(0)
    for line in order.lines:
        amount += line.amount
        discount += line.discount
        quantity += line.quantity
        lines.append(
            {
                "sku": line.sku,
                "name": line.name or None,
                "category": line.category or None,
                "department": line.department or None,
                "brand": line.brand or None,
                "amount": line.amount,
                "quantity": line.quantity,
                "discount": line.discount,
                "tags": line.tags,
            }
        )
    return Act(
        given.type,
        occurred_at,
        given.source,
        given.channel or "",
        given.store or "",
        amount,
        discount,
        order.coupon_discount,
        quantity,
        tuple(lines),
        data,
        facts,
    )
