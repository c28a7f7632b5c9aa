"""Who gets what, by hashes of the member and the campaign's salt: the same each time, whatever is asked when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from uuid import UUID

from regulars.engage.campaigns.types import HOLDOUT, Definition, Trial, Variant

WHOLE = 1 << 31
_STEPS = 10_000


def unit(salt: str, words: str, member_id: UUID) -> int:
    """A number of 0 up to 2^31, evenly spread over members; another `words` gives one that knows nothing of it."""
    made = blake2b(member_id.bytes, digest_size=4, key=f"{salt}|{words}".encode()[:64])
    return int.from_bytes(made.digest(), "big") >> 1


def below(number: int, percent: int) -> bool:
    """Whether a number of `unit` lies within the first `percent`."""
    return number * 100 < percent * WHOLE


def place_of(salt: str, member_id: UUID) -> int:
    """Her turn: neither her id nor how long she is here has a part in it."""
    return unit(salt, "place", member_id)


def is_sampled(salt: str, member_id: UUID, percent: int | None) -> bool:
    return percent is None or below(unit(salt, "sample", member_id), percent)


def variant_of(salt: str, member_id: UUID, variants: Sequence[Variant]) -> str:
    """The variant that is hers, by the shares."""
    if len(variants) == 1:
        return variants[0].key
    total = sum(one.share for one in variants)
    number = unit(salt, "variant", member_id) * total // WHOLE
    for one in variants:
        number -= one.share
        if number < 0:
            return one.key
    return variants[-1].key


def wave_of(salt: str, member_id: UUID, trial: Trial | None) -> int:
    """1: now; 2: once the winner is known."""
    if trial is None or below(unit(salt, "trial", member_id), trial.percent):
        return 1
    return 2


def arm_of(definition: Definition, salt: str, member_id: UUID) -> tuple[str, int]:
    """The arm (empty while it waits for the winner) and wave of one who is not held out."""
    wave = wave_of(salt, member_id, definition.trial)
    return (variant_of(salt, member_id, definition.variants) if wave == 1 else ""), wave


def arm_of_rest(definition: Definition, salt: str, member_id: UUID, winner: str) -> str:
    """What one of the second wave gets; empty for nothing. `winner` is a variant's key, or `none`."""
    if winner and winner != "none":
        return winner
    otherwise = definition.trial.otherwise if definition.trial else "first"
    if otherwise == "none":
        return ""
    return (
        definition.variants[0].key
        if otherwise == "first"
        else variant_of(salt, member_id, definition.variants)
    )


def expected_shares(definition: Definition) -> dict[str, float]:
    """The share of all who may be treated that each arm should have in the first wave's split; they add up to 1."""
    held = definition.holdout_percent / 100
    first = definition.trial.percent / 100 if definition.trial else 1.0
    total = sum(one.share for one in definition.variants)
    found = {HOLDOUT: held} if held else {}
    for one in definition.variants:
        found[one.key] = (1 - held) * first * one.share / total
    if definition.trial:
        found["rest"] = (1 - held) * (1 - first)
    return found
