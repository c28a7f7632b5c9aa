"""The token of a quote: what was asked and the fingerprint of the answer, sealed. No table, nothing written."""

from __future__ import annotations

import base64
import binascii
import hmac
import zlib
from datetime import datetime
from uuid import UUID

import msgspec
from django.conf import settings

from regulars.flows.checkout.types import CartIn, WishIn
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.programme.pricing.types import Priced

_SEAL = 20
_MOST = 200_000  # characters of a token, and bytes of what is in it
_MOST_KEPT = 50_000  # bytes of a price kept in it; that of twenty lines has 16 000, a fifth of it once packed


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What a token holds. `digest` is the fingerprint of the price, `world` that of all it was made of (empty where
    it cannot be told), `kept` the price itself: where the world is the same, so is the price.
    """

    brand_id: UUID
    member_id: UUID
    cart: CartIn
    wish: WishIn
    digest: str
    quoted_at: datetime
    expires_at: datetime
    world: str = ""
    kept: bytes = b""

    def price_in(self, world: str) -> Priced | None:
        """The price, if the world it was made in is this one. Prices are pure: made again it would be the same."""
        if not world or world != self.world or not self.kept:
            return None
        try:
            return _priced.decode(self.kept)
        except msgspec.ValidationError:  # sealed by an older version of this program
            return None

    def require_fresh(self, now: datetime) -> None:
        """Raises `quote_expired` (409)."""
        if now >= self.expires_at:
            raise Refusal(
                "quote_expired",
                Text("报价已过期，请重新报价", "The quote has expired; ask for a new one"),
                status=409,
            )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Ticket)
_priced = msgspec.msgpack.Decoder(Priced)


def keep(priced: Priced) -> bytes:
    """The price for a ticket; nothing for one that would make the token unwieldy."""
    kept = _encoder.encode(priced)
    return kept if len(kept) <= _MOST_KEPT else b""


def seal(ticket: Ticket) -> str:
    body = zlib.compress(_encoder.encode(ticket), 1)
    return base64.urlsafe_b64encode(_mac(body) + body).decode().rstrip("=")


def unseal(text: str, *, brand_id: UUID) -> Ticket:
    """Raises `not_a_quote` (422) for what we did not make for this brand."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) <= _MOST else b""
    except (binascii.Error, ValueError):
        raw = b""
    mac, body = raw[:_SEAL], raw[_SEAL:]
    if not body or not hmac.compare_digest(mac, _mac(body)):
        raise not_a_quote()
    ticket = _decoder.decode(zlib.decompress(body))
    if ticket.brand_id != brand_id:
        raise not_a_quote()
    return ticket


def not_a_quote() -> Refusal:
    return Refusal(
        "not_a_quote", Text("报价凭证无效", "This is not the token of a quote of this brand"), status=422
    )


def _mac(body: bytes) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"regulars quote" + body, "sha256")[:_SEAL]
