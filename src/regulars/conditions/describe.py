"""A condition as a sentence, in Chinese and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.language import NUMBERS, line_total_type, window_type
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    FieldDef,
    FieldType,
    LineAggregate,
    Lines,
    LineTotal,
    Not,
    Op,
    Quantifier,
    Scope,
    Streak,
    Window,
    WindowAggregate,
)
from regulars.conditions.wording import (
    days_text,
    glue,
    list_text,
    month_days_text,
    months_text,
    period_text,
    times_text,
    value_text,
    weekdays_text,
)
from regulars.kit.text import Language, Text

_DAY = Text("天", "days")
_ZH: dict[Op, tuple[str, str]] = {
    Op.EQ: ("是{v}", "不是{v}"),
    Op.NE: ("不是{v}", "是{v}"),
    Op.GT: ("超过{v}", "不超过{v}"),
    Op.GTE: ("不少于{v}", "少于{v}"),
    Op.LT: ("少于{v}", "不少于{v}"),
    Op.LTE: ("不超过{v}", "超过{v}"),
    Op.BETWEEN: ("在{v}之间", "不在{v}之间"),
    Op.IN: ("属于{v}", "不属于{v}"),
    Op.NOT_IN: ("不属于{v}", "属于{v}"),
    Op.CONTAINS: ("包含{v}", "不包含{v}"),
    Op.CONTAINS_ANY: ("包含{v}中的任一个", "不包含{v}中的任一个"),
    Op.CONTAINS_ALL: ("同时包含{v}", "没有同时包含{v}"),
    Op.STARTS_WITH: ("以{v}开头", "不以{v}开头"),
    Op.IS_SET: ("有值", "为空"),
    Op.IS_EMPTY: ("为空", "有值"),
    Op.BEFORE: ("早于{v}", "不早于{v}"),
    Op.AFTER: ("晚于{v}", "不晚于{v}"),
    Op.WITHIN_LAST: ("在最近{v}内", "不在最近{v}内"),
    Op.WITHIN_NEXT: ("在未来{v}内", "不在未来{v}内"),
    Op.MONTH_IS: ("在{v}", "不在{v}"),
    Op.DAY_OF_MONTH_IN: ("在{v}", "不在{v}"),
    Op.WEEKDAY_IN: ("在{v}", "不在{v}"),
    Op.TIME_BETWEEN: ("在{v}之间", "不在{v}之间"),
    Op.ANNIVERSARY_WITHIN: ("的周年日{v}", "的周年日并非{v}"),
}
_EN: dict[Op, tuple[str, str]] = {
    Op.EQ: ("is {v}", "is not {v}"),
    Op.NE: ("is not {v}", "is {v}"),
    Op.GT: ("is more than {v}", "is not more than {v}"),
    Op.GTE: ("is at least {v}", "is less than {v}"),
    Op.LT: ("is less than {v}", "is at least {v}"),
    Op.LTE: ("is at most {v}", "is more than {v}"),
    Op.BETWEEN: ("is between {v}", "is not between {v}"),
    Op.IN: ("is {v}", "is not {v}"),
    Op.NOT_IN: ("is not {v}", "is {v}"),
    Op.CONTAINS: ("contains {v}", "does not contain {v}"),
    Op.CONTAINS_ANY: ("contains any of {v}", "contains none of {v}"),
    Op.CONTAINS_ALL: ("contains all of {v}", "does not contain all of {v}"),
    Op.STARTS_WITH: ("starts with {v}", "does not start with {v}"),
    Op.IS_SET: ("has a value", "is empty"),
    Op.IS_EMPTY: ("is empty", "has a value"),
    Op.BEFORE: ("is before {v}", "is not before {v}"),
    Op.AFTER: ("is after {v}", "is not after {v}"),
    Op.WITHIN_LAST: ("is within the last {v}", "is not within the last {v}"),
    Op.WITHIN_NEXT: ("is within the next {v}", "is not within the next {v}"),
    Op.MONTH_IS: ("is in {v}", "is not in {v}"),
    Op.DAY_OF_MONTH_IN: ("is on {v}", "is not on {v}"),
    Op.WEEKDAY_IN: ("is on {v}", "is not on {v}"),
    Op.TIME_BETWEEN: ("is between {v}", "is not between {v}"),
    Op.ANNIVERSARY_WITHIN: ("has its anniversary {v}", "does not have its anniversary {v}"),
}
_ZH_NUMBER = {
    Op.EQ: ("等于{v}", "不等于{v}"),
    Op.NE: ("不等于{v}", "等于{v}"),
    Op.IN: ("是{v}之一", "不是{v}之一"),
    Op.NOT_IN: ("不是{v}之一", "是{v}之一"),
}
_ZH_MONEY = {**_ZH_NUMBER, Op.GTE: ("满{v}", "不满{v}")}
_EN_SET = {
    Op.CONTAINS: ("include {v}", "do not include {v}"),
    Op.CONTAINS_ANY: ("include {v}", "do not include {v}"),
    Op.CONTAINS_ALL: ("include {v}", "do not include all of {v}"),
    Op.IS_SET: ("are not empty", "are empty"),
    Op.IS_EMPTY: ("are empty", "are not empty"),
}
_LINE_TOTALS = {
    LineAggregate.SUM: Text("{of}合计", "the total {of}"),
    LineAggregate.MAX: Text("最高{of}", "the highest {of}"),
    LineAggregate.MIN: Text("最低{of}", "the lowest {of}"),
    LineAggregate.COUNT_DISTINCT: Text("{of}种数", "the number of different {of} values"),
    LineAggregate.COUNT: Text("行数", "the number"),
}
_COUNTS = (LineAggregate.COUNT, LineAggregate.COUNT_DISTINCT)
_WINDOWS = {
    WindowAggregate.SUM: Text("{of}合计", "the total {of}"),
    WindowAggregate.AVG: Text("平均{of}", "the average {of}"),
    WindowAggregate.MAX: Text("最高{of}", "the highest {of}"),
    WindowAggregate.MIN: Text("最低{of}", "the lowest {of}"),
    WindowAggregate.COUNT: Text("次数", "the number"),
}


def describe_node(condition: Condition, catalogue: FieldCatalogue, lang: Language) -> str:
    """Return the condition as a sentence without a full stop; lang is "zh-CN" or "en"."""
    return _Teller(catalogue, lang).tell(condition, negated=False, inside=False)


def predicate_text(
    op: Op, value: Any, type: FieldType, field: FieldDef | None, catalogue: FieldCatalogue, lang: Language
) -> str:
    """Return what is said after the subject: "is at least ¥100.00" / "满 100 元"."""
    return _Teller(catalogue, lang).predicate(op, value, type, field, negated=False)


def subject_text(node: Compare | Streak | Window, catalogue: FieldCatalogue, lang: Language) -> str:
    """Return what is measured: "orders so far" / "最近 30 天内签到次数"."""
    teller = _Teller(catalogue, lang)
    match node:
        case Compare(key):
            return teller.label(key)
        case Streak(activity):
            return teller.streak(activity)
        case Window():
            return teller.window_subject(node)


@dataclass(frozen=True, slots=True)
class _Teller:
    catalogue: FieldCatalogue
    lang: Language

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en

    def label(self, key: str) -> str:
        field = self.catalogue.get(key)
        return field.label.in_language(self.lang) if field else key

    def tell(self, node: Condition, *, negated: bool, inside: bool) -> str:
        match node:
            case All(parts):
                return self.group(parts, self.say("，且", ", and "), negated, inside)
            case AnyOf(parts):
                return self.group(parts, self.say("，或", ", or "), negated, inside)
            case Not(part):
                return self.tell(part, negated=not negated, inside=inside)
            case Compare(key, op, value):
                field = self.catalogue[key]
                return self.compare(field, op, value, negated)
            case Lines(quantifier, where):
                return self.lines(quantifier, where, negated)
            case LineTotal(aggregate, of, where, op, value):
                return self.line_total(aggregate, of, where, op, value, negated)
            case Streak(activity, op, value):
                days = FieldDef("streak.days", FieldType.INT, Scope.HISTORY, _DAY, unit=_DAY)
                told = self.predicate(op, value, FieldType.INT, days, negated)
                return self.join(self.streak(activity), told)
            case Window():
                return self.window(node, negated)

    def group(self, parts: tuple[Condition, ...], glue: str, negated: bool, inside: bool) -> str:
        if not parts:
            return self.say("从不", "never") if negated else self.say("任何情况", "always")
        if len(parts) == 1:
            return self.tell(parts[0], negated=negated, inside=inside)
        text = glue.join(self.tell(part, negated=False, inside=True) for part in parts)
        if negated:
            return self.say(f"并非（{text}）", f"not ({text})")
        return self.say(f"（{text}）", f"({text})") if inside else text

    def join(self, subject: str, predicate: str) -> str:
        return glue(subject, predicate) if self.lang == "zh" else f"{subject} {predicate}"

    def compare(self, field: FieldDef, op: Op, value: Any, negated: bool, subject: str = "") -> str:
        label = subject or field.label.in_language(self.lang)
        if field.type is FieldType.BOOL and op in (Op.EQ, Op.NE):
            holds = (value is True) == (op is Op.EQ) != negated
            if self.lang == "zh":
                return label if holds else f"并非{label}"
            return label if holds else f"it is not so that {label}"
        return self.join(label, self.predicate(op, value, field.type, field, negated))

    def predicate(self, op: Op, value: Any, type: FieldType, field: FieldDef | None, negated: bool) -> str:
        text = self.value(op, value, type, field)
        if self.lang == "zh":
            forms = _ZH[op]
            if type is FieldType.MONEY:
                forms = _ZH_MONEY.get(op, forms)
            elif type in NUMBERS:
                forms = _ZH_NUMBER.get(op, forms)
            before, _, after = forms[negated].partition("{v}")
            return glue(before, text, after)
        forms = _EN[op]
        if type is FieldType.SET:
            forms = _EN_SET[op]
        return forms[negated].replace("{v}", text, 1)

    def value(self, op: Op, value: Any, type: FieldType, field: FieldDef | None) -> str:
        def one(item: Any) -> str:
            return value_text(item, type, field, self.catalogue, self.lang)

        match op:
            case Op.IS_SET | Op.IS_EMPTY:
                return ""
            case Op.BETWEEN:
                return self.say(
                    glue(one(value[0]), "至", one(value[1])), f"{one(value[0])} and {one(value[1])}"
                )
            case Op.IN | Op.NOT_IN | Op.CONTAINS_ANY | Op.CONTAINS_ALL:
                last = "and" if op is Op.CONTAINS_ALL else "or"
                return list_text([one(item) for item in value], self.lang, last=last)
            case Op.WITHIN_LAST | Op.WITHIN_NEXT:
                return period_text(value, self.lang)
            case Op.MONTH_IS:
                return (
                    months_text(value, self.lang)
                    if isinstance(value, tuple)
                    else self.say("当月", "the current month")
                )
            case Op.DAY_OF_MONTH_IN:
                return month_days_text(value, self.lang)
            case Op.WEEKDAY_IN:
                return weekdays_text(value, self.lang)
            case Op.TIME_BETWEEN:
                return times_text(value.start, value.end, self.lang)
            case Op.ANNIVERSARY_WITHIN:
                return self.anniversary(value.before, value.after)
        return one(value)

    def anniversary(self, before: int, after: int) -> str:
        if not before and not after:
            return self.say("是今天", "today")
        first, last = days_text(after, self.lang), days_text(before, self.lang)
        zh = glue("在", f"{first}前" if after else "今天", "至", f"{last}后" if before else "今天", "之间")
        return self.say(
            zh, f"between {f'{first} ago' if after else 'today'} and {f'{last} ahead' if before else 'today'}"
        )

    def lines(self, quantifier: Quantifier, where: Condition, negated: bool) -> str:
        zh = {Quantifier.ANY: "任一商品", Quantifier.ALL: "全部商品", Quantifier.NONE: "没有任何商品"}
        en = {Quantifier.ANY: "any", Quantifier.ALL: "every", Quantifier.NONE: "no"}
        not_all = negated and quantifier is Quantifier.ALL
        if negated and not not_all:
            quantifier = Quantifier.NONE if quantifier is Quantifier.ANY else Quantifier.ANY
        inner = self.tell(where, negated=False, inside=False)
        leaf = isinstance(where, Compare) and self.catalogue[where.field].type is not FieldType.BOOL
        if self.lang == "zh":
            return ("并非" if not_all else "") + glue(zh[quantifier], inner if leaf else f"满足（{inner}）")
        text = f"{en[quantifier]} line's {inner}" if leaf else f"{en[quantifier]} line satisfies ({inner})"
        return f"not {text}" if not_all else text

    def line_total(
        self,
        aggregate: LineAggregate,
        of: str | None,
        where: Condition | None,
        op: Op,
        value: Any,
        negated: bool,
    ) -> str:
        field = self.catalogue[of] if of else None
        type = line_total_type(aggregate, field.type if field else None)
        measured = (
            _LINE_TOTALS[aggregate].in_language(self.lang).replace("{of}", self.label(of) if of else "")
        )
        which = self.tell(where, negated=False, inside=False) if where is not None else ""
        if self.lang == "zh":
            subject = (
                (f"{which}的商品" if isinstance(where, Compare) else f"满足（{which}）的商品")
                if which
                else "商品"
            )
            subject += measured
        else:
            subject = f"{measured} of lines" + (
                f" whose {which}" if isinstance(where, Compare) else f" where ({which})" if which else ""
            )
        unit = field if type is not FieldType.INT or aggregate not in _COUNTS else None
        return self.join(subject, self.predicate(op, value, type, unit, negated))

    def streak(self, activity: str) -> str:
        name = self.activity(activity)
        return self.say(f"连续{name}", f"the {name} streak")

    def window(self, node: Window, negated: bool) -> str:
        field = self.catalogue[node.of] if node.of else None
        type = window_type(node.aggregate, field.type if field else None)
        told = self.predicate(node.op, node.value, type, field, negated)
        return self.join(self.window_subject(node), told)

    def window_subject(self, node: Window) -> str:
        field = self.catalogue[node.of] if node.of else None
        name = self.activity(node.activity)
        measured = _WINDOWS[node.aggregate].in_language(self.lang)
        days = days_text(node.days, self.lang)
        if field is None:
            subject = self.say(
                f"最近 {days}内{name}{measured}", f"{measured} of {name} activities in the last {days}"
            )
        else:
            measured = measured.replace("{of}", field.label.in_language(self.lang))
            subject = self.say(f"最近 {days}内{measured}", f"{measured} in the last {days}")
            if not field.key.startswith(f"{node.activity}."):
                subject = self.say(
                    f"最近 {days}内{name}的{measured}", f"{measured} of {name} activities in the last {days}"
                )
        return subject

    def activity(self, name: str) -> str:
        for choice in self.catalogue.activity_types():
            if choice.value == name:
                return choice.label.in_language(self.lang)
        return name
