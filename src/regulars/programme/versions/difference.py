"""What differs between two definitions, part by part, in data and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from regulars.kit.text import Language, Text
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions.types import Change, ChangeKind, PartKind

# part → the list in the definition, the key of its members, what people call it
_PARTS: tuple[tuple[PartKind, str, str, Text], ...] = (
    ("unit", "units", "code", Text("单位", "Unit")),
    ("rule", "rules", "key", Text("规则", "Rule")),
    ("campaign", "campaigns", "key", Text("活动", "Campaign")),
    ("scheme", "schemes", "key", Text("等级体系", "Tier scheme")),
    ("benefit", "benefits", "key", Text("权益", "Benefit")),
    ("promotion", "promotions", "key", Text("促销", "Promotion")),
)
_VERBS: dict[ChangeKind, Text] = {
    "added": Text("新增", "added"),
    "removed": Text("删除", "removed"),
    "changed": Text("修改", "changed"),
}
_EMPTY = Text("", "")
_LANGUAGES: tuple[Language, Language] = ("zh", "en")


def compare(before: Programme, after: Programme) -> list[Change]:
    """Every part that was added, removed or changed, in the order of a definition."""
    old, new = rules.dump(before), rules.dump(after)
    changes = [
        _plain("name", Text("方案名称", "Programme name"), old, new),
        _plain("words", Text("用语", "Words"), old, new),
        _plain("member_days", Text("会员日", "Member days"), old, new),
    ]
    for part, list_name, key_name, title in _PARTS:
        olds = {item[key_name]: item for item in old.get(list_name, ())}
        news = {item[key_name]: item for item in new.get(list_name, ())}
        for key in dict.fromkeys((*olds, *news)):
            if olds.get(key) != news.get(key):
                changes.append(
                    _part(
                        part,
                        title,
                        f"{list_name}[{key}]",
                        key,
                        olds.get(key),
                        news.get(key),
                        _teller(before, part, key),
                        _teller(after, part, key),
                    )
                )
    changes.append(_checkout(before, after, old, new))
    return [change for change in changes if change is not None]


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The paths at which two JSON values differ, with both values there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from leaves(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from leaves(one, other, f"{path}[{i}]")
    elif before != after:
        yield path, before, after


def _teller(programme: Programme, part: PartKind, key: str) -> Callable[[Language], str]:
    things: Mapping[str, Any] = {
        "unit": programme.units,
        "rule": {r.key: r for r in programme.rules},
        "scheme": {s.key: s for s in programme.schemes},
        "benefit": {b.key: b for b in programme.benefits},
        "campaign": {c.key: c for c in programme.campaigns},
        "promotion": {o.key: o for o in programme.promotions},
    }[part]
    thing = things.get(key)
    return lambda language: "" if thing is None else rules.describe(thing, programme, language)


def _part(
    part: PartKind,
    title: Text,
    path: str,
    key: str,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    say_old: Callable[[Language], str],
    say_new: Callable[[Language], str],
) -> Change:
    kind: ChangeKind = "added" if old is None else "removed" if new is None else "changed"
    before_text = Text(say_old("zh"), say_old("en"))
    after_text = Text(say_new("zh"), say_new("en"))
    given = new if new is not None else old
    assert given is not None
    name = Text.from_json(given.get("name", key))
    if kind == "added":
        what = after_text
    elif kind == "removed":
        what = before_text
    elif before_text != after_text:
        what = Text(f"{before_text.zh} → {after_text.zh}", f"{before_text.en} → {after_text.en}")
    else:
        what = Text("", "")
    if kind == "changed":
        fields = [f"{p}: {_short(a)} → {_short(b)}" for p, a, b in leaves(old, new)]
        if not what.zh:
            what = Text("；".join(fields), "; ".join(fields))
    sentence = Text(
        f"{_VERBS[kind].zh}{title.zh}“{name.zh}”：{what.zh}",
        f"{title.en} “{name.en}” {_VERBS[kind].en}: {what.en}",
    )
    return Change(path, part, key, kind, old, new, sentence, before_text, after_text)


def _checkout(
    before: Programme, after: Programme, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Change | None:
    """The till's settings, told in their own sentences."""
    change = _plain("checkout", Text("收银设置", "Checkout"), old, new)
    if change is None:
        return None
    told = [
        Text(*("；".join(rules.checkout_texts(programme, language)) for language in _LANGUAGES))
        for programme in (before, after)
    ]
    return replace(change, part="checkout", before_text=told[0], after_text=told[1])


def _plain(field: str, title: Text, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change | None:
    before, after = old.get(field), new.get(field)
    if before == after:
        return None
    kind: ChangeKind = "added" if before is None else "removed" if after is None else "changed"
    fields = [f"{p or field}: {_short(a)} → {_short(b)}" for p, a, b in leaves(before, after)]
    sentence = Text(
        f"{_VERBS[kind].zh}{title.zh}：{'；'.join(fields)}",
        f"{title.en} {_VERBS[kind].en}: {'; '.join(fields)}",
    )
    part: PartKind = "member_days" if field == "member_days" else "programme"
    return Change(field, part, field, kind, before, after, sentence, _EMPTY, _EMPTY)


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 80 else text[:80] + "…"
