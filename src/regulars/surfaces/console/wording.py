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


ACTIONS: dict[str, Text] = {
    "create": Text("新建", "created"),
    "update": Text("修改", "changed"),
    "delete": Text("删除", "deleted"),
    "enrol": Text("入会", "enrolled"),
    "rules_set": Text("设置阈值", "thresholds set"),
    "assumptions_set": Text("设置假设", "assumptions set"),
    "figure_entered": Text("录入数据", "figure entered"),
    "goal_set": Text("新建目标", "goal set"),
    "goal_closed": Text("收起目标", "goal put away"),
    "export": Text("导出", "exported"),
    "sign_in": Text("登录", "signed in"),
    "password": Text("修改密码", "password changed"),
    "revoke": Text("吊销", "revoked"),
    "save": Text("保存草稿", "draft saved"),
    "submit": Text("提交审核", "submitted"),
    "withdraw": Text("撤回", "withdrawn"),
    "approve": Text("通过", "approved"),
    "reject": Text("驳回", "rejected"),
    "publish": Text("发布", "published"),
    "install": Text("初始发布", "installed"),
    "add_identity": Text("添加标识", "identifier added"),
    "remove_identity": Text("移除标识", "identifier removed"),
    "verify_identity": Text("验证标识", "identifier verified"),
    "tag": Text("打标签", "tagged"),
    "note": Text("写备注", "note written"),
    "asked": Text("申请", "asked for"),
    "posted": Text("入账", "posted"),
    "rejected": Text("驳回", "rejected"),
    "approved": Text("同意", "approved"),
    "pause": Text("暂停", "paused"),
    "placed": Text("人工调整", "placed by hand"),
    "unlocked": Text("解除锁定", "unlocked"),
    "use": Text("核销", "used"),
    "undo": Text("撤销核销", "use undone"),
    "start": Text("开始", "started"),
    "cancel": Text("取消", "cancelled"),
    "resume": Text("继续", "resumed"),
    "archive": Text("停用", "retired"),
    "refund": Text("退款", "refunded"),
    "no_show": Text("爽约扣次", "taken for a missed visit"),
    "freeze": Text("冻结", "frozen"),
    "unfreeze": Text("解冻", "thawed"),
    "transfer": Text("转让", "handed on"),
    "hand_out": Text("导出卡号", "numbers handed out"),
    "sell": Text("售卖", "sold"),
    "claim": Text("绑定", "bound"),
    "give": Text("转赠", "given on"),
    "void": Text("作废", "voided"),
    "redeem": Text("兑换", "exchanged"),
    "join": Text("加入", "joined"),
    "leave": Text("退出", "left"),
    "buyer": Text("实名登记", "buyer recorded"),
    "evidence": Text("导出凭证", "evidence exported"),
    "stock": Text("库存调整", "stock changed"),
    "picture": Text("图片", "picture changed"),
    "codes": Text("导入卡密", "codes imported"),
    "ship": Text("发货", "shipped"),
    "verify": Text("核销", "handed out"),
    "complete": Text("完成", "completed"),
    "move": Text("改期", "moved"),
    "accept": Text("确认候补", "offer accepted"),
    "check_in": Text("签到", "checked in"),
    "place": Text("兑换", "placed"),
    "book": Text("预约", "booked"),
    "unblock": Text("解除禁约", "block ended"),
    "set": Text("修改", "changed"),
    "changed": Text("调整", "changed"),
    "add": Text("加入", "added"),
    "remove": Text("移除", "removed"),
    "check": Text("检测", "checked"),
    "test": Text("测试发送", "test sent"),
    "propose": Text("请求拟稿", "text proposed"),
    "restore": Text("取消归档", "restored"),
}
THINGS: dict[str, Text] = {
    "organisation": Text("企业", "Organisation"),
    "brand": Text("品牌", "Brand"),
    "region": Text("区域", "Region"),
    "store": Text("门店", "Store"),
    "staff": Text("员工", "Staff"),
    "role": Text("角色", "Role"),
    "session": Text("登录", "Session"),
    "apikey": Text("API 密钥", "API key"),
    "member": Text("会员", "Member"),
    "membership": Text("会籍", "Membership"),
    "tag": Text("标签", "Tag"),
    "field": Text("会员字段", "Member field"),
    "programme": Text("权益版本", "Programme version"),
    "adjustment": Text("人工调整", "Adjustment"),
    "hold": Text("冻结", "Hold"),
    "tier": Text("等级", "Tier"),
    "benefit": Text("权益", "Benefit"),
    "top_up": Text("储值", "Stored value"),
    "package": Text("次卡", "Package"),
    "gift_batch": Text("礼品卡批次", "Gift card batch"),
    "gift_card": Text("礼品卡", "Gift card"),
    "stamp_card": Text("集章卡", "Stamp card"),
    "transfer": Text("转赠", "Gift"),
    "household": Text("家庭共享", "Household"),
    "prepaid": Text("预付", "Prepaid"),
    "activity_type": Text("活动类型", "Activity type"),
    "import": Text("导入", "Import"),
    "file": Text("文件", "File"),
    "reward": Text("积分商品", "Reward"),
    "redemption": Text("兑换单", "Redemption"),
    "service": Text("预约服务", "Service"),
    "resource": Text("预约资源", "Resource"),
    "booking": Text("预约", "Booking"),
    "lifecycle": Text("生命周期", "Lifecycle"),
    "journey": Text("旅程", "Journey"),
    "reports": Text("报表", "Reports"),
    "template": Text("消息模板", "Message template"),
    "channel_account": Text("通道账户", "Channel account"),
    "message_policy": Text("发送策略", "Sending limits"),
    "message_links": Text("短链网站", "Sites of links"),
    "suppression": Text("抑制名单", "Suppression list"),
    "holdout": Text("全局对照组", "Programme holdout"),
}


_WHOLE: dict[str, Text] = {
    "session.sign_in": Text("登录控制台", "Signed in to the console"),
    "member.enrol": Text("会员入会", "Member enrolled"),
    "member.export": Text("导出会员", "Members exported"),
    "member.consent": Text("会员同意条款", "Member agreed to the terms"),
    "member.tag": Text("打标签", "Members tagged"),
    "staff.password": Text("修改员工密码", "Password of staff changed"),
    "import.check": Text("导入 · 试运行", "Import · checked"),
    "journey.state": Text("旅程 · 启停", "Journey · paused, resumed or stopped"),
    "journey.move_members": Text("旅程 · 会员迁到新版本", "Journey · members moved to a version"),
    "journey.remove_member": Text("旅程 · 移出会员", "Journey · member taken out"),
    "adjustment.comment": Text("人工调整 · 审批意见", "Adjustment · comment"),
    "messages.hold": Text("消息 · 暂停来源", "Messages · source held"),
    "messages.release": Text("消息 · 恢复来源", "Messages · source released"),
    "messages.cancel": Text("消息 · 撤回等待发送的", "Messages · waiting ones taken back"),
    "template.save": Text("消息模板 · 保存草稿", "Message template · draft saved"),
    "template.archive": Text("消息模板 · 归档", "Message template · archived"),
    "activity_type.put": Text("活动类型 · 修改", "Activity type · changed"),
}


def action(naming: Naming, code: str) -> str:
    """`store.update` → “门店 · 修改”."""
    if code in _WHOLE:
        return naming.say(_WHOLE[code])
    thing, _, verb = code.partition(".")
    return (
        f"{naming.say(THINGS.get(thing, Text(thing, thing)))} · "
        f"{naming.say(ACTIONS.get(verb, Text(verb.replace('_', ' '), verb.replace('_', ' '))))}"
    )
