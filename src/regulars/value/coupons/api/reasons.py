"""Why a coupon cannot be used or had, as codes and in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.value.coupons.policy import usable, wording
from regulars.value.coupons.types import Definition, Held


def why_not(held: Held, now: datetime) -> str | None:
    """The code of why a coupon cannot be used now; None if it can, as far as time and state go."""
    return usable.why_not(held.coupon, held.definition, now)


def why_not_claimable(
    made: Definition, channel: str, *, now: datetime, tz: str, tiers: Mapping[str, str]
) -> str | None:
    """The code of why nobody (of these tiers, scheme → tier) can have one now through a channel, limits aside."""
    return usable.why_not_claimable(made, channel, now=now, tz=tz, tiers=tiers)


def refusal(code: str, made: Definition) -> Refusal:
    """The refusal (409) of a reason's code, with the coupon's name in it."""
    return usable.refusal(code, made)


def reason(code: str, made: Definition | None = None) -> Text:
    """A reason in words; codes of other rooms come back as they are."""
    said = usable.REASONS.get(code)
    return said.format(name=made.name if made else Text("该券", "It")) if said else Text(code, code)


def reasons() -> Mapping[str, Text]:
    """Every reason's code with its words, for people who choose or translate them."""
    return {code: text.format(name=Text("券", "the coupon")) for code, text in usable.REASONS.items()}


def sentence(
    made: Definition, offer: Text | None = None, *, budgets: Mapping[str, Text] | None = None
) -> Text:
    """A definition in a sentence, beginning with what its offer gives, where that is said; budgets by their names."""
    return wording.sentence(made, offer, budgets)


def member_sentence(made: Definition, offer: Text | None = None, *, held: bool = False) -> Text:
    """A definition as members read it: nothing of budgets, totals and channels; without its days where it is held."""
    return wording.member_sentence(made, offer, held=held)
