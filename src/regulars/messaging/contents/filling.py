"""A version's words for one channel and language, with values put in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from regulars.kit.errors import ErrorList
from regulars.kit.text import Language, Text
from regulars.messaging.policy import checking, sandbox, segments
from regulars.messaging.store import links as link_store
from regulars.messaging.types import Rendered
from regulars.messaging.wording import Content, RenderFailed, TemplateVersion
from regulars.platform.organisations.types import Brand

_BREAKS = {ord(sign): " " for sign in "\r\n\t\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"}


def fill(
    *, version: TemplateVersion, channel: str, language: Language, values: Mapping[str, Any]
) -> Rendered:
    """Raises `RenderFailed`. Subjects are one line whatever is put in, so that no header follows from a value."""
    content = version.contents.get(channel, {}).get(language)
    if content is None:
        raise RenderFailed(
            "missing_content",
            channel,
            Text("模板没有此通道的内容", "The template has nothing for this channel"),
        )
    return fill_content(content, channel=channel, number=version.number, values=values)


def fill_content(content: Content, *, channel: str, number: int, values: Mapping[str, Any]) -> Rendered:
    """The same of contents that may not have been saved."""
    known = sandbox.data_of(values)
    said = {
        field: sandbox.fill(getattr(content, field), known, place=field, is_html=field == "html")
        for field in checking.LIQUID_FIELDS
    }
    parameters = {name: sandbox.fill(text, known, place=f"data.{name}") for name, text in content.data}
    body = said["body"]
    extra: dict[str, Any] = {}
    if channel == "sms":
        body = segments.signed(body, content.sign)
    for key, value in (
        ("html", said["html"]),
        ("url", one_line(said["url"])),
        ("template", content.template),
        ("sign", content.sign),
    ):
        if value:
            extra[key] = value
    way_out = known.get("unsubscribe_link")
    if isinstance(way_out, str) and way_out:
        extra["unsubscribe"] = way_out
    return Rendered(one_line(said["subject"]), body, number, parameters, extra)


def one_line(text: str) -> str:
    """A text on one line, without signs that control anything."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")
    return " ".join(
        "".join(sign for sign in text.translate(_BREAKS) if sign.isprintable() or sign == " ").split()
    )


def about(brand: Brand, language: Language) -> dict[str, Any]:
    """What texts may say of the brand."""
    return {"brand": {"name": brand.name.in_language(language), "portal": portal_of(brand)}}


def portal_of(brand: Brand) -> str:
    return f"{settings.PUBLIC_URL}/h/{brand.slug}/"


def own_hosts(brand_id: UUID) -> frozenset[str]:
    """Hosts that links may lead to: ours and those the brand has set."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    return frozenset({host, *link_store.domains_of(brand_id)})


def check_targets(errors: ErrorList, *, brand_id: UUID, links: Mapping[str, str]) -> None:
    """Links lead to the portal or the brand's own sites, nowhere else."""
    hosts = own_hosts(brand_id)
    for name, url in links.items():
        if not checking.allowed_target(url, hosts=hosts):
            errors.add(
                f"links.{name}",
                "target_not_allowed",
                "只能指向会员中心（以 / 开头）或已登记域名的 http(s) 网址",
                "Links lead to the portal (/…) or to http(s) pages of the brand's registered domains",
            )
