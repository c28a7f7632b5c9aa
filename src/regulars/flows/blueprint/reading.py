"""YAML to plain values and back. Only what JSON can say is read, and every value's place is kept.

Read from the parser's events rather than by a loader: aliases (and so "a billion laughs"), tags, duplicated keys and
several documents are refused with their place before anything is built. Scalars are those of YAML 1.2: `on`, `yes` and
`2026-12-31` are text, only `true` and `false` are flags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from regulars.flows.blueprint.types import Place, Source
from regulars.kit.errors import FieldError, Refusal
from regulars.kit.text import Text

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 200_000
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
# what both YAML 1.1 and 1.2 read as a number, so that the writer quotes exactly the texts that look like one
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}([eE][-+][0-9]{1,3})?")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read(text: str | bytes) -> Source:
    """Raises `invalid_input` (422), `too_large` (413); each error names line, column, path and reason."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BYTES:
        raise Refusal(
            "too_large",
            Text(f"文件最大 {MAX_BYTES // 1000} KB", f"The file may have at most {MAX_BYTES // 1000} KB"),
            status=413,
        )
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        raise refuse(
            "", Place(line, 1), "not_utf8", "文件须为 UTF-8 编码", "The file must be UTF-8"
        ) from None
    try:
        values, places = _build(yaml.parse(decoded, Loader=_Loader))
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        said = wrong.problem or wrong.context or "not YAML"
        raise refuse("", place, "not_yaml", f"不是合法的 YAML：{said}", f"Not YAML: {said}") from None
    except yaml.reader.ReaderError as wrong:
        at = wrong.position if isinstance(wrong.position, int) else 0
        before = decoded[:at]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise refuse(
            "", place, "bad_text", "含有不能使用的字符", "Holds a character that cannot be used"
        ) from None
    if not isinstance(values, dict):
        raise refuse(
            "", Place(1, 1), "not_an_object", "文件应为“键: 值”形式", "The file must hold keys and values"
        )
    return Source(values, places)


def write(values: Mapping[str, Any]) -> str:
    """The values as YAML, the same for the same values: keys in the order given, text unescaped."""
    text: str = yaml.dump(
        dict(values), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100, indent=2
    )
    return text


def refuse(path: str, place: Place, code: str, zh: str, en: str) -> Refusal:
    """The refusal of a file for one error."""
    return refusal([(path, place, code, Text(zh, en))])


def refusal(wrong: list[tuple[str, Place, str, Text]]) -> Refusal:
    """The refusal of a file: every error with its line and column in words, and as data."""
    errors = [
        FieldError(
            path or "/",
            code,
            Text(
                f"第 {place.line} 行第 {place.column} 列：{said.zh}",
                f"line {place.line}, column {place.column}: {said.en}",
            ),
        )
        for path, place, code, said in wrong
    ]
    places = [
        {"field": path or "/", "line": place.line, "column": place.column} for path, place, _, _ in wrong
    ]
    return Refusal(
        "invalid_input",
        Text("文件有误", "The file has errors"),
        errors=errors,
        data={"places": places},
    )


def place_of(source: Source, path: str) -> Place:
    """The place of a path, or of the nearest thing around it."""
    while path:
        found = source.places.get(path)
        if found is not None:
            return found
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return Place(1, 1)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _build(events: Iterator[Any]) -> tuple[Any, dict[str, Place]]:
    """The one document of the events."""
    places: dict[str, Place] = {}
    root: Any = None
    documents = 0
    # open collections: (value, its path); a mapping's pending key stands beside it
    open_: list[tuple[Any, str]] = []
    keys: list[str | None] = []
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise refuse(
                    "",
                    _place(event),
                    "many_documents",
                    "只能有一个 YAML 文档",
                    "Only one YAML document is read",
                )
            continue
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            open_.pop()
            keys.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        place = _place(event)
        here = open_[-1] if open_ else None
        path = here[1] if here else ""
        pending = keys[-1] if keys else None
        _check_plain(event, place, f"{path}.{pending}" if path and pending else pending or path)
        if here is not None and isinstance(here[0], dict) and keys[-1] is None:
            named = keys[-1] = _key(event, here[0], place, path)
            path = f"{path}.{named}" if path else named
            places[path] = place
            if len(places) > MAX_VALUES:
                raise refuse(path, place, "too_many", "内容过多", "The file holds too much")
            continue
        value = _value(event, place, path)
        if here is None:
            root = value
        elif isinstance(here[0], list):
            path = f"{path}[{len(here[0])}]"
            places[path] = place
            here[0].append(value)
        else:
            key = keys[-1]
            assert key is not None
            path = f"{path}.{key}" if path else key
            here[0][key] = value
            keys[-1] = None
        if isinstance(value, (dict, list)):
            if len(open_) >= MAX_DEPTH:
                raise refuse(path, place, "too_deep", "层级过深", "Nested too deeply")
            open_.append((value, path))
            keys.append(None)
    return root, places


def _check_plain(event: Any, place: Place, path: str) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise refuse(
            path,
            place,
            "no_anchors",
            "不支持锚点与引用（& 与 *），请写全",
            "Anchors and aliases (& and *) are not read; write it out",
        )
    if event.tag is not None and event.tag != "!":
        raise refuse(
            path,
            place,
            "no_tags",
            f"不支持标签 {event.tag}",
            f"The tag {event.tag} is not read; write it plain",
        )


def _key(event: Any, mapping: dict[str, Any], place: Place, path: str) -> str:
    if not isinstance(event, yaml.ScalarEvent) or not event.value:
        raise refuse(path, place, "bad_key", "键应为文本", "A key must be text")
    key = str(event.value)
    if key in mapping:
        full = f"{path}.{key}" if path else key
        raise refuse(full, place, "duplicate", f"“{key}”重复", f"“{key}” is given twice")
    return key


def _value(event: Any, place: Place, path: str) -> Any:
    if isinstance(event, yaml.MappingStartEvent):
        return {}
    if isinstance(event, yaml.SequenceStartEvent):
        return []
    text = str(event.value)
    if event.style or not event.implicit[0]:
        return text
    if text in _NULLS:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
