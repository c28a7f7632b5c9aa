"""What a brand reckons the value of its members by: the share of money that is margin, and a discount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.insight.runs import api as runs
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

KIND = "lifetime"


@dataclass(frozen=True, slots=True)
class ValueTerms:
    """`margin` is a share of money, `discount` a share a year."""

    margin: float
    discount: float


def terms_of(brand_id: UUID) -> ValueTerms:
    """As the brand has set them; all of the money and no discount where it has not."""
    setting = runs.get_setting(brand_id=brand_id, room=KIND)
    value = setting.value if setting else {}
    return ValueTerms(margin=float(value.get("margin", 1.0)), discount=float(value.get("discount", 0.0)))


def put_terms(*, scope: Scope, margin: float, discount: float, now: datetime) -> None:
    """Set them; they hold from the next run on. Audited."""
    before = terms_of(scope.brand_id)
    value = {"margin": margin, "discount": discount}
    with transaction.atomic():
        runs.put_setting(brand_id=scope.brand_id, room=KIND, value=value, now=now, by=scope.actor.label)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="insight.value_terms",
            subject_type="insight",
            subject_id=scope.brand_id,
            now=now,
            before={"margin": before.margin, "discount": before.discount},
            after=value,
        )
