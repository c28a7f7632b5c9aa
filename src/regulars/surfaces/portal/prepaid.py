"""What she has paid for ahead: seen, bound, given to others, exchanged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Status

from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.programme.rules.types import MONEY_KINDS, Programme
from regulars.programme.versions import api as versions
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import standing
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.surfaces.portal.prepaid_shapes import (
    BookableOut,
    ClaimIn,
    GiftCardOut,
    GiveIn,
    GivenOut,
    GivingOut,
    LadderOut,
    PackageOut,
    PrepaidUnitOut,
    RedeemIn,
    RungOut,
    StampCardOut,
    TopUpOut,
    TransferIn,
    UseOut,
    WalletOut,
)
from regulars.value.bookings import api as bookings
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.types import STATE_NAMES, CardRow, Grant, PackageRow, Settings

mine = Router(auth=SignedIn(), tags=["prepaid"])
_MOST = 50
_USED_UP = Text("已用完", "used up")
_COUPON = Text("赠优惠券", "and a coupon")
_KINDS = frozenset({"stored_principal", "stored_bonus", "sessions", "gift", "collectible", "stamps"})


@mine.get("/prepaid", response=WalletOut)
def get_wallet(request: HttpRequest, slug: Path[str]) -> Any:
    """Stored value, packages, gift cards, stamps; what can be bought and given."""
    return _wallet(request)


@mine.post("/gift-cards", response={201: WalletOut})
def claim_card(request: HttpRequest, slug: Path[str], given: ClaimIn) -> Any:
    """Bind a card: its value is hers. 404 `card_unknown`, 409 `card_locked`, `card_not_active`."""
    member = member_of(request)
    flows.claim_card(
        scope=member.scope,
        member_id=member.member_id,
        number=given.number,
        pin=given.pin,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _wallet(request))


@mine.post("/gift-cards/{card_id}/give", response=WalletOut)
def give_card(request: HttpRequest, slug: Path[str], card_id: UUID, given: GiveIn) -> Any:
    """What is left of a card goes to another member."""
    member = member_of(request)
    flows.give_card(
        scope=member.scope,
        member_id=member.member_id,
        card_id=card_id,
        to=_receiver(member, given.to),
        message=given.message,
        key=given.key,
        now=clock.now(),
    )
    return _wallet(request)


@mine.post("/packages/{package_id}/transfer", response=WalletOut)
def transfer_package(request: HttpRequest, slug: Path[str], package_id: UUID, given: GiveIn) -> Any:
    """What is left of a package goes to another member, where its terms allow it."""
    member = member_of(request)
    flows.transfer_package(
        scope=member.scope,
        member_id=member.member_id,
        package_id=package_id,
        to=_receiver(member, given.to),
        message=given.message,
        key=given.key,
        now=clock.now(),
    )
    return _wallet(request)


@mine.post("/transfers", response={201: WalletOut})
def transfer(request: HttpRequest, slug: Path[str], given: TransferIn) -> Any:
    """Give value to another member. 409 `transfers_off`, `transfer_limit`, `insufficient_balance`."""
    member = member_of(request)
    flows.transfer(
        scope=member.scope,
        member_id=member.member_id,
        to=_receiver(member, given.to),
        unit=given.unit,
        amount=given.amount,
        message=given.message,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _wallet(request))


@mine.post("/stamp-cards/{key}", response={201: WalletOut})
def redeem_stamps(request: HttpRequest, slug: Path[str], key: str, given: RedeemIn) -> Any:
    """Exchange a full stamp card."""
    member = member_of(request)
    flows.redeem_stamp_card(
        scope=member.scope, member_id=member.member_id, card=key[:64], key=given.key, now=clock.now()
    )
    return Status(201, _wallet(request))


@mine.get("/evidence", response={200: dict[str, Any]})
def get_evidence(
    request: HttpRequest,
    slug: Path[str],
    format: Literal["json", "pdf"] = "pdf",
) -> Any:
    """Her own evidence: what she bought, used and got back, to print or as data."""
    member = member_of(request)
    pack = flows.evidence_pack(
        scope=member.scope, member_id=member.member_id, now=clock.now(), with_buyer=True
    )
    if format == "json":
        return pack
    answer = HttpResponse(
        flows.render(pack, timezone=member.brand.timezone, language=access.language(request)),
        content_type="application/pdf",
    )
    answer["Content-Disposition"] = f'attachment; filename="evidence-{pack["member"]["code"]}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


def _receiver(member: MemberAccess, code: str) -> UUID:
    (found,) = members.resolve(
        organisation_id=member.brand.organisation_id, brand_id=member.brand.id, refs=[ById(code=code.strip())]
    )
    if isinstance(found, Refusal):
        raise found
    return found


def _wallet(request: HttpRequest) -> WalletOut:
    member, language, now = member_of(request), access.language(request), clock.now()
    brand, member_id = member.brand, member.member_id
    programme = _programme(member, now)
    settings = prepaid.get_settings(brand_id=brand.id)
    balances = ledger.get_balances(brand_id=brand.id, member_ids=[member_id]).get(member_id, {})
    has = {unit: account.available for unit, account in balances.items()}
    rule = settings.transfer
    packages = prepaid.list_packages(brand_id=brand.id, member_id=member_id, limit=_MOST).items
    page = prepaid.list_transfers(brand_id=brand.id, member_id=member_id, limit=_MOST)
    return WalletOut(
        currency=brand.currency,
        units=[
            PrepaidUnitOut(
                unit=code,
                name=standing.unit_out(programme, code, language).name,
                kind=unit.kind,
                money=unit.kind in MONEY_KINDS,
                available=has.get(code, 0),
                gives=rule.enabled and code in rule.units,
            )
            for code, unit in (programme.units.items() if programme else ())
            if (unit.kind in _KINDS and code in has) or (rule.enabled and code in rule.units)
        ],
        packages=_packages(member, packages, language, now),
        cards=_cards(member, prepaid.list_held_cards(brand_id=brand.id, member_id=member_id), language),
        stamp_cards=[
            StampCardOut(
                key=card.key,
                name=card.name.in_language(language),
                stamps=card.stamps,
                has=has.get(card.unit, 0),
                full=has.get(card.unit, 0) >= card.stamps,
                mine=card.by_member,
            )
            for row in prepaid.list_definitions(brand_id=brand.id, kind="stamp_card")
            if row.state == "active"
            for card in [prepaid.get_stamp_card(brand_id=brand.id, key=row.key)]
        ],
        top_ups=[
            TopUpOut(
                id=row.id,
                paid=row.principal,
                bonus=row.bonus,
                given_back=row.refunded,
                created_at=row.created_at,
            )
            for row in prepaid.list_top_ups(brand_id=brand.id, member_id=member_id, limit=_MOST).items
        ],
        transfers=[
            GivenOut(
                direction=row.direction,
                what=row.what,
                unit_name=standing.unit_out(programme, row.unit, language).name,
                amount=row.amount,
                message=row.message,
                created_at=row.created_at,
            )
            for row in page.items
        ],
        ladders=on_sale(member, language, now),
        giving=_giving(member, settings, now),
    )


def _programme(member: MemberAccess, now: datetime) -> Programme | None:
    try:
        return versions.in_force(brand_id=member.brand.id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return None
        raise


def _packages(
    member: MemberAccess, rows: Sequence[PackageRow], language: Language, now: datetime
) -> list[PackageOut]:
    brand = member.brand
    lots = ledger.get_lots(brand_id=brand.id, member_id=member.member_id, ids=[row.lot_id for row in rows])
    stores = {
        store.id: store.name.in_language(language)
        for store in organisations.stores_of(brand_id=brand.id).values()
    }
    services = {one.terms.key: one for one in bookings.list_services(scope=member.scope)} if rows else {}
    names = {key: one.terms.name.in_language(language) for key, one in services.items()}
    found = []
    for row in rows:
        terms, left = row.terms["definition"], lots[row.lot_id].remaining
        state: str = row.state
        if state == "active" and row.expires_at is not None and row.expires_at <= now:
            state = "expired"
        elif state == "active" and not left:
            state = "used_up"
        found.append(
            PackageOut(
                id=row.id,
                name=Text.from_json(terms["name"]).in_language(language),
                state=state,
                state_name=STATE_NAMES.get(state, _USED_UP).in_language(language),
                sessions=row.sessions,
                left=left,
                last_day=_last_day(row.expires_at, brand.timezone),
                frozen_until=row.frozen_until,
                transferable=state == "active" and bool(terms.get("transferable", False)),
                services=sorted(names[key] for key in terms.get("services", []) if key in names),
                bookable=[
                    BookableOut(key=key, name=names[key])
                    for key, one in services.items()
                    if state == "active"
                    and one.state == "active"
                    and one.terms.package == row.key
                    and (not terms.get("services") or key in terms["services"])
                ],
                uses=[
                    UseOut(
                        sessions=use.sessions,
                        service=names.get(use.service, ""),
                        store=stores.get(use.store_id) if use.store_id else None,
                        missed=use.kind == "no_show",
                        used_at=use.used_at,
                        undone=use.undone_at is not None,
                    )
                    for use in prepaid.list_uses(member_id=member.member_id, package_id=row.id)[:_MOST]
                ],
            )
        )
    return found


def _cards(member: MemberAccess, rows: Sequence[CardRow], language: Language) -> list[GiftCardOut]:
    if not rows:
        return []
    brand = member.brand
    batches = prepaid.batches_of(brand_id=brand.id, ids={row.batch_id for row in rows})
    ids = [row.lot_id for row in rows if row.lot_id is not None]
    lots = ledger.get_lots(brand_id=brand.id, member_id=member.member_id, ids=ids)
    return [
        GiftCardOut(
            id=row.number_hash,
            name=batches[row.batch_id].name.in_language(language),
            design=batches[row.batch_id].design,
            ending=row.ending,
            face=row.face,
            left=lots[row.lot_id].remaining,
            last_day=_last_day(lots[row.lot_id].expires_at, brand.timezone),
        )
        for row in rows
        if row.lot_id is not None
    ]


def on_sale(member: MemberAccess, language: Language, now: datetime) -> list[LadderOut]:
    """The ladders that can be bought somewhere today; those that no store limits are sold online too."""
    programme = _programme(member, now)
    today = now.astimezone(zone(member.brand.timezone)).date()
    found = []
    for row in prepaid.list_definitions(brand_id=member.brand.id, kind="ladder"):
        ladder = prepaid.get_ladder(brand_id=member.brand.id, key=row.key)
        if row.state != "active" or (ladder.starts_on and today < ladder.starts_on):
            continue
        if ladder.ends_on and today > ladder.ends_on:
            continue
        rungs = [
            RungOut(
                pay=rung.pay,
                bonus=rung.bonus,
                also=[_also(programme, grant, language) for grant in rung.grants],
            )
            for rung in ladder.rungs
        ]
        found.append(
            LadderOut(
                key=ladder.key,
                name=ladder.name.in_language(language),
                rungs=rungs,
                open=ladder.open,
                online=not ladder.stores,
            )
        )
    return found


def _also(programme: Programme | None, grant: Grant, language: Language) -> str:
    if grant.coupon:
        return _COUPON.in_language(language)
    return f"+{grant.amount:,} {standing.unit_out(programme, grant.unit, language).name}"


def _giving(member: MemberAccess, settings: Settings, now: datetime) -> GivingOut:
    rule = settings.transfer
    left = {
        unit: None
        if rule.per_day is None
        else max(
            0,
            rule.per_day
            - flows.given_today(scope=member.scope, member_id=member.member_id, unit=unit, now=now),
        )
        for unit in sorted(rule.units)
    }
    return GivingOut(enabled=rule.enabled, least=rule.least, left_today=left if rule.enabled else {})


def _last_day(ends: datetime | None, timezone: str) -> date | None:
    return None if ends is None else (ends - timedelta(microseconds=1)).astimezone(zone(timezone)).date()
