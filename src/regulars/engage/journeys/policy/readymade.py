"""The journeys that come ready: drafts an operator reads, changes and publishes. Templates are the ready-made ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.kit.text import Text


@dataclass(frozen=True, slots=True)
class ReadyMade:
    code: str
    name: Text
    note: Text
    definition: Mapping[str, Any]


def _is(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _node(id_: str, kind: str, zh: str, en: str, **given: Any) -> dict[str, Any]:
    return {"id": id_, "kind": kind, "name": {"zh": zh, "en": en}, **given}


def _days(amount: int) -> dict[str, Any]:
    return {"amount": amount, "unit": "days"}


def _wait(id_: str, amount: int, unit: str = "days") -> dict[str, Any]:
    words = {"days": ("天", "days"), "minutes": ("分钟", "minutes"), "hours": ("小时", "hours")}[unit]
    return _node(
        id_,
        "wait",
        f"等 {amount} {words[0]}",
        f"{amount} {words[1]}",
        mode="duration",
        amount=amount,
        unit=unit,
    )


def _until(id_: str) -> dict[str, Any]:
    return _node(id_, "wait", "到上午 10 点", "Until 10 in the morning", mode="time", time="10:00")


def _order(id_: str, amount: int, unit: str = "days") -> dict[str, Any]:
    return _node(
        id_,
        "wait",
        "等待下单",
        "Wait for an order",
        mode="activity",
        activity="order",
        timeout={"amount": amount, "unit": unit},
    )


def _send(id_: str, template: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return _node(id_, "message", zh, en, template=template, **more)


def _notify(id_: str, template: str, zh: str, en: str) -> dict[str, Any]:
    """A message about what is the member's own, no marketing."""
    return _send(id_, template, zh, en, purpose="service")


def _goal(days: int, where: Mapping[str, Any] | None = None) -> dict[str, Any]:
    more = {"where": where} if where else {}
    return _node("goal", "goal", "下单", "An order", activity="order", within=_days(days), ends=True, **more)


def _edge(text: str) -> dict[str, str]:
    begins, _, ends = text.partition(">")
    from_, _, port = begins.partition(":")
    return {"from": from_, "port": port or "next", "to": ends}


def _made(nodes: Sequence[Mapping[str, Any]], edges: str, **settings: Any) -> dict[str, Any]:
    return {
        "nodes": list(nodes),
        "edges": [_edge(one) for one in edges.split()],
        "settings": settings,
    }


def ready_made() -> list[ReadyMade]:
    """Ten journeys; each can be published once its templates are approved and what it names is there."""
    bought = {"key": "bought", "name": {"zh": "已下单", "en": "Has bought"}}
    return [
        ReadyMade(
            "welcome",
            Text("新会员欢迎", "Welcome"),
            Text(
                "入会十分钟后欢迎；七天未下单请门店联系",
                "A welcome, and a call by the store after a week without an order",
            ),
            _made(
                [
                    _node("joined", "trigger", "入会", "Joins", on="joined"),
                    _wait("moment", 10, "minutes"),
                    _notify("welcome", "welcome", "欢迎消息", "Welcome"),
                    _wait("week", 7),
                    _node(
                        "bought",
                        "branch",
                        "买过了吗",
                        "Has she bought?",
                        arms=[bought | {"when": _is("history.orders", "gte", 1)}],
                    ),
                    _node(
                        "call",
                        "task",
                        "门店回访",
                        "A call by the store",
                        task="call",
                        title={
                            "zh": "新会员一周未下单，打个招呼",
                            "en": "A new member has not bought yet: say hello",
                        },
                        script={
                            "zh": "欢迎加入，问问需求，介绍入会礼与适合她的商品。",
                            "en": "Welcome her, ask what she is looking for, tell her of the joining gift.",
                        },
                        due_in_days=3,
                        store="joined",
                    ),
                    _goal(30),
                ],
                "joined>moment moment>welcome welcome>week week>bought bought:else>call",
                again="once",
                priority=60,
            ),
        ),
        ReadyMade(
            "second-purchase",
            Text("首购转二购", "From the first to the second purchase"),
            Text("首单十天后未复购则提醒，二十天后再提醒", "Ten and twenty days after the first order"),
            _made(
                [
                    _node(
                        "first",
                        "trigger",
                        "首单",
                        "First order",
                        on="activity",
                        activity="order",
                        where=_is("order.is_first", "eq", True),
                    ),
                    _wait("ten", 10),
                    _until("morning"),
                    _send("remind", "first-to-second", "复购提醒", "Come again"),
                    _wait("twenty", 10),
                    _send("again", "first-to-second", "再次提醒", "Once more"),
                    _goal(45, _is("order.is_first", "eq", False)),
                ],
                "first>ten ten>morning morning>remind remind>twenty twenty>again",
                again="once",
            ),
        ),
        ReadyMade(
            "birthday",
            Text("生日祝福", "Birthday"),
            Text("生日前七天送上祝福与生日礼", "Wishes a week ahead, once a year"),
            _made(
                [
                    _node(
                        "birthday",
                        "trigger",
                        "生日前七天",
                        "A week before the birthday",
                        on="date",
                        field="member.birthday",
                        offset_days=-7,
                        yearly=True,
                        time="10:00",
                    ),
                    _send("wishes", "birthday", "生日祝福", "Birthday wishes"),
                    _goal(21),
                ],
                "birthday>wishes",
                again="period",
                period="year",
                priority=70,
            ),
        ),
        ReadyMade(
            "dormant-60",
            Text("沉睡 60 天唤醒", "Dormant for 60 days"),
            Text("末单后 60 天未再购买", "Sixty days after the last order"),
            _made(
                [
                    _node(
                        "quiet",
                        "trigger",
                        "末单后 60 天",
                        "60 days after the last order",
                        on="date",
                        field="fact.last_order_on",
                        offset_days=60,
                        time="10:00",
                    ),
                    _send("wake", "dormant-60", "唤醒", "We miss you"),
                    _order("order", 14),
                    _send("again", "dormant-60", "再次唤醒", "Once more"),
                    _goal(30),
                ],
                "quiet>wake wake>order order:timeout>again",
                again="days",
                every_days=60,
            ),
        ),
        ReadyMade(
            "viewed-not-bought",
            Text("浏览未购 24 小时", "Viewed, not bought within 24 hours"),
            Text("需要声明行为类型 view（浏览商品）", "Needs the activity type “view” (views a product)"),
            _made(
                [
                    _node("viewed", "trigger", "浏览商品", "Views a product", on="activity", activity="view"),
                    _order("order", 24, "hours"),
                    _send("remind", "viewed-not-bought", "浏览提醒", "Still thinking of it?"),
                    _goal(7),
                ],
                "viewed>order order:timeout>remind",
                again="days",
                every_days=7,
                priority=40,
            ),
        ),
        ReadyMade(
            "refill",
            Text("补货提醒", "Refill"),
            Text("预计用完前三天提醒", "Three days before she is expected to run out"),
            _made(
                [
                    _node(
                        "due",
                        "trigger",
                        "预计用完前三天",
                        "3 days before she runs out",
                        on="date",
                        field="score.next_due_on",
                        offset_days=-3,
                        time="10:00",
                    ),
                    _send("refill", "refill", "补货提醒", "Time to refill"),
                    _goal(14),
                ],
                "due>refill",
                again="days",
                every_days=14,
            ),
        ),
        ReadyMade(
            "tier-risk",
            Text("等级即将到期", "Tier at risk"),
            Text("等级到期前 30 天与 7 天", "30 and 7 days before the tier ends"),
            _made(
                [
                    _node(
                        "month",
                        "trigger",
                        "到期前 30 天",
                        "30 days before it ends",
                        on="date",
                        field="membership.tier_due_on",
                        offset_days=-30,
                        time="10:00",
                    ),
                    _notify("tell", "tier-at-risk", "保级提醒", "Keep your tier"),
                    _wait("wait", 23),
                    _node(
                        "still",
                        "branch",
                        "仍将到期？",
                        "Does it still end?",
                        arms=[
                            {
                                "key": "ends",
                                "name": {"zh": "仍将到期", "en": "It ends soon"},
                                "when": _is("membership.tier_due_on", "within_next", {"days": 10}),
                            }
                        ],
                    ),
                    _notify("again", "tier-at-risk", "再次提醒", "Once more"),
                ],
                "month>tell tell>wait wait>still still:ends>again",
                again="days",
                every_days=60,
                priority=60,
            ),
        ),
        ReadyMade(
            "points-expiring",
            Text("积分即将到期", "Points expiring"),
            Text("30 天内到期积分达 100", "100 points or more expire within 30 days"),
            _made(
                [
                    _node(
                        "daily",
                        "trigger",
                        "每天检查",
                        "Asked daily",
                        on="daily",
                        time="10:30",
                        where=_is("fact.points_expiring_30", "gte", 100),
                    ),
                    _notify("tell", "points-expiring", "到期提醒", "Points expire soon"),
                ],
                "daily>tell",
                again="period",
                period="month",
                priority=60,
            ),
        ),
        ReadyMade(
            "churn-light",
            Text("流失干预（轻）", "Churn, a light touch"),
            Text("60 天流失概率 50%–80%", "A chance of 50 to 80% not to buy in 60 days"),
            _made(
                [
                    _node(
                        "daily",
                        "trigger",
                        "每天检查",
                        "Asked daily",
                        on="daily",
                        time="11:00",
                        where={
                            "all": [_is("score.churn_60", "gte", "0.5"), _is("score.churn_60", "lt", "0.8")]
                        },
                    ),
                    _send("touch", "churn-light", "轻触达", "A light touch"),
                    _goal(30),
                ],
                "daily>touch",
                again="days",
                every_days=60,
            ),
        ),
        ReadyMade(
            "churn-heavy",
            Text("流失干预（重）", "Churn, in earnest"),
            Text(
                "60 天流失概率 80% 以上；七天未回来请门店联系",
                "A chance of 80% and more; a call after a week",
            ),
            _made(
                [
                    _node(
                        "daily",
                        "trigger",
                        "每天检查",
                        "Asked daily",
                        on="daily",
                        time="11:00",
                        where=_is("score.churn_60", "gte", "0.8"),
                    ),
                    _send("offer", "churn-heavy", "挽回", "Win back"),
                    _order("order", 7),
                    _node(
                        "call",
                        "task",
                        "门店回访",
                        "A call by the store",
                        task="call",
                        title={"zh": "挽回回访", "en": "Win back: call her"},
                        script={
                            "zh": "先听她为什么没来，再介绍专属优惠。",
                            "en": "Hear first why she stayed away, then tell her of the offer.",
                        },
                        due_in_days=3,
                        store="favourite",
                    ),
                    _goal(30),
                ],
                "daily>offer offer>order order:timeout>call",
                again="days",
                every_days=90,
                priority=60,
            ),
        ),
    ]
