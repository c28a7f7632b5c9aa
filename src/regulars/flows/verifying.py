"""Benefits at a store: what a member may use now, using it by her pass or code, undoing it, giving more uses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from regulars.flows import standing, suspicion
from regulars.flows.plans import api as plans
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Programme
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import Allowance, GrantRow, UseReceipt


def list_usable(*, scope: Scope, member_id: UUID, now: datetime) -> list[Allowance]:
    """What her tiers, her plan and grants give her now, with what is left of each; what needs no use left out."""
    programme, tiers, _ = _given(scope, member_id, now)
    found = benefits.list_for(scope=scope, programme=programme, member_id=member_id, tiers=tiers, now=now)
    return [one for one in found if not one.automatic]


def use(
    *,
    scope: Scope,
    member_id: UUID,
    benefit: str,
    key: str,
    now: datetime,
    store_id: UUID | None = None,
    device: str = "",
) -> UseReceipt:
    """Use a benefit once 核销, with its quota, the rules against abuse, and an audit entry.

    Raises what `benefits.use` raises, and `held_for_review` (409).
    """
    if not benefits.is_key_used(scope=scope, member_id=member_id, key=key):
        suspicion.check_use(
            scope=scope, member_id=member_id, benefit=benefit, store_id=store_id, device=device, now=now
        )
    programme, tiers, code = _given(scope, member_id, now)
    receipt = benefits.use(
        scope=scope,
        programme=programme,
        member_id=member_id,
        tiers=tiers,
        benefit=benefit,
        key=key,
        store_id=store_id,
        now=now,
    )
    if not receipt.repeated:
        _audit(scope, "benefit.use", code, benefit, receipt, now)
    return receipt


def undo(*, scope: Scope, member_id: UUID, use_id: UUID, now: datetime) -> UseReceipt:
    """Take a use back within the benefit's time for it. Raises `undo_too_late` (409), `not_found`."""
    programme, _, code = _given(scope, member_id, now)
    receipt = benefits.undo(scope=scope, programme=programme, member_id=member_id, use_id=use_id, now=now)
    if not receipt.repeated:
        _audit(scope, "benefit.undo", code, receipt.use.benefit, receipt, now)
    return receipt


def give_more(
    *,
    scope: Scope,
    member_id: UUID,
    benefit: str,
    uses: int,
    until: datetime,
    reason: str,
    key: str,
    now: datetime,
) -> GrantRow:
    """Give a member more uses of a benefit by hand. Raises `invalid_input`, `not_found`."""
    programme, _, _ = _given(scope, member_id, now)
    return benefits.grant(
        scope=scope,
        programme=programme,
        member_id=member_id,
        benefit=benefit,
        uses=uses,
        until=until,
        reason=reason,
        key=key,
        now=now,
    )


def _given(scope: Scope, member_id: UUID, now: datetime) -> tuple[Programme, dict[str, str], str]:
    found = standing.of_member(scope=scope, member_id=member_id, now=now)
    if found.programme is None:
        raise Refusal(
            "no_programme", Text("尚未发布会员方案", "No programme has been published yet"), status=409
        )
    given = plans.with_plan(
        scope=scope, member_id=member_id, programme=found.programme, tiers=found.tiers, now=now
    )
    return given.programme, dict(given.tiers), found.row.code


def _audit(scope: Scope, action: str, code: str, benefit: str, receipt: UseReceipt, now: datetime) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="member",
        subject_id=code,
        after={"benefit": benefit, "use": str(receipt.use.id), "remaining": receipt.remaining},
        now=now,
    )
