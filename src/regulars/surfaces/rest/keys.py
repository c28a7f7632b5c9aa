"""Who calls: an API key as bearer token, and the one permission that an operation asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces import access


class ApiKey(HttpBearer):
    """Lets a key in that has `permission`; `request.auth` is its scope."""

    openapi_name = "ApiKey"

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission = permission

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) or self.authenticate(request, "")

    def authenticate(self, request: HttpRequest, token: str) -> Scope:
        scope = access.key_scope(token, clock.now())
        if scope is None:
            raise Refusal(
                "bad_api_key",
                Text(
                    "缺少有效的 API 密钥：请在 Authorization 头中提供 Bearer 密钥",
                    "A valid API key is needed: send it as `Authorization: Bearer …`",
                ),
                status=401,
            )
        scope.require(self.permission)
        return scope


def needs(permission: str, *extra: dict[str, Any]) -> dict[str, Any]:
    """What an operation declares about its caller: `@router.get("/…", **needs("members.read"))`."""
    openapi: dict[str, Any] = {"x-permission": permission}
    for more in extra:
        openapi |= more
    return {"auth": ApiKey(permission), "openapi_extra": openapi}


def scope_of(request: HttpRequest) -> Scope:
    """The scope that `ApiKey` let in."""
    scope: Scope = request.auth  # type: ignore[attr-defined]
    return scope
