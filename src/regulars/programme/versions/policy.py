"""Which step a version may take, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.text import Text

_STATES = {
    "draft": Text("草稿", "a draft"),
    "in_review": Text("审核中", "in review"),
    "approved": Text("已通过待发布", "approved"),
    "published": Text("已发布", "published"),
    "rejected": Text("已驳回", "rejected"),
}
# act → the states it may be done in
_ALLOWED = {
    "save": {"draft", "rejected"},
    "submit": {"draft"},
    "withdraw": {"in_review", "approved"},
    "review": {"in_review"},
    "publish": {"approved"},
}


def check_step(act: str, state: str) -> None:
    """Raises `wrong_state` (409)."""
    if state not in _ALLOWED[act]:
        wanted = [_STATES[s] for s in sorted(_ALLOWED[act])]
        raise Refusal(
            "wrong_state",
            Text(
                f"该版本为{_STATES[state].zh}，需为{'或'.join(w.zh for w in wanted)}才能操作",
                f"The version is {_STATES[state].en}; it must be {' or '.join(w.en for w in wanted)} for this",
            ),
            status=409,
            data={"state": state},
        )


def check_revision(read: int, present: int) -> None:
    """Raises `stale_draft` (409) where somebody saved since `read`."""
    if read != present:
        raise conflict(
            "stale_draft",
            "草稿已被他人修改，请刷新后再保存",
            "Somebody saved this draft since you opened it; reload and try again",
            revision=present,
        )


def check_reviewer(reviewer: str, authors: Collection[str]) -> None:
    """Raises `own_work` (403): nobody reviews what they wrote or submitted."""
    if reviewer in authors:
        raise Refusal(
            "own_work",
            Text(
                "不能审核自己编写或提交的版本，请由他人审核",
                "You wrote or submitted this version; somebody else must review it",
            ),
            status=403,
        )


def check_effective(effective_from: datetime, now: datetime, *, first: bool) -> None:
    """Only a brand's first version may reach into the past: what was decided since would not follow a later one."""
    if effective_from.tzinfo is None:
        raise invalid_field(
            "effective_from", "no_timezone", "生效时间需带时区", "The time needs its time zone"
        )
    if effective_from < now and not first:
        raise invalid_field(
            "effective_from",
            "in_the_past",
            "生效时间不能早于现在",
            "A version cannot take effect in the past",
        )
