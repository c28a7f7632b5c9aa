"""The demo's coupons: the 27 real campaigns of the data set, who got them, what was redeemed; and a few made up.

Who was in a campaign, its dates and the redemptions are the data's, moved with the year. What a coupon took off is not
in the data: the offers are made up by the campaign's type, for the departments its coupons were for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from regulars.flows.coupons import api as flow
from regulars.flows.demo import history
from regulars.flows.demo.acts import TIMEZONE
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Scope
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Coupon

# The departments a campaign's coupons were for, most first (of the data's 116 204 pairs of coupon and product).
_DEPARTMENTS: dict[int, tuple[str, ...]] = {
    1: ("GROCERY",), 2: ("GROCERY", "MEAT-PCKGD"), 3: ("GROCERY", "DRUG GM"), 4: ("GROCERY", "DRUG GM"),
    5: ("DRUG GM",), 6: ("GROCERY",), 7: ("DRUG GM", "GROCERY"), 8: ("GROCERY", "MEAT", "MEAT-PCKGD"),
    9: ("GROCERY", "DRUG GM", "NUTRITION"), 10: ("DRUG GM", "GROCERY"), 11: ("GROCERY", "DRUG GM"),
    12: ("GROCERY", "MEAT-PCKGD"), 13: ("GROCERY", "DRUG GM", "COSMETICS"), 14: ("DRUG GM", "GROCERY"),
    15: ("GROCERY",), 16: ("COSMETICS", "DRUG GM"), 17: ("GROCERY", "SEAFOOD-PCKGD"),
    18: ("DRUG GM", "GROCERY", "COSMETICS"), 19: ("DRUG GM",), 20: ("DRUG GM", "GROCERY"),
    21: ("GROCERY", "DELI"), 22: ("DRUG GM", "GROCERY"), 23: ("GROCERY", "NUTRITION"), 24: ("DRUG GM", "GROCERY"),
    25: ("GROCERY",), 26: ("GROCERY", "NUTRITION"), 27: ("GROCERY", "DRUG GM", "PRODUCE"),
}  # fmt: skip
_OFFERS: dict[str, dict[str, Any]] = {
    "A": {"kind": "percent", "factor": "0.85", "cap": 1000},
    "B": {"kind": "amount", "amount": 100, "at_least": 500},
    "C": {"kind": "threshold", "steps": [{"at_least": 2000, "off": 200}, {"at_least": 5000, "off": 600}]},
}
_TYPES = {"A": ("精选", "Select"), "B": ("专享", "Choice"), "C": ("常购", "Regular")}


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign with its days as moved."""

    number: int
    type: str
    first: date
    last: date

    @property
    def key(self) -> str:
        return f"campaign-{self.number}"


def fill(
    scope: Scope, ids: Mapping[int, UUID], weeks: int, now: datetime, until: datetime | None = None
) -> int:
    """The campaigns, their coupons in the wallets of these households, and a few to try; returns how many coupons. What
    would be after `until` (or now) is left out."""
    if coupons.list_definitions(brand_id=scope.brand_id, keys=["campaign-1"]):
        return 0
    campaigns = _campaigns(weeks)
    today = now.astimezone(zone(TIMEZONE)).date()
    _make_up(scope, now)
    for one in campaigns.values():
        flow.put_definition(scope=scope, definition=_definition(one, today), now=now)
    end = until or now
    everything = _coupons(scope, ids, campaigns, weeks, today)
    made = [one for one in everything if (one.used_at or one.claimed_at or end) <= end]
    return coupons.record_history(brand_id=scope.brand_id, coupons=made)


def received(number: int, weeks: int) -> tuple[Campaign, set[int]]:
    """A campaign of the data, with its days as moved, and the households that got it."""
    mine = {int(row["household_id"]) for row in _rows("campaigns") if int(row["campaign_id"]) == number}
    return _campaigns(weeks)[number], mine


def _campaigns(weeks: int) -> dict[int, Campaign]:
    found = {}
    for row in _rows("campaign_descriptions"):
        number = int(row["campaign_id"])
        first, last = _moved(row["start_date"], weeks), _moved(row["end_date"], weeks)
        found[number] = Campaign(number, str(row["campaign_type"])[-1], first, last)
    return found


def _definition(one: Campaign, today: date) -> dict[str, Any]:
    zh, en = _TYPES[one.type]
    lines = {"field": "line.department", "op": "in", "value": list(_DEPARTMENTS[one.number])}
    return {
        "key": one.key,
        "name": {"zh": f"{zh}券（第 {one.number} 期）", "en": f"{en} coupon, campaign {one.number}"},
        "description": {
            "zh": "活动名单、日期与核销来自公开数据集，优惠内容为演示设定。",
            "en": "Who, when and what was redeemed is of the public data set; the offer is the demo's.",
        },
        "state": "ended" if one.last < today else "active",
        "offer": {**_OFFERS[one.type], "lines": lines},
        "validity": {"kind": "fixed", "from": one.first.isoformat(), "to": one.last.isoformat()},
        "transferable": one.type == "C",
    }


def _coupons(
    scope: Scope, ids: Mapping[int, UUID], campaigns: Mapping[int, Campaign], weeks: int, today: date
) -> list[Coupon]:
    """One for each redemption, used on its day; and one for each household of a campaign, live or expired."""
    made: list[Coupon] = []
    received = {(int(row["campaign_id"]), int(row["household_id"])) for row in _rows("campaigns")}
    for n, row in enumerate(_rows("coupon_redemptions")):
        one = campaigns[int(row["campaign_id"])]
        member = ids.get(int(row["household_id"]))
        if member is None:
            continue
        used = _at(_moved(row["redemption_date"], weeks), 12)
        made.append(_coupon(scope, member, one, f"redeemed:{n}", used, f"upc {row['coupon_upc']}"))
    for number, household in sorted(received):
        member = ids.get(household)
        if member is not None:
            made.append(_coupon(scope, member, campaigns[number], "received", None, None, today))
    return made


def _coupon(
    scope: Scope,
    member: UUID,
    one: Campaign,
    key: str,
    used: datetime | None,
    order: str | None,
    today: date | None = None,
) -> Coupon:
    starts, ends = _at(one.first), _at(one.last + timedelta(days=1))
    over = used is None and today is not None and one.last < today
    return Coupon(
        member_id=member,
        id=coupons.issue_id(brand_id=scope.brand_id, definition=one.key, key=key, member_id=member),
        brand_id=scope.brand_id,
        definition=one.key,
        state="used" if used else "expired" if over else "claimed",
        claimed_at=min(starts, used) if used else starts,
        starts_at=starts,
        expires_at=ends,
        source=f"campaign:{one.number}",
        used_at=used,
        order=order,
        channel="order" if used else None,
        actor="complete-journey" if used else None,
        ended_at=ends if over else None,
    )


def _make_up(scope: Scope, now: datetime) -> None:
    """A budget and three coupons that every page can be tried with."""
    budgets.apply_definition(
        scope=scope,
        definition={
            "key": "fresh-month",
            "name": {"zh": "生鲜月度预算", "en": "Fresh produce, monthly"},
            "kind": "amount",
            "amount": 2_000_000,
            "period": "month",
        },
        now=now,
    )
    shared = {"state": "active", "validity": {"kind": "after_claim", "days": 30}}
    for definition in (
        {
            "key": "welcome",
            "name": {"zh": "新人 10 元券", "en": "Ten off to begin with"},
            "offer": {"kind": "amount", "amount": 1000, "at_least": 5000},
            "limits": {"total": 10_000, "per_member": 1, "per_person": 1},
            "claim": {"channels": ["portal", "code"]},
            "words": ["HELLO"],
            "transferable": True,
        },
        {
            "key": "fresh",
            "name": {"zh": "生鲜 8 折券", "en": "Fresh produce at 80 %"},
            "offer": {
                "kind": "percent",
                "factor": "0.8",
                "cap": 2000,
                "lines": {"field": "line.department", "op": "in", "value": ["PRODUCE"]},
            },
            "limits": {"per_day": 200, "per_member": 2},
            "claim": {"channels": ["portal", "issue"]},
            "budgets": ["fresh-month"],
            "worth": 1000,
        },
        {
            "key": "coffee",
            "name": {"zh": "咖啡兑换券", "en": "A cup of coffee"},
            "offer": {"kind": "exchange"},
            "limits": {"total": 500},
            "claim": {"channels": ["code", "issue"]},
            "worth": 1500,
        },
    ):
        flow.put_definition(scope=scope, definition={**shared, **definition}, now=now)
    coupons.make_codes(scope=scope, definition="coffee", count=100, now=now, note="演示 / demo")


def _rows(name: str) -> list[dict[str, Any]]:
    """The rows of one of the small tables."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = []
    for batch in pq.ParquetFile(history.data_directory() / f"{name}.parquet").iter_batches(use_threads=False):
        columns = [_plain(batch[column]) for column in batch.schema.names]
        rows += [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]
    return rows


def _plain(column: Any) -> list[Any]:
    """Instants as whole nanoseconds: Arrow's own way would import pandas."""
    import pyarrow as pa

    return list(
        column.cast(pa.int64()).to_pylist() if pa.types.is_timestamp(column.type) else column.to_pylist()
    )


def _moved(nanos: int, weeks: int) -> date:
    day = datetime.fromtimestamp(nanos // 1_000_000_000, tz=UTC).date()
    return day + timedelta(weeks=weeks)


def _at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone(TIMEZONE)).astimezone(UTC)
