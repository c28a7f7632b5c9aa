"""A message of ours to one person who waits for it, such as a sign-in code: handed over at once, without a queue.

It goes by the account of the brand's channel that is in use, in the words of the brand's own approved template where
there is one of the right code; else by the sandbox, in the words that come with Regulars. A provider has a few seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_id
from regulars.kit.text import Language, Text
from regulars.messaging import channels, policy
from regulars.messaging.channels import connecting
from regulars.messaging.contents import filling
from regulars.messaging.store import templates as template_store
from regulars.messaging.templates import OWN, TEMPLATES
from regulars.messaging.types import BulkChannel, ChannelKind, Delivery, Envelope, Rendered
from regulars.messaging.wording import Content, RenderFailed
from regulars.platform.organisations.types import Brand

_log = logging.getLogger(__name__)
PATIENCE_SECONDS = 12.0
THREADS = 16
_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="message-now")


@dataclass(frozen=True, slots=True)
class Sent:
    """What went, as it may be kept: of a secret that left the house neither words nor the provider's echo of them."""

    id: UUID
    delivery: Delivery
    subject: str
    body: str


def deliver(
    *,
    brand: Brand,
    channel: ChannelKind,
    to: str,
    template: str,
    values: Mapping[str, str | int | Text],
    language: Language,
) -> Sent:
    """Deliver one message; `to` is normalised. A delivery that fails raises nothing."""
    words = words_of(brand=brand, channel=channel, template=template, values=values, language=language)
    envelope = Envelope(
        new_id(), brand.id, channel, to, language, words.subject, words.body, template=template,
        version=words.version, parameters=words.parameters, extra=words.extra,
    )  # fmt: skip
    delivery = _deliver(brand, envelope)
    subject, body, error = policy.kept(
        TEMPLATES[template], values, subject=words.subject, body=words.body, error=delivery.error,
        really_sent=delivery.state != "sandboxed",
    )  # fmt: skip
    return Sent(envelope.id, replace(delivery, error=error), subject, body)


def words_of(
    *,
    brand: Brand,
    channel: ChannelKind,
    template: str,
    values: Mapping[str, str | int | Text],
    language: Language,
) -> Rendered:
    """The brand's own words where it has approved some that can be filled, else ours under its provider's template."""
    built_in = TEMPLATES[template]
    given = {key: one.in_language(language) if isinstance(one, Text) else one for key, one in values.items()}
    own = own_content(brand_id=brand.id, channel=channel, template=template, language=language)
    if own is not None:
        content, number = own
        try:
            made = filling.fill_content(
                content, channel=channel, number=number, values={**filling.about(brand, language), **given}
            )
            return made if made.parameters else replace(made, parameters=_parameters(given))
        except RenderFailed as failed:
            _log.error(
                "template %s of brand %s could not be filled: %s", OWN[template], brand.id, failed.place
            )
    subject, body = policy.render(built_in, {"brand": brand.name, **values}, language)
    extra: dict[str, Any] = {}
    if own is not None:
        extra = {key: value for key in ("template", "sign") if (value := getattr(own[0], key))}
    return Rendered(subject, body, 0, _parameters(given), extra)


def own_content(
    *, brand_id: UUID, channel: ChannelKind, template: str, language: Language
) -> tuple[Content, int] | None:
    """What the brand's own template in place of one of ours says, with its version."""
    code = OWN.get(template)
    version = template_store.live_of(brand_id=brand_id, codes=[code]).get(code) if code else None
    content = version.contents.get(channel, {}).get(language) if version else None
    return (content, version.number) if version and content else None


def _parameters(given: Mapping[str, Any]) -> dict[str, str]:
    """A provider's template of a code has one place, the code."""
    return {"code": str(given["code"])} if "code" in given else {key: str(one) for key, one in given.items()}


def _deliver(brand: Brand, envelope: Envelope) -> Delivery:
    if envelope.channel == "inbox" or channels.is_registered(envelope.channel):
        return channels.channel_of(envelope.channel).deliver(envelope)
    account = connecting.account_of(brand_id=brand.id, channel=envelope.channel)
    if account is None or (account.sandbox and account.state == "active"):
        return Delivery("sandboxed")
    if account.state != "active":
        return Delivery("failed", error=f"the account {account.key} is switched off")
    try:
        channel = connecting.connect(account)
    except ValueError as broken:
        return Delivery("failed", error=f"the account {account.key} cannot be used: {broken}"[:300])
    future = _pool.submit(_hand_over, channel, envelope)
    try:
        return future.result(timeout=PATIENCE_SECONDS)
    except TooLate:
        if future.cancel():
            return Delivery("failed", error="too many messages wait for the provider")
        return Delivery("uncertain", error=f"no answer within {PATIENCE_SECONDS:.0f} seconds")


def _hand_over(channel: BulkChannel, envelope: Envelope) -> Delivery:
    """On a thread: no database here."""
    try:
        [done] = channel.deliver_many([envelope])
        return done
    except Exception as error:
        _log.exception("a message could not be handed over")
        return Delivery("uncertain", error=type(error).__name__)
