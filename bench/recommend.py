"""Recommendations for many members: time and memory of fitting, of everybody's lists, of what goes together.

    python -m bench.recommend [--members 1000000] [--items 20000] [--lists 20000] [--factor]
    python -m bench.recommend --real [--back 1] [--factor]

Synthetic purchases: items by a Zipf law, members of fifty kinds who prefer an eighth of the items, things bought again
and again, a product's category and department by its number. Lists are made for the first `--lists` members, and the
time of all is reckoned from theirs. `--real`: how good the lists are on the demo's real year.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from regulars.insight.recommend import again, discover, due, evaluation, ranking, together
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
    every = np.arange(items)
    return Purchases(found, members, items, DAYS, (every % 120, every % 12))


def real() -> Purchases:
    """The demo's real year (2 469 households of a grocery chain) straight from its package."""
    import duckdb

    from regulars.flows.demo.history import data_directory

    duck = duckdb.connect()
    duck.execute(
        f"""CREATE TABLE line AS SELECT household_id, product_id::VARCHAR AS sku,
                   (transaction_timestamp - INTERVAL 5 HOUR)::DATE AS day
              FROM '{data_directory()}/transactions.parquet'"""
    )
    duck.execute(
        "CREATE TABLE member AS SELECT household_id, row_number() OVER (ORDER BY household_id) - 1 AS place "
        "FROM (SELECT DISTINCT household_id FROM line)"
    )
    duck.execute(
        f"""CREATE TABLE item AS
            SELECT sku, row_number() OVER (ORDER BY sku) - 1 AS place,
                   dense_rank() OVER (ORDER BY coalesce(product_category, '')) - 1 AS category,
                   dense_rank() OVER (ORDER BY coalesce(department, '')) - 1 AS department
              FROM (SELECT DISTINCT sku FROM line)
              LEFT JOIN (SELECT product_id::VARCHAR AS sku, * FROM '{data_directory()}/products.parquet') USING (sku)"""
    )
    found = duck.execute(
        """SELECT m.place AS member, i.place AS item, day - (SELECT min(day) FROM line) AS day
             FROM line JOIN member AS m USING (household_id) JOIN item AS i USING (sku)"""
    ).fetchnumpy()
    shelves = duck.execute("SELECT category, department FROM item ORDER BY place").fetchnumpy()
    return Purchases.of(
        member=found["member"],
        item=found["item"],
        day=found["day"],
        members=int(found["member"].max()) + 1,
        items=len(shelves["category"]),
        days=int(found["day"].max()) + 1,
        shelves=(shelves["category"].astype("int64"), shelves["department"].astype("int64")),
    )


def check(back: int, factor: bool) -> None:
    """How good the lists would have been on the real year; `back`: so many times four weeks before its last four."""
    purchases, tuning = real(), Tuning()
    end = purchases.days - tuning.horizon * (1 + back)
    clock = time.process_time
    began = clock()
    finds = discover.fit(purchases, end=end, tuning=tuning, factor=factor)
    assert finds is not None
    print(f"discover fitted on {len(finds.columns):,} items in {clock() - began:.1f} s of processor")
    found = evaluation.evaluate(purchases, end=end, tuning=tuning, finds=finds)
    for question, lists in found.results.items():
        for name, one in lists.items():
            print(
                f"{question:11} {name:8} {one.members:5} members  recall {one.recall:.4f}  NDCG {one.ndcg:.4f}"
            )
    print(found.covered)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--members", type=int, default=1_000_000)
    given.add_argument("--items", type=int, default=20_000)
    given.add_argument("--lists", type=int, default=20_000)
    given.add_argument("--factor", action="store_true", help="discover by the extra implicit")
    given.add_argument("--real", action="store_true", help="how good the lists are on the demo's real year")
    given.add_argument("--back", type=int, default=0, help="with --real: so many times four weeks earlier")
    asked = given.parse_args()
    if asked.real:
        check(asked.back, asked.factor)
        return
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
    before = DAYS - tuning.horizon
    fitted = again.learn(purchases, end=before, tuning=tuning)
    told("buy again fitted")
    finds = discover.fit(purchases, end=before, tuning=tuning, factor=asked.factor)
    assert finds is not None
    told(f"discover fitted on {len(finds.columns):,} items as of four weeks ago")
    learnt = ranking.fit(purchases, finds, fitted, tuning=tuning)
    told("the order of discover fitted")
    weights = (fitted.weights, fitted.mean, fitted.spread)
    model = again.model_as_of(purchases, weights, end=DAYS, tuning=tuning)
    told("buy again as of today")
    finds = discover.fit(purchases, end=DAYS, tuning=tuning, factor=asked.factor)
    assert finds is not None
    told(f"discover fitted on {len(finds.columns):,} items as of today")
    order = ranking.order_as_of(purchases, finds, learnt)
    told("what was bought and tried lately")
    found = together.also_bought(purchases, end=DAYS)
    told(f"{len(found.item):,} pairs that go together")
    spent = {"again": 0.0, "discover": 0.0}
    for first in range(0, min(asked.lists, asked.members), tuning.chunk):
        until = min(first + tuning.chunk, asked.members)
        at = clock()
        share = again.share_of(purchases, first, until, model)
        pairs, scores = again.score(purchases, first, until, model, share=share)
        again.top(pairs, scores, until - first)
        due.due_lists(pairs, scores, model.items, until - first, end=DAYS)
        spent["again"] += clock() - at
        at = clock()
        tastes = discover.tastes(purchases, first, until, finds)
        lists = ranking.ranked(purchases, first, until, pairs=pairs, share=share, tastes=tastes, order=order)
        discover.because(tastes, finds, lists)
        spent["discover"] += clock() - at
    told(f"lists of {asked.lists:,} members")
    for name, seconds in spent.items():
        print(
            f"  {name}: {seconds * asked.members / asked.lists:,.0f} s of processor for all {asked.members:,}"
        )


if __name__ == "__main__":
    main()
