"""Members: the list, enrolling, the card, changes of profile, identifiers, status, notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema, Status
from pydantic import Field

from regulars.audience.segments import api as segments
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment, MemberFilter, MemberRow
from regulars.facts.members.types import IdentityIn as Identity
from regulars.flows.enrol import enrol
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.periods import start_of_day
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.surfaces import member_pass
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.bodies import Day
from regulars.surfaces.console import card
from regulars.surfaces.console.asking import (
    PAGE,
    Code,
    Cursor,
    Limit,
    brand_of,
    member_id_of,
    needs,
    store_id_of,
    uuid_of,
)
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import (
    EnrolIn,
    EnrolledOut,
    IdentityIn,
    MemberOut,
    MemberRowOut,
    NoteIn,
    NoteOut,
    ProfileIn,
    StatusIn,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.surfaces.console.sheets import Format, portions, sheet
from regulars.value.ledger import api as ledger

router = Router(tags=["Members"])
_CHANGEABLE = ("name", "gender", "birthday", "address", "language", "attributes")
_COLUMNS = {
    "code": Text("会员码", "Code"),
    "name": Text("姓名", "Name"),
    "phone": Text("手机号", "Phone"),
    "status": Text("状态", "Status"),
    "tier": Text("等级", "Tier"),
    "points": Text("可用积分", "Points"),
    "orders": Text("订单数", "Orders"),
    "spend": Text("累计消费（最小货币单位）", "Spend (minor units)"),
    "last_order_at": Text("最近下单", "Last order"),
    "joined_at": Text("入会时间", "Joined"),
    "channel": Text("入会渠道", "Channel"),
    "store": Text("入会门店", "Store"),
    "tags": Text("标签", "Tags"),
}


class FilterIn(Schema):
    """All given parts must hold. Days are business days, both ends included."""

    q: Annotated[str, Field(max_length=200)] = ""
    tier: Annotated[str | None, Field(max_length=64)] = None
    tag: Annotated[str | None, Field(max_length=64)] = None
    segment: Annotated[str | None, Field(max_length=64)] = None
    store: Annotated[str | None, Field(max_length=64)] = None
    channel: Annotated[str | None, Field(max_length=64)] = None
    status: Literal["active", "frozen", "left"] | None = None
    joined_from: Day | None = None
    joined_to: Day | None = None
    last_order_from: Day | None = None
    last_order_to: Day | None = None


@router.get("/members", response=PageOut[MemberRowOut], **needs("members.read"))
def list_members(
    request: HttpRequest, given: Query[FilterIn], cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Members, newest first. Names and phones are masked without `members.read_personal`."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = members.list_members(scope=scope, given=_filter(scope, given), cursor=cursor, limit=limit)
    return PageOut[MemberRowOut](items=_rows(scope, naming, page.items), next_cursor=page.next_cursor)


@router.get("/members/export", include_in_schema=False, **needs("members.export"))
def export_members(request: HttpRequest, given: Query[FilterIn], format: Format = "csv") -> HttpResponseBase:
    """The list as a file, with the same filters; masked like the list. The audit log keeps who took it."""
    scope, now = scope_of(request), clock.now()
    naming = Naming(scope, language(request), now)
    wanted = _filter(scope, given)

    def rows() -> Iterator[list[Any]]:
        for portion in portions(
            lambda cursor, limit: members.list_members(scope=scope, given=wanted, cursor=cursor, limit=limit)
        ):
            for row in _rows(scope, naming, portion):
                yield [
                    row.code, row.name, row.phone, row.status, row.tier.name if row.tier else "", row.points,
                    row.orders, row.spend, row.last_order_at, row.joined_at, row.channel,
                    row.store.name if row.store else "", ", ".join(row.tags),
                ]  # fmt: skip

    answer = sheet(
        name=f"members-{naming.brand.slug}-{now:%Y%m%d}",
        header=[naming.say(text) for text in _COLUMNS.values()],
        rows=rows(),
        format_=format,
        timezone=naming.brand.timezone,
    )
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="member.export",
        subject_type="brand",
        subject_id=scope.brand_id,
        after={
            "format": format,
            "filter": given.model_dump(mode="json", exclude_defaults=True, exclude={"q"}),
        },
        now=now,
    )
    return answer


@router.post("/members", response={201: EnrolledOut}, **needs("members.write"))
def enrol_member(request: HttpRequest, given: EnrolIn) -> Any:
    """Enrol somebody. 409 `already_member` or `identity_conflict` when an identifier is somebody's."""
    scope = scope_of(request)
    row = Enrolment(
        identities=tuple(Identity(one.type, one.value) for one in given.identities),
        name=given.name,
        gender=given.gender,
        birthday=given.birthday or None,
        address=given.address,
        language=given.language,
        channel=given.channel,
        touchpoint=given.touchpoint,
        store_id=store_id_of(scope, given.store),
        recruiter=given.recruiter,
        tags=tuple(given.tags),
        attributes=given.attributes,
        code=given.code or None,
    )
    (answer,) = enrol(scope=scope, rows=[row], now=clock.now())
    if isinstance(answer, Refusal):
        raise answer
    return Status(201, EnrolledOut(code=answer.enrolled.code, outcome=answer.enrolled.outcome))


@router.get("/members/{code}", response=MemberOut, **needs("members.read"))
def get_member(request: HttpRequest, code: Code) -> Any:
    """Who she is, what she has, where she stands."""
    return _card(request, code)


@router.patch("/members/{code}", response=MemberOut, **needs("members.write"))
def change_member(request: HttpRequest, code: Code, given: ProfileIn) -> Any:
    """Change what is sent; an empty text clears a field, `attributes` are merged."""
    scope = scope_of(request)
    sent = given.model_dump(exclude_unset=True)
    changes = {name: sent[name] for name in _CHANGEABLE if name in sent}
    if "birthday" in changes and not changes["birthday"]:
        changes["birthday"] = None
    members.update_member(scope=scope, member_id=member_id_of(scope, code), changes=changes, now=clock.now())
    return _card(request, code)


@router.put("/members/{code}/status", response=MemberOut, **needs("members.write"))
def set_status(request: HttpRequest, code: Code, given: StatusIn) -> Any:
    """Freeze a member, or take the freeze back."""
    scope = scope_of(request)
    members.update_member(
        scope=scope, member_id=member_id_of(scope, code), changes={"status": given.status}, now=clock.now()
    )
    return _card(request, code)


@router.post("/members/{code}/identities", response=MemberOut, **needs("members.write"))
def add_identity(request: HttpRequest, code: Code, given: IdentityIn) -> Any:
    """One more identifier. 409 `identity_taken` if somebody else has it."""
    scope = scope_of(request)
    members.add_identity(
        scope=scope,
        member_id=member_id_of(scope, code),
        identity=Identity(given.type, given.value),
        now=clock.now(),
    )
    return _card(request, code)


@router.delete("/members/{code}/identities/{identity_id}", response=MemberOut, **needs("members.write"))
def remove_identity(request: HttpRequest, code: Code, identity_id: Code) -> Any:
    """Take an identifier away; the last one stays."""
    scope = scope_of(request)
    members.remove_identity(
        scope=scope,
        member_id=member_id_of(scope, code),
        identity_id=uuid_of(identity_id, Text("标识", "Identity")),
        now=clock.now(),
    )
    return _card(request, code)


@router.get("/members/{code}/notes", response=list[NoteOut], **needs("members.read"))
def list_notes(request: HttpRequest, code: Code) -> Any:
    """What staff wrote about her, newest first (200 at most)."""
    scope = scope_of(request)
    page = members.list_notes(scope=scope, member_id=member_id_of(scope, code), limit=200)
    return [_note(note) for note in page.items]


@router.post("/members/{code}/notes", response={201: NoteOut}, **needs("members.write"))
def add_note(request: HttpRequest, code: Code, given: NoteIn) -> Any:
    """Write a note."""
    scope = scope_of(request)
    note = members.add_note(
        scope=scope, member_id=member_id_of(scope, code), text=given.text, now=clock.now()
    )
    return Status(201, _note(note))


def _note(note: Any) -> NoteOut:
    return NoteOut(id=str(note.id), author=note.author, text=note.text, created_at=note.created_at)


def _card(request: HttpRequest, code: str) -> MemberOut:
    scope, now = scope_of(request), clock.now()
    return card.card(Naming(scope, language(request), now), member_id_of(scope, code), now)


def _filter(scope: Scope, given: FilterIn) -> MemberFilter:
    timezone = brand_of(scope).timezone

    def start(day: date | None) -> datetime | None:
        return start_of_day(day, timezone) if day else None

    def end(day: date | None) -> datetime | None:
        return start_of_day(day + timedelta(days=1), timezone) if day else None

    q = given.q
    if q and member_pass.is_one(q):  # a clerk's scanner types what it reads into the search box
        member_id = member_pass.read(brand_id=scope.brand_id, token=q, now=clock.now())
        q = members.get_card(scope=scope, member_id=member_id).code
    return MemberFilter(
        q=q,
        tier=given.tier,
        tag=given.tag,
        store_id=store_id_of(scope, given.store),
        channel=given.channel,
        status=given.status,
        joined_from=start(given.joined_from),
        joined_before=end(given.joined_to),
        last_order_from=start(given.last_order_from),
        last_order_before=end(given.last_order_to),
        segment_id=segments.find_id(brand_id=scope.brand_id, code=given.segment) if given.segment else None,
    )


def _rows(scope: Scope, naming: Naming, rows: Any) -> list[MemberRowOut]:
    unit = card.main_unit(naming)
    accounts: Any = {}
    if unit and rows and scope.allows("ledger.read"):
        accounts = ledger.get_balances(brand_id=scope.brand_id, member_ids=[row.member_id for row in rows])

    def one(row: MemberRow) -> MemberRowOut:
        account = accounts.get(row.member_id, {}).get(unit)
        return MemberRowOut(
            code=row.code,
            name=row.name,
            phone=row.phone,
            status=row.status,
            tier=naming.tier(row.tier),
            tags=list(row.tags),
            channel=row.channel,
            store=naming.store(row.store_id),
            joined_at=row.joined_at,
            orders=row.counters.orders,
            spend=row.counters.spend,
            last_order_at=row.counters.last_order_at,
            points=(account.available if account else 0) if scope.allows("ledger.read") and unit else None,
        )

    return [one(row) for row in rows]
