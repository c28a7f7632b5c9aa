"""Permissions and the roles that come with Regulars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.kit.errors import forbidden
from regulars.kit.text import Language, Text

# code → what it allows. Every endpoint of the REST and console APIs names exactly one of these.
PERMISSIONS: dict[str, Text] = {
    "members.read": Text("查看会员（隐私字段脱敏）", "See members, personal data masked"),
    "members.read_personal": Text("查看会员隐私明文", "See members' personal data in clear"),
    "members.write": Text("新增与编辑会员", "Enrol and edit members"),
    "members.export": Text("导出会员", "Export members"),
    "activities.read": Text("查看行为与订单", "See activities and orders"),
    "activities.write": Text("写入行为与订单", "Post activities and orders"),
    "ledger.read": Text("查看账本与余额", "See the ledger and balances"),
    "ledger.burn": Text("消耗与冻结积分", "Burn and hold points"),
    "ledger.adjust": Text("人工调整积分（单人至多 1 000）", "Adjust points by hand (up to 1 000 alone)"),
    "ledger.adjust_large": Text("单人调整至多 10 000", "Adjust up to 10 000 alone"),
    "ledger.approve": Text("审批人工调整", "Approve adjustments"),
    "tiers.adjust": Text("人工调整等级", "Change a member's tier by hand"),
    "checkout.quote": Text("收银报价", "Quote carts at the till"),
    "checkout.commit": Text("收银成交", "Commit checkouts"),
    "checkout.read": Text("查看结算单", "See checkouts"),
    "checkout.return": Text("退货与时限内撤销", "Take goods back; undo a checkout in time"),
    "checkout.undo_late": Text("超时撤销结算单", "Undo checkouts after the time to undo"),
    "benefits.use": Text("使用与撤销权益", "Use and undo benefits"),
    "coupons.read": Text("查看优惠券与预算", "See coupons and budgets"),
    "coupons.write": Text("管理优惠券模板与预算", "Manage coupon definitions and budgets"),
    "coupons.issue": Text("发放与作废优惠券、券码", "Issue and void coupons and codes"),
    "coupons.use": Text("门店核销与撤销优惠券", "Verify coupons at a store and undo it"),
    "coupons.undo_late": Text("超时撤销核销", "Undo a coupon's use after the time to undo"),
    "programme.read": Text("查看权益规则", "See the programme"),
    "programme.write": Text("编辑权益规则草稿", "Draft programme versions"),
    "programme.review": Text("审核权益规则", "Review programme versions"),
    "programme.publish": Text("发布权益规则", "Publish programme versions"),
    "rewards.read": Text("查看积分商城与兑换单", "See the rewards mall and redemptions"),
    "rewards.write": Text("管理积分商城商品、库存与卡密", "Manage rewards, their stock and codes"),
    "rewards.redeem": Text("代会员兑换、核销兑换单", "Redeem for members and hand rewards out"),
    "rewards.fulfil": Text("发货、取消兑换单", "Ship and cancel redemptions"),
    "bookings.read": Text("查看预约", "See bookings"),
    "bookings.write": Text("管理预约服务与资源", "Manage services and resources that can be booked"),
    "bookings.use": Text("代会员预约、签到、取消", "Book, check in and cancel for members"),
    "plans.write": Text("管理付费会员计划", "Manage paid membership plans"),
    "subscriptions.read": Text("查看付费会员", "See subscriptions"),
    "subscriptions.write": Text("办理付费会员：开通、变更、退订", "Sell, change and end subscriptions"),
    "payments.read": Text("查看支付与退款", "See payments and refunds"),
    "payments.refund": Text("退款与关闭支付单", "Refund and close payments"),
    "payments.manage": Text("管理收款账户", "Manage payment accounts"),
    "prepaid.sell": Text("办理充值、售卖次卡与礼品卡", "Sell stored value, packages and gift cards"),
    "prepaid.use": Text(
        "核销次卡、绑定礼品卡、兑换集章、代会员转赠",
        "Use packages, bind gift cards, redeem stamps, give for members",
    ),
    "prepaid.refund": Text(
        "储值与次卡退款、冻结、作废礼品卡", "Refund and freeze prepaid value, void gift cards"
    ),
    "prepaid.write": Text(
        "管理充值阶梯、次卡、礼品卡批次与预付设置", "Manage ladders, packages, gift card batches and settings"
    ),
    "imports.run": Text("导入数据", "Import data"),
    "messages.read": Text("查看消息与模板", "Read messages and templates"),
    "messages.write": Text("编辑消息模板与短链", "Edit message templates and short links"),
    "messages.send": Text("通过接口发送消息", "Send messages by the API"),
    "messages.approve": Text("审批消息模板", "Approve message templates"),
    "messages.settings": Text(
        "管理通道、发送策略与对照组", "Manage channels, sending policy and the holdout"
    ),
    "journeys.read": Text("查看旅程", "See journeys"),
    "journeys.write": Text("编辑旅程", "Edit journeys"),
    "journeys.publish": Text("发布、暂停与停止旅程", "Publish, pause and stop journeys"),
    "campaigns.read": Text("查看活动与效果", "See campaigns and their results"),
    "campaigns.write": Text("编辑活动", "Edit campaigns"),
    "campaigns.approve": Text("审批与启动活动", "Approve and launch campaigns"),
    "missions.read": Text("查看任务、徽章、榜单与抽奖", "See missions, badges, leaderboards and draws"),
    "missions.write": Text("管理任务、徽章、榜单与抽奖", "Manage missions, badges, leaderboards and draws"),
    "referrals.read": Text("查看推荐与分享", "See referrals and shares"),
    "referrals.write": Text("管理推荐计划与佣金结算", "Manage referral programmes and settle commission"),
    "care.read": Text("查看关怀计划", "See care plans"),
    "care.write": Text("管理关怀计划与节日日历", "Manage care plans and the calendar"),
    "tasks.read": Text("查看门店待办", "See staff tasks"),
    "tasks.work": Text("处理门店待办与回访", "Work on staff tasks and return visits"),
    "segments.read": Text("查看人群与会员事实", "See segments and members' facts"),
    "segments.write": Text("管理人群与自动标签", "Manage segments and rule tags"),
    "insight.read": Text("查看洞察：评分、模型与分析", "See insight: scores, models and analyses"),
    "insight.run": Text("运行模型与更新数据", "Run models and refresh data"),
    "reports.read": Text("查看工作台与报表", "See the dashboard and reports"),
    "stores.write": Text("管理门店", "Manage stores"),
    "settings.write": Text("管理字段与设置", "Manage fields and settings"),
    "staff.manage": Text("管理员工与角色", "Manage staff and roles"),
    "apikeys.manage": Text("管理 API 密钥", "Manage API keys"),
    "webhooks.manage": Text("管理 Webhook", "Manage webhooks"),
    "audit.read": Text("查看审计日志", "Read the audit log"),
}

# Built-in roles; organisations add their own. `*` is everything.
BUILTIN_ROLES: dict[str, tuple[Text, frozenset[str]]] = {
    "owner": (Text("管理员", "Owner"), frozenset(PERMISSIONS)),
    "operator": (
        Text("会员运营", "Member operations"),
        frozenset(PERMISSIONS)
        - {
            "staff.manage", "apikeys.manage", "ledger.approve", "ledger.adjust_large", "programme.review",
            "members.read_personal", "payments.manage", "messages.approve", "messages.settings", "campaigns.approve",
        },
    ),
    "reviewer": (
        Text("审核人", "Reviewer"),
        frozenset(
            {
                "members.read", "activities.read", "ledger.read", "ledger.approve", "programme.read",
                "programme.review", "programme.publish", "reports.read", "audit.read", "segments.read", "insight.read",
                "messages.read", "messages.approve", "journeys.read", "campaigns.read", "campaigns.approve",
            }
        ),
    ),
    "clerk": (
        Text("门店店员", "Store clerk"),
        frozenset(
            {
                "members.read", "members.write", "activities.read", "ledger.read", "ledger.burn", "benefits.use",
                "checkout.quote", "checkout.commit", "checkout.read", "checkout.return", "coupons.read", "coupons.use",
                "rewards.read", "rewards.redeem", "bookings.read", "bookings.use",
                "subscriptions.read", "subscriptions.write", "payments.read", "prepaid.sell", "prepaid.use",
                "tasks.read", "tasks.work",
            }
        ),
    ),
    "auditor": (
        Text("只读审计", "Auditor"),
        frozenset(
            {
                "members.read", "activities.read", "ledger.read", "programme.read", "reports.read", "audit.read",
                "rewards.read", "bookings.read", "subscriptions.read", "payments.read", "coupons.read",
                "segments.read", "insight.read", "messages.read", "journeys.read", "campaigns.read", "missions.read",
                "referrals.read", "care.read", "tasks.read",
            }
        ),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role holds: everywhere (all empty), in a brand, one of its regions, or one of its stores.

    A store's place carries the store's region too, so that a region can be seen to cover it.
    """

    brand_id: UUID | None = None
    region_id: UUID | None = None
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """A role by its key, and where it shall hold."""

    role: str
    brand_id: UUID | None = None
    region_id: UUID | None = None
    store_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Role:
    id: UUID
    key: str
    name: Text
    permissions: frozenset[str]
    is_builtin: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    role: Role
    place: Place


@dataclass(frozen=True, slots=True)
class StaffMember:
    id: UUID
    organisation_id: UUID
    email: str
    name: str
    language: Language
    is_active: bool
    last_sign_in_at: datetime | None
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What someone may do in one brand: permission → the stores where she may, None for all of the brand."""

    stores: Mapping[str, frozenset[UUID] | None]

    @property
    def permissions(self) -> frozenset[str]:
        """Everything she may do somewhere in the brand: for menus, not for checks."""
        return frozenset(self.stores)

    def for_permission(self, permission: str) -> tuple[frozenset[str], frozenset[UUID] | None]:
        """The store limit of `permission`, and the permissions she has in all of those stores.

        So a clerk of one store who also reads reports of the whole brand does not come to burn points
        everywhere. Raises `forbidden`.
        """
        if permission not in self.stores:
            raise forbidden(permission)
        limit = self.stores[permission]
        held = frozenset(
            p
            for p, stores in self.stores.items()
            if stores is None or (limit is not None and limit <= stores)
        )
        return held, limit
