"""Whatever people read exists in Chinese and in English, says the same places, and lies where translators look."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.laws.source import ROOT, modules

CJK = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
PLACE = re.compile(r"(?<!\{)\{(\w+)[^{}]*\}(?!\})")
# Calls whose arguments are a text in Chinese and then the same in English: where the two stand.
PAIRS = {"Text": 0, "_text": 0, "invalid_field": 2, "add": 2, "Line": 0}
CONSOLE = ROOT / "web" / "console" / "src"
PORTAL = ROOT / "web" / "portal" / "src"
# The names of languages are written in themselves wherever they stand.
OWN_NAMES = {"中文", "简体中文", "中"}


def plain(node: ast.expr) -> str | None:
    """The text of a literal; an f-string with its values as places; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
            for part in node.values
        )
    return None


def pairs(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in PAIRS:
            continue
        named = {k.arg: k.value for k in node.keywords}
        start = PAIRS[name]
        if len(node.args) >= start + 2:
            yield node.args[start], node.args[start + 1]
        elif "zh" in named and "en" in named:
            yield named["zh"], named["en"]


def wrong_pairs(tree: ast.AST) -> list[str]:
    wrong = []
    for first, second in pairs(tree):
        zh, en = plain(first), plain(second)
        if zh is None or en is None or (not zh and not en):
            continue
        if not zh.strip() or not en.strip():
            wrong.append(f"{first.lineno}: one language is empty: {zh!r}, {en!r}")
        elif CJK.search(en):
            wrong.append(f"{second.lineno}: Chinese in the English text {en!r}")
        elif not isinstance(first, ast.JoinedStr) and set(PLACE.findall(zh)) != set(PLACE.findall(en)):
            wrong.append(f"{first.lineno}: places differ: {zh!r}, {en!r}")
    return wrong


def chinese_alone(tree: ast.AST) -> list[str]:
    """Chinese without English beside it in its statement, or in a function that asks for the language."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    alone = []

    def visit(node: ast.AST, spoken: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            spoken = any(isinstance(n, ast.Constant) and n.value == "zh" for n in ast.walk(node))
        elif isinstance(node, ast.stmt) and not isinstance(
            node, (ast.If, ast.For, ast.With, ast.Try, ast.ClassDef)
        ):
            spoken = spoken or any(english(n) for n in ast.walk(node))
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and CJK.search(text) and not spoken and id(node) not in docs:
            alone.append(f"{node.lineno}: {text[:40]!r}")
        for child in ast.iter_child_nodes(node):
            visit(child, spoken)

    visit(tree, False)
    return alone


def english(node: ast.AST) -> bool:
    """A literal that could be an English text: words, and no Chinese before them but its own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if CJK.search(node.value):
            return re.search(r" / [A-Za-z]{2}", node.value) is not None  # 中文 / English in one line
        return re.search(r"[A-Za-z]{2}", node.value) is not None
    return False


def test_both_languages_of_every_text() -> None:
    assert [f"{m.name}:{said}" for m in modules() for said in wrong_pairs(m.tree)] == []


# Modules that hold Chinese in another form than pairs, and how it is paired there.
OTHERWISE_PAIRED = {
    "conditions.describe": "a table of Chinese sentences beside one of English ones; every operator is asked in both",
    "conditions.wording": "one branch a language, down to single letters",
    "value.tiers.policy.wording": "one branch a language, down to single letters",
    "surfaces.cli.imports": "a Chinese column's name as an example",
    "messaging.contents.ready_made": "pieces of texts, each Chinese one beside its own in English",
    "messaging.channels.reports": "what members answer to be left alone, and what carriers call a number that is none",
    "flows.imports.values": "what Chinese files write dates, amounts and yes with",
}


def test_no_chinese_outside_of_texts() -> None:
    found = [
        f"{m.name}:{said}"
        for m in modules()
        if m.name not in OTHERWISE_PAIRED
        for said in chinese_alone(m.tree)
    ]
    assert found == []


def test_the_laws_of_texts_can_fail() -> None:
    assert (
        len(wrong_pairs(ast.parse('Text("有", ""); Text("{a}有", "{b} has"); add("f", "c", "有", "有")')))
        == 3
    )
    assert wrong_pairs(ast.parse('Text("有 {a}", "has {a}")')) == []
    assert len(chinese_alone(ast.parse('"""文。"""\nraise ValueError("余额不足")\nsay("有", "some")'))) == 1


# The front ends.


def tokens(source: str) -> Iterator[tuple[str, str]]:
    """Words, strings and brackets of a TypeScript file; comments are passed over."""
    pattern = re.compile(
        r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`|[\w$][\w$-]*|[{}\[\]:,()]",
        re.DOTALL,
    )
    for match in pattern.finditer(source):
        text = match.group()
        if text.startswith(("//", "/*")):
            continue
        if text[0] in "'\"`":
            yield "string", text[1:-1]
        elif text in "{}[]:,()":
            yield text, text
        else:
            yield "word", text


def leaves(path: Path) -> dict[str, list[str]]:
    """Key path → its strings, of the object that a catalogue file holds."""
    found: dict[str, list[str]] = {}
    where: list[str] = []
    last, key, after_colon, inside = "", "", False, False
    for kind, text in tokens(path.read_text()):
        if kind == "{":
            if inside or after_colon or last in ("=", "en", "zh") or not where:
                where.append(last)
                inside = True
            after_colon = False
        elif kind == "}":
            if where:
                where.pop()
            after_colon = False
        elif kind == ":":
            after_colon = True
        elif kind == ",":
            after_colon = after_colon and bool(where) and where[-1] == "["
        elif kind == "string" and (after_colon or last == "["):
            found.setdefault(".".join([*where[1:], last if last != "[" else key]), []).append(text)
        elif kind == "[":
            key, last = last, "["
        elif kind == "]":
            last, after_colon = key, False
        elif kind in ("word", "string"):
            last = text
    return found


def test_the_portal_says_the_same_things_in_both_languages() -> None:
    zh, en = leaves(PORTAL / "i18n" / "zh-CN.ts"), leaves(PORTAL / "i18n" / "en.ts")
    assert len(zh) > 100
    assert sorted(zh.keys() ^ en.keys()) == []
    # one language may say "them" where the other repeats a name; figures and dates it may not leave out
    places = {
        key: (zh[key], en[key])
        for key in zh
        if set(PLACE.findall(zh[key][0])) - {"unit"} != set(PLACE.findall(en[key][0])) - {"unit"}
    }
    assert places == {}
    assert [key for key, (text, *_) in en.items() if CJK.search(text) and text not in OWN_NAMES] == []
    assert [key for key, (text, *_) in [*zh.items(), *en.items()] if not text and key != "join.space"] == []


def test_the_console_says_everything_in_both_languages() -> None:
    wrong, count = [], 0
    for path in sorted((CONSOLE / "i18n" / "catalogue").glob("*.ts")):
        for key, texts in leaves(path).items():
            where = f"{path.stem}:{key}"
            if len(texts) != 2 or not all(text.strip() for text in texts):
                wrong.append(f"{where} {texts}")
                continue
            count += 1
            zh, en = texts
            if CJK.search(en) and en not in OWN_NAMES:
                wrong.append(f"{where}: Chinese in English {en!r}")
            if set(PLACE.findall(zh)) - {"unit"} != set(PLACE.findall(en)) - {"unit"}:
                wrong.append(f"{where}: places differ {texts}")
    assert count > 300
    assert wrong == []


def without_comments(source: str) -> str:
    source = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"(?m)(^|\s)//.*$", "", source)


@pytest.mark.parametrize("front", [CONSOLE, PORTAL], ids=["console", "portal"])
def test_no_text_is_written_into_pages(front: Path) -> None:
    wrong = []
    for path in sorted([*front.rglob("*.vue"), *front.rglob("*.ts")]):
        inside = path.relative_to(front)
        if inside.parts[0] == "i18n" or ".spec." in path.name or path.name.endswith(".d.ts"):
            continue
        source = without_comments(path.read_text())
        for number, line in enumerate(source.splitlines(), 1):
            # new things of an operator's are named in both languages at once: { zh: …, en: … }
            named = re.sub(r"\{ ?zh: ['`][^'`]+['`], en: ['`][^'`]+['`] ?\}", "", line)
            if CJK.search(named) and not any(own in line for own in OWN_NAMES):
                wrong.append(f"{inside}:{number} {line.strip()[:60]}")
        if path.suffix == ".vue":
            wrong += [f"{inside}: {text}" for text in words_of(source)]
    assert wrong == []


def words_of(source: str) -> list[str]:
    """Words between tags of a template that do not come from the catalogue."""
    template = re.search(r"<template>(.*)</template>", source, re.DOTALL)
    if template is None:
        return []
    text = re.sub(r"\{\{.*?\}\}|&\w+;", " ", template.group(1), flags=re.DOTALL)
    text = re.sub(r"<(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>", "\n", text)
    return [found.strip() for found in re.findall(r"[A-Za-z]{3,}[^\n]*", text)]


def test_the_laws_of_pages_can_fail(tmp_path: Path) -> None:
    assert words_of("<template><p :a=\"x > 1\">{{ t('a') }} Hello there</p></template>") == ["Hello there"]
    file = tmp_path / "en.ts"
    file.write_text("export default { a: { b: 'x {n}', 'c-d': \"y\" }, e: ['z', 'w'] }")
    assert leaves(file) == {"a.b": ["x {n}"], "a.c-d": ["y"], "e": ["z", "w"]}
