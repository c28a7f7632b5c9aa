"""A brand as an operator meets it: stores, staff of every role, members with a year behind them, a draft in review."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import (
    ActivityIn,
    BurnIn,
    LineIn,
    MemberRef,
    OrderIn,
    Receipt,
    RefundIn,
    RefundLineIn,
)
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment, FieldChoice, IdentityIn, ProfileField, Tag
from regulars.flows.enrol import Enrolee, enrol
from regulars.flows.intake import api as intake
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Actor, Brand, NewStore, Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, NewAssignment
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions

PASSWORD = "correct horse battery"
ROLES = ("owner", "operator", "reviewer", "clerk", "auditor")
_FAMILY = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗"
_GIVEN = (
    "安",
    "思远",
    "雨桐",
    "子涵",
    "晓明",
    "若兰",
    "建国",
    "文博",
    "静怡",
    "嘉琪",
    "一诺",
    "浩然",
    "海燕",
    "欣怡",
)
_GOODS = (
    ("espresso", "浓缩咖啡", "coffee", 2200), ("latte", "拿铁", "coffee", 3200),
    ("beans", "咖啡豆 500g", "beans", 12800),
    ("cake", "巴斯克蛋糕", "bakery", 4200), ("mug", "马克杯", "goods", 8900), ("tea", "白桃乌龙", "tea", 2800),
)  # fmt: skip


@dataclass(slots=True)
class Shop:
    """The brand, what signs in to it, and the ids of its members in the order in which they joined."""

    brand: Brand
    scope: Scope
    emails: dict[str, str]
    staff_ids: dict[str, UUID]
    members: list[UUID]
    now: datetime

    @property
    def today(self) -> date:
        """The day it is where the brand is, which for eight hours a day is not the day in UTC."""
        return self.now.astimezone(ZoneInfo(self.brand.timezone)).date()

    def scope_of(self, role: str) -> Scope:
        """What a member of staff may do, as the surfaces make it."""
        access = staff.get_access(staff_id=self.staff_ids[role], brand_id=self.brand.id)
        return Scope(
            organisation_id=self.brand.organisation_id,
            brand_id=self.brand.id,
            actor=Actor("staff", self.staff_ids[role], self.emails[role]),
            permissions=access.permissions,
        )

    def post(self, *given: ActivityIn) -> list[Any]:
        return list(intake.post(scope=self.scope, activities=given, now=self.now))

    def code_of(self, member_id: UUID) -> str:
        return members.get_card(scope=self.scope, member_id=member_id).code


def open_shop(
    slug: str, *, now: datetime | None = None, programme: bool = True, is_demo: bool = True
) -> Shop:
    """An organisation with one brand and staff of every role; the retail programme is published if wanted."""
    now = now or datetime.now(UTC)
    began = now - timedelta(days=500)
    organisation = organisations.create_organisation(name=Text("示例集团", "Sample Group"), now=began)
    brand = organisations.create_brand(
        organisation_id=organisation.id,
        slug=slug,
        name=Text("山海咖啡", "Shanhai Coffee"),
        now=began,
        is_demo=is_demo,
    )
    emails = {role: f"{role}@{slug}.example" for role in ROLES}
    ids = {
        role: staff.create_staff(
            organisation_id=organisation.id,
            by=SYSTEM,
            email=emails[role],
            name=name,
            password=PASSWORD,
            assignments=[NewAssignment(role=role, brand_id=None if role == "owner" else brand.id)],
            now=began,
        ).id
        for role, name in zip(ROLES, ("沈管", "何运营", "苏审核", "周店员", "钱审计"), strict=True)
    }
    scope = Scope(
        organisation_id=organisation.id,
        brand_id=brand.id,
        actor=Actor("staff", ids["owner"], emails["owner"]),
        permissions=frozenset(PERMISSIONS),
    )
    if programme:
        versions.install(
            scope=scope,
            definition=packs.get_pack("retail", currency="CNY"),
            now=now,
            effective_from=began,
            note="零售方案",
        )
    return Shop(brand, scope, emails, ids, [], now)


def furnish(shop: Shop) -> None:
    """Regions, stores, tags, a field and an activity type of its own."""
    brand_id, now = shop.brand.id, shop.now
    organisations.create_region(brand_id=brand_id, code="east", name=Text("华东", "East"), now=now)
    organisations.create_region(brand_id=brand_id, code="south", name=Text("华南", "South"), now=now)
    organisations.put_stores(
        brand_id=brand_id,
        stores=[
            NewStore("SH001", Text("上海静安店", "Shanghai Jing'an"), "east", "上海"),
            NewStore("SH002", Text("上海徐汇店", "Shanghai Xuhui"), "east", "上海"),
            NewStore("HZ001", Text("杭州西湖店", "Hangzhou West Lake"), "east", "杭州"),
            NewStore("GZ001", Text("广州天河店", "Guangzhou Tianhe"), "south", "广州"),
        ],
        now=now,
    )
    for code, zh, en, colour in (
        ("vip", "企业客户", "Corporate", "#2f6fb2"), ("baby", "有宝宝", "Has a baby", "#b5446e"),
        ("beans", "爱买豆", "Buys beans", "#8c9a3f"), ("regular", "常客", "Regular", "#0b7a6c"),
    ):  # fmt: skip
        members.put_tag(scope=shop.scope, tag=Tag(code, Text(zh, en), colour), now=now)
    members.put_field(
        scope=shop.scope,
        field=ProfileField(
            key="roast",
            type="enum",
            label=Text("喜欢的烘焙度", "Favourite roast"),
            choices=(
                FieldChoice("light", Text("浅烘", "Light")),
                FieldChoice("medium", Text("中烘", "Medium")),
                FieldChoice("dark", Text("深烘", "Dark")),
            ),
        ),
        now=now,
    )
    activities.declare_type(
        brand_id=brand_id,
        code="tasting",
        name=Text("品鉴会", "Tasting"),
        fields=[{"key": "cups", "type": "int", "label": {"zh": "杯数", "en": "Cups"}, "required": True}],
        reserved=frozenset(intake.SYSTEM_TYPES),
    )


def enrol_members(shop: Shop, count: int) -> None:
    """People who joined over the last year, the first a year ago."""
    chance = random.Random(7)
    stores = list(organisations.stores_of(brand_id=shop.brand.id).values())
    rows = []
    for number in range(count):
        joined = shop.now - timedelta(days=360 * (count - number) / count, hours=chance.randrange(9))
        rows.append(
            Enrolment(
                identities=(IdentityIn("phone", f"+86199{number:08d}"),),
                name=chance.choice(_FAMILY) + chance.choice(_GIVEN),
                gender=chance.choice(("female", "male", "")),
                birthday=f"19{70 + number % 30}-{1 + number % 12:02d}-{1 + number % 28:02d}",
                channel=chance.choice(("store", "store", "h5", "mini_program")),
                store_id=chance.choice(stores).id if stores and number % 4 else None,
                tags=("vip",) if number % 9 == 0 else ("beans",) if number % 7 == 0 else (),
                attributes={"roast": ("light", "medium", "dark")[number % 3]} if number % 2 else {},
                joined_at=joined,
            )
        )
    for answer in enrol(scope=shop.scope, rows=rows, now=shop.now):
        assert isinstance(answer, Enrolee), answer
        shop.members.append(answer.enrolled.member_id)


def order(
    shop: Shop, member_id: UUID, number: str, at: datetime, *lines: LineIn, store: str | None = None
) -> ActivityIn:
    return ActivityIn(
        type="order",
        member=MemberRef(id=member_id),
        occurred_at=at,
        source="pos",
        store=store,
        channel="store" if store else "app",
        order=OrderIn(number=number, lines=lines),
    )


def buy(shop: Shop, orders_each: int) -> None:
    """Orders, refunds of some lines, burns and check-ins, in the order in which they happened."""
    chance = random.Random(11)
    stores = [store.code for store in organisations.stores_of(brand_id=shop.brand.id).values()]
    made: list[ActivityIn] = []
    count = len(shop.members)
    for place, member_id in enumerate(shop.members):
        since = shop.now - timedelta(days=358 * (count - place) / count)
        for number in range(max(1, int(orders_each * chance.random() * 2))):
            at = since + (shop.now - since) * chance.random()
            lines = [
                LineIn(sku=sku, name=name, category=category, amount=price * pieces, quantity=Decimal(pieces))
                for sku, name, category, price in chance.sample(_GOODS, chance.randrange(1, 4))
                for pieces in [chance.randrange(1, 4 if place % 10 else 20)]
            ]
            name = f"{place:04d}{number:03d}"
            made.append(order(shop, member_id, name, at, *lines, store=chance.choice([*stores, None])))
            if chance.random() < 0.08:
                made.append(
                    ActivityIn(
                        type="refund",
                        member=MemberRef(id=member_id),
                        occurred_at=min(at + timedelta(days=3), shop.now),
                        source="pos",
                        refund=RefundIn(
                            number=f"R{name}", order=name, lines=(RefundLineIn(line=1),), reason="不合适"
                        ),
                    )
                )
        if place % 3 == 0:
            made.append(
                ActivityIn(
                    type="checkin",
                    member=MemberRef(id=member_id),
                    occurred_at=shop.now - timedelta(days=place % 20, minutes=5),
                    key=f"c{place}",
                )
            )
    made.sort(key=lambda one: one.occurred_at)
    for start in range(0, len(made), 500):
        wrong = [one for one in shop.post(*made[start : start + 500]) if not isinstance(one, Receipt)]
        assert not wrong, wrong[:3]
    burns = [
        ActivityIn(
            type="burn",
            member=MemberRef(id=member_id),
            occurred_at=shop.now - timedelta(minutes=1),
            key=f"b{place}",
            burn=BurnIn(unit="points", amount=30, reason="兑换小食"),
        )
        for place, member_id in enumerate(shop.members)
        if place % 5 == 0
    ]
    shop.post(*burns)


def draft_in_review(shop: Shop) -> int:
    """The operator's draft, with one more rule, handed to the reviewer."""
    scope = shop.scope_of("operator")
    draft = versions.create_draft(scope=scope, now=shop.now, note="新增：周末买豆多送积分")
    definition = dict(draft.definition)
    definition["rules"] = [
        *definition["rules"],
        {
            "key": "weekend-beans",
            "name": {"zh": "周末买豆送 50 分", "en": "50 points for beans at weekends"},
            "trigger": "order",
            "condition": {
                "all": [
                    {"field": "activity.occurred_at", "op": "weekday_in", "value": [6, 7]},
                    {"lines": "any", "where": {"field": "line.category", "op": "eq", "value": "beans"}},
                ]
            },
            "effects": [{"type": "points", "unit": "points", "mode": "fixed", "amount": 50}],
            "caps": [{"period": "month", "times": 2}],
        },
    ]
    saved = versions.save_draft(
        scope=scope,
        number=draft.summary.number,
        definition=definition,
        revision=draft.revision,
        now=shop.now,
    )
    versions.submit(scope=scope, number=saved.summary.number, comment="请审核", now=shop.now)
    return saved.summary.number
