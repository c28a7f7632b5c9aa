"""Campaigns, runs and results as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from regulars.engage.campaigns.models import Campaign as CampaignRow
from regulars.engage.campaigns.models import CampaignResult as ResultRow
from regulars.engage.campaigns.models import CampaignRun as RunRow
from regulars.engage.campaigns.policy.definition import parse
from regulars.engage.campaigns.types import OPEN_RUNS, Campaign, Result, Run
from regulars.kit.text import Text
from regulars.platform.due import api as due

_PLAIN = [one.name for one in fields(Campaign) if one.name not in ("name", "definition")]
_RUN = [one.name for one in fields(Run) if one.name != "definition"]


def listed(*, brand_id: UUID, archived: bool) -> list[Campaign]:
    rows = CampaignRow.objects.filter(brand_id=brand_id).order_by("-created_at", "code")
    return [_campaign(row) for row in (rows if archived else rows.exclude(state="archived"))]


def find(*, brand_id: UUID, code: str, lock: bool = False) -> Campaign | None:
    rows = CampaignRow.objects.select_for_update() if lock else CampaignRow.objects
    row = rows.filter(brand_id=brand_id, code=code).first()
    return _campaign(row) if row else None


def by_ids(ids: Sequence[UUID]) -> dict[UUID, Campaign]:
    return {row.id: _campaign(row) for row in CampaignRow.objects.filter(id__in=ids)}


def names(*, brand_id: UUID, codes: Collection[str]) -> dict[str, Text]:
    rows = CampaignRow.objects.filter(brand_id=brand_id, code__in=codes).values_list(
        "code", "name_zh", "name_en"
    )
    return {code: Text(zh, en) for code, zh, en in rows}


def add(campaign: Campaign) -> bool:
    """False where the code is taken."""
    try:
        with transaction.atomic():
            CampaignRow.objects.bulk_create([CampaignRow(**_columns(campaign))])
    except IntegrityError:
        return False
    return True


def put(campaign: Campaign) -> None:
    CampaignRow.objects.filter(id=campaign.id).update(**_columns(campaign))


def take_due(*, now: datetime) -> Campaign | None:
    """A campaign whose next run begins, locked until the transaction ends; those that others have are passed over."""
    found = due.claim(
        table="campaign", key=["id"], due="next_at", now=now, limit=1, where="state = 'running'"
    )
    return _campaign(CampaignRow.objects.get(id=found[0][0])) if found else None


def add_run(run: Run) -> None:
    RunRow.objects.bulk_create([RunRow(**_run_columns(run))])


def put_run(run: Run) -> None:
    RunRow.objects.filter(id=run.id).update(**_run_columns(run))


def take_run(*, now: datetime, run_id: UUID | None = None) -> Run | None:
    """A run with work to do, locked until the transaction ends; those that others are at are passed over. One that is
    paused has none, but that what became of messages is read."""
    found = due.claim(
        table="campaign_run",
        key=["id"],
        now=now,
        limit=1,
        where="(NOT paused OR state = 'settling') AND (%s::uuid IS NULL OR id = %s::uuid)",
        parameters=[run_id, run_id],
    )
    return _run(RunRow.objects.get(id=found[0][0])) if found else None


def due_runs(*, now: datetime, limit: int) -> list[UUID]:
    """Runs with work to do, those that wait longest first."""
    rows = RunRow.objects.filter(Q(paused=False) | Q(state="settling"), next_run_at__lte=now)
    rows = rows.order_by("next_run_at", "id")
    return list(rows.values_list("id", flat=True)[:limit])


def get_run(*, run_id: UUID, lock: bool = False) -> Run | None:
    row = (RunRow.objects.select_for_update() if lock else RunRow.objects).filter(id=run_id).first()
    return _run(row) if row else None


def runs_of(*, campaign_id: UUID, limit: int = 200) -> list[Run]:
    """The newest first."""
    return [_run(row) for row in RunRow.objects.filter(campaign_id=campaign_id).order_by("-number")[:limit]]


def open_runs(*, campaign_id: UUID) -> list[UUID]:
    rows = RunRow.objects.filter(campaign_id=campaign_id, state__in=OPEN_RUNS).order_by("id")
    return list(rows.values_list("id", flat=True))


def begun_since(*, brand_id: UUID, since: datetime) -> list[Run]:
    """Runs that began at `since` or later, the oldest first."""
    rows = RunRow.objects.filter(brand_id=brand_id, started_at__gte=since).order_by("started_at", "id")
    return [_run(row) for row in rows]


def delay_run(*, run_id: UUID, next_run_at: datetime, problem: str) -> None:
    RunRow.objects.filter(id=run_id, next_run_at__isnull=False).update(
        next_run_at=next_run_at, problem=problem[:2000]
    )


def put_result(result: Result, *, brand_id: UUID) -> None:
    ResultRow.objects.update_or_create(
        run_id=result.run_id,
        defaults={
            "brand_id": brand_id,
            **{one.name: getattr(result, one.name) for one in fields(Result) if one.name != "run_id"},
        },
    )


def results_of(run_ids: Sequence[UUID]) -> dict[UUID, Result]:
    return {
        row.run_id: Result(**{one.name: getattr(row, one.name) for one in fields(Result)})
        for row in ResultRow.objects.filter(run_id__in=run_ids)
    }


def _campaign(row: CampaignRow) -> Campaign:
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return Campaign(name=Text(row.name_zh, row.name_en), definition=parse(row.definition), **plain)


def _columns(campaign: Campaign) -> dict[str, Any]:
    plain = {name: getattr(campaign, name) for name in _PLAIN}
    return {
        **plain,
        "name_zh": campaign.name.zh,
        "name_en": campaign.name.en,
        "definition": campaign.definition.to_json(),
    }


def _run(row: RunRow) -> Run:
    plain: dict[str, Any] = {name: getattr(row, name) for name in _RUN}
    return Run(definition=parse(row.definition), **plain)


def _run_columns(run: Run) -> dict[str, Any]:
    return {**{name: getattr(run, name) for name in _RUN}, "definition": run.definition.to_json()}
