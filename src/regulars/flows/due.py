"""Due work on members: pending value activates, value expires, tiers are judged, holds end.

Each run takes a batch of members whose time has come, locks them (those that another worker holds are passed over),
folds each up to now and writes every table once. What is done is done at the instant it fell due; a second run, or a
second worker, finds nothing left to do.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.facts.members import states
from regulars.flows import audience, notices, payments, value, webhooks
from regulars.flows.bookings import api as bookings
from regulars.flows.campaigns import api as campaigns
from regulars.flows.care import api as care
from regulars.flows.coupons import api as coupon_flows
from regulars.flows.intake.load import load
from regulars.flows.intake.post import Work, write
from regulars.flows.journeys import api as journeys
from regulars.flows.mall import api as mall
from regulars.flows.missions import api as missions
from regulars.flows.plans import api as plans
from regulars.flows.prepaid import api as prepaid
from regulars.flows.referrals import api as referrals
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons
from regulars.value.ledger import api as ledger
from regulars.value.ledger import records as ledger_records
from regulars.value.ledger import store as ledger_store
from regulars.value.reviews import api as reviews

BATCH = 1000


def settle(now: datetime) -> int:
    """Activate, expire and judge what is due in every brand; returns the number of members settled."""
    return sum(_settle_brand(brand, now) for brand in organisations.list_brands())


def _settle_brand(brand: Brand, now: datetime) -> int:
    with connection.cursor() as cursor:
        waiting = ledger_store.due_members(cursor, brand_id=brand.id, now=now, limit=BATCH)
        waiting += states.due_members(cursor, brand_id=brand.id, now=now, limit=BATCH)
    return (
        settle_members(brand=brand, member_ids=list(dict.fromkeys(waiting))[:BATCH], now=now)
        if waiting
        else 0
    )


def settle_members(*, brand: Brand, member_ids: list[UUID], now: datetime) -> int:
    """Bring these members up to now, in one transaction; returns how many were free to be taken."""
    with transaction.atomic(), connection.cursor() as cursor:
        taken = states.claim(cursor, brand_id=brand.id, member_ids=member_ids)
        if not taken:
            return 0
        rows = states.lock(cursor, brand_id=brand.id, member_ids=taken)
        history = versions.in_force(brand_id=brand.id, now=now)
        loaded = load(cursor, brand=brand, history=history, rows=rows, events={id_: [] for id_ in rows})
        lots = ledger_store.load_lots(cursor, brand_id=brand.id, member_ids=taken, closed=False)
        for member_id, fold in loaded.folds.items():
            fold.wallet.lots = lots[member_id]
            fold.advance(history.at(now), now)
            for account in fold.wallet.accounts.values():
                account.changed = True  # the next instants move on, whatever the amounts did
        write(cursor, Work(system_scope(brand), brand, now, []), loaded, loaded.folds)
        return len(taken)


def release_holds(now: datetime) -> int:
    """End the holds whose time is over; returns how many.

    Each locks its member, so they are ended in the order in which posting locks members. A frozen or closed
    membership's are ended too: what the system does is not up to her.
    """
    with transaction.atomic():
        ended = ledger_records.due_holds(now=now, limit=200)
        for brand_id, hold in sorted(ended, key=lambda found: found[1].member_id):
            value.end_hold(
                scope=system_scope(organisations.get_brand(brand_id=brand_id)),
                member_id=hold.member_id,
                hold_id=hold.id,
                capture=False,
                key=f"due:{hold.id}",
                now=now,
            )
        return len(ended)


def keep_partitions(now: datetime) -> int:
    """The coming months' partitions of what is partitioned."""
    return activities.keep_partitions(now=now) + ledger.keep_partitions(now=now) + outbox.keep_partitions(now)


def system_scope(brand: Brand) -> Scope:
    """Regulars itself, at work in a brand."""
    return Scope(
        organisation_id=brand.organisation_id, brand_id=brand.id, actor=SYSTEM, permissions=frozenset()
    )


def register() -> None:
    """Tell the worker; called once by each worker process."""
    due.register("value.settle", settle, every_seconds=1)
    due.register("value.release_holds", release_holds, every_seconds=1)
    due.register("bookings.settle", bookings.settle_bookings, every_seconds=30)
    due.register("bookings.remind", bookings.remind, every_seconds=60)
    campaigns.register()
    care.register()
    due.register("coupons.expire", coupons.expire_due, every_seconds=5)
    due.register("coupons.release", coupons.release_due, every_seconds=5)
    due.register("coupons.issue", coupon_flows.run_due, every_seconds=1)
    due.register("mall.settle", mall.settle_orders, every_seconds=30)
    due.register("payments.settle", payments.settle_due, every_seconds=1)
    due.register("plans.renew", plans.renew_due, every_seconds=1)
    due.register("prepaid.expire_cards", prepaid.expire_cards, every_seconds=60)
    due.register("prepaid.thaw", prepaid.thaw, every_seconds=60)
    due.register("reviews.sweep", reviews.sweep, every_seconds=600)
    due.register("webhooks.feed", webhooks.feed, every_seconds=1)
    audience.register()
    missions.register()
    journeys.register()
    referrals.register()
    due.register("notices.send", notices.send_due, every_seconds=600)
    due.register("partitions.keep", keep_partitions, every_seconds=3600)
