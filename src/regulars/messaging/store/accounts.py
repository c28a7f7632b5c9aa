"""Accounts as they are kept: secrets opened and sealed here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from regulars.kit.text import Text
from regulars.messaging.models import ChannelAccount as Row
from regulars.messaging.wording import ChannelAccount
from regulars.platform.privacy import api as privacy

_TABLE = "channel_account"


def seal(values: Mapping[str, Any], *, owner: UUID, field: str = "secrets") -> bytes:
    return privacy.encrypt(text=json.dumps(dict(values)), table=_TABLE, field=field, owner=owner)


def unseal(sealed: bytes | memoryview | None, *, owner: UUID, field: str = "secrets") -> dict[str, Any]:
    if not sealed:
        return {}
    found: dict[str, Any] = json.loads(
        privacy.decrypt(sealed=bytes(sealed), table=_TABLE, field=field, owner=owner)
    )
    return found


def values_of(row: Row) -> dict[str, str]:
    """Settings and secrets together: for the provider alone."""
    return {**row.settings, **unseal(row.secrets, owner=row.id)}


def token_of(row: Row) -> str:
    return str(unseal(row.token, owner=row.id, field="token").get("token", ""))


def receipt_key_of(row: Row) -> str:
    return str(unseal(row.receipt_key, owner=row.id, field="receipt_key").get("key", ""))


def account_of(row: Row) -> ChannelAccount:
    """What may be shown of it."""
    return ChannelAccount(
        id=row.id,
        brand_id=row.brand_id,
        key=row.key,
        channel=row.channel,
        provider=row.provider,
        name=Text.from_json(row.name),
        is_active=row.state == "active",
        sandbox=row.sandbox,
        is_default=row.is_default,
        settings=row.settings,
        secrets_set=tuple(row.secret_keys),
        per_second=row.per_second,
        per_day=row.per_day,
        token_until=row.token_until,
        token_error=row.token_error,
        receipts=row.receipts,
        receipt_at=row.receipt_at,
        updated_at=row.updated_at,
    )
