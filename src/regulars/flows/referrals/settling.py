"""When the return window is over: who qualifies, rewards for both sides, and those that go back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import ReferralRow
from regulars.flows import rewarding
from regulars.flows.referrals.following import facts_of
from regulars.flows.referrals.joining import inactive
from regulars.flows.rewarding import Gift
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

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
    qualified, returned = referrals.check_due(
        brand=brand,
        member_ids=member_ids,
        nets={order.member_id: order.net for order in orders},
        inactive=inactive(brand=brand, member_ids={row.recruiter_id for row in rows.values()}),
        now=now,
    )
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


def recruiter_key(brand: Brand, row: ReferralRow) -> str:
    return f"referral:{brand.id}:{row.member_id}"


def friend_key(brand: Brand) -> str:
    return f"referral:{brand.id}:came"
