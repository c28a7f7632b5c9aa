"""Referrals, shares and commission as the public API and the console show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import (
    REASONS,
    SHARE_KINDS,
    STATEMENT_STATES,
    STATES,
    Branch,
    EntryRow,
    Promoter,
    ReferralRow,
    Settings,
    ShareLink,
    StatementRow,
)
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.referrals import api as flow
from regulars.kit.errors import invalid_field
from regulars.kit.paging import Page
from regulars.kit.text import Language
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.surfaces.referral_shapes import (
    CommissionEntryOut,
    CommissionOut,
    PromoterIn,
    PromoterOut,
    ReferralAttemptOut,
    ReferralBranchOut,
    ReferralFunnelOut,
    ReferralOfMemberOut,
    ReferralOut,
    ReferralPersonOut,
    ReferralRefusedOut,
    ReferralReviewIn,
    ReferralSettingsOut,
    ShareLinkIn,
    ShareLinkOut,
    ShareRowOut,
    StatementDetailOut,
    StatementOut,
)

_NEWEST = 20
_SPAN = timedelta(days=90)
_LONGEST = timedelta(days=1100)
_PAGES = {"join": "join", "reward": "mall/{content}", "coupon": "wallet/claim", "page": "{content}"}
People = Mapping[UUID, ReferralPersonOut]


def path_of(brand: Brand, link: ShareLink) -> str:
    """Where a link leads, below the site's address."""
    return f"/h/{brand.slug}/{_PAGES[link.kind].format(content=link.content)}?r={link.code}"


@dataclass(frozen=True, slots=True)
class ReferralViewer:
    """What one caller sees, in her language."""

    scope: Scope
    language: Language
    now: datetime

    @property
    def brand(self) -> Brand:
        return organisations.get_brand(brand_id=self.scope.brand_id)

    # -- the programme

    def settings(self) -> ReferralSettingsOut:
        return self._settings(referrals.get_settings(brand_id=self.scope.brand_id))

    def change_settings(self, definition: Mapping[str, Any]) -> ReferralSettingsOut:
        return self._settings(flow.put_settings(scope=self.scope, definition=definition, now=self.now))

    def _settings(self, found: Settings) -> ReferralSettingsOut:
        def said(rewards: Sequence[Mapping[str, Any]]) -> list[str]:
            return [
                rewarding.describe(one, self.language, brand_id=self.scope.brand_id)
                for one in rewarding.rewards_of(rewards)
            ]

        return ReferralSettingsOut(
            version=found.version,
            definition=referrals.settings_json(found),
            rewards_text={
                "recruiter": said(found.recruiter_rewards),
                "friend": said(found.friend_rewards),
            },
            actor=found.actor,
            created_at=found.created_at,
        )

    # -- friends and recruiters

    def referrals(
        self,
        *,
        recruiter_id: UUID | None,
        state: str,
        reason: str,
        unreviewed: bool,
        cursor: str | None,
        limit: int,
    ) -> Page[ReferralOut]:
        page = referrals.list_referrals(
            brand_id=self.scope.brand_id, recruiter_id=recruiter_id, state=state, reason=reason,
            unreviewed=unreviewed, cursor=cursor, limit=limit,
        )  # fmt: skip
        return Page(self._referrals(page.items), page.next_cursor)

    def attempts(self, *, cursor: str | None, limit: int) -> Page[ReferralAttemptOut]:
        page = referrals.list_attempts(brand_id=self.scope.brand_id, cursor=cursor, limit=limit)
        people = self._people(
            [one.member_id for one in page.items]
            + [one.recruiter_id for one in page.items if one.recruiter_id is not None]
        )
        return Page(
            [
                ReferralAttemptOut(
                    id=one.id,
                    member=_person(people, one.member_id),
                    recruiter=None if one.recruiter_id is None else _person(people, one.recruiter_id),
                    code=one.code,
                    reason=one.reason,
                    reason_text=self._reason(one.reason),
                    at=one.at,
                )
                for one in page.items
            ],
            page.next_cursor,
        )

    def review(self, member_id: UUID, given: ReferralReviewIn) -> ReferralOut:
        row = flow.review(
            scope=self.scope,
            brand=self.brand,
            member_id=member_id,
            counts=given.counts,
            note=given.note.strip(),
            now=self.now,
        )
        return self._referrals([row])[0]

    def tree(self, root: UUID, *, depth: int) -> list[ReferralBranchOut]:
        return self._branches(referrals.tree(brand_id=self.scope.brand_id, root=root, depth=depth))

    def roots(self, *, cursor: str | None, limit: int) -> Page[ReferralBranchOut]:
        page = referrals.roots(brand_id=self.scope.brand_id, cursor=cursor, limit=limit)
        return Page(self._branches(page.items), page.next_cursor)

    def funnel(self, since: datetime | None, until: datetime | None) -> ReferralFunnelOut:
        first, last = self._span(since, until)
        found = referrals.funnel(brand=self.brand, since=first, until=last)
        return ReferralFunnelOut(
            since=first,
            until=last,
            sharers=found.sharers,
            visitors=found.visitors,
            joined=found.joined,
            ordered=found.ordered,
            qualified=found.qualified,
            returned=found.returned,
            refused=[
                ReferralRefusedOut(reason=reason, text=self._reason(reason), friends=number)
                for reason, number in sorted(found.refused.items(), key=lambda one: (-one[1], one[0]))
            ],
            cost=found.cost,
            cost_each=found.cost_each,
        )

    def of_member(self, member_id: UUID) -> ReferralOfMemberOut:
        brand = self.brand
        came = referrals.referrals_of(brand_id=brand.id, member_ids=[member_id]).get(member_id)
        page = referrals.list_referrals(brand_id=brand.id, recruiter_id=member_id, limit=_NEWEST)
        link = None
        if referrals.get_settings(brand_id=brand.id).enabled:
            link = referrals.get_link(brand=brand, member_id=member_id, kind="join", content="", now=self.now)
        shown = self._referrals([*page.items, *([came] if came else [])])
        return ReferralOfMemberOut(
            code=link.code if link else "",
            path=path_of(brand, link) if link else "",
            came_by=shown[-1] if came else None,
            friends=referrals.friend_counts(brand_id=brand.id, recruiter_id=member_id),
            newest=shown[:-1] if came else shown,
        )

    # -- shares

    def share(self, member_id: UUID, given: ShareLinkIn) -> ShareLinkOut:
        link = referrals.get_link(
            brand=self.brand, member_id=member_id, kind=given.kind, content=given.content, now=self.now
        )
        return ShareLinkOut(
            code=link.code, kind=link.kind, content=link.content, path=path_of(self.brand, link)
        )

    def shares(
        self, *, by: str, member_id: UUID | None, since: datetime | None, until: datetime | None
    ) -> list[ShareRowOut]:
        first, last = self._span(since, until)
        rows = referrals.share_report(brand=self.brand, since=first, until=last, by=by, member_id=member_id)
        people = self._people([row.member_id for row in rows if row.member_id is not None])
        return [
            ShareRowOut(
                member=None if row.member_id is None else _person(people, row.member_id),
                kind=row.kind,
                kind_text=SHARE_KINDS[row.kind].in_language(self.language),
                content=row.content,
                links=row.links,
                visits=row.visits,
                visitors=row.visitors,
                joins=row.joins,
                orders=row.orders,
                net=row.net,
            )
            for row in rows
        ]

    # -- commission

    def promoters(self, *, cursor: str | None, limit: int) -> Page[PromoterOut]:
        page = referrals.list_promoters(brand_id=self.scope.brand_id, cursor=cursor, limit=limit)
        return Page(self._promoters(page.items), page.next_cursor)

    def put_promoter(self, member_id: UUID, given: PromoterIn) -> PromoterOut:
        row = referrals.put_promoter(
            scope=self.scope,
            member_id=member_id,
            level=given.level,
            state=given.state,
            tax_note=given.tax_note,
            staff_note=given.staff_note,
            now=self.now,
        )
        return self._promoters([row])[0]

    def adjust(self, member_id: UUID, amount: int, note: str) -> PromoterOut:
        row = referrals.adjust_commission(
            scope=self.scope, member_id=member_id, amount=amount, note=note, now=self.now
        )
        return self._promoters([row])[0]

    def commissions(self, member_id: UUID, *, cursor: str | None, limit: int) -> Page[CommissionOut]:
        page = referrals.list_commissions(
            brand_id=self.scope.brand_id, member_id=member_id, cursor=cursor, limit=limit
        )
        people = self._people([row.buyer_id for row in page.items])
        return Page(
            [
                CommissionOut(
                    activity_id=row.order_id,
                    buyer=_person(people, row.buyer_id),
                    via=row.via,
                    level=row.level,
                    base=row.base,
                    amount=row.amount,
                    state=row.state,
                    ordered_at=row.ordered_at,
                    thaws_at=row.thaws_at,
                )
                for row in page.items
            ],
            page.next_cursor,
        )

    def entries(self, member_id: UUID) -> list[CommissionEntryOut]:
        return [
            _entry(one) for one in referrals.list_entries(brand_id=self.scope.brand_id, member_id=member_id)
        ]

    def statements(self, *, month: str, cursor: str | None, limit: int) -> Page[StatementOut]:
        page = referrals.list_statements(
            brand_id=self.scope.brand_id, month=month, cursor=cursor, limit=limit
        )
        return Page(self._statements(page.items), page.next_cursor)

    def each_statement(self, *, month: str) -> Iterator[StatementOut]:
        """Every statement, of one month or all, for a file."""
        for portion in referrals.walk_statements(brand_id=self.scope.brand_id, month=month):
            yield from self._statements(portion)

    def draft(self, month: str) -> Page[StatementOut]:
        page = referrals.draft_statements(scope=self.scope, brand=self.brand, month=month, now=self.now)
        return Page(self._statements(page.items), page.next_cursor)

    def statement(self, member_id: UUID, month: str) -> StatementDetailOut:
        row, entries = referrals.get_statement(brand_id=self.scope.brand_id, member_id=member_id, month=month)
        return StatementDetailOut(
            statement=self._statements([row])[0], entries=[_entry(one) for one in entries]
        )

    def confirm(self, member_id: UUID, month: str) -> StatementOut:
        row = referrals.confirm_statement(
            scope=self.scope, brand=self.brand, member_id=member_id, month=month, now=self.now
        )
        return self._statements([row])[0]

    def paid(self, member_id: UUID, month: str, reference: str) -> StatementOut:
        row = referrals.mark_paid(
            scope=self.scope, brand=self.brand, member_id=member_id, month=month, reference=reference, now=self.now
        )  # fmt: skip
        return self._statements([row])[0]

    # -- shown

    def _span(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        last = until or self.now
        first = since or last - _SPAN
        if first >= last:
            raise invalid_field(
                "until", "before_start", "结束须晚于开始", "The end must come after the start"
            )
        if last - first > _LONGEST:
            raise invalid_field("since", "too_long", "最长三年", "Three years at most")
        return first, last

    def _reason(self, reason: str) -> str:
        return REASONS[reason].in_language(self.language) if reason in REASONS else reason

    def _people(self, ids: Iterable[UUID]) -> People:
        named = members.names_of(scope=self.scope, member_ids=set(ids))
        return {id_: ReferralPersonOut(id=id_, code=code, name=name) for id_, (code, name) in named.items()}

    def _referrals(self, rows: Sequence[ReferralRow]) -> list[ReferralOut]:
        people = self._people([row.member_id for row in rows] + [row.recruiter_id for row in rows])
        return [
            ReferralOut(
                friend=_person(people, row.member_id),
                recruiter=_person(people, row.recruiter_id),
                state=row.state,
                state_text=STATES[row.state].in_language(self.language),
                reason=row.reason,
                reason_text=self._reason(row.reason),
                cleared=row.cleared,
                reviewed_by=row.reviewed_by,
                note=row.note,
                joined_at=row.joined_at,
                ordered_at=row.ordered_at,
                order_amount=row.order_amount,
                counts_at=row.window_ends_at if row.state == "waiting" else None,
                qualified_at=row.qualified_at,
                ended_at=row.ended_at,
                cost=row.cost,
            )
            for row in rows
        ]

    def _branches(self, rows: Sequence[Branch]) -> list[ReferralBranchOut]:
        people = self._people([row.member_id for row in rows])
        return [
            ReferralBranchOut(
                member=_person(people, row.member_id),
                recruiter_id=row.recruiter_id,
                depth=row.depth,
                state=row.state,
                state_text=STATES[row.state].in_language(self.language) if row.state in STATES else "",
                friends=row.friends,
                qualified=row.qualified,
            )
            for row in rows
        ]

    def _promoters(self, rows: Sequence[Promoter]) -> list[PromoterOut]:
        people = self._people([row.member_id for row in rows])
        terms = referrals.get_settings(brand_id=self.scope.brand_id).commission
        names = {one.code: one.name.in_language(self.language) for one in terms.levels}
        return [
            PromoterOut(
                member=_person(people, row.member_id),
                level=row.level,
                level_text=names.get(row.level, row.level),
                state=row.state,
                tax_note=row.tax_note,
                staff_note=row.staff_note,
                since=row.since,
                frozen=row.frozen,
                open=row.open,
                confirmed=row.confirmed,
                paid=row.paid,
            )
            for row in rows
        ]

    def _statements(self, rows: Sequence[StatementRow]) -> list[StatementOut]:
        people = self._people([row.member_id for row in rows])
        return [
            StatementOut(
                member=_person(people, row.member_id),
                month=row.month,
                state=row.state,
                state_text=STATEMENT_STATES[row.state].in_language(self.language),
                opening=row.opening,
                earned=row.earned,
                clawed=row.clawed,
                adjusted=row.adjusted,
                payout=row.payout,
                carried=row.carried,
                tax_note=row.tax_note,
                made_by=row.made_by,
                made_at=row.made_at,
                confirmed_by=row.confirmed_by,
                confirmed_at=row.confirmed_at,
                paid_by=row.paid_by,
                paid_at=row.paid_at,
                reference=row.reference,
            )
            for row in rows
        ]


def _person(people: People, member_id: UUID) -> ReferralPersonOut:
    """Who has no membership any more keeps her id."""
    return people.get(member_id) or ReferralPersonOut(id=member_id, code="", name="")


def _entry(one: EntryRow) -> CommissionEntryOut:
    return CommissionEntryOut(
        seq=one.seq,
        account=one.account,
        kind=one.kind,  # type: ignore[arg-type]
        amount=one.amount,
        activity_id=one.order_id,
        statement=one.statement,
        note=one.note,
        actor=one.actor,
        at=one.at,
    )
