"""Sentences of the console for what rooms keep as codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from regulars.flows.intake.api import INTERNAL_TYPES
from regulars.kit.money import show as show_money
from regulars.kit.text import Text
from regulars.programme.rules.types import Programme
from regulars.surfaces.console.naming import Naming

INTERNAL = INTERNAL_TYPES

MOVES: dict[str, Text] = {
    "joined": Text("入会", "Joined"),
    "upgraded": Text("达到条件升级", "Reached the tier"),
    "kept": Text("保级", "Kept the tier"),
    "stepped_down": Text("未保级，降一级", "Not kept: one step down"),
    "fell": Text("未保级，降到应得等级", "Not kept: down to what is earned"),
    "refunded": Text("退款后降级", "Demoted by a refund"),
    "manual": Text("人工调整", "Changed by hand"),
    "match": Text("等级匹配", "Tier match"),
    "step": Text("规则升级", "Raised by a rule"),
    "repaired": Text("迟到数据修正", "Repaired for late data"),
    "unlocked": Text("解除锁定", "Unlocked"),
}

_NOTES: dict[str, Text] = {
    "clawed_back": Text("扣回 {taken} {unit}（{rule_name}）", "{taken} {unit} taken back ({rule_name})"),
    "clawed_back_debt": Text(
        "扣回 {taken} {unit}（{rule_name}），另有 {debt} 已被用掉，记为欠分",
        "{taken} {unit} taken back ({rule_name}); {debt} more were spent already and are owed",
    ),
    "given_back": Text("退还已使用的 {amount} {unit}", "{amount} {unit} that had been spent came back"),
    "waiting_for_order": Text(
        "订单 {order} 还没有到，到达后自动处理", "Order {order} has not come yet; this is taken when it comes"
    ),
    "order_not_here_yet": Text("订单 {order} 还没有到", "Order {order} has not come yet"),
    "activated": Text("{amount} {unit} 由待生效转为可用", "{amount} {unit} became available"),
    "credited": Text("入账 {amount} {unit}", "{amount} {unit} credited"),
    "ends": Text("{unit}批次改变有效期", "A lot of {unit} ends at another time"),
    "refunded": Text("退款 {money}", "{money} refunded"),
    "coupon_not_issued": Text(
        "优惠券“{definition}”未能发放（{reason}）", "The coupon “{definition}” was not issued ({reason})"
    ),
    "act_not_done": Text("“{what}”未执行（{reason}）", "“{what}” was not done ({reason})"),
    "gifts_taken_back": Text(
        "订单 {order} 全部退款：未使用的赠送已收回，未发出的消息已取消；已发出的消息和待办不变",
        "All of order {order} went back: what it brought and was not used is void, messages not sent yet are "
        "cancelled; what was sent, and tasks for staff, stay",
    ),
    "held_for_review": Text("疑似异常（{rule}），已冻结待复核", "Suspicious ({rule}): held for review"),
    "refund_refused": Text(
        "订单到达后这笔退款未能处理", "When its order came, this refund could not be taken"
    ),
}


def notes(naming: Naming, given: Iterable[Mapping[str, Any]], programme: Programme | None) -> list[str]:
    """What a receipt notes beside its rules, in words; a note without words shows its code."""
    found = []
    for note in given:
        code = str(note.get("code", ""))
        if code == "clawed_back" and note.get("debt"):
            code = "clawed_back_debt"
        text = _NOTES.get(code)
        values = {key: f"{value:,}" if isinstance(value, int) else value for key, value in note.items()}
        if code == "refunded":
            values["money"] = show_money(int(note["amount"]), naming.brand.currency)
        if "rule" in note:
            values["rule_name"] = naming.rule(str(note["rule"]), programme)[0]
        if "unit" in note:
            values["unit"] = naming.unit(str(note["unit"]))
            if naming.is_money(str(note["unit"])):
                currency = naming.brand.currency
                for key in ("amount", "taken", "debt"):
                    if isinstance(note.get(key), int):
                        values[key] = show_money(note[key], currency)
        try:
            found.append(naming.say(text.format(**values)) if text else code)
        except KeyError:
            found.append(code)
    return found


def without_name(sentence: str, name: str) -> str:
    """An outcome's sentence starts with the rule's name; beside the name it is not said twice."""
    for mark in ("：", ": "):
        if sentence.startswith(f"{name}{mark}"):
            return sentence[len(name) + len(mark) :]
    return sentence
