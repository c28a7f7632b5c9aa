"""Recommendations for many members: time and memory of fitting, of everybody's lists, of what goes together.

    python bench/recommend.py [--members 1000000] [--items 20000] [--lists 50000]

Synthetic purchases: items by a Zipf law, members of fifty kinds who prefer an eighth of the items, things bought again
and again. Lists are made for the first `--lists` members and the time for all is reckoned from that (chunks are alike).
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from regulars.insight.recommend import again, discover, due, together
from regulars.insight.recommend.types import Purchases, Tuning

DAYS = 365


def synthetic(members: int, items: int, *, seed: int = 1) -> Purchases:
    """About forty purchases a member, a third of them of things she bought before."""
    random = np.random.default_rng(seed)
    keys = []
    kinds = random.permuted(np.tile(np.arange(items), (50, 1)), axis=1)[:, : items // 8]
    for first in range(0, members, 50_000):
        size = min(50_000, members - first)
        counts = np.maximum(3, random.lognormal(3.3, 0.9, size)).astype("int64").clip(max=400)
        member = np.repeat(np.arange(size), counts)
        rank = np.minimum((random.pareto(0.8, len(member)) * 20).astype("int64"), items - 1)
        own = kinds[member % 50, rank % (items // 8)]
        item = np.where(random.random(len(member)) < 0.7, own, rank)
        day = random.integers(0, DAYS, len(member))
        repeat = random.random(len(member)) < 0.35
        item = np.where(repeat & np.append(False, member[1:] == member[:-1]), np.roll(item, 1), item)
        keys.append((((first + member) * items + item) << 16) | day)
    found = np.concatenate(keys)
    found.sort()
    found = found[np.append(True, found[1:] != found[:-1])]
    return Purchases(found, members, items, DAYS)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--members", type=int, default=1_000_000)
    given.add_argument("--items", type=int, default=20_000)
    given.add_argument("--lists", type=int, default=20_000)
    asked = given.parse_args()
    clock = time.process_time  # processor seconds: what else the machine does is left out
    begun = clock()

    def told(what: str) -> None:
        nonlocal begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"{what:58} {clock() - begun:8.1f} s of processor   peak {peak:5.2f} GB", flush=True)
        begun = clock()

    purchases = synthetic(asked.members, asked.items)
    tuning = Tuning()
    told(f"{len(purchases.keys):,} purchases made up")
    fitted = again.fit(purchases, end=DAYS - tuning.horizon, tuning=tuning)
    told("buy again fitted")
    model = again.model_as_of(purchases, fitted, end=DAYS, tuning=tuning)
    told("buy again as of today")
    finds = discover.fit(purchases, end=DAYS, tuning=tuning)
    assert finds is not None
    told(f"discover fitted on {len(finds.columns):,} items")
    found = together.also_bought(purchases, end=DAYS)
    told(f"{len(found.item):,} pairs that go together")
    spent = {"again": 0.0, "discover": 0.0}
    for first in range(0, min(asked.lists, asked.members), tuning.chunk):
        until = min(first + tuning.chunk, asked.members)
        at = clock()
        pairs, scores = again.score(purchases, first, until, model)
        again.top(pairs, scores, until - first)
        due.due_lists(pairs, scores, model.items, until - first, end=DAYS)
        spent["again"] += clock() - at
        at = clock()
        lists = discover.top(purchases, first, until, finds)
        discover.because(purchases, first, until, finds, lists)
        spent["discover"] += clock() - at
    told(f"lists of {asked.lists:,} members")
    for name, seconds in spent.items():
        print(
            f"  {name}: {seconds * asked.members / asked.lists:,.0f} s of processor for all {asked.members:,}"
        )


if __name__ == "__main__":
    main()
