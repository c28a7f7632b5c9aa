"""When the return window is over: who qualifies, rewards for both sides, and those that go back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import ReferralRow
from regulars.flows import rewarding
from regulars.flows.referrals.following import facts_of, orders_of
from regulars.flows.referrals.joining import inactive
from regulars.flows.rewarding import Gift
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

BATCH = 200
SOURCE = "referral"
_FOR_RECRUITER = Text("好友达成邀请", "A friend you brought")
_FOR_FRIEND = Text("受邀入会礼", "You came by a friend")


def settle(now: datetime) -> int:
    """Look at the referrals whose time has come; gives how many."""
    with transaction.atomic():
        claimed = referrals.claim_due(now=now, limit=BATCH)
        by_brand: dict[UUID, list[UUID]] = {}
        for brand_id, member_id in claimed:
            by_brand.setdefault(brand_id, []).append(member_id)
        for brand_id, member_ids in sorted(by_brand.items()):
            _settle(organisations.get_brand(brand_id=brand_id), member_ids, now)
    return len(claimed)


def _settle(brand: Brand, member_ids: list[UUID], now: datetime) -> None:
    rows = referrals.referrals_of(brand_id=brand.id, member_ids=member_ids)
    orders = facts_of(
        brand=brand, ids=[(row.member_id, row.order_id) for row in rows.values() if row.order_id is not None]
    )
    qualified, returned, waiting = referrals.check_due(
        brand=brand,
        member_ids=member_ids,
        nets={order.member_id: order.net for order in orders},
        inactive=inactive(brand=brand, member_ids={row.recruiter_id for row in rows.values()}),
        now=now,
    )
    look_again(brand, waiting, now)
    gifts = []
    for row, terms in qualified:
        for member_id, key, rewards, title in (
            (row.recruiter_id, recruiter_key(brand, row), terms.recruiter_rewards, _FOR_RECRUITER),
            (row.member_id, friend_key(brand), terms.friend_rewards, _FOR_FRIEND),
        ):
            if rewards:
                gifts.append(Gift(member_id, key, SOURCE, rewarding.rewards_of(rewards), title))
    given = rewarding.give(brand=brand, gifts=gifts, now=now)
    cost = {(one.member_id, one.key): one.cost for one in given}
    referrals.note_costs(
        brand_id=brand.id,
        costs={
            row.member_id: cost.get((row.recruiter_id, recruiter_key(brand, row)), 0)
            + cost.get((row.member_id, friend_key(brand)), 0)
            for row, _ in qualified
        },
    )
    if returned:
        rewarding.take_back(
            brand=brand,
            gifts=[
                pair
                for row, _ in returned
                for pair in (
                    (row.recruiter_id, recruiter_key(brand, row)),
                    (row.member_id, friend_key(brand)),
                )
            ],
            reason="referral_refunded",
            now=now,
        )
        referrals.note_costs(brand_id=brand.id, costs={row.member_id: 0 for row, _ in returned})


def look_again(brand: Brand, rows: Sequence[ReferralRow], now: datetime) -> None:
    """Friends who wait for an order may have made it already: all since they joined are looked at."""
    orders = orders_of(brand=brand, joined={row.member_id: row.joined_at for row in rows})
    referrals.note_orders(
        brand=brand, orders=[(o.member_id, o.order_id, o.ordered_at, o.net) for o in orders], now=now
    )


def review(
    *, scope: Scope, brand: Brand, member_id: UUID, counts: bool, note: str, now: datetime
) -> ReferralRow:
    """Staff look at a refused referral; one that counts after all goes on with what the friend bought meanwhile.

    Raises `not_found` and `not_refused` (409).
    """
    with transaction.atomic():
        row = referrals.review(
            scope=scope, brand=brand, member_id=member_id, counts=counts, note=note, now=now
        )
        if row.state == "joined":
            look_again(brand, [row], now)
    return referrals.referrals_of(brand_id=brand.id, member_ids=[member_id])[member_id]


def recruiter_key(brand: Brand, row: ReferralRow) -> str:
    return f"referral:{brand.id}:{row.member_id}"


def friend_key(brand: Brand) -> str:
    return f"referral:{brand.id}:came"
