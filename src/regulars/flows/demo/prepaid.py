"""The demo's prepaid value: a ladder, a package, a stamp card and gift cards, and some members who have them.

The data set has none of it, so all names say that they are a demo. A second call makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.flows.prepaid import api as flows
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid import api as prepaid

MEMBERS = 12
_BATCH = "demo-gift"
_DEFINITIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "settings",
        "settings",
        {
            "transfer": {"enabled": True, "units": ["points"], "per_day": 1000, "times_per_day": 5},
            "costs": {"points": {"cost": "1", "breakage": "0.2"}, "stamps": {"cost": "100"}},
            "contract_version": "demo-1",
            "contract": {
                "zh": "演示条款：本金不过期、可退；赠金随退款按比例收回。",
                "en": "Demo terms: what you paid never ends and can be refunded; the bonus goes back in proportion.",
            },
        },
    ),
    (
        "ladder",
        "demo-ladder",
        {
            "name": {"zh": "充值有礼（演示）", "en": "Top-up bonus (demo)"},
            "rungs": [
                {"pay": 10_000},
                {"pay": 50_000, "bonus": 5_000, "grants": [{"unit": "points", "amount": 100, "days": 365}]},
                {"pay": 100_000, "bonus": 15_000, "grants": [{"unit": "stamps", "amount": 5}]},
            ],
            "bonus_days": 365,
        },
    ),
    (
        "package",
        "demo-coffee-card",
        {
            "name": {"zh": "咖啡十次卡（演示）", "en": "Ten coffees (demo)"},
            "sessions": 10,
            "price": 18_000,
            "days": 365,
            "services": ["coffee"],
            "transferable": True,
            "freeze_days": 60,
        },
    ),
    (
        "stamp_card",
        "demo-drink",
        {
            "name": {"zh": "集五枚印花换饮品（演示）", "en": "Five stamps, one drink (demo)"},
            "stamps": 5,
            "reward": {"unit": "gift", "amount": 2_000, "days": 30},
        },
    ),
)


def fill(scope: Scope, member_ids: Sequence[UUID], now: datetime) -> None:
    """Definitions, and purchases of the first `MEMBERS` members given."""
    for kind, key, definition in _DEFINITIONS:
        prepaid.put_definition(
            scope=scope, kind=kind, key=key, state="active", definition=definition, now=now
        )
    chosen = list(member_ids[:MEMBERS])
    for place, member_id in enumerate(chosen):
        flows.top_up(
            scope=scope, member_id=member_id, ladder="demo-ladder", amount=(10_000, 50_000, 100_000)[place % 3],
            method="wechat", key=f"demo:{member_id}", now=now, reference="demo",
        )  # fmt: skip
        if place % 2 == 0:
            package = flows.buy_package(
                scope=scope, member_id=member_id, package="demo-coffee-card", method="wechat",
                key=f"demo:{member_id}", now=now, reference="demo",
            )  # fmt: skip
            flows.use_package(
                scope=scope, member_id=member_id, package_id=package.id, key=f"demo:{member_id}", now=now,
                service="coffee",
            )  # fmt: skip
    _cards(scope, chosen, now)


def _cards(scope: Scope, chosen: Sequence[UUID], now: datetime) -> None:
    """Twenty cards of 200: ten sold, four of them bound."""
    try:
        flows.create_batch(
            scope=scope, code=_BATCH, name=Text("节日礼品卡（演示）", "Festive gift card (demo)"), face=20_000,
            count=20, valid_months=36, design="festive", now=now,
        )  # fmt: skip
    except Refusal as refusal:
        if refusal.code == "batch_exists":
            return
        raise
    _, made = flows.hand_out(scope=scope, code=_BATCH, now=now)
    flows.sell_cards(
        scope=scope,
        numbers=[card.number for card in made[:10]],
        method="card",
        key="demo:gift",
        now=now,
        reference="demo",
    )
    for card, member_id in zip(made[:4], chosen, strict=False):
        flows.claim_card(
            scope=scope,
            member_id=member_id,
            number=card.number,
            pin=card.pin,
            key=f"demo:{card.serial}",
            now=now,
        )
