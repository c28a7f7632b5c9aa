"""What campaigns announce, and what the audit log keeps of who did what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from regulars.engage.campaigns.types import Campaign, Run
from regulars.kit.ids import new_id
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event


def note(
    scope: Scope,
    action: str,
    campaign: Campaign,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="campaign",
        subject_id=campaign.code,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        now=now,
    )


def announce(topic: str, campaign: Campaign, run: Run | None, now: datetime) -> None:
    """`campaign.launched`, `campaign.run_started`, `campaign.run_finished`, `campaign.cancelled`."""
    brand = organisations.get_brand(brand_id=campaign.brand_id)
    payload: dict[str, Any] = {"campaign": campaign.code}
    if run is not None:
        payload |= {"run": run.number, "audience": run.audience, "sent": run.total("sent")}
    outbox.append([Event(new_id(), brand.organisation_id, brand.id, topic, payload, now, now)])
