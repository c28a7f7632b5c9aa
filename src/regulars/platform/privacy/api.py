"""Door of privacy: encrypt and decrypt fields, find by blind index, search names by keyed grams, mask.

Keys come from the settings: of `FIELD_KEYS` {number: key} the highest number encrypts and all decrypt; the lowest also
serves the blind index, unless `BLIND_INDEX_KEY` is set. To rotate, add a higher number, restart, and let
`needs_rotation` say which values to write anew.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.core.signals import setting_changed

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.privacy import models, policy
from regulars.platform.privacy.keyring import CannotDecrypt, Keyring
from regulars.platform.privacy.policy import (
    mask,
    mask_birthday,
    mask_email,
    mask_generic,
    mask_name,
    mask_phone,
    normalise,
)

__all__ = [
    "CannotDecrypt", "blind_index", "blind_index_of", "check_keys", "decrypt", "encrypt", "mask", "mask_birthday",
    "mask_email", "mask_generic", "mask_name", "mask_phone", "needs_rotation", "normalise", "query_tokens",
    "search_tokens",
]  # fmt: skip


def encrypt(*, text: str, table: str, field: str, owner: UUID) -> bytes:
    """Ciphertext for a bytea column, bound to this table, field and owner (the member's id)."""
    return _keyring().encrypt(text, table=table, field=field, owner=owner)


def decrypt(*, sealed: bytes | memoryview, table: str, field: str, owner: UUID) -> str:
    """The text again. Raises `CannotDecrypt` when it was tampered with, moved, or its key is missing."""
    return _keyring().decrypt(sealed, table=table, field=field, owner=owner)


def needs_rotation(sealed: bytes | memoryview) -> bool:
    """Whether a value was encrypted with another than the current key."""
    ring = _keyring()
    return ring.number_of(sealed) != ring.current


def blind_index(*, value: str, purpose: str, organisation_id: UUID | None = None) -> UUID:
    """128-bit keyed hash of an already normalised value: equal values are found without being readable.

    With an organisation, equal values of two organisations have different hashes.
    """
    scope = f"{purpose}\x1f{organisation_id or ''}"
    return UUID(bytes=_keyring().hash(value, purpose=scope))


def blind_index_of(*, kind: str, value: str, organisation_id: UUID, field: str | None = None) -> UUID:
    """`blind_index` of an identifier as typed: normalised after its kind first. Raises `invalid_input`."""
    return blind_index(
        value=normalise(kind, value, field=field), purpose=f"identity:{kind}", organisation_id=organisation_id
    )


def search_tokens(*, name: str, organisation_id: UUID) -> list[int]:
    """Signed 64-bit keyed hashes of everything a name can be found by, for a `bigint[]` column with a GIN index."""
    return _tokens(policy.name_grams(name), organisation_id)


def query_tokens(*, query: str, organisation_id: UUID) -> list[int]:
    """The hashes a row must all contain (`@>`) to match; empty when the query is too short.

    Hashes of 64 bits may collide and pairs may come in another order: compare the decrypted name afterwards.
    """
    return _tokens(policy.query_grams(query), organisation_id)


def check_keys() -> None:
    """Refuse to go on with keys other than those that encrypted this database; remembers new ones."""
    ring = _keyring()
    known = {row.key_id: bytes(row.fingerprint) for row in models.FieldKey.objects.all()}
    for number in sorted(ring.numbers):
        if number not in known:
            row, made = models.FieldKey.objects.get_or_create(
                key_id=number, defaults={"fingerprint": ring.fingerprint(number)}
            )
            known[number] = ring.fingerprint(number) if made else bytes(row.fingerprint)
        if known[number] != ring.fingerprint(number):
            raise Refusal(
                "wrong_field_key",
                Text(
                    "字段加密密钥 {n} 与此数据库使用的密钥不同，请恢复原来的密钥",
                    "Field key {n} is not the one this database was encrypted with; restore the original key",
                ).format(n=number),
                status=500,
            )


def _tokens(grams: frozenset[str], organisation_id: UUID) -> list[int]:
    ring, purpose = _keyring(), f"name\x1f{organisation_id}"
    return sorted(
        int.from_bytes(ring.hash(gram, purpose=purpose, size=8), "big", signed=True) for gram in grams
    )


@lru_cache(maxsize=1)
def _keyring() -> Keyring:
    masters: dict[int, bytes] = settings.FIELD_KEYS
    index_key: bytes = getattr(settings, "BLIND_INDEX_KEY", None) or masters[min(masters)]
    return Keyring(masters, current=max(masters), index_key=index_key)


def _on_setting(*, setting: str, **_: object) -> None:
    if setting in ("FIELD_KEYS", "BLIND_INDEX_KEY"):
        _keyring.cache_clear()


setting_changed.connect(_on_setting)
