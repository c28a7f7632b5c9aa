"""What the fold says no with."""

from __future__ import annotations

from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.text import Text


def not_spendable(unit: str) -> Refusal:
    return Refusal(
        "unit_not_spendable",
        Text("单位 {unit} 不存在或不可消耗", "The unit {unit} does not exist or cannot be spent").format(
            unit=unit
        ),
        data={"field": "unit", "unit": unit},
    )


def unknown_unit(unit: str) -> Refusal:
    return Refusal(
        "unknown_unit",
        Text("权益规则里没有单位 {unit}", "The programme has no unit {unit}").format(unit=unit),
        data={"field": "unit", "unit": unit},
    )


def no_such_lot() -> Refusal:
    return not_found(Text("批次", "Lot"))


def not_pending(exists: bool) -> Refusal:
    if not exists:
        return not_found(Text("批次", "Lot"))
    return conflict("lot_not_pending", "该批次不是待生效状态", "The lot is not pending")


def no_such_burn() -> Refusal:
    return Refusal("not_found", Text("找不到该笔消耗", "No such burn"), status=404)
