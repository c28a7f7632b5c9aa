"""What recommendations are made of and what they look like. Days are whole numbers from the first day of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float32]
else:  # who only serves lists does not load numpy
    Ints = Floats = Any

ListKind = Literal["buy_again", "discover", "due"]
KINDS: tuple[ListKind, ...] = ("buy_again", "discover", "due")
KEPT = 20  # things of a list that are kept, so that enough are left when some are not sold
SHOWN = 10
# Below this the lists would be guesses: the page says so instead of showing them.
FEWEST_MEMBERS = 50
FEWEST_DAYS = 84
_DAY_BITS = 16
_MEMBERS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Purchases:
    """Who bought what on which day, once each: sorted keys of 8 bytes, for 60 million of them must fit.

    Members and items are places from 0; the callers know who and what they are. `days`: how many the data spans.
    `shelves`: by item its category and its department, places from 0 as well; None where nobody says. `sent_back`:
    what members had and sent back, which are no purchases, as sorted numbers member × items + item; None: nothing.
    """

    keys: Ints
    members: int
    items: int
    days: int
    shelves: tuple[Ints, Ints] | None = None
    sent_back: Ints | None = None

    @classmethod
    def of(
        cls, *, member: Any, item: Any, day: Any, members: int, items: int, days: int,
        shelves: tuple[Ints, Ints] | None = None, sent_back: tuple[Any, Any] | None = None,
    ) -> Purchases:  # fmt: skip
        """From equally long arrays in any order, with repetitions; `sent_back` are members and items."""
        import numpy as np

        keys = (np.asarray(member, "int64") * items + np.asarray(item, "int64")) << _DAY_BITS
        keys |= np.asarray(day, "int64")
        keys.sort()
        if len(keys):
            keys = keys[np.append(True, keys[1:] != keys[:-1])]
        back = None
        if sent_back is not None and len(sent_back[0]):
            back = np.unique(np.asarray(sent_back[0], "int64") * items + np.asarray(sent_back[1], "int64"))
        return cls(keys, members, items, days, shelves, back)

    def part(self, first: int, end: int, *, before: int | None = None) -> tuple[Ints, Ints, Ints]:
        """(member from 0, item, day) of the members `first` ≤ … < `end`, sorted so; only days earlier than `before`."""
        import numpy as np

        bounds = np.array([first, end], "int64") * self.items << _DAY_BITS
        low, high = np.searchsorted(self.keys, bounds)
        keys = self.keys[low:high]
        day = keys & ((1 << _DAY_BITS) - 1)
        if before is not None and before < self.days:
            mask = day < before
            keys, day = keys[mask], day[mask]
        pair = keys >> _DAY_BITS
        member = pair // self.items
        return member - first, pair - member * self.items, day

    def buyers(self) -> Ints:
        """By item: how many members bought it."""
        import numpy as np

        found = np.zeros(self.items, "int64")
        for first in range(0, self.members, _MEMBERS_AT_ONCE):
            member, item, _ = self.part(first, first + _MEMBERS_AT_ONCE)
            if len(member):
                new = np.append(True, (member[1:] != member[:-1]) | (item[1:] != item[:-1]))
                found += np.bincount(item[new], minlength=self.items)
        return found


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was tuned on earlier weeks of the real data than those the figures are of (docs/models.md)."""

    half_lives: tuple[float, float, float] = (21.0, 60.0, 180.0)  # days, of the decayed counts
    neighbours: int = 100
    neighbour_half_life: float = 120.0
    neighbour_days: int = 56  # what neighbours bought so recently counts
    crowd: int = 4000  # neighbours are looked for among so many
    horizon: int = 28  # days ahead that the lists are for
    fit_members: int = 1500
    chunk: int = 500
    discover_half_life: float = 60.0
    discover_penalty: float = 2.0  # times the root of the number of members
    discover_recent: float = 0.6  # weight of how many bought it in the last three weeks
    discover_items: int = 10_000
    discover_share: float = 0.008  # of the members must have bought it in the last eight weeks
    discover_members: int = 4000  # whose candidates the order is learnt from
    seed: int = 7


@dataclass(frozen=True, slots=True)
class TopLists:
    """Per member at most `KEPT` items, the best first; -1 where there are no more. `scores` go with them.

    `at`: where each stands among the pairs that were scored; None for things she never had.
    """

    items: Ints
    scores: Floats
    at: Ints | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Means over the members who took anything of what is asked for in the four weeks held out."""

    members: int
    recall: float
    ndcg: float


@dataclass(frozen=True, slots=True)
class Product:
    """A product as the order lines name it. `price`: what one piece cost last, in minor units."""

    sku: str
    name: str
    category: str = ""
    department: str = ""
    price: int | None = None
    last_sold: date | None = None
    buyers: int = 0


@dataclass(frozen=True, slots=True)
class Suggested:
    """One thing of a list, with what its reason needs: how often she bought it, when it is due, because of what."""

    product: Product
    score: float
    times: int = 0
    last_on: date | None = None
    interval_days: int | None = None
    due_on: date | None = None
    because: Product | None = None


@dataclass(frozen=True, slots=True)
class Recommended:
    """A member's lists, as of the instant they were reckoned for; `as_of` None: she has none."""

    as_of: Any = None
    buy_again: tuple[Suggested, ...] = ()
    discover: tuple[Suggested, ...] = ()
    due: tuple[Suggested, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """What of is only for members of these tiers: a product or a whole category."""

    tiers: tuple[str, ...]
    sku: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Shop:
    """What may be shown: nothing of what is not sold now, and what is for some tiers only to those."""

    not_sold: frozenset[str] = frozenset()
    not_sold_categories: frozenset[str] = frozenset()
    gates: tuple[Gate, ...] = field(default=())
    stale_days: int = 56  # what nobody bought for so long is taken for gone

    def shuts_out(self, tiers: Sequence[str]) -> tuple[list[str], list[str]]:
        """(products, categories) a member of these tiers is not shown."""
        skus, categories = set(self.not_sold), set(self.not_sold_categories)
        for gate in self.gates:
            if not set(gate.tiers).intersection(tiers):
                (skus if gate.sku else categories).add(gate.sku or gate.category)
        return sorted(skus), sorted(categories)

    def to_json(self) -> dict[str, Any]:
        """As it is kept among the brand's settings."""
        return {
            "not_sold": sorted(self.not_sold),
            "not_sold_categories": sorted(self.not_sold_categories),
            "gates": [{"tiers": list(g.tiers), "sku": g.sku, "category": g.category} for g in self.gates],
            "stale_days": self.stale_days,
        }

    @classmethod
    def from_json(cls, given: dict[str, Any] | None) -> Shop:
        given = given or {}
        return cls(
            frozenset(given.get("not_sold", ())),
            frozenset(given.get("not_sold_categories", ())),
            tuple(
                Gate(tuple(gate["tiers"]), gate.get("sku", ""), gate.get("category", ""))
                for gate in given.get("gates", ())
            ),
            int(given.get("stale_days", 56)),
        )
