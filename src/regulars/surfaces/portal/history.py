"""What happened to a member's value and why, newest first: her acts, and what expired in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from regulars.facts.activity import api as activities
from regulars.facts.activity.declared import DeclaredType
from regulars.facts.activity.records import ActivityRow
from regulars.kit import paging
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.programme.versions.types import ProgrammeHistory
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import standing, words
from regulars.surfaces.portal.shapes import EffectOut, HistoryOut, PageOut, UnitOut, WhyOut
from regulars.surfaces.portal.whys import Account, Reader
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import LotRow

_LIMIT = 30
_ALL = 100_000
_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
# Acts that only move something between a member's own accounts, or nothing at all, when they earn nothing.
_SILENT = frozenset({"order_delivered", "tier_unlock"})


@dataclass(frozen=True, slots=True)
class _Setting:
    """What every line of a page is written with."""

    member: MemberAccess
    language: Language
    programmes: ProgrammeHistory | None
    lots: Mapping[UUID, LotRow]
    stores: Mapping[UUID, Text]
    declared: Mapping[str, DeclaredType]

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def unit(self, code: str) -> str:
        return self._unit(code).name

    def is_money(self, code: str) -> bool:
        return self._unit(code).money

    def _unit(self, code: str) -> UnitOut:
        programme = self.programmes.live if self.programmes else None
        return standing.unit_out(programme, code, self.language)

    def last_day(self, end: datetime | None) -> date | None:
        local = zone(self.member.brand.timezone)
        return (end - timedelta(microseconds=1)).astimezone(local).date() if end else None


def page(
    *, member: MemberAccess, language: Language, cursor: str | None, now: datetime
) -> PageOut[HistoryOut]:
    """One page. Expiries fall between the acts around them, and never onto two pages."""
    brand = member.brand
    acts = activities.list_activities(
        brand_id=brand.id, member_id=member.member_id, cursor=cursor, limit=_LIMIT
    )
    after = paging.decode_as(cursor, paging.instant, UUID)
    before = after[0] if after else _LATEST
    since = acts.items[-1].occurred_at if acts.next_cursor else _EARLIEST
    lots = ledger.list_lots(brand_id=brand.id, member_id=member.member_id, open_only=False, limit=_ALL)
    setting = _Setting(
        member=member,
        language=language,
        programmes=standing.programmes(brand, now),
        lots={lot.id: lot for lot in lots},
        stores={store.id: store.name for store in organisations.list_stores(brand_id=brand.id)},
        declared=activities.declared_types(brand_id=brand.id),
    )
    lines = [line for row in acts.items if (line := _act(row, setting)) is not None]
    lines += [line for line in _expiries(setting) if since < line.at <= before]
    lines.sort(key=lambda line: (line.at, str(line.id)), reverse=True)
    return PageOut[HistoryOut](items=lines, next_cursor=acts.next_cursor)


def _act(row: ActivityRow, setting: _Setting) -> HistoryOut | None:
    reader = Reader(row, setting.programmes, setting.language)
    effects = _effects(row, reader, setting)
    if row.type in _SILENT and not effects:
        return None
    declared = setting.declared.get(row.type)
    about_order = row.type in ("order", "refund", "order_delivered", "burn", "burn_return") and row.subject
    return HistoryOut(
        id=row.id,
        kind=row.type,
        at=row.occurred_at,
        title=setting.say(declared.name) if declared else reader.title(setting.unit),
        store=_store(row.store_id, setting),
        order_number=row.subject if about_order else None,
        effects=effects,
        whys=reader.whys(setting.unit),
        why_not=reader.why_not(),
    )


def _effects(row: ActivityRow, reader: Reader, setting: _Setting) -> list[EffectOut]:
    """What it gave and took, by account, as things stand now: what was pending and has become hers is hers."""
    sums: dict[tuple[str, Account, date | None], int] = {}

    def add(unit: str, account: Account, amount: int, ends: datetime | None = None) -> None:
        key = (unit, account, setting.last_day(ends))
        sums[key] = sums.get(key, 0) + amount

    for earn in reader.stored.earns:
        lot = setting.lots.get(earn.lot)
        pending = lot is not None and lot.state == "pending"
        add(earn.unit, "pending" if pending else "available", earn.amount, earn.expires_at)
    for movement in reader.movements():
        add(movement.unit, movement.account, movement.amount)
    return [
        EffectOut(
            unit_name=setting.unit(unit),
            amount=amount,
            money=setting.is_money(unit),
            account=account,
            expires_on=day,
        )
        for (unit, account, day), amount in sums.items()
        if amount
    ]


def _store(store_id: UUID | None, setting: _Setting) -> str | None:
    name = setting.stores.get(store_id) if store_id else None
    return setting.say(name) if name else None


def _expiries(setting: _Setting) -> Iterable[HistoryOut]:
    """Everything that ran out, one line per instant; its id is made of the instant, since no act stands for it."""
    member = setting.member
    lost: dict[datetime, list[tuple[str, int]]] = {}
    for at, unit, amount in ledger.list_expired(brand_id=member.brand.id, member_id=member.member_id):
        lost.setdefault(at, []).append((unit, amount))
    for at, parts in lost.items():
        yield HistoryOut(
            id=uuid5(member.member_id, at.isoformat()),
            kind="expire",
            at=at - timedelta(microseconds=1),
            title="",
            store=None,
            order_number=None,
            effects=_minus(parts, setting),
            whys=[
                WhyOut(
                    rule=setting.say(words.EXPIRED),
                    sentence=setting.say(words.EXPIRED_WHY),
                    amount=-amount,
                    unit_name=setting.unit(unit),
                    money=setting.is_money(unit),
                )
                for unit, amount in parts
            ],
            why_not=[],
        )


def _minus(parts: Sequence[tuple[str, int]], setting: _Setting) -> list[EffectOut]:
    return [
        EffectOut(
            unit_name=setting.unit(unit),
            amount=-amount,
            money=setting.is_money(unit),
            account="available",
            expires_on=None,
        )
        for unit, amount in parts
    ]
