"""A version in words for many members at once: what is known of them is read in batches, links made, texts filled."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from liquid.exceptions import LiquidError

from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.messaging.contents import filling, values
from regulars.messaging.policy import checking, sandbox, variables
from regulars.messaging.store import links as store
from regulars.messaging.store.links import NewLink
from regulars.messaging.types import Rendered
from regulars.messaging.wording import Recipient, RenderFailed, TemplateVersion
from regulars.platform.organisations.types import Brand
from regulars.platform.privacy import api as privacy

_LANGUAGES: tuple[Language, ...] = ("zh", "en")
# What askers may give beside the template's own: nobody but us says who a member is or where links lead.
_ASKERS = frozenset({"coupon"})


def render_many(
    *, brand: Brand, version: TemplateVersion, channel: str, recipients: Sequence[Recipient], now: datetime
) -> dict[UUID, Rendered | RenderFailed]:
    """By send. In the caller's transaction, for links are written; again for the same sends they are the same links."""
    names = names_of(version, channel)
    known = values.gather(
        brand=brand,
        people={one.member_id: one.language for one in recipients},
        names=names,
        now=now,
        briefs={one.member_id: one.brief for one in recipients if one.brief is not None},
    )
    hosts = filling.own_hosts(brand.id)
    # what is the same for all is made data once
    about = {language: sandbox.data_of(filling.about(brand, language)) for language in _LANGUAGES}
    made: list[NewLink] = []
    done: dict[UUID, Rendered | RenderFailed] = {}
    for one in recipients:
        hers, new = _links(brand, version, channel, one, names, hosts)
        given = {
            **about[one.language],
            **known.get(one.member_id, {}),
            **{
                k: said_in(v, one.language)
                for k, v in one.values.items()
                if k in _ASKERS or k not in variables.ROOTS
            },
            **hers,
        }
        try:
            done[one.send_id] = filling.fill(
                version=version, channel=channel, language=one.language, values=given
            )
            made += new
        except RenderFailed as failed:
            done[one.send_id] = failed
    day = now.astimezone(zone(brand.timezone)).date()
    store.add(brand_id=brand.id, links=made, day=day, now=now)
    return done


def said_in(value: Any, language: Language) -> Any:
    """A value in the reader's language: texts in both, also as they travel in JSON, become one."""
    if isinstance(value, Text):
        return value.in_language(language)
    if isinstance(value, Mapping):
        if value and value.keys() <= {"zh", "en"}:
            return Text.from_json(dict(value)).in_language(language)
        return {key: said_in(one, language) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [said_in(one, language) for one in value]
    return value


def names_of(version: TemplateVersion, channel: str) -> frozenset[str]:
    """What the texts of a channel name, as `root.part`."""
    try:
        return checking.roots_of(version.contents.get(channel, {}))
    except LiquidError:
        return frozenset()  # filling says what is wrong


def needs_way_out(version: TemplateVersion, channel: str, names: frozenset[str], purpose: str) -> bool:
    """Marketing by mail always has one, for its header."""
    return "unsubscribe_link" in names or (channel == "email" and "marketing" in (version.purpose, purpose))


def short_url(code: str) -> str:
    return f"{settings.PUBLIC_URL}/s/{code}"


def way_out_url(code: str) -> str:
    return f"{settings.PUBLIC_URL}/u/{code}"


def code_of(send_id: UUID, name: str) -> str:
    """A link's code: 128 bits by a key of ours over the send and the name. Nobody without the key comes upon one, and
    the same send has the same links however often it is tried."""
    made = privacy.blind_index(value=f"{send_id}\x1f{name}", purpose="link")
    return base64.urlsafe_b64encode(made.bytes).decode().rstrip("=")


def _links(
    brand: Brand,
    version: TemplateVersion,
    channel: str,
    one: Recipient,
    names: frozenset[str],
    hosts: frozenset[str],
) -> tuple[dict[str, Any], list[NewLink]]:
    values_: dict[str, Any] = {}
    made: list[NewLink] = []

    def add(name: str, kind: str, target: str) -> str:
        # the way out is out of the channel that the words go by, whichever was tried before
        code = code_of(one.send_id, f"{name}\x1f{channel}" if kind == "way_out" else name)
        made.append(
            NewLink(
                code,
                one.member_id,
                one.send_id,
                kind,
                name,
                target,
                channel,
                one.language,
                version.code,
                one.source,
            )
        )
        return code

    if "link" in names:
        values_["link"] = short_url(add("main", "page", _target(brand, version.links, one.values, hosts)))
    wanted = {name.partition(".")[2] for name in names if name.startswith("links.")}
    if wanted:
        values_["links"] = {
            name: short_url(add(name, "page", version.links[name]))
            for name in sorted(wanted & version.links.keys())
        }
    if needs_way_out(version, channel, names, one.purpose):
        values_["unsubscribe_link"] = way_out_url(add("way_out", "way_out", ""))
    return values_, made


def _target(brand: Brand, links: Mapping[str, str], given: Mapping[str, Any], hosts: frozenset[str]) -> str:
    """Where the main link leads: what the asker says, where that is a place of the brand's, else the template's own,
    else the portal."""
    asked = given.get("link")
    if isinstance(asked, str) and checking.allowed_target(asked, hosts=hosts):
        return asked
    return links.get("main") or f"/h/{brand.slug}/"
