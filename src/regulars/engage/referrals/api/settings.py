"""A brand's referral programme: its present version, older ones, changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.policy import settings as policy
from regulars.engage.referrals.store import links as store
from regulars.engage.referrals.types import Settings
from regulars.kit.errors import ErrorList, conflict
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope


def get_settings(*, brand_id: UUID) -> Settings:
    """What is in force; the defaults, switched off, where nothing was ever set (version 0)."""
    with connection.cursor() as cursor:
        found = store.latest_setting(cursor, brand_id=brand_id)
    if found is None:
        return _read({}, 0)
    version, definition, actor, created_at = found
    return _read(definition, version, actor, created_at)


def settings_of(*, brand_id: UUID, versions: Iterable[int]) -> dict[int, Settings]:
    """Versions by number."""
    with connection.cursor() as cursor:
        found = store.settings_of(cursor, brand_id=brand_id, versions=versions)
    return {number: _read(definition, number) for number, definition in found.items()}


def check_settings(*, definition: Mapping[str, Any], errors: ErrorList) -> Settings:
    """Settings read from JSON, wrong fields gathered; rewards are checked by who gives them."""
    return policy.parse(definition, errors=errors)


def settings_json(settings: Settings) -> dict[str, Any]:
    return policy.dump(settings)


def put_settings(*, scope: Scope, settings: Settings, now: datetime) -> Settings:
    """Keep checked settings as the next version, if they differ. Friends who joined keep to theirs."""
    definition = policy.dump(settings)
    with transaction.atomic(), connection.cursor() as cursor:
        found = store.latest_setting(cursor, brand_id=scope.brand_id)
        version, before = (found[0], found[1]) if found else (0, {})
        if before == definition:
            return get_settings(brand_id=scope.brand_id)
        if not store.put_setting(
            cursor,
            brand_id=scope.brand_id,
            version=version + 1,
            definition=definition,
            actor=scope.actor.label,
            now=now,
        ):
            raise conflict(
                "changed_meanwhile", "设置刚被别人修改，请刷新", "Somebody else changed this; please reload"
            )
        audit.record_many(
            [
                audit.entry(
                    organisation_id=scope.organisation_id,
                    brand_id=scope.brand_id,
                    actor=scope.actor,
                    action="referrals.settings",
                    subject_type="referral_settings",
                    subject_id=str(version + 1),
                    before=before,
                    after=definition,
                    now=now,
                )
            ]
        )
    return get_settings(brand_id=scope.brand_id)


def _read(
    definition: Mapping[str, Any], version: int, actor: str = "", created_at: datetime | None = None
) -> Settings:
    errors = ErrorList()
    found = policy.parse(definition, errors=errors, version=version)
    errors.refuse()
    return dataclasses.replace(found, actor=actor, created_at=created_at)
