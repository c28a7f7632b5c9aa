"""Enrolling people in bulk, and finding who a reference means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from regulars.facts.members.policy import attributes as attribute_policy
from regulars.facts.members.policy import profile as profile_policy
from regulars.facts.members.policy.identities import BadIdentity, normalise
from regulars.facts.members.store import directory, enrolment, vocabulary
from regulars.facts.members.store.directory import Claim, NewIdentity
from regulars.facts.members.store.enrolment import NewMembership, NewProfile
from regulars.facts.members.store.personal import (
    key_of,
    key_of_typed,
    mask_identity,
    seal_identity,
    tokens_of,
)
from regulars.facts.members.types import (
    Enrolled,
    Enrolment,
    EnrolResult,
    ProfileField,
    Reference,
    identity_type_name,
)
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field
from regulars.kit.ids import new_code, new_ids
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

_ROUNDS = 4
_BUSINESS_ZONE = ZoneInfo("Asia/Shanghai")
MAX_IDENTITIES = 20


@dataclass(slots=True)
class _Row:
    """One enrolment on its way: cleaned, then matched with who is known."""

    index: int
    asked: Enrolment
    identities: dict[UUID, tuple[str, str, bool]]  # key → type, normalised value, verified
    profile: dict[str, str]
    attributes: dict[str, Any]
    code: str | None
    member_id: UUID | None = None
    known: bool = False


def enrol_many(
    *, scope: Scope, rows: Sequence[Enrolment], now: datetime, tier: str = ""
) -> list[EnrolResult]:
    """Enrol people into the scope's brand; one result per row, in order; one bad row loses none of the others.

    Somebody the organisation knows by one of the identities gets a membership in this brand (`joined`), her new
    identities are added and empty profile fields filled. A row is refused with `invalid_input`, with
    `already_member` (409, her member id and code in `data`), or with `identity_conflict` (409) when its identities
    belong to different people. `tier` is the tier new memberships start in. Joins the caller's transaction.
    """
    results: list[EnrolResult | None] = [None] * len(rows)
    with transaction.atomic(), connection.cursor() as cursor:
        fields = vocabulary.fields_of(scope.brand_id)
        tags = {tag.code for tag in vocabulary.tags_of(scope.brand_id)}
        waiting: list[_Row] = []
        seen: dict[UUID, int] = {}
        for index, asked in enumerate(rows):
            try:
                row = _clean(scope.organisation_id, index, asked, fields, tags, now)
            except Refusal as refusal:
                results[index] = refusal
                continue
            twice = next((k for k in row.identities if k in seen), None)
            if twice is not None:
                results[index] = _same_batch(row.identities[twice][0], seen[twice])
                continue
            seen.update(dict.fromkeys(row.identities, index))
            waiting.append(row)
        for _ in range(_ROUNDS):
            if not waiting:
                break
            waiting = _enrol_round(cursor, scope, waiting, results, tier, now)
        for row in waiting:
            results[row.index] = conflict(
                "try_again", "同一标识正被并发写入，请重试", "The same identity is being written; try again"
            )
    return [result for result in results if result is not None]


def _enrol_round(
    cursor: Any,
    scope: Scope,
    rows: list[_Row],
    results: list[EnrolResult | None],
    tier: str,
    now: datetime,
) -> list[_Row]:
    """Match, claim and insert; rows that lost a claim to a concurrent transaction come back for another round."""
    organisation_id = scope.organisation_id
    held = directory.holders(
        cursor, organisation_id=organisation_id, keys={k for r in rows for k in r.identities}
    )
    memberships = enrolment.memberships_of(cursor, brand_id=scope.brand_id, member_ids=set(held.values()))
    open_rows: list[_Row] = []
    taken: set[UUID] = set()
    for row in rows:
        owners = {held[k] for k in row.identities if k in held}
        if len(owners) > 1:
            results[row.index] = _different_people(row, held)
        elif owners and (owner := next(iter(owners))) in memberships:
            results[row.index] = _already(row, held, owner, memberships[owner])
        elif owners & taken:
            results[row.index] = _same_batch(_first_held(row, held), None)
        else:
            row.known = bool(owners)
            row.member_id = next(iter(owners), None)
            taken |= owners
            open_rows.append(row)
    fresh = new_ids(len(open_rows))
    for row, id_ in zip(open_rows, fresh, strict=True):
        row.member_id = row.member_id or id_
        if not row.asked.code:
            row.code = new_code()
    return _write(cursor, scope, open_rows, held, results, tier, now)


def _write(
    cursor: Any,
    scope: Scope,
    rows: list[_Row],
    held: dict[UUID, UUID],
    results: list[EnrolResult | None],
    tier: str,
    now: datetime,
) -> list[_Row]:
    organisation_id = scope.organisation_id
    claims: dict[int, list[Claim]] = {}
    for row in rows:
        assert row.member_id is not None and row.code is not None
        wanted = [Claim(k, row.member_id, i[0]) for k, i in row.identities.items() if k not in held]
        code_key = key_of(organisation_id, "code", row.code)
        if code_key not in row.identities:
            wanted.append(Claim(code_key, row.member_id, "code"))
        claims[row.index] = wanted
    won = directory.claim(
        cursor, organisation_id=organisation_id, claims=[c for wanted in claims.values() for c in wanted]
    )
    again = [row for row in rows if any(c.key_hash not in won for c in claims[row.index])]
    lost = {row.index for row in again}
    directory.release(
        cursor,
        organisation_id=organisation_id,
        keys=[c.key_hash for index in lost for c in claims[index] if c.key_hash in won],
    )
    done = [row for row in rows if row.index not in lost]
    enrolment.insert_members(
        cursor,
        organisation_id=organisation_id,
        member_ids=[r.member_id for r in done if r.member_id and not r.known],
        now=now,
    )
    joined = enrolment.insert_memberships(
        cursor,
        organisation_id=organisation_id,
        brand_id=scope.brand_id,
        rows=[_membership(row, tier, now) for row in done],
        now=now,
    )
    for row in done:
        if row.member_id not in joined:  # a concurrent enrolment of a known person was faster
            directory.release(
                cursor, organisation_id=organisation_id, keys=[c.key_hash for c in claims[row.index]]
            )
            again.append(row)
    done = [row for row in done if row.member_id in joined]
    enrolment.insert_profiles(
        cursor,
        organisation_id=organisation_id,
        rows=[_profile(organisation_id, row) for row in done],
        now=now,
    )
    claimed = {c.key_hash for row in done for c in claims[row.index]}
    directory.insert_identities(
        cursor,
        organisation_id=organisation_id,
        rows=[new for row in done for new in _identities(row, claimed)],
        now=now,
    )
    for row in done:
        assert row.member_id is not None and row.code is not None
        results[row.index] = Enrolled(
            row.member_id, row.code, "joined" if row.known else "created", row.asked.joined_at or now
        )
    return again


def resolve(
    *, organisation_id: UUID, brand_id: UUID, refs: Sequence[Reference], any_status: bool = False
) -> list[UUID | Refusal]:
    """Who each reference means, in order, by one query: a member id, or why there is none.

    Refusals: `bad_member_ref` (422: not exactly one of id, code, identity), the identity's own (`bad_phone` …),
    `member_not_found` (404), and `member_left` (409) unless `any_status`.
    """
    results: list[UUID | Refusal | None] = [None] * len(refs)
    ids: list[UUID | None] = []
    keys: list[UUID | None] = []
    known: dict[tuple[str, str], UUID] = {}
    for n, ref in enumerate(refs):
        id_, key = ref.id, None
        if (ref.id is not None) + (ref.code is not None) + (ref.identity is not None) != 1:
            results[n] = invalid_field(
                "member",
                "bad_member_ref",
                "须提供 id、code、identity 三者之一",
                "Give one of id, code and identity",
            )
            id_ = None
        elif id_ is None:
            type_, value = (
                ("code", ref.code) if ref.identity is None else (ref.identity.type, ref.identity.value)
            )
            assert value is not None
            try:
                key = known.get((type_, value))
                if key is None:
                    key = known[type_, value] = key_of_typed(organisation_id, type_, value)
            except BadIdentity as bad:
                field = "member.code" if ref.identity is None else "member.identity.value"
                results[n] = invalid_field(field, bad.code, bad.message.zh, bad.message.en)
        ids.append(id_)
        keys.append(key)
    with connection.cursor() as cursor:
        found = directory.resolve(
            cursor, organisation_id=organisation_id, brand_id=brand_id, ids=ids, keys=keys
        )
    for n, (member_id, status) in found.items():
        results[n] = _LEFT if status == "left" and not any_status else member_id
    return [_NOT_FOUND if result is None else result for result in results]


_NOT_FOUND = Refusal("member_not_found", Text("找不到该会员", "No such member"), status=404)
_LEFT = Refusal("member_left", Text("该会员已退出", "The member has left the programme"), status=409)


def _clean(
    organisation_id: UUID,
    index: int,
    asked: Enrolment,
    fields: Sequence[ProfileField],
    tags: set[str],
    now: datetime,
) -> _Row:
    errors = ErrorList()
    identities: dict[UUID, tuple[str, str, bool]] = {}
    if not asked.identities:
        errors.add(
            "identities",
            "missing",
            "至少需要一个标识，如手机号",
            "At least one identity, such as a phone number",
        )
    if len(asked.identities) > MAX_IDENTITIES:
        errors.add("identities", "too_many", f"最多 {MAX_IDENTITIES} 个", f"At most {MAX_IDENTITIES}")
        errors.refuse()
    for n, given in enumerate(asked.identities):
        try:
            if given.type == "code":
                raise BadIdentity(
                    "use_code", Text("会员编号请填 code 字段", "Give the member code as `code`")
                )
            value = normalise(given.type, given.value)
        except BadIdentity as bad:
            errors.errors.append(bad.at(f"identities[{n}].value"))
            continue
        identities[key_of(organisation_id, given.type, value)] = (given.type, value, given.verified)
    code = None
    if asked.code is not None:
        try:
            code = normalise("code", asked.code)
            identities[key_of(organisation_id, "code", code)] = ("code", code, False)
        except BadIdentity as bad:
            errors.errors.append(bad.at("code"))
    today = now.astimezone(_BUSINESS_ZONE).date()
    birthday = profile_policy.clean_birthday(asked.birthday, field="birthday", today=today, errors=errors)
    profile = {
        "name": profile_policy.clean_text(
            asked.name, field="name", longest=profile_policy.NAME_LENGTH, errors=errors
        ),
        "gender": profile_policy.clean_gender(asked.gender, field="gender", errors=errors),
        "birthday": birthday.isoformat() if birthday else "",
        "address": profile_policy.clean_text(
            asked.address, field="address", longest=profile_policy.ADDRESS_LENGTH, errors=errors
        ),
    }
    profile_policy.clean_language(asked.language, field="language", errors=errors)
    for name in ("channel", "touchpoint", "recruiter"):
        profile_policy.clean_text(getattr(asked, name), field=name, longest=64, errors=errors)
    for n, tag in enumerate(asked.tags):
        if tag not in tags:
            errors.add(f"tags[{n}]", "unknown_tag", "没有这个标签", "There is no such tag")
    if asked.joined_at is not None and asked.joined_at > now:
        errors.add("joined_at", "in_future", "入会时间不能晚于现在", "The joining time lies in the future")
    attributes = attribute_policy.clean_values(fields, asked.attributes, errors=errors)
    if asked.complete:
        attribute_policy.check_required(fields, attributes, errors=errors)
    errors.refuse()
    attributes = {key: value for key, value in attributes.items() if value is not None}
    return _Row(index, asked, identities, profile, attributes, code)


def _membership(row: _Row, tier: str, now: datetime) -> NewMembership:
    assert row.member_id is not None and row.code is not None
    asked = row.asked
    return NewMembership(
        member_id=row.member_id,
        code=row.code,
        language=asked.language,
        joined_at=asked.joined_at or now,
        channel=asked.channel.strip(),
        touchpoint=asked.touchpoint.strip(),
        store_id=asked.store_id,
        recruiter=asked.recruiter.strip(),
        tags=tuple(sorted(set(asked.tags))),
        attributes=row.attributes,
        tier=tier,
    )


def _profile(organisation_id: UUID, row: _Row) -> NewProfile:
    assert row.member_id is not None
    phones = [value for type_, value, _ in row.identities.values() if type_ == "phone"]
    return NewProfile(row.member_id, row.profile, tokens_of(organisation_id, row.profile["name"], phones))


def _identities(row: _Row, claimed: set[UUID]) -> list[NewIdentity]:
    """The row's identities that were claimed now; the code needs none, the membership shows it."""
    assert row.member_id is not None
    return [
        NewIdentity(
            row.member_id,
            key,
            type_,
            seal_identity(row.member_id, type_, value),
            mask_identity(type_, value),
            ok,
        )
        for key, (type_, value, ok) in row.identities.items()
        if type_ != "code" and key in claimed
    ]


def _first_held(row: _Row, held: dict[UUID, UUID]) -> str:
    return next(type_ for key, (type_, _, _) in row.identities.items() if key in held)


def _already(row: _Row, held: dict[UUID, UUID], owner: UUID, code: str) -> Refusal:
    type_ = _first_held(row, held)
    return Refusal(
        "already_member",
        Text("该{name}已是会员", "This {name} is already a member's").format(name=identity_type_name(type_)),
        status=409,
        data={"identity_type": type_, "member_id": str(owner), "member_code": code},
    )


def _different_people(row: _Row, held: dict[UUID, UUID]) -> Refusal:
    types = [type_ for key, (type_, _, _) in row.identities.items() if key in held]
    names = Text(
        "、".join(identity_type_name(t).zh for t in types), ", ".join(identity_type_name(t).en for t in types)
    )
    return Refusal(
        "identity_conflict",
        Text(
            "这些标识属于不同的会员：{names}", "These identities belong to different members: {names}"
        ).format(names=names),
        status=409,
        data={"identity_types": types},
    )


def _same_batch(type_: str, index: int | None) -> Refusal:
    return Refusal(
        "duplicate_in_batch",
        Text("该{name}在本批中重复", "This {name} comes twice in the batch").format(
            name=identity_type_name(type_)
        ),
        status=409,
        data={"identity_type": type_} if index is None else {"identity_type": type_, "first_index": index},
    )
