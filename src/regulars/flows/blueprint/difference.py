"""What differs between a brand and a file, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from regulars.flows.blueprint.types import Difference, Plan, Section, Sign
from regulars.kit.text import Language, Text
from regulars.programme.versions.types import Change

_SIGNS: dict[str, Sign] = {"added": "+", "changed": "~", "removed": "-"}
_KEYS = ("key", "code", "period", "metric", "sku", "value")
_VERBS: dict[Sign, Text] = {
    "+": Text("新增", "added"),
    "~": Text("修改", "changed"),
    "-": Text("删除", "removed"),
}
_SHOWN = 100


def of_programme(
    changes: Sequence[Change], before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> list[Difference]:
    """The programme's differences from those that have a sentence of their own, and whatever else differs."""
    found = []
    told = set()
    for change in changes:
        sign: Sign = _SIGNS[change.kind]
        told.add(change.path.partition("[")[0].partition(".")[0])
        inner = tuple(leaves(change.before, change.after)) if sign == "~" else ()
        found.append(Difference(sign, f"programme.{change.path}", change.sentence, inner))
    old = before or {}
    for name in dict.fromkeys((*old, *after)):
        if name not in told and old.get(name) != after.get(name):
            found += of_values(f"programme.{name}", Text(name, name), old.get(name), after.get(name))
    return found


def of_section(
    section: Section, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> list[Difference]:
    """What a section gains or changes; nothing is ever taken away from one."""
    olds = {section.name_of(item): item for item in before}
    found = []
    for item in after:
        key = section.name_of(item)
        old = olds.get(key)
        if old == item:
            continue
        name = Text.from_json(item["name"]) if isinstance(item.get("name"), Mapping) else Text(key, key)
        sign: Sign = "+" if old is None else "~"
        found.append(
            Difference(
                sign,
                f"{section.name}[{key}]",
                Text(
                    f"{_VERBS[sign].zh}{section.title.zh}“{name.zh}”",
                    f"{section.title.en}: “{name.en}” {_VERBS[sign].en}",
                ),
                () if old is None else tuple(leaves(old, item)),
            )
        )
    return found


def of_values(path: str, title: Text, before: Any, after: Any) -> list[Difference]:
    """The difference of two values of any shape as one part."""
    sign: Sign = "+" if before in (None, [], {}) else "-" if after in (None, [], {}) else "~"
    verb = _VERBS[sign]
    said = Text(f"{verb.zh}{title.zh}", f"{title.en} {verb.en}")
    return [Difference(sign, path, said, tuple(leaves(before, after)) if sign == "~" else ())]


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two values differ. Members of lists that have keys are matched by them."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from leaves(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
        return
    if isinstance(before, list) and isinstance(after, list):
        key_name = _key_of(before, after)
        if key_name is not None:
            olds = {item[key_name]: item for item in before}
            news = {item[key_name]: item for item in after}
            for key in dict.fromkeys((*olds, *news)):
                yield from leaves(olds.get(key), news.get(key), f"{path}[{key}]")
            return
        if len(before) == len(after):
            for i, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from leaves(one, other, f"{path}[{i}]")
            return
    if before != after:
        yield path, before, after


def _key_of(*lists: list[Any]) -> str | None:
    """The field that tells the members of both lists apart, if there is one."""
    items = [item for some in lists for item in some]
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for name in _KEYS:
        if all(isinstance(item.get(name), str) for item in items) and all(
            len({item[name] for item in some}) == len(some) for some in lists
        ):
            return name
    return None


def told(plan: Plan, language: Language) -> str:
    """The plan as people read it: one line a part, its changed leaves below, the sum at the end."""
    zh = language == "zh"
    lines = []
    for one in plan.differences:
        lines.append(f"{one.sign} {one.path}")
        if one.sentence.in_language(language):
            lines.append(f"    {one.sentence.in_language(language)}")
        for path, before, after in one.leaves:
            sign = "+" if before is None else "-" if after is None else "~"
            value = _short(after) if before is None else _short(before)
            if sign == "~":
                value = f"{_short(before)} → {_short(after)}"
            lines.append(f"    {sign} {path}: {value}")
    if lines:
        lines.append("")
    counts = [sum(d.sign == sign for d in plan.differences) for sign in ("+", "~", "-")]
    if not plan.differences:
        lines.append("没有差异。" if zh else "Nothing differs.")
    elif zh:
        lines.append(f"新增 {counts[0]}，修改 {counts[1]}，删除 {counts[2]}。")
    else:
        lines.append(f"{counts[0]} to add, {counts[1]} to change, {counts[2]} to remove.")
    for name, count in plan.untouched.items():
        if count:
            lines.append(
                f"{name}：另有 {count} 项不在文件中，保持不变。"
                if zh
                else f"{name}: {count} more are not in the file and stay as they are."
            )
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
