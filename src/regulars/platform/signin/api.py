"""Door of signing in: codes that prove an address, and the sessions of members.

Nothing here knows who is a member: codes are sent to any address alike, so that no answer tells who is one.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.platform.privacy import api as privacy
from regulars.platform.signin import models, policy, store
from regulars.platform.signin.types import Address, MemberSession


def issue_code(*, address: Address, ip: str, now: datetime) -> str:
    """A fresh code for the address; the one before it works no longer. Say it to its owner and nobody else.

    Raises `too_many_attempts` (429) by address and by ip. Refused attempts are counted too, so it must not
    run inside a transaction that a refusal would roll back.
    """
    for limit, whom in (
        (policy.CODES_PER_IP, ip),
        (policy.CODES_SOON, _of(address)),
        (policy.CODES_PER_HOUR, _of(address)),
        (policy.CODES_PER_DAY, _of(address)),
    ):
        _count(limit, whom, now)
    code = policy.new_code()
    store.put_code(address, code_hash=_code_hash(address, code), now=now, expires_at=now + policy.CODE_LIFE)
    return code


def check_code(*, address: Address, code: str, ip: str, now: datetime) -> str:
    """The proof (a secret for the browser to keep) that the code was right; good once, for twenty minutes.

    Raises `invalid_input` with code `wrong_code` on the field, the same for every reason, and
    `too_many_attempts` (429). Must not run inside a transaction either.
    """
    for limit, whom in ((policy.WRONG_PER_IP, ip), (policy.WRONG_PER_ADDRESS, _of(address))):
        times, since = store.counted(_key(limit, whom), window=limit.window, now=now)
        if times >= limit.times:
            raise policy.too_many(limit, since, now)
    given = _code_hash(address, code)
    expected = store.take_try(address, tries=policy.CODE_TRIES, now=now)
    ticket = policy.new_secret()
    if (
        expected is None
        or not hmac.compare_digest(expected.bytes, given.bytes)
        or not store.prove(
            address, code_hash=given, ticket=policy.digest(ticket), expires_at=now + policy.TICKET_LIFE
        )
    ):
        for limit, whom in ((policy.WRONG_PER_IP, ip), (policy.WRONG_PER_ADDRESS, _of(address))):
            store.count(_key(limit, whom), window=limit.window, now=now)
        raise policy.wrong_code()
    store.clear_count(_key(policy.WRONG_PER_ADDRESS, _of(address)))
    return ticket


def use_proof(*, address: Address, proof: str, now: datetime) -> None:
    """Take the proof, in the caller's transaction. Raises `not_proven` when it is another's, old or used."""
    if not store.use_proof(address, ticket=policy.digest(proof), now=now):
        raise policy.not_proven()


def open_session(*, organisation_id: UUID, brand_id: UUID, member_id: UUID, now: datetime) -> str:
    """Sign a member in to a brand; gives the token her browser keeps."""
    secret = policy.new_secret()
    store.add_session(
        models.MemberSession(
            member_id=member_id,
            digest=policy.digest(secret),
            brand_id=brand_id,
            organisation_id=organisation_id,
            created_at=now,
            seen_at=now,
            expires_at=policy.session_end(now, now),
        )
    )
    return policy.session_token(member_id, secret)


def get_session(*, token: str, brand_id: UUID, now: datetime) -> MemberSession | None:
    """The session of a token, if it is one of this brand and has not ended. Using it keeps it alive."""
    read = policy.read_session_token(token)
    if read is None:
        return None
    member_id, secret = read
    digest = policy.digest(secret)
    row = store.find_session(member_id, digest, now=now)
    if row is None or row.brand_id != brand_id:
        return None
    if now - row.seen_at >= policy.SEEN_EVERY:
        row.expires_at = policy.session_end(row.created_at, now)
        store.touch_session(member_id, digest, now=now, expires_at=row.expires_at)
    return MemberSession(row.member_id, row.brand_id, row.organisation_id, row.created_at, row.expires_at)


def close_session(*, token: str) -> None:
    """Sign out; a token that is none does nothing."""
    read = policy.read_session_token(token)
    if read is not None:
        store.drop_session(read[0], policy.digest(read[1]))


def close_sessions(*, member_id: UUID) -> int:
    """Sign a member out everywhere, e.g. when her membership was frozen; gives how many sessions ended."""
    return store.drop_sessions(member_id)


def prune(now: datetime) -> int:
    """Due work: forget codes, sessions and counts that have had their time."""
    with transaction.atomic():
        return store.prune(now, limit=5000)


def _count(limit: policy.Limit, whom: str, now: datetime) -> None:
    times, since = store.count(_key(limit, whom), window=limit.window, now=now)
    if times > limit.times:
        raise policy.too_many(limit, since, now)


def _of(address: Address) -> str:
    return f"{address.brand_id}/{address.hash}"


def _key(limit: policy.Limit, whom: str) -> UUID:
    return privacy.blind_index(value=f"{limit.name}/{whom}", purpose="member_sign_in_attempts")


def _code_hash(address: Address, code: str) -> UUID:
    """Keyed, since a million codes are quickly tried against a plain hash."""
    value = f"{address.brand_id}/{address.hash}/{address.purpose}/{address.owner or ''}/{code}"
    return privacy.blind_index(value=value, purpose="one_time_code")
