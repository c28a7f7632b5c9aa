"""Personal data on its way into and out of the tables: sealed by field, found by keyed hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from regulars.facts.members.policy.identities import normalise
from regulars.platform.privacy import api as privacy

PROFILE_FIELDS = ("name", "gender", "birthday", "address")


def key_of(organisation_id: UUID, type_: str, value: str) -> UUID:
    """The directory key of a normalised identifier."""
    return privacy.blind_index(value=value, purpose=f"identity:{type_}", organisation_id=organisation_id)


def key_of_typed(organisation_id: UUID, type_: str, value: str) -> UUID:
    """The directory key of an identifier as typed. Raises `BadIdentity`."""
    return key_of(organisation_id, type_, normalise(type_, value))


def seal(member_id: UUID, field: str, text: str | None) -> bytes | None:
    """One profile field for its column; nothing stays nothing."""
    return privacy.encrypt(text=text, table="profile", field=field, owner=member_id) if text else None


def unseal(member_id: UUID, field: str, sealed: bytes | memoryview | None) -> str:
    if sealed is None:
        return ""
    return privacy.decrypt(sealed=sealed, table="profile", field=field, owner=member_id)


def seal_identity(member_id: UUID, type_: str, value: str) -> bytes:
    return privacy.encrypt(text=value, table="identity", field=type_, owner=member_id)


def unseal_identity(member_id: UUID, type_: str, sealed: bytes | memoryview) -> str:
    return privacy.decrypt(sealed=sealed, table="identity", field=type_, owner=member_id)


def mask_identity(type_: str, value: str) -> str:
    return privacy.mask(type_ if type_ in ("phone", "email") else "generic", value)


def tokens_of(organisation_id: UUID, name: str, phones: Iterable[str]) -> list[int]:
    """All that a member can be found by without her full identifiers: parts of her name, tails of her phones."""
    tokens = set(privacy.search_tokens(name=name, organisation_id=organisation_id)) if name else set()
    tokens.update(tail_token(organisation_id, phone[-4:]) for phone in phones)
    return sorted(tokens)


def name_query(organisation_id: UUID, query: str) -> list[int]:
    return privacy.query_tokens(query=query, organisation_id=organisation_id)


def tail_token(organisation_id: UUID, digits: str) -> int:
    """The token of a phone number's last four digits, signed 64 bits."""
    hashed = privacy.blind_index(value=digits, purpose="phone_tail", organisation_id=organisation_id)
    return int.from_bytes(hashed.bytes[:8], "big", signed=True)


def masked_profile(values: Mapping[str, str]) -> dict[str, str]:
    """A profile for people who may not read it: the name's first character, the year of birth."""
    return {
        "name": privacy.mask_name(values["name"]),
        "gender": values["gender"],
        "birthday": privacy.mask_birthday(date.fromisoformat(values["birthday"]))
        if values["birthday"]
        else "",
        "address": "***" if values["address"] else "",
    }
