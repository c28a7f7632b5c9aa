"""What is owed to members in money: by cohort, by when it becomes revenue, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from regulars.flows.prepaid import ground
from regulars.kit.periods import add_months, start_of_day, zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import Difference
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import liability
from regulars.value.prepaid.types import Cohort, LiabilityLine, ScheduleLine, UnitCost

UNCLAIMED = "gift_unclaimed"  # stands beside the units: sold cards that nobody has claimed


@dataclass(frozen=True, slots=True)
class Flow:
    """One month of a unit: what members held at its beginning, what moved by programme account, at its end."""

    unit: str
    month: date
    opening: int
    moved: Mapping[str, int]
    closing: int


@dataclass(frozen=True, slots=True)
class Owed:
    """`card_difference` is what claimed cards should have brought to wallets less what the ledger says they did: 0."""

    as_of: datetime
    costs: Mapping[str, UnitCost]
    lines: tuple[LiabilityLine, ...]
    schedule: tuple[ScheduleLine, ...]
    flows: tuple[Flow, ...]
    card_difference: int

    @property
    def liability(self) -> int:
        return sum(line.liability for line in self.lines)


def get_owed(*, scope: Scope, now: datetime, months: int = 12) -> Owed:
    """The report as things stand, with the last `months` business months of movements."""
    brand = ground.brand_of(scope)
    settings = prepaid.get_settings(brand_id=brand.id)
    units = versions.in_force(brand_id=brand.id, now=now).live.units
    # growth and the like only counts: nothing is owed for what cannot be spent
    spendable = {code for code, unit in units.items() if unit.can_burn}
    costs = {code: settings.costs.get(code, UnitCost()) for code in sorted(spendable)}
    costs[UNCLAIMED] = settings.costs.get(settings.gift, UnitCost())
    cohorts = [
        Cohort(*row)
        for row in ledger.outstanding_by_cohort(brand_id=brand.id, timezone=brand.timezone)
        if row[0] in spendable
    ]
    unclaimed = prepaid.unclaimed_cards(brand_id=brand.id)
    cohorts += [Cohort(UNCLAIMED, month, count, face, face) for month, count, face in unclaimed]
    ends = [
        row
        for row in ledger.outstanding_by_end(brand_id=brand.id, timezone=brand.timezone)
        if row[0] in spendable
    ]
    ends += [(UNCLAIMED, None, face) for _, _, face in unclaimed]
    today = now.astimezone(zone(brand.timezone)).date()
    lines = liability.lines(cohorts, costs)
    owed: dict[str, int] = {}
    for line in lines:
        owed[line.unit] = owed.get(line.unit, 0) + line.liability
    claimed = ledger.contra_total(brand_id=brand.id, unit=settings.gift, contra="claimed")
    return Owed(
        as_of=now,
        costs=costs,
        lines=tuple(lines),
        schedule=tuple(liability.schedule(ends, owed, costs, today=today)),
        flows=tuple(_flows(brand, spendable, today, months)),
        card_difference=prepaid.claimed_total(brand_id=brand.id) - claimed,
    )


def _flows(brand: Brand, units: set[str], today: date, months: int) -> list[Flow]:
    first = add_months(today.replace(day=1), 1 - months)
    held: dict[str, int] = {}
    found = []
    for place in range(months):
        month = add_months(first, place)
        since = start_of_day(month, brand.timezone)
        until = start_of_day(add_months(month, 1), brand.timezone)
        before, moved = ledger.roll_forward(brand_id=brand.id, since=since, until=until, opening=place == 0)
        if place == 0:
            held = {unit: amount for unit, amount in before.items() if unit in units}
        by_unit: dict[str, dict[str, int]] = {}
        for unit, contra, amount in moved:
            if unit in units:
                by_unit.setdefault(unit, {})[contra] = amount
        for unit in sorted(set(held) | set(by_unit)):
            start = held.get(unit, 0)
            end = start + sum(by_unit.get(unit, {}).values())
            found.append(Flow(unit, month, start, by_unit.get(unit, {}), end))
            held[unit] = end
    return found


def card_differences(*, brand_id: UUID | None = None) -> list[Difference]:
    """Brands whose claimed gift cards and ledger disagree: Σ faces claimed = Σ what the ledger had of them."""
    brands = [organisations.get_brand(brand_id=brand_id)] if brand_id else organisations.list_brands()
    found = []
    for brand in brands:
        unit = prepaid.get_settings(brand_id=brand.id).gift
        faces = prepaid.claimed_total(brand_id=brand.id)
        had = ledger.contra_total(brand_id=brand.id, unit=unit, contra="claimed")
        if faces != had:
            found.append(Difference("gift_cards", brand.id, None, unit, faces, had))
    return found
