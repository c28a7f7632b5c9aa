"""Pure: whether a task is well formed, how it ends, and who of a store is given the next one."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from regulars.engage.tasks.types import EXPIRES_IN_DAYS, KINDS, OUTCOMES, SATISFACTION, NewTask
from regulars.kit.errors import ErrorList
from regulars.kit.reader import is_storable
from regulars.kit.text import Text

LONGEST_TITLE = 200
LONGEST_SCRIPT = 4000
LONGEST_NOTE = 2000
FARTHEST = timedelta(days=800)


def both(words: Text | str) -> Text:
    return words if isinstance(words, Text) else Text(words, words)


def check_new(task: NewTask, errors: ErrorList, *, field: str = "") -> None:
    """Every field of a new task that cannot be."""
    at = f"{field}." if field else ""
    if task.kind not in KINDS:
        errors.add(f"{at}kind", "unknown_choice", "没有这种待办类型", "There is no such kind of task")
    if not task.key or len(task.key) > 200:
        errors.add(f"{at}key", "bad_text", "键应为 1–200 个字符", "A key of 1 to 200 characters")
    for name, words, most, needed in (
        ("title", both(task.title), LONGEST_TITLE, True),
        ("script", both(task.script), LONGEST_SCRIPT, False),
    ):
        for said in (words.zh, words.en):
            if (needed and not said.strip()) or len(said) > most or not is_storable(said):
                errors.add(
                    f"{at}{name}",
                    "bad_text",
                    f"应为不超过 {most} 字的文本",
                    f"Must be text of at most {most} characters",
                )
                break
    if task.expires_on is not None and task.expires_on <= task.due_on:
        errors.add(
            f"{at}expires_on", "before_due", "过期日应晚于应办日", "It must expire after the day it is due"
        )


def expires_on(task: NewTask) -> date:
    return task.expires_on or task.due_on + timedelta(days=EXPIRES_IN_DAYS)


def check_end(
    *,
    state: str,
    outcome: str,
    satisfaction: int | None,
    note: str,
    next_on: date | None,
    today: date,
) -> ErrorList:
    """How a task is finished: `done` needs an outcome, `skipped` a word why."""
    errors = ErrorList()
    if state not in ("done", "skipped"):
        errors.add(
            "state", "unknown_choice", "只能标为完成或跳过", "A task is finished as done or as skipped"
        )
    if state == "done" and outcome not in OUTCOMES:
        errors.add("outcome", "unknown_choice", "请选择结果", "Choose what came of it")
    if state == "skipped" and outcome:
        errors.add("outcome", "not_here", "跳过的待办没有结果", "A skipped task has no outcome")
    if state == "skipped" and not note.strip():
        errors.add("note", "required", "请说明为什么跳过", "Say why it is skipped")
    low, high = SATISFACTION
    if satisfaction is not None and (
        isinstance(satisfaction, bool) or not low <= satisfaction <= high or state != "done"
    ):
        errors.add(
            "satisfaction", "out_of_range", f"满意度为 {low}–{high}", f"Satisfaction is {low} to {high}"
        )
    if satisfaction is not None and outcome in OUTCOMES and not OUTCOMES[outcome][1]:
        errors.add(
            "satisfaction",
            "nobody_reached",
            "没有联系上，不能评满意度",
            "Nobody was reached who could be satisfied",
        )
    if len(note) > LONGEST_NOTE or not is_storable(note):
        errors.add("note", "bad_text", f"最多 {LONGEST_NOTE} 字", f"At most {LONGEST_NOTE} characters")
    if next_on is not None and not today < next_on <= today + FARTHEST:
        errors.add(
            "next_on",
            "out_of_range",
            "下次日期应在今天之后、两年之内",
            "The next day lies after today, within two years",
        )
    if next_on is not None and outcome == "do_not_contact":
        errors.add(
            "next_on",
            "not_wanted",
            "会员不愿再被联系，不能约定下次",
            "The member wants no more contact: there is no next time",
        )
    return errors


def give_out(
    people: Sequence[UUID],
    load: MutableMapping[tuple[UUID, date], int],
    days: Sequence[date],
    *,
    limit: int,
    preferred: UUID | None = None,
) -> tuple[UUID, date] | None:
    """Who does it and on which of `days`: the preferred one if she has room, else who has least that day.

    The first day with room counts; ties go to the order of `people`. `load` counts what everybody has, and the
    one given out is added to it. None when nobody has room on any of the days.
    """
    for day in days:
        free = [one for one in people if load.get((one, day), 0) < limit]
        if not free:
            continue
        if preferred in free and preferred is not None:
            chosen = preferred
        elif preferred is not None and preferred in people and day != days[-1]:
            continue  # her own person has room on a later day
        else:
            chosen = min(free, key=lambda one: (load.get((one, day), 0), people.index(one)))
        load[chosen, day] = load.get((chosen, day), 0) + 1
        return chosen, day
    return None
