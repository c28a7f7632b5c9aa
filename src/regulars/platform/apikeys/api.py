"""Door of API keys: make, list, revoke, and know the caller by her token.

A token is `rk_live_<prefix>_<secret>` or `rk_test_…`; only the SHA-256 of it is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from regulars.kit.errors import ErrorList, Refusal, not_found
from regulars.kit.ids import new_code, new_id
from regulars.kit.text import Text
from regulars.platform.apikeys import models
from regulars.platform.apikeys.types import NOT_FOR_KEYS, ApiKey, NewKey
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.staff.types import PERMISSIONS

_TOKEN = re.compile(r"^rk_(?:live|test)_([0-9a-z]{10})_[A-Za-z0-9_-]{43}$")
_FRESH_SECONDS = 5.0
_TOUCH = timedelta(minutes=1)
_REMEMBERED = 2048
_lock = Lock()
_cache: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()


def create_key(
    *,
    scope: Scope,
    name: str,
    permissions: frozenset[str],
    now: datetime,
    is_test: bool = False,
    expires_at: datetime | None = None,
) -> NewKey:
    """A key for the scope's brand. Its permissions must be the maker's own, held in the whole brand."""
    errors = ErrorList()
    if not name.strip() or len(name) > 80:
        errors.add(
            "name", "required", "请填写名称（最多 80 个字符）", "A name of at most 80 characters is needed"
        )
    if not permissions:
        errors.add("permissions", "required", "请至少选择一项权限", "Choose at least one permission")
    for one in sorted(permissions - (PERMISSIONS.keys() - NOT_FOR_KEYS)):
        errors.add("permissions", "unknown_permission", f"密钥不能有权限 {one}", f"A key cannot have {one}")
    if expires_at is not None and expires_at <= now:
        errors.add("expires_at", "in_the_past", "到期时间须在将来", "Must lie in the future")
    errors.refuse()
    missing = permissions - scope.permissions
    if scope.actor.kind != "system" and (missing or scope.store_ids is not None):
        raise Refusal(
            "beyond_your_own",
            Text("不能授予您自己没有的权限", "You cannot give permissions you do not have yourself"),
            status=403,
            data={"permissions": sorted(missing)},
        )
    prefix = new_code(10).lower()
    token = f"rk_{'test' if is_test else 'live'}_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        row = models.ApiKey(
            id=new_id(),
            brand_id=scope.brand_id,
            name=name.strip(),
            prefix=prefix,
            secret_hash=_hash(token),
            permissions=sorted(permissions),
            is_test=is_test,
            created_by=scope.actor.id,
            created_at=now,
            expires_at=expires_at,
        )
        row.save(force_insert=True)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="apikey.create",
            subject_type="apikey",
            subject_id=row.id,
            after={"name": row.name, "prefix": prefix, "permissions": row.permissions, "is_test": is_test},
            now=now,
        )
    return NewKey(_key_of(row, scope.organisation_id), token)


def list_keys(*, scope: Scope) -> list[ApiKey]:
    """Newest first, revoked ones too."""
    rows = models.ApiKey.objects.filter(brand_id=scope.brand_id).order_by("-id")
    return [_key_of(row, scope.organisation_id) for row in rows]


def revoke_key(*, scope: Scope, key_id: UUID, now: datetime) -> None:
    """It stops working here at once, in other processes within five seconds. Again is harmless."""
    with transaction.atomic():
        row = models.ApiKey.objects.select_for_update().filter(brand_id=scope.brand_id, id=key_id).first()
        if row is None:
            raise not_found(Text("密钥", "API key"))
        if row.revoked_at is None:
            row.revoked_at = now
            row.save(update_fields=["revoked_at"])
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="apikey.revoke",
                subject_type="apikey",
                subject_id=row.id,
                before={"revoked_at": None},
                after={"revoked_at": now},
                now=now,
            )
    with _lock:
        _cache.clear()


def find_key(*, token: str, now: datetime) -> ApiKey | None:
    """The good key of a token, or None. From memory for five seconds; use is noted once a minute."""
    match = _TOKEN.match(token)
    if match is None:
        return None
    digest = _hash(token)
    with _lock:
        held = _cache.get(digest)
    if held is not None and monotonic() - held[0] < _FRESH_SECONDS:
        return held[1] if held[1].is_good(now) else None
    asked = monotonic()
    row = models.ApiKey.objects.select_related("brand").filter(prefix=match[1]).first()
    if row is None or not hmac.compare_digest(bytes(row.secret_hash), digest):
        return None
    key = _key_of(row, row.brand.organisation_id)
    if not key.is_good(now):
        return None
    if row.last_used_at is None or now - row.last_used_at >= _TOUCH:
        unused = Q(last_used_at=None) | Q(last_used_at__lte=now - _TOUCH)
        models.ApiKey.objects.filter(unused, id=row.id).update(last_used_at=now)
    with _lock:
        _cache[digest] = (asked, key)
        _cache.move_to_end(digest)
        while len(_cache) > _REMEMBERED:
            _cache.popitem(last=False)
    return key


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _key_of(row: models.ApiKey, organisation_id: UUID) -> ApiKey:
    return ApiKey(
        id=row.id,
        organisation_id=organisation_id,
        brand_id=row.brand_id,
        name=row.name,
        prefix=row.prefix,
        permissions=frozenset(p for p in row.permissions if p in PERMISSIONS and p not in NOT_FOR_KEYS),
        is_test=row.is_test,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
