"""What a member is recommended: her lists, without what the shop does not sell or keeps for other tiers.

The door for messages, tills, portals and pages alike. Nobody who switched profiling off is recommended anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.insight.recommend import api as recommend
from regulars.insight.recommend.types import SHOWN, Gate, Product, Recommended, Shop
from regulars.insight.runs import api as runs
from regulars.kit.errors import ErrorList
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

ROOM = "recommend"
_MOST = 20_000  # products said not to be sold at a time
_MOST_GATES = 200
_LONGEST = 200


def for_member(*, scope: Scope, member_id: UUID, limit: int = SHOWN) -> Recommended:
    """Her lists as they may be shown now; empty for whoever is too new, not profiled, or bought nothing."""
    if not members.profiling_is_on(brand_id=scope.brand_id, member_id=member_id):
        return Recommended()
    return recommend.for_member(
        brand_id=scope.brand_id,
        member_id=member_id,
        shop=get_shop(brand_id=scope.brand_id),
        tiers=_tiers(scope.brand_id, member_id),
        limit=limit,
    )


def also_bought(
    *, scope: Scope, sku: str, member_id: UUID | None = None, limit: int = SHOWN
) -> list[tuple[Product, int, float, float]]:
    """What goes together with a product and may be shown (to this member): product, days with both, lift, share."""
    return recommend.also_bought(
        brand_id=scope.brand_id,
        sku=sku,
        shop=get_shop(brand_id=scope.brand_id),
        tiers=() if member_id is None else _tiers(scope.brand_id, member_id),
        limit=limit,
    )


def variables(*, scope: Scope, member_id: UUID, limit: int = 3) -> dict[str, Any]:
    """A member's recommendations as values for a message's template.

    `recommended` and `buy_again`: names of products joined by “、”; `recommended_1` … one each; `due`: what she is
    about to run out of. All empty texts where there is nothing to say, so that a template can leave the sentence out.
    """
    found = for_member(scope=scope, member_id=member_id, limit=max(limit, SHOWN))
    names = {
        "recommended": _names(found.discover, limit),
        "buy_again": _names(found.buy_again, limit),
        "due": _names(found.due, limit),
    }
    values: dict[str, Any] = {key: "、".join(one) for key, one in names.items()}
    for key, one in names.items():
        for place in range(limit):
            values[f"{key}_{place + 1}"] = one[place] if place < len(one) else ""
    return values


def get_shop(*, brand_id: UUID) -> Shop:
    """What the brand said it does not sell now, and what is for some tiers only."""
    setting = runs.get_setting(brand_id=brand_id, room=ROOM)
    return Shop.from_json(setting.value if setting else None)


def put_shop(
    *,
    scope: Scope,
    now: datetime,
    not_sold: Sequence[str] | None = None,
    not_sold_categories: Sequence[str] | None = None,
    gates: Sequence[Gate] | None = None,
    stale_days: int | None = None,
) -> Shop:
    """Change what is given; holds from now on. Refuses (422) what is too long or contradicts itself. Audited."""
    errors = ErrorList()
    for field, words in (("not_sold", not_sold), ("not_sold_categories", not_sold_categories)):
        if words is not None and len(words) > _MOST:
            errors.add(field, "too_many", f"最多 {_MOST} 项", f"{_MOST} at most")
        if words is not None and any(not word or len(word) > _LONGEST for word in words):
            errors.add(field, "invalid", f"每项 1 至 {_LONGEST} 字", f"1 to {_LONGEST} characters each")
    if gates is not None and len(gates) > _MOST_GATES:
        errors.add("gates", "too_many", f"最多 {_MOST_GATES} 项", f"{_MOST_GATES} at most")
    for place, gate in enumerate(gates or ()):
        if bool(gate.sku) == bool(gate.category):
            errors.add(
                f"gates.{place}", "one_of", "请填写商品或品类其中一个", "Give either a product or a category"
            )
        if not gate.tiers:
            errors.add(f"gates.{place}.tiers", "required", "请选择等级", "Choose tiers")
    if stale_days is not None and not 7 <= stale_days <= 3650:
        errors.add("stale_days", "out_of_range", "请填写 7 至 3650 天", "7 to 3650 days")
    errors.refuse()
    with transaction.atomic():
        before = get_shop(brand_id=scope.brand_id)
        shop = Shop(
            before.not_sold if not_sold is None else frozenset(not_sold),
            before.not_sold_categories if not_sold_categories is None else frozenset(not_sold_categories),
            before.gates if gates is None else tuple(gates),
            before.stale_days if stale_days is None else stale_days,
        )
        if shop == before:
            return shop
        runs.put_setting(
            brand_id=scope.brand_id, room=ROOM, value=shop.to_json(), now=now, by=scope.actor.label
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="recommend.shop_set",
            subject_type="recommend",
            subject_id=str(scope.brand_id),
            before=_counted(before),
            after=_counted(shop),
            now=now,
        )
    return shop


def _counted(shop: Shop) -> dict[str, Any]:
    """What the audit keeps of a shop: thousands of product numbers would bury everything else."""
    value = shop.to_json()
    return {**value, "not_sold": len(shop.not_sold)}


def _tiers(brand_id: UUID, member_id: UUID) -> list[str]:
    with connection.cursor() as cursor:
        kept = states.standings(cursor, brand_id=brand_id, member_id=member_id)
    return [str(one["t"]) for one in kept.values() if one.get("t")]


def _names(list_: Sequence[Any], limit: int) -> list[str]:
    """Different names: many products of a chain share one."""
    return list(dict.fromkeys(one.product.name or one.product.sku for one in list_))[:limit]
