"""A member's own profile and identifiers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regulars.facts.members import api as members
from regulars.facts.members.types import MemberCard, identity_type_name
from regulars.flows.missions import api as missions
from regulars.kit.errors import Refusal
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import fields, words
from regulars.surfaces.portal.shapes import (
    CompletionOut,
    IdentifierOut,
    IdentifiersOut,
    ProfileFieldOut,
    ProfileOut,
    Value,
)


def profile(*, member: MemberAccess, language: Language, now: datetime) -> ProfileOut:
    """Her fields with their values, and how many are filled."""
    return _out(member, members.get_card(scope=member.scope, member_id=member.member_id), language, now)


def change(
    *, member: MemberAccess, values: Mapping[str, Value], language: Language, now: datetime
) -> ProfileOut:
    """Change some fields, all or none. Raises `invalid_input` with `values.<key>`, `birthday_locked` (409)."""
    changes = fields.taken_apart(values, members.list_fields(brand_id=member.brand.id))
    try:
        card = members.update_member(
            scope=member.scope, member_id=member.member_id, changes={**changes, "language": language}, now=now
        )
    except Refusal as refusal:
        raise fields.at_values(refusal) from None
    missions.look_again(member.brand, {member.member_id}, now)  # a mission may ask for a complete profile
    return _out(member, card, language, now)


def identifiers(*, member: MemberAccess, language: Language) -> IdentifiersOut:
    """What finds her, phones first; masked, for screens are looked at over shoulders."""
    card = members.get_card(scope=member.scope, member_id=member.member_id)
    order = {"phone": 0, "email": 1}
    return IdentifiersOut(
        items=[
            IdentifierOut(
                id=str(identity.id),
                kind=identity.type,
                kind_name=identity_type_name(identity.type).in_language(language),
                shown=identity.masked,
                verified=identity.verified_at is not None,
            )
            for identity in sorted(card.identities, key=lambda i: (order.get(i.type, 2), i.created_at))
        ]
    )


def unfilled(card: MemberCard, member: MemberAccess, language: Language) -> tuple[list[ProfileFieldOut], int]:
    """The fields without a value, and how many fields there are."""
    custom = members.list_fields(brand_id=member.brand.id)
    every = fields.profile_fields(card, custom, language, birthday_locked=None)
    return [field for field in every if field.value in (None, "", [])], len(every)


def _out(member: MemberAccess, card: MemberCard, language: Language, now: datetime) -> ProfileOut:
    custom = members.list_fields(brand_id=member.brand.id)
    free_at = card.profile.birthday_changeable_at
    locked: Text | None = None
    if free_at is not None and free_at > now:
        day = free_at.astimezone(zone(member.brand.timezone)).date().isoformat()
        locked = words.BIRTHDAY_LOCKED.format(day=day)
    every = fields.profile_fields(card, custom, language, birthday_locked=locked)
    filled = sum(field.value not in (None, "", []) for field in every)
    return ProfileOut(fields=every, completion=CompletionOut(filled=filled, total=len(every)))
