"""The door of the rules: read a programme, decide an activity by it, advance a member's state. All pure."""

from __future__ import annotations

from regulars.programme.rules.acting import acting_schema, check_acting, compile_acting, describe_acting
from regulars.programme.rules.advance import apply, apply_refund
from regulars.programme.rules.asking import (
    check_standing,
    compile_standing,
    describe_standing,
    standing_schema,
)
from regulars.programme.rules.decide import decide
from regulars.programme.rules.describe import describe
from regulars.programme.rules.dump import dump
from regulars.programme.rules.expiry import expires_at
from regulars.programme.rules.explain import explain_outcome, facts_of
from regulars.programme.rules.parse import parse, programme_catalogue
from regulars.programme.rules.selling import checkout_texts, offer_facts, read_offer

__all__ = [
    "acting_schema",
    "apply",
    "apply_refund",
    "check_acting",
    "check_standing",
    "checkout_texts",
    "compile_acting",
    "compile_standing",
    "decide",
    "describe",
    "describe_acting",
    "describe_standing",
    "dump",
    "expires_at",
    "explain_outcome",
    "facts_of",
    "offer_facts",
    "parse",
    "programme_catalogue",
    "read_offer",
    "standing_schema",
]
