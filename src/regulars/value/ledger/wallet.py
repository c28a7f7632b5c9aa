"""One member's value in memory: the pure half of the ledger, used live, in batch and in replay.

A wallet is loaded with accounts and, where value is spent or taken back, lots; every operation changes them and
appends the entries to be written. No clock, no database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from regulars.value.ledger.types import Account, Cause, EntryDraft, EntryKind, Lot, insufficient

_FAR = datetime.max.replace(tzinfo=UTC)


def plan_burn(lots: Iterable[Lot], amount: int, at: datetime) -> list[tuple[Lot, int]]:
    """Which lots give how much: soonest-expiring first, then the earliest earned.

    Only active lots that have not expired at `at` give. The parts add up to `amount` or to all there is, if less.
    """
    parts = []
    usable = [
        lot
        for lot in lots
        if lot.state == "active" and lot.remaining and (lot.expires_at is None or lot.expires_at > at)
    ]
    usable.sort(key=_burn_order)
    for lot in usable:
        part = min(lot.remaining, amount)
        parts.append((lot, part))
        amount -= part
        if not amount:
            break
    return parts


def _burn_order(lot: Lot) -> tuple[datetime, datetime, UUID | None, str]:
    return (lot.expires_at or _FAR, lot.earned_at, lot.activity_id or lot.id, lot.rule)


@dataclass(slots=True)
class Wallet:
    """Accounts by unit, lots (None: not loaded, then value can only be earned), and the entries made so far."""

    accounts: dict[str, Account] = field(default_factory=dict)
    lots: list[Lot] | None = None
    new_lots: list[Lot] = field(default_factory=list)
    entries: list[EntryDraft] = field(default_factory=list)

    def account(self, unit: str) -> Account:
        account = self.accounts.get(unit)
        if account is None:
            account = self.accounts[unit] = Account()
        return account

    def balances(self) -> dict[str, dict[str, int]]:
        return {unit: account.to_json() for unit, account in self.accounts.items()}

    def net(self, unit: str) -> int:
        account = self.accounts.get(unit)
        return account.available + account.pending - account.debt if account else 0

    def earn(
        self,
        *,
        lot_id: UUID,
        unit: str,
        amount: int,
        rule: str,
        cause: Cause,
        expires_at: datetime | None,
        pending: bool = False,
        active_at: datetime | None = None,
        contra: str = "issued",
        kind: EntryKind = "earn",
    ) -> Lot:
        """A new lot of `amount` > 0, or more in the last new lot if `lot_id` names it again (one activity's earns
        with the same fate share a lot). Pending ones wait until `active_at`, or for delivery if that is None.
        """
        known = None
        for made in reversed(self.new_lots):
            if made.activity_id is not cause.activity_id:
                break
            if made.id == lot_id:
                known = made
                break
        if known is not None:
            lot = known
            lot.amount += amount
            lot.remaining += amount
            if lot.state == "closed":
                lot.state = "active"
        else:
            lot = Lot(
                lot_id, unit, "pending" if pending else "active", amount, amount, 0, 0, 0, cause.activity_id,
                rule, cause.at, active_at if pending else None, expires_at, True,
            )  # fmt: skip
            self.new_lots.append(lot)
            if self.lots is not None:
                self.lots.append(lot)
        account = self.account(unit)
        account.changed = True
        if pending:
            account.pending += amount
            account.next_active_at = _earlier(account.next_active_at, active_at)
            self._note(unit, kind, "pending", contra, amount, account.pending, lot, cause, rule)
        else:
            account.available += amount
            account.next_expiry_at = _earlier(account.next_expiry_at, expires_at)
            self._note(unit, kind, "available", contra, amount, account.available, lot, cause, rule)
            if account.debt:
                self._settle(account, lot, cause)
        return lot

    def activate(self, lot: Lot, cause: Cause) -> None:
        """A pending lot becomes spendable."""
        account = self.account(lot.unit)
        account.pending -= lot.remaining
        account.available += lot.remaining
        account.changed = lot.changed = True
        lot.state = "active"
        lot.active_at = None
        account.next_expiry_at = _earlier(account.next_expiry_at, lot.expires_at)
        self._note(lot.unit, "activate", "available", "pending", lot.remaining, account.available, lot, cause)
        if account.debt:
            self._settle(account, lot, cause)
        self._end_if_over(lot, cause)

    def _settle(self, account: Account, lot: Lot, cause: Cause) -> None:
        part = min(account.debt, lot.remaining)
        if not part:
            return
        account.debt -= part
        account.available -= part
        lot.remaining -= part
        lot.changed = True
        _close_if_empty(lot)
        self._note(lot.unit, "settle", "debt", "available", part, -account.debt, lot, cause)

    def burn(
        self,
        *,
        unit: str,
        amount: int,
        cause: Cause,
        contra: str = "redeemed",
        kind: EntryKind = "burn",
        forced: UUID | None = None,
        lots: Collection[UUID] | None = None,
        for_good: bool = False,
    ) -> list[tuple[UUID, int]]:
        """Spend `amount` from the soonest-expiring lots; returns the parts. Refuses when there is too little.

        With `lots` only these give. `for_good`: it is taken back, not spent.
        `forced` is for what already happened (replay): what the lots lack becomes debt, and a lot of that id stands
        for it among the parts, so that it can come back.
        """
        mine = [lot for lot in self._loaded() if lot.unit == unit]
        parts = plan_burn([lot for lot in mine if lots is None or lot.id in lots], amount, cause.at)
        found = sum(part for _, part in parts)
        if found < amount and forced is None:
            raise insufficient(unit, found, amount)
        if found < amount and lots is not None:
            parts += plan_burn([lot for lot in mine if lot.id not in lots], amount - found, cause.at)
            found = sum(part for _, part in parts)
        account = self.account(unit)
        account.changed = True
        taken = [(lot.id, part) for lot, part in parts]
        for lot, part in parts:
            account.available -= part
            lot.remaining -= part
            lot.clawed += part if for_good else 0
            lot.changed = True
            _close_if_empty(lot)
            self._note(unit, kind, "available", contra, -part, account.available, lot, cause)
        if found < amount:
            assert forced is not None
            lot = self._borrow(forced, unit, amount - found, cause)
            lot.state = "closed"
            account.debt += amount - found
            self._note(unit, kind, "debt", contra, found - amount, -account.debt, lot, cause)
            taken.append((lot.id, amount - found))
        return taken

    def _borrow(self, lot_id: UUID, unit: str, amount: int, cause: Cause) -> Lot:
        """A lot of value that was never earned: what was spent or held before a late activity took its ground away."""
        lot = Lot(
            lot_id, unit, "active", amount, 0, 0, 0, 0, cause.activity_id, "", cause.at, None, None, True
        )
        self.new_lots.append(lot)
        self._loaded().append(lot)
        return lot

    def give_back(
        self, *, unit: str, parts: Iterable[tuple[UUID, int]], cause: Cause, contra: str = "redeemed"
    ) -> None:
        """Spent value returns to its source lots with their original expiry."""
        by_id = {lot.id: lot for lot in self._loaded()}
        account = self.account(unit)
        for lot_id, part in parts:
            lot = by_id[lot_id]
            lot.remaining += part
            lot.state = "active"
            lot.changed = account.changed = True
            account.available += part
            account.next_expiry_at = _earlier(account.next_expiry_at, lot.expires_at)
            self._note(unit, "burn_return", "available", contra, part, account.available, lot, cause)
            if account.debt:
                self._settle(account, lot, cause)
            self._end_if_over(lot, cause)

    def claw_back(self, *, lot_id: UUID, amount: int, mode: str, cause: Cause) -> tuple[int, int]:
        """Take back up to `amount` of what was earned in a lot; returns (taken from balances, made debt).

        First from the lot itself, then, for what was spent of it, from other lots by burn order (`mode` balance and
        debt), then as debt (`mode` debt). Mode `pending` takes only from a lot that is still pending. What expired
        is gone already and is not taken twice; what is held stays held.
        """
        lot = next(candidate for candidate in self._loaded() if candidate.id == lot_id)
        account = self.account(lot.unit)
        if mode == "pending" and lot.state != "pending":
            return 0, 0
        own = min(amount, lot.remaining)
        owed = min(amount - own, lot.spent)
        if own:
            where = "pending" if lot.state == "pending" else "available"
            if where == "pending":
                account.pending -= own
            else:
                account.available -= own
            lot.remaining -= own
            lot.clawed += own
            lot.changed = account.changed = True
            _close_if_empty(lot)
            after = account.pending if where == "pending" else account.available
            self._note(lot.unit, "claw_back", where, "issued", -own, after, lot, cause)
        taken = own
        if owed:
            others = [other for other in self._loaded() if other.unit == lot.unit and other is not lot]
            for other, part in plan_burn(others, owed, cause.at):
                account.available -= part
                other.remaining -= part
                other.changed = account.changed = True
                _close_if_empty(other)
                self._note(
                    lot.unit, "claw_back", "available", "issued", -part, account.available, other, cause
                )
                owed -= part
                taken += part
        if owed and mode == "debt":
            account.debt += owed
            account.changed = True
            self._note(lot.unit, "claw_back", "debt", "issued", -owed, -account.debt, None, cause)
            return taken, owed
        return taken, 0

    def hold(
        self, *, unit: str, amount: int, cause: Cause, forced: UUID | None = None
    ) -> list[tuple[UUID, int]]:
        """Set `amount` aside from the soonest-expiring lots; returns the parts. `forced` as in `burn`: what is held
        stays held.
        """
        lots = [lot for lot in self._loaded() if lot.unit == unit]
        parts = plan_burn(lots, amount, cause.at)
        found = sum(part for _, part in parts)
        if found < amount and forced is None:
            raise insufficient(unit, found, amount)
        account = self.account(unit)
        taken = [(lot.id, part) for lot, part in parts]
        for lot, part in parts:
            account.available -= part
            account.held += part
            lot.remaining -= part
            lot.held += part
            lot.changed = account.changed = True
            self._note(unit, "hold", "held", "available", part, account.held, lot, cause)
        if found < amount:
            assert forced is not None
            lot = self._borrow(forced, unit, amount - found, cause)
            lot.held = amount - found
            account.debt += lot.held
            account.held += lot.held
            account.changed = True
            self._note(unit, "hold", "held", "debt", lot.held, account.held, lot, cause)
            taken.append((lot.id, lot.held))
        return taken

    def end_hold(
        self, *, unit: str, parts: Iterable[tuple[UUID, int]], captured: int, cause: Cause
    ) -> list[tuple[UUID, int]]:
        """Capture the first `captured` of a hold, release the rest to its lots; returns the parts captured."""
        by_id = {lot.id: lot for lot in self._loaded()}
        account = self.account(unit)
        spent = []
        for lot_id, part in parts:
            lot = by_id[lot_id]
            taken = min(part, captured)
            captured -= taken
            account.held -= part
            account.changed = lot.changed = True
            lot.held -= part
            if taken:
                spent.append((lot_id, taken))
                self._note(
                    unit, "capture", "held", "redeemed", -taken, account.held + part - taken, lot, cause
                )
            if part - taken:
                lot.remaining += part - taken
                account.available += part - taken
                lot.state = "active"
                account.next_expiry_at = _earlier(account.next_expiry_at, lot.expires_at)
                self._note(unit, "release", "available", "held", part - taken, account.available, lot, cause)
                if account.debt:
                    self._settle(account, lot, cause)
                self._end_if_over(lot, cause)
            _close_if_empty(lot)
        return spent

    def advance(self, to: datetime, inactive: Mapping[str, datetime] = {}) -> None:
        """Everything that falls due up to `to`, each at its own instant: pending lots activate, lots expire.

        `inactive` names, for units that expire by inactivity, the instant at which all of the unit ends.
        """
        lots = self._loaded()
        while True:
            due: list[tuple[datetime, int, Lot]] = []
            for lot in lots:
                if lot.state == "pending" and lot.active_at and lot.active_at <= to:
                    due.append((lot.active_at, 0, lot))
                elif lot.state == "active" and lot.remaining:
                    ends = lot.expires_at or inactive.get(lot.unit)
                    if ends and ends <= to:
                        due.append((ends, 1, lot))
            if not due:
                return
            for at, what, lot in sorted(due, key=lambda d: (d[0], d[1], _burn_order(d[2]))):
                if what == 0:
                    self.activate(lot, Cause(lot.activity_id, 0, at))
                else:
                    self.expire(lot, Cause(lot.activity_id, 0, at))

    def expire(self, lot: Lot, cause: Cause) -> None:
        account = self.account(lot.unit)
        part = lot.remaining
        account.available -= part
        lot.expired += part
        lot.remaining = 0
        lot.changed = account.changed = True
        _close_if_empty(lot)
        self._note(lot.unit, "expire", "available", "expired", -part, account.available, lot, cause)

    def _end_if_over(self, lot: Lot, cause: Cause) -> None:
        """Value that comes back to a lot whose time is over ends as it comes, not at an instant before it came."""
        if (
            lot.state == "active"
            and lot.remaining
            and lot.expires_at is not None
            and lot.expires_at <= cause.at
        ):
            self.expire(lot, cause)

    def extend(self, *, unit: str, until: Mapping[UUID, datetime], cause: Cause) -> None:
        """Move the expiry of lots; a zero entry says so in the history."""
        account = self.account(unit)
        for lot in self._loaded():
            later = until.get(lot.id)
            if later is None or lot.expires_at is None or later <= lot.expires_at:
                continue
            lot.expires_at = later
            lot.changed = account.changed = True
            self._note(unit, "extend", "available", "issued", 0, account.available, lot, cause)

    def end_at(self, lot_id: UUID, ends: datetime | None, cause: Cause) -> Lot | None:
        """Let one open lot end at another instant, or never; a zero entry says so. None: there is no such lot."""
        lot = next((one for one in self._loaded() if one.id == lot_id and one.state != "closed"), None)
        if lot is not None:
            account = self.account(lot.unit)
            lot.expires_at = ends
            lot.changed = account.changed = True
            account.next_expiry_at = _earlier(account.next_expiry_at, ends)
            self._note(lot.unit, "extend", "available", "issued", 0, account.available, lot, cause)
        return lot

    def refresh_due(self, inactive: Mapping[str, datetime] = {}) -> None:
        """Recompute the accounts' next instants from the lots, where lots are loaded. `inactive` as in `advance`."""
        if self.lots is None:
            return
        for unit, account in self.accounts.items():
            otherwise = inactive.get(unit)
            expiries = [
                ends
                for lot in self.lots
                if lot.unit == unit
                and lot.state == "active"
                and lot.remaining
                and (ends := lot.expires_at or otherwise)
            ]
            activations = [
                lot.active_at
                for lot in self.lots
                if lot.unit == unit and lot.state == "pending" and lot.active_at
            ]
            account.next_expiry_at = min(expiries, default=None)
            account.next_active_at = min(activations, default=None)

    def _loaded(self) -> list[Lot]:
        if self.lots is None:
            raise RuntimeError("lots were not loaded for this member")
        return self.lots

    def _note(
        self,
        unit: str,
        kind: EntryKind,
        account: str,
        contra: str,
        amount: int,
        after: int,
        lot: Lot | None,
        cause: Cause,
        rule: str | None = None,
    ) -> None:
        if rule is None:
            rule = lot.rule if lot else ""
        lot_id = lot.id if lot else None
        self.entries.append(EntryDraft(unit, kind, account, contra, amount, after, lot_id, rule, cause))


def _close_if_empty(lot: Lot) -> None:
    if not lot.remaining and not lot.held:
        lot.state = "closed"


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    if a is None or b is None:
        return a or b
    return min(a, b)
