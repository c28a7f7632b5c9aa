"""Who is in which arm: by a keyed hash, so that nobody keeps a list and everybody comes to the same answer. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal
from uuid import UUID

from regulars.audience.holdouts.types import BUCKETS
from regulars.kit.errors import ErrorList

Arm = Literal["holdout", "treated"]
MOST_PERCENT = 50
MOST_REASON = 500


def bucket_of(salt: str, member_id: UUID) -> int:
    """0 … 9999, uniform over members and independent between salts.

    The first 64 bits of SHA-256 of salt, zero byte and the member's 16 bytes, modulo 10 000 (the bias of the modulo
    is below 1e-15).
    """
    digest = hashlib.sha256(salt.encode() + b"\0" + member_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


def arm_of(salt: str, member_id: UUID, percent: float) -> Arm:
    """`holdout` for `percent` of members (two decimals count). Who is held out stays so when the percentage grows."""
    return "holdout" if bucket_of(salt, member_id) < round(percent * BUCKETS / 100) else "treated"


def held(salt: str, member_ids: Iterable[UUID], percent: float) -> set[UUID]:
    """Those of these members who are held out."""
    below = round(percent * BUCKETS / 100)
    return {id_ for id_ in member_ids if bucket_of(salt, id_) < below} if below else set()


def check(percent: int, reason: str, errors: ErrorList) -> None:
    if not 0 <= percent <= MOST_PERCENT:
        errors.add("percent", "out_of_range", f"须为 0–{MOST_PERCENT}", f"Give 0 to {MOST_PERCENT}")
    if not reason.strip():
        errors.add("reason", "required", "请写明调整原因", "Say why it is changed")
    elif len(reason) > MOST_REASON:
        errors.add("reason", "too_long", f"最多 {MOST_REASON} 个字符", f"At most {MOST_REASON} characters")
