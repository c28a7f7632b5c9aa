"""API keys of the brand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import ApiKey
from regulars.surfaces.access import scope_of
from regulars.surfaces.console.asking import Code, needs, uuid_of
from regulars.surfaces.console.shapes.settings import ApiKeyIn, ApiKeyOut, NewApiKeyOut

router = Router(tags=["API keys"])


@router.get("/api-keys", response=list[ApiKeyOut], **needs("apikeys.manage"))
def list_keys(request: HttpRequest) -> Any:
    """Newest first, revoked ones too."""
    return [_out(key) for key in apikeys.list_keys(scope=scope_of(request))]


@router.post("/api-keys", response={201: NewApiKeyOut}, **needs("apikeys.manage"))
def make_key(request: HttpRequest, given: ApiKeyIn) -> Any:
    """A new key. Its secret is in this answer and nowhere else."""
    made = apikeys.create_key(
        scope=scope_of(request),
        name=given.name,
        permissions=frozenset(given.permissions),
        is_test=given.test_mode,
        expires_at=given.expires_at,
        now=clock.now(),
    )
    return Status(201, NewApiKeyOut(key=_out(made.key), secret=made.token))


@router.delete("/api-keys/{key_id}", response=ApiKeyOut, **needs("apikeys.manage"))
def revoke_key(request: HttpRequest, key_id: Code) -> Any:
    """Take a key out of use at once and for good."""
    scope = scope_of(request)
    wanted = uuid_of(key_id, Text("密钥", "API key"))
    apikeys.revoke_key(scope=scope, key_id=wanted, now=clock.now())
    return next(_out(key) for key in apikeys.list_keys(scope=scope) if key.id == wanted)


def _out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        id=str(key.id),
        name=key.name,
        prefix=f"rk_{'test' if key.is_test else 'live'}_{key.prefix}",
        permissions=sorted(key.permissions),
        test_mode=key.is_test,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
