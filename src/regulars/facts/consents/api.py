"""Door of consents: record a yes or a no, ask what holds, read the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.consents import policy
from regulars.facts.consents.models import ConsentAct, ConsentState, ConsentText
from regulars.facts.consents.types import Act, ConsentIn, Held, Source
from regulars.kit import paging
from regulars.kit.errors import ErrorList
from regulars.kit.ids import new_ids
from regulars.kit.paging import Page
from regulars.kit.sql import plain_array
from regulars.kit.text import Language, Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

__all__ = [
    "MARKETING_VERSION",
    "granted",
    "history",
    "marketing_text",
    "record",
    "record_many",
    "source_of",
    "states",
]
marketing_text = policy.marketing_text
MARKETING_VERSION = policy.MARKETING_VERSION


def record(
    *,
    scope: Scope,
    member_id: UUID,
    consents: Sequence[ConsentIn],
    source: Source,
    language: Language,
    now: datetime,
) -> list[Held]:
    """Append what a member (of the scope's brand: the caller looked) agreed to or took back; gives what holds now.

    An act older than what holds is kept in the ledger and changes nothing. Staff's acts are audited; what was no and is
    yes now, or the other way round, is told as `member.consent`. Raises `invalid_input` by field.
    """
    errors = ErrorList()
    if not 1 <= len(consents) <= 50:
        errors.add("consents", "required", "请给出 1–50 项", "Give 1 to 50")
    for n, given in enumerate(consents):
        policy.check(given, n, now, errors)
    errors.refuse()
    with transaction.atomic():
        before = states(brand_id=scope.brand_id, member_id=member_id)
        rows = [(member_id, given) for given in consents]
        acts = record_many(scope=scope, rows=rows, source=source, language=language, now=now)
        if scope.actor.kind in ("staff", "api_key"):
            _audit(scope, member_id, acts, now)
        held = states(brand_id=scope.brand_id, member_id=member_id)
        _tell(scope, member_id, before, held, source, now)
    return held


def record_many(
    *, scope: Scope, rows: Sequence[tuple[UUID, ConsentIn]], source: Source, language: Language, now: datetime
) -> list[ConsentAct]:
    """`record` of checked acts of many members with three statements, in one transaction."""
    with transaction.atomic():
        hashes = _keep_texts(scope.brand_id, [given for _, given in rows], now)
        acts = [
            ConsentAct(
                member_id=member_id,
                id=id_,
                brand_id=scope.brand_id,
                purpose=given.purpose,
                channel=given.channel,
                granted=given.granted,
                version=given.version,
                text_hash=text_hash,
                language=language,
                source=source,
                actor=scope.actor.label,
                note=given.note,
                occurred_at=given.occurred_at or now,
                recorded_at=now,
            )
            for (member_id, given), text_hash, id_ in zip(rows, hashes, new_ids(len(rows)), strict=True)
        ]
        ConsentAct.objects.bulk_create(acts, batch_size=2000)
        _hold(acts)
    return acts


def states(*, brand_id: UUID, member_id: UUID) -> list[Held]:
    """What holds for a member, by purpose and channel; what was never asked is not in it, and counts as no."""
    rows = ConsentState.objects.filter(member_id=member_id, brand_id=brand_id).order_by("purpose", "channel")
    return [Held(row.purpose, row.channel, row.granted, row.version, row.occurred_at) for row in rows]


def source_of(*, brand_id: UUID, member_id: UUID, purpose: str, channel: str) -> str:
    """Where what holds was said, one of `SOURCES`; empty where nothing was."""
    found = ConsentState.objects.filter(
        member_id=member_id, brand_id=brand_id, purpose=purpose, channel=channel
    ).first()
    act = ConsentAct.objects.filter(member_id=member_id, id=found.act_id).first() if found else None
    return act.source if act else ""


def granted(*, brand_id: UUID, channel: str, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these members who want marketing by this channel."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT member_id FROM consent_state
                WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND purpose = 'marketing' AND channel = %s
                  AND granted""",
            [plain_array(member_ids), brand_id, channel],
        )
        return {row[0] for row in cursor.fetchall()}


def history(
    *, scope: Scope, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Act]:
    """A member's acts, the one recorded last first, each with its text."""
    rows = ConsentAct.objects.filter(member_id=member_id, brand_id=scope.brand_id)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    page = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda one: [one.id])
    hashes = {act.text_hash for act in page.items}
    texts = {
        row.hash: Text(row.zh, row.en)
        for row in ConsentText.objects.filter(brand_id=scope.brand_id, hash__in=hashes)
    }
    return page.map(lambda act: _act(act, texts.get(act.text_hash, Text("", ""))))


def _keep_texts(brand_id: UUID, consents: Sequence[ConsentIn], now: datetime) -> list[str]:
    """Keep texts that nobody agreed to before; gives the hash of each."""
    texts = {policy.hash_of(given.text): given.text for given in consents}
    ConsentText.objects.bulk_create(
        [
            ConsentText(brand_id=brand_id, hash=hashed, zh=text.zh, en=text.en, first_used_at=now)
            for hashed, text in texts.items()
        ],
        ignore_conflicts=True,
    )
    return [policy.hash_of(given.text) for given in consents]


def _hold(acts: Sequence[ConsentAct]) -> None:
    """Let the newest act of each member, purpose and channel hold, unless a newer one does."""
    newest: dict[tuple[UUID, str, str], ConsentAct] = {}
    for act in acts:
        key = (act.member_id, act.purpose, act.channel)
        held = newest.get(key)
        if held is None or (held.occurred_at, held.id) < (act.occurred_at, act.id):
            newest[key] = act
    rows = [newest[key] for key in sorted(newest)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO consent_state (member_id, brand_id, purpose, channel, granted, version, act_id, occurred_at)
            SELECT member_id, brand_id, purpose, channel, granted, version, id, occurred_at
              FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::bool[], %s::text[], %s::uuid[],
                          %s::timestamptz[])
                   AS v(member_id, brand_id, purpose, channel, granted, version, id, occurred_at)
            ON CONFLICT (member_id, brand_id, purpose, channel) DO UPDATE
               SET granted = excluded.granted, version = excluded.version, act_id = excluded.act_id,
                   occurred_at = excluded.occurred_at
             WHERE (consent_state.occurred_at, consent_state.act_id) < (excluded.occurred_at, excluded.act_id)
            """,
            [
                [row.member_id for row in rows],
                [row.brand_id for row in rows],
                [row.purpose for row in rows],
                [row.channel for row in rows],
                [row.granted for row in rows],
                [row.version for row in rows],
                [row.id for row in rows],
                [row.occurred_at for row in rows],
            ],
        )


def _act(row: ConsentAct, text: Text) -> Act:
    return Act(
        id=row.id,
        purpose=row.purpose,
        channel=row.channel,
        granted=row.granted,
        version=row.version,
        text=text,
        text_hash=row.text_hash,
        language=row.language,  # type: ignore[arg-type]
        source=row.source,  # type: ignore[arg-type]
        actor=row.actor,
        note=row.note,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
    )


def _tell(
    scope: Scope,
    member_id: UUID,
    before: Sequence[Held],
    after: Sequence[Held],
    source: Source,
    now: datetime,
) -> None:
    """What holds now and did not before; what nobody asked her counts as no."""
    agreed = {(one.purpose, one.channel) for one in before if one.granted}
    events = [
        Event(
            id=id_,
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            topic="member.consent",
            payload={
                "purpose": one.purpose, "channel": one.channel, "granted": one.granted, "version": one.version,
                "source": source,
            },
            occurred_at=one.occurred_at,
            recorded_at=now,
            member_id=member_id,
        )
        for one, id_ in zip(after, new_ids(len(after)), strict=True)
        if one.granted != ((one.purpose, one.channel) in agreed)
    ]  # fmt: skip
    if events:
        outbox.append(events)


def _audit(scope: Scope, member_id: UUID, acts: Sequence[ConsentAct], now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="member.consent",
        subject_type="member",
        subject_id=member_id,
        after={
            "consents": [
                {"purpose": a.purpose, "channel": a.channel, "granted": a.granted, "version": a.version}
                for a in acts
            ]
        },
        now=now,
    )
