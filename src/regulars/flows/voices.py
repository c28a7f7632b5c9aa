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
from regulars.insight.language.types import TextInsight
from regulars.insight.runs import api as runs
from regulars.kit.errors import ErrorList
from regulars.platform.audit import api as audit
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
    """Set both; an empty `url` takes the endpoint away, `key` None keeps the key there is. Audited, without the key.

    When the industries change, everything is read again in the next run.
    """
    errors = ErrorList()
    for place, one in enumerate(industries):
        if one not in language.INDUSTRIES:
            errors.add(f"industries.{place}", "unknown", f"没有行业 {one}", f"There is no industry {one}")
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 300:
            errors.add(
                "url", "bad_url", "请填写完整网址，例如 https://api.example.com/v1", "A whole address, e.g. https://api.example.com/v1"
            )  # fmt: skip
        if not model or len(model) > 100:
            errors.add("model", "required", "请填写模型名称", "Name the model")
    errors.refuse()
    before = get_settings(brand_id=scope.brand_id)
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


def _plain(one: Settings) -> dict[str, Any]:
    return {
        "industries": sorted(one.industries),
        "endpoint": one.endpoint.url if one.endpoint else "",
        "model": one.endpoint.model if one.endpoint else "",
    }


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
