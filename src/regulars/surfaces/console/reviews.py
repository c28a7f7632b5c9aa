"""Held for review: the brand's rules against abuse, the queue, and whose phone a member of staff has."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from regulars.facts.members import api as members
from regulars.flows import reviews as review_flow
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.staff import api as staff
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.shared import PageOut, Shape
from regulars.value.reviews import api as reviews
from regulars.value.reviews.types import CASE, OF, PER, SELF_DEALING, Case, Watch

router = Router(tags=["Reviews"])
_PERSON = Text("员工", "Staff member")
_KINDS = {
    "earn": Text("获得积分", "value earned"),
    "burn": Text("消耗积分", "value spent"),
    "verification": Text("权益核销", "benefit used"),
    "staff": Text("员工自办", "served themselves"),
}
_SELF = Text("员工为自己的会员账号办理", "A member of staff serves her own membership")
_FAST = Text(
    "{minutes} 分钟内{per}{of}超过 {limit} 次", "more than {limit} {of} {per} within {minutes} minutes"
)
_GONE = Text("规则 {key}（已删除）", "Rule {key} (gone)")
State = Literal["open", "released", "confirmed"]


class VelocityIO(Shape):
    key: Annotated[str, Field(max_length=40)]
    of: Annotated[str, Field(max_length=20)]
    per: Annotated[str, Field(max_length=20)]
    limit: int
    minutes: int
    enabled: bool = True


class RulesIO(Shape):
    """`velocity`: more than `limit` of something per member, device or store in a window of `minutes`."""

    velocity: Annotated[list[VelocityIO], Field(max_length=50)] = []
    self_dealing: bool = False


class CaseOut(Shape):
    """`sentence` says which rule it was. `activity_id` is null for what was refused."""

    id: str
    kind: str
    kind_name: str
    rule: str
    sentence: str
    member: str
    member_name: str
    store: str | None
    actor: str
    activity_id: str | None
    detail: dict[str, Any]
    state: str
    opened_at: datetime
    decided_by: str
    decided_at: datetime | None
    comment: str


class CasesOut(PageOut[CaseOut]):
    open: int


class ReviewDecideIn(Shape):
    comment: Annotated[str, Field(min_length=1, max_length=500)]


class PhoneIn(Shape):
    """Her own phone, or null to forget it; only its hash is kept."""

    phone: Annotated[str, Field(max_length=32)] | None = None


@router.get("/reviews", response=CasesOut, **needs("ledger.approve"))
def list_cases(
    request: HttpRequest,
    state: Annotated[State, Query()] = "open",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """The queue, newest first."""
    scope, now = scope_of(request), clock.now()
    page = reviews.list_cases(scope=scope, state=state, cursor=cursor, limit=limit)
    naming = Naming(scope, language(request), now)
    watch = reviews.get_watch(brand_id=scope.brand_id)
    names = members.names_of(scope=scope, member_ids=[one.member_id for one in page.items])
    return CasesOut(
        items=[_case(naming, one, watch, names.get(one.member_id, ("", ""))) for one in page.items],
        next_cursor=page.next_cursor,
        open=reviews.count_open(brand_id=scope.brand_id),
    )


@router.post("/reviews/{case_id}/release", response=CaseOut, **needs("ledger.approve"))
def release(request: HttpRequest, case_id: Code, given: ReviewDecideIn) -> Any:
    """It is in order: what was held becomes spendable. 403 `own_case` for whoever did it."""
    return _decide(request, case_id, given, True)


@router.post("/reviews/{case_id}/confirm", response=CaseOut, **needs("ledger.approve"))
def confirm(request: HttpRequest, case_id: Code, given: ReviewDecideIn) -> Any:
    """It was abuse: what was held is cancelled."""
    return _decide(request, case_id, given, False)


@router.get("/reviews/rules", response=RulesIO, **needs("settings.write"))
def get_rules(request: HttpRequest) -> Any:
    """The brand's rules against abuse."""
    return reviews.get_watch(brand_id=scope_of(request).brand_id).to_json()


@router.put("/reviews/rules", response=RulesIO, **needs("settings.write"))
def put_rules(request: HttpRequest, given: RulesIO) -> Any:
    """Change them; they hold for what is posted from now on."""
    return reviews.put_watch(scope=scope_of(request), rules=given.dict(), now=clock.now()).to_json()


@router.put("/staff/{staff_id}/phone", response={204: None}, **needs("staff.manage"))
def put_phone(request: HttpRequest, staff_id: Code, given: PhoneIn) -> Any:
    """Say which phone is hers, so that what she does for her own membership is held."""
    scope = scope_of(request)
    person = staff.get_staff(organisation_id=scope.organisation_id, staff_id=uuid_of(staff_id, _PERSON))
    review_flow.link_staff(scope=scope, staff_id=person.id, phone=given.phone, now=clock.now())
    return Status(204, None)


def _decide(request: HttpRequest, case_id: str, given: ReviewDecideIn, release: bool) -> CaseOut:
    scope, now = scope_of(request), clock.now()
    done = review_flow.decide_case(
        scope=scope, case_id=uuid_of(case_id, CASE), release=release, comment=given.comment, now=now
    )
    names = members.names_of(scope=scope, member_ids=[done.member_id])
    watch = reviews.get_watch(brand_id=scope.brand_id)
    naming = Naming(scope, language(request), now)
    return _case(naming, done, watch, names.get(done.member_id, ("", "")))


def _case(naming: Naming, one: Case, watch: Watch, name: tuple[str, str]) -> CaseOut:
    store = next((s for s in naming.stores.values() if s.id == one.store_id), None)
    return CaseOut(
        id=str(one.id),
        kind=one.kind,
        kind_name=naming.say(_KINDS[one.kind]),
        rule=one.rule,
        sentence=_sentence(naming, one.rule, watch),
        member=name[0],
        member_name=name[1],
        store=store.code if store else None,
        actor=one.actor,
        activity_id=str(one.activity_id) if one.activity_id else None,
        detail={k: v for k, v in one.detail.items() if k != "effects"},
        state=one.state,
        opened_at=one.opened_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        comment=one.comment,
    )


def _sentence(naming: Naming, key: str, watch: Watch) -> str:
    if key == SELF_DEALING:
        return naming.say(_SELF)
    rule = next((one for one in watch.velocity if one.key == key), None)
    if rule is None:
        return naming.say(_GONE.format(key=key))
    return naming.say(_FAST.format(limit=rule.limit, minutes=rule.minutes, of=OF[rule.of], per=PER[rule.per]))
