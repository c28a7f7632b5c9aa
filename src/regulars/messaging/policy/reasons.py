"""Why a message is not simply sent: each reason's place in the order of the decision, and its sentence."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.kit.text import Text

# The order in which a message is decided on.
STEPS: dict[str, Text] = {
    "open": Text("是否仍需发送", "Still wanted"),
    "address": Text("收件地址", "Address"),
    "consent": Text("营销同意", "Consent"),
    "suppression": Text("抑制名单", "Suppression list"),
    "programme_holdout": Text("全局对照组", "Programme holdout"),
    "campaign_holdout": Text("活动对照组", "Campaign holdout"),
    "cap": Text("频次上限", "Frequency cap"),
    "quiet": Text("静默时段", "Quiet hours"),
    "quota": Text("通道配额", "Channel quota"),
    "render": Text("生成内容", "Words"),
    "send": Text("发送", "Sending"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """`step` is where in the decision it was found; `name` a few words for lists, `sentence` what it means."""

    step: str
    name: Text
    sentence: Text


def _of(step: str, zh: str, en: str, zh_sentence: str, en_sentence: str) -> Reason:
    return Reason(step, Text(zh, en), Text(zh_sentence, en_sentence))


REASONS: dict[str, Reason] = {
    "not_a_member": _of(
        "open", "非有效会员", "Not an active member",
        "发送时该会员已冻结、退会或不属于本品牌。", "When it was to go she was frozen, had left, or was no member.",
    ),
    "expired": _of(
        "open", "已过时效", "Too late",
        "在允许发送之前，这条消息已过时效。", "It was out of date before it was allowed to go.",
    ),
    "withdrawn": _of(
        "open", "已撤回", "Withdrawn",
        "发起方在发送前撤回了这条消息。", "Who asked for it took it back before it went.",
    ),
    "held": _of(
        "open", "暂停中", "Held",
        "发起方暂停了发送：恢复后继续；若先过时效则不再发送。",
        "Sending is paused for who asked for it: it goes on when that is released, unless it is out of date by then.",
    ),
    "no_channel": _of(
        "address", "没有可用通道", "No channel",
        "消息与模板均未指定可用的通道。", "Neither the message nor its template names a channel that is switched on.",
    ),
    "no_address": _of(
        "address", "没有收件地址", "No address",
        "会员没有该通道的手机号、邮箱或账号。", "She has no number, address or account for this channel.",
    ),
    "no_consent": _of(
        "consent", "未同意营销", "No consent",
        "会员未同意通过该通道接收营销消息。", "She has not agreed to marketing by this channel.",
    ),
    "suppressed": _of(
        "suppression", "地址已抑制", "Suppressed",
        "该地址在抑制名单中：曾被退回、投诉或由员工加入。",
        "The address is on the suppression list: it bounced, complained, or staff put it there.",
    ),
    "held_out": _of(
        "programme_holdout", "全局对照组", "Programme holdout",
        "会员属于全局对照组，不接收任何营销消息，用于衡量效果。",
        "She is in the programme's holdout, which gets no marketing so that its effect can be measured.",
    ),
    "campaign_holdout": _of(
        "campaign_holdout", "活动对照组", "Campaign holdout",
        "会员属于该活动的对照组。", "She is in this campaign's control group.",
    ),
    "frequency_cap": _of(
        "cap", "达到频次上限", "Frequency cap",
        "会员在该时段收到的营销消息已达上限。", "She has had as many marketing messages as a cap allows.",
    ),
    "quiet_hours": _of(
        "quiet", "静默时段", "Quiet hours",
        "当时处于静默时段：等到开放后再发，或按设置放弃。",
        "It fell into quiet hours: it waits until they end, or is dropped where the setting says so.",
    ),
    "quota_rate": _of(
        "quota", "等待通道速率", "Waiting for the channel's rate",
        "通道每秒可发数量有限，正在排队。", "The channel takes only so many a second; it is in the queue.",
    ),
    "quota_day": _of(
        "quota", "通道当日配额用完", "Channel's daily quota used up",
        "通道当日配额已用完，下一个营业日继续。", "The channel's quota of the day is used up; it goes on the next day.",
    ),
    "account_broken": _of(
        "quota", "通道设置有误", "The channel's settings are wrong",
        "通道账号的设置无法使用，修正后自动继续。", "The account's settings do not work; it goes on once mended.",
    ),
    "busy": _of(
        "quota", "等待通道", "Waiting for the channel",
        "通道正在处理前面的消息。", "The channel is busy with the messages before it.",
    ),
    "render_failed": _of(
        "render", "内容无法生成", "Words could not be made",
        "模板不存在、未审批，或缺少变量。", "The template does not exist, is not approved, or lacks a value.",
    ),
    "retry": _of(
        "send", "等待重试", "Waiting to try again",
        "通道暂时无法发送，稍后重试。", "The channel could not take it for now; it is tried again.",
    ),
    "sandboxed": _of(
        "send", "沙箱", "Sandbox",
        "没有连接服务商：消息保存在此，未真正发出。", "No provider is connected: it is kept here and went nowhere.",
    ),
    "bad_address": _of(
        "send", "地址无效", "Bad address",
        "服务商确认地址无效，已加入抑制名单。", "The provider says the address does not exist; it is now suppressed.",
    ),
    "refused": _of(
        "send", "被服务商拒绝", "Refused by the provider",
        "服务商拒绝了这条消息，不再重试。", "The provider refused it for good; it is not tried again.",
    ),
    "given_up": _of(
        "send", "多次重试失败", "Given up",
        "多次重试仍未成功，已停止。", "It was tried several times without success and then given up.",
    ),
    "bounced": _of(
        "send", "被退回", "Bounced",
        "发出后被退回，地址已加入抑制名单。", "It was sent and came back; the address is now suppressed.",
    ),
    "complained": _of(
        "send", "被投诉", "Complaint",
        "会员向服务商投诉，地址已加入抑制名单。", "She complained to the provider; the address is now suppressed.",
    ),
    "not_delivered": _of(
        "send", "未送达", "Not delivered",
        "服务商回执：未能送达。", "The provider reports that it could not be delivered.",
    ),
    "outcome_unknown": _of(
        "send", "结果不明", "Outcome unknown",
        "发送过程中程序中断，服务商可能已发出；为避免重复，不再发送。",
        "The program stopped while the provider had it, which may have sent it; not to send twice it is left there.",
    ),
}  # fmt: skip
# What else may stand in a message's history.
OUTCOMES: dict[str, Text] = {
    "sent": Text("已交给服务商", "Taken by the provider"),
    "delivered": Text("已送达", "Delivered"),
    "failed": Text("回执：失败", "Receipt: failed"),
    "opted_out": Text("会员退订", "She opted out"),
    "released": Text("恢复发送", "Released"),
    "clicked": Text("已点击", "Clicked"),
}
