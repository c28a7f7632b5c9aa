"""The portal's page: the built entry page with the brand's name, its language and its first answer written in."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.html import escape
from django.views.decorators.http import require_safe

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, language_of
from regulars.surfaces import access
from regulars.surfaces.portal.front import front

_CHOSEN = "portal_language"
_DATA = '<script type="application/json" id="front">null</script>'
_TITLE = re.compile(r"<title>.*?</title>")
_NAME = re.compile(r'(<p class="shell-name">).*?(</p>)')


@require_safe
def page(request: HttpRequest, slug: str, rest: str = "") -> HttpResponse:
    """Any address below /h/<brand>/. The first answer spares a slow phone one round trip."""
    try:
        brand = access.brand_of_slug(slug)
    except Refusal as refusal:
        title = escape(refusal.message.in_language(access.language(request)))
        text = f'<!doctype html><meta charset="utf-8"><title>404</title><p>{title}</p>'
        return HttpResponse(text, status=404)
    now, language = clock.now(), _language(request)
    member = access.member_access(request, brand, now)
    answer = front(
        brand=brand, member=member, language=language, store=request.GET.get("s", "")[:64], now=now
    )
    get_token(request)
    name = escape(answer.brand.name)
    html = _entry(_path().stat().st_mtime_ns)
    html = html.replace('<html lang="zh-CN">', f'<html lang="{answer.language}">', 1)
    html = _TITLE.sub(lambda _: f"<title>{name}</title>", html, count=1)
    html = _NAME.sub(lambda match: f"{match[1]}{name}{match[2]}", html, count=1)
    html = html.replace(_DATA, _DATA.replace("null", _embedded(answer.model_dump(mode="json"))), 1)
    return HttpResponse(html, headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"})


def _language(request: HttpRequest) -> Language:
    """What she chose before, else what her browser asks for."""
    chosen = request.COOKIES.get(_CHOSEN)
    if chosen in ("zh-CN", "en"):
        return "zh" if chosen == "zh-CN" else "en"
    return language_of(request.headers.get("Accept-Language"))


def _embedded(answer: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _path() -> Path:
    """The entry page that belongs to the files being served: gathered at the start, or where they were built."""
    root: Path = Path(settings.STATIC_ROOT) if settings.STATIC_ROOT else settings.PACKAGE / "static"
    return root / "portal" / "index.html"


@lru_cache(maxsize=2)
def _entry(changed: int) -> str:
    """The built page, read once per build."""
    return _path().read_text(encoding="utf-8")
