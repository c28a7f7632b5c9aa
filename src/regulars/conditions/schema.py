"""The language as JSON for the console's condition builder."""

from __future__ import annotations

from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.language import (
    KINDS,
    MAX_ANNIVERSARY_DAYS,
    MAX_DEPTH,
    MAX_LIST,
    MAX_NODES,
    MAX_PERIOD,
    MAX_TEXT,
    MAX_WINDOW_DAYS,
    NUMBER_OPS,
    NUMBERS,
    OPS,
)
from regulars.conditions.types import (
    Choice,
    FieldDef,
    FieldType,
    Label,
    LineAggregate,
    Op,
    Quantifier,
    Scope,
    WindowAggregate,
)

OP_LABELS: dict[Op, Label] = {
    Op.EQ: Label("等于", "is"),
    Op.NE: Label("不等于", "is not"),
    Op.GT: Label("大于", "is more than"),
    Op.GTE: Label("大于等于", "is at least"),
    Op.LT: Label("小于", "is less than"),
    Op.LTE: Label("小于等于", "is at most"),
    Op.BETWEEN: Label("介于", "is between"),
    Op.IN: Label("属于", "is one of"),
    Op.NOT_IN: Label("不属于", "is none of"),
    Op.CONTAINS: Label("包含", "contains"),
    Op.CONTAINS_ANY: Label("包含任一", "contains any of"),
    Op.CONTAINS_ALL: Label("同时包含", "contains all of"),
    Op.STARTS_WITH: Label("开头是", "starts with"),
    Op.IS_SET: Label("有值", "has a value"),
    Op.IS_EMPTY: Label("为空", "is empty"),
    Op.BEFORE: Label("早于", "is before"),
    Op.AFTER: Label("晚于", "is after"),
    Op.WITHIN_LAST: Label("在最近…内", "is within the last"),
    Op.WITHIN_NEXT: Label("在未来…内", "is within the next"),
    Op.MONTH_IS: Label("月份是", "is in month"),
    Op.DAY_OF_MONTH_IN: Label("每月几日", "is on day of month"),
    Op.WEEKDAY_IN: Label("星期几", "is on weekday"),
    Op.TIME_BETWEEN: Label("时段在", "is at a time between"),
    Op.ANNIVERSARY_WITHIN: Label("周年日在…前后", "has its anniversary around"),
}
_SCOPES: dict[Scope, Label] = {
    Scope.ACTIVITY: Label("行为与订单", "Activity and order"),
    Scope.LINE: Label("商品行", "Order lines"),
    Scope.MEMBER: Label("个人资料", "Person"),
    Scope.MEMBERSHIP: Label("会员身份", "Membership"),
    Scope.HISTORY: Label("历史与余额", "History and balances"),
    Scope.TIME: Label("时间", "Time"),
    Scope.STORE: Label("门店", "Store"),
}
_QUANTIFIERS: dict[Quantifier, Label] = {
    Quantifier.ANY: Label("任一商品满足", "any line satisfies"),
    Quantifier.ALL: Label("全部商品满足", "every line satisfies"),
    Quantifier.NONE: Label("没有商品满足", "no line satisfies"),
}
_LINE_AGGREGATES: dict[LineAggregate, Label] = {
    LineAggregate.SUM: Label("合计", "total of"),
    LineAggregate.COUNT: Label("行数", "number of lines"),
    LineAggregate.COUNT_DISTINCT: Label("不同值的个数", "number of different values of"),
    LineAggregate.MAX: Label("最大值", "highest"),
    LineAggregate.MIN: Label("最小值", "lowest"),
}
_WINDOW_AGGREGATES: dict[WindowAggregate, Label] = {
    WindowAggregate.COUNT: Label("次数", "number of times"),
    WindowAggregate.SUM: Label("合计", "total of"),
    WindowAggregate.AVG: Label("平均", "average of"),
    WindowAggregate.MAX: Label("最大值", "highest"),
    WindowAggregate.MIN: Label("最小值", "lowest"),
}


def catalogue_schema(catalogue: FieldCatalogue, lang: str) -> dict[str, Any]:
    """Return fields, types, operators, choices and limits, labelled in `lang`."""

    def choices(items: tuple[Choice, ...]) -> list[dict[str, str]]:
        return [{"value": item.value, "label": item.label.text(lang)} for item in items]

    def one(field: FieldDef) -> dict[str, Any]:
        return {
            "key": field.key,
            "type": field.type.value,
            "scope": field.scope.value,
            "label": field.label.text(lang),
            "description": field.description.text(lang) if field.description else "",
            "unit": field.unit.text(lang) if field.unit else "",
            "choices": choices(field.choices),
            "choices_only": field.type is FieldType.ENUM,
            "personal": field.personal,
        }

    def ops(items: tuple[Op, ...]) -> list[dict[str, str]]:
        return [{"op": op.value, "label": OP_LABELS[op].text(lang), "value": KINDS[op].value} for op in items]

    def measurable(scope: Scope, *, numeric: bool) -> list[str]:
        return [
            field.key
            for field in catalogue
            if field.scope is scope
            and (field.type in NUMBERS if numeric else field.type is not FieldType.SET)
        ]

    return {
        "version": 1,
        "timezone": catalogue.timezone,
        "currency": catalogue.currency,
        "scopes": [{"scope": scope.value, "label": label.text(lang)} for scope, label in _SCOPES.items()],
        "fields": [one(field) for field in catalogue],
        "types": {type.value: ops(items) for type, items in OPS.items()},
        "lines": {
            "quantifiers": [
                {"value": q.value, "label": label.text(lang)} for q, label in _QUANTIFIERS.items()
            ],
            "aggregates": [
                {
                    "value": aggregate.value,
                    "label": label.text(lang),
                    "of": []
                    if aggregate is LineAggregate.COUNT
                    else measurable(Scope.LINE, numeric=aggregate is not LineAggregate.COUNT_DISTINCT),
                }
                for aggregate, label in _LINE_AGGREGATES.items()
            ],
            "ops": ops(NUMBER_OPS),
        },
        "windows": {
            "activities": choices(catalogue.activity_types()),
            "aggregates": [
                {
                    "value": aggregate.value,
                    "label": label.text(lang),
                    "of": []
                    if aggregate is WindowAggregate.COUNT
                    else measurable(Scope.ACTIVITY, numeric=True),
                }
                for aggregate, label in _WINDOW_AGGREGATES.items()
            ],
            "ops": ops(NUMBER_OPS),
        },
        "streaks": {"activities": choices(catalogue.activity_types()), "ops": ops(NUMBER_OPS)},
        "limits": {
            "depth": MAX_DEPTH,
            "nodes": MAX_NODES,
            "list": MAX_LIST,
            "text": MAX_TEXT,
            "period": MAX_PERIOD,
            "window_days": MAX_WINDOW_DAYS,
            "anniversary_days": MAX_ANNIVERSARY_DAYS,
        },
    }
