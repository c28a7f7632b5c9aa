"""What is wrong with a template as it was typed, by field and line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from liquid.exceptions import LiquidError, ResourceLimitError

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.messaging.policy import sandbox, variables
from regulars.messaging.types import CHANNELS
from regulars.messaging.wording import Content, Problem, RenderFailed

CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,47}$")
NAME = re.compile(r"^[a-z][a-z0-9_]{0,31}$")
LANGUAGES = ("zh", "en")
# What a channel's content has: field → longest source, whether it must be there.
FIELDS: dict[str, dict[str, tuple[int, bool]]] = {
    "sms": {"body": (2000, True), "sign": (30, False), "template": (64, False)},
    "email": {"subject": (300, True), "body": (20_000, False), "html": (60_000, False)},
    "inbox": {"subject": (300, True), "body": (5000, True), "url": (1000, False)},
    "wechat": {"template": (64, True), "body": (1000, False), "url": (1000, False)},
    "wecom": {"body": (3000, True), "url": (1000, False)},
    "push": {"subject": (200, True), "body": (1000, True), "url": (1000, False)},
    "webhook": {"subject": (200, False), "body": (5000, False)},
    "task": {"subject": (200, True), "body": (5000, True)},
}
WITH_DATA = frozenset({"sms", "wechat", "webhook"})
LIQUID_FIELDS = ("subject", "body", "html", "url")
MOST_DATA = 30
MOST_SAMPLES = 40
MOST_LINKS = 10
_ACTIVE = re.compile(
    r"<\s*(script|iframe|object|embed|form|input|button|base|meta|link)\b|\son[a-z]+\s*=|javascript\s*:|vbscript\s*:",
    re.IGNORECASE,
)
_MARKETING_WAY_OUT = frozenset({"email"})


def problems_of(
    contents: Mapping[str, Mapping[str, Content]],
    *,
    purpose: str,
    links: Mapping[str, str],
    samples: Mapping[str, Any],
) -> list[Problem]:
    """Everything that would keep a version from being sent well; empty when it may be submitted."""
    found: list[Problem] = []
    if not contents:
        found.append(_problem("contents", 1, "required", "至少填写一个通道", "Fill in one channel at least"))
    for channel, by_language in contents.items():
        if channel not in CHANNELS:
            found.append(
                _problem(
                    f"contents.{channel}", 1, "unknown_channel", "没有这个通道", "There is no such channel"
                )
            )
            continue
        for language in LANGUAGES:
            at = f"contents.{channel}.{language}"
            if language not in by_language:
                found.append(_problem(at, 1, "required", "中英文都要填写", "Both languages are needed"))
            else:
                found += _of_content(at, channel, by_language[language], purpose, links, samples)
    return found


def _of_content(
    at: str,
    channel: str,
    content: Content,
    purpose: str,
    links: Mapping[str, str],
    samples: Mapping[str, Any],
) -> Iterator[Problem]:
    known = FIELDS[channel]
    for field in ("subject", "body", "html", "url", "sign", "template"):
        text = getattr(content, field)
        if field not in known:
            if text:
                yield _problem(
                    f"{at}.{field}", 1, "not_here", "此通道没有这个字段", "This channel has no such field"
                )
            continue
        longest, required = known[field]
        if required and not text.strip():
            yield _problem(f"{at}.{field}", 1, "required", "请填写", "This is needed")
        elif len(text) > longest:
            yield _problem(
                f"{at}.{field}", 1, "too_long", f"最多 {longest} 个字符", f"At most {longest} characters"
            )
        elif field in LIQUID_FIELDS:
            yield from _of_text(f"{at}.{field}", text, field == "html", links, samples)
        elif any(ord(sign) < 32 for sign in text) or "{{" in text:
            yield _problem(
                f"{at}.{field}", 1, "bad_value", "不能含换行或变量", "Neither line breaks nor variables"
            )
    if channel == "email" and not (content.html.strip() or content.body.strip()):
        yield _problem(f"{at}.html", 1, "required", "请填写 HTML 或纯文本", "Give HTML or plain text")
    if content.data and channel not in WITH_DATA:
        yield _problem(f"{at}.data", 1, "not_here", "此通道没有参数", "This channel has no parameters")
    if len(content.data) > MOST_DATA:
        yield _problem(f"{at}.data", 1, "too_many", f"最多 {MOST_DATA} 个", f"At most {MOST_DATA}")
    seen: set[str] = set()
    for n, (name, text) in enumerate(content.data):
        if not re.fullmatch(r"[A-Za-z0-9_.]{1,64}", name) or name in seen:
            yield _problem(
                f"{at}.data[{n}].name",
                1,
                "bad_name",
                "名称为字母、数字或下划线，不能重复",
                "Letters, digits and _, each once",
            )
        seen.add(name)
        if len(text) > 2000:
            yield _problem(
                f"{at}.data[{n}].value", 1, "too_long", "最多 2000 个字符", "At most 2000 characters"
            )
        else:
            yield from _of_text(f"{at}.data[{n}].value", text, False, links, samples)
    if content.html and (found := _ACTIVE.search(content.html)):
        line = content.html.count("\n", 0, found.start()) + 1
        yield _problem(
            f"{at}.html",
            line,
            "active_html",
            f"邮件里不能有 {found[0].strip()}",
            f"Mail may not hold {found[0].strip()}",
        )
    if purpose == "marketing" and channel in _MARKETING_WAY_OUT:
        for field in ("html", "body"):
            text = getattr(content, field)
            if text.strip() and "unsubscribe_link" not in text:
                yield _problem(
                    f"{at}.{field}",
                    text.count("\n") + 1,
                    "no_way_out",
                    "营销邮件须含退订链接 {{ unsubscribe_link }}",
                    "A marketing e-mail needs {{ unsubscribe_link }}",
                )


def _of_text(
    at: str, text: str, is_html: bool, links: Mapping[str, str], samples: Mapping[str, Any]
) -> Iterator[Problem]:
    if "\x00" in text:
        yield _problem(at, 1, "bad_value", "含无法读取的字符", "It holds a sign that cannot be read")
        return
    try:
        names = names_in(text, is_html)
    except ResourceLimitError:
        yield _problem(at, 1, "too_much", "内容过长或嵌套过深", "Too long, or nested too deep")
        return
    except LiquidError as error:
        said = sandbox.said_by(error)
        yield _problem(
            at,
            sandbox.line_of(error, text),
            "bad_template",
            f"模板语法有误：{said}",
            f"Not a template: {said}",
        )
        return
    for path, line in names:
        if not variables.is_known(path, links=links, samples=samples):
            shown = ".".join(path)
            yield _problem(at, line, "unknown_variable", f"没有变量 {shown}", f"There is no variable {shown}")
    try:
        sandbox.fill(text, variables.samples(samples, links), place=at, is_html=is_html)
    except RenderFailed as error:
        if error.code != "missing_variable":
            yield Problem(at, int(error.place.rpartition(":")[2]), error.code, error.message)


@lru_cache(maxsize=2000)
def names_in(text: str, is_html: bool = False) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The variables a text names that are not its own, as parts, each with its line. Raises `LiquidError`."""
    if "{{" not in text and "{%" not in text:
        return ()
    analysis = sandbox.compiled(text, is_html).analyze(include_partials=False)
    found = []
    for uses in analysis.globals.values():
        for use in uses:
            parts = tuple(str(part) for part in use.segments if isinstance(part, str))
            line = text.count("\n", 0, use.span.index) + 1
            if parts:
                found.append((parts, line))
    return tuple(dict.fromkeys(found))


def roots_of(contents: Mapping[str, Content]) -> frozenset[str]:
    """The first parts of all names in a channel's contents: what has to be read for them."""
    names: set[str] = set()
    for content in contents.values():
        for field in LIQUID_FIELDS:
            names |= {".".join(path[:2]) for path, _ in names_in(getattr(content, field), field == "html")}
        for _, text in content.data:
            names |= {".".join(path[:2]) for path, _ in names_in(text)}
    return frozenset(names)


def check_form(
    errors: ErrorList,
    *,
    code: str,
    name: Text,
    purpose: str,
    links: Mapping[str, str],
    samples: Mapping[str, Any],
) -> None:
    """Gather what is wrong with a template's form, its texts aside."""
    if not CODE.match(code):
        errors.add(
            "code", "bad_code", "1–48 位小写字母、数字、- 或 _", "1 to 48 lower-case letters, digits, - or _"
        )
    for language, said in (("zh", name.zh), ("en", name.en)):
        if not 0 < len(said.strip()) <= 80:
            errors.add(f"name.{language}", "bad_name", "名称为 1–80 个字符", "A name has 1 to 80 characters")
    if purpose not in ("marketing", "service"):
        errors.add("purpose", "unknown", "须为 marketing 或 service", "Give marketing or service")
    if len(links) > MOST_LINKS:
        errors.add("links", "too_many", f"最多 {MOST_LINKS} 个链接", f"At most {MOST_LINKS} links")
    for key in links:
        if not NAME.match(key):
            errors.add(
                f"links.{key}",
                "bad_name",
                "小写字母开头，仅字母数字下划线",
                "Lower-case letters, digits and _",
            )
    if len(samples) > MOST_SAMPLES:
        errors.add("samples", "too_many", f"最多 {MOST_SAMPLES} 个变量", f"At most {MOST_SAMPLES} variables")
    for key in samples:
        if not NAME.match(key) or key in variables.ROOTS - {"coupon"}:
            errors.add(
                f"samples.{key}", "bad_name", "变量名不可用或已被占用", "This name cannot be used or is taken"
            )


def allowed_target(url: str, *, hosts: frozenset[str]) -> bool:
    """Whether a short link may lead there: a path of ours, or http(s) at one of the brand's own hosts."""
    if not url or len(url) > 1000 or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url) or "\\" in url:
        return False
    if url.startswith("/"):
        return not url.startswith("//")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and not parts.username and not parts.password and host in hosts


def _problem(field: str, line: int, code: str, zh: str, en: str) -> Problem:
    return Problem(field, line, code, Text(zh, en))


def check_sizes(errors: ErrorList, contents: Mapping[str, Mapping[str, Content]]) -> None:
    """What even a draft may not be: unknown channels, texts far too long to keep."""
    for channel, by_language in contents.items():
        if channel not in CHANNELS:
            errors.add(f"contents.{channel}", "unknown_channel", "没有这个通道", "There is no such channel")
            continue
        for language, content in by_language.items():
            at = f"contents.{channel}.{language}"
            if language not in LANGUAGES:
                errors.add(at, "unknown_language", "语言须为 zh 或 en", "Give zh or en")
            for field, (longest, _) in FIELDS[channel].items():
                if len(getattr(content, field)) > longest or "\x00" in getattr(content, field):
                    errors.add(
                        f"{at}.{field}", "too_long", f"最多 {longest} 个字符", f"At most {longest} characters"
                    )
            if len(content.data) > MOST_DATA or any(len(k) > 64 or len(v) > 2000 for k, v in content.data):
                errors.add(f"{at}.data", "too_long", "参数过多或过长", "Too many parameters, or too long")
