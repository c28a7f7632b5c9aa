"""Door of prepaid value: its definitions, and what members bought. What moves value goes through the flows."""

from __future__ import annotations

from regulars.value.prepaid.api.definitions import (
    KINDS,
    apply_definition,
    export_definitions,
    get_definition,
    get_ladder,
    get_package_terms,
    get_settings,
    get_stamp_card,
    list_definitions,
    put_definition,
)
from regulars.value.prepaid.api.reading import (
    batches_of,
    card_refunds_of,
    claimed_total,
    count_cards,
    get_batch,
    get_package,
    get_top_up,
    list_batches,
    list_cards,
    list_held_cards,
    list_packages,
    list_repayments,
    list_top_ups,
    list_transfers,
    list_uses,
    unclaimed_cards,
)

__all__ = [
    "KINDS", "apply_definition", "batches_of", "card_refunds_of", "claimed_total", "count_cards",
    "export_definitions", "get_batch", "get_definition", "get_ladder", "get_package", "get_package_terms",
    "get_settings", "get_stamp_card", "get_top_up", "list_batches", "list_cards", "list_definitions",
    "list_held_cards", "list_packages", "list_repayments", "list_top_ups", "list_transfers", "list_uses",
    "put_definition", "unclaimed_cards",
]  # fmt: skip
