"""Words the portal falls back on where a brand has none of its own."""

from __future__ import annotations

from regulars.kit.text import Text

HEADLINE = Text("成为{brand}会员", "Join {brand}")
PROMISE = Text("每一单都算数，权益一目了然。", "Every order counts, and you see what it earns you.")
CONSENT_TITLE = Text("会员协议与隐私说明", "Membership terms and privacy notice")
CONSENT = Text(
    "{brand}为您建立会员档案，记录您的联系方式、填写的资料以及在{brand}的订单和互动，"
    "用来累积积分、评定等级、提供会员权益，并在您需要时为您服务。\n"
    "手机号、邮箱、姓名和生日加密保存，只有有权限的员工能看到，不会出售给任何人。\n"
    "您可以随时在「我的」里查看和修改资料、了解每一笔积分的来由；"
    "也可以随时联系{brand}要求导出或删除您的资料、退出会员。退出和加入一样简单。\n"
    "积分和等级按公布的规则计算；规则变化只影响之后发生的消费。",
    "{brand} keeps a membership record for you: how to reach you, what you tell us, and your orders and activity "
    "with {brand}. We use it to count points, to set your tier, to give you your benefits and to serve you.\n"
    "Phone number, e-mail address, name and birthday are kept encrypted. Only staff who may see them do, and they "
    "are never sold.\n"
    "Under “Me” you can see and change your details and read why you have each point. At any time you can ask "
    "{brand} to hand over or delete your data, or leave. Leaving is as easy as joining.\n"
    "Points and tiers follow the published rules; a change of rules applies only to what happens after it.",
)
FIELD_NAMES = {
    "name": Text("称呼", "Name"),
    "gender": Text("性别", "Gender"),
    "birthday": Text("生日", "Birthday"),
}
BIRTHDAY_HELP = Text("生日每年只能修改一次", "Your birthday can be changed once a year")
BIRTHDAY_LOCKED = Text("{day} 之后可以再修改", "You can change it again from {day}")
WORDS_HELP = Text("多个请用逗号隔开", "Separate several with commas")
GENDERS = {
    "female": Text("女", "Female"),
    "male": Text("男", "Male"),
    "other": Text("不便透露", "Rather not say"),
}
EXPIRED = Text("到期", "Expired")
EXPIRED_WHY = Text("有效期已满，未使用的部分失效", "What was not used by its last day is gone")
CLAWED = Text("退货时扣回当初获得的部分", "Taken back with the return, as it was earned with the order")
CLAWED_WITH_DEBT = Text(
    "退货时扣回当初获得的部分；其中 {n} 已用掉，由下次获得抵扣",
    "Taken back with the return; {n} of it was already spent and is settled by what you earn next",
)
GIVEN_BACK = Text("退还已用的部分", "Given back")
GIVEN_BACK_WHY = Text(
    "退货时退还当时使用的部分，有效期不变", "What you had used comes back with its old expiry date"
)
WAITING = Text("等待订单", "Waiting for its order")
WAITING_WHY = Text("订单到账后自动处理", "It counts as soon as the order has arrived")
SPENT = Text("使用", "Spent")
ADJUSTED = Text("人工调整", "Adjusted by staff")
ADJUSTED_WHY = Text("由店员处理，如有疑问请联系我们", "Done by our staff; ask us if anything is unclear")
CREDITS = {
    "issued": Text("赠送", "Given to you"),
    "paid": Text("购买", "Bought"),
    "transferred": Text("好友转赠", "From another member"),
    "claimed": Text("兑换礼品卡", "Gift card claimed"),
    "adjusted": Text("人工调整", "Adjusted by staff"),
}
SPENT_ON = {
    "transferred": Text("转赠给好友", "Given to another member"),
    "paid": Text("退款扣回", "Taken back with a refund"),
    "issued": Text("退款扣回", "Taken back with a refund"),
    "sessions": Text("使用次卡", "Package session used"),
    "stamps": Text("集章兑换", "Stamps exchanged"),
    "till": Text("结账时使用", "Used at the till"),
    "mall": Text("商城兑换", "Redeemed for a reward"),
    "draw": Text("参加抽奖", "A lucky draw"),
    "value": Text("使用{unit}", "{unit} used"),
}
AT_TILL = Text("结账单 {number}", "Checkout {number}")
BOUGHT = {
    "package": Text("购买次卡", "Package bought"),
    "top_up": Text("储值充值", "Topped up"),
}
CREDITED_WHY = Text("已存入您的账户", "It is in your account")
REWARDED = Text("奖励", "Reward")
REWARDED_WHY = Text("完成后发放，已存入您的账户", "You earned it; it is in your account")
REWARD_BACK = Text("奖励收回", "Reward taken back")
HELD = Text("冻结", "Put on hold")
HELD_WHY = Text("暂时留出，未使用会自动退回", "Set aside for a while; what is not used comes back by itself")
PLACED = Text("等级调整", "Tier changed")
