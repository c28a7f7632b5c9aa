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
    RELATIVE_OPS,
)
from regulars.conditions.types import (
    Choice,
    FieldDef,
    FieldType,
    LineAggregate,
    Op,
    Quantifier,
    Scope,
    WindowAggregate,
)
from regulars.kit.text import Language, Text

OP_LABELS: dict[Op, Text] = {
    Op.EQ: Text("等于", "is"),
    Op.NE: Text("不等于", "is not"),
    Op.GT: Text("大于", "is more than"),
    Op.GTE: Text("大于等于", "is at least"),
    Op.LT: Text("小于", "is less than"),
    Op.LTE: Text("小于等于", "is at most"),
    Op.BETWEEN: Text("介于", "is between"),
    Op.IN: Text("属于", "is one of"),
    Op.NOT_IN: Text("不属于", "is none of"),
    Op.CONTAINS: Text("包含", "contains"),
    Op.CONTAINS_ANY: Text("包含任一", "contains any of"),
    Op.CONTAINS_ALL: Text("同时包含", "contains all of"),
    Op.STARTS_WITH: Text("开头是", "starts with"),
    Op.IS_SET: Text("有值", "has a value"),
    Op.IS_EMPTY: Text("为空", "is empty"),
    Op.BEFORE: Text("早于", "is before"),
    Op.AFTER: Text("晚于", "is after"),
    Op.WITHIN_LAST: Text("在最近…内", "is within the last"),
    Op.WITHIN_NEXT: Text("在未来…内", "is within the next"),
    Op.MONTH_IS: Text("月份是", "is in month"),
    Op.DAY_OF_MONTH_IN: Text("每月几日", "is on day of month"),
    Op.WEEKDAY_IN: Text("星期几", "is on weekday"),
    Op.TIME_BETWEEN: Text("时段在", "is at a time between"),
    Op.ANNIVERSARY_WITHIN: Text("周年日在…前后", "has its anniversary around"),
}
_SCOPES: dict[Scope, Text] = {
    Scope.ACTIVITY: Text("行为与订单", "Activity and order"),
    Scope.LINE: Text("商品行", "Order lines"),
    Scope.MEMBER: Text("个人资料", "Person"),
    Scope.MEMBERSHIP: Text("会员身份", "Membership"),
    Scope.HISTORY: Text("历史与余额", "History and balances"),
    Scope.TIME: Text("时间", "Time"),
    Scope.STORE: Text("门店", "Store"),
    Scope.FACT: Text("行为事实", "Behaviour"),
    Scope.SCORE: Text("评分与预测", "Scores and predictions"),
}
_QUANTIFIERS: dict[Quantifier, Text] = {
    Quantifier.ANY: Text("任一商品满足", "any line satisfies"),
    Quantifier.ALL: Text("全部商品满足", "every line satisfies"),
    Quantifier.NONE: Text("没有商品满足", "no line satisfies"),
}
_LINE_AGGREGATES: dict[LineAggregate, Text] = {
    LineAggregate.SUM: Text("合计", "total of"),
    LineAggregate.COUNT: Text("行数", "number of lines"),
    LineAggregate.COUNT_DISTINCT: Text("不同值的个数", "number of different values of"),
    LineAggregate.MAX: Text("最大值", "highest"),
    LineAggregate.MIN: Text("最小值", "lowest"),
}
_WINDOW_AGGREGATES: dict[WindowAggregate, Text] = {
    WindowAggregate.COUNT: Text("次数", "number of times"),
    WindowAggregate.SUM: Text("合计", "total of"),
    WindowAggregate.AVG: Text("平均", "average of"),
    WindowAggregate.MAX: Text("最大值", "highest"),
    WindowAggregate.MIN: Text("最小值", "lowest"),
}


def catalogue_schema(catalogue: FieldCatalogue, lang: Language) -> dict[str, Any]:
    """Return fields, types, operators, choices and limits, labelled in `lang`."""

    def choices(items: tuple[Choice, ...]) -> list[dict[str, str]]:
        return [{"value": item.value, "label": item.label.in_language(lang)} for item in items]

    def one(field: FieldDef) -> dict[str, Any]:
        return {
            "key": field.key,
            "type": field.type.value,
            "scope": field.scope.value,
            "label": field.label.in_language(lang),
            "description": field.description.in_language(lang) if field.description else "",
            "unit": field.unit.in_language(lang) if field.unit else "",
            "choices": choices(field.choices),
            "choices_only": field.type is FieldType.ENUM,
            "codes": field.codes,
            "personal": field.personal,
            "freshness": field.freshness,
        }

    def ops(items: tuple[Op, ...]) -> list[dict[str, str]]:
        return [
            {"op": op.value, "label": OP_LABELS[op].in_language(lang), "value": KINDS[op].value}
            for op in items
        ]

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
        "scopes": [
            {"scope": scope.value, "label": label.in_language(lang)} for scope, label in _SCOPES.items()
        ],
        "fields": [one(field) for field in catalogue],
        "types": {type.value: ops(items) for type, items in OPS.items()},
        "lines": {
            "quantifiers": [
                {"value": q.value, "label": label.in_language(lang)} for q, label in _QUANTIFIERS.items()
            ],
            "aggregates": [
                {
                    "value": aggregate.value,
                    "label": label.in_language(lang),
                    "of": []
                    if aggregate is LineAggregate.COUNT
                    else measurable(Scope.LINE, numeric=aggregate is not LineAggregate.COUNT_DISTINCT),
                }
                for aggregate, label in _LINE_AGGREGATES.items()
            ],
            "ops": ops(NUMBER_OPS),
            "without": [op.value for op in Op if op in RELATIVE_OPS],
        },
        "windows": {
            "activities": choices(catalogue.activity_types()),
            "aggregates": [
                {
                    "value": aggregate.value,
                    "label": label.in_language(lang),
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
