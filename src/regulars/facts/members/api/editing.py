"""Changing members: profile, identities, tags, notes. Every change is audited in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from regulars.facts.members import models, states
from regulars.facts.members.api.reading import MEMBER, get_card, open_profile
from regulars.facts.members.policy import attributes as attribute_policy
from regulars.facts.members.policy import profile as profile_policy
from regulars.facts.members.policy.identities import BadIdentity, normalise
from regulars.facts.members.store import directory, editing, reading, vocabulary
from regulars.facts.members.store.directory import Claim, NewIdentity
from regulars.facts.members.store.personal import (
    key_of,
    mask_identity,
    seal_identity,
    tokens_of,
    unseal,
    unseal_identity,
)
from regulars.facts.members.store.reading import IdentityRecord
from regulars.facts.members.types import STATUSES, IdentityIn, MemberCard, Note, identity_type_name
from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, invalid, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

CHANGEABLE = ("name", "gender", "birthday", "address", "language", "status", "attributes")
NOTE_LENGTH = 2000
TAGGED_AT_ONCE = 10_000
_BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")


def update_member(*, scope: Scope, member_id: UUID, changes: Mapping[str, Any], now: datetime) -> MemberCard:
    """Change some of `CHANGEABLE`; `attributes` is merged, None clears one. Gives the card as it then is.

    A member changing herself (actor kind `member`) is held to the birthday policy, and cannot change her status.
    Raises `not_found`, `invalid_input` with every field's error, `birthday_locked` (409).
    """
    by_member = scope.actor.kind == "member"
    errors = ErrorList()
    for field in sorted(changes.keys() - set(CHANGEABLE)):
        errors.add(field, "unknown_field", "没有这个字段", "There is no such field")
    if by_member and "status" in changes:
        errors.add("status", "not_changeable", "不可自行修改状态", "Members cannot change their own status")
    errors.refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        if not editing.lock(cursor, brand_id=scope.brand_id, member_id=member_id):
            raise not_found(MEMBER)
        found = reading.read_member(cursor, brand_id=scope.brand_id, member_id=member_id)
        assert found is not None
        membership, profile, _ = found
        before: dict[str, Any] = {
            **open_profile(member_id, profile),
            "language": membership.language,
            "status": membership.status,
            "attributes": membership.attributes,
        }
        after = {**before, **_cleaned(scope.brand_id, changes, before["attributes"], now, errors)}
        errors.refuse()
        born_before, born = before["birthday"], after["birthday"]
        refusal = profile_policy.refuse_birthday_change(
            born_before, born, set_at=profile.birthday_set_at, by_member=by_member, now=now
        )
        if refusal is not None:
            raise refusal
        if after != before:
            editing.save_membership(
                cursor,
                brand_id=scope.brand_id,
                member_id=member_id,
                language=after["language"],
                status=after["status"],
                attributes=after["attributes"],
            )
            if any(after[f] != before[f] for f in ("name", "gender", "birthday", "address")):
                editing.save_profile(
                    cursor,
                    organisation_id=scope.organisation_id,
                    member_id=member_id,
                    values=after,
                    birthday_set_at=now if born and born != born_before else profile.birthday_set_at,
                    now=now,
                )
            if after["name"] != before["name"]:
                _refresh_tokens(cursor, scope.organisation_id, member_id, after["name"])
            _audit(scope, "member.update", member_id, *_for_audit(before, after), now)
    return get_card(scope=scope, member_id=member_id)


def add_identity(*, scope: Scope, member_id: UUID, identity: IdentityIn, now: datetime) -> MemberCard:
    """Give a member one more identity; again is harmless. Raises `identity_taken` (409) if somebody else has it."""
    try:
        if identity.type == "code":
            raise BadIdentity("use_code", Text("会员编号不能添加", "A member code cannot be added"))
        value = normalise(identity.type, identity.value)
    except BadIdentity as bad:
        raise invalid(bad.at("value")) from None
    key = key_of(scope.organisation_id, identity.type, value)
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor, scope, member_id)
        known = reading.identities_of(cursor, member_id=member_id)
        won = directory.claim(
            cursor, organisation_id=scope.organisation_id, claims=[Claim(key, member_id, identity.type)]
        )
        if not won and key not in {i.id for i in known}:
            raise Refusal(
                "identity_taken",
                Text("该{name}属于另一位会员", "This {name} belongs to another member").format(
                    name=identity_type_name(identity.type)
                ),
                status=409,
                data={"identity_type": identity.type},
            )
        if won:
            if len(known) >= 20:
                raise invalid_field(
                    "value", "too_many", "标识最多 20 个", "A member has at most 20 identities"
                )
            row = NewIdentity(
                member_id,
                key,
                identity.type,
                seal_identity(member_id, identity.type, value),
                mask_identity(identity.type, value),
                identity.verified,
            )
            directory.insert_identities(cursor, organisation_id=scope.organisation_id, rows=[row], now=now)
            if identity.type == "phone":
                _refresh_tokens(cursor, scope.organisation_id, member_id, None)
            after = {"type": identity.type, "masked": row.masked}
            _audit(scope, "member.add_identity", member_id, {}, after, now)
        elif identity.verified:
            editing.verify_identity(cursor, member_id=member_id, identity_id=key, now=now)
    return get_card(scope=scope, member_id=member_id)


def remove_identity(*, scope: Scope, member_id: UUID, identity_id: UUID, now: datetime) -> MemberCard:
    """Take an identity away; the last one stays (`last_identity`, 409), or she could not be found any more."""
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor, scope, member_id)
        gone, others = _identity(cursor, member_id, identity_id)
        if not others:
            raise Refusal(
                "last_identity",
                Text("至少保留一个标识", "A member keeps at least one identity"),
                status=409,
            )
        editing.remove_identity(
            cursor, organisation_id=scope.organisation_id, member_id=member_id, identity_id=identity_id
        )
        if gone.type == "phone":
            _refresh_tokens(cursor, scope.organisation_id, member_id, None)
        before = {"type": gone.type, "masked": gone.masked}
        _audit(scope, "member.remove_identity", member_id, before, {}, now)
    return get_card(scope=scope, member_id=member_id)


def verify_identity(*, scope: Scope, member_id: UUID, identity_id: UUID, now: datetime) -> MemberCard:
    """Mark an identity as proven; again is harmless."""
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor, scope, member_id)
        identity, _ = _identity(cursor, member_id, identity_id)
        if identity.verified_at is None:
            editing.verify_identity(cursor, member_id=member_id, identity_id=identity_id, now=now)
            after = {"type": identity.type, "masked": identity.masked, "verified": True}
            _audit(scope, "member.verify_identity", member_id, {}, after, now)
    return get_card(scope=scope, member_id=member_id)


def tag_members(
    *,
    scope: Scope,
    member_ids: Iterable[UUID],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    now: datetime,
) -> int:
    """Put tags on members and take others off, all at once; gives how many members changed.

    Raises `invalid_input` for unknown tags, too many members (10 000), or members not of the brand.
    """
    wanted = list(dict.fromkeys(member_ids))
    errors = ErrorList()
    if len(wanted) > TAGGED_AT_ONCE:
        errors.add(
            "members", "too_many", f"一次最多 {TAGGED_AT_ONCE} 人", f"At most {TAGGED_AT_ONCE} at once"
        )
    known = {tag.code for tag in vocabulary.tags_of(scope.brand_id)}
    for n, code in enumerate(add):
        if code not in known:
            errors.add(f"add[{n}]", "unknown_tag", "没有这个标签", "There is no such tag")
    errors.refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        before = editing.lock_tags(cursor, brand_id=scope.brand_id, member_ids=wanted)
        for n, member_id in enumerate(wanted):
            if member_id not in before:
                errors.add(f"members[{n}]", "member_not_found", "找不到该会员", "No such member")
            if len(errors.errors) >= 50:
                break
        errors.refuse()
        after = {m: (set(tags) | set(add)) - set(remove) for m, tags in before.items()}
        changed = {m: tags for m, tags in after.items() if tags != set(before[m])}
        states.save_tags(cursor, brand_id=scope.brand_id, tags=changed)
        audit.record_many(
            [
                audit.entry(
                    organisation_id=scope.organisation_id,
                    brand_id=scope.brand_id,
                    actor=scope.actor,
                    action="member.tag",
                    subject_type="member",
                    subject_id=member_id,
                    before={"tags": sorted(before[member_id])},
                    after={"tags": sorted(tags)},
                    now=now,
                )
                for member_id, tags in changed.items()
            ]
        )
    return len(changed)


def add_note(*, scope: Scope, member_id: UUID, text: str, now: datetime) -> Note:
    errors = ErrorList()
    lines = text.replace("\r\n", "\n").strip()
    if not lines or len(lines) > NOTE_LENGTH:
        errors.add("text", "bad_length", f"须为 1–{NOTE_LENGTH} 字", f"From 1 to {NOTE_LENGTH} characters")
    elif not attribute_policy.storable(lines):
        errors.add("text", "unprintable", "含有不可见字符", "Contains characters that cannot be printed")
    errors.refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        _lock(cursor, scope, member_id)
        row = models.Note(
            member_id=member_id,
            id=new_id(),
            brand_id=scope.brand_id,
            author_id=scope.actor.id,
            author=scope.actor.label,
            text=lines,
            created_at=now,
        )
        row.save(force_insert=True)
        _audit(scope, "member.add_note", member_id, {}, {"note": str(row.id)}, now)
    return Note(row.id, row.author, row.text, row.created_at)


def list_notes(
    *, scope: Scope, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Note]:
    """Notes of the brand's staff about a member, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    rows = models.Note.objects.filter(member_id=member_id, brand_id=scope.brand_id).order_by("-id")
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = [Note(row.id, row.author, row.text, row.created_at) for row in rows[: limit + 1]]
    return paging.cut(found, limit, lambda note: [note.id])


def _cleaned(
    brand_id: UUID,
    changes: Mapping[str, Any],
    attributes: Mapping[str, Any],
    now: datetime,
    errors: ErrorList,
) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    if "name" in changes:
        cleaned["name"] = profile_policy.clean_text(
            changes["name"], field="name", longest=profile_policy.NAME_LENGTH, errors=errors
        )
    if "address" in changes:
        cleaned["address"] = profile_policy.clean_text(
            changes["address"], field="address", longest=profile_policy.ADDRESS_LENGTH, errors=errors
        )
    if "gender" in changes:
        cleaned["gender"] = profile_policy.clean_gender(changes["gender"], field="gender", errors=errors)
    if "birthday" in changes:
        day = profile_policy.clean_birthday(
            changes["birthday"],
            field="birthday",
            today=now.astimezone(_BUSINESS_ZONE).date(),
            errors=errors,
        )
        cleaned["birthday"] = day.isoformat() if day else ""
    if "language" in changes:
        cleaned["language"] = profile_policy.clean_language(
            changes["language"], field="language", errors=errors
        )
    if "status" in changes:
        if changes["status"] not in STATUSES:
            names = ", ".join(STATUSES)
            errors.add("status", "bad_choice", f"须为 {names} 之一", f"Must be one of {names}")
        cleaned["status"] = changes["status"]
    if "attributes" in changes:
        given = changes["attributes"]
        if not isinstance(given, Mapping):
            errors.add("attributes", "not_object", "须为对象", "Must be an object")
            return cleaned
        values = attribute_policy.clean_values(vocabulary.fields_of(brand_id), given, errors=errors)
        merged = {**attributes, **values}
        cleaned["attributes"] = {key: value for key, value in merged.items() if value is not None}
    return cleaned


def _for_audit(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Custom fields may hold anything of a person's life: the log says which changed, not to what."""
    old, new = before["attributes"], after["attributes"]
    changed = sorted(key for key in {**old, **new} if old.get(key) != new.get(key))
    told = {**after, "attributes": {}}
    if changed:
        told["changed_attributes"] = changed
    return {**before, "attributes": {}}, told


def _refresh_tokens(cursor: Any, organisation_id: UUID, member_id: UUID, name: str | None) -> None:
    """Search tokens anew from her name (read if not given) and her phones."""
    if name is None:
        sealed = models.Profile.objects.filter(member_id=member_id).values_list("name", flat=True).first()
        name = unseal(member_id, "name", sealed)
    phones = [
        unseal_identity(member_id, i.type, i.value)
        for i in reading.identities_of(cursor, member_id=member_id)
        if i.type == "phone"
    ]
    editing.save_tokens(
        cursor,
        organisation_id=organisation_id,
        member_id=member_id,
        tokens=tokens_of(organisation_id, name, phones),
    )


def _lock(cursor: Any, scope: Scope, member_id: UUID) -> None:
    if not editing.lock(cursor, brand_id=scope.brand_id, member_id=member_id):
        raise not_found(MEMBER)


def _identity(cursor: Any, member_id: UUID, identity_id: UUID) -> tuple[IdentityRecord, list[IdentityRecord]]:
    """The identity and the member's others. Raises `not_found`."""
    known = reading.identities_of(cursor, member_id=member_id)
    wanted = next((i for i in known if i.id == identity_id), None)
    if wanted is None:
        raise not_found(Text("标识", "Identity"))
    return wanted, [i for i in known if i.id != identity_id]


def _audit(
    scope: Scope,
    action: str,
    member_id: UUID,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="member",
        subject_id=member_id,
        before=before,
        after=after,
        now=now,
    )
