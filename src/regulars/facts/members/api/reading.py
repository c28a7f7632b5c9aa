"""Members as people may see them: personal data masked unless the caller has the permission."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db import connection

from regulars.facts.members.policy import profile as profile_policy
from regulars.facts.members.states import PersonalFacts
from regulars.facts.members.store import reading, vocabulary
from regulars.facts.members.store.personal import (
    PROFILE_FIELDS,
    masked_profile,
    unseal,
    unseal_identity,
)
from regulars.facts.members.store.reading import MembershipRecord, ProfileRecord, Search
from regulars.facts.members.types import (
    Counters,
    IdentityView,
    MemberBrief,
    MemberCard,
    MemberFilter,
    MemberRow,
    ProfileView,
)
from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy

MEMBER = Text("会员", "Member")
ANYBODY = MemberFilter()


def get_card(*, scope: Scope, member_id: UUID) -> MemberCard:
    """One member of the scope's brand, by three queries. Raises `not_found`, for other brands' members too."""
    with connection.cursor() as cursor:
        found = reading.read_member(cursor, brand_id=scope.brand_id, member_id=member_id)
        if found is None:
            raise not_found(MEMBER)
        identities = reading.identities_of(cursor, member_id=member_id)
    membership, profile, brands = found
    fields = vocabulary.fields_of(scope.brand_id)
    clear = may_read_personal(scope, member_id)
    values = open_profile(member_id, profile)
    return MemberCard(
        member_id=member_id,
        code=membership.code,
        status=membership.status,
        language=membership.language,
        joined_at=membership.joined_at,
        channel=membership.channel,
        touchpoint=membership.touchpoint,
        store_id=membership.store_id,
        recruiter=membership.recruiter,
        tags=tuple(membership.tags),
        attributes=membership.attributes,
        tier=membership.tier,
        counters=_counters(membership),
        profile=ProfileView(
            **(values if clear else masked_profile(values)),
            clear=clear,
            updated_at=profile.updated_at,
            birthday_changeable_at=profile_policy.birthday_changeable_at(
                values["birthday"], profile.birthday_set_at
            ),
        ),
        identities=tuple(
            IdentityView(
                id=i.id,
                type=i.type,
                masked=i.masked,
                value=unseal_identity(member_id, i.type, i.value) if clear else None,
                verified_at=i.verified_at,
                created_at=i.created_at,
            )
            for i in identities
        ),
        completion_percent=profile_policy.completion_percent(values, membership.attributes, fields),
        brands=tuple(brands),
    )


def list_members(
    *,
    scope: Scope,
    given: MemberFilter = ANYBODY,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[MemberRow]:
    """Members of the brand, newest first. Store staff list their stores' members and find others exactly.

    A `q` too short to search by (one Latin letter) finds nobody.
    """
    limit = max(1, min(limit, paging.MAX_PORTION))
    search = reading.search_of(scope.organisation_id, given.q) if given.q.strip() else None
    if search is not None and search.nothing:
        return Page([])
    with connection.cursor() as db:
        rows = reading.list_memberships(
            db,
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            given=given,
            search=search,
            store_ids=scope.store_ids,
            after=paging.decode_at(cursor),
            limit=limit + 1,
        )
    page = paging.cut(rows, limit, lambda row: [row[0].joined_at.isoformat(), row[0].member_id])
    clear = scope.allows("members.read_personal")
    items = []
    for membership, sealed_name, sealed_phone, masked_phone in page.items:
        name = unseal(membership.member_id, "name", sealed_name)
        if search is not None and search.by_name and not _really(given.q, name, search, membership):
            continue
        phone = masked_phone or ""
        if clear and sealed_phone is not None:
            phone = unseal_identity(membership.member_id, "phone", sealed_phone)
        items.append(_row(membership, name if clear else privacy.mask_name(name), phone))
    return Page(items, page.next_cursor)


def personal_facts(*, member_ids: Sequence[UUID]) -> dict[UUID, PersonalFacts]:
    """What conditions may ask of the persons, decrypted; members without a profile are left out."""
    with connection.cursor() as cursor:
        rows = reading.personal_facts(cursor, member_ids=member_ids)
    facts = {}
    for member_id, gender, birthday in rows:
        day = unseal(member_id, "birthday", birthday)
        facts[member_id] = PersonalFacts(
            birthday=date.fromisoformat(day) if day else None,
            gender=unseal(member_id, "gender", gender) or None,
        )
    return facts


def names_of(*, scope: Scope, member_ids: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Member → code and name (masked unless allowed), for lists of other rooms' things."""
    clear = scope.allows("members.read_personal")
    with connection.cursor() as cursor:
        rows = reading.codes_and_names(cursor, brand_id=scope.brand_id, member_ids=member_ids)
    named = {}
    for member_id, code, sealed in rows:
        name = unseal(member_id, "name", sealed)
        named[member_id] = (code, name if clear else privacy.mask_name(name))
    return named


def briefs_of(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, MemberBrief]:
    """What texts say of memberships, of those who have one in the brand: one query, nothing personal."""
    with connection.cursor() as cursor:
        rows = reading.briefs(cursor, brand_id=brand_id, member_ids=member_ids, active=False)
    return {row[0]: MemberBrief(*row[1:]) for row in rows}


def codes_of(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Member → code, for those who have a membership of the brand."""
    with connection.cursor() as cursor:
        return dict(reading.codes(cursor, brand_id=brand_id, member_ids=member_ids))


def may_read_personal(scope: Scope, member_id: UUID) -> bool:
    """Staff and keys with the permission, and the member herself."""
    herself = scope.actor.kind == "member" and scope.actor.id == member_id
    return herself or scope.allows("members.read_personal")


def open_profile(member_id: UUID, profile: ProfileRecord) -> dict[str, str]:
    return {
        field: unseal(member_id, field, sealed)
        for field, sealed in zip(PROFILE_FIELDS, profile.sealed, strict=True)
    }


def _really(q: str, name: str, search: Search, membership: MembershipRecord) -> bool:
    """Tokens of name parts may meet in another order; codes and cards found by key always count."""
    wanted = privacy.normalise(kind="name", value=q)
    found = privacy.normalise(kind="name", value=name)
    if wanted in found or membership.code.casefold() == wanted:
        return True
    words = found.replace("-", " ").split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def _counters(membership: MembershipRecord) -> Counters:
    return Counters(
        orders=membership.orders,
        spend=membership.spend,
        refunds=membership.refunds,
        visits=membership.visits,
        first_order_at=membership.first_order_at,
        last_order_at=membership.last_order_at,
        last_at=membership.last_at,
    )


def _row(membership: MembershipRecord, name: str, phone: str) -> MemberRow:
    return MemberRow(
        member_id=membership.member_id,
        code=membership.code,
        name=name,
        phone=phone,
        status=membership.status,
        tier=membership.tier,
        tags=tuple(membership.tags),
        channel=membership.channel,
        store_id=membership.store_id,
        joined_at=membership.joined_at,
        counters=_counters(membership),
    )
