"""Limits of signing in, and what they allow. Pure."""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
TICKET_LIFE = timedelta(minutes=20)
SESSION_LIFE = timedelta(days=180)
SESSION_IDLE = timedelta(days=30)
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in `window`; further ones are refused until it has passed since the first."""

    name: str
    times: int
    window: timedelta


# Six digits: at ten wrong tries an hour, guessing the code of one address takes eleven years on average.
CODES_SOON = Limit("codes_soon", 1, RESEND_AFTER)
CODES_PER_HOUR = Limit("codes_hour", 6, timedelta(hours=1))
CODES_PER_DAY = Limit("codes_day", 15, timedelta(days=1))
CODES_PER_IP = Limit("codes_ip", 60, timedelta(hours=1))
WRONG_PER_ADDRESS = Limit("wrong_address", 10, timedelta(hours=1))
WRONG_PER_IP = Limit("wrong_ip", 60, timedelta(hours=1))


def new_code() -> str:
    """Six digits, each as likely as any other."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_secret() -> str:
    """256 random bits, to be kept by a browser."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What is kept of a 256-bit secret. It needs no salt and no stretching: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def session_token(member_id: UUID, secret: str) -> str:
    return f"{member_id.hex}.{secret}"


def read_session_token(token: str) -> tuple[UUID, str] | None:
    """Member and secret of a token, or None for what cannot be one."""
    head, _, secret = token.partition(".")
    if len(head) != 32 or not 20 <= len(secret) <= 64:
        return None
    try:
        return UUID(hex=head), secret
    except ValueError:
        return None


def session_end(created_at: datetime, seen_at: datetime) -> datetime:
    """A session ends thirty days after it was last used, and half a year after it began in any case."""
    return min(created_at + SESSION_LIFE, seen_at + SESSION_IDLE)


def too_many(limit: Limit, since: datetime, now: datetime) -> Refusal:
    """The refusal of one more. `data.retry_after_seconds` says when it may be tried again."""
    seconds = max(1, math.ceil((since + limit.window - now).total_seconds()))
    wait = Text(f"{seconds} 秒", f"{seconds} seconds")
    if seconds > 120:
        minutes = math.ceil(seconds / 60)
        wait = Text(f"{minutes} 分钟", f"{minutes} minutes")
    return Refusal(
        "too_many_attempts",
        Text("操作太频繁，请 {wait}后再试", "Too many attempts; please try again in {wait}").format(
            wait=wait
        ),
        status=429,
        data={"retry_after_seconds": seconds},
    )


def wrong_code() -> Refusal:
    """One answer for a wrong code, one that has expired, one used up, and one never sent."""
    return invalid_field("code", "wrong_code", "验证码不对或已失效", "The code is wrong or no longer works")


def not_proven() -> Refusal:
    return Refusal(
        "not_proven",
        Text("验证已过期，请重新获取验证码", "Your code has expired; please ask for a new one"),
        status=409,
    )
