"""Enrolling: the person and her membership, her first tier, the event and the audit entry, in one transaction."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from msgspec import structs

from regulars.facts.activity import store as keys
from regulars.facts.activity.store import KeyClaim
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolled, Enrolment
from regulars.flows.referrals import api as referrals
from regulars.flows.referrals.types import Came
from regulars.kit.errors import Refusal, conflict, invalid_field
from regulars.kit.ids import new_ids
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.platform.privacy import api as privacy
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.value.tiers import api as tiers

BATCH = 1000
_KEY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Enrolee:
    """The answer to one enrolment. `duplicate`: the same key came before with the same body; this is its answer."""

    enrolled: Enrolled
    tier: str
    duplicate: bool = False


Answer = Enrolee | Refusal


def enrol(
    *,
    scope: Scope,
    rows: Sequence[Enrolment],
    now: datetime,
    idempotency_keys: Sequence[str | None] = (),
    came: Sequence[Came | None] = (),
) -> list[Answer]:
    """Enrol people into the scope's brand; an answer per row, in order, after the commit that holds it.

    Every `BATCH` rows are one transaction. `idempotency_keys` go with the rows; a key that was used before answers
    the first enrolment for the same body, and `idempotency_conflict` (409) for another. `came` goes with the rows too:
    how each came to the form. A recruiter who is a member, by the code of her link or her own, is kept as a referral.
    Refusals as of `members.enrol_many`, and `store_not_allowed` (403) for staff of other stores.
    """
    given = list(idempotency_keys) or [None] * len(rows)
    how = list(came) or [None] * len(rows)
    answers: list[Answer] = []
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        with transaction.atomic():
            answers += _enrol(scope, rows[part], given[part], how[part], now)
    return answers


def _enrol(
    scope: Scope,
    rows: Sequence[Enrolment],
    given: Sequence[str | None],
    how: Sequence[Came | None],
    now: datetime,
) -> list[Answer]:
    answers: list[Answer | None] = [None] * len(rows)
    programme = _programme(scope.brand_id, now)
    first = programme.schemes[0].tiers[0].code if programme and programme.schemes else ""
    with connection.cursor() as cursor:
        claims = _claim(cursor, scope, rows, given, answers, first)
        fresh = [n for n, answer in enumerate(answers) if answer is None]
        for n in fresh:
            try:
                if scope.store_ids is not None:
                    scope.require_store(rows[n].store_id)
            except Refusal as refusal:
                answers[n] = refusal
        fresh = [n for n in fresh if answers[n] is None]
        senders = referrals.senders(scope=scope, texts={rows[n].recruiter for n in fresh})
        wanted = [referrals.named(rows[n], senders) for n in fresh]
        results = members.enrol_many(scope=scope, rows=wanted, now=now, tier=first)
        done: list[tuple[Enrolled, Enrolment]] = []
        brought: list[tuple[Enrolled, str, Came | None]] = []
        for n, row, result in zip(fresh, wanted, results, strict=True):
            if isinstance(result, Enrolled):
                done.append((result, row))
                brought.append((result, rows[n].recruiter, how[n]))
                answers[n] = Enrolee(result, first)
            else:
                answers[n] = result
        _settle(cursor, scope, claims, answers)
        if programme is not None and done:
            tiers.add_changes(
                cursor,
                brand_id=scope.brand_id,
                changes=[
                    (
                        enrolled.member_id,
                        tiers.entry_move(scheme, tiers.enter(scheme, enrolled.joined_at, "UTC")),
                        None,
                    )
                    for enrolled, _ in done
                    for scheme in programme.schemes
                ],
                now=now,
            )
        referrals.joined(scope=scope, rows=brought, known=senders, now=now)
    _announce(scope, done, now)
    return [answer for answer in answers if answer is not None]


def _programme(brand_id: UUID, now: datetime) -> Programme | None:
    """What is live; people may join before anything has been published."""
    try:
        return versions.in_force(brand_id=brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code != "no_programme":
            raise
        return None


def _claim(
    cursor: Any,
    scope: Scope,
    rows: Sequence[Enrolment],
    given: Sequence[str | None],
    answers: list[Answer | None],
    first: str,
) -> dict[int, KeyClaim]:
    """Claim the rows' keys; rows whose key was used before get their answer."""
    ids = new_ids(len(rows))
    claims: dict[int, KeyClaim] = {}
    hashes: set[UUID] = set()
    for n, key in enumerate(given):
        if key is None:
            continue
        if not 1 <= len(key) <= _KEY_LENGTH or not key.isprintable():
            answers[n] = invalid_field(
                "idempotency_key",
                "bad_key",
                f"须为 1–{_KEY_LENGTH} 个可见字符",
                f"1 to {_KEY_LENGTH} printable characters",
            )
            continue
        hashed = keys.key_hash(scope.brand_id, "enrol", key)
        if hashed in hashes:
            answers[n] = conflict(
                "duplicate_in_batch", "本批中幂等键重复", "This key comes twice in the batch"
            )
            continue
        hashes.add(hashed)
        # until she has an id, the claim's own stands for her
        claims[n] = KeyClaim(hashed, ids[n], ids[n], _body_hash(scope, rows[n]))
    taken = keys.claim_keys(cursor, brand_id=scope.brand_id, claims=list(claims.values()))
    for n, claim in list(claims.items()):
        earlier = taken.get(claim.key_hash)
        if earlier is None:
            continue
        del claims[n]
        if earlier.body_hash != claim.body_hash:
            answers[n] = conflict(
                "idempotency_conflict",
                "同一个键已用于内容不同的请求",
                "This key was used with another body",
            )
        else:
            card = members.get_card(scope=scope, member_id=earlier.member_id)
            known = card.brands[0] != scope.brand_id
            enrolled = Enrolled(card.member_id, card.code, "joined" if known else "created", card.joined_at)
            answers[n] = Enrolee(enrolled, first, duplicate=True)
    return claims


def _settle(cursor: Any, scope: Scope, claims: dict[int, KeyClaim], answers: Sequence[Answer | None]) -> None:
    """Give back the keys of refused rows; let the others name the member they led to."""
    keys.release_keys(cursor, keys=[claim.key_hash for claim in claims.values()])
    named = []
    for n, claim in claims.items():
        answer = answers[n]
        if isinstance(answer, Enrolee):
            named.append(structs.replace(claim, member_id=answer.enrolled.member_id))
    keys.claim_keys(cursor, brand_id=scope.brand_id, claims=named)


def _body_hash(scope: Scope, row: Enrolment) -> UUID:
    """Keyed, since what is hashed is personal."""
    text = json.dumps(dataclasses.asdict(row), sort_keys=True, default=str)
    return privacy.blind_index(value=text, purpose="enrol_body", organisation_id=scope.organisation_id)


def _announce(scope: Scope, done: Sequence[tuple[Enrolled, Enrolment]], now: datetime) -> None:
    stores = {s.id: code for code, s in organisations.stores_of(brand_id=scope.brand_id).items()}
    events = []
    entries = []
    for (enrolled, row), id_ in zip(done, new_ids(len(done)), strict=True):
        payload = {
            "code": enrolled.code,
            "outcome": enrolled.outcome,
            "channel": row.channel,
            "touchpoint": row.touchpoint,
            "store": stores.get(row.store_id, "") if row.store_id else "",
            "recruiter": row.recruiter,
        }
        events.append(
            Event(
                id=id_,
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                topic="member.enrolled",
                payload=payload,
                occurred_at=enrolled.joined_at,
                recorded_at=now,
                member_id=enrolled.member_id,
            )
        )
        entries.append(
            audit.entry(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="member.enrol",
                subject_type="member",
                subject_id=enrolled.member_id,
                after={**payload, "identity_types": [i.type for i in row.identities]},
                now=now,
            )
        )
    outbox.append(events)
    audit.record_many(entries)
