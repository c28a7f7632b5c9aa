"""What a brand has set for reading its members' words, and what colleagues say of a text. The door for surfaces."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from regulars.insight.language import api as language
from regulars.insight.language.types import Alert, TextInsight
from regulars.insight.runs import api as runs
from regulars.kit.errors import ErrorList
from regulars.platform.audit import api as audit
from regulars.platform.egress import api as egress
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy

ROOM = "language"
_SEALED = {"table": "insight_setting", "field": "endpoint_key"}


@dataclass(frozen=True, slots=True)
class Settings:
    """The industries whose words are looked for, and the endpoint that reads instead of us; None: we read."""

    industries: frozenset[str]
    endpoint: language.Endpoint | None = None


def get_settings(*, brand_id: UUID) -> Settings:
    """What holds: all industries and no endpoint until the brand says otherwise."""
    setting = runs.get_setting(brand_id=brand_id, room=ROOM)
    value: dict[str, Any] = setting.value if setting else {}
    given = value.get("endpoint")
    endpoint = None
    if given:
        sealed = base64.b64decode(given.get("key", ""))
        endpoint = language.Endpoint(
            given["url"],
            given["model"],
            privacy.decrypt(sealed=sealed, owner=brand_id, **_SEALED) if sealed else "",
        )
    return Settings(frozenset(value.get("industries", language.INDUSTRIES)), endpoint)


def put_settings(
    *,
    scope: Scope,
    now: datetime,
    industries: Sequence[str],
    url: str = "",
    model: str = "",
    key: str | None = None,
) -> Settings:
    """Set both; an empty `url` takes the endpoint away, `key` None keeps the key there is, for the same server.
    Audited, without the key.

    When the industries change, everything is read again in the next run.
    """
    errors = ErrorList()
    for place, one in enumerate(industries):
        if one not in language.INDUSTRIES:
            errors.add(f"industries.{place}", "unknown", f"没有行业 {one}", f"There is no industry {one}")
    if url:
        egress.check_url(url=url, field="url", errors=errors)
        if not model:
            errors.add("model", "required", "请填写模型名称", "Name the model")
        elif len(model) > 100:
            errors.add(
                "model", "too_long", "模型名称最长 100 个字符", "A model's name has 100 characters at most"
            )
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        errors.add(
            "key",
            "bad_value",
            "密钥只含可见的英文字符，不含空格",
            "A key has visible ASCII characters and no blanks",
        )
    before = get_settings(brand_id=scope.brand_id)
    told = before.endpoint
    if url and key is None and told and told.key and not errors and _server(url) != _server(told.url):
        errors.add("key", "required", "换了服务器，请重新填写密钥", "Another server: give the key again")
    errors.refuse()
    kept = key if key is not None else before.endpoint.key if before.endpoint else ""
    endpoint = language.Endpoint(url, model, kept) if url else None
    value: dict[str, Any] = {"industries": sorted(set(industries))}
    if endpoint is not None:
        sealed = privacy.encrypt(text=kept, owner=scope.brand_id, **_SEALED) if kept else b""
        value["endpoint"] = {"url": url, "model": model, "key": base64.b64encode(sealed).decode()}
    after = Settings(frozenset(industries), endpoint)
    with transaction.atomic():
        runs.put_setting(brand_id=scope.brand_id, room=ROOM, value=value, now=now, by=scope.actor.label)
        if after.industries != before.industries:
            language.forget_all(brand_id=scope.brand_id)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="language.settings_set",
            subject_type="language",
            subject_id=scope.brand_id,
            before=_plain(before),
            after=_plain(after),
            now=now,
        )
    return after


def _server(url: str) -> tuple[str, str]:
    """Whom a key is given to."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _plain(one: Settings) -> dict[str, Any]:
    return {
        "industries": sorted(one.industries),
        "endpoint": one.endpoint.url if one.endpoint else "",
        "model": one.endpoint.model if one.endpoint else "",
    }


def see_alert(*, scope: Scope, alert_id: UUID, now: datetime) -> Alert:
    """Somebody has looked at an alert; once more changes nothing. Audited. Raises `not_found`."""
    with transaction.atomic():
        found = language.see_alert(brand_id=scope.brand_id, alert_id=alert_id, now=now, by=scope.actor.label)
        if found.seen_at == now:
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="language.alert_seen",
                subject_type="language",
                subject_id=alert_id,
                after={"topic": found.worse.topic},
                now=now,
            )
    return found


def label(*, scope: Scope, member_id: UUID, text_id: UUID, mood: str | None, now: datetime) -> TextInsight:
    """A colleague says how a text is meant, or takes it back. Audited. Raises `not_found`, `invalid_input`."""
    with transaction.atomic():
        found = language.label(
            brand_id=scope.brand_id,
            member_id=member_id,
            text_id=text_id,
            mood=mood,
            now=now,
            by=scope.actor.label,
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="language.label",
            subject_type="activity",
            subject_id=text_id,
            after={"mood": mood},
            now=now,
        )
    return found
