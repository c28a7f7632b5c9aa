"""A campaign's definition from its JSON: every wrong field is named. Pure.

What needs other rooms to be judged (segments, templates, rewards, budgets) the flow checks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from regulars.engage.campaigns.types import (
    Audience,
    Definition,
    Goal,
    Message,
    Schedule,
    Trial,
    Variant,
)
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text

MOST_VARIANTS = 5
MOST_SEGMENTS = 20
_CODE = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_TOP = (
    "audience", "variants", "schedule", "holdout_percent", "stratify", "trial", "budget", "priority",
    "expires_in_hours", "window_days", "pre_days", "margin_permille", "goal",
)  # fmt: skip
# Keys of arms that are no variant's.
_RESERVED = ("holdout", "programme", "rest", "none")


def is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def parse(data: object) -> Definition:
    """Raises `invalid_input` naming every wrong field."""
    errors = ErrorList()
    top = _mapping(data, "definition", errors)
    _known(top, _TOP, "", errors)
    audience = _audience(top.get("audience"), errors)
    variants = _variants(top.get("variants"), errors)
    schedule = _schedule(top.get("schedule"), errors)
    trial = _trial(top.get("trial"), errors)
    goal = _goal(top.get("goal"), errors)
    stratify = _choice(top, "stratify", ("", "value_decile", "rfm_group"), "", "stratify", errors)
    holdout = _whole(top, "holdout_percent", 0, 50, 10, "holdout_percent", errors) or 0
    budget = top.get("budget") or ""
    if budget and not is_code(budget):
        errors.add("budget", "bad_code", "预算编码无效", "Not the key of a budget")
    margin = _whole(top, "margin_permille", 0, 1000, None, "margin_permille", errors)
    if trial is not None and len(variants) < 2:
        errors.add(
            "trial", "needs_variants", "先测试再推广需要至少两个版本", "A test needs at least two variants"
        )
    if stratify and not holdout:
        errors.add("stratify", "needs_holdout", "分层需要设置对照组", "Stratifying needs a holdout")
    if stratify and schedule.kind == "recurring":
        errors.add(
            "stratify",
            "not_recurring",
            "周期活动的对照组按会员固定，不能分层",
            "A recurring campaign keeps its holdout by member and cannot stratify it",
        )
    made = Definition(
        audience=audience,
        variants=variants,
        schedule=schedule,
        holdout_percent=holdout,
        stratify=stratify,
        trial=trial,
        budget=str(budget),
        priority=_whole(top, "priority", 0, 100, 50, "priority", errors) or 0,
        expires_in_hours=_whole(top, "expires_in_hours", 1, 24 * 14, 72, "expires_in_hours", errors) or 72,
        window_days=_whole(top, "window_days", 1, 365, 14, "window_days", errors) or 14,
        pre_days=_whole(top, "pre_days", 0, 365, 28, "pre_days", errors) or 0,
        margin_permille=margin,
        goal=goal,
    )
    errors.refuse()
    return made


def read_name(value: object, field: str, errors: ErrorList) -> Text:
    """A name in both languages; one left out borrows the other."""
    said: Mapping[str, Any] = value if isinstance(value, Mapping) else {"zh": value}
    zh, en = (str(said.get(one) or "").strip() for one in ("zh", "en"))
    if not zh and not en:
        errors.add(field, "required", "请填写名称", "A name is needed")
    if max(len(zh), len(en)) > 80 or "\x00" in zh + en:
        errors.add(field, "too_long", "最长 80 个字", "80 characters at most")
    return Text(zh or en, en or zh)


def _audience(value: object, errors: ErrorList) -> Audience:
    data = _mapping(value, "audience", errors)
    _known(
        data,
        ("everybody", "segments", "condition", "exclude", "sample_percent", "sample_count"),
        "audience.",
        errors,
    )
    everybody = data.get("everybody", False)
    if not isinstance(everybody, bool):
        errors.add("audience.everybody", "not_a_flag", "应为是或否", "Must be true or false")
    segments, exclude = _codes(data, "segments", errors), _codes(data, "exclude", errors)
    condition = data.get("condition") or None
    if condition is not None and not isinstance(condition, Mapping):
        errors.add("audience.condition", "bad_condition", "应为条件", "Must be a condition")
        condition = None
    if not everybody and not segments and condition is None:
        errors.add(
            "audience",
            "required",
            "请选择人群、设置条件，或明确选择全体会员",
            "Choose segments, set a condition, or say that it is for everybody",
        )
    if everybody and (segments or condition is not None):
        errors.add(
            "audience.everybody",
            "contradiction",
            "选了全体会员就不能再选人群或条件",
            "Everybody leaves no room for segments or a condition",
        )
    percent = _whole(data, "sample_percent", 1, 100, None, "audience.sample_percent", errors)
    count = _whole(data, "sample_count", 1, 10**8, None, "audience.sample_count", errors)
    if percent is not None and count is not None:
        errors.add(
            "audience.sample_count",
            "contradiction",
            "抽样比例与人数只能选一个",
            "Sample by share or by count, not by both",
        )
    return Audience(bool(everybody), segments, condition, exclude, percent, count)


def _variants(value: object, errors: ErrorList) -> tuple[Variant, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_VARIANTS:
        errors.add(
            "variants", "out_of_range", f"需要 1–{MOST_VARIANTS} 个版本", f"1 to {MOST_VARIANTS} variants"
        )
        return ()
    found: list[Variant] = []
    for number, one in enumerate(value):
        field = f"variants[{number}]"
        data = _mapping(one, field, errors)
        _known(data, ("key", "name", "share", "message", "rewards", "cost"), f"{field}.", errors)
        key = data.get("key")
        if not is_code(key) or key in _RESERVED or len(str(key)) > 20:
            errors.add(
                f"{field}.key",
                "bad_code",
                f"应为 20 位以内的小写字母、数字，且不是 {'、'.join(_RESERVED)}",
                f"Use up to 20 of a-z, 0-9, - and _, and none of {', '.join(_RESERVED)}",
            )
        elif any(other.key == key for other in found):
            errors.add(f"{field}.key", "repeated", "版本编码重复", "Two variants have this key")
        name = read_name(data.get("name") or str(key), f"{field}.name", errors)
        message = _message(data.get("message"), f"{field}.message", errors)
        rewards = data.get("rewards") or []
        if not isinstance(rewards, list) or not all(isinstance(reward, Mapping) for reward in rewards):
            errors.add(f"{field}.rewards", "bad_rewards", "应为奖励列表", "Must be a list of rewards")
            rewards = []
        if message is None and not rewards:
            errors.add(field, "nothing_offered", "请设置消息或奖励", "It needs a message or a reward")
        found.append(
            Variant(
                key=str(key),
                name=name,
                share=_whole(data, "share", 1, 1000, 1, f"{field}.share", errors) or 1,
                message=message,
                rewards=tuple(dict(reward) for reward in rewards),
                cost=_whole(data, "cost", 0, 10**9, 0, f"{field}.cost", errors) or 0,
            )
        )
    return tuple(found)


def _message(value: object, field: str, errors: ErrorList) -> Message | None:
    if value is None:
        return None
    data = _mapping(value, field, errors)
    _known(data, ("template", "channels", "purpose", "values"), f"{field}.", errors)
    template = data.get("template")
    if not isinstance(template, str) or not template or len(template) > 80:
        errors.add(f"{field}.template", "required", "请选择消息模板", "Choose a template")
    channels = data.get("channels") or []
    if not isinstance(channels, list) or not all(
        isinstance(one, str) and 0 < len(one) <= 40 for one in channels
    ):
        errors.add(f"{field}.channels", "bad_channels", "应为通道列表", "Must be a list of channels")
        channels = []
    purpose = _choice(data, "purpose", ("marketing", "service"), "marketing", f"{field}.purpose", errors)
    values = data.get("values") or {}
    if not isinstance(values, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) and len(k) <= 40 and len(v) <= 500
        for k, v in values.items()
    ):
        errors.add(f"{field}.values", "bad_values", "应为文本变量", "Must be texts by name")
        values = {}
    return Message(str(template), tuple(dict.fromkeys(channels)), purpose, dict(values))


def _schedule(value: object, errors: ErrorList) -> Schedule:
    if value is None:
        return Schedule()
    data = _mapping(value, "schedule", errors)
    _known(data, ("kind", "at", "every", "weekdays", "days", "time", "first", "last"), "schedule.", errors)
    kind = _choice(data, "kind", ("once", "recurring"), "once", "schedule.kind", errors)
    if kind == "once":
        return Schedule(at=_instant(data.get("at"), "schedule.at", errors))
    every = _choice(data, "every", ("day", "week", "month"), "day", "schedule.every", errors)
    weekdays = _numbers(data, "weekdays", 1, 7, errors)
    days = _numbers(data, "days", 1, 31, errors)
    if every == "week" and not weekdays:
        errors.add("schedule.weekdays", "required", "请选择星期", "Choose the days of the week")
    if every == "month" and not days:
        errors.add("schedule.days", "required", "请选择日期", "Choose the days of the month")
    clock = data.get("time", "10:00")
    if not isinstance(clock, str) or not _TIME.fullmatch(clock):
        errors.add("schedule.time", "bad_time", "应为 00:00–23:59", "Must be 00:00 to 23:59")
        clock = "10:00"
    first, last = (_day(data.get(one), f"schedule.{one}", errors) for one in ("first", "last"))
    if first is not None and last is not None and last < first:
        errors.add(
            "schedule.last", "before_first", "结束日期早于开始日期", "The last day is before the first"
        )
    return Schedule("recurring", None, every, weekdays, days, clock, first, last)


def _trial(value: object, errors: ErrorList) -> Trial | None:
    if value is None:
        return None
    data = _mapping(value, "trial", errors)
    _known(
        data, ("percent", "hours", "metric", "alpha_permille", "min_sample", "otherwise"), "trial.", errors
    )
    return Trial(
        percent=_whole(data, "percent", 1, 90, 20, "trial.percent", errors) or 20,
        hours=_whole(data, "hours", 1, 24 * 30, 24, "trial.hours", errors) or 24,
        metric=_choice(data, "metric", ("conversion", "money"), "conversion", "trial.metric", errors),
        alpha_permille=_whole(data, "alpha_permille", 1, 200, 50, "trial.alpha_permille", errors) or 50,
        min_sample=_whole(data, "min_sample", 2, 10**7, 100, "trial.min_sample", errors) or 100,
        otherwise=_choice(data, "otherwise", ("first", "split", "none"), "first", "trial.otherwise", errors),
    )


def _goal(value: object, errors: ErrorList) -> Goal | None:
    if value is None:
        return None
    data = _mapping(value, "goal", errors)
    _known(data, ("metric", "target"), "goal.", errors)
    metric = _choice(data, "metric", ("conversion", "money", "buyers"), "conversion", "goal.metric", errors)
    most = 1000 if metric == "conversion" else 10**14
    target = _whole(data, "target", 1, most, None, "goal.target", errors)
    if target is None:
        errors.add("goal.target", "required", "请填写目标值", "A target is needed")
    return Goal(metric, target or 1)


def _codes(data: Mapping[str, Any], name: str, errors: ErrorList) -> tuple[str, ...]:
    value = data.get(name) or []
    if (
        not isinstance(value, list)
        or len(value) > MOST_SEGMENTS
        or not all(isinstance(one, str) and 0 < len(one) <= 64 and "\x00" not in one for one in value)
    ):
        errors.add(
            f"audience.{name}",
            "bad_segments",
            f"应为最多 {MOST_SEGMENTS} 个人群编码",
            f"Must be at most {MOST_SEGMENTS} codes of segments",
        )
        return ()
    return tuple(dict.fromkeys(value))


def _numbers(data: Mapping[str, Any], name: str, least: int, most: int, errors: ErrorList) -> tuple[int, ...]:
    value = data.get(name) or []
    if not isinstance(value, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) and least <= one <= most for one in value
    ):
        errors.add(
            f"schedule.{name}",
            "out_of_range",
            f"应为 {least}–{most} 的整数",
            f"Whole numbers of {least} to {most}",
        )
        return ()
    return tuple(sorted(set(value)))


def _instant(value: object, field: str, errors: ErrorList) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        errors.add(field, "bad_instant", "应为带时区的时间", "Must be an instant with its offset")
        return None
    return found


def _day(value: object, field: str, errors: ErrorList) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        errors.add(field, "bad_day", "应为日期", "Must be a day")
        return None


def _mapping(value: object, field: str, errors: ErrorList) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    errors.add(field, "required", "必填", "Required")
    return {}


def _known(data: Mapping[str, Any], names: tuple[str, ...], before: str, errors: ErrorList) -> None:
    for name in data:
        if name not in names:
            errors.add(f"{before}{name}"[:80], "unknown_field", "未知字段", "Unknown field")


def _whole(
    data: Mapping[str, Any],
    name: str,
    least: int,
    most: int,
    default: int | None,
    field: str,
    errors: ErrorList,
) -> int | None:
    value = data.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        errors.add(
            field,
            "out_of_range",
            f"应为 {least} 到 {most} 的整数",
            f"Must be a whole number of {least} to {most}",
        )
        return default
    return value


def _choice(
    data: Mapping[str, Any],
    name: str,
    known: tuple[str, ...],
    default: str,
    field: str,
    errors: ErrorList,
) -> Any:
    value = data.get(name)
    if value is None:
        return default
    if value not in known:
        shown = ", ".join(known)
        errors.add(field, "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
        return default
    return value
