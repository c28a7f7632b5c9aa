"""What an operation declares about its caller: an API key with one permission."""

from __future__ import annotations

from typing import Any

from regulars.surfaces.access import ApiKeyAuth, scope_of

__all__ = ["needs", "scope_of"]


def needs(permission: str, *extra: dict[str, Any]) -> dict[str, Any]:
    """`@router.get("/…", **needs("members.read"))`; `extra` is merged into the operation's description."""
    described: dict[str, Any] = {"x-permission": permission}
    for more in extra:
        described |= more
    return {"auth": ApiKeyAuth(permission), "openapi_extra": described}
