"""Each step of a journey as a sentence, for the list view, dry runs and whoever cannot see a canvas."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from regulars.conditions.api import FieldCatalogue, describe
from regulars.conditions.types import ALWAYS, Condition
from regulars.engage.journeys.types import UNITS, Definition, Node, Span, Trigger
from regulars.kit.text import Language, Text
from regulars.kit.wording import listed, weekdays

Named = Mapping[str, Text]


def sentences(definition: Definition, catalogue: FieldCatalogue, names: Named) -> dict[str, Text]:
    """By node. `names` are the words for what is named by a code: `segment:vip`, `template:hello`, `tag:a` …"""
    return {
        id_: Text(*(_sentence(node, _Words(catalogue, names, language)) for language in ("zh", "en")))
        for id_, node in definition.nodes.items()
    }


class _Words:
    def __init__(self, catalogue: FieldCatalogue, names: Named, language: Language) -> None:
        self.catalogue, self.names, self.language = catalogue, names, language
        self.zh = language == "zh"

    def pick(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def name(self, kind: str, code: str) -> str:
        found = self.names.get(f"{kind}:{code}")
        return found.in_language(self.language) if found else code

    def activity(self, code: str) -> str:
        if f"activity:{code}" in self.names:
            return self.name("activity", code)
        for choice in self.catalogue.activity_types():
            if choice.value == code:
                return choice.label.in_language(self.language)
        return code

    def field(self, key: str) -> str:
        found = self.catalogue.get(key)
        return found.label.in_language(self.language) if found else key

    def condition(self, condition: Condition) -> str:
        return describe(condition=condition, catalogue=self.catalogue, lang=self.language)

    def span(self, span: Span) -> str:
        unit = UNITS[span.unit].in_language(self.language)
        if self.zh:
            return f"{span.amount} {unit}"
        return f"{span.amount} {unit.removesuffix('s') if span.amount == 1 else unit}"

    def where(self, condition: Condition) -> str:
        if condition == ALWAYS:
            return ""
        return self.pick(f"，且{self.condition(condition)}", f" where {self.condition(condition)}")


def _sentence(node: Node, say: _Words) -> str:
    return _OF[node.kind](node, say)


def _trigger(node: Node, say: _Words) -> str:
    trigger = node.trigger
    assert trigger is not None
    match trigger.on:
        case "activity":
            done = say.activity(trigger.activity)
            return say.pick(
                f"发生“{done}”{say.where(trigger.where)}", f"When: {done}{say.where(trigger.where)}"
            )
        case "joined":
            return say.pick(f"入会时{say.where(trigger.where)}", f"On joining{say.where(trigger.where)}")
        case "segment_entered":
            name = say.name("segment", trigger.segment)
            more = (
                say.pick("（含已在其中的会员）", " (those already in it as well)") if trigger.existing else ""
            )
            return say.pick(f"进入人群“{name}”{more}", f"On entering the segment “{name}”{more}")
        case "segment_left":
            name = say.name("segment", trigger.segment)
            return say.pick(f"离开人群“{name}”", f"On leaving the segment “{name}”")
        case "date":
            return _date(trigger, say)
        case "daily":
            on = (
                weekdays(trigger.weekdays, say.language)
                if trigger.weekdays
                else say.pick("每天", "every day")
            )
            return say.pick(
                f"{on} {trigger.at:%H:%M} 检查：{say.condition(trigger.where)}",
                f"At {trigger.at:%H:%M}, {on}: whoever fits “{say.condition(trigger.where)}”",
            )
        case "tier_changed":
            way = {
                "any": say.pick("变动", "changes"),
                "up": say.pick("升级", "goes up"),
                "down": say.pick("降级", "goes down"),
            }[trigger.direction]
            tail = ""
            if trigger.tiers:
                to = listed(
                    [say.name("tier", code) for code in sorted(trigger.tiers)], say.language, last="or"
                )
                tail = say.pick(f"（到 {to}）", f" (to {to})")
            return say.pick(f"等级{way}{tail}", f"When the tier {way}{tail}")
    return say.pick("由接口、员工或其他旅程发起", "Started by the API, by staff or by another journey")


def _date(trigger: Trigger, say: _Words) -> str:
    name, n = say.field(trigger.date_field), trigger.offset_days
    each = say.pick("每年", "each year, ") if trigger.yearly else ""
    if n == 0:
        day = say.pick(f"{name}当天", f"on the day: {name}")
    elif n < 0:
        day = say.pick(f"{name}前 {-n} 天", f"{-n} day{'' if n == -1 else 's'} before: {name}")
    else:
        day = say.pick(f"{name}后 {n} 天", f"{n} day{'' if n == 1 else 's'} after: {name}")
    text = say.pick(f"{each}{day} {trigger.at:%H:%M}", f"{each}{day}, {trigger.at:%H:%M}")
    return text[:1].upper() + text[1:]


def _wait(node: Node, say: _Words) -> str:
    wait = node.wait
    assert wait is not None
    if wait.mode == "time" and wait.at is not None:
        if wait.workdays:
            on = say.pick("下一个工作日的", "on the next working day ")
        elif wait.weekdays:
            on = weekdays(wait.weekdays, say.language) + " "
        else:
            on = ""
        return say.pick(f"等到{on} {wait.at:%H:%M}", f"Wait until {on}{wait.at:%H:%M}")
    assert wait.span is not None
    if wait.mode == "duration":
        return say.pick(f"等待 {say.span(wait.span)}", f"Wait {say.span(wait.span)}")
    done = say.activity(wait.activity)
    return say.pick(
        f"等待发生“{done}”{say.where(wait.where)}，最多 {say.span(wait.span)}",
        f"Wait for: {done}{say.where(wait.where)}, at most {say.span(wait.span)}",
    )


def _branch(node: Node, say: _Words) -> str:
    arms = [
        say.pick(f"{arm.name.zh}：{say.condition(arm.when)}", f"{arm.name.en}: {say.condition(arm.when)}")
        for arm in node.arms
    ]
    return say.pick("；".join(arms) + "；否则走“其他”", "; ".join(arms) + "; otherwise “else”")


def _split(node: Node, say: _Words) -> str:
    parts = [f"{arm.name.in_language(say.language)} {arm.percent}%" for arm in node.arms]
    return say.pick(f"随机分流：{'、'.join(parts)}", f"By lot: {', '.join(parts)}")


def _message(node: Node, say: _Words) -> str:
    name = say.name("template", node.action["template"])
    by = [say.name("channel", one) for one in node.action["channels"]]
    tail = say.pick(f"（{'、'.join(by)}）", f" ({', '.join(by)})") if by else ""
    return say.pick(f"发送消息“{name}”{tail}", f"Send “{name}”{tail}")


def _reward(node: Node, say: _Words) -> str:
    said = [
        say.name("reward", f"{node.id}:{place}") if f"reward:{node.id}:{place}" in say.names else one["kind"]
        for place, one in enumerate(node.action["rewards"])
    ]
    return say.pick(f"发放{'、'.join(said)}", f"Give {', '.join(said)}")


def _tag(node: Node, say: _Words) -> str:
    add = [say.name("tag", code) for code in node.action["add"]]
    remove = [say.name("tag", code) for code in node.action["remove"]]
    parts = []
    if add:
        parts.append(say.pick(f"打上标签 {'、'.join(add)}", f"put on the tag {', '.join(add)}"))
    if remove:
        parts.append(say.pick(f"去掉标签 {'、'.join(remove)}", f"take off the tag {', '.join(remove)}"))
    text = say.pick("，", ", ").join(parts)
    return text[:1].upper() + text[1:]


def _task(node: Node, say: _Words) -> str:
    title = Text.from_json(node.action["title"]).in_language(say.language)
    n = node.action["due_in_days"]
    return say.pick(
        f"员工待办“{title}”，{n} 天内", f"Staff task “{title}”, due in {n} day{'' if n == 1 else 's'}"
    )


def _webhook(node: Node, say: _Words) -> str:
    return say.pick(f"通知 Webhook：{node.action['event']}", f"Tell webhooks: {node.action['event']}")


def _journey(node: Node, say: _Words) -> str:
    name = say.name("journey", node.action["journey"])
    return say.pick(f"进入旅程“{name}”", f"Start the journey “{name}”")


def _goal(node: Node, say: _Words) -> str:
    goal = node.goal
    assert goal is not None
    done, end = say.activity(goal.activity), ""
    if goal.ends:
        end = say.pick("，达成即退出", ", which ends the run")
    text = say.pick(
        f"{say.span(goal.within)}内发生“{done}”{say.where(goal.where)}{end}",
        f"{done}{say.where(goal.where)} within {say.span(goal.within)}{end}",
    )
    return text[:1].upper() + text[1:]


def _exit(node: Node, say: _Words) -> str:
    return say.pick("退出旅程", "Leave the journey")


_OF: Mapping[str, Callable[[Node, _Words], str]] = {
    "trigger": _trigger,
    "wait": _wait,
    "branch": _branch,
    "split": _split,
    "message": _message,
    "reward": _reward,
    "tag": _tag,
    "task": _task,
    "webhook": _webhook,
    "journey": _journey,
    "goal": _goal,
    "exit": _exit,
}
