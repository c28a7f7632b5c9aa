"""Coming by somebody: the code that a new member brings becomes her recruiter, and the referral is judged at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import Coming
from regulars.facts.members import api as members
from regulars.facts.members.types import ById, Enrolled, Enrolment, MemberFilter
from regulars.flows.referrals.types import Came, Sender
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.privacy import api as privacy

_NOT_HERS = Came()


def senders(*, scope: Scope, texts: Iterable[str]) -> dict[str, Sender]:
    """Whom recruiters' texts mean: a code of an invitation or link, or a member's code. Others (a clerk) are left out.

    Two queries, however many there are; none without a text.
    """
    wanted = sorted({text.strip() for text in texts if text.strip()})
    if not wanted:
        return {}
    links = {
        text: link
        for code, link in referrals.find_links(brand_id=scope.brand_id, codes=wanted).items()
        for text in wanted
        if referrals.read_code(text) == code
    }
    rest = [text for text in wanted if text not in links]
    answers = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(code=text) for text in rest],
        any_status=True,
    )
    found = {text: member for text, member in zip(rest, answers, strict=True) if isinstance(member, UUID)}
    codes = members.codes_of(
        brand_id=scope.brand_id, member_ids={*found.values(), *(link.member_id for link in links.values())}
    )
    known = {text: Sender(member, codes[member]) for text, member in found.items() if member in codes}
    return known | {
        text: Sender(link.member_id, codes[link.member_id], link.id)
        for text, link in links.items()
        if link.member_id in codes
    }


def named(row: Enrolment, known: dict[str, Sender]) -> Enrolment:
    """The row with the recruiter's member code in the place of the code of her link."""
    sender = known.get(row.recruiter.strip())
    return row if sender is None else replace(row, recruiter=sender.code)


def joined(
    *,
    scope: Scope,
    rows: Sequence[tuple[Enrolled, str, Came | None]],
    known: dict[str, Sender],
    now: datetime,
) -> None:
    """New members with what they brought: referrals, sign-ups by links, attempts with a code that is none.

    In the transaction of the enrolment.
    """
    came = [(enrolled, known.get(text.strip()), text.strip(), how) for enrolled, text, how in rows]
    sent = [(enrolled, sender, how or _NOT_HERS) for enrolled, sender, _, how in came if sender is not None]
    lost = [
        (enrolled, text) for enrolled, sender, text, how in came
        if sender is None and how is not None and referrals.read_code(text)
    ]  # fmt: skip
    if not sent and not lost:
        return
    brand = organisations.get_brand(brand_id=scope.brand_id)
    for enrolled, text in lost:
        referrals.note_attempt(
            brand=brand, member_id=enrolled.member_id, recruiter_id=None, code=text, reason="unknown_code", now=now
        )  # fmt: skip
    if not sent:
        return
    recruiters = {sender.member_id for _, sender, _ in sent}
    phones = members.person_keys(member_ids={*recruiters, *(e.member_id for e, _, _ in sent)})
    referrals.note_joined(
        brand=brand,
        comings=[
            Coming(
                member_id=enrolled.member_id,
                recruiter_id=sender.member_id,
                share_id=sender.share_id,
                joined_at=enrolled.joined_at,
                devices=how.devices,
                phones=tuple(phones.get(enrolled.member_id, ())),
            )
            for enrolled, sender, how in sent
            if sender.member_id != enrolled.member_id
        ],
        recruiter_phones={one: phones.get(one, ()) for one in recruiters},
        inactive=inactive(brand=brand, member_ids=recruiters),
        now=now,
    )
    referrals.credit_joins(
        brand=brand,
        joins=[
            (enrolled.member_id, sender.member_id, sender.share_id, enrolled.joined_at)
            for enrolled, sender, _ in sent
            if sender.share_id is not None and sender.member_id != enrolled.member_id
        ],
        now=now,
    )


def tried(*, brand: Brand, member_id: UUID, code: str, now: datetime) -> str:
    """A member of the brand came in by somebody's code: why that does not count, kept for review; empty without one."""
    if not referrals.read_code(code) or not referrals.get_settings(brand_id=brand.id).enabled:
        return ""
    link = referrals.find_links(brand_id=brand.id, codes=[code]).get(referrals.read_code(code))
    if link is not None and link.kind != "join":
        return ""  # a member who opens what another shared: that is what links are for
    if link is None:
        reason, recruiter = "unknown_code", None
    else:
        recruiter = link.member_id
        came = referrals.referrals_of(brand_id=brand.id, member_ids=[member_id]).get(member_id)
        if came is not None and came.recruiter_id == recruiter:
            return ""  # her own friend's link, opened again
        reason = "existing_member"
        if recruiter == member_id:
            reason = "self_referral"
        elif recruiter in referrals.chain_of(brand_id=brand.id, member_id=member_id):
            reason = "ring"
    referrals.note_attempt(
        brand=brand, member_id=member_id, recruiter_id=recruiter, code=code, reason=reason, now=now
    )
    return reason


def seen(*, brand: Brand, member_id: UUID, devices: Sequence[UUID], now: datetime) -> None:
    """A member invites friends from this device, with the numbers she has now."""
    phones = members.person_keys(member_ids=[member_id]).get(member_id, ())
    referrals.note_seen(brand=brand, member_id=member_id, devices=devices, phones=tuple(phones), now=now)


def device_of(*, brand: Brand, text: str) -> UUID:
    """What a browser calls itself, as it is kept: a keyed hash."""
    return privacy.blind_index(value=text, purpose="referral_device", organisation_id=brand.organisation_id)


def inactive(*, brand: Brand, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the members who are frozen or have left."""
    wanted = set(member_ids)
    active = members.list_ids(
        scope=system_scope(brand), given=MemberFilter(), after=None, limit=len(wanted) or 1, among=wanted
    )
    return wanted - set(active)


def system_scope(brand: Brand) -> Scope:
    return Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
