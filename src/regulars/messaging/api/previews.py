"""Door of looking before sending: a preview for a member or a sample, a test, the templates that come with Regulars."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from liquid.exceptions import LiquidError

from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.ids import new_id
from regulars.kit.text import Language, Text
from regulars.messaging.api.accounts import send_test as send_by_account
from regulars.messaging.api.templates import decide_template, get_template, save_template, submit_template
from regulars.messaging.channels import connecting
from regulars.messaging.contents import copywriting, filling, prepare, values
from regulars.messaging.contents.ready_made import READY_MADE
from regulars.messaging.models import Message, MessageTemplate
from regulars.messaging.policy import checking, segments, variables
from regulars.messaging.store import log
from regulars.messaging.types import CHANNELS, Delivery, Rendered
from regulars.messaging.wording import Content, Preview, Problem, RenderFailed
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import SYSTEM, Actor, Brand, Scope
from regulars.platform.privacy import api as privacy

_KEPT = {"sms": "phone", "email": "email"}


def preview_template(
    *,
    brand: Brand,
    scope: Scope,
    content: Content,
    channel: str,
    language: Language,
    links: Mapping[str, str],
    samples: Mapping[str, Any],
    member_id: UUID | None = None,
    now: datetime,
) -> Preview:
    """What a text comes to for a member, with her name masked without `members.read_personal`, or with samples. What
    the asker would give is taken from `samples`; links are shown as they will look."""
    try:
        words = _words(brand, scope, content, channel, language, links, samples, member_id, now)
    except RenderFailed as failed:
        field, _, line = failed.place.rpartition(":")
        number = int(line) if line.isdecimal() else 1
        return Preview(
            "", "", {}, {}, None, Problem(field or failed.place, number, failed.code, failed.message)
        )
    counted = segments.segments_of(words.body) if channel == "sms" else None
    return Preview(words.subject, words.body, words.parameters, words.extra, counted, None)


def try_template(
    *,
    brand: Brand,
    scope: Scope,
    code: str,
    number: int,
    channel: str,
    language: Language,
    to: str,
    member_id: UUID | None = None,
    now: datetime,
) -> Delivery:
    """Send a version to an address of one's own: by the channel's account, or into the sandbox where there is none.

    Raises `invalid_input` for what is no address, or a text that cannot be filled.
    """
    scope.require("messages.write")
    found = get_template(brand_id=scope.brand_id, code=code)
    version = next((v for v in (found.latest, found.version) if v is not None and v.number == number), None)
    content = version.contents.get(channel, {}).get(language) if version else None
    if version is None or content is None:
        raise invalid_field(
            "channel", "missing_content", "该版本没有此通道的内容", "This version has nothing for the channel"
        )
    address = privacy.normalise(_KEPT[channel], to, field="to") if channel in _KEPT else to.strip()
    if not address or len(address) > 200:
        raise invalid_field("to", "required", "请填写接收地址", "Say where it shall go")
    try:
        words = _words(
            brand, scope, content, channel, language, version.links, version.samples, member_id, now
        )
    except RenderFailed as failed:
        raise invalid_field(
            "contents", failed.code, failed.message.zh, f"{failed.place}: {failed.message.en}"
        ) from failed
    account = connecting.account_of(brand_id=scope.brand_id, channel=channel)
    if account is not None and not account.sandbox and account.state == "active":
        scope.require("messages.settings")  # a real message leaves by an account
        return send_by_account(
            scope=scope, key=account.key, to=address, words=words, language=language, template=code, now=now
        )
    if channel in _KEPT:
        _keep(brand, channel, code, language, address, words, now)
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="template.test",
        subject_type="message_template",
        subject_id=code,
        after={"channel": channel, "version": number, "state": "sandboxed"},
        now=now,
    )
    return Delivery("sandboxed")


def install_ready_made(
    *, scope: Scope, now: datetime, approve: bool = False, only: Collection[str] | None = None
) -> list[str]:
    """Make the templates that come with Regulars (`only` these) where the brand has none of their code; gives the codes
    made. With `approve` they are approved by the system, as the demo wants them; else each waits as a draft."""
    scope.require("messages.write")
    known = set(MessageTemplate.objects.filter(brand_id=scope.brand_id).values_list("code", flat=True))
    made = []
    with transaction.atomic():
        for one in READY_MADE:
            if one.code in known or (only is not None and one.code not in only):
                continue
            save_template(
                scope=scope, code=one.code, name=one.name, purpose=one.purpose, contents=one.contents(),
                samples=one.samples, origin="ready_made", now=now,
            )  # fmt: skip
            made.append(one.code)
            if approve:
                submit_template(scope=scope, code=one.code, now=now)
                system = Scope(
                    scope.organisation_id, scope.brand_id, Actor("system", SYSTEM.id, SYSTEM.label),
                    frozenset({"messages.approve"}),
                )  # fmt: skip
                decide_template(scope=system, code=one.code, number=1, approve=True, now=now)
    return made


def _words(
    brand: Brand,
    scope: Scope,
    content: Content,
    channel: str,
    language: Language,
    links: Mapping[str, str],
    samples: Mapping[str, Any],
    member_id: UUID | None,
    now: datetime,
) -> Rendered:
    if channel not in CHANNELS:
        raise invalid_field("channel", "unknown_channel", "没有这个通道", "There is no such channel")
    sample = variables.samples(samples, links)
    shown: dict[str, Any] = {
        "link": prepare.short_url("Ab3dE6gH9jKmN2pQ4rS7tV"),
        "links": {name: prepare.short_url(f"{name[:4]:x<4}E6gH9jKmN2pQ4rS7tV") for name in links},
        "unsubscribe_link": prepare.way_out_url("Ab3dE6gH9jKmN2pQ4rS7tV"),
    }
    if member_id is None:
        given = {**sample, **filling.about(brand, language), **shown}
    else:
        try:
            names = checking.roots_of({language: content})
        except LiquidError:  # what is wrong with the text is said by filling it
            names = frozenset()
        hers = values.gather(
            brand=brand, people={member_id: language}, names=names,
            masked=not scope.allows("members.read_personal"), now=now,
        )[member_id]  # fmt: skip
        given = {**dict(samples), **filling.about(brand, language), **hers, **shown}
    return filling.fill_content(content, channel=channel, number=0, values=given)


def _keep(
    brand: Brand, channel: str, code: str, language: Language, address: str, words: Rendered, now: datetime
) -> None:
    """Into the sandbox: a row of the log, which staff read among the messages."""
    id_, kind = new_id(), _KEPT[channel]
    Message(
        recipient_hash=privacy.blind_index_of(
            kind=kind, value=address, organisation_id=brand.organisation_id
        ),
        id=id_,
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        channel=channel,
        template=code,
        language=language,
        recipient=log.seal(address, field="recipient", message_id=id_),
        recipient_masked=privacy.mask(kind, address),
        subject=log.seal(words.subject, field="subject", message_id=id_),
        body=log.seal(words.body or words.extra.get("html", ""), field="body", message_id=id_),
        state="sandboxed",
        created_at=now,
    ).save(force_insert=True)


def propose_text(
    *,
    scope: Scope,
    brand: Brand,
    endpoint: tuple[str, str, str] | None,
    brief: str,
    channel: str,
    now: datetime,
) -> dict[Language, Content]:
    """What the brand's endpoint (url, model, key) proposes for a brief; nothing is saved. Audited. Raises
    `no_copywriter` (409) where none is set, `no_proposal` (502) where it gives nothing that can be used."""
    scope.require("messages.write")
    if endpoint is None:
        raise conflict(
            "no_copywriter",
            "尚未设置语言模型端点，请在「洞察 · 会员之声」的设置中填写",
            "No language model is set; set one under Insight, Voice of members",
        )
    url, model, key = endpoint
    try:
        found = copywriting.propose(
            url=url, model=model, key=key, brief=brief, brand=brand.name.zh, channel=channel,
            variables=variables.CATALOGUE,
        )  # fmt: skip
    except copywriting.NoProposal as error:
        raise Refusal(
            "no_proposal",
            Text("语言模型没有给出可用的文案：{c}", "The language model gave no usable text: {c}").format(
                c=error.code
            ),
            status=502,
            data={"code": error.code},
        ) from error
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="template.propose",
        subject_type="message_template",
        subject_id=channel,
        after={"model": model, "brief": brief[:200]},
        now=now,
    )
    return {"zh": found["zh"], "en": found["en"]}


def ready_made_names() -> dict[str, Text]:
    """Codes and names of the templates that come with Regulars."""
    return {one.code: one.name for one in READY_MADE}
