"""What flows move in a fold: value bought, given or received, rewards, and lots that end at another time.

`credit` brings new lots into a wallet, each part its own lot with its own expiry; `lot_expiry` moves the end of one
lot; `reward` gives what a mission, a draw, a campaign or a journey promised, `reward_back` takes it back. All are
facts: a replay takes them as they were. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from regulars.facts.activity.records import Stored
from regulars.flows.intake.refusals import no_such_lot, unknown_unit
from regulars.flows.intake.types import Event
from regulars.kit.errors import ErrorList
from regulars.kit.ids import derive
from regulars.programme.rules.types import ExtendExpiryEffect, Programme, TierStepEffect
from regulars.value.ledger.types import Cause, EntryKind
from regulars.value.tiers import policy as tiers

if TYPE_CHECKING:
    from regulars.flows.intake.fold import Fold

# From which account of the programme a credit may come, and which kind of entry it makes.
CREDITS: Mapping[str, EntryKind] = {
    "issued": "earn",  # given by the programme: bonus, points of an effect, stamps
    "paid": "topup",  # bought
    "transferred": "transfer",  # from another member
    "claimed": "topup",  # a gift card, bought by somebody before
    "adjusted": "adjust",
}
# To which account a burn may go, and which kind of entry it makes. What goes back for good is not spent.
BURNS: Mapping[str, EntryKind] = {
    "redeemed": "burn",
    "paid": "topup_return",
    "issued": "claw_back",
    "transferred": "transfer",
}
_GONE_BACK = frozenset({"paid", "issued"})
_REF = re.compile(r"[A-Za-z0-9:_.\-]{0,100}")
_MOST = 10**12
MAX_PARTS = 200


def lot_id(activity_id: UUID, unit: str, part: int) -> UUID:
    """The lot that part `part` (from 0) of a credit makes."""
    return derive(activity_id, unit, "credit", str(part))


def check_parts(data: Mapping[str, Any], units: Mapping[str, Any], at: datetime) -> None:
    """Raises the refusal that names what is wrong with a credit's parts."""
    parts: Sequence[Mapping[str, Any]] = data.get("parts") or ()
    errors = ErrorList()
    if not 0 < len(parts) <= MAX_PARTS:
        errors.add("parts", "wrong_count", f"应有 1–{MAX_PARTS} 项", f"1 to {MAX_PARTS} parts are needed")
    for place, part in enumerate(parts[:MAX_PARTS]):
        name = f"parts[{place}]"
        if part["unit"] not in units:
            raise unknown_unit(part["unit"])
        if not isinstance(part["amount"], int) or not 0 < part["amount"] <= _MOST:
            errors.add(f"{name}.amount", "out_of_range", "应大于 0", "must be above 0")
        if part.get("contra", "issued") not in CREDITS:
            errors.add(
                f"{name}.contra", "unknown", "没有这个对方账户", f"must be one of: {', '.join(CREDITS)}"
            )
        if not _REF.fullmatch(part.get("ref") or ""):
            errors.add(
                f"{name}.ref", "bad_code", "只能用字母、数字、: _ . -", "letters, digits, : _ . - only"
            )
        ends = part.get("expires_at")
        if ends and datetime.fromisoformat(ends) <= at:
            errors.add(f"{name}.expires_at", "not_future", "必须是将来的时间", "must lie in the future")
    errors.refuse()


def credit(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    """New lots, one a part; what the member owes of the unit is settled from them as from any earn."""
    data = event.given.data or {}
    if event.recorded is None:
        check_parts(data, programme.units, event.occurred_at)
    cause = Cause(event.id, programme.version, event.occurred_at)
    for place, part in enumerate(data["parts"]):
        ends, contra, ref = part.get("expires_at"), part.get("contra") or "issued", part.get("ref") or ""
        fold.wallet.earn(
            lot_id=lot_id(event.id, part["unit"], place),
            unit=part["unit"],
            amount=part["amount"],
            rule=ref,
            cause=cause,
            expires_at=datetime.fromisoformat(ends) if ends else None,
            contra=contra,
            kind=CREDITS[contra],
        )
        stored.notes.append({"code": "credited", "unit": part["unit"], "amount": part["amount"], "ref": ref})
    return False


def move_expiry(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    """One lot ends at another instant, or never: validity that starts with the first use, days that were frozen."""
    data = event.given.data or {}
    wanted, ends = UUID(data["lot"]), data.get("expires_at")
    cause = Cause(event.id, programme.version, event.occurred_at)
    lot = fold.wallet.end_at(wanted, datetime.fromisoformat(ends) if ends else None, cause)
    if lot is None and event.recorded is None:
        raise no_such_lot()
    if lot is not None:
        stored.notes.append({"code": "ends", "unit": lot.unit, "on": ends})
    return False


def reward_lot(activity_id: UUID, unit: str, part: int) -> UUID:
    """The lot that part `part` (from 0) of a reward makes."""
    return derive(activity_id, unit, "reward", str(part))


def reward(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    """Value and tags that were promised for something; growth counts for tiers like any other that is earned. Then
    steps up the tiers and longer expiries; what comes to nothing (at the top, locked, nothing expires) is noted."""
    data = event.given.data or {}
    cause = Cause(event.id, programme.version, event.occurred_at)
    metrics: dict[str, int] = {}
    for place, part in enumerate(data.get("parts") or ()):
        unit, amount, ends = part["unit"], part["amount"], part.get("expires_at")
        fold.wallet.earn(
            lot_id=reward_lot(event.id, unit, place),
            unit=unit,
            amount=amount,
            rule=data["source"],
            cause=cause,
            expires_at=datetime.fromisoformat(ends) if ends else None,
        )
        metrics[f"unit:{unit}"] = metrics.get(f"unit:{unit}", 0) + amount
        stored.notes.append({"code": "rewarded", "unit": unit, "amount": amount, "source": data["source"]})
    fresh = sorted(set(data.get("tags") or ()) - set(fold.state.tags)) if event.recorded is None else []
    if fresh:
        fold.state.tags.update(fresh)
        fold.tags_changed = True
    elif event.recorded is not None:
        fresh = [note["tag"] for note in event.recorded.notes if note["code"] == "tagged"]
    stored.notes += [{"code": "tagged", "tag": tag} for tag in fresh]
    if metrics:
        fold.judge(programme, event, metrics, event.occurred_at)
    for step in data.get("tier_steps") or ():
        if not fold.step(programme, event, TierStepEffect(step["scheme"], step["steps"], None), stored):
            stored.notes.append({"code": "tier_kept", "name": step["scheme"]})
    for given in data.get("extensions") or ():
        if not fold.extend(programme, ExtendExpiryEffect(given["unit"], given["months"]), cause, stored):
            stored.notes.append({"code": "nothing_to_extend", "name": given["unit"]})
    return False


def take_reward_back(fold: Fold, programme: Programme, event: Event, stored: Stored) -> bool:
    """What a reward gave goes back: its lots by the policy of their unit, the tags that it put on."""
    data = event.given.data or {}
    cause = Cause(event.id, programme.version, event.occurred_at)
    metrics: dict[str, int] = {}
    for part in data.get("parts") or ():
        unit, amount = part["unit"], part["amount"]
        known = programme.units.get(unit)
        mode = known.claw_back if known else "balance"
        taken, owed = fold.wallet.claw_back(lot_id=UUID(part["lot"]), amount=amount, mode=mode, cause=cause)
        stored.clawed.append((UUID(part["lot"]), taken, owed))
        metrics[f"unit:{unit}"] = metrics.get(f"unit:{unit}", 0) - amount
        note = {"code": "clawed_back", "unit": unit, "rule": data["source"], "amount": amount}
        stored.notes.append(note | {"taken": taken, "debt": owed})
    gone = sorted(set(data.get("tags") or ()) & set(fold.state.tags)) if event.recorded is None else []
    if gone:
        fold.state.tags.difference_update(gone)
        fold.tags_changed = True
    elif event.recorded is not None:
        gone = [note["tag"] for note in event.recorded.notes if note["code"] == "untagged"]
    stored.notes += [{"code": "untagged", "tag": tag} for tag in gone]
    for scheme in programme.schemes if metrics else ():
        standing, tz = fold.standing_of(scheme), programme.timezone
        tiers.record(scheme, standing, metrics, at=datetime.fromisoformat(data["given_at"]), tz=tz)
        fold.moved(tiers.after_refund(scheme, standing, at=event.occurred_at, tz=tz), event.id)
    return False


def spent_for_good(contra: str) -> bool:
    """Whether a burn takes value back rather than spends it: it cannot be returned."""
    return contra in _GONE_BACK
