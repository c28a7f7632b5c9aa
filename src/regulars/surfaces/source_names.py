"""Who asked for messages, by name: the only place that says what a source's code stands for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from ninja import Schema

from regulars.engage.campaigns import api as campaigns
from regulars.engage.care import api as care
from regulars.engage.journeys import api as journeys
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions

SourceKind = Literal["", "campaign", "journey", "care", "rule", "api"]
# what is said before a name where only its code is known, and of integrators
_KINDS: dict[str, Text] = {
    "campaign": Text("营销活动", "Campaign"),
    "journey": Text("旅程", "Journey"),
    "care": Text("关怀", "Care"),
    "rule": Text("规则", "Rule"),
    "api": Text("接口", "API"),
}


class MessageSourceOut(Schema):
    """What a source stands for. `kind` and `key` say where its page is; without a page `key` is empty."""

    name: str
    kind: SourceKind
    key: str


def names_of(
    *, scope: Scope, language: Language, sources: Iterable[str], now: datetime
) -> dict[str, MessageSourceOut]:
    """By source; one query for each kind that is among them, however many there are."""
    wanted: dict[str, set[str]] = {}
    given = set(sources)
    for source in given:
        kind, _, rest = source.partition(":")
        wanted.setdefault(kind, set()).add(rest.partition(":")[0])
    known: dict[str, dict[str, Text]] = {
        "campaign": campaigns.names_of(brand_id=scope.brand_id, codes=wanted.get("campaign", set())),
        "journey": journeys.names_of(brand_id=scope.brand_id, codes=wanted.get("journey", set())),
        "care": care.names_of(brand_id=scope.brand_id, keys=wanted.get("care", set())),
        "rule": _rules(scope, now) if "rule" in wanted else {},
    }
    return {source: _named(source, known, language) for source in given}


def _named(source: str, known: dict[str, dict[str, Text]], language: Language) -> MessageSourceOut:
    kind, _, rest = source.partition(":")
    if kind not in _KINDS or not rest:
        return MessageSourceOut(name=source, kind="", key="")
    key, _, run = rest.partition(":") if kind != "api" else (rest, "", "")
    name = known.get(kind, {}).get(key)
    if name is None:
        said = _KINDS[kind].in_language(language)
        return MessageSourceOut(name=f"{said} {rest}", kind=kind, key="")  # type: ignore[arg-type]
    said = name.in_language(language)
    if run.isdecimal() and int(run) > 1:
        said += Text(f" · 第 {run} 次", f" · run {run}").in_language(language)
    return MessageSourceOut(name=said, kind=kind, key=key)  # type: ignore[arg-type]


def _rules(scope: Scope, now: datetime) -> dict[str, Text]:
    try:
        live = versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal:  # a brand that has published nothing
        return {}
    return {one.key: one.name for one in live.rules}
